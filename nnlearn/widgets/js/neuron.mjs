// The nerve cell and the unit, fed with the same sum: the reader moves the input and the bias, and sees both answer.
import { axes, hand } from "./chart.mjs";
import { board, colours, dress, element, field, fixed, halfToEven, numbers, player } from "./living.mjs";

const CELL = { tau: 10, R: 10, rest: -65, threshold: -50 }; // ms, MΩ, mV: nnlearn.study.neuron.LIF, reset to its rest
const RHEOBASE = (CELL.threshold - CELL.rest) / CELL.R;
const [DT, DURATION, SPEED] = [0.2, 160, 40]; // ms, ms, and of them in a second of the play
const [LOW, HIGH] = [-0.35, 1.35]; // of the plane of inputs
const CORNERS = [[0, 0], [0, 1], [1, 0], [1, 1]];
const Z = Array.from({ length: 601 }, (_, k) => -6 + 0.02 * k);
const [BLUE, VERMILION, ORANGE] = ["#0072B2", "#D55E00", "#E69F00"];

export const ACTIVATIONS = {
  step: (z) => Number(z > 0),
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
  tanh: Math.tanh,
  relu: (z) => Math.max(z, 0),
  identity: (z) => z,
};

/** Spikes a second at a current of z nA above the rheobase. */
export function rate(z, tRef) {
  const excess = CELL.rest + CELL.R * (RHEOBASE + z) - CELL.threshold;
  return excess > 0 ? 1000 / (tRef + CELL.tau * Math.log1p((CELL.threshold - CELL.rest) / excess)) : 0;
}

/** V at each step and the times of the spikes, by Euler's method from rest. */
export function simulate(z, tRef) {
  const target = CELL.rest + CELL.R * (RHEOBASE + z), V = [], spikes = [];
  const pause = halfToEven(tRef / DT);
  let v = CELL.rest, ready = 0;
  for (let k = 0; k < DURATION / DT; k++) {
    if (v >= CELL.threshold) {
      [v, ready] = [CELL.rest, k + pause];
      spikes.push(k * DT);
    }
    V.push(v);
    if (k >= ready) v += (DT / CELL.tau) * (target - v);
  }
  return { V, spikes };
}

/** The corners of that part of the square from `low` to `high` in which w·x + b > 0. */
export function halfPlane([w1, w2], b, low, high) {
  const square = [[low, low], [high, low], [high, high], [low, high]], z = ([x1, x2]) => w1 * x1 + w2 * x2 + b;
  return square.flatMap((p, k) => {
    const q = square[(k + 1) % 4], [zp, zq] = [z(p), z(q)], cut = p.map((v, i) => v + ((q[i] - v) * zp) / (zp - zq));
    return [...(zp > 0 ? [p] : []), ...(zp > 0 !== zq > 0 ? [cut] : [])];
  });
}

/** All that is shown for the controls' values, as the kernel's scene has it. */
export function both({ x1, x2, w1, w2, b, activation, t_ref: tRef }, gates) {
  const f = ACTIVATIONS[activation], sum = (x, y) => Math.round(1e6 * (w1 * x + w2 * y + b)) / 1e6; // "exactly 0" is exact
  const z = sum(x1, x2), corners = CORNERS.map(([x, y]) => sum(x, y));
  return {
    ...simulate(z, tRef), parts: [w1 * x1, w2 * x2, b, z], rate: rate(z, tRef), a: f(z),
    rates: Z.map((v) => rate(v, tRef)), outputs: Z.map(f),
    cornerRates: corners.map((v) => rate(v, tRef)), cornerOutputs: corners.map(f),
    gate: gates[corners.map(ACTIVATIONS.step).join("")],
  };
}

// -- what it shows -----------------------------------------------------------------------------------------------

