// Features learned on one task and put to use on another, beside a network from scratch. The page trains both.
import { axes, chart, hold } from "./chart.mjs";
import { board, bytes, colours, dress, element, field, halfToEven, keeper, listen, numbers, player, put, rgb } from "./living.mjs";
import { Network, firstWeights } from "./network.mjs";
import { Pcg64 } from "./pcg64.mjs";

const [SIDE, GRID, EVERY, STEPS, PACE] = [1.15, 50, 10, 80, 250]; // the plane; steps between two moments; ms a moment
const SHADES = ["#0072B2", "#D55E00", "#009E73", "#CC79A7"];

export function render({ model, el }) {
  dress(el);
  let last = 0;
  const values = () => model.get("values"), scene = () => model.get("scene");
  const go = (step) => put(model, "step", Math.max(0, Math.min(STEPS, EVERY * Math.round(step / EVERY))));
  const coming = () => EVERY * scene().at < values().step;
  const status = element("div", { role: "status" });
  const quiet = () => status.setAttribute("aria-live", play.playing() || coming() ? "off" : "polite");
  const play = player(el, (now) => { // a screen reader does not read every moment
    if (now - last < PACE || coming()) return true;
    last = now;
    go(values().step + EVERY);
    return values().step < STEPS;
  }, () => quiet());
  play.button.addEventListener("click", () => { if (play.playing() && values().step >= STEPS) go(0); });
  const part = (title) => element("div", {}, element("strong", {}, title));
  const [first, reused, scratch, right] = [part("learned before"), part("reused"), part("from scratch"), part("right on new points")];
  el.append(
    element("style", {}, CSS),
    element("div", { class: "nn-row" }, play.button, ...["step", "labels", "trained", "lr", "task", "seed"].map((name) => field(model, name))),
    element("div", { class: "nn-transfer" }, first, reused, scratch, right),
    status, element("div", { class: "hint" }, "Press or drag on the curves to see both networks after that many steps."),
  );

  const square = (width) => width, side = { from: -SIDE, to: SIDE, ticks: [] };
  const image = element("canvas", { width: GRID, height: GRID });
  /** The classes of the plane, pale, from the first of three surfaces on. */
  function ground(pen, c, width, from) {
    const paper = rgb(c.paper), pale = SHADES.map((shade) => rgb(shade).map((v, i) => 0.7 * paper[i] + 0.3 * v));
    const brush = image.getContext("2d"), made = brush.createImageData(GRID, GRID);
    numbers(scene().surfaces).subarray(from, from + GRID * GRID).forEach((label, k) => {
      const at = 4 * ((GRID - 1 - Math.floor(k / GRID)) * GRID + (k % GRID));
      made.data.set([...pale[label], 255], at);
    });
    brush.putImageData(made, 0, 0);
    pen.drawImage(image, 0, 0, width, width);
    return axes(pen, c, [0.5, 0.5, width - 1, width - 1], side, side);
  }
  const pictures = [
    board(first, "the four arms that were learned before, and where that network sees them", square, (pen, width) => {
      const { dot } = ground(pen, colours(el), width, 0), points = numbers(scene().examples);
      scene().arms.forEach((arm, k) => dot(points[2 * k], points[2 * k + 1], SHADES[arm], width < 240 ? 1.8 : 2.6));
    }, true),
    ...[[reused, "the reused network"], [scratch, "the network from scratch"]].map(([place, name], k) => board(place, `the labelled points of the new task, and how ${name} decides in the plane`, square, (pen, width) => {
      const { mark } = ground(pen, colours(el), width, (k + 1) * GRID * GRID), points = numbers(scene().points);
      scene().labels.forEach((label, i) => mark(points[2 * i], points[2 * i + 1], label));
    }, true)),
  ];
  const curve = chart(right, "the share of new points that each network is right on, over the steps: press a moment, or step with the arrow keys", 250, () => ({
    title: "", x: { from: -3, to: STEPS + 3, ticks: [0, 20, 40, 60, 80], label: "steps" }, y: { from: 0.35, to: 1.03, ticks: [0.4, 0.6, 0.8, 1] },
    legend: [["reused", SHADES[0]], ["scratch", SHADES[1], [6, 4]]],
  }), ({ c, line, dot }) => {
    line([EVERY * scene().at, EVERY * scene().at], [0, 2], { colour: c.quiet, width: 1 });
    scene().accuracy.forEach((shares, k) => {
      const at = shares.map((_, i) => EVERY * i);
      line(at, shares, { colour: SHADES[k], dash: k ? [6, 4] : [] });
      shares.forEach((share, i) => dot(at[i], share, SHADES[k], i === scene().at ? 6 : 3.5));
    });
  });
  hold(curve, ([step]) => { play.stop(); go(step); }, ([across, up]) => { play.stop(); go(values().step + EVERY * (across || up)); });
  function show() {
    el.dataset.at = scene().at;
    quiet();
    for (const one of [...pictures, curve]) one.redraw();
  }
  listen(model, status, show, "change:scene");
  return play.stop;
}

