// GPT-2 for one reader: the forward pass of a token with what was kept of those before, byte pairs, sampling.
// tests/widgets/test_writer.py holds each to NumPy's, at the same rounded weights.
import { bytes, element } from "./living.mjs";
import { unpack } from "./weights.mjs";

/** y = W x, row by row of W. */
function product({ rows, columns, q, scale }, x) {
  const y = new Float64Array(rows);
  for (let r = 0; r < rows; r++) {
    let sum = 0;
    const at = r * columns;
    for (let c = 0; c < columns; c++) sum += q[at + c] * x[c];
    y[r] = sum * scale[r];
  }
  return y;
}
const row = ({ columns, q, scale }, r) => Float64Array.from({ length: columns }, (_, c) => q[r * columns + c] * scale[r]);
const geluTanh = (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

export class GPT {
  constructor(packed) {
    Object.assign(this, packed.config); // context, width, depth, heads, eps, rotary
    [this.W, this.b] = unpack(packed);
  }

  /** What a text has left behind so far: keys and values of each block. */
  newCache() {
    const size = this.context * this.width;
    return { length: 0, blocks: Array.from({ length: this.depth }, () => [new Float32Array(size), new Float32Array(size)]) };
  }

  norm(x, name) {
    const n = x.length, mean = x.reduce((s, v) => s + v, 0) / n;
    const spread = Math.sqrt(x.reduce((s, v) => s + (v - mean) ** 2, 0) / n + this.eps);
    return x.map((v, i) => ((v - mean) / spread) * this.b[`${name}.gamma`][i] + this.b[`${name}.beta`][i]);
  }
  linear(x, name) {
    const y = product(this.W[`${name}.W`], x), b = this.b[`${name}.b`];
    return y.map((v, i) => v + b[i]);
  }
  /** Queries and keys of place t, each head's two halves turned against each other, the later pairs the slower. */
  turn(x, t) {
    const D = this.width / this.heads, half = D / 2;
    for (let h = 0; h < x.length; h += D) for (let i = 0; i < half; i++) {
      const angle = t * 10000 ** (-i / half), [a, b] = [x[h + i], x[h + half + i]];
      x[h + i] = a * Math.cos(angle) - b * Math.sin(angle);
      x[h + half + i] = a * Math.sin(angle) + b * Math.cos(angle);
    }
  }
  /** Of the token at place t; heads in `cut` write nothing, `saw(head, weights)` is told whom each looks at. */
  attention(x, name, [keys, values], t, cut, saw) {
    const { width: C, heads } = this, D = C / heads, qkv = this.linear(x, `${name}.qkv`), out = new Float64Array(C);
    if (this.rotary) this.turn(qkv.subarray(0, 2 * C), t);
    keys.set(qkv.subarray(C, 2 * C), t * C);
    values.set(qkv.subarray(2 * C), t * C);
    for (let h = 0; h < heads; h++) {
      const scores = new Float64Array(t + 1);
      for (let s = 0; s <= t; s++) {
        let sum = 0;
        for (let d = h * D; d < (h + 1) * D; d++) sum += qkv[d] * keys[s * C + d];
        scores[s] = sum / Math.sqrt(D);
      }
      const top = scores.reduce((m, v) => Math.max(m, v), -Infinity), e = scores.map((v) => Math.exp(v - top));
      const total = e.reduce((s, v) => s + v, 0);
      saw(h, e.map((v) => v / total));
      if (cut.includes(h)) continue;
      for (let s = 0; s <= t; s++) for (let d = h * D; d < (h + 1) * D; d++) out[d] += (e[s] / total) * values[s * C + d];
    }
    return this.linear(out, `${name}.out`);
  }
  /** What the end of the model, its norm and the tokens' W, makes of a row of the residual stream. */
  logits(x) { return product(this.W["tokens.W"], this.norm(x, "norm")); }
  /** The logits of what follows a token; the cache grows by it. On the way the heads `cut(block)` write nothing, and who
   *  wants to look inside is told each head's weights, saw(block, head, weights), and the stream before each block, passed(block, x). */
  read(id, cache, { cut = () => [], saw = () => {}, passed = () => {} } = {}) {
    const t = cache.length++, place = this.rotary ? [] : row(this.W["positions.W"], t);
    let x = row(this.W["tokens.W"], id).map((v, i) => v + (place[i] ?? 0));
    for (let k = 0; k < this.depth; k++) {
      passed(k, x);
      const name = `blocks.${k}`, heads = (h, weights) => saw(k, h, weights);
      const a = this.attention(this.norm(x, `${name}.norm1`), `${name}.attention`, cache.blocks[k], t, cut(k), heads);
      x = x.map((v, i) => v + a[i]);
      const hidden = this.linear(this.norm(x, `${name}.norm2`), `${name}.expand`).map(geluTanh);
      const f = this.linear(hidden, `${name}.contract`);
      x = x.map((v, i) => v + f[i]);
    }
    return this.logits(x);
  }
}

/** [model, tokenizer] of what `nnlearn.widgets.next_token.packed` wrote. */
export const modelOf = (packed) => [new GPT(packed), packed.characters ? new Characters(packed) : new Tokenizer(packed)];

/** The model and its tokenizer, from a script that lies beside the page: `ready(gpt, tokenizer)`, or `failed()`. */
export function fetchModel(source, ready, failed) {
  const arrived = () => ready(...modelOf(window.nnWeights));
  if (window.nnWeights) return arrived(); // another figure has asked for it
  const script = element("script", { src: source });
  script.addEventListener("load", arrived);
  script.addEventListener("error", failed);
  return document.head.append(script);
}

/** A token for each character; what has none is left out. */
export class Characters {
  constructor({ characters }) { [this.tokens, this.ids] = [characters, new Map(characters.map((c, id) => [c, id]))]; }
  encode(text) { return [...text].filter((c) => this.ids.has(c)).map((c) => this.ids.get(c)); }
  decode(ids) { return ids.map((id) => this.tokens[id]).join(""); }
}

/** Byte-pair encoding with GPT-2's words. */
export class Tokenizer {
  /** tokens: each one's bytes, by its id; merges: pairs of ids in the order in which they were learned. */
  constructor({ tokens, merges }) {
    this.tokens = tokens.map(bytes);
    this.ids = new Map(tokens.map((token, id) => [token, id]));
    this.rank = new Map(merges.map(([a, b], k) => [`${a} ${b}`, k]));
  }
  encode(text) {
    const word = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu, ids = [];
    const key = (list) => btoa(String.fromCharCode(...list));
    for (const [piece] of text.matchAll(word)) {
      let parts = Array.from(new TextEncoder().encode(piece), (b) => this.ids.get(key([b])));
      for (;;) {
        let best = Infinity, pair = null;
        for (let i = 0; i + 1 < parts.length; i++) {
          const rank = this.rank.get(`${parts[i]} ${parts[i + 1]}`) ?? Infinity;
          if (rank < best) { best = rank; pair = [parts[i], parts[i + 1]]; }
        }
        if (!pair) break;
        const joined = [], whole = this.ids.get(key([...this.tokens[pair[0]], ...this.tokens[pair[1]]]));
        for (let i = 0; i < parts.length; i++) {
          if (parts[i] === pair[0] && parts[i + 1] === pair[1]) { joined.push(whole); i++; } else joined.push(parts[i]);
        }
        parts = joined;
      }
      ids.push(...parts);
    }
    return ids;
  }
  decode(ids) { return new TextDecoder().decode(Uint8Array.from(ids.flatMap((id) => [...this.tokens[id]]))); }
}

/** The token that a number between 0 and 1 draws, by the tokens' probabilities. */
export function drawn(p, number) {
  let sum = 0;
  for (let i = 0; i < p.length; i++) { sum += p[i]; if (sum > number) return i; }
  return p.indexOf(Math.max(...p));
}

/** softmax(logits / temperature) over the top_k likeliest tokens, and of them the fewest that together have at least top_p;
 *  0 for the rest. */
export function nextTokenProbabilities(logits, temperature = 1, topP = 1, topK = logits.length) {
  const top = logits.reduce((m, v) => Math.max(m, v), -Infinity);
  if (temperature === 0) {
    const best = logits.indexOf(top);
    return logits.map((_, i) => (i === best ? 1 : 0));
  }
  const e = logits.map((v) => Math.exp((v - top) / temperature)), order = Array.from(e.keys()).sort((i, j) => e[j] - e[i] || i - j);
  for (const i of order.slice(topK)) e[i] = 0;
  const total = e.reduce((s, v) => s + v, 0), p = e.map((v) => v / total), kept = new Float64Array(p.length);
  if (topP >= 1) return p;
  let before = 0, sum = 0;
  for (const i of order) {
    if (before >= topP) break;
    kept[i] = p[i];
    before += p[i];
    sum += p[i];
  }
  return kept.map((v) => v / sum);
}
