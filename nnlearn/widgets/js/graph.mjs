// An expression as a graph and as a tape: the reader types it, drags its variables and steps through the backward pass.
import { follow, hand, pull } from "./chart.mjs";
import { board, colours, dress, element, field, general, player, put, rgb } from "./living.mjs";

const [BLUE, VERMILION, ORANGE, GREY] = ["#0072B2", "#D55E00", "#E69F00", "#9A9A9A"], PACE = 900; // ms a step
const INVITE = "Drag x, w or b sideways to change it; press an operation, or its line of the tape, to see it send its gradients.";

/** Three digits at most; what is nearly zero is 0. */
export function short(value) {
  if (value == null) return "";
  if (!Number.isFinite(value)) return "undefined";
  const tie = Math.abs(value).toExponential(60).match(/^(\d\.\d[02468])50*(e.*)$/); // Python rounds it to the even digit
  const near = Math.abs(value) < 5e-4 ? 0 : tie ? Math.sign(value) * Number(tie[1] + tie[2]) : value;
  return general(near).replace(/e\+?(-?)0*/, "e$1").replaceAll("-", "−");
}

/** What each line of a tape is called: x, 2, or v1 for the first operation. */
const called = ({ names, inputs }) => { let n = 0; return names.map((name, k) => (inputs[k].length ? `v${++n}` : name)); };
/** A line as it is read: x, or v2 = v1 + b. */
function line(tape, k) {
  const own = called(tape), { names, inputs } = tape, operands = inputs[k].map((i) => own[i]);
  if (!operands.length) return names[k];
  return `${own[k]} = ${operands.length === 2 ? operands.join(` ${names[k]} `) : `${names[k]}(${operands[0]})`}`;
}
/** The operations in the order in which they send. */
const senders = ({ inputs }) => inputs.map((_, k) => k).filter((k) => inputs[k].length).reverse();

// -- where the nodes stand: nnlearn/figures/layout.py ------------------------------------------------------------------

const mean = (list) => list.reduce((sum, v) => sum + v, 0) / list.length;

/** [places, [[node, slot, bends]]]: inputs left, the output right, constants right before their use. */
export function arranged(inputs, constants) {
  const column = [];
  for (const sources of inputs) column.push(1 + Math.max(-1, ...sources.map((i) => column[i])));
  inputs.forEach((sources, k) => { for (const i of sources) if (constants.includes(i)) column[i] = column[k] - 1; });
  const chains = inputs.flatMap((sources, k) => sources.map((i, slot) => {
    const between = Array.from({ length: Math.max(0, column[k] - column[i] - 1) }, (_, n) => `${k},${slot},${column[i] + 1 + n}`);
    return [k, slot, [i, ...between, k]];
  }));
  const neighbours = new Map(inputs.map((_, k) => [k, []])), of = (p) => neighbours.get(p) ?? neighbours.set(p, []).get(p);
  for (const [, , chain] of chains) chain.slice(1).forEach((there, n) => { of(chain[n]).push(there); of(there).push(chain[n]); });
  const columns = Array.from({ length: Math.max(...column) + 1 }, () => []);
  for (const p of neighbours.keys()) columns[typeof p === "number" ? column[p] : Number(p.split(",")[2])].push(p);
  const height = new Map(columns.flatMap((places) => places.map((p, row) => [p, row])));
  for (let sweep = 0; sweep < 12; sweep++) {
    for (const places of sweep % 2 ? columns : [...columns].reverse()) {
      const wish = new Map(places.map((p) => [p, mean((of(p).length ? of(p) : [p]).map((q) => height.get(q)))]));
      places.sort((a, b) => wish.get(a) - wish.get(b));
      let most = -Infinity;
      const apart = places.map((p, row) => (most = Math.max(most, wish.get(p) - row)) + row), middle = mean(places.map((p) => wish.get(p)));
      places.forEach((p, row) => height.set(p, apart[row] + middle - mean(apart))); // rounded as there: it decides ties
    }
  }
  const at = new Map(columns.flatMap((places, x) => places.map((p) => [p, [x, -height.get(p)]])));
  return [inputs.map((_, k) => at.get(k)), chains.map(([k, slot, chain]) => [k, slot, chain.map((p) => at.get(p))])];
}

