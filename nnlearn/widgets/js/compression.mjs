// A network with fewer weights and fewer bits: what is left of one matrix, what it weighs, and what it still reads.
import { chart, charts, hold, pull } from "./chart.mjs";
import { answered } from "./convnet.mjs";
import { board, colours, dress, element, field, halfToEven, listen, numbers, rgb } from "./living.mjs";
import { greysOf, halves } from "./weights.mjs";

const [SIDE, PIXELS, BINS, GROUP, SHOWN] = [28, 784, 79, 16, 24], [PAUSE, PACE] = [60, 12]; // milliseconds: before reading begins; of reading, before the page may draw
const DIGITS = "digits: ConvNet", BLUE = "#0072B2", VERMILION = "#D55E00", DASHED = [4, 3];
const WAYS = ["one, to the largest weight", "one, best clip", "one per output", "one per 16 neighbours"], CLIPS = Array.from({ length: 9 }, (_, k) => (k === 8 ? 1 : k * 0.1 + 0.2));
const cutOf = (sparsity) => Math.round(10 * sparsity);

export function render({ model, el }) {
  dress(el);
  const values = () => model.get("values"), scene = () => model.get("scene"), place = charts(), tried = new Map();
  const status = element("div", { role: "status", "aria-live": "polite" }), heading = element("strong"), panel = element("div", {}, heading);
  place.classList.add("nn-compressed");
  el.append(
    element("style", {}, CSS),
    element("div", { class: "nn-row" }, ...["network", "bits", "way", "sparsity"].map((name) => field(model, name))),
    place, status,
    element("div", { class: "hint" }, "Drag over the weights to cut the small ones; press a dot on the right to go back to what you have tried."
      + (model.get("controls")[0].hidden ? " The GPT is compressed in the notebook." : "")),
  );

  const weights = chart(place, "the weights of one matrix before and after: drag, or press the arrow keys, to cut the smallest", 280, () => {
    const { reach } = scene(), tick = scene().gpt ? 0.1 : 0.2;
    return {
      title: "weights", x: { from: -1.05 * reach, to: 1.05 * reach, ticks: [-tick, 0, tick], label: values().sparsity ? "between the dashed lines all are cut" : "weight" }, y: { from: 0, to: 1.08, ticks: [] },
      legend: [["before", "#767676"], ["after", BLUE]],
    };
  }, ({ c, line }) => {
    const { was, levels: [at, shares], cuts, reach } = scene(), many = at.length === BINS;
    at.forEach((v, k) => line([v, v], [0, shares[k]], { colour: BLUE, width: many ? 2 : 3 }));
    line(was.map((_, k) => ((k + 0.5) * 2 * reach) / BINS - reach), was, { colour: c.quiet, width: 1.5 });
    const edge = cuts[cutOf(values().sparsity)];
    if (values().sparsity) for (const v of [-edge, edge]) line([v, v], [0, 1.08], { colour: VERMILION, width: 1.2, dash: DASHED });
  });
  const cut = (k) => pull(model, { sparsity: k / 10 });
  hold(weights, ([v]) => {
    const away = scene().cuts.map((edge, k) => Math.abs(Math.abs(v) - (k ? edge : 0)));
    cut(away.indexOf(Math.min(...away)));
  }, ([right, up]) => cut(Math.max(0, cutOf(values().sparsity) + (right || up))));

  const mine = () => [...tried.values()].filter((one) => one.network === values().network);
  const quality = chart(place, "bytes and quality of all that you have tried: press a dot; right and left arrow keys change the bits, up and down the share cut", 280, (width) => {
    const { gpt, kilobytes: [whole], quality: [before] } = scene(), most = Math.max(4, ...mine().map((one) => 1.1 * one.quality));
    const name = gpt ? "bits per character" : "share read right";
    return {
      title: name, x: { from: whole / 40, to: whole * 1.5, log: true, ticks: [2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 1e4].filter((v) => v > whole / 40 && v < whole * 1.5 && (width > 260 || /^[15]/.test(v))), label: "kilobytes" },
      y: gpt ? { from: 0, to: most, ticks: most > 8 ? [0, 5, 10, 15].filter((v) => v < most) : [0, 2, 4] } : { from: 0, to: 1.05, ticks: [0, 0.5, 1] }, legend: [],
    };
  }, ({ c, line, dot }) => {
    const { kilobytes: [whole, now], quality: [before, after] } = scene();
    line([whole / 40, whole * 1.5], [before, before], { colour: c.quiet, width: 1, dash: DASHED });
    for (const one of mine()) dot(one.kilobytes, one.quality, BLUE, 3.5);
    dot(whole, before, c.quiet, 5);
    dot(now, after, VERMILION, 7, c.ink);
  });
  hold(quality, ([kilobytes, q], begins = true) => {
    const [whole] = scene().kilobytes, tall = scene().gpt ? 4 : 1, all = mine();
    const away = all.map((one) => Math.hypot(Math.log(one.kilobytes / kilobytes) / Math.log(60), (one.quality - q) / tall));
    const near = all[away.indexOf(Math.min(...away))];
    if (!near || !whole) return;
    model.set("values", { ...near.values });
    model.save_changes();
  }, ([right, up]) => pull(model, right ? { bits: values().bits + right } : { sparsity: values().sparsity + up / 10 }));

  const digits = board(panel, "test digits that are now read wrong", () => 258, (pen, width) => {
    const { misread } = scene(), pictures = numbers(scene().pictures), c = colours(el), across = Math.max(4, Math.floor(width / 44)), unit = width / across, size = Math.min(unit - 4, 40);
    misread.slice(0, across * Math.floor(258 / 62)).forEach(([truth, answer], k) => {
      const [x, y] = [(k % across) * unit, Math.floor(k / across) * 62];
      stamp(pen, pictures.subarray(k * PIXELS, (k + 1) * PIXELS), x, y, size, rgb(c.ink));
      Object.assign(pen, { strokeStyle: c.faint, lineWidth: 1, font: "12px system-ui, sans-serif", textAlign: "center", textBaseline: "middle", fillStyle: c.ink });
      pen.strokeRect(x + 0.5, y + 0.5, size - 1, size - 1);
      pen.fillText(`${truth} → ${answer}`, x + size / 2, y + size + 10);
    });
  }, true);
  place.append(panel);

  function show() {
    const { of, gpt, wrong, read, count = read, kilobytes, quality: [, after] } = scene(), { network, bits, way, sparsity } = of; // values may be ahead
    if (read === count) tried.set([network, bits, way, sparsity].join(), { network, kilobytes: kilobytes[1], quality: after, values: of });
    heading.textContent = `read wrong: ${wrong} of ${read}`;
    panel.hidden = gpt;
    for (const one of [weights, quality, digits]) one.redraw();
  }
  listen(model, status, show, "change:scene");
}

