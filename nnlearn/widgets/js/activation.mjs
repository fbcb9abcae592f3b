// An activation with its slope where the reader holds it, and what layers of it make of a signal and of a change.
import { chart, charts, follow, hold, pull } from "./chart.mjs";
import { dress, element, field, general } from "./living.mjs";
import { ACTIVATIONS, chance } from "./network.mjs";

const [WIDTH, BATCH, DEEPEST] = [100, 50, 40];
const [FLOOR, CEILING, REACH, BINS] = [1e-16, 1e12, 5, 40];
const [BLUE, VERMILION] = ["#0072B2", "#D55E00"];
const POINTS = Array.from({ length: 301 }, (_, k) => -REACH + k / 30);

export function render({ model, el }) {
  dress(el);
  const values = () => model.get("values"), scene = () => model.get("scene"), place = charts();
  const status = element("div", { role: "status", "aria-live": "polite" });
  el.append(
    element("div", { class: "nn-row" }, ...["activation", "gain", "bias", "depth"].map((name) => field(model, name))),
    place, status, element("div", { class: "nn-row second" }, field(model, "z")),
  );
  const curve = chart(place, "an activation and its slope: drag the point along the curve, or move it with the arrow keys", 330, () => ({
    title: values().activation,
    x: { from: -REACH, to: REACH, ticks: [-4, -2, 0, 2, 4], label: "z; bars: where the last layer's z lie" },
    y: { from: -1.4, to: 3.2, ticks: [-1, 0, 1, 2, 3] },
    legend: [["f(z)", BLUE], ["slope", VERMILION, [6, 4]]],
  }), ({ pen, c, x, y, line, dot }) => {
    const { value, slope, bars } = scene(), most = Math.max(...bars, 1e-9), wide = (2 * REACH) / BINS, { z } = values();
    pen.globalAlpha = 0.35;
    pen.fillStyle = c.quiet;
    bars.forEach((share, k) => {
      const [from, to] = [x(-REACH + k * wide), x(-REACH + (k + 1) * wide)], high = (70 * share) / most;
      pen.fillRect(from + 0.5, y(-1.4) - high, to - from - 1, high);
    });
    pen.globalAlpha = 1;
    line(POINTS, value, { colour: BLUE });
    line(POINTS, slope, { colour: VERMILION, dash: [6, 4] });
    const at = Math.round(30 * (z + REACH)), [f, s] = [value[at], slope[at]];
    line([z - 1.2, z + 1.2], [f - 1.2 * s, f + 1.2 * s], { colour: c.ink, width: 1.4 });
    dot(z, s, VERMILION);
    dot(z, f, BLUE, 8);
  });
  hold(curve, ([z]) => pull(model, { z }), ([right, up]) => pull(model, { z: values().z + (right || up) / 10 }));

  const layers = chart(place, "the size of a signal and of a change after each layer: drag to set the number of layers", 330, () => ({
    title: "layers",
    x: { from: -1, to: DEEPEST + 1, ticks: [0, 10, 20, 30, 40], label: "layer; band: a change survives" },
    y: { from: FLOOR, to: CEILING, ticks: [1e-16, 1e-12, 1e-8, 1e-4, 1, 1e4, 1e8, 1e12], log: true },
    legend: [["signal", BLUE], ["change left", VERMILION, [6, 4]]],
  }), ({ pen, c, y, box, line, dot }) => {
    const { spread, nudge } = scene(), steps = spread.map((_, k) => k), end = steps.length - 1;
    pen.globalAlpha = 0.2;
    pen.fillStyle = c.quiet;
    pen.fillRect(box[0], y(1e2), box[2], y(1e-2) - y(1e2));
    pen.globalAlpha = 1;
    line([end, end], [FLOOR, CEILING], { colour: c.quiet, width: 1.2 });
    for (const [sizes, colour, dash] of [[spread, BLUE], [nudge, VERMILION, [6, 4]]]) {
      const shown = sizes.map((v) => Math.min(CEILING, Math.max(FLOOR, v)));
      line(steps, shown, { colour, dash });
      steps.forEach((k) => dot(k, shown[k], colour, k === end ? 6 : 2.5));
    }
  });
  hold(layers, ([depth]) => pull(model, { depth }), ([right, up]) => pull(model, { depth: values().depth + (right || up) }));
  follow(model, status, [curve, layers]);
}

