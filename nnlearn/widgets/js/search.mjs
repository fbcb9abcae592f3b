// A search over 480 small networks that are trained already: whom it trained, what it found, and what that is worth.
import { chart, charts, follow, hand, hold } from "./chart.mjs";
import { bytes, dress, element, field, halfToEven, numbers, put } from "./living.mjs";
import { Pcg64 } from "./pcg64.mjs";

const [BLUE, VERMILION, SKY] = ["#0072B2", "#D55E00", "#56B4E9"];
const [STEPS, WIDTHS, LONGEST, EPOCHS] = [["conv1", "conv3", "pool"], [8, 16], 4, [1, 2, 4, 8]];
const [RUNS, FOLDS, FOLD] = [2, 10, 200], FULL = EPOCHS.at(-1);

// -- the table and its searches --------------------------------------------------------------------------------------

/** All networks as [steps, width, shortcuts], in the order of the table's rows. */
export const recipes = (() => {
  let words = [[]];
  const all = [[]];
  for (let n = 0; n < LONGEST; n++) all.push(...(words = words.flatMap((word) => STEPS.map((step) => [...word, step]))));
  const short = all.filter((word) => word.filter((step) => step === "pool").length < 4);
  return short.flatMap((word) => WIDTHS.flatMap((width) => [false, true].map((shortcuts) => [word.join(" "), width, shortcuts])));
})();
const ROWS = new Map(recipes.map((recipe, k) => [recipe.join(), k]));
export const wordsOf = (k) => `${recipes[k][0] || "nothing"}, ${recipes[k][1]} wide${recipes[k][2] ? ", shortcuts" : ""}`;

/** The rows one change away: a step replaced, inserted or removed, the other width, shortcuts or none. */
export function neighbours(k) {
  const [word, width, shortcuts] = recipes[k], steps = word ? word.split(" ") : [], found = new Set();
  for (let at = 0; at <= steps.length; at++) for (const gone of at < steps.length ? [0, 1] : [0])
    for (const put_ of gone ? [[], ...STEPS.map((s) => [s])] : STEPS.map((s) => [s]))
      found.add([...steps.slice(0, at), ...put_, ...steps.slice(at + gone)].join(" "));
  found.delete(word);
  const changed = [...found].sort().map((other) => [other, width, shortcuts]);
  return [...changed, [word, WIDTHS[0] + WIDTHS[1] - width, shortcuts], [word, width, !shortcuts]].map((one) => ROWS.get(one.join())).filter((row) => row >= 0);
}

const range = (n) => Array.from({ length: n }, (_, k) => k);

/** What a search may look up in the table, and what it has spent. */
class Search {
  constructor(right, state, onTest) {
    this.rng = new Pcg64(state);
    const fold = this.rng.shuffle(range(FOLDS)), run = recipes.map(() => this.rng.below(RUNS));
    const of = (k, epochs, folds) => folds.reduce((s, f) => s + right[((k * RUNS + run[k]) * EPOCHS.length + EPOCHS.indexOf(epochs)) * FOLDS + f], 0) / (FOLD * folds.length);
    this.test = (k) => of(k, FULL, [fold[1]]);
    this.validation = (k, epochs = FULL) => of(k, epochs, [fold[onTest ? 1 : 0]]);
    this.fresh = (k) => of(k, FULL, fold.slice(2));
    Object.assign(this, { spent: 0, trained: recipes.map(() => 0), log: [] });
  }
  train(k, epochs = FULL) {
    this.spent += Math.max(epochs - this.trained[k], 0);
    this.trained[k] = Math.max(epochs, this.trained[k]);
    this.log.push([this.spent, k, epochs]);
    return this.validation(k, epochs);
  }
  /** Each time that a network trained to the end is the best so far: [epochs spent, its row]. */
  get best() {
    let most = -Infinity;
    return this.log.filter(([, k, epochs]) => {
      const better = epochs === FULL && this.validation(k) > most;
      if (better) most = this.validation(k);
      return better;
    });
  }
}