/** A digit in the page's ink. */
function stamp(pen, pixels, x, y, size, dark) {
  const image = element("canvas", { width: SIDE, height: SIDE }), ground = image.getContext("2d"), made = ground.createImageData(SIDE, SIDE);
  pixels.forEach((v, p) => { made.data.set([...dark, 255 * v], 4 * p); });
  ground.putImageData(made, 0, 0);
  pen.drawImage(image, x, y, size, size);
}

const CSS = `
.nn-living .nn-charts.nn-compressed { grid-template-columns: repeat(auto-fit, minmax(min(100%, 220px), 1fr)); }
.nn-living .nn-compressed strong { display: block; margin: 4px 0; }
`;

// -- without a kernel ------------------------------------------------------------------------------------------------

const f = Math.fround;

/** w of a scale: to whole numbers and back, in 32 bits as NumPy's. */
function onGrid(w, scale, m) { return f(Math.max(-m, Math.min(m, halfToEven(f(w / scale)))) * scale); }

/** Which weights share a scale: the number of each weight's, and how many there are. */
function sharing(way, [rows, ...rest], count) {
  if (way === WAYS[3]) return [(k) => Math.floor(k / GROUP), count / GROUP];
  if (way !== WAYS[2]) return [() => 0, 1];
  const columns = rest.at(-1); // a kernel has an output for each of its first axis, a matrix for each column
  return rest.length > 1 ? [(k) => Math.floor((k * rows) / count), rows] : [(k) => k % columns, columns];
}