/** Points of an edge: level at each place of its path; bowed where two edges join the same nodes. */
const bent = (path, bow) => path.slice(1).flatMap(([bx, by], n) => Array.from({ length: 13 }, (_, j) => {
  const [ax, ay] = path[n], t = j / 12;
  return [ax + (bx - ax) * t, ay + (by - ay) * (3 * t * t - 2 * t ** 3) + bow * Math.sin(Math.PI * t)];
}));

// -- the view ------------------------------------------------------------------------------------------------------------

export function render({ model, el }) {
  dress(el);
  let [last, spots, over, held] = [0, [], null, null];
  const values = () => model.get("values"), scene = () => model.get("scene"), count = () => senders(scene()).length;
  const go = (step) => put(model, "step", Math.max(0, Math.min(count(), step)));
  const status = element("div", { role: "status", "aria-live": "polite" }), hint = element("div", { class: "hint", "aria-live": "polite" }, INVITE);
  const play = player(el, (now) => {
    status.setAttribute("aria-live", "off"); // a screen reader does not read every step
    if (now - last < PACE) return true;
    last = now;
    go(values().step + 1);
    return values().step < count();
  }, () => status.setAttribute("aria-live", "polite"));
  play.button.addEventListener("click", () => { if (play.playing() && values().step >= count()) go(0); });
  const by = (way) => { play.stop(); go(Math.min(values().step, count()) + way); };
  const button = (name, way) => element("button", { type: "button", click: () => by(way) }, name);
  const steps = { // the slider ends with the expression's last operation
    get: (name) => (name === "controls" ? model.get(name).map((c) => (c.name === "step" ? { ...c, max: count() } : c)) : model.get(name)),
    set: (name, value) => model.set(name, value), save_changes: () => model.save_changes(), on: (event, f) => model.on(event, f),
  };
  const left = element("div"), rows = element("tbody");
  const head = ["tape", "value", "gradient"].map((name) => element("th", { scope: "col" }, name));
  el.append(
    element("style", {}, LOOKS),
    element("div", { class: "nn-row nn-typed" }, ...["example", "expression", "x", "w", "b"].map((name) => field(model, name))),
    element("div", { class: "nn-row" }, play.button, button("Back", -1), button("Step", 1), field(steps, "step"), field(model, "overwrite")),
    element("div", { class: "nn-graph" }, left, element("table", {}, element("thead", {}, element("tr", {}, ...head)), rows)), status, hint,
  );
  const placed = () => arranged(scene().inputs, scene().constants);
  const graph = board(left, "the graph: drag a variable, press an operation, or step with the arrow keys", () => {
    const heights = placed()[0].map(([, y]) => y);
    return Math.round(Math.max(250, Math.min(400, 84 * (Math.max(...heights) - Math.min(...heights) + 1.3))));
  }, drawGraph);

  function drawGraph(pen, width, height) {
    const { names, inputs, constants, sent } = scene(), { values: value, grads } = scene(), c = colours(el), [places, edges] = placed();
    const [xs, ys] = [0, 1].map((i) => places.map((place) => place[i])), [low, high, right] = [Math.min(...ys), Math.max(...ys), Math.max(...xs)];
    const wide = width / (right + 1), tall = (height - 74) / Math.max(high - low, 1e-9), red = rgb(c.paper)[0] < 128 ? "#F28C38" : VERMILION;
    const spot = ([x, y]) => [(x + 0.5) * wide, high > low ? 24 + (high - y) * tall : height / 2 - 14 - y];
    const size = wide < 62 ? 11 : 13, now = senders(scene())[scene().done - 1], flows = [], gone = new Map(sent.map(([k, slot, word]) => [`${k},${slot}`, word]));
    const say = (words, px, py, ink, { weight = 400, box = false, font = size } = {}) => {
      Object.assign(pen, { font: `${weight} ${font}px system-ui, sans-serif`, textAlign: "center", textBaseline: "middle" });
      const half = pen.measureText(words).width / 2 + 3;
      if (box) { pen.fillStyle = c.paper; pen.fillRect(px - half, py - font * 0.65, 2 * half, font * 1.3); }
      pen.fillStyle = ink;
      pen.fillText(words, px, py);
    };
    for (const [k, slot, path] of edges) {
      const twin = inputs[k].filter((i) => i === inputs[k][slot]).length > 1, word = gone.get(`${k},${slot}`);
      const curve = bent(path.map(spot), twin ? (slot ? -22 : 22) : 0), lit = over !== null && (over === k || over === inputs[k][slot]);
      Object.assign(pen, { strokeStyle: word === undefined ? GREY : VERMILION, lineWidth: k === now && word !== undefined ? 4 : lit ? 3 : 1.6, lineJoin: "round" });
      pen.beginPath();
      for (const point of curve) pen.lineTo(...point);
      pen.stroke();
      if (word === undefined) continue;
      const stands = [0.5, 0.66, 0.33].map((along) => curve[Math.round(along * (curve.length - 1))]);
      flows.push([...(stands.find(([x, y]) => !flows.some(([px, py]) => Math.abs(px - x) < 44 && Math.abs(py - y) < 15)) ?? stands[0]), word]);
    }
    for (const [x, y, word] of flows) say(word, x, y, red, { box: true, font: size - 1 });
    spots = places.map(spot);
    spots.forEach(([x, y], k) => {
      pen.font = `400 ${size}px system-ui, sans-serif`;
      const half = Math.max(17, pen.measureText(names[k]).width / 2 + 8);
      pen.beginPath(); pen.roundRect(x - half, y - 17, 2 * half, 34, 17);
      for (const face of [c.paper, constants.includes(k) ? c.paper : inputs[k].length ? "#E69F0040" : "#0072B238"]) { pen.fillStyle = face; pen.fill(); }
      Object.assign(pen, { strokeStyle: k === now ? ORANGE : k === over ? c.ink : GREY, lineWidth: k === now ? 3.5 : 2 });
      pen.stroke();
      say(names[k], x, y, c.ink, { font: size + (names[k].length < 4 ? 2 : 0) });
      if (!constants.includes(k)) say(value[k], x, y + 25, c.ink, { box: true, font: size - 1 });
      if (grads[k]) say(grads[k], x, y + 39, red, { box: true, weight: 700, font: size - 1 });
    });
  }

  /** The tape beside it, each operation's line to be pressed. */
  function write() {
    const { inputs, constants, values: value, grads, done, title } = scene(), order = senders(scene());
    graph.canvas.setAttribute("aria-description", title);
    rows.replaceChildren(...inputs.map((_, k) => k).filter((k) => !constants.includes(k)).map((k) => element("tr", {
      class: k === order[done - 1] ? "now" : null, "aria-current": k === order[done - 1] ? "step" : null,
      click: () => press(k), pointerenter: () => turn(k), pointerleave: () => turn(null),
    }, ...[line(scene(), k), value[k], grads[k]].map((word) => element("td", {}, word)))));
  }
  const press = (k) => {
    const at = senders(scene()).indexOf(k);
    if (at >= 0) { play.stop(); go(at + 1); }
  };
  /** The node that is pointed at tells its local slopes. */
  function tell() {
    const { inputs, names, constants, slopes, values: value } = scene(), own = called(scene());
    if (over === null || over >= inputs.length || constants.includes(over)) { hint.textContent = INVITE; return; }
    if (!inputs[over].length) {
      const users = inputs.flatMap((sources, k) => (sources.includes(over) ? [own[k]] : []));
      hint.textContent = `${names[over]} = ${value[over]} is used in ${users.join(" and ")}: ${users.length > 1 ? "its gradient is the sum of what they send" : "its gradient is what that sends"}. Drag it sideways.`;
      return;
    }
    const twice = new Set(inputs[over]).size < inputs[over].length;
    const derivative = (i, slot) => `∂${own[over]}/∂${own[i]}${twice ? ` through the ${["first", "second"][slot]} place` : ""}`;
    const each = inputs[over].flatMap((i, slot) => (constants.includes(i) ? [] : [`${derivative(i, slot)} = ${slopes[over][slot]}`]));
    hint.textContent = `${line(scene(), over)} = ${value[over]}. Local slope${each.length > 1 ? "s" : ""}: ${each.join(", ")}. It sends ${each.length > 1 ? "each" : "that"} times its own gradient.`;
  }
  const turn = (k) => { if (k !== over) { over = k; tell(); graph.redraw(); } };

  // -- the reader's hand -------------------------------------------------------------------------------------------------
  const nearest = ([px, py]) => {
    const away = spots.map(([x, y]) => Math.hypot(x - px, y - py)), least = Math.min(...away);
    return least < 32 && !scene().constants.includes(away.indexOf(least)) ? away.indexOf(least) : null;
  };
  hand(graph, (place, first) => {
    if (first) {
      const k = nearest(place);
      turn(k);
      if (k === null) return false;
      if (scene().inputs[k].length) { press(k); return false; }
      held = { name: scene().names[k], from: place[0], value: values()[scene().names[k]] };
      return true;
    }
    return pull(model, { [held.name]: held.value + (place[0] - held.from) / 40 });
  }, (dx, dy) => by(dx + dy));
  graph.canvas.addEventListener("pointermove", (event) => {
    if (event.buttons) return;
    turn(nearest(graph.place(event)));
    graph.canvas.style.cursor = over === null ? "default" : scene().inputs[over].length ? "pointer" : "ew-resize";
  });
  graph.canvas.addEventListener("pointerleave", ({ pointerType }) => { if (pointerType === "mouse") turn(null); });
  model.on("change:scene", write);
  model.on("change:scene", tell);
  write();
  follow(model, status, [graph]);
  return play.stop;
}

