// Who looks at whom: the reader points at a query, and sees its weights, all weights, and what comes out.
import { board, bytes, colours, dress, element, field, listen, numbers, put, rgb } from "./living.mjs";

const [TOP, BLUE, ORANGE] = [4, [0, 114, 178], "#D55E00"]; // likeliest signs shown
const visible = (sign) => sign.replaceAll(" ", "␣");

// -- what it computes --------------------------------------------------------------------------------------------

const dot = (a, b) => a.reduce((s, v, i) => s + v * b[i], 0);
function softmax(scores) {
  const top = Math.max(...scores), e = scores.map((v) => Math.exp(v - top)), total = e.reduce((s, v) => s + v, 0);
  return e.map((v) => v / total);
}

/** softmax(q kᵀ / (temperature √D)), row by row; a causal query t sees the keys up to t. */
export const looks = (queries, keys, temperature, causal) => queries.map((q, t) =>
  softmax(keys.map((k, s) => (causal && s > t ? -Infinity : dot(q, k) / (temperature * Math.sqrt(q.length))))));

/** Sinusoidal positions, in float32 as the kernel has them. */
const positionsOf = (length, width) => Array.from({ length }, (_, t) => Array.from({ length: width }, (_, i) => {
  const angle = t / 10000 ** ((i - (i % 2)) / width);
  return Math.fround(i % 2 ? Math.cos(angle) : Math.sin(angle));
}));

/** Queries and keys of the heads that are set by hand. */
export function vectors(head, text, placed, { letters, heads, vowels }) {
  const p = positionsOf(text.length + 1, 32), width = 32;
  if (!placed) p.fill(p[0]);
  const scaled = (row, by) => row.map((v) => by * v);
  if (head === heads.back) return [[p[0], ...p.slice(0, -2)].map((row) => scaled(row, 6)), p.slice(0, -1).map((row) => scaled(row, 6))];
  const x = text.map((sign, t) => {
    if (head === heads.same) {
      const at = (sign.codePointAt(0) % 256) * width;
      return p[t].map((v, i) => letters[at + i] + (placed ? v : 0));
    }
    const kind = vowels.includes(sign) ? 0 : /\p{L}/u.test(sign) ? 1 : /\p{Nd}/u.test(sign) ? 2 : 3;
    return p[t].map((v, i) => (i === kind ? 5 : 0) + (placed ? 0.8 * v : 0));
  });
  return [x, x];
}

