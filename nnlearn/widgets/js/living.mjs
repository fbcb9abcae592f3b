// What every living figure is made of: elements, controls bound to a model, colours of the page it stands on.
//
// A model is anywidget's: get(name), set(name, value), save_changes(), on(event, f), send(message). JupyterLab gives
// one whose other end is the kernel; `mount` in host.mjs one whose other end is the page itself.

const STYLE = `
.nn-living { --nn-ink: var(--jp-content-font-color0, var(--pst-color-text-base, #1a1a1a));
  --nn-paper: var(--jp-layout-color0, var(--pst-color-background, #ffffff));
  --nn-faint: var(--jp-border-color2, var(--pst-color-border, #d4d4d4));
  --nn-quiet: var(--jp-content-font-color2, var(--pst-color-text-muted, #595959));
  color: var(--nn-ink); background: var(--nn-paper); font: 14px/1.35 system-ui, sans-serif; max-width: 1100px;
  text-align: left; padding: 2px; box-sizing: border-box; }
.nn-living *, .nn-living *::before { box-sizing: border-box; }
.nn-living .nn-row { display: flex; flex-wrap: wrap; gap: 6px 14px; align-items: center; margin: 4px 0; }
.nn-living label { display: inline-flex; align-items: center; gap: 6px; margin: 0; font-weight: 400; }
.nn-living input[type=range] { width: 110px; margin: 0; accent-color: #0072b2; }
.nn-living input[type=number] { width: 54px; }
.nn-living .value { min-width: 3.2em; font-variant-numeric: tabular-nums; }
.nn-living :is(button, select, input[type=number], textarea) { font: inherit; color: var(--nn-ink);
  background: var(--nn-paper); border: 1px solid var(--nn-quiet); border-radius: 4px; padding: 2px 8px; min-height: 28px; }
.nn-living button { cursor: pointer; }
.nn-living button.main { background: #005a8c; border-color: #005a8c; color: #fff; min-width: 84px; }
.nn-living :is(button, select, input, summary, canvas):focus-visible { outline: 2px solid #d55e00; outline-offset: 1px; }
.nn-living canvas { display: block; width: 100%; touch-action: pan-y; }
.nn-living [role=status] { min-height: 2.7em; }
.nn-living .hint { color: var(--nn-quiet); min-height: 1.35em; }
.nn-living summary { cursor: pointer; }
.nn-living textarea { width: 100%; font: 13px/1.4 monospace; }
.nn-living [hidden] { display: none !important; }
`;

/** Make an element the place of a living figure: empty, and in our style. */
export function dress(el) {
  const id = "nn-living-style";
  if (!document.getElementById(id)) document.head.append(element("style", { id }, STYLE));
  el.classList.add("nn-living");
  el.replaceChildren();
}

/** An element with attributes, listeners (functions) and children. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  made.dataset.lmSuppressShortcuts = "true"; // where it has the focus, JupyterLab leaves it the arrow keys
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

/** Float32 numbers that the kernel sent as bytes; those of a page as they are. */
export const numbers = (data) => (data instanceof DataView
  ? new Float32Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength)) : data);

/** Base64 as bytes. */
export const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** The sentence follows the model, and so does what `show` draws: now, and whenever one of the events comes. */
export function listen(model, status, show, ...events) {
  const say = () => { status.textContent = model.get("sentence"); };
  for (const event of events) model.on(event, show);
  model.on("change:sentence", say);
  show();
  say();
}

/** Change one control's value, as the reader would. */
export function put(model, name, value) {
  model.set("values", { ...model.get("values"), [name]: value });
  model.save_changes();
}

/** A control of the model as an element of the page, which follows the model and changes it. */
export function field(model, name) {
  const say = element("span", { class: "value", "aria-hidden": "true" }), find = () => model.get("controls").find((control) => control.name === name);
  const { kind, label } = find();
  const [input, write, read] = MAKERS[kind](find, say);
  input.addEventListener(kind === "slider" || kind === "ladder" ? "input" : "change", () => put(model, name, read()));
  const follow = () => {
    const control = find();
    write(control, model.get("values")[name]);
    input.disabled = Boolean(control.disabled);
    input.closest("label").hidden = Boolean(control.hidden);
  };
  const box = kind === "toggle" ? element("label", {}, input, label) : element("label", {}, label, input, say);
  if (["choice", "number", "text"].includes(kind)) say.remove();
  follow();
  model.on("change:values", follow);
  model.on("change:controls", follow);
  return box;
}

const MAKERS = {
  choice(find) {
    const input = element("select");
    const write = ({ options }, value) => {
      const names = options.map(([name]) => name);
      if (names.join("\n") !== [...input.options].map((option) => option.text).join("\n"))
        input.replaceChildren(...names.map((name) => element("option", {}, name)));
      input.selectedIndex = options.findIndex(([, option]) => option === value);
    };
    return [input, write, () => find().options[input.selectedIndex][1]];
  },
  ladder(find, say) {
    const input = element("input", { type: "range", min: 0, step: 1 });
    const write = ({ options }, value) => {
      input.max = options.length - 1;
      const away = options.map(([, option]) => Math.abs(option - value)); // powers of ten have no exact value
      input.value = away.indexOf(Math.min(...away));
      say.textContent = options[input.value][0];
      input.setAttribute("aria-valuetext", say.textContent);
    };
    return [input, write, () => find().options[input.value][1]];
  },
  slider(find, say) {
    const input = element("input", { type: "range" });
    const write = ({ min, max, step, percent }, value) => {
      Object.assign(input, { min, max, step });
      input.value = value;
      say.textContent = percent ? `${Math.round(100 * value)} %` : String(+Number(value).toPrecision(4));
      input.setAttribute("aria-valuetext", say.textContent);
    };
    return [input, write, () => Number(input.value)];
  },
  number(find) {
    const input = element("input", { type: "number" });
    const write = ({ min, max, step }, value) => { Object.assign(input, { min, max, step }); input.value = value; };
    const read = () => {
      const { min, max, step } = find(), value = Math.min(max, Math.max(min, Number(input.value) || 0));
      return step === 1 ? Math.round(value) : value;
    };
    return [input, write, read];
  },
  text() {
    const input = element("input", { type: "text" });
    return [input, (_, value) => { input.value = value; }, () => input.value];
  },
  toggle() {
    const input = element("input", { type: "checkbox" });
    return [input, (_, value) => { input.checked = value; }, () => input.checked];
  },
};

