// The layers of `nn.ConvNet`, for pages without a kernel.

/** 3×3 convolution with one ring of zeros: x (channels, n, n) -> (outputs, n, n). */
export function convolved(x, channels, n, W, b) {
  const outputs = b.length, found = new Float64Array(outputs * n * n);
  for (let o = 0; o < outputs; o++) {
    const to = found.subarray(o * n * n, (o + 1) * n * n).fill(b[o]);
    for (let c = 0; c < channels; c++) for (let k = 0; k < 9; k++) {
      const w = W[(o * channels + c) * 9 + k], [di, dj] = [Math.floor(k / 3) - 1, (k % 3) - 1];
      for (let i = Math.max(0, -di); i < Math.min(n, n - di); i++) for (let j = Math.max(0, -dj); j < Math.min(n, n - dj); j++)
        to[i * n + j] += w * x[c * n * n + (i + di) * n + j + dj];
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
