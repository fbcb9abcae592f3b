// Two networks against each other: what D believes, what G makes of noise, both losses. The page plays the notebook's own game.
import { axes, chart, hand, hold } from "./chart.mjs";
import { board, colours, dress, element, field, fixed, keeper, listen, numbers, player, put, signedTable } from "./living.mjs";
import { ACTIVATIONS, Network, adam, firstWeights, sigmoid, softplus } from "./network.mjs";
import { Pcg64 } from "./pcg64.mjs";

const [EVERY, SIDE, CELLS, DOTS, PACE, ASIDE] = [10, 3, 36, 25, 120, 0.25]; // rounds a frame; the plane; ms a frame; a key's step
const [BLUE, VERMILION, SKY, BALANCE] = ["#0072B2", "#D55E00", "#56B4E9", 2 * Math.log(2)];
const WAYS = ["right", "up and right", "up", "up and left", "left", "down and left", "down", "down and right"];
const INVITE = "Press or drag: in the left picture, to hear what D believes there and where it pulls a sample; on the losses, to see that round.";

/** D's logit at a place, between the four points around it where it is known. */
function between(logits, place) {
  const [u, v] = place.map((t) => (Math.max(0, Math.min(1, (t + SIDE) / (2 * SIDE))) * (CELLS - 1)));
  const [i, j] = [u, v].map((t) => Math.min(CELLS - 2, Math.floor(t))), at = (row, column) => logits[row * CELLS + column];
  const [a, b] = [u - i, v - j], along = (row) => (1 - a) * at(row, i) + a * at(row, i + 1);
  return (1 - b) * along(j) + b * along(j + 1);
}

/** What D believes at [x, y], the probability of "real", and minus the slope of G's loss for a sample there. */
export function probed(logits, [x, y], saturating) {
  const h = SIDE / (CELLS - 1), belief = sigmoid(between(logits, [x, y]));
  const slope = [[h, 0], [0, h]].map(([dx, dy]) => (between(logits, [x + dx, y + dy]) - between(logits, [x - dx, y - dy])) / (2 * h));
  return { belief, pull: slope.map((s) => s * (saturating ? belief : 1 - belief)) };
}

