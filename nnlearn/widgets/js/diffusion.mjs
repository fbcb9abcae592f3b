// A cloud and a digit come out of noise, step by step, and a judge reads what the network sees in the digit.
import { digits } from "./answers.mjs";
import { axes } from "./chart.mjs";
import { answered } from "./convnet.mjs";
import { board, bytes, colours, dress, element, field, keeper, listen, numbers, player, put, rgb } from "./living.mjs";
import { Pcg64 } from "./pcg64.mjs";
import { layersOf, unpack, whole } from "./weights.mjs";

const [SIDE, REACH, PACE, MOONS] = [14, 3, 40, ["#0072B2", "#D55E00"]]; // pixels; the cloud's window; ms a step; colours

export function render({ model, el }) {
  dress(el);
  let last = 0;
  const values = () => model.get("values"), scene = () => model.get("scene");
  const steps = () => model.get("controls").find((control) => control.name === "step").max;
  const status = element("div", { role: "status", "aria-live": "polite" });
  const play = player(el, (now) => {
    status.setAttribute("aria-live", "off"); // a screen reader does not read every step
    if (now - last < PACE) return true;
    last = now;
    put(model, "step", Math.min(steps(), values().step + 1));
    return values().step < steps();
  }, () => status.setAttribute("aria-live", "polite"));
  play.button.addEventListener("click", () => { if (play.playing() && values().step >= steps()) put(model, "step", 0); });
  const part = (title) => element("div", {}, element("strong", {}, title));
  const [cloud, digit, belief, judge] = ["a cloud", "a digit", "what the network sees", "the judge reads"].map(part);
  el.append(
    element("style", {}, CSS),
    element("div", { class: "nn-row" }, play.button, ...["step", "digit", "guidance", "seed"].map((name) => field(model, name))),
    element("div", { class: "nn-diffusion" }, cloud, digit, belief, judge),
    status,
  );

  const square = (width) => width;
  function moons(pen, width) {
    const c = colours(el), { points, data } = scene(), [known, now] = [numbers(data), numbers(points)];
    const side = { from: -REACH, to: REACH, ticks: [-2, 0, 2] }, { dot } = axes(pen, c, [0.5, 0.5, width - 1, width - 1], side, side);
    for (let k = 0; k < known.length; k += 2) dot(known[k], known[k + 1], c.faint, 1.6, c.faint);
    for (let k = 0; k < now.length; k += 2) dot(now[k], now[k + 1], MOONS[(k / 2) % 2], 3);
  }
  const image = element("canvas", { width: SIDE, height: SIDE });
  function picture(pen, width, pixels) { // −1 is the paper, 1 the ink
    const c = colours(el), [paper, ink] = [rgb(c.paper), rgb(c.ink)], ground = image.getContext("2d"), made = ground.createImageData(SIDE, SIDE);
    pixels.forEach((v, p) => {
      const share = (Math.max(-1, Math.min(1, v)) + 1) / 2;
      for (let i = 0; i < 3; i++) made.data[4 * p + i] = paper[i] + (ink[i] - paper[i]) * share;
      made.data[4 * p + 3] = 255;
    });
    ground.putImageData(made, 0, 0);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(image, 0, 0, width, width);
    pen.strokeStyle = c.quiet;
    pen.strokeRect(0.5, 0.5, width - 1, width - 1);
  }
  const boards = [board(cloud, "the cloud on its way out of noise, over the two moons", square, moons, true),
    board(digit, "the digit on its way out of noise", square, (pen, width) => picture(pen, width, numbers(scene().picture)), true),
    board(belief, "the digit that the network sees in the noise", square, (pen, width) => picture(pen, width, numbers(scene().belief)), true)];
  const answer = digits(judge, "ask for it", (asked) => put(model, "digit", asked));
  const show = () => {
    el.dataset.step = scene().step;
    answer(scene().shares, values().digit);
    boards.forEach((one) => one.redraw());
  };
  listen(model, status, show, "change:scene");
  return play.stop;
}

