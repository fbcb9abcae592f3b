// NumPy's default generator, for what the package itself draws: a page without a kernel then has the notebook's very points.
// A figure that draws for itself alone takes the faster `chance` of network.mjs, and chance.py in the kernel.

const [ALL, WORD, HALF, TIMES] = [(1n << 128n) - 1n, (1n << 64n) - 1n, 0xffffffffn, 0x2360ed051fc65da44385df649fccf645n];

/** A ziggurat's layers of one area under f(x) = e^(−x²/2), counted from the bottom (Marsaglia and Tsang, 2000): each one's
 *  width, the share of it that lies wholly under f, and f at its end. The lowest ends at `end` and has the tail in its area. */
const ziggurat = ((end, area, layers) => {
  const f = (x) => Math.exp(-0.5 * x * x), [width, inner, height] = [0, 0, 0].map(() => new Float64Array(layers));
  [width[0], inner[0], height[0]] = [area / f(end), (end * f(end)) / area, 1];
  for (let k = layers - 1, x = end; k > 0; k--) {
    const next = k > 1 ? Math.sqrt(-2 * Math.log(area / x + f(x))) : 0;
    [width[k], inner[k], height[k]] = [x, next / x, f(x)];
    x = next;
  }
  return { end, f, width, inner, height };
})(3.6541528853610088, 0.004928673233974658, 256);

/** From [state, increment], hexadecimal, as NumPy's `PCG64(seed).state` has them. */
export class Pcg64 {
  constructor([state, increment]) {
    [this.state, this.increment, this.kept] = [BigInt(`0x${state}`), BigInt(`0x${increment}`), null];
  }
  word() { // 64 bits: XSL-RR
    this.state = (this.state * TIMES + this.increment) & ALL;
    const mixed = ((this.state >> 64n) ^ this.state) & WORD, turn = this.state >> 122n;
    return ((mixed >> turn) | (mixed << (64n - turn))) & WORD;
  }
  half() { // 32 bits: the lower half of a word, then its upper one
    if (this.kept !== null) {
      const kept = this.kept;
      this.kept = null;
      return kept;
    }
    const word = this.word();
    this.kept = word >> 32n;
    return word & HALF;
  }
  /** From 0 to 1. */
  random() { return Number(this.word() >> 11n) / 2 ** 53; }
  /** From 0 to 1 in 32 bits, as `Generator.random(dtype=float32)`. */
  random32() { return Number(this.half() >> 8n) / 2 ** 24; }
  /** A standard normal number, as `Generator.standard_normal`. */
  normal() {
    const { end, f, width, inner, height } = ziggurat;
    for (;;) {
      const word = this.word(), k = Number(word & 255n), part = Number((word >> 9n) & (2n ** 52n - 1n)), share = part / 2 ** 52;
      const x = ((word >> 8n) & 1n ? -share : share) * width[k];
      if (share < inner[k] || (k && (height[k - 1] - height[k]) * this.random() + height[k] < f(x))) return x;
      while (!k) { // in the tail
        const beyond = -Math.log1p(-this.random()) / end, y = -Math.log1p(-this.random());
        if (2 * y > beyond ** 2) return Math.floor(part / 256) % 2 ? -end - beyond : end + beyond;
      }
    }
  }
  /** An array in another order, as `Generator.permutation(array)`: from the last place down, each changes with one before. */
  shuffle(values) {
    const found = [...values];
    for (let i = found.length - 1; i > 0; i--) {
      const mask = 2 ** i.toString(2).length - 1;
      let j;
      do j = Number(this.half()) & mask; while (j > i);
      [found[i], found[j]] = [found[j], found[i]];
    }
    return found;
  }
  /** A whole number from 0 to n − 1, as `Generator.integers(n)`: a product's upper half (Lemire, 2019). */
  below(n) {
    if (n === 1) return 0;
    for (;;) {
      const product = this.half() * BigInt(n);
      if ((product & HALF) >= (1n << 32n) % BigInt(n)) return Number(product >> 32n);
    }
  }
  /** k different whole numbers from 0 to n − 1, as `Generator.choice(n, k, replace=False)` (Floyd). */
  choose(n, k) {
    const found = [];
    for (let i = n - k; i < n; i++) {
      const drawn = this.below(i + 1);
      found.push(found.includes(drawn) ? i : drawn);
    }
    for (let i = k - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [found[i], found[j]] = [found[j], found[i]];
    }
    return found;
  }
}
