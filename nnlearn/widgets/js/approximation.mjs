// A curve rebuilt by one hidden layer: the reader picks or draws it, and how many units there are.
import { chart, charts, follow, hand, hold, pull } from "./chart.mjs";
import { dress, element, field, numbers } from "./living.mjs";
import { ACTIVATIONS } from "./network.mjs";
import { Pcg64 } from "./pcg64.mjs";

const [BLUE, ORANGE, VERMILION, DASHED, OWN] = ["#0072B2", "#E69F00", "#D55E00", [6, 4], "your own"];
const COUNTS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64], [LEAST, GREATEST, HIGHEST, HANDLES] = [1e-4, 4, 1.4, 41];
const X = Array.from({ length: 1001 }, (_, k) => k / 1000), FEW = X.filter((_, k) => k % 5 === 0), CSS = `
.nn-living .nn-charts.nn-rebuilt { grid-template-columns: minmax(0, 1.7fr) minmax(0, 1fr); }
@media (max-width: 760px) { .nn-living .nn-charts.nn-rebuilt { grid-template-columns: minmax(0, 1fr); } }
`;
const short = (v) => (v >= 100 ? Math.round(v).toLocaleString("en") : v === 0 ? "0" : plainly(Number(v.toPrecision(2))));
const plainly = (v) => v.toFixed(Math.max(0, 1 - Math.floor(Math.log10(v)))).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
const unitsOf = ({ n, unit, softness }) => `${n} ${{ step: ["step unit", "sigmoid"], ReLU: ["ReLU", "softplus unit"] }[unit][Number(softness > 0)]}${n > 1 ? "s" : ""}`;

export function render({ model, el }) {
  dress(el);
  const values = () => model.get("values"), scene = () => model.get("scene"), place = charts();
  const status = element("div", { role: "status", "aria-live": "polite" });
  place.classList.add("nn-rebuilt");
  el.append(
    element("style", {}, CSS),
    element("div", { class: "nn-row" }, ...["target", "unit", "n", "weights", "softness"].map((name) => field(model, name))),
    place, status, element("div", { class: "hint" }, "Draw a curve of your own over the left picture; press on the errors to choose the number of units."),
  );
  const along = { from: 0, to: 1, ticks: [0, 0.25, 0.5, 0.75, 1], label: "x" };
  let at = null; // the place that the keyboard is on
  const sum = chart(place, "the curve and what the units make of it: draw a curve of your own; with the arrow keys, right and left choose a place, up and down move it", 250, (width) => ({
    title: width > 420 ? `${unitsOf(values())}: error ${short(scene().error)}` : "", x: along, y: { from: -HIGHEST, to: HIGHEST, ticks: [-1, 0, 1] },
    legend: [["curve", ORANGE], ["sum of the units", BLUE]],
  }), ({ c, line, dot }) => {
    const f = numbers(scene().f);
    line(X, f, { colour: "#E69F0099", width: 5 });
    line(X, numbers(scene().y), { colour: BLUE });
    for (const knot of scene().knots) line([knot, knot], [-1.33, -1.22], { colour: c.ink, width: 1.5 });
    if (at !== null) dot(at / (HANDLES - 1), f[25 * at], VERMILION, 5);
  });
  const errors = chart(place, "the largest error against the number of units: press one, or move with the arrow keys", 250, () => ({
    title: "largest error", x: { from: 0.85, to: 80, log: true, ticks: [1, 2, 4, 8, 16, 32, 64], label: "hidden units n" },
    y: { from: LEAST / 1.5, to: GREATEST, log: true, ticks: [1e-4, 1e-3, 0.01, 0.1, 1] }, legend: values().weights === "even" ? [] : [["even knots", "#767676", DASHED]],
  }), ({ c, line, dot }) => {
    const shown = (v) => Math.min(GREATEST, Math.max(LEAST, v));
    line(COUNTS, scene().even.map(shown), { colour: c.quiet, width: 1.5, dash: DASHED });
    line(COUNTS, scene().errors.map(shown), { colour: BLUE });
    COUNTS.forEach((n, k) => dot(n, shown(scene().errors[k]), BLUE, 3));
    dot(values().n, shown(scene().error), VERMILION, 7, c.ink);
  });
  const parts = chart(place, "what each unit adds", 130, () => {
    const most = numbers(scene().parts).reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    return { title: `what each unit adds; the largest: ${short(most)}`, x: along, y: { from: -1.15, to: 1.15, ticks: [0] } };
  }, ({ line }) => {
    const all = numbers(scene().parts), n = all.length / FEW.length, most = all.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-12);
    for (let k = 0; k < n; k++) line(FEW, FEW.map((_, i) => all[i * n + k] / most), { colour: "#0072B288", width: 1 });
  }, true);

  // -- the reader's hand -----------------------------------------------------------------------------------------------
  const within = (y) => Math.max(-HIGHEST, Math.min(HIGHEST, y));
  const heights = () => { const f = numbers(scene().f); return Array.from({ length: HANDLES }, (_, k) => within(f[25 * k])); };
  const draw = (all) => {
    model.set("values", { ...values(), target: OWN, drawn: all.map((y) => Number(y.toFixed(2)) || 0).join(" ") });
    model.save_changes();
  };
  let before = null;
  hand({ canvas: sum.canvas, place: sum.value }, ([x, y], first) => {
    const here = Math.max(0, Math.min(HANDLES - 1, Math.round(x * (HANDLES - 1)))), all = heights(), [from, low] = first || !before ? [here, within(y)] : before;
    for (let k = Math.min(from, here); k <= Math.max(from, here); k++) all[k] = from === here ? within(y) : low + ((within(y) - low) * (k - from)) / (here - from);
    before = [here, within(y)];
    draw(all);
  }, (right, up) => {
    at = Math.max(0, Math.min(HANDLES - 1, (at ?? (HANDLES - 1) / 2) + right));
    if (up) { const all = heights(); all[at] = within(all[at] + up / 10); draw(all); }
    sum.redraw();
  });
  sum.canvas.style.touchAction = "none";
  sum.canvas.addEventListener("blur", () => { at = null; sum.redraw(); });
  hold(errors, ([n]) => pull(model, { n }), ([right, up]) => pull(model, { n: values().n + (right || up) }));
  follow(model, status, [sum, errors, parts]);
}

