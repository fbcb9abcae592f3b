// One LSTM unit beside a unit without gates: the reader drags the gates, and reads every step under the pointer.
import { chart, charts, follow, hold, look, pull, ticks } from "./chart.mjs";
import { colours, dress, element, field, fixed, general } from "./living.mjs";

const [STEPS, PULSE, ERASE, CUE] = [80, 5, 60, 8];
const GATES = ["forget", "input", "output"], HANDLES = [20, 36, 52]; // where each gate's handle is: two may stand at the same height
const [RED, BLUE, GREEN] = ["#D55E00", "#0072B2", "#009E73"], [DASHED, DOTTED] = [[6, 4], [2, 3]];
const TIME = Array.from({ length: STEPS }, (_, t) => t);
const squash = (z) => 1 / (1 + Math.exp(-z));

export function render({ model, el }) {
  dress(el);
  const values = () => model.get("values"), scene = () => model.get("scene"), place = charts();
  const status = element("div", { role: "status", "aria-live": "polite" }), hint = element("div", { class: "hint", "aria-live": "polite" });
  let seen = null, picked = 0; // the step that is read; the gate that keys move
  place.style.gridTemplateColumns = "repeat(auto-fit, minmax(max(34%, min(100%, 300px)), 1fr))";
  el.append(
    element("div", { class: "nn-row" }, ...[...GATES, "noise", "erase"].map((name) => field(model, name))),
    place, status, hint,
  );
  const steps = { from: 0, to: STEPS - 1, ticks: [0, 20, 40, 60] };
  /** Each [values, colour, dash] over the steps, with a dot where the reader looks. */
  const draw = ({ c, line, dot }, rows, [low, high]) => {
    if (seen !== null) line([seen, seen], [low, high], { colour: c.quiet, width: 1 });
    for (const [row, colour, dash] of rows) line(TIME, row, { colour, dash });
    if (seen !== null) for (const [row, colour] of rows) dot(seen, row[seen], colour, 4.5);
  };

  const heard = chart(place, "what comes in, step by step: point at a step, or move along with the arrow keys", 190, (width) => ({
    title: width > 270 ? "what comes in: a pulse at 5, then noise" : "what comes in", x: { ...steps, label: "" }, y: { from: -3.2, to: 3.2, ticks: [-2, 0, 2] },
  }), (at) => draw(at, [[scene().x, at.c.ink]], [-3.2, 3.2]));

  const reach = () => { const largest = Math.max(...scene().c.map(Math.abs)); return largest <= 1.4 ? 1.5 : 5 * Math.ceil(largest / 5); };
  const cells = chart(place, "the cell, the unit's output and the unit without gates: point at a step, or move along with the arrow keys", 190, (width) => ({
    title: width > 320 ? "what is remembered" : "memory", x: { ...steps, label: "" },
    y: { from: -reach(), to: reach(), ticks: reach() < 2 ? [-1, 0, 1] : ticks(-reach(), reach()) },
    legend: [["cell c", RED], ["h", GREEN, DASHED], ["no gates", colours(el).quiet, DOTTED]],
  }), (at) => draw(at, [[scene().plain, at.c.quiet, DOTTED], [scene().c, RED], [scene().h, GREEN, DASHED]], [-reach(), reach()]));

  const inks = [[RED], [BLUE], [GREEN, DASHED]];
  const gates = chart(place, "the gates: drag one up or down; the left and right arrow keys pick one, up and down move it", 200, (width) => ({
    title: width > 345 ? "the gates: drag them" : "gates", x: { ...steps, label: "step" }, y: { from: -0.1, to: 1.1, ticks: [0, 0.5, 1] },
    legend: GATES.map((name, k) => [name, ...inks[k]]),
  }), (at) => {
    draw(at, scene().gates.map((row, k) => [row, ...inks[k]]), [-0.1, 1.1]);
    GATES.forEach((name, k) => at.dot(HANDLES[k], squash(values()[name]), inks[k][0], k === picked ? 8 : 5.5));
  });

  const flow = chart(place, "the gradient of the last step's memory at each step: point at a step, or move along with the arrow keys", 200, (width) => ({
    title: width > 380 ? "gradient of the last step's memory" : "gradient", x: { ...steps, label: "step" },
    y: { from: 1e-10, to: 10, ticks: [1e-9, 1e-6, 1e-3, 1], log: true }, legend: [["cell c", RED], ["no gates", colours(el).quiet, DOTTED]],
  }), (at) => {
    const shown = (row) => row.map((v) => Math.max(v, 1e-11));
    draw(at, [[shown(scene().plain_back), at.c.quiet, DOTTED], [shown(scene().back), RED]], [1e-10, 10]);
  });

  const figures = [heard, cells, gates, flow];
  const tell = () => {
    const { x, gates: [f, i, o], c, h, plain, back, plain_back } = scene(), t = seen;
    hint.textContent = t === null ? "Drag a gate by its dot, or focus the gates: ← and → pick one, ↑ and ↓ move it. Point at a step to read it."
      : `Step ${t}: ${fixed(x[t])} comes in. Gates: forget ${f[t].toFixed(3)}, input ${i[t].toFixed(3)}, output ${o[t].toFixed(3)}. `
        + `Cell ${fixed(c[t])}, h ${fixed(h[t])}, without gates ${fixed(plain[t])}. Gradient ${general(back[t], 2)}, without gates ${general(plain_back[t], 2)}.`;
  };
  hold(gates, ([t, p], first) => {
    const away = GATES.map((name, k) => Math.abs(p - squash(values()[name])) + (Math.abs(t - HANDLES[k]) > 5 ? 0.05 : 0));
    if (first) picked = away.indexOf(Math.min(...away));
    const inside = Math.min(0.9999, Math.max(0.0001, p));
    pull(model, { [GATES[picked]]: Math.log(inside / (1 - inside)) });
    gates.redraw();
  }, ([right, up]) => {
    if (up) pull(model, { [GATES[picked]]: values()[GATES[picked]] + up / 4 });
    picked = (picked + right + GATES.length) % GATES.length;
    gates.redraw();
  }, "none");
  look([heard, cells, { ...gates, keys: false }, flow], 0, STEPS - 1, (step) => { seen = step; tell(); figures.forEach((figure) => figure.redraw()); });
  model.on("change:scene", tell);
  tell();
  follow(model, status, figures);
}