/** What `compress` of nnlearn/widgets/compression.py makes of one array: cut, rounded. */
export function compressed(w, shape, order, sparsity, bits, way) {
  const m = 2 ** (bits - 1) - 1, left = w.slice(), [of, count] = sharing(way, shape, w.length), most = new Float64Array(count);
  for (let k = 0; k < halfToEven(sparsity * w.length); k++) left[order[k]] = 0;
  left.forEach((v, k) => { most[of(k)] = Math.max(most[of(k)], Math.abs(v)); });
  const scales = (clip) => Float32Array.from(most, (v) => f((clip * v) / m) || 1);
  const rounded = (scale) => left.map((v, k) => onGrid(v, scale[of(k)], m));
  if (way !== WAYS[1]) return rounded(scales(1));
  const errors = CLIPS.map((clip) => {
    const [scale] = scales(clip);
    let sum = 0;
    for (const v of left) sum += (onGrid(v, scale, m) - v) ** 2;
    return sum;
  });
  return rounded(scales(CLIPS[errors.indexOf(Math.min(...errors))]));
}

/** The places of the weights, the smallest first. */
const rising = (w) => Uint32Array.from(w, (_, k) => k).sort((a, b) => Math.abs(w[a]) - Math.abs(w[b]) || a - b);

const total = (counts) => counts.reduce((sum, n) => sum + n, 0);

/** How many weights lie in each of BINS parts from −reach to reach, the most being 1. */
function heights(w, reach) {
  const edges = Array.from({ length: BINS + 1 }, (_, k) => (k === BINS ? reach : k * ((2 * reach) / BINS) - reach)), count = new Array(BINS).fill(0);
  for (const v of w) {
    let k = Math.max(0, Math.min(BINS - 1, Math.floor(((v + reach) / (2 * reach)) * BINS)));
    while (k && v < edges[k]) k--;
    while (k < BINS - 1 && v >= edges[k + 1]) k++;
    count[k]++;
  }
  const most = Math.max(...count);
  return count.map((n) => n / most);
}

/** The values that there are and how often, the most being 1; parts where there are many. */
function levels(w, reach) {
  const count = new Map();
  for (const v of w) count.set(v + 0, (count.get(v + 0) ?? 0) + 1);
  if (count.size > 200) return [Array.from({ length: BINS }, (_, k) => ((k + 0.5) * 2 * reach) / BINS - reach), heights(w, reach)];
  const found = [...count].sort(([a], [b]) => a - b), most = Math.max(...count.values());
  return [found.map(([v]) => v), found.map(([, n]) => n / most)];
}

/** A matrix whose rounding is shown. */
class Shown {
  constructor([shape, text]) {
    this.shape = shape;
    this.w = halves(text);
    this.order = rising(this.w);
    this.reach = Math.abs(this.w[this.order.at(-1)]);
    this.was = heights(this.w, this.reach);
    this.cuts = Array.from({ length: 10 }, (_, k) => Math.abs(this.w[this.order[halfToEven((k / 10) * this.w.length)]]));
  }
  after(sparsity, bits, way) {
    return { reach: this.reach, was: this.was, cuts: this.cuts, levels: levels(compressed(this.w, this.shape, this.order, sparsity, bits, way), this.reach) };
  }
}

/** Bytes: `bits` for each weight that is left, a bit for each to say which, 4 bytes a scale and a bias. */
const bytesOf = (sizes, scales, vectors, sparsity, bits) =>
  sizes.reduce((sum, n) => sum + ((n - halfToEven(sparsity * n)) * bits) / 8 + (sparsity ? n / 8 : 0), 4 * (scales + vectors));