const STRATEGIES = {
  random(search, budget) {
    for (const k of search.rng.shuffle(range(recipes.length))) {
      if (search.spent + FULL > budget) break;
      search.train(k);
    }
  },
  evolution(search, budget, population = 10, sample = 5) {
    let living = [];
    while (search.spent + FULL <= budget && search.trained.includes(0)) {
      let open = range(recipes.length).filter((k) => !search.trained[k]);
      if (living.length >= population) {
        const drawn = search.rng.choose(living.length, sample).map((k) => living[k]);
        const [, parent] = drawn.reduce((a, b) => (b[0] > a[0] || (b[0] === a[0] && b[1] > a[1]) ? b : a));
        const near = neighbours(parent).filter((k) => !search.trained[k]);
        if (near.length) open = near;
      }
      const child = open[search.rng.below(open.length)];
      living = [...living, [search.train(child), child]].slice(-population);
    }
  },
  halving(search, budget) {
    let rows = search.rng.shuffle(range(recipes.length));
    const price = (n) => EPOCHS.reduce((s, epochs, k) => s + Math.max(n >> k, 1) * (epochs - (EPOCHS[k - 1] ?? 0)), 0);
    while (price(rows.length) > budget && rows.length > 1) rows = rows.slice(0, -1);
    for (const epochs of EPOCHS) {
      const scores = new Map(rows.map((k) => [k, search.train(k, epochs)]));
      if (epochs < FULL) rows = [...rows].sort((a, b) => scores.get(b) - scores.get(a)).slice(0, Math.max(rows.length >> 1, 1));
    }
  },
};

/** A search that is over: what is drawn, what it spent and found, and shares of pictures read right. */
export function study({ strategy, budget, onTest }, right, state) {
  const search = new Search(right, state, onTest);
  STRATEGIES[strategy](search, budget);
  const { best, spent, trained } = search, fresh = range(recipes.length).map(search.fresh), rows = [...best, [spent, best.at(-1)[1]]];
  const found = best.at(-1)[1], path = [rows.map(([at]) => at), rows.map(([, k]) => search.validation(k)), rows.map(([, k]) => fresh[k])];
  return { trained, fresh, path, found, spent, validation: search.validation(found), test: search.test(found) };
}

// -- what it shows -----------------------------------------------------------------------------------------------