/** The translator of dates: two GRUs read, one writes and looks; W of (n, m) row by row. */
export class DateTranslator {
  constructor({ tensors, signs, written, context }) {
    this.W = Object.fromEntries(Object.entries(tensors).map(([name, text]) => [name, new Float32Array(bytes(text).buffer)]));
    Object.assign(this, { signs: Array.from(signs), written: Array.from(written), context });
  }
  linear(x, W, b) {
    const m = b.length, y = Array.from(b);
    x.forEach((v, i) => { for (let j = 0; j < m; j++) y[j] += v * W[i * m + j]; });
    return y;
  }
  layer(x, name) { return this.linear(x, this.W[`${name}.W`], this.W[`${name}.b`]); }
  embed(id, name) {
    const W = this.W[`${name}.W`], n = this.W["writer.W_x"].length / this.W["writer.b"].length;
    return Array.from(W.subarray(id * n, (id + 1) * n));
  }
  /** One step of a GRU: r, z = σ(…), n = tanh(x W + b + r (h W)), h ← (1 − z) n + z h. */
  step(name, x, h) {
    const m = h.length, inner = this.linear(x, this.W[`${name}.W_x`], this.W[`${name}.b`]);
    const outer = this.linear(h, this.W[`${name}.W_h`], new Float32Array(3 * m)), s = (v) => 1 / (1 + Math.exp(-v));
    return h.map((v, j) => {
      const r = s(inner[j] + outer[j]), z = s(inner[m + j] + outer[m + j]);
      return (1 - z) * Math.tanh(inner[2 * m + j] + r * outer[2 * m + j]) + z * v;
    });
  }
  run(name, ids) {
    let h = new Array(this.W[`${name}.b`].length / 3).fill(0);
    return ids.map((id) => (h = this.step(name, this.embed(id, "source"), h)));
  }
  /** A text's places in their context, and the state that the writer begins with. */
  read(ids) {
    const blanks = Math.max(0, ids.findIndex((id) => id > 0)), S = ids.length;
    const turned = ids.map((_, t) => (t < blanks ? t : blanks + S - 1 - t));
    const there = this.run("forwards", ids), back = this.run("backwards", turned.map((t) => ids[t]));
    return [there.map((h, t) => [...h, ...back[turned[t]]]), this.layer([...there.at(-1), ...back.at(-1)], "start").map(Math.tanh)];
  }
  /** The date written, each step's weights and its probabilities. */
  translate(text, temperature, causal, placed) {
    const ids = text.map((sign) => Math.max(0, this.signs.indexOf(sign)));
    const [all, start] = this.read([...new Array(this.context - ids.length).fill(0), ...ids]);
    const h = placed ? all.slice(-ids.length) : ids.map((id) => this.read([id])[0][0]);
    const keys = h.map((v) => this.layer(v, "key")), found = { written: "", weights: [], shares: [] };
    let state = start, id = 0;
    for (let t = 0; t < 10; t++) {
      state = this.step("writer", this.embed(id, "target"), state);
      const seen = causal ? keys.slice(0, t + 1) : keys;
      const w = looks([this.layer(state, "query")], seen, temperature, false)[0], weights = keys.map((_, s) => w[s] ?? 0);
      const context = h[0].map((_, i) => weights.reduce((sum, v, s) => sum + v * h[s][i], 0));
      const logits = this.layer([...state, ...context], "output");
      id = logits.indexOf(Math.max(...logits));
      found.written += this.written[id];
      found.weights.push(weights);
      found.shares.push(softmax(logits));
    }
    return found;
  }
}

// -- what it shows -----------------------------------------------------------------------------------------------