export function render({ model, el }) {
  dress(el);
  let last = 0, held = null;
  const known = { game: "", losses: [] }; // of the game shown, as far as it was ever seen
  const values = () => model.get("values"), scene = () => model.get("scene"), now = () => scene().losses.length - 1;
  const frames = () => model.get("controls").find((control) => control.name === "frame").max;
  const go = (frame) => put(model, "frame", Math.max(0, Math.min(frames(), Math.round(frame))));
  const coming = () => now() < values().frame && !scene().diverged;
  const status = element("div", { role: "status" }), hint = element("div", { class: "hint", "aria-live": "polite" });
  const quiet = () => { for (const told of [status, hint]) told.setAttribute("aria-live", play.playing() || coming() ? "off" : "polite"); };
  const play = player(el, (time) => { // a screen reader does not read every frame
    if (time - last < PACE || coming()) return true;
    last = time;
    go(values().frame + 1);
    return values().frame < frames() && !scene().diverged;
  }, () => quiet());
  play.button.addEventListener("click", () => { if (play.playing() && (values().frame >= frames() || scene().diverged)) go(0); });
  const part = (title) => element("div", {}, element("strong", {}, title));
  const [belief, made, losses] = [part("D: orange is “real”"), part("G: noise, bent"), element("div")];
  el.append(
    element("style", {}, CSS),
    element("div", { class: "nn-row" }, play.button, ...["frame", "loss", "ratio", "beta", "latent", "seed"].map((name) => field(model, name))),
    element("div", { class: "nn-gan" }, belief, made, losses),
    status, hint,
  );

  const square = (width) => width, size = (width) => (width < 200 ? [1.2, 1.9] : [1.8, 2.8]), side = { from: -SIDE, to: SIDE, ticks: [] };
  const plane = (pen, c, width) => axes(pen, c, [0.5, 0.5, width - 1, width - 1], side, side);
  function points({ dot }, data, colour, radius, rim) {
    const flat = numbers(data);
    for (let k = 0; k < flat.length; k += 2) dot(flat[k], flat[k + 1], colour, radius, rim);
  }
  /** The real points and the samples, and between them what `draw` draws. */
  function cloud(at, width, draw) {
    const [small, large] = size(width);
    points(at, scene().real, at.c.quiet, small, at.c.quiet);
    draw?.();
    points(at, scene().samples, BLUE, large, "#fff");
  }
  const image = element("canvas", { width: CELLS, height: CELLS });
  function ground(pen, c, width) {
    const table = signedTable(c.paper), brush = image.getContext("2d"), pixels = brush.createImageData(CELLS, CELLS), out = new Uint32Array(pixels.data.buffer);
    numbers(scene().logits).forEach((logit, k) => {
      const row = CELLS - 1 - Math.floor(k / CELLS);
      out[row * CELLS + (k % CELLS)] = table[Math.round(127.5 + 95 * (2 * sigmoid(logit) - 1))];
    });
    brush.putImageData(pixels, 0, 0);
    const cell = width / (CELLS - 1); // the outermost points lie on the edge
    pen.drawImage(image, -cell / 2, -cell / 2, width + cell, width + cell);
  }
  function arrow(pen, c, from, pull, width) {
    const strength = Math.hypot(...pull), length = 0.3 * width * Math.tanh(strength), angle = Math.atan2(-pull[1], pull[0]);
    const along = (far) => [from[0] + far * Math.cos(angle), from[1] + far * Math.sin(angle)], tip = along(8 + length); // from the ring's edge
    for (const [colour, lineWidth] of [[c.paper, 6], [c.ink, 2.5]]) {
      Object.assign(pen, { strokeStyle: colour, lineWidth, lineCap: "round" });
      pen.beginPath(); pen.arc(...from, 6, 0, 7); pen.stroke();
      if (length < 3) continue;
      pen.beginPath(); pen.moveTo(...along(8)); pen.lineTo(...tip);
      for (const turn of [2.6, -2.6]) { pen.moveTo(...tip); pen.lineTo(tip[0] + 9 * Math.cos(angle + turn), tip[1] + 9 * Math.sin(angle + turn)); }
      pen.stroke();
    }
  }
  const asked = () => probed(numbers(scene().logits), held, values().loss === "saturating");
  const left = board(belief, "what D believes in the plane, over it the real points and the samples: press a place, or move with the arrow keys", square, (pen, width) => {
    const c = colours(el);
    ground(pen, c, width);
    const at = plane(pen, c, width);
    cloud(at, width);
    if (held) arrow(pen, c, [at.x(held[0]), at.y(held[1])], asked().pull, width);
  });
  const middle = board(made, "straight lines of noise, bent by G, and its samples, over the real points", square, (pen, width) => {
    const at = plane(pen, colours(el), width), mesh = numbers(scene().mesh);
    cloud(at, width, () => {
      for (let k = 0; k < mesh.length; k += 2 * DOTS) {
        const bent = mesh.subarray(k, k + 2 * DOTS);
        at.line(bent.filter((_, i) => i % 2 === 0), bent.filter((_, i) => i % 2), { colour: SKY, width: 1 });
      }
    });
  }, true);
  const right = chart(losses, "both losses, round by round: press one, or step with the arrow keys", 300, () => ({
    title: "both losses", x: { from: 0, to: EVERY * frames(), ticks: [0, 200, 400, 600], label: "rounds" },
    y: { from: -3, to: 6, ticks: [-2, 0, 2, 4, 6] }, legend: [["D", VERMILION], ["G", BLUE]],
  }), ({ c, line, dot }) => {
    line([0, EVERY * frames()], [BALANCE, BALANCE], { colour: c.quiet, width: 1.2, dash: [2, 3] });
    for (const [k, colour] of [[0, VERMILION], [1, BLUE]]) {
      const shown = (rows) => rows.map((row) => Math.max(-3, Math.min(6, row[k]))), at = known.losses.map((_, i) => EVERY * i);
      line(at.slice(now()), shown(known.losses.slice(now())), { colour: c.faint });
      line(at.slice(0, now() + 1), shown(scene().losses), { colour });
      dot(EVERY * now(), shown(scene().losses).at(-1), colour, 4);
    }
  });
  hold(right, ([round]) => { play.stop(); go(round / EVERY); }, ([across, up]) => { play.stop(); go(values().frame + (across || up)); });

  function ask(place) {
    held = place.map((t) => Math.max(-SIDE, Math.min(SIDE, t)));
    left.redraw();
    tell();
  }
  hand({ canvas: left.canvas, place: (event) => left.place(event).map((p) => ((2 * p) / left.canvas.clientWidth - 1) * SIDE) },
    ([u, v]) => ask([u, -v]), (dx, dy) => ask(held ? [held[0] + ASIDE * dx, held[1] + ASIDE * dy] : [0, 0]));
  function tell() {
    if (!held) { hint.textContent = INVITE; return; }
    const { belief: share, pull } = asked(), strength = Math.hypot(...pull), way = WAYS[(Math.round(Math.atan2(pull[1], pull[0]) / (Math.PI / 4)) + 8) % 8];
    hint.textContent = `At (${held.map((t) => fixed(t, 1)).join(", ")}) D believes “real” with ${Math.round(100 * share)}%. `
      + (strength < 0.005 ? "It hardly pulls a sample there." : `It pulls a sample there ${way}, with strength ${fixed(strength)}.`);
  }
  function show() {
    const { frame: _, ...rest } = values(), game = JSON.stringify(rest), seen = scene().losses;
    if (known.game !== game || known.losses.length < seen.length) Object.assign(known, { game, losses: seen });
    el.dataset.frame = now();
    quiet();
    tell();
    for (const one of [left, middle, right]) one.redraw();
  }
  listen(model, status, show, "change:scene");
  return play.stop;
}

