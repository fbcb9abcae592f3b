// Letters of a script that no network was trained on, a few pictures of each, and a drawing that comes near one of them.
import { hand } from "./chart.mjs";
import { answered } from "./convnet.mjs";
import { board, colours, dress, element, field, general, listen, numbers, rgb } from "./living.mjs";
import { chance } from "./network.mjs";
import { centred, ink, scribble, strokes, undone } from "./pen.mjs";
import { greysOf, layersOf } from "./weights.mjs";

const [SIDE, BOX, SHOTS, OWN] = [20, 13.6, 5, "★"], PIXELS = SIDE * SIDE;
const [BLUE, GREEN, VERMILION, SKY] = ["#0072B2", "#009E73", "#D55E00", "#56B4E9"];
const [ROOM, HEAD, DISC] = [196, 60, 12]; // pixels: for distances; of what is compared, small; of a letter's disc
const shown = (wide) => Math.round(Math.min(176, 0.45 * wide)); // pixels for the examples
const taughtOf = ({ taught }) => taught.split(";").filter((path) => strokes(path).length).slice(0, SHOTS);
const first = (v) => v.indexOf(Math.min(...v));

export function render({ model, el }) {
  dress(el);
  const values = () => model.get("values"), scene = () => model.get("scene");
  const status = element("div", { role: "status", "aria-live": "polite" });
  const button = (text, click) => element("button", { type: "button", click }, text);
  const change = (wanted) => { model.set("values", { ...values(), ...wanted }); model.save_changes(); };
  const drawing = () => (strokes(values().drawing).length ? values().drawing : "");
  const keep = button("Keep as my sign", () => change({ taught: [...taughtOf(values()), drawing()].join(";"), drawing: "" }));
  const forget = button("Forget it", () => change({ taught: "" }));
  const heading = element("strong"), pad = element("div", { class: "pad" }, heading), near = element("div", {}, element("strong", {}, "the examples, and how far the drawing is from their mean"));
  el.append(
    element("style", {}, CSS),
    element("div", { class: "nn-row" }, ...["script", "embedding", "way", "shot", "draw", "asked"].map((name) => field(model, name))),
    element("div", { class: "nn-near" }, pad, near), status,
    element("div", { class: "hint" }, "Draw one of the letters, or press a column to be shown a new drawing of its letter. Or invent a sign: draw it, keep it, draw it again."),
  );

  // -- the pad ---------------------------------------------------------------------------------------------------------
  function picture(pen, pixels, [x, y, size], dark = rgb(colours(el).ink)) {
    const image = element("canvas", { width: SIDE, height: SIDE }), ground = image.getContext("2d"), made = ground.createImageData(SIDE, SIDE);
    pixels.forEach((v, p) => { made.data.set([...dark, 255 * v], 4 * p); });
    ground.putImageData(made, 0, 0);
    pen.imageSmoothingEnabled = size > 2 * SIDE && size < 5 * SIDE;
    pen.drawImage(image, x, y, size, size);
  }
  const frame = (pen, size) => { Object.assign(pen, { strokeStyle: colours(el).quiet, lineWidth: 1 }); pen.strokeRect(0.5, 0.5, size - 1, size - 1); };
  const paper = board(pad, "the pad: draw a letter, or a sign of your own, with mouse, pen or finger", (wide) => wide, (pen, wide) => {
    if (drawing()) {
      const unit = wide / SIDE;
      Object.assign(pen, { strokeStyle: colours(el).ink, lineWidth: 2.4 * unit, lineCap: "round", lineJoin: "round" });
      for (const points of strokes(drawing())) {
        pen.beginPath();
        for (const [x, y] of [...points, points.at(-1)]) pen.lineTo(x * unit, y * unit);
        pen.stroke();
      }
    } else picture(pen, numbers(scene().query), [0, 0, wide]);
    frame(pen, wide);
  });
  scribble(paper, SIDE, drawing, (path) => { change({ drawing: path }); paper.redraw(); });
  const seen = element("div", { class: "seen" }, "compared as");
  const small = board(seen, "the drawing as it is compared: as large and as central as a letter", () => HEAD, (pen) => { picture(pen, numbers(scene().query), [0, 0, HEAD]); frame(pen, HEAD); }, true);
  pad.append(element("div", { class: "tools" }, element("div", { class: "nn-row" }, button("Clear", () => change({ drawing: "" })), button("Undo", () => change({ drawing: undone(drawing()) })), keep, forget), seen));

  // -- the letters -----------------------------------------------------------------------------------------------------
  const columns = board(near, "a column for each letter: press one, or choose with the arrow keys, to be shown a new drawing of it", (wide) => shown(wide) + ROOM, (pen, wide, high) => {
    const c = colours(el), { letters, distance, reach, truth, shot } = scene(), [support, taught] = [numbers(scene().support), numbers(scene().taught)];
    const names = [...letters], column = wide / names.length, way = support.length / PIXELS / shot, nearest = first(distance);
    const rows = Math.max(shot, taught.length / PIXELS), top = shown(wide), size = Math.floor(Math.min(column - 4, top / rows - 2, 84)), dark = rgb(c.ink);
    const [zero, far] = [top + 14, high - 2 * DISC - 22], radius = Math.min(DISC, column / 2 - 2);
    const won = truth === null ? BLUE : nearest === truth ? GREEN : VERMILION;
    names.forEach((name, k) => {
      const examples = k < way ? support.subarray(k * shot * PIXELS, (k + 1) * shot * PIXELS) : taught, count = examples.length / PIXELS;
      const x = (k + 0.5) * column, colour = k === nearest ? won : SKY, y = zero + ((far - zero) * distance[k]) / reach;
      if (k === truth) {
        Object.assign(pen, { fillStyle: c.faint, globalAlpha: 0.4 });
        pen.fillRect(x - column / 2 + 1, 0, column - 2, high);
        pen.globalAlpha = 1;
      }
      for (let i = 0; i < count; i++) picture(pen, examples.subarray(i * PIXELS, (i + 1) * PIXELS), [x - size / 2, top - (count - i) * (size + 2), size], dark);
      Object.assign(pen, { strokeStyle: colour, lineWidth: k === nearest ? 4 : 2 });
      pen.beginPath(); pen.moveTo(x, zero); pen.lineTo(x, y); pen.stroke();
      pen.beginPath(); pen.arc(x, y + radius, radius, 0, 7);
      pen.fillStyle = k === nearest ? won : c.paper;
      pen.fill(); pen.stroke();
      Object.assign(pen, { font: `${radius + 3}px system-ui, sans-serif`, textAlign: "center", textBaseline: "middle", fillStyle: k === nearest ? "#fff" : c.ink });
      pen.fillText(name, x, y + radius + 1);
      Object.assign(pen, { font: `${k === nearest ? 700 : 400} ${column < 40 ? 10 : 12}px system-ui, sans-serif`, fillStyle: c.ink });
      pen.fillText(general(distance[k]), x, y + 2 * radius + 10);
    });
    Object.assign(pen, { strokeStyle: c.ink, lineWidth: 1 });
    pen.beginPath(); pen.moveTo(0, zero); pen.lineTo(wide, zero); pen.stroke();
  });
  const ask = (k) => { if (k >= 0 && k < values().way) change({ asked: k, drawing: "" }); };
  hand(columns, ([x], begins) => { if (begins) ask(Math.floor((x / columns.canvas.clientWidth) * [...scene().letters].length)); },
    (right) => ask(drawing() ? values().asked % values().way : (values().asked % values().way) + right));
  columns.canvas.style.cursor = "pointer";

  let asked = values().asked;
  model.on("change:values", () => { // to move "ask about" is to ask about a letter
    const moved = values().asked !== asked;
    asked = values().asked;
    if (moved && drawing()) change({ drawing: "" });
  });
  function show() {
    const [count, own] = [taughtOf(values()).length, drawing() !== ""];
    heading.textContent = scene().truth === null ? "your drawing" : `a new ${[...scene().letters][scene().truth]}: draw over it`;
    seen.hidden = !own;
    keep.disabled = !own || count === SHOTS;
    forget.hidden = !count;
    for (const one of [paper, small, columns]) one.redraw();
  }
  listen(model, status, show, "change:scene", "change:values");
}

