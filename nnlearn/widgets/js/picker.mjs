// From what comes in and what goes out to a network, its rival, and the notebook that does it: words to press, paths between them.
import { dress, element, field } from "./living.mjs";

const [COMES_IN, GOES_OUT, NETWORK, WHERE] = [1, 2, 3, 6]; // places in an exhibit

/** The places of the exhibits that fit best: both ends, else one of them, what comes in before what goes out. */
export function pick(comesIn, goesOut, exhibits) {
  const points = exhibits.map((one) => 2 * (one[COMES_IN] === comesIn) + (one[GOES_OUT] === goesOut)), most = Math.max(...points);
  return [...points.keys()].filter((k) => points[k] === most);
}

export function render({ model, el }) {
  dress(el);
  const values = () => model.get("values"), scene = () => model.get("scene"), change = (wanted) => {
    model.set("values", { ...values(), ...wanted });
    model.save_changes();
  };
  const { exhibits } = scene(), options = (name) => model.get("controls").find((one) => one.name === name).options.map(([word]) => word);
  let near = null; // the column and the word under the pointer

  /** The next exhibit of a network, first of those that fit the question; else with a question that it fits. */
  function choose(network) {
    const { fits, shown } = scene(), mine = [...exhibits.keys()].filter((k) => exhibits[k][NETWORK] === network);
    const at = mine.indexOf(shown), k = at < 0 ? mine.find((one) => fits.includes(one)) ?? mine[0] : mine[(at + 1) % mine.length];
    const [, comes_in, goes_out] = exhibits[k];
    change(fits.includes(k) ? { fit: fits.indexOf(k) + 1 } : { comes_in, goes_out, fit: pick(comes_in, goes_out, exhibits).indexOf(k) + 1 });
  }
  const columns = [
    ["comes in", COMES_IN, options("comes_in"), (comes_in) => change({ comes_in }), () => values().comes_in],
    ["goes out", GOES_OUT, options("goes_out"), (goes_out) => change({ goes_out }), () => values().goes_out],
    ["network", NETWORK, [...new Set(exhibits.map((one) => one[NETWORK]))], choose, () => exhibits[scene().shown][NETWORK]],
  ].map(([title, part, words, press, asked]) => {
    const buttons = words.map((word) => element("button", {
      type: "button", click: () => press(word),
      pointerenter: () => { near = [part, word]; draw(); }, pointerleave: () => { near = null; draw(); },
    }, word));
    const turn = (event) => { // one stop for the Tab key, the arrows from word to word
      const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!by) return;
      event.preventDefault();
      const next = buttons[(buttons.indexOf(event.target) + by + buttons.length) % buttons.length];
      next.focus();
      next.click();
    };
    const box = element("div", { class: "ends", role: "group", "aria-label": title, keydown: turn }, element("strong", { "aria-hidden": "true" }, title), element("div", {}, ...buttons));
    return { part, words, buttons, asked, box };
  });
  const lines = document.createElementNS("http://www.w3.org/2000/svg", "svg"), status = element("div", { role: "status", "aria-live": "polite" });
  lines.setAttribute("aria-hidden", "true");
  el.append(
    element("style", {}, CSS),
    element("div", { class: "nn-row" }, ...["comes_in", "goes_out", "fit"].map((name) => field(model, name))),
    element("div", { class: "nn-paths" }, lines, ...columns.map(({ box }) => box)), status,
  );

  /** From the right edge of a word to the left edge of one in the next column. */
  function between(a, b) {
    const [x, y, to, end] = [a.offsetLeft + a.offsetWidth, a.offsetTop + a.offsetHeight / 2, b.offsetLeft, b.offsetTop + b.offsetHeight / 2];
    return `M${x} ${y}C${(x + to) / 2} ${y} ${(x + to) / 2} ${end} ${to} ${end}`;
  }
  function draw() {
    const { fits, shown } = scene(), ranked = exhibits.map((one, k) => {
      const rank = k === shown ? 3 : near && one[near[0]] === near[1] ? 2 : Number(fits.includes(k));
      const [a, b, c] = columns.map(({ part, words, buttons }) => buttons[words.indexOf(one[part])]);
      return [rank, between(a, b) + between(b, c)];
    });
    lines.replaceChildren(...ranked.sort(([a], [b]) => a - b).map(([rank, d]) => { // what counts most lies on top
      const path = document.createElementNS(lines.namespaceURI, "path");
      path.setAttribute("d", d);
      path.setAttribute("class", ["any", "fits", "near", "shown"][rank]);
      return path;
    }));
  }
  function show() {
    const one = exhibits[scene().shown];
    for (const { part, words, buttons, asked } of columns) buttons.forEach((button, k) => {
      button.className = words[k] === one[part] ? "shown" : "";
      button.setAttribute("aria-pressed", words[k] === asked());
      button.tabIndex = words[k] === asked() ? 0 : -1;
    });
    draw();
  }
  function say() {
    const sentence = model.get("sentence"), where = exhibits[scene().shown][WHERE], [before, ...after] = sentence.split(`chapters/${where}`);
    status.replaceChildren(before, ...after.flatMap((words) => [lead(model, where), words]));
  }
  for (const event of ["change:scene", "change:values"]) model.on(event, show);
  model.on("change:sentence", say);
  const sized = new ResizeObserver(draw);
  sized.observe(lines);
  show();
  say();
  return () => sized.disconnect();
}