const CSS = `
.nn-living .nn-gan { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 6px 14px; align-items: start; margin: 6px 0; }
.nn-living .nn-gan strong { display: block; margin-bottom: 2px; font-size: 0.85em; }
.nn-living .nn-gan ~ .hint { min-height: 2.7em; }
@media (max-width: 760px) {
  .nn-living .nn-gan { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .nn-living .nn-gan > :last-child { grid-column: 1 / -1; }
}
`;

// -- without a kernel ------------------------------------------------------------------------------------------------

const [BATCH, WIDTH, RATE, POINTS, SAMPLES, LINES, NEAR, SHARE] = [48, 32, 3e-3, 2000, 240, 7, 0.4, 0.02];
const [BUSY, GAMES, MODES] = [12, 16, 8]; // ms of each frame for computing; games remembered
const AROUND = Array.from({ length: MODES }, (_, k) => (2 * Math.PI * k) / MODES);

/** Blobs on a ring, x, y, x, y, …, as `nnlearn.data.mixture` draws them. */
export function mixture(n, rng) {
  const place = (k) => [Math.cos, Math.sin].map((part) => Math.fround(2 * part(AROUND[k % MODES]) + 0.05 * rng.normal()));
  return Float64Array.from(Array.from({ length: n }, (_, k) => place(k)).flat());
}

/** A network's answers to x, and what its gradients need. */
function passed(net, x) {
  const z = [], a = net.forward(x, z);
  return { a, z, out: a.at(-1) };
}
const mean = (values, f) => values.reduce((sum, v) => sum + f(v), 0) / values.length;

/** Adds to D's gradient that of `weight` · mean ‖∂D/∂x‖² / 2. D is linear piece by piece: so is what a small step in x does. */
function penalise(D, { a, z, out }, weight) {
  const [, slope] = ACTIVATIONS[D.activation], deltas = D.deltas(a, z, out.map(() => 1));
  const steps = [deltas[0].map((s) => (weight * s) / out.length)];
  D.layers.slice(0, -1).forEach(({ n, m, W }, k) => {
    const before = steps[k], after = new Float64Array(out.length * m);
    for (let r = 0; r < out.length; r++) for (let j = 0; j < m; j++) {
      let s = 0;
      for (let i = 0; i < n; i++) s += before[r * n + i] * D.w[W + i * m + j];
      after[r * m + j] = s * slope(z[k][r * m + j], a[k + 1][r * m + j]);
    }
    steps.push(after);
  });
  D.gather(steps, deltas, false);
}

/** A round as `nnlearn.gan_step` plays it: a step of D, then one of G; both losses before. */
export function ganStep(G, D, real, noise, penalty, saturating) {
  const making = passed(G, noise), fake = making.out, [onReal, onFake] = [real, fake].map((x) => passed(D, x)), n = onFake.out.length;
  const lossOfD = mean(onReal.out, (s) => softplus(-s)) + mean(onFake.out, softplus);
  D.g.fill(0);
  D.gather(onReal.a, D.deltas(onReal.a, onReal.z, onReal.out.map((s) => -sigmoid(-s) / n)));
  D.gather(onFake.a, D.deltas(onFake.a, onFake.z, onFake.out.map((s) => sigmoid(s) / n)));
  if (penalty) penalise(D, onReal, penalty);
  D.descend();
  const { a, z, out } = passed(D, fake), [push] = D.deltas(a, z, out.map((s) => -sigmoid(saturating ? s : -s) / n));
  G.g.fill(0);
  G.gather(making.a, G.deltas(making.a, making.z, push));
  G.descend();
  return [lossOfD, mean(out, (s) => (saturating ? -softplus(s) : softplus(-s)))];
}

/** `count` numbers from `from` to `to`. */
const evenly = (from, to, count) => Array.from({ length: count }, (_, k) => from + (k * (to - from)) / (count - 1));
const EDGE = evenly(-SIDE, SIDE, CELLS), CORNERS = Float64Array.from(EDGE.flatMap((y) => EDGE.flatMap((x) => [x, y])));

