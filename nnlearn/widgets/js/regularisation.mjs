// A curve fitted to noisy points: what width, L2, L1 and dropout change. The reader picks the width on the errors' picture.
import { chart, charts, follow, hold } from "./chart.mjs";
import { dress, element, field, general, put } from "./living.mjs";
import { Pcg64 } from "./pcg64.mjs";

const [BLUE, VERMILION, DOTTED, DASHED] = ["#0072B2", "#D55E00", [2, 3], [6, 4]];
const WIDTHS = [1, 2, 3, 5, 8, 11, 15, 20, 30, 50, 100, 200];
const [STEEPNESS, LEAST_L2, STEPS, LEAST, MOST] = [12, 1e-9, 400, 1e-4, 30]; // the errors shown lie between the last two
const GRID = Array.from({ length: 201 }, (_, k) => (k - 100) / 100), sine = (x) => Math.sin(2 * Math.PI * x), TRUTH = GRID.map(sine);

export function render({ model, el }) {
  dress(el);
  const values = () => model.get("values"), scene = () => model.get("scene"), place = charts();
  const status = element("div", { role: "status", "aria-live": "polite" });
  el.append(
    element("div", { class: "nn-row" }, ...["width", "l2", "l1", "dropout"].map((name) => field(model, name))),
    element("div", { class: "nn-row" }, ...["points", "noise", "draw"].map((name) => field(model, name))),
    place, status, element("div", { class: "hint" }, "Press or drag on the errors to choose how many units there are."),
  );
  const fit = chart(place, "the points, the truth they come from and the fitted curve", 300, (width) => ({
    title: width > 280 ? "the fit" : "", x: { from: -1.05, to: 1.05, ticks: [-1, 0, 1], label: "x" }, y: { from: -2.5, to: 2.5, ticks: [-2, -1, 0, 1, 2] },
    legend: [["the truth", "#767676", DASHED], ["fitted", VERMILION]],
  }), ({ c, line, dot }) => {
    const { x, y, curve } = scene();
    line(GRID, TRUTH, { colour: c.quiet, width: 1.6, dash: DASHED });
    line(GRID, curve, { colour: VERMILION });
    x.forEach((v, k) => dot(v, y[k], c.ink, 4));
  }, true);

  const errors = chart(place, "the mean squared error for each number of hidden units: press one, or move with the arrow keys", 300, (width) => ({
    title: width > 420 ? "mean squared error" : "error", x: { from: 0.9, to: 230, log: true, ticks: [1, 3, 8, 20, 50, 200], label: "hidden units (dotted: as many as points)" },
    y: { from: LEAST / 1.5, to: MOST * 1.5, log: true, ticks: [1e-4, 0.01, 1] }, legend: [["at the points", BLUE], ["against the truth", VERMILION]],
  }), ({ c, line, dot }) => {
    const { x, train, true: truth } = scene(), shown = (v) => Math.min(MOST, Math.max(LEAST, v)), k = WIDTHS.indexOf(values().width);
    line([x.length, x.length], [LEAST / 1.5, MOST * 1.5], { colour: c.quiet, width: 1.2, dash: DOTTED });
    for (const [row, colour] of [[train, BLUE], [truth, VERMILION]]) {
      line(WIDTHS, row.map(shown), { colour });
      row.forEach((v, i) => dot(WIDTHS[i], shown(v), colour, 3.5));
    }
    dot(WIDTHS[k], shown(truth[k]), VERMILION, 7, c.ink);
  });
  const choose = (k) => put(model, "width", WIDTHS[Math.max(0, Math.min(WIDTHS.length - 1, k))]);
  hold(errors, ([n]) => { // the nearest one on the logarithmic axis
    const away = WIDTHS.map((width) => Math.abs(Math.log(n / width)));
    choose(away.indexOf(Math.min(...away)));
  }, ([right, up]) => choose(WIDTHS.indexOf(values().width) + (right || up)));
  follow(model, status, [fit, errors]);
}

// -- without a kernel ------------------------------------------------------------------------------------------------

/** The knots of the hidden units and the points {x, y}, from the start of NumPy's generator. */
export function examples(points, noise, start) {
  const rng = new Pcg64(start), knots = Array.from({ length: WIDTHS.at(-1) }, () => -1.1 + (1.1 - -1.1) * rng.random());
  const x = Array.from({ length: points }, (_, k) => -1 + (2 * k) / (points - 1));
  return { knots, x, y: x.map((v) => sine(v) + noise * rng.normal()) };
}

/** For each x its row of tanh(12 (x − knot)). */
const features = (x, knots) => x.map((v) => Float64Array.from(knots, (knot) => Math.tanh(STEEPNESS * (v - knot))));

