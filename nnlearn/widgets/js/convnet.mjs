// The layers of `nn.ConvNet`, for pages without a kernel.

/** Each channel with a ring of zeros: (channels, n, n) -> (channels, n + 2, n + 2). */
function ringed(x, channels, n) {
  const m = n + 2, found = new Float64Array(channels * m * m);
  for (let c = 0; c < channels; c++) for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) found[(c * m + i + 1) * m + j + 1] = x[(c * n + i) * n + j];
  return found;
}
/** 3×3 convolution with one ring of zeros: x (channels, n, n) -> (outputs, n, n). Nine products at once take a third of the time. */
export function convolved(x, channels, n, W, b) {
  const m = n + 2, wide = ringed(x, channels, n), found = new Float64Array(b.length * n * n);
  for (let o = 0; o < b.length; o++) {
    found.fill(b[o], o * n * n, (o + 1) * n * n);
    for (let c = 0; c < channels; c++) {
      const [w0, w1, w2, w3, w4, w5, w6, w7, w8] = W.subarray((o * channels + c) * 9, (o * channels + c + 1) * 9);
      for (let i = 0; i < n; i++) for (let j = 0, t = (o * n + i) * n, p = (c * m + i) * m; j < n; j++, t++, p++) {
        const q = p + m, r = q + m;
        found[t] += w0 * wide[p] + w1 * wide[p + 1] + w2 * wide[p + 2] + w3 * wide[q] + w4 * wide[q + 1] + w5 * wide[q + 2]
          + w6 * wide[r] + w7 * wide[r + 1] + w8 * wide[r + 2];
      }
    }
  }
  return found;
}
/** The same, and what is below 0 cut off. */
export const layer = (...what) => convolved(...what).map((v) => Math.max(0, v));
/** The largest of each 2×2 places; where n is odd, the last row and column are left out, as `nn.MaxPool2d` does. */
export function pooled(x, channels, n) {
  const h = Math.floor(n / 2), found = new Float64Array(channels * h * h);
  for (let c = 0; c < channels; c++) for (let i = 0; i < h; i++) for (let j = 0; j < h; j++) {
    const at = c * n * n + 2 * i * n + 2 * j;
    found[(c * h + i) * h + j] = Math.max(x[at], x[at + 1], x[at + n], x[at + n + 1]);
  }
  return found;
}
/** What `nn.ConvNet` of two convolutions gives for a picture, n × n; its layers as `layersOf` of weights.mjs has them. */
export function answered(image, n, { W, b }) {
  let [x, channels, side] = [image, 1, n];
  for (const name of ["convolutions.0", "convolutions.1"]) {
    x = pooled(layer(x, channels, side, W[name], b[name]), b[name].length, side);
    [channels, side] = [b[name].length, Math.floor(side / 2)];
  }
  return Float64Array.from(b.classify, (bias, c) => {
    let sum = bias;
    for (let q = 0; q < x.length; q++) sum += x[q] * W.classify[c * x.length + q];
    return sum;
  });
}