/** Lines along the first axis of noise and, if any, the second. */
function straight(latent) {
  const along = evenly(-2, 2, DOTS), beside = latent > 1 ? evenly(-2, 2, LINES) : [0], rows = [];
  const row = (first, second) => rows.push(...Array.from({ length: latent }, (_, i) => [first, second][i] ?? 0));
  for (const u of beside) for (const v of along) row(v, u);
  if (latent > 1) for (const u of beside) for (const v of along) row(u, v);
  return Float64Array.from(rows);
}

/** How many of the modes have two samples in a hundred near them. */
function covered(samples) {
  return AROUND.filter((angle) => {
    const [x, y] = [2 * Math.cos(angle), 2 * Math.sin(angle)];
    let near = 0;
    for (let k = 0; k < samples.length; k += 2) near += Math.hypot(samples[k] - x, samples[k + 1] - y) < NEAR;
    return near / (samples.length / 2) >= SHARE;
  }).length;
}

/** A game, carried on only as far as somebody wants to see it: `nnlearn.widgets.gan.Game`. */
export class Duel {
  constructor({ loss, ratio, latent, beta }, start, shown) {
    const rng = new Pcg64(start), times = Math.sqrt(Number(ratio.toFixed(4))), seen = new Pcg64(shown);
    Object.assign(this, { rng, latent, frames: [], losses: [], rounds: 0, diverged: false });
    Object.assign(this, { saturating: loss === "saturating", penalty: loss.includes("R1") ? 0.3 : 0, real: mixture(POINTS, rng) });
    const network = (n, m, lr) => {
      const sizes = [n, WIDTH, WIDTH, m];
      return new Network({ sizes, activation: "leaky_relu_fifth", optimizer: adam(beta, 0.99), lr, weights: firstWeights(sizes, (k) => Math.sqrt(3 / k), rng) });
    };
    [this.G, this.D] = [network(latent, 2, RATE / times), network(2, 1, RATE * times)];
    this.seen = Float64Array.from({ length: SAMPLES * latent }, () => seen.normal());
    this.straight = straight(latent);
    this.look([BALANCE, Math.log(2)]);
  }
  get reached() { return this.frames.length - 1; }
  round() {
    const real = new Float64Array(2 * BATCH), { rng } = this;
    for (let k = 0; k < BATCH; k++) {
      const row = rng.below(POINTS);
      real.set(this.real.subarray(2 * row, 2 * row + 2), 2 * k);
    }
    const noise = Float64Array.from({ length: BATCH * this.latent }, () => rng.normal());
    const losses = ganStep(this.G, this.D, real, noise, this.penalty, this.saturating);
    this.rounds += 1;
    if (this.rounds % EVERY === 0) this.look(losses);
  }
  look(losses) {
    const [logits, samples, mesh] = [[this.D, CORNERS], [this.G, this.seen], [this.G, this.straight]].map(([net, x]) => net.forward(x).at(-1));
    const all = [...logits, ...samples, ...losses];
    this.diverged = !all.every(Number.isFinite) || !samples.every((v) => Math.abs(v) < 1e3);
    if (this.diverged) return;
    this.losses.push(losses);
    const cut = logits.map((v) => Math.max(-50, Math.min(50, v)));
    this.frames.push({ logits: Float32Array.from(cut), samples: Float32Array.from(samples), mesh: Float32Array.from(mesh), modes: covered(samples) });
  }
}

export function alone(model) {
  const { seeds, shown, real: count } = model.get("page"), recall = keeper(GAMES), real = mixture(count, new Pcg64(seeds[0]));
  let due = false;
  function update() {
    const { frame, ...settings } = model.get("values"), game = recall(JSON.stringify(settings), () => new Duel(settings, seeds[settings.seed], shown));
    const coming = () => game.reached < frame && !game.diverged;
    for (const end = performance.now() + BUSY; coming() && performance.now() < end;) game.round(); // the rest in the next frames
    const at = Math.min(frame, game.reached), [ofD, ofG] = game.losses[at].map((v) => v.toFixed(2)), { modes, ...found } = game.frames[at];
    const diverged = frame > at && game.diverged;
    model.set("scene", { ...found, real, losses: game.losses.slice(0, at + 1), diverged });
    model.set("sentence", `After ${EVERY * at} rounds the samples cover ${modes} of 8 modes; D's loss is ${ofD} (1.39 when it cannot tell), G's ${ofG}.`
      + (diverged ? " Then the game diverged: the numbers left every bound." : ""));
    if (coming() && !due) {
      due = true;
      requestAnimationFrame(() => { due = false; update(); });
    }
  }
  model.on("change:values", update);
  update();
}