const CSS = `
.nn-living .nn-diffusion { display: grid; grid-template-columns: repeat(3, minmax(0, 5fr)) minmax(0, 4fr); gap: 6px 14px; align-items: start; margin: 6px 0; }
.nn-living .nn-diffusion strong { display: block; margin-bottom: 2px; font-size: 0.85em; }
@media (max-width: 760px) { .nn-living .nn-diffusion { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
`;

// -- without a kernel ------------------------------------------------------------------------------------------------

const [BUSY, NOBODY, KEPT_PATHS] = [12, 10, 40]; // ms of each frame for computing; the class "any"; paths remembered

/** y = W x + b, row by row of x: (rows, n) -> (rows, m). All arrays are of one type, which browsers run fastest. */
function linear(x, { W, b, n, m }) {
  const rows = x.length / n, y = new Float64Array(rows * m);
  for (let r = 0; r < rows; r++) for (let j = 0; j < m; j++) {
    let s = b[j], u = 0, i = r * n, k = j * n;
    for (const end = k + n - 1; k < end; i += 2, k += 2) { s += W[k] * x[i]; u += W[k + 1] * x[i + 1]; } // neither sum waits for the other
    y[r * m + j] = s + u + (n % 2 ? W[k] * x[i] : 0);
  }
  return y;
}
const silu = (z) => z / (1 + Math.exp(-z));

/** `nnlearn.study.diffusion.Denoiser`: x_t, the step, the classes -> the noise in x_t. */
export class Denoiser {
  constructor(packed) {
    const [W, b] = unpack(packed), of = (name) => ({ W: whole(W[`${name}.W`]), b: b[`${name}.b`], n: W[`${name}.W`].columns, m: W[`${name}.W`].rows });
    [this.start, this.end] = ["start", "end"].map(of);
    this.middle = [0, 1, 2].map((k) => of(`middle.${k}`));
  }
  guess(x, t, classes) {
    const { W, n, m } = this.start, d = this.end.m, time = new Float64Array(n), h = new Float64Array(classes.length * m);
    for (let i = 0; i < 16; i++) {
      const angle = t * Math.exp((-Math.log(1000) * i) / 16);
      [time[d + i], time[d + 16 + i]] = [Math.fround(Math.sin(angle)), Math.fround(Math.cos(angle))];
    }
    const shared = linear(time, this.start); // one step for all: only x and the class differ from row to row
    classes.forEach((label, r) => {
      for (let j = 0; j < m; j++) {
        let s = shared[j] + W[j * n + d + 32 + label];
        for (let i = 0; i < d; i++) s += W[j * n + i] * x[r * d + i];
        h[r * m + j] = silu(s);
      }
    });
    for (const one of this.middle) {
      const more = linear(h, one);
      for (let i = 0; i < h.length; i++) h[i] += silu(more[i]) * 0.5;
    }
    return linear(h, this.end);
  }
  /** (1 + w) ε(x, t, y) − w ε(x, t) */
  guided(x, t, classes, w) {
    const told = this.guess(x, t, classes);
    if (!w) return told;
    const any = this.guess(x, t, classes.map(() => NOBODY));
    return told.map((v, i) => (1 + w) * v - w * any[i]);
  }
}

const within = (v, limit) => Math.max(-limit, Math.min(limit, v));

/** The x_0 that a guess of the noise implies, cut off at ±limit. */
export const implied = (x, t, guess, kept, limit) =>
  Float64Array.from(x, (v, i) => within((v - Math.sqrt(1 - kept[t]) * guess[i]) / Math.sqrt(kept[t]), limit));