export function render({ model, el }) {
  dress(el);
  let time = null, before = 0, plane = null, curves = null;
  const scene = () => model.get("scene"), values = () => model.get("values");
  const status = element("div", { role: "status", "aria-live": "polite" });
  const [trace, inputs, graph, sums] = Array.from({ length: 4 }, () => element("div"));
  const play = player(el, (now) => {
    time = Math.min(DURATION, (time ?? 0) + ((now - (before || now)) * SPEED) / 1000);
    before = now;
    cell.paint();
    return time < DURATION;
  }, () => { [time, before] = [time < DURATION ? time : null, 0]; cell.redraw(); });
  el.append(
    element("style", {}, CSS),
    element("div", { class: "nn-row" }, play.button, ...["x1", "x2", "w1", "w2", "b", "activation", "t_ref"].map((name) => field(model, name))),
    element("div", { class: "nn-cell" }, trace, inputs, graph, sums),
    status,
    element("div", { class: "hint" }, "Drag the star to move the input, and the line in the curves to move the bias. "
      + `Play lets the cell's ${DURATION} ms pass, ${1000 / SPEED} times slower.`),
  );
  const high = () => 212;
  const cell = board(trace, "the cell's membrane potential over 160 milliseconds", high, drawCell, true);
  const square = board(inputs, "the plane of inputs: drag the star, or move it with the arrow keys", high, drawPlane);
  const answers = board(graph, "the cell's rate and the unit's output over z: drag the line, or move it with the arrow keys", high, drawCurves);
  const bars = board(sums, "w₁x₁, w₂x₂ and b add up to z", high, drawSums, true);

  const title = (at, words, width, c) => at.text(words, width / 2, 10, { ink: c.ink, size: 13, weight: 600 });
  function drawCell(pen, width, height) {
    const c = colours(el), at = axes(pen, c, [40, 22, width - 104, height - 60], { from: 0, to: DURATION, ticks: [0, 50, 100, 150] }, { from: -115, to: 5, ticks: [-100, -50, 0] });
    const { spikes, rate: hz } = scene(), V = Array.from(numbers(scene().V)), until = time ?? DURATION;
    title(at, `the cell's V (mV): ${Math.round(hz)} spikes a second`, width, c);
    at.text("time (ms)", at.x(DURATION / 2), height - 8);
    at.text("threshold", at.x(DURATION) + 5, at.y(CELL.threshold), { align: "left" });
    at.line([0, DURATION], [CELL.threshold, CELL.threshold], { colour: c.quiet, width: 1.2, dash: [5, 4] });
    const passed = V.slice(0, Math.floor(until / DT) + 1), look = { colour: BLUE, width: 1.7 };
    at.line(passed.map((_, k) => k * DT), passed, look);
    for (const t of spikes) if (t <= until) at.line([t, t], [CELL.threshold, 0], look);
    if (time !== null) at.dot((passed.length - 1) * DT, passed.at(-1), BLUE, 5);
  }
  function drawCurves(pen, width, height) {
    const c = colours(el), at = axes(pen, c, [40, 22, width - 104, height - 60], { from: -6, to: 6, ticks: [-6, -4, -2, 0, 2, 4, 6] }, { from: -120, to: 250, ticks: [0, 100, 200] });
    const { a, rate: hz, parts } = scene(), z = parts[3], output = (v) => 100 * Math.min(2.5, Math.max(-1.2, v)); // 1 stands beside 100 Hz
    title(at, `the unit: a = ${values().activation}(${fixed(z)}) = ${fixed(a)}`, width, c);
    for (const v of [-1, 0, 1, 2]) at.text(fixed(v, 0), at.x(6) + 6, at.y(100 * v), { align: "left" });
    at.text("z = w·x + b", at.x(0), height - 8);
    for (const [words, x, colour] of [["cell: Hz", 0, BLUE], ["unit: a", width - 60, VERMILION]]) {
      pen.fillStyle = colour;
      pen.fillRect(x, height - 10, 12, 4);
      at.text(words, x + 16, height - 8, { align: "left", ink: c.ink });
    }
    at.line([z, z], [-120, 250], { colour: c.quiet, width: 1.4 });
    at.line(Z, numbers(scene().rates), { colour: BLUE });
    at.line(Z, Array.from(numbers(scene().outputs), (v) => 100 * v), { colour: VERMILION, dash: [7, 3] });
    at.dot(z, hz, BLUE, 5.5);
    at.dot(z, output(a), VERMILION, 5.5);
    curves = at;
  }
  function drawPlane(pen, width, height) {
    const side = height - 44, left = (width - side) / 2, c = colours(el), { w1, w2, b, x1, x2 } = values();
    const axis = { from: LOW, to: HIGH, ticks: [0, 1] }, at = axes(pen, c, [left, 22, side, side], axis, axis);
    title(at, `z > 0: ${scene().gate}`, width, c);
    at.text("x₁", at.x(0.5), height - 12, { size: 13 });
    at.text("x₂", left - 8, at.y(0.5), { size: 13, align: "right" });
    const half = halfPlane([w1, w2], b, LOW, HIGH);
    at.area(half.map(([x]) => x), half.map(([, y]) => y), "rgb(213 94 0 / 0.2)");
    CORNERS.forEach(([x, y], k) => {
      const a = 2 * Math.min(1, Math.max(0, scene().cornerOutputs[k])) - 1, end = a < 0 ? [0, 114, 178] : [213, 94, 0];
      at.dot(x, y, `rgb(${end.map((v) => Math.round(255 + (v - 255) * Math.abs(a)))})`, 7.5, c.ink); // blue 0, vermilion 1
      at.text(`${Math.round(scene().cornerRates[k])} Hz`, at.x(x), at.y(y) + (y ? -16 : 17), { ink: c.ink });
    });
    pen.beginPath();
    for (let k = 0; k < 10; k++) {
      const radius = k % 2 ? 4.4 : 10.5, angle = (Math.PI * k) / 5;
      pen.lineTo(at.x(x1) + radius * Math.sin(angle), at.y(x2) - radius * Math.cos(angle));
    }
    pen.closePath();
    Object.assign(pen, { fillStyle: ORANGE, strokeStyle: "#000", lineWidth: 1.2 });
    pen.fill(); pen.stroke();
    plane = at;
  }
  function drawSums(pen, width, height) {
    const c = colours(el), at = axes(pen, c, [40, 22, width - 50, height - 44], { from: -0.6, to: 3.6, ticks: [] }, { from: -8, to: 8, ticks: [-5, 0, 5] });
    title(at, "adding up (nA)", width, c);
    scene().parts.forEach((v, k) => {
      at.area([k - 0.35, k + 0.35, k + 0.35, k - 0.35], [0, 0, v, v], k < 3 ? c.quiet : ORANGE);
      at.text(fixed(v), at.x(k), at.y(v) + (v < 0 ? 10 : -9), { ink: c.ink, size: 12 });
      at.text(["w₁x₁", "w₂x₂", "b", "z"][k], at.x(k), height - 12, { ink: c.ink, size: 13 });
    });
    at.line([-0.6, 3.6], [0, 0], { colour: c.ink, width: 1.2 });
  }

  // -- the reader's hand -------------------------------------------------------------------------------------------
  const tenths = (v, low, high_) => Math.round(10 * Math.max(low, Math.min(high_, v))) / 10;
  function set(moved) {
    const now = values();
    if (Object.keys(moved).every((name) => moved[name] === now[name])) return;
    model.set("values", { ...now, ...moved });
    model.save_changes();
  }
  const input = (x, y) => set({ x1: tenths(x, 0, 1), x2: tenths(y, 0, 1) });
  square.canvas.style.touchAction = "none";
  hand(square, (at) => input(...plane.from(at)), (dx, dy) => input(values().x1 + dx / 10, values().x2 + dy / 10));
  const bias = (b) => set({ b: tenths(b, -2, 2) });
  hand(answers, (at) => bias(curves.from(at)[0] - scene().parts[0] - scene().parts[1]), (dx) => bias(values().b + dx / 10));

  const show = () => { for (const figure of [cell, square, answers, bars]) figure.redraw(); };
  const say = () => { status.textContent = model.get("sentence"); };
  for (const event of ["change:scene", "change:values"]) model.on(event, show);
  model.on("change:sentence", say);
  say();
  return play.stop;
}

const CSS = `
.nn-living .nn-cell { display: grid; grid-template-columns: minmax(0, 1.7fr) minmax(0, 1fr); gap: 8px 20px; }
@media (max-width: 760px) { .nn-living .nn-cell { grid-template-columns: minmax(0, 1fr); } }
`;

// -- without a kernel --------------------------------------------------------------------------------------------

export function alone(model) {
  const { gates } = model.get("page");
  function update() {
    const v = model.get("values"), seen = both(v, gates), hz = Math.round(seen.rate);
    model.set("sentence", `z = ${fixed(seen.parts[3])}: ${seen.rate ? `the cell fires ${hz} times a second` : "the cell is silent"}, the unit `
      + `(${v.activation}) gives ${fixed(seen.a)}. At the four corners (1 where z > 0) both are the gate ${seen.gate}.`);
    model.set("scene", seen);
  }
  model.on("change:values", update);
  update();
}
