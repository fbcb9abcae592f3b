// Inside the GPT that read Austen: the reader points at who looks at whom, presses a head, cuts it, asks what comes next.
import { hand } from "./chart.mjs";
import { fetchModel, nextTokenProbabilities } from "./gpt.mjs";
import { board, bytes, colours, dress, element, field, listen, numbers, put, rgb } from "./living.mjs";

const [BLUE, ORANGE, GAP] = [[0, 114, 178], "#D55E00", 4]; // the last: pixels between the small maps
const INVITE = "Point at the map for a weight. Press a row to ask about its token, or a small map to see that head.";
const signs = (text) => text.replaceAll(" ", "␣").replaceAll("\n", "↵");

export function render({ model, el }) {
  dress(el);
  const values = () => model.get("values"), scene = () => model.get("scene"), T = () => scene().words.length;
  const at = () => Math.min(values().place, T() - 1), status = element("div", { role: "status", "aria-live": "polite" });
  const hint = element("div", { class: "hint" }, INVITE), title = element("strong");
  const [left, right] = [element("div"), element("div")], rows = Array.from({ length: scene().heads[0] + 1 }, (_, k) =>
    element("div", { class: "guess" }, element("span", {}, k ? `block ${k}` : "before"), element("i"), element("code"), element("span")));
  el.append(
    element("style", {}, CSS),
    element("div", { class: "nn-row" }, ...["text", "cut", "block", "head", "place"].map((name) => field(model, name))),
    element("div", { class: "nn-heads" }, left, right), status, hint,
  );

  /** The pattern of a head: row by row of those who look. */
  const pattern = (block, head) => {
    const n = T() ** 2, start = ((block - 1) * scene().heads[1] + head - 1) * n;
    return numbers(scene().patterns).subarray(start, start + n);
  };
  /** Weights as pixels from the paper to blue, a small one still to be seen. */
  function image(weights) {
    const made = new ImageData(T(), T()), canvas = element("canvas", { width: T(), height: T() }), paper = rgb(colours(el).paper);
    weights.forEach((v, p) => made.data.set([...paper.map((from, k) => from + (BLUE[k] - from) * Math.sqrt(v)), 255], 4 * p));
    canvas.getContext("2d").putImageData(made, 0, 0);
    return canvas;
  }

  // -- one head ----------------------------------------------------------------------------------------------------
  /** Where the map begins, the sides of a cell, and how its columns' words lean: upright where there is little room. */
  function grid(pen, width, height) {
    pen.font = `${width < 420 ? 11 : 13}px system-ui, sans-serif`;
    const longest = Math.max(...scene().words.map((word) => pen.measureText(signs(word)).width));
    const lean = (width - longest) / T() < 17 ? Math.PI / 2 : Math.PI / 4, [x, y] = [longest + 8, longest * Math.sin(lean) + 14];
    return [x, y, (width - x - Math.min(40, longest * Math.cos(lean)) - 2) / T(), (height - y - 2) / T(), lean];
  }
  const map = board(left, "who looks at whom in this head: press a row to ask about its token, or move with the arrow keys",
    (width) => Math.round(Math.max(300, Math.min(410, 0.85 * width))), (pen, width, height) => {
      const c = colours(el), n = T(), [x, y, w, h, lean] = grid(pen, width, height);
      pen.imageSmoothingEnabled = false;
      pen.drawImage(image(pattern(values().block, values().head)), x, y, w * n, h * n);
      Object.assign(pen, { strokeStyle: c.faint, lineWidth: 1, textBaseline: "middle" });
      pen.strokeRect(x, y, w * n, h * n);
      scene().words.forEach((word, k) => {
        Object.assign(pen, { fillStyle: k === at() ? ORANGE : c.ink, textAlign: "right" });
        pen.fillText(signs(word), x - 5, y + (k + 0.5) * h);
        pen.save();
        pen.translate(x + (k + 0.5) * w, y - 6);
        pen.rotate(-lean);
        Object.assign(pen, { fillStyle: c.ink, textAlign: "left" });
        pen.fillText(signs(word), 0, 0);
        pen.restore();
      });
      Object.assign(pen, { strokeStyle: ORANGE, lineWidth: 2 });
      pen.strokeRect(x, y + at() * h, w * n, h);
    });
  /** The cell under a place of the map: who looks, and at whom. */
  function cell([px, py]) {
    const { canvas } = map, [x, y, w, h] = grid(canvas.getContext("2d"), canvas.clientWidth, canvas.clientHeight);
    const [row, column] = [Math.floor((py - y) / h), Math.floor((px - x) / w)];
    return row >= 0 && row < T() && column < T() ? [row, column] : null;
  }
  const ask = (place) => { const held = Math.max(0, Math.min(T() - 1, place)); if (held !== values().place) put(model, "place", held); };
  hand(map, (spot) => { const found = cell(spot); if (found) ask(found[0]); }, (dx, dy) => ask(at() + (dx || -dy)));
  map.canvas.style.cursor = "pointer";
  map.canvas.addEventListener("pointermove", (event) => {
    const found = cell(map.place(event)), { block, head } = values();
    if (!found || found[1] < 0 || found[1] > found[0]) { hint.textContent = INVITE; return; }
    const [from, to] = found, weight = pattern(block, head)[from * T() + to], word = (k) => `“${signs(scene().words[k])}”`;
    hint.textContent = `In block ${block}, head ${head}, ${word(from)} looks at ${word(to)} with ${weight.toFixed(2)}.`;
  });
  map.canvas.addEventListener("pointerleave", () => { hint.textContent = INVITE; });

  // -- what every block expects, and all the heads -----------------------------------------------------------------
  right.append(title, ...rows, element("strong", { class: "all" }, "all heads: a row is a block"));
  const side = (width) => Math.min(44, (width - GAP) / scene().heads[1] - GAP);
  const all = board(right, "the maps of all heads, a row for each block: press one, or choose with the arrow keys",
    (width) => Math.ceil(GAP + scene().heads[0] * (0.72 * side(width) + GAP)), (pen, width) => {
      const c = colours(el), wide = side(width), high = 0.72 * wide, [blocks, heads] = scene().heads;
      pen.imageSmoothingEnabled = true;
      for (let block = 1; block <= blocks; block++) for (let head = 1; head <= heads; head++) {
        const [x, y] = [GAP + (head - 1) * (wide + GAP), GAP + (block - 1) * (high + GAP)], chosen = block === values().block && head === values().head;
        pen.drawImage(image(pattern(block, head)), x, y, wide, high);
        Object.assign(pen, { strokeStyle: chosen ? ORANGE : c.faint, lineWidth: chosen ? 3 : 1 });
        pen.strokeRect(x, y, wide, high);
      }
    });
  const choose = (block, head) => {
    const [blocks, heads] = scene().heads, v = values();
    if (block < 1 || block > blocks || head < 1 || head > heads || (block === v.block && head === v.head)) return;
    model.set("values", { ...v, block, head });
    model.save_changes();
  };
  hand(all, ([x, y], first) => {
    const wide = side(all.canvas.clientWidth);
    if (first) choose(Math.floor((y - GAP / 2) / (0.72 * wide + GAP)) + 1, Math.floor((x - GAP / 2) / (wide + GAP)) + 1);
    return false;
  }, (dx, dy) => choose(values().block - dy, values().head + dx));
  all.canvas.style.cursor = "pointer";

  function show() {
    title.textContent = `what comes after “${signs(scene().words[at()])}”?`;
    rows.forEach((row, k) => {
      const [word, p] = scene().guesses[k][at()];
      row.style.setProperty("--p", p.toFixed(4));
      row.children[2].textContent = signs(word);
      row.children[3].textContent = p.toFixed(2);
    });
    map.redraw();
    all.redraw();
  }
  listen(model, status, show, "change:scene", "change:values");
}

