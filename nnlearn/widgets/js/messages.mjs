// Two labels spread through a graph: the reader plays rounds, points at a node, and sees who sends it what and how far it is heard.
import { chart, charts, follow, hand, hold, pull } from "./chart.mjs";
import { board, colours, dress, element, field, general, numbers, player, put, signedTable } from "./living.mjs";

const [BLUE, VERMILION, GREEN, PACE, NEAR] = ["#0072B2", "#D55E00", "#009E73", 200, 24]; // ms a round; pixels that a node is pointed at from
const INVITE = "Point at a node or press it: arrows show the messages that it gets next, and nodes that hold nothing of its first number fade.";

/** A number as `general` writes it, with a true minus and, above 0, a plus. */
const signed = (v) => `${v > 0 ? "+" : ""}${general(v)}`.replaceAll("-", "−");

/** The nodes whose first numbers are in that of `node` after some rounds, and, as links go both ways, its own in theirs. */
export function reached({ source, target }, node, rounds, returns, n) {
  let held = Array(n).fill(false);
  held[node] = true;
  for (let r = 0; r < rounds; r++) {
    const next = Array(n).fill(false);
    source.forEach((from, k) => { if (held[from]) next[target[k]] = true; });
    next[node] ||= returns;
    held = next;
  }
  return held;
}

