// A pulse in two recurrent units and its gradient: the reader drags the pulse and an eigenvalue, and reads every step.
import { chart, charts, follow, hand, hold, look, pull } from "./chart.mjs";
import { colours, dress, element, field, general } from "./living.mjs";

const [STEPS, HIGH] = [60, 205], [BLUE, ORANGE, VERMILION] = ["#0072B2", "#E69F00", "#D55E00"], DOTTED = [2, 3];
const TIME = Array.from({ length: STEPS + 1 }, (_, t) => t), LATER = TIME.slice(1);
const ARC = Array.from({ length: 121 }, (_, k) => (k * Math.PI) / 60);
const CSS = `
.nn-living .nn-charts.nn-memory { grid-template-columns: minmax(0, 1.7fr) minmax(0, 1fr); }
@media (max-width: 760px) { .nn-living .nn-charts.nn-memory { grid-template-columns: minmax(0, 1fr); } }
`;

export function render({ model, el }) {
  dress(el);
  const values = () => model.get("values"), scene = () => model.get("scene"), place = charts();
  const status = element("div", { role: "status", "aria-live": "polite" }), hint = element("div", { class: "hint", "aria-live": "polite" });
  let seen = null; // the step that is read
  place.classList.add("nn-memory");
  el.append(
    element("style", {}, CSS),
    element("div", { class: "nn-row" }, ...["radius", "rotation", "pulse", "noise", "unit"].map((name) => field(model, name))),
    place, status, hint,
  );
  const time = { from: 0, to: STEPS, ticks: [0, 20, 40, 60], label: "time" };
  const reach = () => { // linear units grow
    const largest = Math.max(...scene().h.flat().map(Math.abs));
    return largest <= 1.2 ? 1.2 : 10 ** Math.ceil(Math.log10(largest));
  };
  const around = () => ({ from: -reach(), to: reach(), ticks: reach() < 2 ? [-1, 0, 1] : [-reach(), 0, reach()] });

  const forward = chart(place, "the state forwards in time: point at a step, or move along with the arrow keys", HIGH, (width) => ({
    title: width > 290 ? "forwards: the state" : "forwards", x: time, y: around(), legend: [["unit 1", BLUE], ["unit 2", ORANGE]],
  }), ({ c, line, dot }) => {
    const rows = [0, 1].map((k) => scene().h.map((h) => h[k]));
    if (seen !== null) line([seen, seen], [-reach(), reach()], { colour: c.quiet, width: 1 });
    rows.forEach((row, k) => line(TIME, row, { colour: [BLUE, ORANGE][k] }));
    if (seen !== null) rows.forEach((row, k) => dot(seen, row[seen], [BLUE, ORANGE][k], 4.5));
  });

  const plane = chart(place, "unit 2 against unit 1: drag the pulse, or move it with the arrow keys", HIGH, (width, height) => {
    const { from, to, ticks: round } = around(), wide = (to * width) / height; // a circle is one
    const marks = round.filter((v) => Math.abs(v) <= wide);
    return { title: "unit 2 against 1: drag the pulse", x: { from: -wide, to: wide, ticks: marks, label: "unit 1; up: unit 2" }, y: { from, to, ticks: round } };
  }, ({ c, line, dot }) => {
    const { h } = scene();
    line(h.map(([a]) => a), h.map(([, b]) => b), { colour: c.quiet, width: 1 });
    for (const [a, b] of h) dot(a, b, c.quiet, 2, c.quiet);
    dot(...h[1], c.paper, 7, c.ink);
    dot(...h[STEPS], VERMILION, 5);
    if (seen !== null) dot(...h[seen], BLUE, 5);
  });
  let before = 0; // linear units change the scale while the reader drags: their pulse moves with the pointer, not to it
  hand(plane, ([px], first) => {
    const a = (1.2 * (px - (44 + plane.canvas.clientWidth - 10) / 2)) / ((HIGH - 64) / 2), linear = values().unit === "linear";
    if (first) before = values().pulse - a;
    pull(model, { pulse: linear ? before + a : Math.atanh(Math.max(-0.99, Math.min(0.99, a))) });
  }, (right, up) => pull(model, { pulse: values().pulse + (right || up) / 10 }));

  const back = chart(place, "the gradient backwards in time: point at a step, or move along with the arrow keys", HIGH, (width) => ({
    title: width > 350 ? "backwards: its gradient" : "backwards", x: time, y: { from: 1e-14, to: 1e14, ticks: [1e-12, 1e-6, 1, 1e6, 1e12], log: true },
    legend: [["gradient", VERMILION], ["ρ to the lag", colours(el).ink, DOTTED]],
  }), ({ c, line, dot }) => {
    const { gradient } = scene(), shown = (v) => Math.max(v, 1e-15);
    if (seen !== null) line([seen, seen], [1e-14, 1e14], { colour: c.quiet, width: 1 });
    line(LATER, gradient.map(shown), { colour: VERMILION });
    line(LATER, LATER.map((t) => shown(values().radius ** (STEPS - t))), { colour: c.ink, width: 1.5, dash: DOTTED });
    if (seen !== null) dot(seen, shown(gradient[seen - 1]), VERMILION, 4.5);
  });

  const circle = chart(place, "an eigenvalue of the matrix and the unit circle: drag it, or move it with the arrow keys", HIGH, (width, height) => {
    const [low, high] = [-0.3, 1.75], half = ((high - low) * width) / height / 2;
    return { title: "an eigenvalue of W_h: drag it", x: { from: 0.5 - half, to: 0.5 + half, ticks: [-1, 0, 1, 2].filter((v) => Math.abs(v - 0.5) < half), label: "real part; up: imaginary part" },
      y: { from: low, to: high, ticks: [0, 1] } };
  }, ({ c, line, dot }) => {
    const { radius, rotation } = values(), angle = (rotation * Math.PI) / 180, [re, im] = [radius * Math.cos(angle), radius * Math.sin(angle)];
    line(ARC.map(Math.cos), ARC.map(Math.sin), { colour: c.quiet, width: 1.4, dash: DOTTED });
    line([0, re], [0, im], { colour: c.quiet, width: 1.2 });
    dot(re, im, VERMILION, 8);
  });
  hold(circle, ([re, im]) => pull(model, { radius: Math.hypot(re, im), rotation: (Math.atan2(Math.max(0, im), re) * 180) / Math.PI }),
    ([right, up]) => pull(model, { radius: values().radius + right / 20, rotation: values().rotation + 5 * up }), "none");

  const said = (v) => general(v, 2).replaceAll("-", "−");
  const tell = () => {
    const { h, gradient } = scene(), t = seen;
    hint.textContent = t === null ? "Drag the pulse or the eigenvalue, or focus them and use the arrow keys. Point at a step to read it."
      : `Time ${t}: unit 1 ${said(h[t][0])}, unit 2 ${said(h[t][1])}; of the gradient ${said(gradient[t - 1])} arrives, ρ to the lag ${STEPS - t} is ${said(values().radius ** (STEPS - t))}.`;
  };
  const figures = [forward, plane, back, circle];
  look([forward, back], 1, STEPS, (step) => { seen = step; tell(); figures.forEach((figure) => figure.redraw()); });
  model.on("change:scene", tell);
  tell();
  follow(model, status, figures);
}