const CSS = `
.nn-living .nn-heads { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 4px 20px; align-items: start; }
.nn-living .guess { display: grid; grid-template-columns: 4em 1fr 5.5em 2.4em; gap: 8px; align-items: center; min-height: 21px; }
.nn-living .guess i { display: block; height: 13px; background: linear-gradient(#009e73, #009e73) 0 0 / calc(var(--p) * 100%) 100% no-repeat; }
.nn-living .guess code { font: 14px monospace; color: var(--nn-ink); background: none; border: 0; padding: 0; overflow: hidden; white-space: pre; }
.nn-living .guess span { font-variant-numeric: tabular-nums; white-space: nowrap; }
.nn-living .nn-heads .all { display: block; margin-top: 8px; }
.nn-living input[type=text] { font: inherit; width: min(440px, 60vw); color: var(--nn-ink); background: var(--nn-paper);
  border: 1px solid var(--nn-quiet); border-radius: 4px; padding: 2px 8px; min-height: 28px; }
@media (max-width: 760px) { .nn-living .nn-heads { grid-template-columns: minmax(0, 1fr); } }
`;

// -- without a kernel ------------------------------------------------------------------------------------------------

/** Every head's pattern, what each layer expects after each token, and the bits per token, with heads (block, head) cut. */
export function inside(gpt, tokenizer, ids, cut) {
  const n = ids.length, { depth, heads } = gpt, patterns = new Float32Array(depth * heads * n * n), cache = gpt.newCache();
  const guesses = Array.from({ length: depth + 1 }, () => []), off = Array.from({ length: depth }, (_, k) => cut.flatMap(([b, h]) => (b === k ? [h] : [])));
  let bits = 0;
  ids.forEach((id, t) => {
    const guess = (layer, p) => { const best = p.indexOf(p.reduce((m, v) => Math.max(m, v))); guesses[layer].push([tokenizer.decode([best]), p[best]]); };
    const p = nextTokenProbabilities(gpt.read(id, cache, {
      cut: (k) => off[k],
      saw: (k, h, weights) => patterns.set(weights, ((k * heads + h) * n + t) * n),
      passed: (k, x) => guess(k, nextTokenProbabilities(gpt.logits(x))),
    }));
    guess(depth, p);
    if (t + 1 < n) bits -= Math.log2(p[ids[t + 1]]) / (n - 1);
  });
  return { words: ids.map((id) => tokenizer.decode([id])), heads: [depth, heads], patterns, guesses, bits };
}

