// A formula too wide for its column scrolls; so that the keyboard can do it too, it takes the focus.
document.addEventListener("DOMContentLoaded", async () => {
  await window.MathJax?.startup?.promise;
  const update = () => {
    for (const formula of document.querySelectorAll('mjx-container[display="true"]')) {
      if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
      else formula.removeAttribute("tabindex");
    }
  };
  update();
  addEventListener("resize", update);
});

// From the disk a page may not read others: the search shows their titles without the lines around what it found.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
