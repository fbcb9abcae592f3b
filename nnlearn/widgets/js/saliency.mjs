// One digit, one network, one map of its answer, an attack on all three, and a reader who wipes pixels off to see what falls.
import { digits } from "./answers.mjs";
import { board, bytes, colours, dress, element, field, listen, numbers, put, rgb, signedTable } from "./living.mjs";
import { Pcg64 } from "./pcg64.mjs";
import { ConvNet } from "./slopes.mjs";

const [SIDE, ANSWER, STEPS] = [28, "the answer", { attack: 10, path: 32, window: 5, stride: 2 }];
const wipedOf = ({ wiped }) => wiped.split(" ").filter((p) => /^\d+$/.test(p) && Number(p) < SIDE * SIDE).map(Number);

export function render({ model, el }) {
  dress(el);
  const values = () => model.get("values"), scene = () => model.get("scene");
  const status = element("div", { role: "status", "aria-live": "polite" });
  const part = (title) => element("div", {}, element("strong", {}, title));
  const [seen, explained, answers] = [part("what the network gets: wipe it"), part("orange for, purple against"), part("the answer")];
  el.append(
    element("style", {}, CSS),
    element("div", { class: "nn-row" }, ...["picture", "method", "network", "target", "eps"].map((name) => field(model, name)),
      element("button", { type: "button", click: () => put(model, "wiped", "") }, "Restore")),
    element("div", { class: "nn-explained" }, seen, explained, answers), status,
    element("div", { class: "hint" }, "Drag over the digit to turn pixels to paper, or press the arrow keys and the space bar there. How fast does the answer fall?"),
  );
  const square = (width) => Math.min(width, 300);
  function cells(pen, width, all, colour) {
    const image = element("canvas", { width: SIDE, height: SIDE }), made = new ImageData(SIDE, SIDE), size = square(width);
    new Uint32Array(made.data.buffer).set(Uint32Array.from(all, colour));
    image.getContext("2d").putImageData(made, 0, 0);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(image, 0, 0, size, size);
    Object.assign(pen, { strokeStyle: colours(el).quiet, lineWidth: 1 });
    pen.strokeRect(0.5, 0.5, size - 1, size - 1);
  }
  let at = null; // the pixel that the keyboard is on
  const paper = board(seen, "the digit: drag over it to wipe pixels off; arrow keys and the space bar do it too", square, (pen, width) => {
    const unit = square(width) / SIDE, frame = (p, colour, wide) => {
      Object.assign(pen, { strokeStyle: colour, lineWidth: wide });
      pen.strokeRect((p % SIDE) * unit, Math.floor(p / SIDE) * unit, unit, unit);
    };
    cells(pen, width, numbers(scene().x), (v) => { const g = Math.round(255 * (1 - v)); return ((255 << 24) | (g << 16) | (g << 8) | g) >>> 0; });
    for (const p of wipedOf(values())) frame(p, "#0072B2", 0.6);
    if (at !== null) frame(at, "#D55E00", 2);
  });
  const heat = board(explained, "the map: what speaks for the class, and what against it", square, (pen, width) => {
    const map = numbers(scene().map), most = map.reduce((m, v) => Math.max(m, Math.abs(v)), 0) || 1, table = duo(colours(el).paper);
    cells(pen, width, map, (v) => table[Math.round(127.5 * (v / most + 1))]);
  }, true);
  const answer = digits(answers, "explain it", (digit) => put(model, "target", values().target === String(digit) ? ANSWER : String(digit)));

  // -- the reader's hand -----------------------------------------------------------------------------------------------
  const wipe = (pixels) => {
    const all = new Set([...wipedOf(values()), ...pixels]);
    if (all.size > wipedOf(values()).length) put(model, "wiped", [...all].join(" "));
  };
  const { canvas } = paper;
  const under = (event) => { // the pixel and its neighbours
    const [i, j] = paper.place(event).map((v) => Math.floor((v / square(canvas.clientWidth)) * SIDE)).reverse();
    return [[0, 0], [0, 1], [1, 0], [0, -1], [-1, 0]].map(([a, b]) => [i + a, j + b]).filter(([a, b]) => Math.min(a, b) >= 0 && Math.max(a, b) < SIDE).map(([a, b]) => a * SIDE + b);
  };
  let held = false;
  canvas.style.cursor = "crosshair";
  canvas.style.touchAction = "none";
  canvas.addEventListener("pointerdown", (event) => { held = true; canvas.setPointerCapture(event.pointerId); wipe(under(event)); });
  canvas.addEventListener("pointermove", (event) => { if (held) wipe(under(event)); });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { held = false; });
  canvas.addEventListener("blur", () => { at = null; paper.redraw(); });
  canvas.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -SIDE, ArrowDown: SIDE }[event.key];
    if (by === undefined && event.key !== " ") return;
    event.preventDefault();
    if (by === undefined) wipe([at ?? 406]);
    else at = (at ?? 406) + by >= 0 && (at ?? 406) + by < SIDE * SIDE ? (at ?? 406) + by : at;
    paper.redraw();
  });

  let picture = values().picture;
  model.on("change:values", () => {
    const moved = values().picture !== picture;
    picture = values().picture;
    if (moved && values().wiped) put(model, "wiped", "");
    paper.redraw();
  });
  const show = () => { answer(scene().probability, scene().target); paper.redraw(); heat.redraw(); };
  listen(model, status, show, "change:scene");
}