/** What the kernel does, done by the page; the weights are asked for when the text or the cut is another. */
export function alone(model) {
  const { scene, weights, longest, cuts } = model.get("page"), all = scene.heads[1];
  const cutOf = ({ cut, block, head }) => (cut === cuts[1] ? [[block - 1, head - 1]] : cut === cuts[2] ? Array.from({ length: all }, (_, h) => [block - 1, h]) : []);
  const key = (v) => JSON.stringify([v.text, cutOf(v)]);
  let [gpt, tokenizer, asked] = [null, null, false], known = key(model.get("defaults") ?? model.get("values"));
  let found = { ...scene, patterns: new Float32Array(bytes(scene.patterns).buffer) };
  function update() {
    const v = model.get("values");
    if (key(v) !== known) {
      if (!gpt) return load();
      const read = tokenizer.encode(v.text).slice(0, longest), ids = read.length ? read : tokenizer.encode(" "), cut = cutOf(v);
      const whole = inside(gpt, tokenizer, ids, []), without = cut.length ? inside(gpt, tokenizer, ids, cut) : whole;
      found = { ...without, bits: whole.bits, without: without.bits };
      known = key(v);
    }
    const { words, guesses, patterns } = found, n = words.length, at = Math.min(v.place, n - 1);
    const start = (((v.block - 1) * all + v.head - 1) * n + at) * n, w = [...patterns.subarray(start, start + n)], best = w.indexOf(Math.max(...w));
    const [word, p] = guesses.at(-1)[at];
    if (model.get("scene") !== found) model.set("scene", found);
    model.set("sentence", `From “${signs(words[at])}” this head looks most at “${signs(words[best])}” (${w[best].toFixed(2)}). In the end the GPT expects `
      + `“${signs(word)}” with ${Math.round(100 * p)}%. The text costs ${found.bits.toFixed(2)} bits per token, with this cut ${found.without.toFixed(2)}.`);
  }
  function load() {
    model.set("scene", found);
    if (asked) return;
    asked = true;
    model.set("sentence", "Reading the model's weights, 4 MB …");
    fetchModel(model.get("folder") + weights, (...both) => { [gpt, tokenizer] = both; update(); }, () => {
      asked = false;
      model.set("sentence", "The model's weights cannot be read: is the page's folder complete? The figure stays as it was.");
    });
  }
  model.on("change:values", update);
  update();
}