// -- without a kernel ------------------------------------------------------------------------------------------------

/** np.interp: the polygon through (xs, ys), xs rising. */
function between(x, xs, ys) {
  let k = 1;
  while (k < xs.length - 1 && x > xs[k]) k++;
  const [a, b] = [xs[k - 1], xs[k]];
  return x <= a ? ys[k - 1] : x >= b ? ys[k] : ys[k - 1] + ((ys[k] - ys[k - 1]) / (b - a)) * (x - a);
}
const tent = (x) => 2 * Math.max(0, x) - 4 * Math.max(0, x - 0.5);
const spread = (n, from = 0, to = 1) => Array.from({ length: n }, (_, k) => (k === n - 1 ? to : from + ((to - from) / (n - 1)) * k));

/** The curve by its name, as a function of x. */
export function curve(target, drawn, zigzag) {
  if (target === OWN) {
    let heights = drawn.split(/\s+/).filter(Boolean).slice(0, 101).filter((word) => /^-?\d+(\.\d+)?$/.test(word)).map(Number);
    if (heights.length < 2) heights = [0, 0];
    const xs = spread(heights.length), ys = heights.map((y) => Math.max(-HIGHEST, Math.min(HIGHEST, y)));
    return (x) => between(x, xs, ys);
  }
  const bent = spread(14).map((x) => x ** 1.3);
  return {
    "sine": (x) => Math.sin(2 * Math.PI * x),
    "bump": (x) => 1.6 * Math.exp(-(((x - 0.4) / 0.1) ** 2)) - 0.8,
    "jump": (x) => (x > 0.37 ? 0.8 : -0.8),
    "corner |x|": (x) => 3 * Math.abs(x - 0.45) - 0.8,
    "chirp": (x) => Math.sin(2 * Math.PI * (0.5 * x + 4.5 * x ** 3)),
    "jagged": (x) => between(x, bent, zigzag),
    "teeth (5 tents)": (x) => 1.6 * tent(tent(tent(tent(tent(x))))) - 0.8,
  }[target];
}

/** n + 1 knots, the same ∫ |f⁽ᵖ⁾|^(1/p) dx in each interval, a tenth of them evenly spread. */
function adapted(f, n, order) {
  const xs = spread(2001), rise = (all) => all.slice(1).map((v, k) => v - all[k]), once = rise(xs.map(f));
  const need = (order === 1 ? once : rise(once)).map((v) => Math.abs(v) ** (1 / order)), total = need.reduce((s, v) => s + v, 0);
  const share = [0];
  for (let k = 0; k < 2000; k++) share.push(share[k] + (total < 1e-12 ? 1 / 2000 : (0.9 * (need[k] ?? 0)) / total + 0.1 / 2000));
  const knots = spread(n + 1, 0, share[2000]).map((v) => between(v, share, xs));
  [knots[0], knots[n]] = [0, 1];
  return knots;
}

/** The w of least Σ (A w − y)², and of all such the shortest; A by its columns. One-sided Jacobi rotations give A V = U Σ. */
export function leastSquares(columns, y) {
  const A = columns.map((column) => Float64Array.from(column)), N = A.length, V = A.map((_, j) => Float64Array.from({ length: N }, (__, i) => Number(i === j)));
  const dot = (a, b) => { let sum = 0; for (let i = 0; i < a.length; i++) sum += a[i] * b[i]; return sum; };
  const turn = (a, b, c, s) => { for (let i = 0; i < a.length; i++) [a[i], b[i]] = [c * a[i] - s * b[i], s * a[i] + c * b[i]]; };
  for (let sweep = 0, moved = true; moved && sweep < 40; sweep++) {
    moved = false;
    for (let p = 0; p < N; p++) for (let q = p + 1; q < N; q++) {
      const [alpha, beta, gamma] = [dot(A[p], A[p]), dot(A[q], A[q]), dot(A[p], A[q])];
      if (Math.abs(gamma) <= 1e-15 * Math.sqrt(alpha * beta) || gamma === 0) continue;
      moved = true;
      const zeta = (beta - alpha) / (2 * gamma), t = (Math.sign(zeta) || 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta)), c = 1 / Math.sqrt(1 + t * t);
      turn(A[p], A[q], c, c * t);
      turn(V[p], V[q], c, c * t);
    }
  }
  const squares = A.map((a) => dot(a, a)), enough = (2.220446049250313e-16 * Math.max(N, y.length)) ** 2 * Math.max(...squares), w = new Float64Array(N);
  A.forEach((a, j) => {
    if (squares[j] > enough) { const by = dot(a, y) / squares[j]; V[j].forEach((v, i) => { w[i] += by * v; }); }
  });
  return w;
}

