// Under a cell that runs for longer than three seconds: for how long it has, and about how long it takes. The
// notebook says how long its cells took where it was made; how fast this machine is shows in those that have run.

(() => {
  const PATIENCE = 3; // seconds
  const KEPT = "nnlearn-pace"; // seconds here for one second there, from one notebook to the next
  const watched = new WeakSet();

  const pace = () => Number(localStorage.getItem(KEPT)) || 1;

  function learn(here, there) {
    const ratio = here / there;
    // An exercise's cell ends at once while nothing is written in it.
    if (ratio > 0.2) localStorage.setItem(KEPT, Math.sqrt(pace() * ratio));
  }

  function inWords(seconds) {
    return seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
  }

  function draw(bar, passed, expected) {
    const left = expected - passed;
    let text = `${inWords(passed)} so far`;
    if (left >= 1) text += `, about ${inWords(left)} left`;
    else if (expected) text = left > -expected / 4 ? "nearly there" : `${text}, longer than the usual ${inWords(expected)}`;
    bar.textContent = text;
    bar.setAttribute("aria-valuetext", text);
    bar.style.backgroundSize = `${expected ? Math.min((100 * passed) / expected, 100) : 0}% 100%`;
  }

  function makeBar() {
    const bar = document.createElement("div");
    bar.className = "nnlearn-time-left";
    bar.setAttribute("role", "progressbar");
    bar.setAttribute("aria-label", "Time left");
    bar.style.cssText =
      "margin: 2px 0 2px calc(var(--jp-cell-prompt-width) + 8px); padding: 1px 8px; font-size: var(--jp-ui-font-size1);" +
      "color: var(--jp-ui-font-color1); border-left: 3px solid var(--jp-brand-color1); background:" +
      "linear-gradient(var(--jp-brand-color3), var(--jp-brand-color3)) no-repeat var(--jp-layout-color2);";
    return bar;
  }

  function watch(notebook) {
    const asked = []; // cells that were asked to run, in that order: the first of them runs
    let since = 0;
    let timer = 0;
    let bar = null;

    const usual = (model) => notebook.model?.getMetadata("nnlearn")?.seconds?.[model.id] ?? 0;
    const passed = () => (performance.now() - since) / 1000;

    function ended(model) {
      const kinds = model.outputs.toJSON().map((output) => output.output_type);
      return Boolean(model.executionCount) && !kinds.includes("error");
    }

    function stop() {
      clearInterval(timer);
      bar?.remove();
      bar = null;
    }

    function start() {
      stop();
      if (!asked.length) return;
      since = performance.now();
      timer = setInterval(show, 500);
    }

    function show() {
      if (notebook.isDisposed) return stop();
      if (passed() < PATIENCE) return;
      const input = notebook.widgets.find((cell) => cell.model === asked[0])?.node.firstElementChild;
      if (!input) return;
      bar ??= makeBar();
      const wrapper = input.parentElement.querySelector(":scope > .jp-Cell-inputWrapper") ?? input;
      if (wrapper.nextElementSibling !== bar) wrapper.after(bar);
      draw(bar, passed(), usual(asked[0]) * pace());
    }

    function changed(model, { name, newValue }) {
      if (name !== "executionState") return;
      const place = asked.indexOf(model);
      if (newValue === "running" && place < 0) {
        asked.push(model);
        if (asked.length === 1) start();
      } else if (newValue !== "running" && place >= 0) {
        if (place === 0 && usual(model) && ended(model)) learn(passed(), usual(model));
        asked.splice(place, 1);
        if (place === 0) start();
      }
    }

    function look() {
      for (const model of notebook.model?.cells ?? []) {
        if (model.type !== "code" || watched.has(model)) continue;
        watched.add(model);
        model.stateChanged.connect(changed);
      }
    }

    look();
    notebook.modelContentChanged.connect(look);
  }

  const plugin = {
    id: "nnlearn-time-left:plugin",
    autoStart: true,
    activate(app) {
      const look = async () => {
        const panel = app.shell.currentWidget;
        if (!panel?.content?.modelContentChanged || watched.has(panel)) return;
        watched.add(panel);
        await panel.context?.ready;
        watch(panel.content);
      };
      app.shell.currentChanged.connect(look);
    },
  };

  // What JupyterLab loads extensions as: a container of modules.
  const load = async () => () => ({ __esModule: true, default: plugin });
  (window._JUPYTERLAB ??= {})["nnlearn-time-left"] = { init() {}, get: load };
})();