/** The page's networks and digits, and what they are after compression. */
export class Compressions {
  constructor({ digits, pictures, truths }) {
    this.pictures = greysOf(pictures);
    this.truths = truths;
    this.matrices = Object.fromEntries(Object.entries(digits).filter(([, [shape]]) => shape.length > 1).map(([name, packed]) => [name, new Shown(packed)]));
    this.vectors = Object.fromEntries(Object.entries(digits).filter(([, [shape]]) => shape.length === 1).map(([name, [, text]]) => [name.slice(0, -2), halves(text)]));
  }
  /** The digits' network, compressed if told how, as `answered` takes it. */
  net(how) {
    const W = Object.fromEntries(Object.entries(this.matrices).map(([name, { w, shape, order }]) => {
      const now = how ? compressed(w, shape, order, ...how) : w, [rows, columns] = shape;
      return [name.slice(0, -2), shape.length > 2 ? now : Float32Array.from(now, (_, k) => now[(k % rows) * columns + Math.floor(k / rows)])];
    }));
    return { W, b: this.vectors };
  }
  picture(k) { return this.pictures.subarray(k * PIXELS, (k + 1) * PIXELS); }
  answer(net, k) {
    const logits = answered(this.picture(k), SIDE, net);
    return logits.indexOf(Math.max(...logits));
  }
  /** All of the scene but what reading shows: {reach, was, levels, cuts, kilobytes}. */
  still(of) {
    const { bits, way, sparsity } = of;
    const all = Object.values(this.matrices), sizes = all.map(({ w }) => w.length), vectors = total(Object.values(this.vectors).map((v) => v.length));
    const scales = total(all.map(({ shape, w }) => sharing(way, shape, w.length)[1])), whole = 4 * (total(sizes) + vectors);
    return { of, gpt: false, ...this.matrices["classify.W"].after(sparsity, bits, way), kilobytes: [whole / 1000, bytesOf(sizes, scales, vectors, sparsity, bits) / 1000] };
  }
}

const lighter = ([whole, now]) => `${halfToEven(now).toLocaleString("en")} kilobytes, ${(whole / now).toFixed(1)} times smaller`;

export function told({ gpt, kilobytes, quality: [before, after] }) {
  const percent = (v) => `${(100 * v).toFixed(1)}%`;
  const lost = gpt ? `a character costs ${after.toFixed(2)} bits instead of ${before.toFixed(2)}` : `${percent(after)} of the digits are read right instead of ${percent(before)}`;
  return `${lighter(kilobytes)}: ${lost}.`;
}

export function alone(model) {
  const all = new Compressions(model.get("page")), count = all.truths.length, known = new Map(), { before, misread: opened } = model.get("page"), keyOf = ({ bits, way, sparsity }) => [bits, way, sparsity].join();
  if (model.get("defaults").network === DIGITS) known.set(keyOf(model.get("defaults")), opened);
  model.set("controls", model.get("controls").map((control) => (control.name === "network" ? { ...control, hidden: true } : control)));
  model.set("values", { ...model.get("values"), network: DIGITS });
  let job = 0; // the one whose reading goes on
  /** Read the digits, and give the page room between; `each(misread, read)` after every part. */
  function read(how, each) {
    const misread = [], mine = ++job;
    let [k, net] = [0, null];
    const part = () => {
      if (mine !== job) return;
      net ??= all.net(how); // not while a drag goes on
      for (const end = performance.now() + PACE; k < count && performance.now() < end; k++) {
        const answer = all.answer(net, k);
        if (answer !== all.truths[k]) misread.push([k, answer]);
      }
      each(misread, k);
      if (k < count) setTimeout(part);
    };
    setTimeout(part, PAUSE);
  }
  function show(still, misread, sofar) {
    const first = misread.slice(0, SHOWN), pictures = new Float32Array(first.length * PIXELS);
    first.forEach(([k], i) => pictures.set(all.picture(k), i * PIXELS));
    const wrong = misread.length, quality = [before, sofar ? 1 - wrong / sofar : before];
    const found = { ...still, quality, read: sofar, count, wrong, misread: first.map(([k, answer]) => [all.truths[k], answer]), pictures };
    if (sofar === count) model.set("sentence", told(found));
    model.set("scene", found);
  }
  function update() {
    const v = model.get("values"), still = all.still(v), key = keyOf(v);
    job++; // what is being read is out of date
    if (known.has(key)) return show(still, known.get(key), count);
    model.set("sentence", `${lighter(still.kilobytes)}. The digits are being read.`);
    show(still, [], 0);
    return read([v.sparsity, v.bits, v.way], (misread, sofar) => {
      if (sofar === count) known.set(key, misread);
      show(still, misread, sofar);
    });
  }
  model.on("change:values", update);
  update();
}