export function render({ model, el }) {
  dress(el);
  const scene = () => model.get("scene"), status = element("div", { role: "status", "aria-live": "polite" });
  const [left, map, out] = [element("div"), element("div", {}, element("strong", {}, "all weights: a row is a query")), element("div", { class: "outs" }, element("strong", {}, "what comes out"))];
  el.append(
    element("style", {}, CSS),
    element("div", { class: "nn-row" }, field(model, "head"), field(model, "text")),
    element("div", { class: "nn-row" }, ...["temperature", "causal", "positions", "query"].map((name) => field(model, name))),
    element("div", { class: "nn-looks" }, left, element("div", {}, map, out)),
    status,
  );
  const links = board(left, "a query and its looks: point at a sign of the upper row, or press left and right", () => 330, drawLinks);
  const all = board(map, "all weights: point at a row", (width) => Math.round(0.55 * width), drawMap);
  const bars = Array.from({ length: TOP }, () => {
    const bar = element("div", { class: "out" }, element("code"), element("i"), element("span"));
    out.append(bar);
    return bar;
  });
  const size = () => [Array.from(scene().queries), Array.from(scene().keys)];
  const at = () => Math.min(model.get("values").query, size()[0].length - 1);
  const weights = () => {
    const all_ = numbers(scene().weights), n = size()[1].length;
    return [all_.subarray(at() * n, (at() + 1) * n), all_];
  };

  function drawLinks(pen, width, height) {
    const [queries, keys] = size(), [w] = weights(), c = colours(el), low = height - 112, chosen = at();
    const place = (k, n) => ((k + 0.5) * width) / n, letter = (n) => `${Math.min(19, Math.max(9, (1.45 * width) / n))}px monospace`;
    const write = (text, x, y, ink, font, align = "center") => {
      Object.assign(pen, { fillStyle: ink, font, textAlign: align, textBaseline: "middle" });
      pen.fillText(text, x, y);
    };
    write("query: who asks", 2, 9, ORANGE, "600 13px system-ui, sans-serif", "left");
    write("keys: who answers, and how much", 2, low - 24, c.ink, "600 13px system-ui, sans-serif", "left");
    const x = place(chosen, queries.length);
    pen.fillStyle = "rgb(213 94 0 / 0.22)";
    pen.fillRect(x - 13, 24, 26, 26);
    keys.forEach((_, k) => {
      pen.strokeStyle = `rgb(0 114 178 / ${0.06 + 0.74 * w[k]})`;
      pen.lineWidth = 0.5 + 13 * w[k];
      pen.lineCap = "round";
      pen.beginPath(); pen.moveTo(x, 54); pen.lineTo(place(k, keys.length), low - 12); pen.stroke();
    });
    queries.forEach((sign, k) => write(visible(sign), place(k, queries.length), 37, k === chosen ? ORANGE : c.ink, letter(queries.length)));
    const most = [...w.keys()].sort((a, b) => w[b] - w[a]).slice(0, 6).filter((k) => w[k] >= 0.05), wide = Math.min(16, (0.6 * width) / keys.length);
    keys.forEach((sign, k) => {
      write(visible(sign), place(k, keys.length), low, c.ink, letter(keys.length));
      pen.fillStyle = `rgb(${BLUE})`;
      pen.fillRect(place(k, keys.length) - wide / 2, low + 14, wide, 74 * w[k]);
    });
    for (const k of most) write(w[k].toFixed(2), place(k, keys.length), low + 22 + 74 * w[k], c.quiet, "11px system-ui, sans-serif");
  }
  function drawMap(pen, width, height) {
    const [queries, keys] = size(), [, every] = weights(), c = colours(el), paper = rgb(c.paper), [T, S] = [queries.length, keys.length];
    const image = document.createElement("canvas"), made = new ImageData(S, T);
    Object.assign(image, { width: S, height: T });
    every.forEach((v, p) => {
      const t = Math.sqrt(v); // so that a small weight can be seen
      made.data.set([...paper.map((from, k) => from + (BLUE[k] - from) * t), 255], 4 * p);
    });
    image.getContext("2d").putImageData(made, 0, 0);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(image, 0, 0, width, height);
    Object.assign(pen, { strokeStyle: c.faint, lineWidth: 1 });
    pen.strokeRect(0.5, 0.5, width - 1, height - 1);
    Object.assign(pen, { strokeStyle: ORANGE, lineWidth: 2 });
    pen.strokeRect(1, (at() * height) / T, width - 2, height / T);
  }
  function show() {
    const names = scene().names, n = names.length, shares = numbers(scene().shares).subarray(at() * n, (at() + 1) * n);
    const order = [...shares.keys()].sort((a, b) => shares[b] - shares[a] || a - b).slice(0, TOP);
    bars.forEach((bar, k) => {
      bar.hidden = k >= order.length;
      if (bar.hidden) return;
      bar.children[0].textContent = visible(names[order[k]]);
      bar.style.setProperty("--share", shares[order[k]].toFixed(4));
      bar.children[2].textContent = shares[order[k]].toFixed(2);
    });
    links.redraw();
    all.redraw();
  }
  function ask(query) {
    const held = Math.max(0, Math.min(size()[0].length - 1, query));
    if (held !== model.get("values").query) put(model, "query", held);
  }
  for (const [figure, queryAt] of [
    [links, ([x, y], { canvas }) => (y < 60 ? Math.floor((x / canvas.clientWidth) * size()[0].length) : null)],
    [all, ([, y], { canvas }) => Math.floor((y / canvas.clientHeight) * size()[0].length)],
  ]) {
    const point = (event) => {
      const query = queryAt(figure.place(event), figure);
      if (query !== null) ask(query);
    };
    figure.canvas.style.cursor = "pointer";
    for (const event of ["pointermove", "pointerdown"]) figure.canvas.addEventListener(event, point);
    figure.canvas.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
      if (!by) return;
      event.preventDefault();
      ask(at() + by);
    });
  }
  listen(model, status, show, "change:scene", "change:values");
}