const CSS = `
.nn-living .nn-near { display: grid; grid-template-columns: minmax(210px, 1fr) minmax(0, 3.4fr); gap: 4px 20px; align-items: start; }
.nn-living .nn-near strong { display: block; }
.nn-living .nn-near .tools { display: grid; grid-template-columns: minmax(0, 1fr) 70px; }
.nn-living .nn-near .tools .nn-row { gap: 6px; }
.nn-living .nn-near .seen { color: var(--nn-quiet); font-size: 12px; }
.nn-living .nn-near .seen canvas { width: 60px; }
@media (max-width: 760px) {
  .nn-living .nn-near { grid-template-columns: minmax(0, 1fr); }
  .nn-living .nn-near .pad > canvas { width: min(100%, 230px); }
}
`;

// -- without a kernel ------------------------------------------------------------------------------------------------

/** Places in the order of their numbers. */
const ranked = (u) => u.map((_, k) => k).sort((a, b) => u[a] - u[b] || a - b);

/** The letters of an episode by their numbers, and of each the pictures by theirs: SHOTS examples and one to be asked about. */
export function episode(count, copies, way, draw) {
  const { uniform } = chance(draw), u = Array.from({ length: count * (1 + copies) }, uniform);
  return ranked(u.slice(0, count)).slice(0, way).map((letter) => {
    const from = count + letter * copies, order = ranked(u.slice(from, from + copies)).slice(0, SHOTS + 1);
    return { letter, pictures: order.map((copy) => letter * copies + copy) };
  });
}