/** A link to a notebook beside this one. JupyterLab opens it in itself, the site has it as a page, and a deck leads to
 *  `notebooks`, where it is served. */
function lead(model, where) {
  const notebooks = model.get("notebooks"), onSite = notebooks === "", { resolver, linkHandler } = model.widget_manager?.rendermime ?? {};
  const href = onSite ? where.replace(/ipynb$/, "html") : `${notebooks ?? ""}${where}`;
  const link = element("a", { href, target: onSite ? null : "_blank" }, `chapters/${where}`);
  if (resolver && linkHandler) resolver.resolveUrl(where).then((path) => linkHandler.handleLink(link, decodeURIComponent(path), ""));
  return link;
}

const CSS = `
.nn-living .nn-paths { display: grid; grid-template-columns: minmax(0, 1.1fr) minmax(0, 0.9fr) minmax(0, 2.3fr); column-gap: clamp(20px, 9%, 110px);
  position: relative; z-index: 0; margin: 6px 0; }
.nn-living .nn-paths > svg { position: absolute; inset: 0; width: 100%; height: 100%; z-index: -1; fill: none; }
.nn-living .nn-paths .any { stroke: var(--nn-quiet); stroke-width: 0.8; opacity: 0.5; }
.nn-living .nn-paths .fits { stroke: #d55e00; stroke-width: 1.4; stroke-dasharray: 5 4; }
.nn-living .nn-paths .near { stroke: var(--nn-ink); stroke-width: 1.6; }
.nn-living .nn-paths .shown { stroke: #d55e00; stroke-width: 3; }
.nn-living .ends { display: flex; flex-direction: column; }
.nn-living .ends > strong { padding: 0 6px; font-weight: 400; color: var(--nn-quiet); }
.nn-living .ends > div { flex: 1; display: flex; flex-direction: column; justify-content: space-around; }
.nn-living .ends, .nn-living .ends > div { align-items: center; text-align: center; }
.nn-living .ends:nth-of-type(1), .nn-living .ends:nth-of-type(1) > div { align-items: end; text-align: right; }
.nn-living .ends:nth-of-type(3), .nn-living .ends:nth-of-type(3) > div { align-items: start; text-align: left; }
.nn-living .ends button { min-height: 24px; padding: 0 6px; line-height: 1.2; text-align: inherit; border-color: transparent; }
.nn-living .ends button:hover { border-color: var(--nn-ink); }
.nn-living .ends button[aria-pressed=true] { border-color: var(--nn-quiet); }
.nn-living .ends button.shown { border-color: #d55e00; font-weight: 700; background: color-mix(in srgb, #d55e00 14%, var(--nn-paper)); }
@media (max-width: 760px) { .nn-living .ends button { font-size: 12px; padding: 0 2px; } }
`;

// -- without a kernel ------------------------------------------------------------------------------------------------

export function alone(model) {
  const { exhibits } = model.get("page");
  let busy = false;
  function update() {
    if (busy) return;
    const v = model.get("values"), { comes_in, goes_out } = v, fits = pick(comes_in, goes_out, exhibits), fit = Math.min(v.fit, fits.length), shown = fits[fit - 1];
    const [problem, from, to, network, rival, apart, where] = exhibits[shown], exact = from === comes_in && to === goes_out;
    const opening = `${problem[0].toUpperCase()}${problem.slice(1)}: ${network}.`;
    model.set("controls", model.get("controls").map((one) => (one.name === "fit" ? { ...one, max: fits.length, disabled: fits.length === 1 } : one)));
    busy = true;
    model.set("values", { ...v, fit });
    busy = false;
    model.set("scene", { exhibits, fits, shown });
    model.set("sentence", `${exact ? "" : `Nothing here leads from ${comes_in} to ${goes_out}. The nearest: `}${opening} First try ${rival}. `
      + `Keep apart: ${apart}. It is done in chapters/${where}; ${fits.length > 1 ? `${fits.length} fit equally well` : "nothing else fits as well"}.`);
  }
  model.on("change:values", update);
  update();
}