const CSS = `
.nn-living .nn-looks { display: grid; grid-template-columns: 66fr 34fr; gap: 18px; align-items: start; }
.nn-living .outs { margin-top: 12px; }
.nn-living .out { display: grid; grid-template-columns: 1.4em 1fr 2.6em; gap: 8px; align-items: center; min-height: 25px; }
.nn-living .out code { font: 16px monospace; color: var(--nn-ink); background: none; border: 0; padding: 0; text-align: right; }
.nn-living .out i { display: block; height: 15px; background: linear-gradient(#009e73, #009e73) 0 0 / calc(var(--share) * 100%) 100% no-repeat; }
.nn-living .out span { font-variant-numeric: tabular-nums; }
.nn-living input[type=text] { font: inherit; width: min(300px, 60vw); color: var(--nn-ink); background: var(--nn-paper);
  border: 1px solid var(--nn-quiet); border-radius: 4px; padding: 2px 8px; min-height: 28px; }
@media (max-width: 760px) { .nn-living .nn-looks { grid-template-columns: minmax(0, 1fr); } }
`;

// -- without a kernel --------------------------------------------------------------------------------------------

export function alone(model) {
  const page = model.get("page"), translator = new DateTranslator(page), letters = new Float32Array(bytes(page.letters).buffer);
  const known = { ...page, letters };
  function look({ head, text, temperature, causal, positions }) {
    const signs = Array.from(text).slice(0, page.longest);
    const keys = signs.length ? signs : [" "];
    if (head === page.heads.translator) {
      const { written, weights, shares } = translator.translate(keys, temperature, causal, positions);
      return { queries: written, keys, weights, names: translator.written, shares };
    }
    const weights = looks(...vectors(head, keys, positions, known), temperature, causal);
    const names = [...new Set(keys)].sort((a, b) => a.codePointAt(0) - b.codePointAt(0));
    const shares = weights.map((row) => names.map((name) => row.reduce((s, v, k) => s + (keys[k] === name ? v : 0), 0)));
    return { queries: keys.join(""), keys, weights, names, shares };
  }
  let busy = false;
  function update() {
    if (busy) return;
    const v = model.get("values"), { queries, keys, weights, names, shares } = look(v), signs = Array.from(queries);
    const at = Math.min(v.query, signs.length - 1), w = weights[at], best = w.indexOf(Math.max(...w)), trained = v.head === page.heads.translator;
    const effective = Math.exp(-w.reduce((s, p) => s + p * Math.log(Math.max(p, 1e-12)), 0));
    const top = shares[at].indexOf(Math.max(...shares[at]));
    model.set("controls", model.get("controls").map((c) => (c.name === "query" ? { ...c, max: signs.length - 1 } : c)));
    busy = true;
    model.set("values", { ...v, query: at });
    busy = false;
    model.set("sentence", `Query ${at}, ${trained ? "writing" : "asking for"} “${signs[at]}”, looks most at “${keys[best]}” (place ${best}, weight `
      + `${w[best].toFixed(2)}), and at about ${effective.toFixed(1)} places in all. Out comes “${names[top]}” with ${shares[at][top].toFixed(2)}.`
      + (trained ? ` The whole translation: ${queries}.` : ""));
    model.set("scene", { queries, keys: keys.join(""), names: [...names], weights: Float32Array.from(weights.flat()), shares: Float32Array.from(shares.flat()) });
  }
  model.on("change:values", update);
  update();
}
