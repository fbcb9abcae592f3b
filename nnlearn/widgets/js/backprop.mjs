// Values go forward through a network of six weights, gradients come back: the reader steps, or presses what is to be computed.
import { chart, follow, hand, hold, pull, scale } from "./chart.mjs";
import { board, colours, dress, element, field, general, player, put, rgb } from "./living.mjs";
import { ACTIVATIONS } from "./network.mjs";

const [BLUE, VERMILION, ORANGE] = ["#0072B2", "#D55E00", "#E69F00"];
const [PACE, LOWEST, HIGHEST] = [900, 1e-8, 1e3]; // ms a step; of the losses shown
const WINDOW = { x: { from: -0.75, to: 10.25 }, y: { from: -2.2, to: 2.4 } };

/** A number as nnlearn.plot writes it: three digits, a true minus, short exponents. */
export const written = (value) => (Math.abs(value) < 1e4 ? general(value) : value.toExponential(1)).replace(/e\+?(-?)0*/, "e$1").replace(/-/g, "−");

export function render({ model, el }) {
  dress(el);
  let last = 0, places = {};
  const values = () => model.get("values"), scene = () => model.get("scene"), steps = () => scene().plan.steps.map(([name]) => name);
  const go = (step) => put(model, "step", Math.max(0, Math.min(steps().length, step)));
  const status = element("div", { role: "status", "aria-live": "polite" });
  const play = player(el, (now) => {
    status.setAttribute("aria-live", "off"); // a screen reader does not read every step
    if (now - last < PACE) return true;
    last = now;
    go(values().step + 1);
    return values().step < steps().length;
  }, () => status.setAttribute("aria-live", "polite"));
  play.button.addEventListener("click", () => { if (play.playing() && values().step >= steps().length) go(0); });
  const by = (way) => { play.stop(); go(values().step + way); };
  const button = (name, way) => element("button", { type: "button", click: () => by(way) }, name);
  const [left, right] = [element("div"), element("div")];
  const [phase, rule, worked] = ["phase", "rule", "rule"].map((name) => element("div", { class: name, "aria-hidden": "true" }));
  el.append(
    element("style", {}, CSS),
    element("div", { class: "nn-row" }, play.button, button("Back", -1), button("Step", 1), ...["step", "update", "lr", "activation", "x1", "x2", "y"].map((name) => field(model, name))),
    element("div", { class: "nn-backprop" }, left, right), status,
    element("div", { class: "hint" }, "Press a unit or a weight to see how its value and its gradient are computed."),
  );
  left.append(phase);
  const network = board(left, "the network: press a unit or a weight, or step with the arrow keys", (width) => Math.max(210, Math.round(width * 0.42)), drawNetwork);
  left.append(rule, worked);

  /** Grey where nothing has been yet, blue where a value has, red where a gradient has come back. */
  const shade = (c, forward, backward) => (backward ? VERMILION : forward ? BLUE : c.quiet);
  function drawNetwork(pen, width, height) {
    const { numbers, plan } = scene(), { step } = values(), c = colours(el), done = new Set(steps().slice(0, step)), now = steps()[step - 1];
    const [x, y] = [scale(WINDOW.x, 0, width).pixel, scale(WINDOW.y, height, 0).pixel], unit = width / (WINDOW.x.to - WINDOW.x.from);
    const [blue, red] = rgb(c.paper)[0] < 128 ? ["#56B4E9", "#F28C38"] : [BLUE, VERMILION]; // letters are to be read
    const size = Math.max(9.5, Math.min(14, 0.23 * unit)), radius = Math.max(19, 0.6 * unit);
    const say = (words, px, py, ink, look = {}) => {
      Object.assign(pen, { font: `${look.weight ?? 400} ${look.size ?? size}px system-ui, sans-serif`, textAlign: "center", textBaseline: "middle" });
      const wide = pen.measureText(words).width / 2 + 2;
      if (look.box && words) { pen.fillStyle = c.paper; pen.fillRect(px - wide, py - size * 0.65, 2 * wide, size * 1.3); }
      pen.fillStyle = ink;
      pen.fillText(words, px, py);
    };
    const pair = (name, px, py, value, box) => { // a value in blue and, beneath it, its gradient in red
      say(value, px, py - size * 0.65, blue, { box });
      say(done.has(`d${name}`) ? written(numbers[`d${name}`]) : "", px, py + size * 0.65, red, { box, weight: 700 });
    };
    places = {};
    for (const [start, end, weight] of plan.edges) {
      const goes = (name) => name && (name === end || name === `d${start}` || (weight && name === `d${weight}`));
      const forward = done.has(end), backward = done.has(`d${start}`) || done.has(`d${weight}`);
      Object.assign(pen, { strokeStyle: shade(c, forward, backward), lineWidth: goes(now) ? 5 : 1.8, lineCap: "round" });
      pen.beginPath();
      for (const [px, py] of [plan.nodes[start], plan.nodes[end]]) pen.lineTo(x(px), y(py));
      pen.stroke();
    }
    for (const [start, end, weight, along] of plan.edges) if (weight) {
      const [px, py] = [0, 1].map((i) => plan.nodes[start][i] + along * (plan.nodes[end][i] - plan.nodes[start][i]));
      places[weight] = [x(px), y(py)];
      pair(weight, x(px), y(py), `${plan.names[weight]} = ${written(numbers[weight])}`, true);
    }
    for (const [name, [px, py]] of Object.entries(plan.nodes)) {
      const known = !steps().includes(name) || done.has(name), here = [name, `d${name}`].includes(now), colour = shade(c, known, done.has(`d${name}`));
      pen.beginPath(); pen.arc(x(px), y(py), radius, 0, 7);
      pen.fillStyle = c.paper;
      pen.fill();
      if (here) { pen.fillStyle = `${colour}33`; pen.fill(); }
      Object.assign(pen, { strokeStyle: colour, lineWidth: here ? 4 : 2 });
      pen.stroke();
      places[name] = [x(px), y(py)];
      pair(name, x(px), y(py), known ? written(numbers[name]) : "");
      say(plan.names[name], x(px), y(py) - radius - size + 1, c.quiet, { size: size + 0.5 });
    }
    say(`target y = ${written(numbers.y)}`, Math.min(x(9.2), width - 4.2 * size), y(-1), blue);
  }
  const losses = chart(right, "the loss at each update: press or drag to an update, or move with the arrow keys", 300, () => ({
    title: "loss", x: { from: -1, to: scene().losses.length, ticks: [0, 10, 20, 30], label: "updates done" },
    y: { from: LOWEST, to: HIGHEST, ticks: [1e-8, 1e-6, 1e-4, 0.01, 1, 100], log: true },
  }), ({ c, line, dot }) => {
    const known = scene().losses.filter((v) => v !== null).map((v) => Math.min(HIGHEST, Math.max(LOWEST / 100, v))), { update } = scene();
    line(known.map((_, k) => k), known, { colour: c.quiet, width: 1.4, dash: [4, 3] });
    line(known.slice(0, update + 1).map((_, k) => k), known, { colour: BLUE });
    dot(update, Math.max(LOWEST, known[update]), ORANGE, 5.5);
  });

  // -- the reader's hand -------------------------------------------------------------------------------------------
  hand(network, ([px, py], first) => {
    if (!first) return false;
    const away = Object.entries(places).map(([name, [x, y]]) => [Math.hypot(x - px, y - py), name]), [far, name] = away.reduce((a, b) => (b[0] < a[0] ? b : a));
    const at = steps().map((step, k) => (step === name || step === `d${name}` ? k + 1 : 0)).filter(Boolean);
    if (far > 50 || !at.length) return false;
    play.stop();
    go(at.find((k) => k > values().step) ?? at[0]);
    return false;
  }, (dx, dy) => by(dx + dy));
  network.canvas.style.cursor = "pointer";
  hold(losses, ([update]) => pull(model, { update }), ([right_, up]) => pull(model, { update: values().update + (right_ || up) }));
  const read = () => {
    const { phase: name, rule: law, worked: sum } = scene();
    phase.textContent = name;
    phase.classList.toggle("back", name.startsWith("backward"));
    rule.textContent = law;
    worked.textContent = sum;
  };
  model.on("change:scene", read);
  read();
  follow(model, status, [network, losses]);
  return play.stop;
}

