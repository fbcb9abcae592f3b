// A multi-layer perceptron with its gradients and optimisers, as nnlearn computes them; for pages without a kernel.
// tests/widgets/test_living.py holds every function here to NumPy's, step by step.

/** erf(x) = 2/√π e^(−x²) Σ 2ⁿ x^(2n+1) / (1·3·5…(2n+1)): all terms have one sign, nothing cancels. */
function erf(x) {
  const a = Math.abs(x);
  if (a > 5.9) return Math.sign(x);
  let term = a, sum = a;
  for (let n = 1; term > 1e-17 * sum; n++) sum += term *= (2 * a * a) / (2 * n + 1);
  return Math.sign(x) * (2 / Math.sqrt(Math.PI)) * Math.exp(-a * a) * sum;
}

export const sigmoid = (z) => (z >= 0 ? 1 / (1 + Math.exp(-z)) : 1 - 1 / (1 + Math.exp(z)));
export const softplus = (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
const normal = (z) => 0.5 * (1 + erf(z * Math.SQRT1_2));
const leaky = (slope) => [(z) => (z > 0 ? z : slope * z), (z) => (z > 0 ? 1 : slope)];

/** name: [f(z), f′(z) given z and f(z)] */
export const ACTIVATIONS = {
  tanh: [Math.tanh, (z, a) => 1 - a * a],
  relu: [(z) => (z > 0 ? z : 0), (z) => (z > 0 ? 1 : 0)],
  sigmoid: [sigmoid, (z, a) => a * (1 - a)],
  leaky_relu: leaky(0.01),
  leaky_relu_fifth: leaky(0.2),
  elu: [(z) => (z > 0 ? z : Math.expm1(z)), (z, a) => (z > 0 ? 1 : a + 1)],
  gelu: [(z) => z * normal(z), (z) => normal(z) + (z * Math.exp(-0.5 * z * z)) / Math.sqrt(2 * Math.PI)],
  silu: [(z) => z * sigmoid(z), (z) => sigmoid(z) * (1 + z * (1 - sigmoid(z)))],
  softplus: [softplus, sigmoid],
  linear: [(z) => z, () => 1],
};

/** name: (outputs z, targets y, row, outputs a row m) -> [loss of the row, writes ∂loss/∂z into d] */
const LOSSES = {
  mse_loss(z, y, row, m, d) {
    const e = z[row] - y[row];
    d[row] = 2 * e;
    return e * e;
  },
  binary_cross_entropy(z, y, row, m, d) {
    d[row] = sigmoid(z[row]) - y[row];
    return softplus(z[row]) - z[row] * y[row];
  },
  cross_entropy(z, y, row, m, d) {
    const at = row * m;
    let top = -Infinity, sum = 0;
    for (let j = 0; j < m; j++) top = Math.max(top, z[at + j]);
    for (let j = 0; j < m; j++) sum += Math.exp(z[at + j] - top);
    for (let j = 0; j < m; j++) d[at + j] = Math.exp(z[at + j] - top) / sum - (j === y[row] ? 1 : 0);
    return Math.log(sum) + top - z[at + y[row]];
  },
};

/** Adam's entry among the optimisers. */
export const adam = (beta1, beta2) => [2, (w, g, lr, t, i, m, v) => {
  m[i] = beta1 * m[i] + (1 - beta1) * g[i];
  v[i] = beta2 * v[i] + (1 - beta2) * g[i] ** 2;
  w[i] -= (lr * m[i]) / (1 - beta1 ** t) / (Math.sqrt(v[i] / (1 - beta2 ** t)) + 1e-8);
}];

/** name: [how many numbers are remembered for each weight, update(w, g, lr, t, i, …slots)] */
export const OPTIMIZERS = {
  SGD: [0, (w, g, lr, t, i) => { w[i] -= lr * g[i]; }],
  momentum: [1, (w, g, lr, t, i, v) => { w[i] -= lr * (v[i] = 0.9 * v[i] + g[i]); }],
  Nesterov: [1, (w, g, lr, t, i, v) => { v[i] = 0.9 * v[i] + g[i]; w[i] -= lr * (g[i] + 0.9 * v[i]); }],
  Adagrad: [1, (w, g, lr, t, i, s) => { s[i] += g[i] ** 2; w[i] -= (lr * g[i]) / (Math.sqrt(s[i]) + 1e-10); }],
  RMSProp: [1, (w, g, lr, t, i, s) => {
    s[i] = 0.99 * s[i] + 0.01 * g[i] ** 2;
    w[i] -= (lr * g[i]) / (Math.sqrt(s[i]) + 1e-8);
  }],
  Adam: adam(0.9, 0.999),
};

/** A generator of chance that a seed decides: uniform() in [0, 1), normal(), shuffled(n). */
export function chance(seed) {
  let state = seed >>> 0;
  const uniform = () => { // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const shuffled = (n) => {
    const order = Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = Math.floor(uniform() * (i + 1));
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  };
  return { uniform, normal, shuffled };
}

/** name: (n_in, n_out, chance) -> a function that draws the next weight; "suits the activation" is the last two. */
const DRAWS = {
  "He": (n) => (c) => c.normal() * Math.sqrt(2 / n),
  "Xavier": (n, m) => (c) => c.normal() * Math.sqrt(2 / (n + m)),
  "LeCun": (n) => (c) => c.normal() * Math.sqrt(1 / n),
  "tiny: N(0, 0.02²)": () => (c) => c.normal() * 0.02,
  "zeros": () => () => 0,
  "He, uniform": (n) => (c) => (2 * c.uniform() - 1) * Math.sqrt(6 / n),
  "Xavier, uniform": (n, m) => (c) => (2 * c.uniform() - 1) * Math.sqrt(6 / (n + m)),
};

/** n × m numbers whose rows, or columns, are orthogonal and of length 1, by Gram and Schmidt. */
function orthogonal(n, m, c) {
  const [count, length] = [Math.min(n, m), Math.max(n, m)], vectors = [];
  for (let k = 0; k < count; k++) {
    const v = Array.from({ length }, c.normal);
    for (const u of vectors) {
      const along = u.reduce((s, x, i) => s + x * v[i], 0);
      u.forEach((x, i) => { v[i] -= along * x; });
    }
    const size = Math.hypot(...v);
    vectors.push(v.map((x) => x / size));
  }
  return (i, j) => (n >= m ? vectors[j][i] : vectors[i][j]);
}

/** Weights to start from: for each layer W (n_in, n_out) row by row, then b. */
export function start(sizes, activation, init, c) {
  const suited = ["tanh", "sigmoid", "linear"].includes(activation) ? "Xavier, uniform" : "He, uniform";
  const w = [];
  for (let k = 0; k + 1 < sizes.length; k++) {
    const [n, m] = [sizes[k], sizes[k + 1]];
    const square = init === "orthogonal" ? orthogonal(n, m, c) : null;
    const draw = square ? null : DRAWS[init === "suits the activation" ? suited : init](n, m);
    for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) w.push(square ? square(i, j) : draw(c));
    for (let j = 0; j < m; j++) w.push(0);
  }
  return Float64Array.from(w);
}

