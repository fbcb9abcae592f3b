// One prediction on its loss, which the reader drags along; data with an outlier to pull, and the surface they make.
import { bands, chart, charts, follow, hold, pull } from "./chart.mjs";
import { dress, element, field, general, numbers } from "./living.mjs";
import { ACTIVATIONS } from "./network.mjs";

const [BLUE, VERMILION, SIDE, H] = ["#0072B2", "#D55E00", 65, 1e-5];
const PLACES = Array.from({ length: 241 }, (_, k) => -6 + k * 0.05);
const WEIGHTS = Array.from({ length: SIDE }, (_, k) => -4 + k / 8);
const OUTLIER = 7; // which of the nine examples it is
const [squash, soft] = [ACTIVATIONS.sigmoid[0], ACTIVATIONS.softplus[0]];

/** One example's loss: (prediction, truth, δ). */
const EACH = {
  "squared error": (z, y) => (z - y) ** 2,
  "absolute error": (z, y) => Math.abs(z - y),
  "Huber": (z, y, delta) => { const e = Math.abs(z - y); return e <= delta ? e ** 2 / 2 : delta * (e - delta / 2); },
  "cross-entropy": (z, y) => soft(z) - y * z,
  "squared error of p": (z, y) => (squash(z) - y) ** 2,
  "hinge": (z, y) => Math.max(0, 1 - (2 * y - 1) * z),
};
const ofNumbers = (loss) => ["squared error", "absolute error", "Huber"].includes(loss);

export function render({ model, el }) {
  dress(el);
  const values = () => model.get("values"), scene = () => model.get("scene"), place = charts();
  const status = element("div", { role: "status", "aria-live": "polite" });
  el.append(
    element("div", { class: "nn-row" }, ...["loss", "prediction", "delta", "outlier"].map((name) => field(model, name))),
    place, status,
  );
  const curve = chart(place, "a loss: drag the prediction along it, or move it with the arrow keys", 300, () => ({
    title: `${scene().loss}, truth: ${ofNumbers(scene().loss) ? "0" : "yes"}`,
    x: { from: -6, to: 6, ticks: [-4, -2, 0, 2, 4], label: ofNumbers(scene().loss) ? "prediction" : "logit z" },
    y: { from: -0.5, to: 8, ticks: [0, 2, 4, 6, 8] },
  }), ({ c, line, dot }) => {
    const { prediction } = values(), k = Math.round((prediction + 6) / 0.05), [loss, slope] = [scene().curve[k], scene().slopes[k]];
    line(PLACES, scene().curve, { colour: BLUE });
    line([prediction - 1.5, prediction + 1.5], [loss - 1.5 * slope, loss + 1.5 * slope], { colour: c.ink, width: 1.4, dash: [6, 4] });
    dot(prediction, loss, VERMILION, 8);
  });
  hold(curve, ([prediction]) => pull(model, { prediction }),
    ([right, up]) => pull(model, { prediction: values().prediction + (right || up) / 10 }));

  const data = chart(place, "the data and the best line: drag the outlier, or move it with the arrow keys", 300, () => {
    const real = ofNumbers(scene().loss);
    return {
      title: "data and best line",
      x: { from: -2.7, to: 1.2, ticks: [-2, -1, 0, 1], label: "x" },
      y: real ? { from: -2.5, to: 9, ticks: [-2, 0, 2, 4, 6, 8] } : { from: -0.1, to: 1.1, ticks: [0, 0.5, 1] },
    };
  }, ({ line, dot }) => {
    const { x, y, best: [w, b], loss } = scene(), xs = Array.from({ length: 60 }, (_, k) => -2.7 + k * 0.07);
    line(xs, xs.map((v) => (ofNumbers(loss) ? w * v + b : squash(w * v + b))), { colour: BLUE });
    x.forEach((v, k) => dot(v, y[k], k === OUTLIER ? VERMILION : BLUE, k === OUTLIER ? 8 : 4.5));
  });
  const away = ([x, y]) => { // how far the outlier is from where it belongs
    const { home, loss } = scene();
    return ofNumbers(loss) ? y - home[1] : (home[0] - x) / 0.4;
  };
  hold(data, (at) => pull(model, { outlier: away(at) }),
    ([right, up]) => pull(model, { outlier: values().outlier + (ofNumbers(values().loss) ? up || right : up || -right) / 5 }), "none");

  const surface = chart(place, "the loss surface over weight and bias; a star where it is lowest", 300, () => {
    const axis = { from: -4, to: 4, ticks: [-4, -2, 0, 2, 4] };
    return { title: "loss surface", x: { ...axis, label: "weight w; up: bias b" }, y: axis };
  }, ({ pen, c, box, x, y, text }) => {
    const { surface: heights, best: [w, b] } = scene();
    pen.drawImage(bands(Array.from(numbers(heights), (v) => Math.log(v + 1e-3)), SIDE, c), ...box);
    text("★", x(w), y(b), { ink: VERMILION, size: 22 });
  });
  follow(model, status, [curve, data, surface]);
}

// -- without a kernel ------------------------------------------------------------------------------------------------

/** The curve with its slopes, the nine examples, and the mean loss over weights and biases: row by row of biases. */
export function study(loss, delta, outlier, examples) {
  const f = (z, y) => EACH[loss](z, y, delta), real = ofNumbers(loss), truth = real ? 0 : 1;
  const x = [...examples.x], y = real ? [...examples.y] : x.map((v) => Number(v > 0));
  if (real) y[OUTLIER] += outlier;
  else x[OUTLIER] -= outlier * 0.4; // a "yes" far among the "no"
  const surface = new Float64Array(SIDE * SIDE);
  WEIGHTS.forEach((b, i) => WEIGHTS.forEach((w, j) => {
    surface[i * SIDE + j] = x.reduce((s, v, k) => s + f(w * v + b, y[k]), 0) / x.length;
  }));
  const lowest = surface.reduce((a, v) => Math.min(a, v)), at = surface.findIndex((v) => v <= lowest + 1e-9);
  return {
    curve: PLACES.map((z) => f(z, truth)), slopes: PLACES.map((z) => (f(z + H, truth) - f(z - H, truth)) / (2 * H)),
    surface, best: [WEIGHTS[at % SIDE], WEIGHTS[Math.floor(at / SIDE)]], x, y, loss,
    home: [examples.x[OUTLIER], examples.y[OUTLIER]],
  };
}

export function alone(model) {
  let known = "", found;
  function update() {
    const { loss, prediction, delta, outlier } = model.get("values"), key = [loss, delta, outlier].join();
    if (key !== known) model.set("scene", (found = study(loss, delta, outlier, model.get("page"))));
    known = key;
    const k = Math.round((prediction + 6) / 0.05), [w, b] = found.best;
    model.set("sentence", `${loss}: at ${prediction.toFixed(1)} the loss is ${general(found.curve[k], 4)} and its slope `
      + `${general(found.slopes[k], 4)}. The surface is lowest at w = ${w.toFixed(3)}, b = ${b.toFixed(3)}.`);
  }
  model.on("change:values", update);
  update();
}