export function render({ model, el }) {
  dress(el);
  let [last, over, pressed] = [0, null, null];
  const values = () => model.get("values"), scene = () => model.get("scene"), rounds = () => scene().sizes.length - 1;
  const place = charts(), status = element("div", { role: "status", "aria-live": "polite" });
  place.classList.add("nn-messages");
  const hint = element("div", { class: "hint two", "aria-live": "polite" });
  const aloud = (how) => { for (const said of [status, hint]) said.setAttribute("aria-live", how); };
  const play = player(el, (now) => {
    aloud("off"); // a screen reader does not read every round
    if (now - last < PACE) return true;
    last = now;
    put(model, "round", Math.min(values().round + 1, rounds()));
    return values().round < rounds();
  }, () => aloud("polite"));
  play.button.addEventListener("click", () => { if (play.playing() && values().round >= rounds()) put(model, "round", 0); });
  el.append(
    element("style", {}, CSS),
    element("div", { class: "nn-row" }, play.button, ...["round", "graph", "known", "back", "scale", "loops"].map((name) => field(model, name))),
    place, status, hint,
  );

  // -- the graph ---------------------------------------------------------------------------------------------------
  const looked = () => { const node = over ?? pressed; return node < scene().places.length ? node : null; };
  const row = (round) => { const n = scene().places.length; return Array.from(numbers(scene().history).subarray(round * n, (round + 1) * n)); };
  /** What a node hears in the next round: [from, weight, number], and what that makes of it. */
  function heard(node) {
    const { source, target, weight, sizes } = scene(), { round, back } = values(), z = row(round);
    const messages = source.flatMap((from, k) => (target[k] === node ? [[from, weight[k], sizes[round] * z[from]]] : []));
    return [messages, (1 - back) * messages.reduce((sum, [, w, v]) => sum + w * v, 0) + back * sizes[0] * row(0)[node]];
  }
  /** Where the nodes stand on a board of that size. */
  function spots(width, height) {
    const high = height - 44, wide = Math.min(width - 44, 1.35 * high), left = (width - wide) / 2;
    return scene().places.map(([x, y]) => [left + wide * x, height - 22 - high * y]);
  }
  const circle = (pen, [x, y], radius) => { pen.beginPath(); pen.arc(x, y, radius, 0, 7); };

  function drawGraph(pen, width, height) {
    const { source, target, known } = scene(), c = colours(el), at = spots(width, height), z = row(values().round), node = looked();
    const table = new Uint8Array(signedTable(c.paper).buffer), size = width < 420 ? 8.5 : 10, far = node === null ? [] : faint(node);
    Object.assign(pen, { strokeStyle: c.faint, lineWidth: 1, lineCap: "round" });
    pen.beginPath();
    source.forEach((from, k) => { if (from < target[k]) { pen.moveTo(...at[from]); pen.lineTo(...at[target[k]]); } });
    pen.stroke();
    if (node !== null) drawMessages(pen, c, at, node, size);
    at.forEach((spot, k) => {
      const shade = [...table.subarray(4 * Math.round(127.5 * (1 + z[k]))).subarray(0, 3)];
      circle(pen, spot, size);
      pen.fillStyle = c.paper;
      pen.fill(); // nothing shines through a node that is faint
      pen.globalAlpha = far[k] ? 0.22 : 1;
      Object.assign(pen, { fillStyle: `rgb(${shade})`, strokeStyle: c.quiet, lineWidth: 1 });
      pen.fill(); pen.stroke();
      Object.assign(pen, { fillStyle: shade[0] + 2 * shade[1] < 400 ? "#fff" : "#1a1a1a", font: "600 12px system-ui, sans-serif", textAlign: "center", textBaseline: "middle" });
      if (z[k]) pen.fillText(z[k] > 0 ? "+" : "−", ...spot);
      if (known.includes(k)) { circle(pen, spot, size + 3.5); Object.assign(pen, { strokeStyle: c.ink, lineWidth: 2 }); pen.stroke(); }
      pen.globalAlpha = 1;
    });
    if (node === null) return;
    circle(pen, at[node], size + 3.5);
    Object.assign(pen, { strokeStyle: c.ink, lineWidth: 3 });
    pen.stroke();
  }
  const faint = (node) => reached(scene(), node, values().round, values().back > 0, scene().places.length).map((held) => !held);

  /** An arrow from each sender, its colour the number's side and its width what it adds. */
  function drawMessages(pen, c, at, node, size) {
    const [messages] = heard(node), most = Math.max(...messages.map(([, w, v]) => Math.abs(w * v)), 1e-300), [x, y] = at[node];
    for (const [from, w, v] of messages) {
      const colour = v ? (v > 0 ? VERMILION : BLUE) : c.quiet, width = 1.4 + (3.6 * Math.abs(w * v)) / most;
      Object.assign(pen, { strokeStyle: colour, fillStyle: colour, lineWidth: width });
      pen.setLineDash(v ? [] : [3, 4]);
      if (from === node) { // to itself: a loop on its shoulder
        circle(pen, [x + size, y - size], size);
        pen.stroke();
        continue;
      }
      const [dx, dy] = [x - at[from][0], y - at[from][1]], long = Math.hypot(dx, dy) || 1, [ux, uy] = [dx / long, dy / long];
      const tip = size + 5, head = 5 + 1.6 * width, end = (along, aside) => [x - ux * (tip + along) - uy * aside, y - uy * (tip + along) + ux * aside];
      pen.beginPath(); pen.moveTo(...at[from]); pen.lineTo(...end(head * 0.8, 0)); pen.stroke();
      pen.beginPath();
      for (const corner of [end(0, 0), end(head, head * 0.45), end(head, -head * 0.45)]) pen.lineTo(...corner);
      pen.fill();
    }
    pen.setLineDash([]);
  }
  const graph = board(place, "the graph: point at a node to see its messages, or go from node to node with the arrow keys",
    (width) => Math.round(Math.max(270, Math.min(340, 0.8 * width))), drawGraph);

  function tell() {
    const node = looked(), { round } = values();
    graph.redraw();
    if (node === null) { hint.textContent = INVITE; return; }
    const [messages, next] = heard(node), n = scene().places.length, held = n - faint(node).filter(Boolean).length, now = scene().sizes[round] * row(round)[node], own = messages.some(([from]) => from === node);
    const count = (test, word) => { const k = messages.filter(([, , v]) => test(v)).length; return k ? [`${k} ${word}`] : []; };
    const says = [...count((v) => v > 0, "+"), ...count((v) => v < 0, "−"), ...count((v) => v === 0, "nothing")].join(", ");
    hint.textContent = `Node ${node} holds ${signed(now)}. In round ${round + 1} it gets ${messages.length} message${messages.length === 1 ? "" : "s"}`
      + `${own ? ", its own included" : ""} (${says || "none"}), and will hold ${signed(next)}. `
      + `So far its first number is mixed into those of ${held === n ? "all" : `${held} of the`} ${n} nodes, and theirs into its own.`;
  }
  function nearest([px, py]) {
    const away = spots(graph.canvas.clientWidth, graph.canvas.clientHeight).map(([x, y]) => Math.hypot(x - px, y - py)), least = Math.min(...away);
    return least <= NEAR ? away.indexOf(least) : null;
  }
  hand(graph, (spot, first) => {
    if (!first) return false;
    const node = nearest(spot);
    pressed = node === pressed ? null : node; // pressed again it is let go
    tell();
    return false;
  }, (dx, dy) => {
    const n = scene().places.length;
    [over, pressed] = [null, pressed === null ? 0 : (pressed + (dx || -dy) + n) % n];
    tell();
  });
  graph.canvas.style.cursor = "pointer";
  graph.canvas.addEventListener("keydown", (event) => { if (event.key === "Escape") { pressed = over = null; tell(); } });
  const point = (node) => { if (node !== over) { over = node; tell(); } };
  graph.canvas.addEventListener("pointermove", (event) => { if (event.pointerType === "mouse") point(nearest(graph.place(event))); });
  graph.canvas.addEventListener("pointerleave", () => point(null));

  // -- all rounds --------------------------------------------------------------------------------------------------
  const curves = chart(place, "all rounds: drag to a round, or move with the arrow keys", 320, (width) => ({
    title: "", x: { from: 0, to: rounds(), ticks: [0, 20, 40, 60, 80], label: "rounds" },
    y: { from: -0.03, to: 1.05, ticks: [0, 0.2, 0.4, 0.6, 0.8, 1] },
    legend: [[width < 340 ? "on own side" : "unknown on their own side", GREEN], [width < 340 ? "spread" : "spread: 0 is all alike", colours(el).quiet]],
  }), ({ c, line, dot }) => {
    const { right, apart } = scene(), { round } = values(), x = right.map((_, k) => k), spread = apart.map((v) => Math.min(v, 1));
    line([round, round], [-1, 2], { colour: c.quiet, width: 1.4, dash: [2, 4] });
    for (const [curve, colour] of [[spread, c.quiet], [right, GREEN]]) {
      line(x, curve, { colour });
      dot(round, curve[round], colour, 5);
    }
  });
  hold(curves, ([round]) => { play.stop(); pull(model, { round }); }, ([right, up]) => pull(model, { round: values().round + (right || up) }));
  follow(model, status, [curves]);
  for (const event of ["change:scene", "change:values"]) model.on(event, tell);
  tell();
  return play.stop;
}

