// In a deck served by `nnlearn present`: JupyterLab in a frame over the slides, with the notebook run in it before
// anybody asks. The frame has the deck's own origin, so that this page can run its cells and scroll to one of them.

const WIDTH = 1100; // pixels of the frame, scaled to the screen: letters are as large in every room
const LAB = "http://localhost:8888/lab/"; // where the links of a deck lead to
const WIDGET = "application/vnd.jupyter.widget-view+json";
const BACK = "F8"; // JupyterLab and the browsers leave it free

// All that is not the notebook goes; a widget's picture is at most as high as the screen leaves it room.
const STYLE = `
  :root { --jp-widgets-font-size: 14px; --jp-code-font-size: 15px; }
  .widget-image { max-height: max(300px, calc(100vh - var(--above, 0px))); }
`;

async function until(condition) {
  for (;;) {
    const found = condition();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

class Live {
  visit = null; // which cell is shown, and where the focus was before; null while the slides are shown
  ended = false; // the run of all cells

  constructor(root) {
    const name = location.pathname.split("/").pop().replace(/html$/, "ipynb");
    this.name = decodeURIComponent(name);
    this.box = document.createElement("div");
    this.box.id = "live";
    this.box.inert = true;
    this.box.setAttribute("role", "dialog");
    this.box.setAttribute("aria-label", "The notebook, live");
    this.box.innerHTML = `
      <header>
        <button type="button"></button><span role="status"></span><span>a copy: nothing here is kept</span>
      </header>
      <iframe title="JupyterLab" src="${root}doc/tree/chapters/${name}?reset"></iframe>`;
    this.back = this.box.querySelector("button");
    this.status = this.box.querySelector("[role=status]");
    this.frame = this.box.querySelector("iframe");
    this.back.addEventListener("click", () => this.close());
    window.addEventListener("keydown", (event) => this.onKey(event), true);
    window.addEventListener("resize", () => this.fit());
    window.addEventListener("blur", () => setTimeout(() => this.visit || this.keepKeyboard()));
    this.frame.addEventListener("load", () => {
      const inside = this.frame.contentWindow;
      inside.addEventListener("keydown", (event) => this.onKey(event), true);
      // Nothing in the copy is worth a question when the window is closed.
      inside.addEventListener("beforeunload", (event) => event.stopImmediatePropagation(), true);
    });
    this.fit();
    document.body.append(this.box);
    this.status.textContent = "JupyterLab is starting …";
    this.ready = this.warmUp();
  }

  fit() {
    const scale = innerWidth / WIDTH;
    this.box.style.transform = `scale(${scale})`;
    this.box.style.height = `${innerHeight / scale}px`;
  }

  // JupyterLab takes the keyboard when it starts, though nobody sees it: the slides take it back.
  keepKeyboard() {
    if (document.activeElement === this.frame) window.focus();
  }

  // JupyterLab, its kernel, and then every cell.
  async warmUp() {
    const inside = this.frame.contentWindow;
    await until(() => inside.jupyterapp?.shell.currentWidget?.sessionContext);
    const { commands, shell } = inside.jupyterapp;
    this.panel = shell.currentWidget;
    await this.panel.revealed;
    inside.document.head.append(Object.assign(inside.document.createElement("style"), { textContent: STYLE }));
    for (let part = this.panel.content; part.parent; part = part.parent) {
      for (const other of part.parent.layout) if (other !== part) other.hide();
    }
    this.box.classList.add("bare"); // from now on to be seen: it may have a question about the kernel
    await this.panel.sessionContext.ready;
    // A deck that is loaded again starts again: the cells' numbers are those on the slides.
    if (performance.getEntriesByType("navigation")[0].type === "reload") {
      await this.panel.sessionContext.session.kernel.restart();
    }
    for (const cell of this.code()) cell.executionCount = null; // a number will say: run, and by this kernel
    const end = () => {
      this.ended = true;
      if (this.visit) this.hasRun(this.visit.id);
    };
    commands.execute("notebook:run-all-cells").then(end, end);
  }

  // The code cells up to one of them.
  code(last = Infinity) {
    const cells = [...this.panel.content.model.cells].slice(0, last + 1);
    return cells.filter((cell) => cell.type === "code" && cell.sharedModel.source.trim());
  }

  async open(id) {
    const visit = { id, from: document.activeElement };
    this.visit = visit;
    this.box.inert = false;
    document.querySelector("main").inert = true;
    this.nameSlide();
    this.back.focus();
    await this.ready;
    if (this.visit === visit) await this.show(id);
    await until(() => this.visit !== visit || this.hasRun(id));
    if (this.visit !== visit) return;
    const cell = await this.show(id);
    if (this.visit !== visit) return;
    const slider = cell.querySelector("[role=slider], input[type=range]");
    this.frame.contentWindow.focus();
    if (slider) slider.focus({ preventScroll: true });
    else this.panel.content.activate();
  }

  nameSlide() {
    this.back.innerHTML = `Back to slide ${Reveal.getSlidePastCount() + 1}<kbd>${BACK}</kbd>`;
  }

  // Whether the cell and all above it were run, and what it draws is there; says what is being waited for.
  hasRun(id) {
    const cell = this.panel.content.widgets.find((cell) => cell.model.id === id);
    const upToHere = this.code(this.panel.content.widgets.indexOf(cell));
    const left = upToHere.filter((one) => one.executionCount === null);
    if (left.length) {
      const why = this.ended ? "A cell above ended in an error" : "Running …";
      this.status.textContent = `${why} (still to run up to this cell: ${left.length})`;
      return false;
    }
    this.status.textContent = this.ended
      ? `${this.name}, live`
      : "The cells below still run; sliders answer when they have";
    const live = cell.model.toJSON().outputs?.some((output) => output.data?.[WIDGET]);
    return !live || cell.node.querySelector(".widget-image")?.naturalWidth || cell.node.querySelector(".nn-living [role=status]");
  }

  // Scroll to the cell, at the top of the screen.
  async show(id) {
    const notebook = this.panel.content;
    const index = notebook.widgets.findIndex((cell) => cell.model.id === id);
    this.frame.contentWindow.jupyterapp.shell.activateById(this.panel.id); // another may have been opened
    notebook.deselectAll();
    notebook.activeCellIndex = index;
    notebook.mode = "command";
    await notebook.scrollToItem(index, "start").catch(() => {}); // a later visit scrolls elsewhere
    const { node } = notebook.activeCell;
    const picture = node.querySelector(".widget-image, .nn-living");
    if (picture) {
      const above = picture.getBoundingClientRect().top - node.getBoundingClientRect().top;
      node.style.setProperty("--above", `${above + 60}px`); // room for two lines about the picture
    }
    node.scrollIntoView();
    return node;
  }

  close() {
    const { from } = this.visit;
    this.visit = null;
    this.box.inert = true;
    document.querySelector("main").inert = false;
    this.keepKeyboard();
    from.focus();
  }

  onKey(event) {
    if (!this.visit) {
      if (event.view === window) return;
      event.preventDefault(); // pressed while JupyterLab, starting, had the keyboard: it was meant for the slides
      event.stopImmediatePropagation();
      this.keepKeyboard();
      const { key, code, keyCode, shiftKey, ctrlKey, altKey, metaKey } = event;
      const pressed = { key, code, keyCode, shiftKey, ctrlKey, altKey, metaKey, bubbles: true, view: window };
      document.dispatchEvent(new KeyboardEvent("keydown", pressed));
      return;
    }
    if (event.key === BACK) {
      event.preventDefault();
      this.close();
    }
    // reveal.js must not turn slides that nobody sees.
    if (event.key === BACK || event.view === window) event.stopImmediatePropagation();
  }
}

function goLive() {
  const root = new URL("..", location.href).href;
  const live = new Live(root);
  const here = () => live.open(Reveal.getCurrentSlide().dataset.cell);
  Reveal.addKeyBinding({ keyCode: 76, key: "L", description: "The notebook, live" }, here);
  Reveal.on("slidechanged", () => live.nameSlide()); // the speaker's window can turn the slides meanwhile
  for (const link of document.querySelectorAll(`.slides a[href^="${LAB}"]`)) {
    link.href = link.href.replace(LAB, `${root}lab/`);
    link.target = "_blank";
  }
  for (const footer of document.querySelectorAll(".page footer")) {
    const link = document.createElement("a");
    link.href = `${root}lab/tree/chapters/${encodeURIComponent(live.name)}#cell-id=${footer.closest("[data-cell]").dataset.cell}`;
    link.textContent = "Live (L)";
    footer.lastElementChild.before(link);
  }
  for (const link of document.querySelectorAll(".page :is(footer, figcaption) a")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      live.open(link.hash.replace("#cell-id=", ""));
    });
  }
}

// A room need not read the token; the browser keeps it in a cookie.
const address = new URL(location);
address.searchParams.delete("token");
if (address.href !== location.href) history.replaceState(null, "", address);
// Neither the small slides of the speaker's window nor printed ones start a JupyterLab of their own.
if (!/receiver|print-pdf/.test(location.search)) Reveal.on("ready", goLive);
