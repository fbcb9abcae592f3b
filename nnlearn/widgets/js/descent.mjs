// A neuron with one input learns by slopes: the reader puts the start on the loss surface and sees the walk from there.
import { bands, chart, charts, follow, hold, pull } from "./chart.mjs";
import { dress, element, field, general, numbers, player, put } from "./living.mjs";
import { ACTIVATIONS, chance } from "./network.mjs";

const [BLUE, VERMILION] = ["#0072B2", "#D55E00"];
const [GRID, FAR, MOST, PACE] = [81, 1e4, 200, 100]; // places a side, where a walk is given up, steps, ms a step
export const WINDOW = { "numbers": [[-3, 5], [-8, 5]], "yes or no": [[-4, 12], [-12, 8]] };
const TICKS = { "numbers": [[-2, 0, 2, 4], [-6, -3, 0, 3]], "yes or no": [[-4, 0, 4, 8, 12], [-12, -8, -4, 0, 4, 8]] };
const XS = Array.from({ length: 101 }, (_, k) => -3 + k / 10);
const [squash, soft] = [ACTIVATIONS.sigmoid[0], ACTIVATIONS.softplus[0]];

export function render({ model, el }) {
  dress(el);
  let last = 0;
  const values = () => model.get("values"), scene = () => model.get("scene"), place = charts();
  const path = () => { const flat = numbers(scene().path); return [0, 1].map((i) => Array.from(flat).filter((_, k) => k % 2 === i)); };
  const status = element("div", { role: "status", "aria-live": "polite" });
  const play = player(el, (now) => {
    status.setAttribute("aria-live", "off"); // a screen reader does not read every step
    if (now - last < PACE) return true;
    last = now;
    put(model, "steps", Math.min(MOST, values().steps + 1));
    return values().steps < MOST;
  }, () => status.setAttribute("aria-live", "polite"));
  play.button.addEventListener("click", () => { if (play.playing() && values().steps >= MOST) put(model, "steps", 0); });
  el.append(
    element("div", { class: "nn-row" }, play.button, ...["steps", "task", "lr", "batch", "mean", "noise", "seed"].map((name) => field(model, name))),
    place, status,
    element("div", { class: "nn-row second" }, field(model, "w0"), field(model, "b0"),
      element("span", { class: "hint" }, "Press or drag on the loss surface to start there.")),
  );

  const data = chart(place, "the data, and what has been learned", 300, () => ({
    title: "data",
    x: { from: -3, to: 7, ticks: [-2, 0, 2, 4, 6], label: scene().task === "numbers" ? "x; up: y" : "x; up: p" },
    y: scene().task === "numbers" ? { from: -7, to: 10, ticks: [-5, 0, 5, 10] } : { from: -0.1, to: 1.1, ticks: [0, 0.5, 1] },
  }), ({ c, line, mark }) => {
    const { x, y, task } = scene(), [w, b] = path().map((way) => way.at(-1)), yes = task !== "numbers";
    x.forEach((v, k) => mark(v, y[k], yes ? y[k] : 0));
    line(XS, XS.map((v) => (yes ? squash(w * v + b) : w * v + b)), { colour: c.ink, width: 2.4 });
  }, true);

  const surface = chart(place, "the loss surface and the walk on it: drag its start, or move it with the arrow keys", 300, () => {
    const { task } = scene(), axis = (i) => ({ from: WINDOW[task][i][0], to: WINDOW[task][i][1], ticks: TICKS[task][i] });
    return { title: "loss surface", x: { ...axis(0), label: "weight w; up: bias b" }, y: axis(1) };
  }, ({ pen, c, box, x, y, line, dot, text }) => {
    const { surface: heights, best } = scene(), [ws, bs] = path();
    pen.drawImage(bands(Array.from(numbers(heights), (v) => Math.log(v + 1e-2)), GRID, c), ...box);
    if (best) text("★", x(best[0]), y(best[1]), { ink: c.ink, size: 26 });
    line(ws, bs, { colour: VERMILION, width: 1.5 });
    ws.forEach((w, k) => dot(w, bs[k], VERMILION, 1.6, VERMILION));
    dot(ws[0], bs[0], c.paper, 6, c.ink);
    dot(ws.at(-1), bs.at(-1), VERMILION, 5);
  });
  const start = (w0, b0) => {
    const [wide, tall] = WINDOW[values().task], within = (v, [low, high]) => Math.max(low, Math.min(high, v));
    pull(model, { w0: within(w0, wide), b0: within(b0, tall) });
  };
  hold(surface, ([w, b]) => start(w, b), ([right, up]) => start(values().w0 + right / 5, values().b0 + up / 5), "none");

  const fall = chart(place, "the loss at each step", 300, () => ({
    title: "loss", x: { from: -4, to: MOST + 4, ticks: [0, 50, 100, 150, 200], label: "step" },
    y: { log: true, ...(scene().task === "numbers" ? { from: 0.1, to: 50, ticks: [0.1, 1, 10] } : { from: 1e-3, to: 5, ticks: [0.001, 0.01, 0.1, 1] }) },
  }), ({ line, dot, box, y }) => {
    const losses = scene().losses.map((v) => Math.min(1e3, Math.max(1e-3, v))), k = losses.length - 1;
    line(losses.map((_, i) => i), losses, { colour: VERMILION });
    if (y(losses[k]) > box[1]) dot(k, losses[k], VERMILION, 5);
  }, true);
  follow(model, status, [data, surface, fall]);
  return play.stop;
}

