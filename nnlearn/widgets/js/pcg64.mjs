// NumPy's default generator, for what the package itself draws: a page without a kernel then has the notebook's very points.
// A figure that draws for itself alone takes the faster `chance` of network.mjs, and chance.py in the kernel.

const [ALL, WORD, HALF, TIMES] = [(1n << 128n) - 1n, (1n << 64n) - 1n, 0xffffffffn, 0x2360ed051fc65da44385df649fccf645n];

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
}