const CSS = `
.nn-living .nn-transfer { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)) minmax(0, 1.3fr); gap: 6px 12px; align-items: start; margin: 6px 0; }
.nn-living .nn-transfer strong { display: block; margin-bottom: 2px; font-size: 0.85em; }
@media (max-width: 760px) { .nn-living .nn-transfer { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
`;

// -- without a kernel ------------------------------------------------------------------------------------------------

const [SIZES, POINTS, SHOWN, BUSY, KEPT] = [[2, 32, 32, 16], 400, 300, 12, 60]; // ms of each frame for computing; trainings remembered
const along = Array.from({ length: GRID }, (_, k) => -SIDE + (k * 2 * SIDE) / (GRID - 1)), PLANE = along.flatMap((y) => along.flatMap((x) => [x, y]));

/** Points as `nnlearn.data` draws them: {X: x, y, x, y, …, label}. */
function scattered(n, classes, noise, places, rng) {
  const label = Array.from({ length: n }, (_, k) => k % classes), middles = places(label, rng);
  return { X: middles.map((v) => Math.fround(v + noise * rng.normal())), label };
}
export const spirals = (n, rng) => scattered(n, 4, 0.03, (label) => {
  const r = label.map(() => Math.sqrt(0.01 + (1 - 0.01) * rng.random()));
  return label.flatMap((arm, k) => { const angle = 2 * Math.PI * (arm / 4 + 0.75 * r[k]); return [r[k] * Math.cos(angle), r[k] * Math.sin(angle)]; });
}, rng);
export const circles = (n, rng) => scattered(n, 2, 0.08, (label) => {
  const angles = label.map(() => 2 * Math.PI * rng.random());
  return label.flatMap((inner, k) => [Math.cos, Math.sin].map((way) => (inner ? 0.5 : 1) * way(angles[k])));
}, rng);

/** Of each row, which output is largest. */
function decided(outputs, m) {
  return Array.from({ length: outputs.length / m }, (_, r) => {
    const row = outputs.subarray(r * m, (r + 1) * m);
    return row.indexOf(Math.max(...row));
  });
}

/** One training on the new task from these weights, carried on as far as somebody wants to see it; layers before `frozen` stay. */
export class Lesson {
  constructor({ weights, frozen, lr, X, y, fresh, answers }) {
    const sizes = [...SIZES, 2], shared = { activation: "tanh", loss: "cross_entropy", optimizer: "Adam", lr };
    const whole = new Network({ ...shared, sizes, weights }), through = (x) => whole.forward(Float64Array.from(x))[frozen];
    this.net = new Network({ ...shared, sizes: sizes.slice(frozen), weights: whole.w.subarray(whole.layers[frozen].W) });
    Object.assign(this, { through, given: { X, y }, X: through(X), y, fresh: through(fresh), answers, moments: [], accuracy: [], surfaces: [] });
    this.look();
  }
  get reached() { return this.moments.length - 1; }
  go() {
    this.net.step(this.X, this.y);
    if (this.net.steps % EVERY === 0) this.look();
  }
  look() {
    const found = decided(this.net.forward(this.fresh).at(-1), 2);
    this.accuracy.push(found.filter((label, k) => label === this.answers[k]).length / found.length);
    this.moments.push(Float64Array.from(this.net.w));
  }
  /** The classes of the plane at a moment. */
  surface(moment) {
    this.plane ??= this.through(PLANE);
    if (!this.surfaces[moment]) {
      const now = this.net.w;
      this.net.w = this.moments[moment];
      this.surfaces[moment] = decided(this.net.forward(this.plane).at(-1), 2);
      this.net.w = now;
    }
    return this.surfaces[moment];
  }
}