// -- without a kernel ------------------------------------------------------------------------------------------------

const mean = (values) => values.reduce((s, v) => s + v, 0) / values.length;

/** The examples at this mean and noise, from those drawn once: {x, y}. */
export function examples(task, around, noise, drawn) {
  const y = drawn.x.map((v, k) => 1.2 * v + 0.5 + noise * drawn.noise[k]);
  return { x: drawn.x.map((v) => v + around), y: task === "numbers" ? y : y.map((v) => Number(v > 0.5)) };
}

/** The mean loss of a weight and a bias. */
const loss = (task, w, b, { x, y }) => mean(x.map((v, k) => {
  const z = w * v + b;
  return task === "numbers" ? (z - y[k]) ** 2 : soft(z) - y[k] * z;
}));

/** The loss over the window, row by row of biases; where it is lowest, for numbers; and the condition number. */
export function terrain(task, given) {
  const [ws, bs] = WINDOW[task].map(([low, high]) => Array.from({ length: GRID }, (_, k) => low + ((high - low) * k) / (GRID - 1)));
  const { x, y } = given, [mx, my] = [mean(x), mean(y)], spread = mean(x.map((v) => (v - mx) ** 2));
  const w = mean(x.map((v, k) => (v - mx) * (y[k] - my))) / spread;
  const trace = spread + mx ** 2 + 1, largest = (trace + Math.sqrt(trace ** 2 - 4 * spread)) / 2; // of XᵀX/N, whose determinant is the spread
  return {
    surface: bs.flatMap((b) => ws.map((v) => loss(task, v, b, given))),
    best: task === "numbers" ? [w, my - w * mx] : null, kappa: largest ** 2 / spread,
  };
}

/** The path w₀, b₀, w₁, b₁ … of a descent, and the loss on it; both end where it has run away. */
export function descend({ task, lr, batch, steps, seed, w0, b0 }, given) {
  const { x, y } = given, c = chance(seed), path = [w0, b0], losses = [loss(task, w0, b0, given)];
  let [w, b] = [w0, b0];
  for (let t = 0; t < steps && Math.max(Math.abs(w), Math.abs(b)) <= FAR; t++) {
    let [dw, db] = [0, 0];
    for (let i = 0; i < batch; i++) {
      const k = batch === x.length ? i : Math.floor(c.uniform() * x.length), z = w * x[k] + b;
      const error = task === "numbers" ? 2 * (z - y[k]) : squash(z) - y[k];
      dw += error * x[k];
      db += error;
    }
    [w, b] = [w - (lr * dw) / batch, b - (lr * db) / batch];
    path.push(w, b);
    losses.push(loss(task, w, b, given));
  }
  return { path, losses, left: Math.max(Math.abs(w), Math.abs(b)) > FAR };
}

export function alone(model) {
  let known = "", ground;
  function update() {
    const v = model.get("values"), { task, w0, b0 } = v, given = examples(task, v.mean, v.noise, model.get("page"));
    const key = [task, v.mean, v.noise].join();
    if (key !== known) [known, ground] = [key, terrain(task, given)];
    const walk = descend(v, given), [w, b] = walk.path.slice(-2), k = walk.losses.length - 1;
    const steps = `${k} step${k === 1 ? "" : "s"}${w0 || b0 ? ` from (${general(w0)}, ${general(b0)})` : ""}`, where = `condition number ${general(ground.kappa)}`;
    model.set("controls", model.get("controls").map((c) => (c.name === "seed" ? { ...c, disabled: v.batch === given.x.length } : c)));
    model.set("sentence", walk.left ? `After ${steps} the weights have run away: this learning rate is too large (${where}).`
      : `After ${steps}: w = ${general(w)}, b = ${general(b)}, mean ${task === "numbers" ? "squared error" : "cross-entropy"} `
        + `${general(walk.losses[k])} (${where}).`);
    model.set("scene", { ...given, ...ground, ...walk, task });
  }
  model.on("change:values", update);
  update();
}