const CSS = `
.nn-living .nn-messages { grid-template-columns: repeat(auto-fit, minmax(min(100%, 345px), 1fr)); }
.nn-living .hint.two { min-height: 2.7em; }
`;

// -- without a kernel ------------------------------------------------------------------------------------------------

/** Every round's numbers, divided by the largest of each, `sizes`; with the messages, their weights, who is known, and two curves. */
export function study({ graph, known, back, scale, loops }, { graphs, scales, rounds, tie }) {
  const { links, y, places } = graphs[graph], n = y.length, hears = y.map((_, i) => (loops ? [i] : []));
  for (const [i, j] of links) { hears[i].push(j); hears[j].push(i); }
  for (const from of hears) from.sort((a, b) => a - b);
  const weigh = [(i, j) => 1 / Math.sqrt(hears[i].length * hears[j].length), (i) => 1 / hears[i].length, () => 1][scales.indexOf(scale)];
  const weights = hears.map((from, i) => from.map((j) => weigh(i, j)));
  const loudest = (side) => [...y.keys()].filter((i) => y[i] === side).sort((a, b) => hears[b].length - hears[a].length || a - b);
  const who = [0, 1].flatMap((side) => loudest(side).slice(0, known)), start = y.map((side, i) => (who.includes(i) ? 2 * side - 1 : 0));
  const history = new Float64Array((rounds + 1) * n), sizes = [], right = [], apart = [];
  let z = start;
  for (let r = 0; r <= rounds; r++) {
    const size = Math.max(...z.map(Math.abs), 1e-300), shown = z.map((v) => (Math.abs(v) < tie * size ? 0 : v / size));
    const mean = shown.reduce((s, v) => s + v, 0) / n, norm = (list) => Math.sqrt(list.reduce((s, v) => s + v * v, 0));
    history.set(shown, r * n);
    sizes.push(size);
    right.push(shown.filter((v, i) => !who.includes(i) && Math.sign(v) === 2 * y[i] - 1).length / (n - who.length));
    apart.push(norm(shown) ? norm(shown.map((v) => v - mean)) / norm(shown) : 0);
    z = hears.map((from, i) => (1 - back) * from.reduce((s, j, k) => s + weights[i][k] * z[j], 0) + back * start[i]);
  }
  const target = hears.flatMap((from, i) => from.map(() => i));
  return { places, known: who, source: hears.flat(), target, weight: weights.flat(), sizes, history, right, apart };
}

export function alone(model) {
  let before = "", found;
  function update() {
    const { round, ...settings } = model.get("values"), key = JSON.stringify(settings), page = model.get("page");
    if (key !== before) model.set("scene", (found = study(settings, page)));
    before = key;
    const n = found.places.length, unknown = n - found.known.length, silent = found.history.subarray(round * n, (round + 1) * n).filter((v) => v === 0).length;
    model.set("sentence", `After ${round} round${round === 1 ? "" : "s"} ${Math.round(found.right[round] * unknown)} of ${unknown} unknown nodes lean to `
      + `their own side, ${silent} hear nothing or a tie; the numbers' spread is ${found.apart[round].toFixed(2)}.`);
  }
  model.on("change:values", update);
  update();
}
