// The perceptron learns: each correction turns the boundary and adds to the weights; the reader steps from one to the next.
import { chart, follow, hold, ticks } from "./chart.mjs";
import { colours, dress, element, field, general, halfToEven, numbers, player, put } from "./living.mjs";
import { Pcg64 } from "./pcg64.mjs";

const [BLUE, ORANGE] = ["#0072B2", "#E69F00"];
const [PACE, SETTINGS] = [600, ["margin", "noise", "points", "lr", "start", "scale", "seed"]]; // ms; what a run depends on

/** Two classes on the two sides of a line, none nearer to it than `margin`: {X, y}, as nnlearn.data.separable draws them. */
export function separable(n, margin, noise, state) {
  const rng = new Pcg64(state), y = rng.shuffle(Array.from({ length: n }, (_, k) => k % 2));
  const angle = 2 * Math.PI * rng.random(), offset = -0.3 + 0.6 * rng.random(), [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const across = y.map((label) => offset + (2 * label - 1) * (margin + rng.random())), along = y.map(() => -1 + 2 * rng.random());
  const X = across.map((a, k) => [a * cos - along[k] * sin, a * sin + along[k] * cos].map(Math.fround));
  for (const k of rng.shuffle(y.map((_, i) => i)).slice(0, halfToEven(noise * n))) y[k] = 1 - y[k];
  return { X, y };
}

/** The rule on every point in turn until an epoch has no mistake: each epoch's mistakes, the points missed, all w and b. */
export function fit(X, y, w, b, lr, epochs) {
  const run = { W: [w], B: [b], missed: [], mistakes: [] };
  do {
    const before = run.missed.length;
    X.forEach((x, i) => {
      const [now, bias] = [run.W.at(-1), run.B.at(-1)], a = Number(x[0] * now[0] + x[1] * now[1] + bias > 0);
      if (a === y[i]) return;
      const change = lr * (y[i] - a);
      run.W.push(now.map((v, j) => v + change * x[j]));
      run.B.push(bias + change);
      run.missed.push(i);
    });
    run.mistakes.push(run.missed.length - before);
  } while (run.mistakes.at(-1) && run.mistakes.length < epochs);
  return run;
}

const dot = (u, v) => u.reduce((s, a, i) => s + a * v[i], 0);

/** The weights of the columns that come nearest to `target`: by Gram and Schmidt, each column made orthogonal twice. */
function leastSquares(columns, target) {
  const Q = [], R = columns.map(() => []);
  columns.forEach((column, j) => {
    let v = column;
    R[j] = Q.map(() => 0);
    for (let twice = 0; twice < 2; twice++)
      Q.forEach((q, i) => { const d = dot(q, v); R[j][i] += d; v = v.map((a, k) => a - d * q[k]); });
    R[j][j] = Math.sqrt(dot(v, v));
    Q.push(v.map((a) => a / R[j][j]));
  });
  const found = Q.map((q) => dot(q, target));
  for (let j = columns.length - 1; j >= 0; j--) {
    for (let k = j + 1; k < columns.length; k++) found[j] -= R[k][j] * found[k];
    found[j] /= R[j][j];
  }
  return found;
}

/** (R/γ)² of the largest margin, or null where no weights separate: the nearest point to the origin of the hull of all t x̃,
 *  by non-negative least squares (Lawson and Hanson). */
export function bound(X, y) {
  const far = Math.max(...X.map(([u, v]) => Math.hypot(u, v, 1))), target = [0, 0, 0, 1];
  const columns = X.map(([u, v], k) => [...[u, v, 1].map((a) => ((2 * y[k] - 1) * a) / far), 1]), weights = columns.map(() => 0);
  const residual = () => target.map((t, i) => t - columns.reduce((s, column, k) => s + weights[k] * column[i], 0));
  for (let active = [], round = 0; round < 3 * X.length; round++) {
    const r = residual(), pull = columns.map((column, k) => (active.includes(k) ? -Infinity : dot(column, r)));
    const next = pull.indexOf(Math.max(...pull));
    if (pull[next] <= 1e-14) break;
    active.push(next);
    for (;;) {
      const wanted = leastSquares(active.map((k) => columns[k]), target), out = wanted.map((v) => v <= 0);
      const share = out.some(Boolean) ? Math.min(...active.map((k, i) => (out[i] ? weights[k] / (weights[k] - wanted[i]) : 1))) : 1;
      active.forEach((k, i) => { weights[k] += share * (wanted[i] - weights[k]); });
      if (share === 1 && !out.some(Boolean)) break;
      active.forEach((k, i) => { if (out[i] && weights[k] < 1e-15) weights[k] = 0; });
      active = active.filter((k) => weights[k] > 0);
    }
  }
  const nearest = [0, 1, 2].map((i) => columns.reduce((s, column, k) => s + weights[k] * column[i], 0));
  const gamma = (far * Math.min(...columns.map((column) => dot(nearest, column)))) / Math.hypot(...nearest);
  return Math.hypot(...nearest) > 1e-12 && gamma > 0 ? (far / gamma) ** 2 : null;
}

/** Two ends of the line w·x + b = 0, far outside the picture; none where w is zero. */
export function boundary(w, b, reach) {
  const [u, v] = [w[0] * reach[0], w[1] * reach[1]], size = Math.hypot(u, v); // in units of the picture
  if (!size) return [];
  const foot = [(-b * u) / size ** 2, (-b * v) / size ** 2];
  return [-4, 4].map((far) => [(foot[0] - (far * v) / size) * reach[0], (foot[1] + (far * u) / size) * reach[1]]);
}

// -- what it shows -----------------------------------------------------------------------------------------------

const grouped = (n) => Math.round(n).toLocaleString("en"), counted = (n) => `${grouped(n)} mistake${n === 1 ? "" : "s"}`;

export function render({ model, el }) {
  dress(el);
  let last = 0, plane = null;
  const scene = () => model.get("scene"), values = () => model.get("values");
  const pairs = (data) => { const flat = numbers(data); return (k) => [flat[2 * k], flat[2 * k + 1]]; };
  const most = () => Math.min(100, scene().missed.length), at = () => Math.min(values().update, most());
  const go = (update) => put(model, "update", Math.max(0, Math.min(most(), update)));
  const status = element("div", { role: "status", "aria-live": "polite" });
  const play = player(el, (now) => {
    status.setAttribute("aria-live", "off"); // a screen reader does not read every correction
    if (now - last < PACE) return true;
    last = now;
    go(at() + 1);
    return at() < most();
  }, () => status.setAttribute("aria-live", "polite"));
  play.button.addEventListener("click", () => { if (play.playing() && at() >= most()) go(0); });
  const step = (name, by) => element("button", { type: "button", click: () => { play.stop(); go(at() + by); } }, name);
  const [left, right] = [element("div"), element("div")];
  el.append(
    element("style", {}, CSS),
    element("div", { class: "nn-row" }, play.button, step("Back", -1), step("Step", 1), ...["update", ...SETTINGS].map((name) => field(model, name))),
    element("div", { class: "nn-perceptron" }, left, right),
    status,
    element("div", { class: "hint" }, "Press a point to see the next correction that it caused, or an epoch to see its first."),
  );
  const changes = (c, change) => [["before", c.quiet, [6, 4]], ["after", c.ink], [change, ORANGE]];

  const points = chart(left, "the points and the boundary: press a point, or step with the arrow keys", 420, (width, height) => {
    const { scale } = values(), y = scene().y, point = pairs(scene().X), unit = Math.min(width, height);
    const far = 1.08 * Math.max(...y.flatMap((_, i) => [Math.abs(point(i)[0] / scale), Math.abs(point(i)[1])]));
    const [u, v] = [(far * scale * width) / unit, (far * height) / unit]; // without scale, right angles look right
    return {
      title: "boundary", legend: changes(colours(el), "missed x"),
      x: { from: -u, to: u, ticks: ticks(-u, u), label: "x₁; up: x₂" }, y: { from: -v, to: v, ticks: ticks(-v, v) },
    };
  }, (to) => {
    const { y, missed } = scene(), k = at(), { pen, c } = to, W = pairs(scene().W), B = numbers(scene().B);
    const point = pairs(scene().X), [u, v] = to.from([to.box[0] + to.box[2], to.box[1]]);
    plane = { point, near: (place, i) => Math.hypot(to.x(point(i)[0]) - to.x(place[0]), to.y(point(i)[1]) - to.y(place[1])) };
    const wall = (n, look) => { const ends = boundary(W(n), B[n], [u, v]); to.line(ends.map((end) => end[0]), ends.map((end) => end[1]), look); };
    if (k) wall(k - 1, { colour: c.quiet, width: 1.8, dash: [6, 4] });
    wall(k, { colour: c.ink, width: 2.6 });
    y.forEach((label, i) => to.mark(...point(i), label));
    if (!k) return;
    const missedPoint = point(missed[k - 1]);
    arrow(to, [0, 0], missedPoint, ORANGE);
    Object.assign(pen, { strokeStyle: ORANGE, lineWidth: 2.6 });
    pen.beginPath(); pen.arc(to.x(missedPoint[0]), to.y(missedPoint[1]), 9, 0, 7); pen.stroke();
  });

  const weights = chart(right, "the correction as an addition of vectors: before, after, ± η x", 230, (width, height) => {
    const W = pairs(scene().W), k = at(), tips = [[0, 0], W(Math.max(k - 1, 0)), W(k)], ratio = width / height;
    const [[left_, right_], [low, high]] = [0, 1].map((i) => [Math.min(...tips.map((tip) => tip[i])), Math.max(...tips.map((tip) => tip[i]))]);
    const half = 0.65 * Math.max((right_ - left_) / ratio, high - low) || 1, x = (left_ + right_) / 2, y = (low + high) / 2;
    const axis = (middle, reach) => ({ from: middle - reach, to: middle + reach, ticks: ticks(middle - reach, middle + reach) });
    return { title: "weights", legend: changes(colours(el), "± η x"), x: { ...axis(x, half * ratio), label: "w₁; up: w₂" }, y: axis(y, half) };
  }, (to) => {
    const W = pairs(scene().W), k = at();
    if (k) arrow(to, [0, 0], W(k - 1), to.c.quiet);
    arrow(to, [0, 0], W(k), to.c.ink);
    if (k) arrow(to, W(k - 1), W(k), ORANGE);
  }, true);

  const epochs = chart(right, "the mistakes in each epoch: press one, or step with the arrow keys", 190, () => {
    const { mistakes, missed, bound: limit } = scene(), whole = (from, to) => ({ from, to, ticks: ticks(from, to).filter(Number.isInteger) });
    return {
      title: `mistakes: ${grouped(missed.length)}${limit === null ? "" : `, bound ${grouped(limit)}`}`,
      x: { ...whole(0.4, Math.max(mistakes.length, 4) + 0.6), label: "epoch" }, y: whole(0, 1.25 * Math.max(2, ...mistakes)),
    };
  }, ({ line, dot }) => {
    const { mistakes } = scene();
    let seen = 0;
    const now = mistakes.findIndex((m) => { seen += m; return seen >= at(); }); // the epoch of the correction
    line(mistakes.map((_, i) => i + 1), mistakes, { colour: BLUE, width: 1.5 });
    if (mistakes.length <= 60) mistakes.forEach((m, i) => dot(i + 1, m, BLUE, 3));
    dot(now + 1, mistakes[now], ORANGE, 5.5);
  });

  // -- the reader's hand -------------------------------------------------------------------------------------------
  const keys = ([dx, dy]) => { play.stop(); go(at() + dx + dy); };
  hold(points, (place, first) => {
    if (!first) return false;
    const { missed, y } = scene(), away = y.map((_, i) => plane.near(place, i)), nearest = away.indexOf(Math.min(...away));
    if (away[nearest] > 20) return false;
    const after = missed.indexOf(nearest, at()), found = after < 0 ? missed.indexOf(nearest) : after;
    play.stop();
    if (found >= 0) go(found + 1);
    return false;
  }, keys);
  hold(epochs, ([x], first) => {
    const { mistakes } = scene(), epoch = Math.max(0, Math.min(mistakes.length - 1, Math.round(x) - 1));
    play.stop();
    if (first) go(mistakes.slice(0, epoch).reduce((s, m) => s + m, 0) + (mistakes[epoch] ? 1 : 0));
    return false;
  }, keys);
  for (const figure of [points, epochs]) figure.canvas.style.cursor = "pointer";
  follow(model, status, [points, weights, epochs]);
  return play.stop;
}

function arrow({ pen, x, y }, start, end, colour) {
  const from = [x(start[0]), y(start[1])], to = [x(end[0]), y(end[1])];
  const angle = Math.atan2(to[1] - from[1], to[0] - from[0]), head = Math.min(11, Math.hypot(to[0] - from[0], to[1] - from[1]));
  const back = (size, turn) => [to[0] - size * Math.cos(angle + turn), to[1] - size * Math.sin(angle + turn)];
  Object.assign(pen, { strokeStyle: colour, fillStyle: colour, lineWidth: 2.4 });
  pen.beginPath(); pen.moveTo(...from); pen.lineTo(...back(0.8 * head, 0)); pen.stroke();
  pen.beginPath(); pen.moveTo(...to); pen.lineTo(...back(head, 0.42)); pen.lineTo(...back(head, -0.42)); pen.fill();
}

const CSS = `
.nn-living .nn-perceptron { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1.15fr); gap: 4px 14px; }
@media (max-width: 760px) { .nn-living .nn-perceptron { grid-template-columns: minmax(0, 1fr); } }
`;

// -- without a kernel --------------------------------------------------------------------------------------------

export function alone(model) {
  const { states, starts } = model.get("page");
  let known = "", learned = null;
  function learn({ margin, noise, points, lr, start, scale, seed }) {
    const { X: plain, y } = separable(points, margin, noise, states[seed]), X = plain.map(([u, v]) => [u * scale, v]);
    const [w1, w2, b] = starts[seed].map((v) => start * v), run = fit(X, y, [w1, w2], b, lr, noise ? 40 : 200), limit = bound(X, y);
    return { X: X.flat(), y, ...run, W: run.W.flat(), bound: start ? null : limit, separable: limit !== null };
  }
  function update() {
    const v = model.get("values"), settings = JSON.stringify(SETTINGS.map((name) => v[name]));
    if (settings !== known) [known, learned] = [settings, learn(v)]; // stepping costs no learning
    const { X, B, missed, mistakes, bound: limit, separable: can } = learned, k = Math.min(v.update, missed.length), n = missed.length;
    let said = "Before the first correction.";
    if (k) {
      const i = missed[k - 1], rose = B[k] > B[k - 1];
      said = `Correction ${k}: x = (${general(X[2 * i])}, ${general(X[2 * i + 1])}) should ${rose ? "" : "not "}fire, so η x is `
        + `${rose ? "added to" : "subtracted from"} w.`;
    }
    const end = mistakes.at(-1) === 0 ? `After ${counted(n)} every point is on its side`
      : `${counted(n)} in ${mistakes.length} epochs, and it has not settled`;
    const why = limit !== null ? `the bound is ${grouped(limit)}`
      : can ? "the bound holds for starts at zero" : "no boundary separates these labels";
    model.set("sentence", `${said} ${end}; ${why}.`);
    model.set("scene", learned);
  }
  model.on("change:values", update);
  update();
}