/** 256 colours from purple (−1) over the paper to orange (1), as pixels. */
function duo(paper) {
  const middle = rgb(paper), ends = [[84, 39, 136], [230, 97, 1]];
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const v = (i - 127.5) / 127.5, end = ends[v < 0 ? 0 : 1], [r, g, b] = middle.map((m, k) => Math.round(m + (end[k] - m) * Math.abs(v)));
    return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  });
}

const CSS = `
.nn-living .nn-explained { display: grid; grid-template-columns: 3fr 3fr 2fr; gap: 4px 18px; align-items: start; }
.nn-living .nn-explained strong { display: block; }
@media (max-width: 760px) {
  .nn-living .nn-explained { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
  .nn-living .nn-explained > :last-child { grid-column: 1 / -1; }
}
`;

// -- without a kernel ------------------------------------------------------------------------------------------------

export const softmax = (z) => { const top = Math.max(...z), e = Array.from(z, (v) => Math.exp(v - top)), sum = e.reduce((s, v) => s + v, 0); return e.map((v) => v / sum); };
const one = (target) => Float64Array.from({ length: 10 }, (_, k) => Number(k === target));

/** Many small steps up the loss from a random start, never farther than ε from x, within 0 to 1, in 32 bits as NumPy's. */
export function attacked(net, x, truth, eps, start) {
  const rng = new Pcg64(start), low = x.map((v) => Math.max(v - eps, 0)), high = x.map((v) => Math.min(v + eps, 1));
  const within = (z) => z.map((v, p) => Math.fround(Math.max(low[p], Math.min(high[p], v))));
  let z = within(x.map((v) => v - eps + 2 * eps * rng.random()));
  for (let k = 0; k < STEPS.attack; k++) {
    const seen = net.read(z), wrong = softmax(seen.logits).map((p, c) => p - Number(c === truth)), slope = net.slopes(seen, wrong);
    z = within(z.map((v, p) => v + ((2.5 * eps) / STEPS.attack) * Math.sign(slope[p])));
  }
  return z;
}

