// Clients who send changes of weights and no data: who has which digits, and what the common network reads after each round.
import { chart, charts, follow, hold, pull } from "./chart.mjs";
import { board, bytes, colours, dress, element, field, halfToEven, rgb } from "./living.mjs";
import { Pcg64 } from "./pcg64.mjs";

const [BLUE, GREY, DASHED] = ["#0072B2", "#767676", [6, 4]];
const [PIXELS, HIDDEN, DIGITS, ROUNDS, BATCH, LONGEST, SLICE] = [64, 32, 10, 20, 32, 2, 12]; // the last in ms, between two looks of the page
const INVITE = "Drag along the curve to go through the rounds; point at a cell of the table, or move there with the arrow keys.";
const percent = (share) => `${halfToEven(100 * share)}%`;

export function render({ model, el }) {
  dress(el);
  let at = null; // the cell pointed at: [row, digit]; the row after the clients' is the network's
  const values = () => model.get("values"), scene = () => model.get("scene"), place = charts();
  const round = () => Math.min(values().round, scene().curve.length);
  const status = element("div", { role: "status", "aria-live": "polite" }), hint = element("div", { class: "hint two", "aria-live": "polite" });
  el.append(
    element("div", { class: "nn-row" }, ...["clients", "steps", "skew", "noise", "round"].map((name) => field(model, name))),
    place, status, hint,
  );

  const [left, top, gap] = [58, 26, 14];
  const side = (height) => (height - top - gap - 34) / (scene().shares.length + 1);
  const shownRow = (row, height) => top + row * side(height) + (row === scene().shares.length ? gap : 0);
  const table = board(element("div"), "which client has which digits, and which of them the network reads", () => 300, (pen, width, height) => {
    const { shares, recall } = scene(), c = colours(el), wide = (width - left - 8) / DIGITS, high = side(height), [paper, full] = [rgb(c.paper), rgb(BLUE)];
    const text = (word, x, y, align = "center", ink = c.ink) => { Object.assign(pen, { fillStyle: ink, textAlign: align, textBaseline: "middle", font: "12px system-ui, sans-serif" }); pen.fillText(word, x, y); };
    text("which digits each client has", left, top / 2, "left");
    [...shares, recall[round() - 1] ?? []].forEach((row, k) => row.forEach((share, digit) => {
      pen.fillStyle = `rgb(${paper.map((v, i) => Math.round(v + (full[i] - v) * share))})`;
      pen.fillRect(left + digit * wide, shownRow(k, height), wide - 1, high - (high > 8 ? 1 : 0));
    }));
    shares.forEach((_, k) => { if (high > 13 || k % 5 === 0) text(k, left - 6, shownRow(k, height) + high / 2, "right", c.quiet); });
    text("read", left - 6, shownRow(shares.length, height) + high / 2, "right");
    for (let digit = 0; digit < DIGITS; digit++) text(digit, left + (digit + 0.5) * wide, height - 24, "center", c.quiet);
    text("digit", left + 5 * wide, height - 8);
    if (at) Object.assign(pen, { strokeStyle: c.ink, lineWidth: 2 }).strokeRect(left + at[1] * wide, shownRow(at[0], height), wide - 1, high);
  });
  place.append(table.canvas.parentElement);
  const see = (cell) => {
    at = cell && [Math.max(0, Math.min(scene().shares.length, cell[0])), Math.max(0, Math.min(DIGITS - 1, cell[1]))];
    say();
    table.redraw();
  };
  const say = () => {
    const { shares, recall } = scene();
    if (at && at[0] > shares.length) at = null;
    hint.textContent = !at ? INVITE : at[0] < shares.length ? `Client ${at[0]}: ${percent(shares[at[0]][at[1]])} of its digits are ${at[1]}s.`
      : round() ? `After round ${round()} the network reads ${percent(recall[round() - 1][at[1]])} of new ${at[1]}s.` : INVITE;
  };
  const pointed = (event) => {
    const [x, y] = table.place(event), height = table.canvas.clientHeight, n = scene().shares.length;
    const inClients = Math.floor((y - top) / side(height)), row = y >= shownRow(n, height) ? n : Math.min(inClients, n - 1);
    see(x < left || y < top || y > height - 34 ? null : [row, Math.floor(((x - left) * DIGITS) / (table.canvas.clientWidth - left - 8))]);
  };
  for (const event of ["pointerdown", "pointermove"]) table.canvas.addEventListener(event, pointed);
  table.canvas.addEventListener("pointerleave", ({ pointerType }) => { if (pointerType === "mouse") see(null); });
  table.canvas.addEventListener("blur", () => see(null));
  table.canvas.addEventListener("keydown", (event) => {
    const way = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!way) return;
    event.preventDefault();
    see(at ? [at[0] + way[0], at[1] + way[1]] : [0, 0]);
  });

  const curves = chart(place, "share of new digits that the network reads after each round: drag to choose the round", 300, (width) => ({
    title: width > 420 ? "share of new digits read" : "", x: { from: 0, to: ROUNDS + 1, ticks: [1, 5, 10, 15, 20], label: "round" },
    y: { from: 0, to: 1, ticks: [0, 0.25, 0.5, 0.75, 1] }, legend: [["1 step, no noise", GREY, DASHED], ["as chosen", BLUE]],
  }), ({ c, line, dot }) => {
    const { curve, one_step: plain } = scene(), steps = (values) => values.map((_, k) => k + 1);
    line(steps(plain), plain, { colour: c.quiet, width: 1.8, dash: DASHED });
    line(steps(curve), curve, { colour: BLUE });
    curve.forEach((v, k) => dot(k + 1, v, BLUE, 3.5));
    if (round()) dot(round(), curve[round() - 1], BLUE, 7, c.ink);
  });
  hold(curves, ([x]) => pull(model, { round: x }), ([right, up]) => pull(model, { round: values().round + (right || up) }));
  follow(model, status, [table, curves]);
  for (const event of ["change:scene", "change:values"]) model.on(event, say);
  say();
}

