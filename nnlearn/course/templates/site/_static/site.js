// A formula too wide for its column scrolls; so that the keyboard can do it too, it takes the focus.
document.addEventListener("DOMContentLoaded", async () => {
  await window.MathJax?.startup?.promise;
  const watch = new ResizeObserver((changes) => {
    for (const { target } of changes) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  for (const formula of document.querySelectorAll('mjx-container[display="true"]')) watch.observe(formula);
});

// From the disk a page may not read others: the search shows their titles without the lines around what it found.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// What has been read: kept in this browser, saved as a file and loaded again on the first page.
const progress = {
  key: "nnlearn read",
  get() {
    try {
      const known = JSON.parse(localStorage.getItem(this.key));
      return known && typeof known === "object" && !Array.isArray(known) ? known : {};
    } catch {
      return {}; // none yet, or a browser that keeps nothing
    }
  },
  set(known) {
    try { localStorage.setItem(this.key, JSON.stringify(known)); return true; } catch { return false; }
  },
};

function make(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value); else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** On a chapter: a button that says whether it has been read. */
function readButton(stem, article) {
  const button = make("button", { type: "button", class: "nn-read-it", click: () => {
    const known = progress.get();
    if (known[stem]) delete known[stem]; else known[stem] = new Date().toISOString().slice(0, 10);
    show(progress.set(known));
  } });
  const show = (kept = true) => {
    const day = progress.get()[stem];
    button.setAttribute("aria-pressed", String(Boolean(day)));
    button.textContent = !kept ? "This browser keeps nothing" : day ? `✓ Read on ${day}` : "Mark as read";
  };
  show();
  article.append(make("p", {}, button));
}

/** On the first page: how much has been read, what comes next, a file to take along. */
function readChapters(place, cards) {
  const stems = cards.map((card) => card.href.match(/chapters\/(\w+)\.html/)[1]), titles = cards.map((card) => card.textContent.trim());
  const said = make("span", { role: "status" }), pick = make("input", { type: "file", accept: ".json,application/json", hidden: "" });
  const show = (word = "") => {
    const known = progress.get(), done = stems.filter((stem) => known[stem]), next = stems.findIndex((stem) => !known[stem]);
    cards.forEach((card, k) => card.closest(".sd-card").classList.toggle("nn-done", Boolean(known[stems[k]])));
    said.replaceChildren(word || (done.length ? `You have read ${done.length} of ${stems.length}. ` : ""));
    if (!word && done.length && next >= 0) said.append("Next: ", make("a", { href: cards[next].href }, titles[next]), ".");
    save.hidden = !done.length;
  };
  const save = make("button", { type: "button", click: () => {
    const file = new Blob([JSON.stringify({ nnlearn: 1, read: progress.get() }, null, 1)], { type: "application/json" });
    const link = make("a", { href: URL.createObjectURL(file), download: "nnlearn-progress.json" });
    link.click();
    URL.revokeObjectURL(link.href);
  } }, "Save what I have read");
  pick.addEventListener("change", async () => {
    try {
      const { nnlearn, read } = JSON.parse(await pick.files[0].text());
      const days = Object.entries(read).filter(([stem, day]) => stems.includes(stem) && /^\d{4}-\d\d-\d\d$/.test(day));
      if (nnlearn !== 1 || !days.length) throw new Error("nothing in it");
      show(progress.set({ ...progress.get(), ...Object.fromEntries(days) }) ? "" : "This browser keeps nothing.");
    } catch {
      show(`${pick.files[0].name} holds no progress that was saved here.`);
    }
    pick.value = "";
  });
  place.append(said, " ", save, " ", make("button", { type: "button", click: () => pick.click() }, "Load it"), pick);
  show();
}

document.addEventListener("DOMContentLoaded", () => {
  const chapter = location.pathname.match(/\/chapters\/(\w+)\.html$/), place = document.getElementById("nn-progress");
  if (chapter) readButton(chapter[1], document.querySelector("article.bd-article > section") ?? document.querySelector("article.bd-article"));
  if (place) readChapters(place, [...document.querySelectorAll(".sd-card a.sd-stretched-link[href*='chapters/']")]
    .filter((card) => /chapters\/\w+\.html/.test(card.href)));  // not the gallery's pages
});
