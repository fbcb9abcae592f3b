// Weights that a page carries: matrices in 8 bits, each row with its scale, and vectors in 32.
import { bytes } from "./living.mjs";

/** [{name: {rows, columns, q, scale}}, {name: vector}] from what `nnlearn.widgets.living.in_eight_bits` wrote: W = q · scale of its row. */
export function unpack({ tensors, rounded, scales, vectors }) {
  const q = new Int8Array(bytes(rounded).buffer), s = new Float32Array(bytes(scales).buffer), found = {};
  let at = 0, row = 0;
  for (const [name, rows, columns] of tensors) {
    found[name] = { rows, columns, q: q.subarray(at, at + rows * columns), scale: s.subarray(row, row + rows) };
    at += rows * columns;
    row += rows;
  }
  return [found, Object.fromEntries(Object.entries(vectors).map(([name, text]) => [name, new Float32Array(bytes(text).buffer)]))];
}

/** A matrix row by row, each weight rounded to 32 bits as NumPy's product of int8 and float32. */
export function whole({ columns, q, scale }) {
  const W = new Float64Array(q.length);
  for (let k = 0; k < W.length; k++) W[k] = Math.fround(q[k] * scale[Math.floor(k / columns)]);
  return W;
}

/** The weights and biases of a network's layers, by the layers' names. */
export function layersOf(packed) {
  const [W, b] = unpack(packed), named = (found, of) => Object.fromEntries(Object.entries(found).map(([name, value]) => [name.slice(0, -2), of(value)]));
  return { W: named(W, whole), b: named(b, (v) => v) };
}

/** Pictures from 0 to 1, as `by_twos` wrote them: two pixels a byte. */
export const greysOf = (text) => { const pairs = bytes(text); return Float64Array.from({ length: 2 * pairs.length }, (_, p) => (p % 2 ? pairs[p >> 1] & 15 : pairs[p >> 1] >> 4) / 15); };

/** Numbers of 16 bits, from base64. */
export const halves = (text) => Float32Array.from(new Uint16Array(bytes(text).buffer), (v) => {
  const power = (v >> 10) & 31, part = v & 1023, size = power ? (1 + part / 1024) * 2 ** (power - 15) : part * 2 ** -24;
  return v >> 15 ? -size : size;
});