/** The same as the kernel draws them, from `rng`, a `Pcg64`: W from U(±limit(n_in, n_out)) in 32 bits, b zero. */
export function firstWeights(sizes, limit, rng) {
  return sizes.slice(1).flatMap((m, k) => {
    const most = Math.fround(limit(sizes[k], m)), W = Array.from({ length: sizes[k] * m }, () => Math.fround((2 * rng.random32() - 1) * most));
    return [...W, ...Array(m).fill(0)];
  });
}

export class Network {
  /** `weights` as `start` gives them; X holds rows of sizes[0] numbers, y a target or label a row; `optimizer` a name or an entry. */
  constructor({ sizes, activation, loss, optimizer = "SGD", lr = 0.1, l1 = 0, l2 = 0, weights }) {
    const [count, update] = OPTIMIZERS[optimizer] ?? optimizer;
    Object.assign(this, { sizes, activation, loss, update, lr, l1, l2, steps: 0 });
    this.w = Float64Array.from(weights);
    this.g = new Float64Array(this.w.length);
    this.slots = Array.from({ length: count }, () => new Float64Array(this.w.length));
    this.layers = [];
    for (let k = 0, at = 0; k + 1 < sizes.length; k++) {
      const [n, m] = [sizes[k], sizes[k + 1]];
      this.layers.push({ n, m, W: at, b: at + n * m });
      at += n * m + m;
    }
  }