export function render({ model, el }) {
  dress(el);
  const values = () => model.get("values"), scene = () => model.get("scene"), place = charts();
  const [status, hint] = [element("div", { role: "status", "aria-live": "polite" }), element("div", { class: "hint", "aria-live": "polite" })];
  el.append(element("div", { class: "nn-row" }, ...["strategy", "budget", "seen", "seed"].map((name) => field(model, name))), place, status, hint);
  const kind = (k) => (k === scene().found ? 3 : [0, FULL].includes(scene().trained[k]) ? scene().trained[k] && 2 : 1); // never, in part, to the end, found
  const [SIZES, INKS] = [[2.2, 2.8, 3.2], [null, SKY, BLUE]];
  let [near, dots] = [null, []]; // the network under the pointer; where in pixels each of them is

  /** Words with their signs, in the lower right corner. */
  function key({ pen, box, text, c }, rows) {
    text("", 0, 0, { size: 12 });
    const width = Math.max(...rows.map(([word]) => pen.measureText(word).width)) + 30, [left, top] = [box[0] + box[2] - width - 4, box[1] + box[3] - 16 * rows.length - 6];
    Object.assign(pen, { fillStyle: c.paper, globalAlpha: 0.8 });
    pen.fillRect(left, top, width, 16 * rows.length + 2);
    pen.globalAlpha = 1;
    rows.forEach(([word, sign], k) => {
      sign(left + 12, top + 9 + 16 * k);
      text(word, left + 27, top + 9 + 16 * k, { align: "left", size: 12, ink: c.ink });
    });
  }
  const cloud = chart(place, "480 networks: point at one, or move from one to the next with the arrow keys", 330, () => ({
    title: "480 networks: right on fresh pictures",
    x: { from: 60, to: 4e6, ticks: [100, 1e3, 1e4, 1e5, 1e6], log: true, label: "multiply-adds for one picture" },
    y: { from: 0.05, to: 1, ticks: [0.2, 0.4, 0.6, 0.8, 1] },
  }), (axes) => {
    const { pen, c, x, y, text } = axes, [work, fresh] = [numbers(scene().work), numbers(scene().fresh)];
    dots = Array.from(fresh, (v, k) => [x(work[k]), y(v)]);
    const disc = (px, py, look) => {
      pen.beginPath(); pen.arc(px, py, SIZES[look], 0, 7);
      Object.assign(pen, { fillStyle: INKS[look] ?? c.quiet, globalAlpha: look ? 1 : 0.35 });
      pen.fill();
      pen.globalAlpha = 1;
    };
    const star = (px, py) => text("★", px, py, { ink: VERMILION, size: 22 });
    for (const look of [0, 1, 2]) dots.forEach(([px, py], k) => { if (kind(k) === look || (look === 2 && kind(k) === 3)) disc(px, py, look); });
    star(...dots[scene().found]);
    if (near !== null) {
      pen.beginPath(); pen.arc(...dots[near], 8, 0, 7);
      Object.assign(pen, { strokeStyle: c.ink, lineWidth: 2 });
      pen.stroke();
    }
    const sign = (look) => (px, py) => (look === 3 ? star(px, py) : disc(px, py, look));
    key(axes, ["never trained", "trained in part", "trained to the end", "found"].map((word, look) => [word, sign(look)]));
  });
  const course = chart(place, "the best so far: drag along the epochs to another budget, or move it with the arrow keys", 330, () => ({
    title: "the best so far: share right",
    x: { from: 7, to: 1400, ticks: [10, 100, 1000], log: true, label: "epochs spent" },
    y: { from: 0.78, to: 0.98, ticks: [0.8, 0.85, 0.9, 0.95] },
  }), (axes) => {
    const { pen, c, line } = axes, { path: [spent, believed, real], best } = scene();
    const steps = (heights, colour) => line(spent.flatMap((at, k) => (k ? [at, at] : [at])), heights.flatMap((v, k) => (k ? [heights[k - 1], v] : [v])), { colour });
    line([7, 1400], [best, best], { colour: c.quiet, width: 1.4, dash: [2, 3] });
    steps(believed, VERMILION);
    steps(real, BLUE);
    line([values().budget, values().budget], [0.78, 0.98], { colour: c.ink, width: 1, dash: [4, 4] });
    const sign = (colour, width, dash) => (px, py) => {
      Object.assign(pen, { strokeStyle: colour, lineWidth: width });
      pen.setLineDash(dash);
      pen.beginPath(); pen.moveTo(px - 9, py); pen.lineTo(px + 9, py); pen.stroke();
      pen.setLineDash([]);
    };
    key(axes, [["on what the search sees", sign(VERMILION, 2, [])], ["on fresh pictures", sign(BLUE, 2, [])], ["the table's best, on fresh pictures", sign(c.quiet, 1.4, [2, 3])]]);
  });

  // -- the reader's hand -------------------------------------------------------------------------------------------
  const budgets = () => model.get("controls").find(({ name }) => name === "budget").options.map(([, budget]) => budget);
  const spend = (budget) => { if (budget !== values().budget) put(model, "budget", budget); };
  hold(course, ([wanted]) => spend(budgets().reduce((a, b) => (Math.abs(Math.log(b / wanted)) < Math.abs(Math.log(a / wanted)) ? b : a))),
    ([right, up]) => spend(budgets()[Math.max(0, Math.min(budgets().length - 1, budgets().indexOf(values().budget) + (right || up)))]));
  function tell() {
    const { trained } = scene(), fresh = numbers(scene().fresh);
    hint.textContent = near === null ? "Point at a network to see what it is; drag in the right picture to spend another budget."
      : `${wordsOf(near)}: reads ${percent(fresh[near])} of fresh pictures; this search ${trained[near] ? `trained it for ${trained[near]} epoch${trained[near] > 1 ? "s" : ""}` : "never trained it"}.`;
  }
  const point = (k) => {
    if (k === near) return;
    near = k;
    tell();
    cloud.redraw();
  };
  const at = (event) => {
    const [px, py] = cloud.place(event), away = dots.map(([x, y]) => Math.hypot(x - px, y - py)), least = Math.min(...away);
    point(least < 14 ? away.indexOf(least) : null);
  };
  hand(cloud, () => false, (right, up) => {
    const order = range(dots.length).sort((a, b) => dots[a][0] - dots[b][0]), now = order.indexOf(near ?? scene().found);
    point(order[Math.max(0, Math.min(order.length - 1, now + (right || up)))]);
  });
  for (const event of ["pointermove", "pointerdown"]) cloud.canvas.addEventListener(event, at);
  cloud.canvas.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") point(null); });
  model.on("change:scene", tell);
  follow(model, status, [cloud, course]);
  tell();
}

/** A share as Python's `:.1%` writes it. */
export function percent(share) {
  const value = share * 100, tie = (16 * value) % 1 === 0 && (10 * value) % 1 === 0.5; // exactly half a tenth
  return `${tie ? (halfToEven(10 * value) / 10).toFixed(1) : value.toFixed(1)}%`;
}

// -- without a kernel ------------------------------------------------------------------------------------------------

export function alone(model) {
  const { right, work, states, test } = model.get("page"), table = bytes(right), works = new Float32Array(bytes(work).buffer);
  function update() {
    const v = model.get("values"), onTest = v.seen === test, state = study({ ...v, onTest }, table, states[v.seed]), { found, fresh } = state;
    model.set("sentence", `Found for ${state.spent} epochs: ${wordsOf(found)}. It reads ${percent(state.validation)} of `
      + `${onTest ? `${test}, on which it searched` : `${v.seen}, ${percent(state.test)} of the test pictures`}, and ${percent(fresh[found])} of fresh ones; `
      + `${fresh.filter((share) => share > fresh[found]).length} of ${fresh.length} read more.`);
    model.set("scene", { ...state, work: works, best: Math.max(...fresh) });
  }
  model.on("change:values", update);
  update();
}