// -- without a kernel ------------------------------------------------------------------------------------------------

const [B1, W2, B2, SIZE] = [PIXELS * HIDDEN, (PIXELS + 1) * HIDDEN, (PIXELS + 1) * HIDDEN + HIDDEN * DIGITS, (PIXELS + 1) * HIDDEN + HIDDEN * DIGITS + DIGITS];

/** Rows of the data for each client, as `shares` of nnlearn/study/federated.py deals them. */
export function dealt(labels, clients, skew, start) {
  const rng = new Pcg64(start), counts = Array(DIGITS).fill(0);
  for (const label of labels) counts[label] += 1;
  const n = Math.min(Math.floor(Math.min(...counts) / Math.ceil(clients / DIGITS)), Math.floor(labels.length / clients)), own = halfToEven(skew * n);
  const piles = counts.map((_, c) => rng.shuffle([...labels.keys()].filter((i) => labels[i] === c)));
  const parts = Array.from({ length: clients }, (_, k) => piles[k % DIGITS].splice(0, own)), rest = rng.shuffle(piles.flat());
  return parts.map((part, k) => [...part, ...rest.slice(k * (n - own), (k + 1) * (n - own))]);
}

/** Hidden values and logits of one example, in place. */
function forward(w, X, i, hidden, logits) {
  for (let h = 0; h < HIDDEN; h++) hidden[h] = w[B1 + h];
  for (let j = 0; j < PIXELS; j++) {
    const x = X[i * PIXELS + j];
    if (x) for (let h = 0; h < HIDDEN; h++) hidden[h] += x * w[j * HIDDEN + h];
  }
  for (let c = 0; c < DIGITS; c++) logits[c] = w[B2 + c];
  for (let h = 0; h < HIDDEN; h++) {
    if (hidden[h] < 0) hidden[h] = 0;
    if (hidden[h]) for (let c = 0; c < DIGITS; c++) logits[c] += hidden[h] * w[W2 + h * DIGITS + c];
  }
}

/** What a client's weights have changed by after a step on each list of rows. */
export function localSteps(server, X, y, lists, rate) {
  const w = Float64Array.from(server), g = new Float64Array(SIZE), [hidden, logits, back] = [HIDDEN, DIGITS, HIDDEN].map((n) => new Float64Array(n));
  for (const rows of lists) {
    g.fill(0);
    for (const i of rows) {
      forward(w, X, i, hidden, logits);
      const most = Math.max(...logits);
      let sum = 0;
      for (let c = 0; c < DIGITS; c++) sum += logits[c] = Math.exp(logits[c] - most);
      for (let c = 0; c < DIGITS; c++) g[B2 + c] += logits[c] = logits[c] / sum - (c === y[i] ? 1 : 0);
      for (let h = 0; h < HIDDEN; h++) {
        back[h] = 0;
        if (hidden[h]) for (let c = 0, at = W2 + h * DIGITS; c < DIGITS; c++, at++) {
          back[h] += logits[c] * w[at];
          g[at] += logits[c] * hidden[h];
        }
        g[B1 + h] += back[h];
      }
      for (let j = 0; j < PIXELS; j++) {
        const x = X[i * PIXELS + j];
        if (x) for (let h = 0; h < HIDDEN; h++) g[j * HIDDEN + h] += x * back[h];
      }
    }
    for (let k = 0; k < SIZE; k++) w[k] -= (rate / rows.length) * g[k];
  }
  return w.map((v, k) => v - server[k]);
}