const LOOKS = `
.nn-living .nn-graph { display: grid; grid-template-columns: minmax(0, 1.9fr) minmax(0, 1fr); gap: 4px 14px; align-items: center; margin-bottom: 6px; }
.nn-living .nn-graph table { width: 100%; margin: 0; border-collapse: collapse; font-size: 16px; font-variant-numeric: tabular-nums; background: none; color: var(--nn-ink); }
.nn-living .nn-graph :is(th, td) { padding: 1px 6px; text-align: right; border: 0; background: none; color: var(--nn-ink); white-space: nowrap; }
.nn-living .nn-graph :is(th, td):first-child { text-align: left; }
.nn-living .nn-graph td:last-child { font-weight: 700; }
.nn-living .nn-graph tbody tr { background: none; cursor: pointer; }
.nn-living .nn-graph tbody tr:hover { background: #0072b226; }
.nn-living .nn-graph tr.now { background: #e69f0040; }
.nn-living .nn-typed input[type=range] { width: 84px; }
.nn-living .nn-typed .value { min-width: 2.2em; }
.nn-living .nn-typed input[type=text] { font: 13px/1.4 monospace; width: 180px; min-height: 28px; padding: 2px 8px; color: var(--nn-ink); background: var(--nn-paper); border: 1px solid var(--nn-quiet); border-radius: 4px; }
@media (max-width: 760px) { .nn-living .nn-graph { grid-template-columns: minmax(0, 1fr); } }
`;