/** x_{t−1} from x_t, the guessed noise and fresh noise, as `nn.diffusion.denoise_step`. */
export function stepBack(x, t, guess, noise, kept, limit) {
  const [now, before] = [kept[t], kept[t - 1]], a = now / before, width = Math.sqrt(((1 - before) / (1 - now)) * (1 - a));
  const [first, second] = [(Math.sqrt(before) * (1 - a)) / (1 - now), (Math.sqrt(a) * (1 - before)) / (1 - now)];
  return Float32Array.from(implied(x, t, guess, kept, limit), (v, i) => first * v + second * x[i] + width * noise[i]);
}

/** The shares of the ten digits that the judge reads in a picture. */
export function judged(pixels, judge) {
  const logits = answered(pixels, SIDE, judge), top = Math.max(...logits);
  const e = logits.map((v) => Math.exp(v - top)), total = e.reduce((s, v) => s + v, 0);
  return Array.from(e, (v) => v / total);
}

/** The first standard normal numbers of a seed: as many as were asked for, none drawn twice. */
export function normals(state) {
  const rng = new Pcg64(state), drawn = [];
  return (from, to) => {
    while (drawn.length < to) drawn.push(rng.normal());
    return drawn.slice(from, to);
  };
}

/** From noise as far as somebody has asked: what `nn.diffusion.sample` returns, moment by moment. */
export class Path {
  constructor(net, classes, noise, kept, w, limit) {
    Object.assign(this, { net, classes, noise, kept, w, limit, size: classes.length * net.end.m, guesses: [] });
    this.moments = [Float32Array.from(noise(0, this.size))];
  }
  get reached() { return this.moments.length - 1; }
  guess(k) { return this.guesses[k] ??= this.net.guided(this.moments[k], this.kept.length - 1 - k, this.classes, this.w); }
  go() {
    const k = this.reached, fresh = this.noise((k + 1) * this.size, (k + 2) * this.size);
    this.moments.push(stepBack(this.moments[k], this.kept.length - 1 - k, this.guess(k), fresh, this.kept, this.limit));
  }
  /** What the network sees after k steps. */
  belief(k) {
    const t = this.kept.length - 1 - k;
    return t ? implied(this.moments[k], t, this.guess(k), this.kept, this.limit) : this.moments[k];
  }
}

export function alone(model) {
  const { plane, digits: wide, judge: packed, kept, points, data, seeds } = model.get("page");
  const nets = { plane: new Denoiser(plane), digits: new Denoiser(wide) }, judge = layersOf(packed);
  const known = new Float32Array(bytes(data).buffer), halves = Array.from({ length: points }, (_, k) => k % 2), recall = keeper(KEPT_PATHS);
  let due = false;
  function update() {
    const { step, digit, guidance, seed } = model.get("values"), noise = recall(`${seed}`, () => normals(seeds[seed]));
    const cloud = recall(`cloud ${guidance} ${seed}`, () => new Path(nets.plane, halves, noise, kept, guidance, Infinity));
    const one = recall(`${digit} ${guidance} ${seed}`, () => new Path(nets.digits, [digit], noise, kept, guidance, 1));
    for (const end = performance.now() + BUSY; Math.min(cloud.reached, one.reached) < step;) {
      for (const path of [cloud, one]) if (path.reached < step) path.go();
      if (performance.now() > end) break; // the rest in the next frames: the reader sees it come
    }
    const at = Math.min(step, cloud.reached, one.reached), belief = one.belief(at), shares = judged(belief, judge);
    model.set("scene", { points: cloud.moments[at], data: known, picture: one.moments[at], belief, shares, step: at });
    if (at === step) {
      const width = Math.round(100 * Math.sqrt(1 - kept[kept.length - 1 - step]));
      model.set("sentence", `${step} of ${kept.length - 1} steps done, ${width}% of the noise's width is left. Asked for a ${digit}; `
        + `in what it sees, the judge reads ${shares.indexOf(Math.max(...shares))}.`);
    } else if (!due) {
      due = true;
      requestAnimationFrame(() => { due = false; update(); });
    }
  }
  model.set("sentence", "");
  model.on("change:values", update);
  update();
}