/** The a with K a = y, for a symmetric positive K, by Cholesky's factor. */
function solve(K, y) {
  const n = y.length, L = K.map((row) => Float64Array.from(row)), a = Float64Array.from(y);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = L[i][j];
      for (let k = 0; k < j; k++) sum -= L[i][k] * L[j][k];
      L[i][j] = i === j ? Math.sqrt(sum) : sum / L[j][j];
    }
    for (let k = 0; k < i; k++) a[i] -= L[i][k] * a[k];
    a[i] /= L[i][i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) a[i] -= L[k][i] * a[k];
    a[i] /= L[i][i];
  }
  return a;
}

/** The w with the smallest mean (y − φ w)² + Σ penalty w²: D⁻¹ φᵀ (φ D⁻¹ φᵀ + n I)⁻¹ y. */
function ridge(phi, y, penalty) {
  const scaled = phi.map((row) => row.map((v, j) => v / penalty[j]));
  const K = phi.map((row, i) => scaled.map((other, k) => other.reduce((sum, v, j) => sum + v * row[j], i === k ? y.length : 0)));
  const a = solve(K, y);
  return penalty.map((_, j) => scaled.reduce((sum, row, i) => sum + row[j] * a[i], 0));
}

/** The w with the smallest mean (y − φ w)² + Σ penalty w² + l1 Σ |w|: accelerated steps with soft thresholding. */
function sparse(phi, y, penalty, l1) {
  const n = y.length, N = penalty.length, rate = 0.5 / (1 + Math.max(...penalty));
  let [w, ahead, pace] = [new Float64Array(N), new Float64Array(N), 1];
  for (let step = 0; step < STEPS; step++) {
    const slope = new Float64Array(N), next = (1 + Math.sqrt(1 + 4 * pace ** 2)) / 2, on = new Float64Array(N);
    for (let i = 0; i < n; i++) {
      let error = -y[i];
      for (let j = 0; j < N; j++) error += phi[i][j] * ahead[j];
      for (let j = 0; j < N; j++) slope[j] += error * phi[i][j];
    }
    for (let j = 0; j < N; j++) {
      const moved = ahead[j] - rate * ((2 / n) * slope[j] + 2 * penalty[j] * ahead[j]), size = Math.abs(moved) - rate * l1;
      on[j] = size > 0 ? Math.sign(moved) * size : 0;
      ahead[j] = on[j] + ((pace - 1) / next) * (on[j] - w[j]);
    }
    [w, pace] = [on, next];
  }
  return w;
}

const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;

/** What a fit shows, from the start of NumPy's generator: {x, y, curve, train, true, zeros}. */
export function fitted({ points, noise, width, l2, l1, dropout }, start) {
  const { knots, x, y } = examples(points, noise, start), phi = features(x, knots), grid = features(GRID, knots);
  const squares = knots.map((_, j) => mean(phi.map((row) => row[j] ** 2))), found = { x, y, train: [], true: [] };
  for (const n of WIDTHS) {
    const penalty = Float64Array.from(squares.slice(0, n), (square) => Math.max(l2, LEAST_L2) + ((dropout / (1 - dropout)) * square) / n);
    const narrow = phi.map((row) => row.subarray(0, n).map((v) => v / Math.sqrt(n)));
    const w = l1 ? sparse(narrow, y, penalty, l1) : ridge(narrow, y, penalty), scaled = w.map((v) => v / Math.sqrt(n));
    const at = (rows) => rows.map((row) => scaled.reduce((sum, v, j) => sum + v * row[j], 0)), curve = at(grid);
    found.train.push(mean(at(phi).map((v, i) => (v - y[i]) ** 2)));
    found.true.push(mean(curve.map((v, i) => (v - TRUTH[i]) ** 2)));
    if (n === width) Object.assign(found, { curve, zeros: w.filter((v) => v === 0).length });
  }
  return found;
}

export function alone(model) {
  function update() {
    const values = model.get("values"), found = fitted(values, model.get("page").draws[values.draw - 1]), k = WIDTHS.indexOf(values.width);
    const told = found.zeros ? `, ${found.zeros} of them with weight zero` : "";
    model.set("sentence", `${values.points} points, hidden units: ${values.width}${told}. Mean squared error at the points `
      + `${general(found.train[k], 2)}, against the truth ${general(found.true[k], 2)}. `
      + `At these settings the truth is met best with ${WIDTHS[found.true.indexOf(Math.min(...found.true))]}.`);
    model.set("scene", found);
  }
  model.on("change:values", update);
  update();
}