const CSS = `
.nn-living .nn-backprop { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 1.1fr); gap: 4px 14px; }
.nn-living .nn-backprop :is(.phase, .rule) { min-height: 1.4em; font-size: 16px; }
.nn-living .nn-backprop .rule { text-align: center; }
.nn-living .nn-backprop .phase { font-weight: 600; }
@media (max-width: 760px) { .nn-living .nn-backprop { grid-template-columns: minmax(0, 1fr); } }
`;

// -- without a kernel ------------------------------------------------------------------------------------------------

/** All values and all gradients of L = (ŷ − y)², ŷ = f(x W) v, by name. */
export function graph({ x1, x2, y, activation }, weights) {
  const [f, slope] = ACTIVATIONS[activation], { w11, w12, w21, w22, v1, v2 } = weights;
  const [z1, z2] = [x1 * w11 + x2 * w21, x1 * w12 + x2 * w22], [h1, h2] = [f(z1), f(z2)], [f1, f2] = [slope(z1, h1), slope(z2, h2)];
  const p = h1 * v1 + h2 * v2, dp = 2 * (p - y), [dh1, dh2] = [v1 * dp, v2 * dp], [dz1, dz2] = [f1 * dh1, f2 * dh2];
  return {
    ...weights, x1, x2, y, z1, z2, h1, h2, f1, f2, p, L: (p - y) ** 2, dp, dv1: h1 * dp, dv2: h2 * dp, dh1, dh2, dz1, dz2,
    dw11: x1 * dz1, dw21: x2 * dz1, dw12: x1 * dz2, dw22: x2 * dz2, dx1: w11 * dz1 + w12 * dz2, dx2: w21 * dz1 + w22 * dz2,
  };
}