// -- without a kernel ------------------------------------------------------------------------------------------------

/** Two decimals as Python's `:z.2f` writes them. */
const near = (value) => fixed(value).replace("−", "-");

/** Both units over all steps, and the gradient of each one's last memory at every step before. */
export function run({ forget, input, output, noise, erase }, drawn) {
  const x = drawn.map((v, t) => (t === PULSE ? 1 : noise * v)), w = squash(forget);
  const f = TIME.map((t) => squash(forget - (erase && t === ERASE ? 12 : 0)));
  const i = TIME.map((t) => squash(input + (t === PULSE ? CUE : 0))), o = TIME.map(() => squash(output));
  const [c, plain, back, plain_back] = [[], [], Array(STEPS).fill(1), Array(STEPS).fill(1)];
  for (const t of TIME) {
    c.push(f[t] * (c[t - 1] ?? 0) + i[t] * Math.tanh(x[t]));
    plain.push(Math.tanh(w * (plain[t - 1] ?? 0) + x[t]));
  }
  for (let t = STEPS - 1; t > 0; t--) {
    back[t - 1] = back[t] * f[t];
    plain_back[t - 1] = plain_back[t] * w * (1 - plain[t] ** 2);
  }
  return { x, gates: [f, i, o], c, h: c.map((v, t) => o[t] * Math.tanh(v)), plain, back, plain_back, keeps: w };
}

export function alone(model) {
  function update() {
    const found = run(model.get("values"), model.get("page").noise), { c, back, plain_back, keeps } = found;
    model.set("sentence", `The forget gate stands at ${keeps.toFixed(3)}: of the pulse, the cell held ${near(c[PULSE])} when it `
      + `was written and holds ${near(c[STEPS - 1])} at the end. Of a gradient of 1 at the end, `
      + `${general(back[PULSE], 2)} arrives at the pulse, without gates ${general(plain_back[PULSE], 2)}.`);
    model.set("scene", found);
  }
  model.on("change:values", update);
  update();
}