// -- without a kernel ------------------------------------------------------------------------------------------------

/** All states [unit 1, unit 2], h₀ = 0 first, and the length of the gradient of unit 1's last one at each from h₁ on. */
export function run({ radius, rotation, pulse, noise, unit }, drawn) {
  const angle = (rotation * Math.PI) / 180, [cos, sin] = [radius * Math.cos(angle), radius * Math.sin(angle)], linear = unit === "linear";
  const f = linear ? (z) => z : Math.tanh, slope = linear ? () => 1 : (a) => 1 - a * a;
  const h = [[0, 0]], gradient = Array(STEPS).fill(1);
  drawn.forEach((kick, t) => {
    const [a, b] = h[t], [x, y] = t ? kick.map((v) => noise * v) : [pulse, 0];
    h.push([f(cos * a - sin * b + x), f(sin * a + cos * b + y)]);
  });
  let [g, k] = [1, 0];
  for (let t = STEPS; t > 1; t--) {
    [g, k] = [g * slope(h[t][0]), k * slope(h[t][1])];
    [g, k] = [cos * g + sin * k, cos * k - sin * g];
    gradient[t - 2] = Math.hypot(g, k);
  }
  return { h, gradient };
}

export function alone(model) {
  function update() {
    const values = model.get("values"), found = run(values, model.get("page").noise), arrives = found.gradient[0];
    const fate = arrives < 1e-3 ? "has vanished" : arrives > 1e3 ? "has exploded" : "gets through";
    model.set("sentence", `${values.unit[0].toUpperCase()}${values.unit.slice(1)}, ρ = ${values.radius.toFixed(2)}: ${STEPS - 1} steps after the pulse `
      + `the state has length ${general(Math.hypot(...found.h[STEPS]), 2)}. Of a gradient of length 1 at the end, `
      + `${general(arrives, 2)} arrives at the pulse: it ${fate}.`);
    model.set("scene", found);
  }
  model.on("change:values", update);
  update();
}
