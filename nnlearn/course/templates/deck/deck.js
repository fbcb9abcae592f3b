// Typeset the formulas, fit every slide to its 1280 × 720 pixels, then hand over to reveal.js.

window.MathJax = {
  tex: { inlineMath: [["$", "$"], ["\\(", "\\)"]], processEscapes: true },
  svg: { fontCache: "local" },
  options: { enableMenu: false, ignoreHtmlClass: "output|code" },
  startup: { typeset: false },
};

async function typeset() {
  const packed = Uint8Array.from(atob(document.getElementById("mathjax").textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.text = await new Response(stream).text();
  document.head.append(script);
  await MathJax.startup.promise;
  await MathJax.typesetPromise();
}

// No line begins with the comma that follows a formula.
function keepPunctuation() {
  for (const formula of document.querySelectorAll("mjx-container:not([display])")) {
    const next = formula.nextSibling, marks = next?.nodeType === Node.TEXT_NODE && next.data.match(/^[,.;:!?)]+/);
    if (!marks) continue;
    next.splitText(marks[0].length);
    const together = document.createElement("span");
    together.style.whiteSpace = "nowrap";
    formula.before(together);
    together.append(formula, next);
  }
}

// A chain of equations comes link by link: from its second relation on, what follows waits; so does an equation
// that stands, after a space, beside another.
function inSteps() {
  const drawn = (node) => [...node.querySelectorAll("use, path")].map((e) => e.dataset.c).join();
  for (const row of document.querySelectorAll('.body mjx-container[display="true"] g[data-mml-node="math"]')) {
    const parts = [...row.children];
    const related = (e) => e.dataset.mmlNode === "mo" && ["3D", "2248", "2264", "2265"].includes(drawn(e));
    for (let link of parts.filter(related).slice(1).reverse()) {
      const before = parts.slice(0, parts.indexOf(link)).reverse();
      const beside = before.slice(0, before.findIndex(related)).find((e) => /mspace|mstyle/.test(e.dataset.mmlNode));
      link = beside ?? link;
      const step = document.createElementNS("http://www.w3.org/2000/svg", "g");
      step.classList.add("fragment");
      link.before(step);
      while (step.nextSibling && !step.nextSibling.classList?.contains("fragment")) step.append(step.nextSibling);
    }
  }
}

// The speaker's window gets the notes without our styles: what they would hide goes, headings become small.
function prepareNotes() {
  for (const copy of document.querySelectorAll("aside.notes mjx-assistive-mml")) copy.remove();
  for (const heading of document.querySelectorAll("aside.notes :is(h1, h2, h3, h4)")) heading.style.fontSize = "1.1em";
}

const spills = (box) => box.scrollHeight > box.clientHeight + 1 || box.scrollWidth > box.clientWidth + 1;

function overflows(page) {
  const blocks = [...page.querySelectorAll(".block:not(.picture)")];
  return spills(page) || spills(page.querySelector(".body")) || blocks.some((b) => b.scrollWidth > b.clientWidth + 1);
}

function drawnArea(image) {
  const { naturalWidth: w, naturalHeight: h, clientWidth, clientHeight } = image;
  const zoom = Math.min(clientWidth / w, clientHeight / h, 1);
  return w * h * zoom * zoom;
}

// The largest letters at which everything fits; a picture goes where it comes out larger: below the text, or beside.
// Where letters would be too small to be read from the back, long lines of code are broken, then set close.
function fit(page) {
  for (const pre of page.querySelectorAll(".output pre")) {
    pre.classList.toggle("long", !pre.textContent.trim().includes("\n"));
  }
  const pictures = page.querySelectorAll(".picture img");
  const others = page.querySelectorAll(".body .block:not(.picture)");
  const layouts = pictures.length === 1 && others.length ? ["below", "beside"] : ["below"];
  // Where no picture wants the room, letters may grow.
  const largest = pictures.length || page.closest(".break") ? 1 : 1.25;
  const small = page.querySelector(".long") ? ["whole", "broken", "broken tight"] : ["whole", "tight"];
  const sizes = [1.25, 1.15, 1.08, 1].filter((scale) => scale <= largest).map((scale) => [scale, "whole"]);
  sizes.push(...[0.92, 0.85, 0.78, 0.72, 0.66].flatMap((scale) => small.map((lines) => [scale, lines])));
  for (const [scale, lines] of sizes) {
    let best = null;
    for (const layout of layouts) {
      page.dataset.layout = layout;
      page.dataset.lines = lines;
      page.style.setProperty("--scale", scale);
      const area = pictures.length ? drawnArea(pictures[0]) : 0;
      if (!overflows(page) && (!best || area > best.area)) best = { layout, area };
    }
    if (best) {
      page.dataset.layout = best.layout;
      return;
    }
  }
  page.dataset.layout = "below";
}

// Living figures take the places that their pictures were given, a little smaller where they are higher.
function wake() {
  for (const text of document.querySelectorAll("script.living")) {
    const script = document.createElement("script");
    script.text = text.textContent;
    document.head.append(script);
  }
  for (const figure of document.querySelectorAll(".nn-living")) {
    const place = figure.closest(".picture"), caption = place.querySelector("figcaption")?.offsetHeight ?? 0;
    figure.style.zoom = Math.min(1, (place.clientHeight - caption - 4) / figure.scrollHeight);
  }
}

async function start() {
  try {
    await typeset();
    keepPunctuation();
    inSteps();
  } catch (error) {
    console.error("the formulas stay as they are written:", error);
  }
  prepareNotes();
  await Promise.all([...document.fonts].map((font) => font.load()));
  await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
  document.querySelectorAll(".page").forEach(fit);
  wake();
  await Reveal.initialize({
    width: 1280,
    height: 720,
    margin: 0,
    center: false,
    hash: true,
    navigationMode: "linear",
    transition: "none",
    backgroundTransition: "none",
    controlsTutorial: false,
    pdfSeparateFragments: false,
    defaultTiming: 60, // the speaker's window shows who is behind; each slide has a time of its own
    plugins: [RevealNotes],
  });
  document.body.classList.add("ready");
}

start();