/** Each map of a picture's score for a class, row by row. */
export const MAPS = {
  "slope": (net, x, target) => net.slopes(net.read(x), one(target)),
  "slope × input": (net, x, target) => net.slopes(net.read(x), one(target)).map((v, p) => v * x[p]),
  "guided": (net, x, target) => net.slopes(net.read(x), one(target), true),
  "integrated"(net, x, target) {
    const total = new Float64Array(x.length);
    for (let k = 0; k < STEPS.path; k++) net.slopes(net.read(x.map((v) => (v * (k + 0.5)) / STEPS.path)), one(target)).forEach((v, p) => { total[p] += v; });
    return total.map((v, p) => (x[p] * v) / STEPS.path);
  },
  "occlusion"(net, x, target) {
    const { window, stride } = STEPS, last = SIDE - window, whole = net.read(x).logits[target], [fall, count] = [new Float64Array(x.length), new Float64Array(x.length)];
    const places = [...Array(Math.ceil(last / stride)).keys()].map((k) => k * stride).concat(last);
    for (const i of places) for (const j of places) {
      const hidden = Float64Array.from(x), here = [];
      for (let a = i; a < i + window; a++) for (let b = j; b < j + window; b++) here.push(a * SIDE + b);
      for (const p of here) hidden[p] = 0;
      const lost = whole - net.read(hidden).logits[target];
      for (const p of here) { fall[p] += lost; count[p]++; }
    }
    return fall.map((v, p) => v / count[p]);
  },
  "Grad-CAM"(net, x, target) {
    const { maps } = net.read(x), slopes = net.ofMaps(one(target)), n = SIDE / 4, found = new Float64Array(n * n);
    for (let c = 0; c < maps.length / (n * n); c++) {
      const weight = slopes.subarray(c * n * n, (c + 1) * n * n).reduce((s, v) => s + v, 0) / (n * n);
      for (let p = 0; p < n * n; p++) found[p] += weight * maps[c * n * n + p];
    }
    return Float64Array.from(x, (_, p) => Math.max(0, found[Math.floor(p / SIDE / 4) * n + Math.floor((p % SIDE) / 4)]));
  },
  "edges"(net, x) {
    const along = (at, step, k) => (k === 0 ? x[at + step] - x[at] : k === SIDE - 1 ? x[at] - x[at - step] : (x[at + step] - x[at - step]) / 2);
    return Float64Array.from(x, (_, p) => Math.hypot(along(p, SIDE, Math.floor(p / SIDE)), along(p, 1, p % SIDE)));
  },
  "ink": (net, x) => Float64Array.from(x),
};

/** What there is to see: {x, map, probability, truth, target}. */
export function explained(v, { pictures, truths, start }, net) {
  const truth = truths[v.picture], clean = pictures[v.picture];
  const x = Float64Array.from(v.eps ? attacked(net, clean, truth, v.eps, start) : clean);
  for (const p of wipedOf(v)) x[p] = 0;
  const probability = softmax(net.read(x).logits), target = v.target === ANSWER ? probability.indexOf(Math.max(...probability)) : Number(v.target);
  return { x, map: MAPS[v.method](net, x, target), probability, truth, target };
}

/** The page's pictures and networks, unpacked. */
export function unpacked({ pictures, truths, networks, start }) {
  const nets = Object.fromEntries(Object.entries(networks).map(([name, tensors]) => [name, new ConvNet(SIDE,
    Object.fromEntries(Object.entries(tensors).map(([part, text]) => [part, new Float32Array(bytes(text).buffer)])))]));
  return { pictures: pictures.map((text) => Float64Array.from(bytes(text), (k) => Math.fround(k / 15))), truths, start, nets };
}

export function alone(model) {
  const given = unpacked(model.get("page")), share = (v) => `${Math.round(100 * v)}%`;
  function update() {
    const v = model.get("values"), found = explained(v, given, given.nets[v.network]), { x, map, probability } = found;
    const answer = probability.indexOf(Math.max(...probability)), sum = (all) => all.reduce((s, one) => s + Math.abs(one), 0);
    const on = sum(map.filter((_, p) => x[p] > 0.5)) / Math.max(sum(map), 1e-12), inked = x.filter((one) => one > 0.5).length / x.length, wiped = wipedOf(v).length;
    model.set("sentence", `A ${found.truth}, read as ${answer} with ${share(probability[answer])}.${wiped ? ` Pixels wiped off: ${wiped}.` : ""} The map explains the `
      + `score of ${found.target}; ${share(on)} of it lies on the ${share(inked)} of pixels with ink.`);
    model.set("scene", found);
  }
  model.on("change:values", update);
  update();
}