/** What a training starts from: values of the controls, whether it reuses, and what the page carries. */
export function task(values, reuse, page) {
  const { labels, trained, lr, task: name, seed } = values, { source, seeds, tasks } = page;
  const draw = (start) => {
    const rng = new Pcg64(start), { X, label } = name === tasks[1] ? circles(POINTS, rng) : spirals(POINTS, rng);
    return { X, label: label.map((v) => v % 2) };
  };
  const all = draw(seeds[seed]), { X: fresh, label: answers } = draw(page.new);
  const chosen = [0, 1].flatMap((k) => all.label.flatMap((label, i) => (label === k ? [i] : [])).slice(0, labels));
  const weights = firstWeights([...SIZES, 2], (n, m) => Math.sqrt(6 / (n + m)), new Pcg64(seeds[seed]));
  if (reuse) weights.splice(0, weights.length - 34, ...source.slice(0, weights.length - 34)); // all but the head, 16 × 2 + 2
  const [X, y] = [chosen.flatMap((i) => [all.X[2 * i], all.X[2 * i + 1]]), chosen.map((i) => all.label[i])];
  return { weights, frozen: reuse ? page.trained[trained] : 0, lr, X, y, fresh, answers };
}

export function alone(model) {
  const packed = model.get("page"), page = { ...packed, source: Array.from(new Float32Array(bytes(packed.source).buffer)) };
  const recall = keeper(KEPT), examples = spirals(SHOWN, new Pcg64(page.arms));
  const learned = new Network({ sizes: [...SIZES, 4], activation: "tanh", loss: "cross_entropy", weights: page.source });
  const arms = decided(learned.forward(Float64Array.from(PLANE)).at(-1), 4), percent = (share) => `${halfToEven(100 * share)}%`;
  let due = false;
  function update() {
    const { step, ...values } = model.get("values"), wanted = step / EVERY, { trained, ...rest } = values;
    const lessons = [[true, values], [false, rest]].map(([reuse, key]) => recall(JSON.stringify([reuse, key]), () => new Lesson(task(values, reuse, page))));
    const [reached, coming] = [() => Math.min(...lessons.map((one) => one.reached)), () => reached() < wanted];
    for (const end = performance.now() + BUSY; coming() && performance.now() < end;) // the rest in the next frames
      for (const one of lessons) if (one.reached < wanted) one.go();
    const at = Math.min(wanted, reached()), [ofReused, ofScratch] = lessons.map((one) => percent(one.accuracy[at])), { X, y } = lessons[0].given;
    model.set("scene", {
      surfaces: Float32Array.from([...arms, ...lessons.flatMap((one) => one.surface(at))]), points: Float32Array.from(X), labels: y,
      examples: Float32Array.from(examples.X), arms: examples.label, accuracy: lessons.map((one) => one.accuracy), at,
    });
    model.set("sentence", `New task: ${values.task}, with ${values.labels} labels per class. After ${EVERY * at} steps the reused network is right on `
      + `${ofReused} of new points, the one from scratch on ${ofScratch}.`);
    if (coming() && !due) {
      due = true;
      requestAnimationFrame(() => { due = false; update(); });
    }
  }
  model.on("change:values", update);
  update();
}