/** A number as Python's `:.3g` writes it. */
export function general(value, digits = 3) {
  const power = value ? Math.floor(Math.log10(Math.abs(Number(value.toPrecision(digits))))) : 0;
  if (power >= -4 && power < digits) return String(Number(value.toPrecision(digits)));
  const [front, exponent] = value.toExponential(digits - 1).split("e");
  return `${Number(front)}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
}

/** "#0072B2" or "rgb(0, 114, 178)" as [r, g, b]. */
export function rgb(colour) {
  const pen = rgb.pen ??= document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  pen.fillStyle = "#000";
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 1, 1);
  return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
}

/** The page's colours where the element stands, as CSS and, the paper, as numbers. */
export function colours(el) {
  const style = getComputedStyle(el), of = (name) => style.getPropertyValue(name).trim();
  return { ink: of("--nn-ink"), paper: of("--nn-paper"), faint: of("--nn-faint"), quiet: of("--nn-quiet") };
}

/** 256 colours from blue (−1) over the paper (0) to orange (1), as pixels. */
export function signedTable(paper) {
  const middle = rgb(paper), ends = [[0, 114, 178], [213, 94, 0]];
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const v = (i - 127.5) / 127.5, end = ends[v < 0 ? 0 : 1], t = Math.abs(v);
    const [r, g, b] = middle.map((m, k) => Math.round(m + (end[k] - m) * t));
    return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  });
}

/** A canvas as wide as its place, `height(width)` high, sharp on any screen; `draw(pen, width, height)` on demand.
 *  One that is `still` takes no focus. */
export function board(el, label, height, draw, still = false) {
  const canvas = element("canvas", { role: "img", "aria-label": label, tabindex: still ? null : 0 });
  const pen = canvas.getContext("2d");
  let size = [0, 0], due = false;
  const resize = () => {
    const width = canvas.clientWidth;
    if (!width) return false; // not shown yet
    const high = height(width), ratio = window.devicePixelRatio || 1;
    if (size[0] !== width || size[1] !== high || canvas.width !== Math.round(width * ratio)) {
      size = [width, high];
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(high * ratio);
      canvas.style.height = `${high}px`;
    }
    return true;
  };
  const paint = () => {
    due = false;
    if (!resize()) return;
    const [width, high] = size;
    pen.setTransform(canvas.width / width, 0, 0, canvas.height / high, 0, 0);
    pen.clearRect(0, 0, width, high);
    draw(pen, width, high);
  };
  const redraw = () => { if (!due) { due = true; requestAnimationFrame(paint); } };
  new ResizeObserver(redraw).observe(canvas);
  el.append(canvas);
  resize(); // at once: a deck measures what it has to make room for
  const dark = new MutationObserver(redraw); // the page's theme is an attribute of its root, JupyterLab's of its body
  for (const root of [document.documentElement, document.body])
    dark.observe(root, { attributes: true, attributeFilter: ["data-theme", "data-jp-theme-light", "data-jp-theme-name"] });
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * size[0]) / box.width, ((event.clientY - box.top) * size[1]) / box.height];
  };
  return { canvas, paint, redraw, place };
}

/** A button that plays: `frame(now)` for each of the screen's frames until it says false, the button is pressed again or
 *  the figure has gone; `end()` then. */
export function player(el, frame, end) {
  let playing = false;
  const turn = (on) => {
    playing = on;
    button.textContent = on ? "❚❚ Pause" : "▶ Play";
    if (on) requestAnimationFrame(loop); else end();
  };
  const button = element("button", { type: "button", class: "main", click: () => turn(!playing) }, "▶ Play");
  const loop = (now) => {
    if (!playing) return;
    if (el.isConnected && frame(now) !== false) requestAnimationFrame(loop);
    else turn(false);
  };
  return { button, playing: () => playing, stop: () => { if (playing) turn(false); } };
}

/** (key, make) -> what was made for the key; of more than `most`, the least recently used is forgotten. */
export function keeper(most) {
  const kept = new Map();
  return (key, make) => {
    const found = kept.get(key) ?? make();
    kept.delete(key);
    kept.set(key, found);
    if (kept.size > most) kept.delete(kept.keys().next().value);
    return found;
  };
}

/** To the nearest whole number, and a half to the even one, as Python and NumPy round. */
export const halfToEven = (value) => (Math.abs(value % 1) === 0.5 ? 2 * Math.round(value / 2) : Math.round(value));

/** Two decimals with a true minus, and none before zero. */
export const fixed = (value, digits = 2) => value.toFixed(digits).replace(/^-(?=[0.]*$)/, "").replace("-", "−");
