// Tic-tac-toe against a network that taught itself: the reader plays, and sees what it expects.
import { board, bytes, colours, dress, element, field, listen, put } from "./living.mjs";

const [CELLS, C, YOU, NOBODY] = [9, 1.5, "you", "no network"];

/** Priors over the free cells and the value, of a board as the player to move sees it (1 mine, −1 the other's). */
export function evaluate(cells, net) {
  const free = cells.map((v) => v === 0);
  if (!net) return { prior: free.map((f) => (f ? 1 / free.filter(Boolean).length : 0)), value: 0 };
  const linear = (x, W, b) => Array.from(b, (start, j) => x.reduce((s, v, i) => s + v * W[i * b.length + j], start));
  const relu = (z) => z.map((v) => Math.max(0, v));
  const x = [...cells.map((v) => +(v === 1)), ...cells.map((v) => +(v === -1))];
  const h = relu(linear(relu(linear(x, net["first.W"], net["first.b"])), net["second.W"], net["second.b"]));
  const logits = linear(h, net["policy.W"], net["policy.b"]).map((v, k) => (free[k] ? v : -Infinity));
  const top = Math.max(...logits), e = logits.map((v) => Math.exp(v - top)), total = e.reduce((s, v) => s + v, 0);
  return { prior: e.map((v) => v / total), value: Math.tanh(linear(h, net["value.W"], net["value.b"])[0]) };
}

/** A move: the board as the other sees it, the mover's reward, and whether the game is over. */
export function step(cells, cell, lines) {
  const after = cells.map((v, k) => (k === cell ? 1 : v)), won = lines.some((l) => l.every((k) => after[k] === 1));
  return { cells: after.map((v) => (v ? -v : 0)), reward: +won, over: won || after.every((v) => v !== 0) };
}

/** Visits of each cell, and what the player to move expects, by PUCT. */
export function search(cells, net, simulations, lines) {
  const node = (at, prior, end = null) => ({ at, prior, end, visits: Array(CELLS).fill(0), total: Array(CELLS).fill(0), child: [] });
  const root = node(cells, evaluate(cells, net).prior);
  let sum = 0;
  for (let n = 0; n < simulations; n++) {
    const path = [];
    let here = root, value = null;
    while (value === null) {
      const all = 1 + here.visits.reduce((s, v) => s + v, 0);
      let best = -1, most = -Infinity;
      for (let a = 0; a < CELLS; a++) if (here.at[a] === 0) {
        const score = here.total[a] / Math.max(here.visits[a], 1) + (C * here.prior[a] * Math.sqrt(all)) / (1 + here.visits[a]);
        if (score > most) [best, most] = [a, score];
      }
      path.push([here, best]);
      if (!here.child[best]) {
        const { cells: at, reward, over } = step(here.at, best, lines);
        const known = over ? null : evaluate(at, net);
        here.child[best] = node(at, known?.prior, over ? -reward : null);
        value = over ? -reward : known.value;
      } else if (here.child[best].end !== null) value = here.child[best].end;
      here = here.child[best];
    }
    for (const [at, a] of path.reverse()) {
      value = -value;
      at.visits[a] += 1;
      at.total[a] += value;
    }
    sum += value;
  }
  return { visits: root.visits, value: sum / simulations };
}

/** What is expected at a board by the player to move. */
function think(cells, net, simulations, lines) {
  const { prior, value } = evaluate(cells, net);
  if (!simulations) return { prior, share: prior, value };
  const found = search(cells, net, simulations, lines);
  return { prior, share: found.visits.map((v) => v / simulations), value: found.value };
}

/** A game from the reader's moves, each answered: {moves, won, hopes, thought}. */
export function play(yours, begins, net, simulations, lines) {
  let cells = Array(CELLS).fill(0), waiting = [...yours], mine = begins === YOU;
  const moves = [], hopes = [];
  for (;;) {
    const thought = think(cells, net, simulations, lines);
    hopes.push(mine ? thought.value : -thought.value);
    let cell;
    if (mine) {
      const at = waiting.findIndex((move) => /^[0-8]$/.test(move) && cells[Number(move)] === 0);
      if (at < 0) return { moves, won: "-", hopes, thought };
      cell = Number(waiting[at]);
      waiting = waiting.slice(at + 1);
    } else cell = thought.share.indexOf(Math.max(...thought.share));
    const { cells: after, reward, over } = step(cells, cell, lines);
    cells = after;
    moves.push(cell);
    if (over) {
      const won = reward ? (mine ? YOU : "it") : "";
      return { moves, won, hopes: [...hopes, { [YOU]: 1, it: -1, "": 0 }[won]], thought: null };
    }
    mine = !mine;
  }
}