// -- without a kernel ------------------------------------------------------------------------------------------------

let drawn = null;
/** The same signal, change and matrices as the kernel's: {a, d, weights}, row by row. */
function draws() {
  const take = (seed, count, by) => { const c = chance(seed); return Float64Array.from({ length: count }, () => c.normal() / by); };
  if (!drawn) {
    const both = take(0, 2 * BATCH * WIDTH, 1), weights = take(1, DEEPEST * WIDTH * WIDTH, Math.sqrt(WIDTH));
    drawn = { a: both.subarray(0, BATCH * WIDTH), d: both.subarray(BATCH * WIDTH), weights };
  }
  return drawn;
}

/** rows (BATCH, WIDTH) @ gain W, W being the k-th of the matrices. */
function times(rows, weights, k, gain) {
  const out = new Float64Array(rows.length);
  for (let r = 0; r < rows.length; r += WIDTH) for (let i = 0; i < WIDTH; i++) {
    const v = gain * rows[r + i], at = (k * WIDTH + i) * WIDTH;
    if (v) for (let j = 0; j < WIDTH; j++) out[r + j] += v * weights[at + j];
  }
  return out;
}

/** What layers make of the signal and of the change: {spread, nudge} a layer, the last one's bars, its silent share. */
export function signal(activation, gain, bias, depth) {
  const [f, slope] = ACTIVATIONS[activation], drawing = draws(), size = (rows) => Math.sqrt(rows.reduce((s, v) => s + v * v, 0));
  const start = size(drawing.d), spread = [1], nudge = [1];
  let { a, d } = drawing, z;
  for (let k = 0; k < depth; k++) {
    z = times(a, drawing.weights, k, gain).map((v) => v + bias);
    a = z.map(f);
    d = times(d, drawing.weights, k, gain).map((v, i) => v * slope(z[i], a[i]));
    spread.push(size(a) / Math.sqrt(a.length));
    nudge.push(size(d) / start);
  }
  const bars = Array(BINS).fill(0);
  for (const v of z) if (Math.abs(v) <= REACH) bars[Math.min(BINS - 1, Math.floor(((v + REACH) * BINS) / (2 * REACH)))] += 1 / z.length;
  const fires = Array(WIDTH).fill(false);
  a.forEach((v, i) => { if (v > 0) fires[i % WIDTH] = true; });
  const silent = activation === "relu" ? fires.filter((fire) => !fire).length / WIDTH : 0;
  return { spread, nudge, bars, silent };
}

export function alone(model) {
  let known = "", found;
  function update() {
    const { activation, gain, bias, depth, z } = model.get("values"), key = [activation, gain, bias, depth].join();
    if (key !== known) {
      const [f, slope] = ACTIVATIONS[activation], value = POINTS.map((v) => f(v));
      found = { value, slope: POINTS.map((v, k) => slope(v, value[k])), ...signal(activation, gain, bias, depth) };
      known = key;
      model.set("scene", found);
    }
    const left = found.nudge[depth], at = Math.round(30 * (z + REACH));
    const fate = left < 1e-2 ? "it vanishes" : left > 1e2 ? "it explodes" : "it survives";
    model.set("sentence", `${activation}: at z = ${z.toFixed(1)} its value is ${general(found.value[at])}, its slope ${general(found.slope[at])}. `
      + `After ${depth} layer${depth === 1 ? "" : "s"} the signal's size is ${general(found.spread[depth], 2)}, and ${general(left, 2)} of a small `
      + `change is left: ${fate}.${found.silent ? ` ${Math.round(100 * found.silent)}% of the last layer's neurons never fire.` : ""}`);
  }
  model.on("change:values", update);
  update();
}