/** Step or ReLU; with softness s the sigmoid or softplus whose transition is s intervals of 1/n wide. */
export function activation(unit, softness, n) {
  const width = softness / n, [sigmoid, softplus] = [ACTIVATIONS.sigmoid[0], ACTIVATIONS.softplus[0]];
  if (!softness) return unit === "step" ? (z) => Number(z > 0) : (z) => Math.max(0, z);
  return unit === "step" ? (z) => sigmoid(z / width) : (z) => width * softplus(z / width);
}

/** One hidden layer of n units for f: {W, b, out, bias}. */
export function build(f, { unit, softness, weights }, n, draws) {
  const steps = unit === "step", intervals = steps ? n + 1 : n;
  if (typeof weights === "number") {
    const rng = new Pcg64(draws[weights - 1]), knots = Array.from({ length: n }, () => rng.random()), W = knots.map(() => 2 * rng.below(2) - 1);
    const a = activation(unit, softness, n), b = knots.map((knot, k) => -W[k] * knot);
    const out = leastSquares([...W.map((w, k) => FEW.map((x) => a(w * x + b[k]))), FEW.map(() => 1)], FEW.map(f));
    return { W, b, out: out.subarray(0, n), bias: out[n] };
  }
  const t = weights === "even" ? spread(intervals + 1) : adapted(f, intervals, steps ? 1 : 2), ys = t.map(f);
  const level = steps ? t.slice(1).map((v, k) => f((t[k] + v) / 2)) : t.slice(1).map((v, k) => (ys[k + 1] - ys[k]) / (v - t[k]));
  const knots = steps ? t.slice(1, -1) : t.slice(0, -1), out = steps ? level.slice(1).map((v, k) => v - level[k]) : level.map((v, k) => v - (k ? level[k - 1] : 0));
  return { W: knots.map(() => 1), b: knots.map((knot) => -knot), out, bias: steps ? level[0] : ys[0] };
}

const output = ({ W, b, out, bias }, a) => (x) => { let y = bias; for (let k = 0; k < W.length; k++) y += a(W[k] * x + b[k]) * out[k]; return y; };

/** What there is to see: {f, y, knots, parts, errors, even, error, even n, error with twice as many, parameters}. */
export function rebuilt(v, { zigzag, draws }) {
  const softness = Number(v.softness.toFixed(2)), f = curve(v.target, v.drawn, zigzag), { n } = v;
  const made = (weights, k) => [build(f, { ...v, softness, weights }, k, draws), activation(v.unit, softness, k)];
  const error = (weights, k) => { const y = output(...made(weights, k)); return X.reduce((most, x) => Math.max(most, Math.abs(y(x) - f(x))), 0); };
  const [net, a] = made(v.weights, n), twice = n <= 32 ? 2 * n : Math.floor(n / 2);
  return {
    f: X.map(f), y: X.map(output(net, a)), knots: net.W.map((w, k) => -net.b[k] / w), parts: FEW.flatMap((x) => net.W.map((w, k) => a(w * x + net.b[k]) * net.out[k])),
    errors: COUNTS.map((k) => error(v.weights, k)), even: COUNTS.map((k) => error("even", k)), error: error(v.weights, n),
    errorEven: error("even", n), errorTwice: error("even", twice), parameters: 3 * n + 1,
  };
}

export function alone(model) {
  function update() {
    const v = model.get("values"), found = rebuilt(v, model.get("page"));
    const how = { even: "on even knots", adapted: "on adapted knots" }[v.weights] ?? "placed at random, their output weights fitted,";
    const more = v.target.startsWith("teeth") && v.unit === "ReLU" ? "Ten ReLUs in five layers of two draw its 32 pieces exactly."
      : v.weights !== "even" ? `On even knots, constructed, the error is ${short(found.errorEven)}.`
        : v.n <= 32 ? `Twice as many would come to within ${short(found.errorTwice)}.` : `Half as many come to within ${short(found.errorTwice)}.`;
    model.set("controls", model.get("controls").map((c) => (c.name === "drawn" ? { ...c, disabled: v.target !== OWN } : c)));
    model.set("sentence", `${unitsOf(v)} ${how} (${found.parameters} parameters) ${v.n === 1 ? "follows" : "follow"} the curve “${v.target}” to within ${short(found.error)}. ${more}`);
    model.set("scene", found);
  }
  model.on("change:values", update);
  update();
}