/** What a path draws, as large and as central as a letter; null if it draws nothing. */
export function drawn(path) {
  const lines = strokes(path);
  return lines.length ? ink(centred(lines, { side: SIDE, box: BOX }), SIDE) : null;
}

const squared = (a, b) => a.reduce((sum, v, i) => sum + (v - b[i]) ** 2, 0);
/** Pictures one after the other. */
function stacked(pictures) {
  const all = new Float32Array(pictures.length * PIXELS);
  pictures.forEach((one, k) => all.set(one, k * PIXELS));
  return all;
}
const mean = (rows) => rows[0].map((_, i) => rows.reduce((sum, row) => sum + row[i], 0) / rows.length);

/** The page's letters and networks, and what it makes of the controls' values. */
export class FewShots {
  constructor({ scripts, copies, networks }) {
    const nets = Object.fromEntries(Object.entries(networks).map(([name, packed]) => [name, layersOf(packed)]));
    this.embed = (name, picture) => (nets[name] ? answered(picture, SIDE, nets[name]) : picture);
    this.scripts = Object.fromEntries(Object.entries(scripts).map(([name, [letters, text]]) => [name, { letters: [...letters], pictures: greysOf(text) }]));
    this.copies = copies;
    this.known = new Map(); // embedded pictures
  }
  picture(script, number) { return this.scripts[script].pictures.subarray(number * PIXELS, (number + 1) * PIXELS); }
  embedded(embedding, script, number) {
    const key = `${embedding} ${script} ${number}`, found = this.known.get(key) ?? this.embed(embedding, this.picture(script, number));
    this.known.set(key, found);
    return found;
  }
  /** An episode's letters and examples, and their means; kept while the reader draws. */
  learned({ script, embedding, way, shot, draw }) {
    const key = JSON.stringify([script, embedding, way, shot, draw]);
    if (this.last?.key === key) return this.last;
    const { letters } = this.scripts[script], chosen = episode(letters.length, this.copies, way, draw), examples = chosen.map(({ pictures }) => pictures.slice(0, shot));
    const support = stacked(examples.flat().map((number) => this.picture(script, number))), names = chosen.map(({ letter }) => letters[letter]).join("");
    const prototypes = examples.map((some) => mean(some.map((number) => this.embedded(embedding, script, number))));
    this.last = { key, support, names, prototypes, asked: chosen.map(({ pictures }) => pictures[SHOTS]) };
    return this.last;
  }
  /** The scene of the controls' values. */
  compute(v) {
    const { support, names, prototypes: means, asked } = this.learned(v), taught = taughtOf(v).map(drawn), own = drawn(v.drawing);
    const prototypes = taught.length ? [...means, mean(taught.map((one) => this.embed(v.embedding, one)))] : means;
    const truth = own ? null : v.asked % v.way, query = own ?? this.picture(v.script, asked[truth]), z = this.embed(v.embedding, query);
    const distance = prototypes.map((prototype) => squared(prototype, z));
    const reach = Math.max(...distance, ...prototypes.flatMap((a) => prototypes.map((b) => squared(a, b))));
    return { support, taught: stacked(taught), query, letters: names + (taught.length ? OWN : ""), distance, reach, truth, shot: v.shot };
  }
}

export function told({ letters, distance, truth, shot, taught }, way) {
  const names = [...letters], order = ranked(distance), here = (k) => `${names[k]} with ${general(distance[k])}`, signs = taught.length / PIXELS;
  const among = `of ${way} letters with ${shot} example${shot > 1 ? "s" : ""} each${signs ? ` and your own sign ${OWN} with ${signs}` : ""}`;
  if (truth === null) return `Your drawing: ${among}, the nearest is, by squared distance, ${here(order[0])}; next comes ${here(order[1])}.`;
  const rank = distance.filter((d) => d < distance[truth]).length, own = `with a squared distance of ${general(distance[truth])}`;
  return `A new ${names[truth]}: ${among}, the right one is ${rank ? `only number ${rank + 1}, ${own}; nearest is ${here(order[0])}` : `nearest, ${own}; next comes ${here(order[1])}`}.`;
}

export function alone(model) {
  const few = new FewShots(model.get("page"));
  function update() {
    const found = few.compute(model.get("values"));
    model.set("sentence", told(found, model.get("values").way));
    model.set("scene", found);
  }
  model.on("change:values", update);
  update();
}