export function render({ model, el }) {
  dress(el);
  const values = () => model.get("values"), scene = () => model.get("scene");
  const status = element("div", { role: "status", "aria-live": "polite" });
  const button = (text, click, more = {}) => element("button", { type: "button", click, ...more }, text);
  const cells = Array.from({ length: CELLS }, (_, k) => button("", () => put(model, "moves", values().moves + k), { class: "cell" }));
  const grid = element("div", { class: "nn-board", role: "group", "aria-label": "the board: X is you" }, ...cells);
  const right = element("div", { class: "nn-hopes" }, element("strong", {}, "what it expects"));
  el.append(
    element("style", {}, CSS),
    element("div", { class: "nn-row" }, button("New game", () => put(model, "moves", "")),
      button("Take back", () => put(model, "moves", values().moves.slice(0, -1))),
      ...["begins", "opponent", "simulations"].map((name) => field(model, name))),
    element("div", { class: "nn-row" }, field(model, "show")),
    element("div", { class: "nn-game" }, grid, right),
    status,
  );
  const curve = board(right, "what it expected for you at each position: up, you win; down, it wins", () => 240, (pen, width, height) => {
    const { hopes } = scene(), c = colours(el), x = (k) => 64 + ((width - 84) * k) / CELLS, y = (v) => height / 2 - v * (height / 2 - 16);
    pen.font = "13px system-ui, sans-serif";
    pen.textBaseline = "middle";
    for (const [v, word] of [[1, "you win"], [0, "draw"], [-1, "it wins"]]) {
      pen.fillStyle = c.quiet;
      pen.fillText(word, 2, y(v));
      pen.strokeStyle = c.faint;
      pen.beginPath();
      pen.moveTo(x(0), y(v));
      pen.lineTo(x(CELLS), y(v));
      pen.stroke();
    }
    Object.assign(pen, { strokeStyle: "#0072B2", fillStyle: "#0072B2", lineWidth: 2 });
    pen.beginPath();
    hopes.forEach((v, k) => pen.lineTo(x(k), y(v)));
    pen.stroke();
    hopes.forEach((v, k) => { pen.beginPath(); pen.arc(x(k), y(v), 4, 0, 7); pen.fill(); });
  });
  function show() {
    const { signs, share, prior, over } = scene(), told = values().show && !over;
    cells.forEach((cell, k) => {
      const free = !signs[k], percent = (p) => `${Math.round(100 * p)} %`;
      cell.replaceChildren(signs[k] || element("small", {}, told ? percent(share[k]) : ""));
      cell.className = `cell ${signs[k]}`;
      cell.disabled = !free || over;
      cell.style.setProperty("--share", told && free ? share[k].toFixed(3) : 0);
      cell.title = told && free ? `before the search ${percent(prior[k])}` : "";
      cell.setAttribute("aria-label", `cell ${k + 1}: ${signs[k] || "free"}${told && free ? `, ${percent(share[k])}` : ""}`);
    });
    curve.redraw();
  }
  listen(model, status, show, "change:scene", "change:values");
}

const CSS = `
.nn-living .nn-game { display: flex; flex-wrap: wrap; gap: 12px 28px; align-items: flex-start; }
.nn-living .nn-board { display: grid; grid-template-columns: repeat(3, 88px); grid-auto-rows: 88px; gap: 4px; }
.nn-living button.cell { font: 700 40px/1 system-ui, sans-serif; padding: 0; color: var(--nn-ink); opacity: 1;
  background: rgb(230 159 0 / calc(var(--share, 0) * 75%)); }
.nn-living button.cell.X { color: #d55e00; }
.nn-living button.cell.O { color: #0072b2; }
.nn-living button.cell:hover:enabled { border-color: #d55e00; }
.nn-living button.cell small { font: 14px system-ui, sans-serif; color: var(--nn-ink); }
.nn-living .nn-hopes { flex: 1 1 280px; max-width: 460px; }
`;

// -- without a kernel ------------------------------------------------------------------------------------------------

export function alone(model) {
  const { networks, lines } = model.get("page");
  const nets = Object.fromEntries(Object.entries(networks).map(([name, packed]) => [name,
    Object.fromEntries(Object.entries(packed).map(([key, text]) => [key, Float64Array.from(new Float32Array(bytes(text).buffer))]))]));
  const signed = (v) => `${v < -0.005 ? "−" : "+"}${Math.abs(v).toFixed(2)}`;
  function update() {
    const v = model.get("values"), net = v.opponent === NOBODY ? null : nets[v.opponent];
    const { moves, won, hopes, thought } = play(v.moves, v.begins, net, v.simulations, lines);
    const signs = Array(CELLS).fill("");
    moves.forEach((cell, k) => { signs[cell] = (k % 2 === 0) === (v.begins === YOU) ? "X" : "O"; });
    if (thought) {
      const best = thought.share.indexOf(Math.max(...thought.share)), how = v.simulations ? `${v.simulations} simulations` : "no search";
      model.set("sentence", `Your turn. With ${how} it expects ${signed(hopes.at(-1))} for you (1: you win, −1: it wins), and would play cell `
        + `${best + 1} in your place, with ${Math.round(100 * thought.share[best])} %.`);
    } else model.set("sentence", `${{ [YOU]: "You have won.", it: "It has won.", "": "A draw." }[won]} Take a move back, or begin again.`);
    const none = Array(CELLS).fill(0);
    model.set("scene", { signs, hopes, over: !thought, prior: thought?.prior ?? none, share: thought?.share ?? none });
  }
  model.on("change:values", update);
  update();
}
