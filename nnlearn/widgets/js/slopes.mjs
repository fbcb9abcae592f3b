// A network of two convolutions that keeps what it has seen, and the slopes of its scores back to the picture.
import { convolved, pooled } from "./convnet.mjs";

/** The slopes of a score with respect to a convolution's x, from those to its outputs. */
function slopesOfConvolution(g, channels, n, W) {
  const outputs = g.length / (n * n), found = new Float64Array(channels * n * n);
  for (let o = 0; o < outputs; o++) for (let c = 0; c < channels; c++) for (let k = 0; k < 9; k++) {
    const w = W[(o * channels + c) * 9 + k], [di, dj] = [Math.floor(k / 3) - 1, (k % 3) - 1];
    for (let i = Math.max(0, -di); i < Math.min(n, n - di); i++) for (let j = Math.max(0, -dj); j < Math.min(n, n - dj); j++)
      found[c * n * n + (i + di) * n + j + dj] += w * g[o * n * n + i * n + j];
  }
  return found;
}
/** The slopes where a pooling came from: of equal values the first takes them. */
function slopesOfPooling(g, x, channels, n) {
  const h = Math.floor(n / 2), found = new Float64Array(channels * n * n);
  for (let c = 0; c < channels; c++) for (let i = 0; i < h; i++) for (let j = 0; j < h; j++) {
    const at = c * n * n + 2 * i * n + 2 * j, places = [at, at + 1, at + n, at + n + 1];
    let best = places[0];
    for (const p of places) if (x[p] > x[best]) best = p;
    found[best] = g[(c * h + i) * h + j];
  }
  return found;
}

/** `nn.ConvNet` of two layers for pictures of one channel, n × n: tensors W1, b1, W2, b2, W, b. */
export class ConvNet {
  constructor(n, tensors) { Object.assign(this, tensors, { n, classes: tensors.b.length }); }
  /** All that a picture leaves on its way: both convolutions, both pooled, the last maps, the logits. */
  read(image) {
    const { n, b1, b2, classes } = this, on = (x) => x.map((v) => Math.max(0, v));
    const one = convolved(image, 1, n, this.W1, b1), first = pooled(one, b1.length, n), two = convolved(on(first), b1.length, n / 2, this.W2, b2);
    const second = pooled(two, b2.length, n / 2), maps = on(second), logits = Float64Array.from(this.b);
    maps.forEach((v, q) => { if (v) for (let c = 0; c < classes; c++) logits[c] += v * this.W[q * classes + c]; });
    return { one, first, two, second, maps, logits };
  }
  /** The slopes of Σ weights · logits with respect to the last maps. */
  ofMaps(weights) {
    return Float64Array.from({ length: this.W.length / this.classes }, (_, q) => {
      let sum = 0;
      for (let c = 0; c < this.classes; c++) sum += this.W[q * this.classes + c] * weights[c];
      return sum;
    });
  }
  /** The slopes of Σ weights · logits with respect to the picture that left `seen`; `guided` lets only rising ones through each ReLU. */
  slopes(seen, weights, guided = false) {
    const { n, b1, b2 } = this, back = (g, x) => g.map((v, k) => (x[k] > 0 && !(guided && v <= 0) ? v : 0));
    const two = slopesOfPooling(back(this.ofMaps(weights), seen.second), seen.two, b2.length, n / 2);
    const first = back(slopesOfConvolution(two, b1.length, n / 2, this.W2), seen.first);
    return slopesOfConvolution(slopesOfPooling(first, seen.one, b1.length, n), 1, n, this.W1);
  }
}