  /** [inputs, first layer's outputs, …, the last's], each (rows, units) in one array; with `z`, sums beside. */
  forward(X, z = null) {
    const found = [X], rows = X.length / this.sizes[0], [f] = ACTIVATIONS[this.activation], w = this.w;
    this.layers.forEach(({ n, m, W, b }, k) => {
      const x = found[k], last = k === this.layers.length - 1;
      const sums = new Float64Array(rows * m), out = last ? sums : new Float64Array(rows * m);
      for (let r = 0; r < rows; r++) {
        for (let j = 0; j < m; j++) {
          let s = w[b + j];
          for (let i = 0; i < n; i++) s += x[r * n + i] * w[W + i * m + j];
          sums[r * m + j] = s;
          if (!last) out[r * m + j] = f(s);
        }
      }
      found.push(out);
      z?.push(sums);
    });
    return found;
  }

  /** The loss of the data alone, a mean over the rows; fills `this.d` with ∂loss/∂output. */
  lossOf(output, y) {
    const m = this.sizes.at(-1), rows = output.length / m, row = LOSSES[this.loss];
    this.d = new Float64Array(output.length);
    let sum = 0;
    for (let r = 0; r < rows; r++) sum += row(output, y, r, m, this.d);
    for (let i = 0; i < this.d.length; i++) this.d[i] /= rows;
    return sum / rows;
  }

  /** From d = ∂/∂output: [∂/∂x, then ∂/∂ of each layer's sums]; `a` and `z` as `forward` gave them. */
  deltas(a, z, d) {
    const [, slope] = ACTIVATIONS[this.activation], found = [d], w = this.w;
    for (let k = this.layers.length - 1; k >= 0; k--) {
      const { n, m, W } = this.layers[k], after = found[0], rows = after.length / m, before = new Float64Array(rows * n);
      for (let r = 0; r < rows; r++) for (let i = 0, row = W; i < n; i++, row += m) {
        let s = 0;
        for (let j = 0, at = r * m; j < m; j++) s += after[at + j] * w[row + j];
        before[r * n + i] = k ? s * slope(z[k - 1][r * n + i], a[k][r * n + i]) : s;
      }
      found.unshift(before);
    }
    return found;
  }

  /** Adds to `this.g` what `deltas` make of the inputs of each layer, and of its biases where these count. */
  gather(a, deltas, biases = true) {
    this.layers.forEach(({ n, m, W, b }, k) => {
      const x = a[k], d = deltas[k + 1], g = this.g;
      for (let r = 0; r < d.length / m; r++) {
        if (biases) for (let j = 0; j < m; j++) g[b + j] += d[r * m + j];
        for (let i = 0, row = W; i < n; i++, row += m) {
          const v = x[r * n + i];
          for (let j = 0, at = r * m; j < m; j++) g[row + j] += v * d[at + j];
        }
      }
    });
  }

  /** The data's loss, and the price l1 Σ|w| + l2/2 Σw² of the weights; ∂/∂w of both into `this.g`. */
  backward(X, y) {
    const z = [], a = this.forward(X, z), { w, g } = this;
    let loss = this.lossOf(a.at(-1), y);
    g.fill(0);
    this.gather(a, this.deltas(a, z, this.d));
    if (this.l1 || this.l2) for (const { W, b } of this.layers) for (let i = W; i < b; i++) {
      loss += this.l1 * Math.abs(w[i]) + (this.l2 / 2) * w[i] ** 2;
      g[i] += this.l1 * Math.sign(w[i]) + this.l2 * w[i];
    }
    return loss;
  }

  /** One update from what stands in `this.g`. */
  descend() {
    this.steps += 1;
    for (let i = 0; i < this.w.length; i++) this.update(this.w, this.g, this.lr, this.steps, i, ...this.slots);
  }

  /** One update from a batch; its loss before. The weights stay as they are where that is no number. */
  step(X, y) {
    const loss = this.backward(X, y);
    if (!Number.isFinite(loss) || !this.g.every(Number.isFinite)) return NaN;
    this.descend();
    return loss;
  }
}