// -- without a kernel ----------------------------------------------------------------------------------------------------

const squashed = (x) => 1 / (1 + Math.exp(-Math.max(x, -700)));
/** name: [value(a, b), the slopes (y, a, b) for each operand] */
const OPERATIONS = {
  "+": [(a, b) => a + b, () => 1, () => 1], "−": [(a, b) => a - b, () => 1, () => -1],
  "×": [(a, b) => a * b, (y, a, b) => b, (y, a) => a], "÷": [(a, b) => a / b, (y, a, b) => 1 / b, (y, a, b) => -y / b],
  "**": [(a, b) => a ** b, (y, a, b) => b * a ** (b - (b !== 0)), (y, a) => y * Math.log(a === 0 ? 1 : a)],
  neg: [(a) => -a, () => -1], exp: [Math.exp, (y) => y], log: [Math.log, (y, a) => 1 / a], sqrt: [Math.sqrt, (y) => 1 / (2 * y)],
  sin: [Math.sin, (y, a) => Math.cos(a)], cos: [Math.cos, (y, a) => -Math.sin(a)], tanh: [Math.tanh, (y) => 1 - y * y],
  sigmoid: [squashed, (y) => y * (1 - y)], relu: [(a) => Math.max(a, 0), (y) => Number(y !== 0)],
  softplus: [(a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a))), (y, a) => squashed(a)],
};
const SIGNS = { "+": "+", "-": "−", "*": "×", "/": "÷", "**": "**" };
const WORD = /\s*(?:((?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)|([\p{L}_][\p{L}\d_]*)|('[^']*'|"[^"]*")|(\*\*|\/\/|[-+*/%@(),.]))/iuy;

/** The tree of an expression, as Python reads it: {kind, from, to, …}. */
function tree(text, unread, refuse) {
  const words = [];
  WORD.lastIndex = 0;
  for (let at = 0; text.slice(at).trim(); at = WORD.lastIndex) {
    const found = WORD.exec(text);
    if (!found) throw /[<>&|~:[{]|[=!]=/.test(text) ? refuse(text) : unread;
    const [whole, number, name, string, sign] = found, to = at + whole.length;
    words.push({ number, name, string, sign, from: to - whole.trimStart().length, to });
  }
  let next = 0;
  const is = (...signs) => signs.includes(words[next]?.sign) && words[next].sign, end = () => words[next - 1].to;
  const take = () => { if (next >= words.length) throw unread; return words[next++]; };
  const close = () => { if (take().sign !== ")") throw unread; };
  const chain = (below, ...signs) => () => {
    const { from } = words[next] ?? {};
    let node = below();
    for (let sign; (sign = is(...signs)); ) { next++; node = { kind: "two", sign, of: [node, below()], from, to: end() }; }
    return node;
  };
  const sum = chain(chain(signed, "*", "/", "//", "%", "@"), "+", "-");
  function signed() {
    const { from } = words[next] ?? {}, sign = is("+", "-");
    if (!sign) return power();
    next++;
    return { kind: "one", sign, of: [signed()], from, to: end() };
  }
  function power() {
    const { from } = words[next] ?? {}, base = called_();
    if (!is("**")) return base;
    next++;
    return { kind: "two", sign: "**", of: [base, signed()], from, to: end() };
  }
  function called_() {
    const { from } = words[next] ?? {};
    let node = atom();
    for (;;) {
      if (is(".")) {
        next++;
        if (!take().name) throw unread;
        node = { kind: "other", from, to: end() };
      } else if (is("(")) {
        const of = [];
        for (next++; !is(")"); ) {
          const star = words[next]?.from;
          if (is("*")) { next++; sum(); of.push({ kind: "other", from: star, to: end() }); } else of.push(sum());
          if (!is(")") && take().sign !== ",") throw unread;
        }
        next++;
        node = { kind: node.kind === "name" ? "call" : "other", name: node.name, of, from, to: end() };
      } else return node;
    }
  }
  function atom() {
    const { number, name, string, sign, from, to } = take();
    if (number) return { kind: "number", value: Number(number), from, to };
    if (name && !["True", "False", "None"].includes(name)) return { kind: "name", name, from, to };
    if (name || string) return { kind: "other", from, to };
    if (sign !== "(") throw unread;
    const node = sum();
    close();
    return node;
  }
  const whole = sum();
  if (next < words.length) throw unread;
  return whole;
}

/** {names, inputs, constants, numbers}: the tape of an expression, operands before what uses them. Throws an Error that says what is wrong. */
export function recorded(given, { variables, functions, longest, most }) {
  const text = given.trim(), tape = { names: [], inputs: [], numbers: [] }, known = {}, wrong = (words) => new Error(words);
  const refuse = (part) => wrong(`“${part}” is no arithmetic: use x, w, b, numbers, + − * / ** and functions`);
  if (!text) throw wrong("The field is empty: type an expression such as x * x + w");
  if ([...text].length > longest) throw wrong(`That is ${[...text].length} letters long; ${longest} fit`);
  if (text.includes("^")) throw wrong("A power is written **, as in x**2");
  const add = (name, inputs = [], number = null) => { tape.names.push(name); tape.inputs.push(inputs); tape.numbers.push(number); return tape.names.length - 1; };
  const put_ = ({ kind, name, value, sign, of, from, to }) => {
    if (kind === "name") {
      if (!variables.includes(name)) throw wrong(`“${name}” is not known here: the variables are ${variables.join(", ")}`);
      return known[name] ??= add(name);
    }
    if (kind === "number") {
      if (!(Math.abs(value) <= 1000)) throw wrong("Numbers from −1000 to 1000 are enough here");
      return add(short(value), [], value);
    }
    if (kind === "one" && sign === "-" && of[0].kind === "number") return put_({ ...of[0], value: -of[0].value });
    if (kind === "one" && sign === "+") return put_(of[0]);
    if (kind === "call" && !functions.includes(name)) throw wrong(`The function “${name}” is not known here: there are ${functions.join(", ")}`);
    if (kind === "call" && of.length !== 1) throw wrong(`${name} takes one argument, as in ${name}(x)`);
    const does = kind === "one" ? "neg" : kind === "call" ? name : kind === "two" && SIGNS[sign];
    if (!does) throw refuse(text.slice(from, to));
    return add(does, of.map(put_));
  };
  put_(tree(text, wrong(`“${text}” cannot be read: is a bracket open, or an operator missing?`), refuse));
  const count = tape.inputs.filter((of) => of.length).length;
  if (count > most) throw wrong(`That takes ${count} operations; ${most} fit into the picture`);
  if (!count) throw wrong("There is nothing to compute: use an operation, as in x * w");
  if (!tape.names.some((name) => variables.includes(name))) throw wrong("There is no variable in it: use x, w or b");
  return { ...tape, constants: tape.numbers.flatMap((v, k) => (v === null ? [] : [k])) };
}

/** Values forward, then gradients back over the last `step` operations: {values, slopes, grads, sent, done}. */
export function passes({ names, inputs, numbers, constants }, settings) {
  const values = [], slopes = [];
  names.forEach((name, k) => {
    const [value, ...rules] = OPERATIONS[name] ?? [], operands = inputs[k].map((i) => values[i]);
    values.push(operands.length ? value(...operands) : numbers[k] ?? settings[name]);
    slopes.push(operands.map((_, slot) => rules[slot](values[k], ...operands)));
  });
  const grads = names.map((_, k) => (k === names.length - 1 ? 1 : null)), sent = [];
  const sending = senders({ inputs }).slice(0, values.every(Number.isFinite) ? settings.step : 0);
  for (const k of sending) inputs[k].forEach((i, slot) => {
    if (constants.includes(i)) return;
    const g = (grads[k] ?? 0) * slopes[k][slot];
    sent.push([k, slot, g]);
    grads[i] = settings.overwrite || grads[i] === null ? g : grads[i] + g;
  });
  return { values, slopes, grads, sent, done: sending.length };
}

/** The sentence: what is wrong, or what has been sent. */
export function told(tape, expression, problem, { values, grads, sent, done }, overwrite, variables) {
  const { names, inputs } = tape, order = senders(tape), count = order.length;
  if (problem) return `${problem}${problem.endsWith("?") ? "" : "."} The graph still shows ${expression}.`;
  const bad = values.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0) return `The operation ${names[bad]} has no value (or one too large) at ${inputs[bad].map((i) => short(values[i])).join(" and ")}: move a slider.`;
  if (grads.some((g) => g !== null && !Number.isFinite(g))) return `${expression} has a value here but no slope: an operation is infinitely steep.`;
  if (!done) return `Forward pass done: ${count} operations, the result is ${short(values.at(-1))}. The gradient starts with 1 at the output.`;
  const found = names.flatMap((name, k) => (variables.includes(name) && grads[k] !== null ? [`∂/∂${name} = ${short(grads[k])}`] : [])).join(", ");
  if (done === count) {
    const bug = overwrite ? " Overwritten where a value is used twice, they may be wrong." : "";
    return `${done > 1 ? `All ${done} operations have` : "The only operation has"} sent gradients back: ${found}.${bug}`;
  }
  const now = order[done - 1], sends = sent.filter(([k]) => k === now).map(([, slot, g]) => `${short(g)} to ${names[inputs[now][slot]]}`).join(" and ");
  return `Step ${done} of ${count}: ${names[now]} got ${short(grads[now])} and sends ${sends || "nothing to a constant"}. So far: ${found || "no variable reached"}.`;
}

export function alone(model) {
  const page = model.get("page"), { examples, own } = page;
  let [tape, expression, problem, opened] = [null, "", "", false], before = { example: examples[0], expression: examples[0] };
  const read = (text) => {
    try { [tape, expression, problem] = [recorded(text, page), text.trim(), ""]; } catch (error) { problem = error.message; }
  };
  read(examples[0]);
  function update() {
    const values = model.get("values"), v = { ...values };
    if (v.example !== before.example && v.example !== own) v.expression = v.example;
    if (v.expression !== before.expression) {
      read(v.expression);
      v.example = examples.includes(v.expression) ? v.expression : own;
      if (opened && !problem) v.step = senders(tape).length;
    }
    [before, opened] = [v, true];
    if (["example", "expression", "step"].some((name) => v[name] !== values[name])) { model.set("values", v); return; }
    const found = passes(tape, v), { names, inputs, constants } = tape;
    model.set("sentence", told(tape, expression, problem, found, v.overwrite, page.variables));
    model.set("scene", {
      names, inputs, constants, values: found.values.map(short), grads: found.grads.map(short), slopes: found.slopes.map((row) => row.map(short)),
      sent: found.sent.map(([k, slot, g]) => [k, slot, short(g)]), done: found.done, title: `${expression} = ${short(found.values.at(-1))}`,
    });
  }
  model.on("change:values", update);
  update();
}