/** Null after each client's work, the server's weights after each round; with noise each change is shortened first. */
export function* training({ w, X, y }, parts, steps, rate, noise, start) {
  const [rng, fog] = [new Pcg64(start), new Pcg64(start)], n = parts[0].length;
  for (let r = 0; r < ROUNDS; r++) {
    const drawn = Array.from({ length: steps === 1 ? 0 : steps }, () => parts.map((part) => Array.from({ length: BATCH }, () => part[rng.below(n)])));
    const moved = new Float64Array(SIZE);
    for (const [k, part] of parts.entries()) {
      const change = localSteps(w, X, y, steps === 1 ? [part] : drawn.map((lists) => lists[k]), rate);
      const scale = noise ? Math.min(1, LONGEST / Math.sqrt(change.reduce((sum, v) => sum + v * v, 0))) : 1;
      change.forEach((v, i) => { moved[i] += v * scale; });
      yield null;
    }
    w = w.map((v, i) => v + (moved[i] + (noise ? noise * LONGEST * fog.normal() : 0)) / parts.length);
    yield w;
  }
}

/** The share of each digit that is read, and of all. */
export function judged(w, X, y) {
  const [right, all] = [Array(DIGITS).fill(0), Array(DIGITS).fill(0)], hidden = new Float64Array(HIDDEN), logits = new Float64Array(DIGITS);
  y.forEach((label, i) => {
    forward(w, X, i, hidden, logits);
    all[label] += 1;
    right[label] += logits.indexOf(Math.max(...logits)) === label ? 1 : 0;
  });
  return [right.map((v, c) => v / all[c]), right.reduce((sum, v) => sum + v, 0) / y.length];
}

/** The page's data and first weights as numbers. */
export function unpacked({ weights, pixels, labels, new_pixels: newPixels, new_labels: newLabels, rates }) {
  const shades = (text) => Float64Array.from(bytes(text), (v) => v / 16);
  return {
    w: Float64Array.from(new Float32Array(bytes(weights).buffer)), X: shades(pixels), y: [...bytes(labels)],
    newX: shades(newPixels), newY: [...bytes(newLabels)], rates,
  };
}

export function alone(model) {
  const page = model.get("page"), data = unpacked(page), plain = new Map();
  let [key, turn] = ["", 0];
  const tell = () => {
    const { shares, curve, one_step: one, recall } = model.get("scene"), r = Math.min(model.get("values").round, curve.length);
    if (!r || !one.length) return;
    const had = recall[r - 1], best = had.indexOf(Math.max(...had)), worst = had.indexOf(Math.min(...had));
    const missing = DIGITS - shares.reduce((has, row) => has.map((v, c) => v || row[c] > 0), Array(DIGITS).fill(false)).filter(Boolean).length;
    model.set("sentence", `After round ${r} of ${ROUNDS}, ${percent(curve[r - 1])} of new digits are read; with one local step and no noise `
      + `${percent(one[Math.min(r, one.length) - 1])}. Read best: ${best} (${percent(had[best])}), worst: ${worst} (${percent(had[worst])}).`
      + (missing ? ` ${missing} digits are with nobody.` : ""));
  };
  /** Round by round into the scene, while the page stays awake; false where the reader has gone on. */
  async function run(mine, into, parts, steps, noise) {
    let since = performance.now();
    for (const w of training(data, parts, steps, data.rates[steps], noise, page.start)) {
      if (w) into(...judged(w, data.newX, data.newY));
      if (performance.now() - since < SLICE) continue;
      await new Promise((go) => { setTimeout(go); });
      if (mine !== turn) return false;
      since = performance.now();
    }
    return true;
  }
  async function update() {
    const { clients, steps, skew, noise } = model.get("values"), now = JSON.stringify([clients, steps, skew, noise]);
    if (now === key) { tell(); return; }
    key = now;
    const mine = ++turn, parts = dealt(data.y, clients, skew, page.start), of = `${clients} ${skew}`;
    const shares = parts.map((part) => Array.from({ length: DIGITS }, (_, c) => part.filter((i) => data.y[i] === c).length / part.length));
    const found = { shares, curve: [], one_step: plain.get(of) ?? [], recall: [] };
    const show = (more) => { Object.assign(found, more); model.set("scene", { ...found }); tell(); };
    show({});
    if (!plain.has(of)) {
      const one = [];
      if (!await run(mine, (_, all) => { one.push(all); show({ one_step: [...one] }); }, parts, 1, 0)) return;
      plain.set(of, one);
    }
    await run(mine, (each, all) => show({ curve: [...found.curve, all], recall: [...found.recall, each] }), parts, steps, noise);
  }
  model.on("change:values", update);
  update();
}