/** The loss at each update, null after it has diverged, and the numbers at `update` or at the last before: {losses, update, numbers}. */
export function learn(values, { start, updates, tooLarge }) {
  const losses = Array(updates + 1).fill(null);
  let weights = start, numbers, update = 0;
  for (let k = 0; k <= updates; k++) {
    const now = graph(values, weights);
    if (now.L > tooLarge) break;
    losses[k] = now.L;
    if (k <= values.update) [numbers, update] = [now, k];
    weights = Object.fromEntries(Object.entries(weights).map(([name, w]) => [name, w - values.lr * now[`d${name}`]]));
  }
  return { losses, update, numbers };
}

/** The phase, the rule of a step, and the rule with its numbers. */
export function explain(step, numbers, { steps, forward }) {
  if (!step) return { phase: "given: inputs, weights, target", rule: "press play, or move the step", worked: "" };
  const [name, rule, template] = steps[step - 1], inserted = (v) => (v < 0 ? `(${written(v)})` : written(v));
  const worked = `= ${template.replace(/\{(\w+)\}/g, (_, key) => inserted(numbers[key]))} = ${written(numbers[name])}`;
  return { phase: step <= forward ? "forward: values" : "backward: gradients", rule, worked };
}

export function alone(model) {
  function update() {
    const page = model.get("page"), v = model.get("values"), found = learn(v, page), told = explain(v.step, found.numbers, page.plan);
    const { losses, update: k } = found, after = losses[Math.min(k + 1, page.updates)];
    const ahead = after === null ? "; the next update makes it too large to follow: try a smaller learning rate."
      : k < page.updates ? `; the next, with η = ${v.lr.toFixed(2)}, makes it ${written(after)}.` : ", and here the stepper ends.";
    model.set("sentence", `Step ${v.step} of ${page.plan.steps.length}, ${`${told.phase}. ${told.rule} ${told.worked}`.trimEnd()}. `
      + `After ${k} updates the loss is ${written(found.numbers.L)}${ahead}`);
    model.set("scene", { ...found, ...told, plan: page.plan });
  }
  model.on("change:values", update);
  update();
}
