// A digit under the reader's pen, and every layer of the convolutional network that reads it.
import { digits } from "./answers.mjs";
import { layer, pooled } from "./convnet.mjs";
import { board, bytes, colours, dress, element, field, listen, numbers, put, rgb, signedTable } from "./living.mjs";
import { bound, centred, ink, scribble, strokes, undone } from "./pen.mjs";

const [SIDE, CLASSES, OWN, LIKELIEST] = [28, 10, "your drawing", "the likeliest"];

/** The picture so many pixels further; what leaves the paper is lost. */
export const moved = (image, right, down) => Float64Array.from({ length: SIDE * SIDE }, (_, p) => {
  const [i, j] = [Math.floor(p / SIDE) - down, (p % SIDE) - right];
  return Math.min(i, j) >= 0 && Math.max(i, j) < SIDE ? image[i * SIDE + j] : 0;
});

/** What the network makes of a picture: maps of both layers, logits, their softmax, evidence by digit and place. */
export function read(image, { W1, b1, W2, b2, W, b }) {
  const first = layer(image, 1, SIDE, W1, b1), second = layer(pooled(first, b1.length, SIDE), b1.length, SIDE / 2, W2, b2);
  const last = pooled(second, b2.length, SIDE / 2), places = (SIDE / 4) ** 2;
  const evidence = new Float64Array(CLASSES * places), logits = Float64Array.from(b);
  last.forEach((v, q) => {
    const p = q % places;
    for (let c = 0; c < CLASSES; c++) {
      evidence[c * places + p] += v * W[q * CLASSES + c];
      logits[c] += v * W[q * CLASSES + c];
    }
  });
  for (let p = 0; p < places; p++) {
    let mean = 0;
    for (let c = 0; c < CLASSES; c++) mean += evidence[c * places + p] / CLASSES;
    for (let c = 0; c < CLASSES; c++) evidence[c * places + p] -= mean;
  }
  const top = Math.max(...logits), e = logits.map((v) => Math.exp(v - top)), total = e.reduce((s, v) => s + v, 0);
  return { first, second, evidence, logits: [...logits], shares: [...e.map((v) => v / total)] };
}

export function render({ model, el }) {
  dress(el);
  const values = () => model.get("values"), scene = () => model.get("scene");
  const status = element("div", { role: "status", "aria-live": "polite" });
  const button = (text, click, more = {}) => element("button", { type: "button", click, ...more }, text);
  const part = (title, name) => {
    const heading = element("strong", {}, title), place = element("div", { class: name }, heading);
    return [place, heading];
  };
  const [pad] = part("draw here", "pad"), [one] = part("16 maps of layer 1", "one"), [two] = part("32 maps of layer 2", "two");
  const [answers] = part("its answer", "answers"), [where, heading] = part("", "where");
  el.append(
    element("style", {}, CSS),
    element("div", { class: "nn-row" }, button("Clear", () => draw("")), button("Undo", () => draw(undone(values().drawing))),
      ...["picture", "centred", "right", "down", "digit"].map((name) => field(model, name))),
    element("div", { class: "nn-read" }, pad, one, two, answers, where),
    status,
  );
  const square = (width) => width;
  const paper = board(pad, "the pad: draw a digit with mouse, pen or finger", square, (pen, width) => {
    const own = values().picture === OWN;
    picture(pen, width, own ? ink(strokes(values().drawing)) : numbers(scene().image), SIDE);
    if (own && values().drawing) return;
    pen.fillStyle = "#bbb";
    pen.font = "14px system-ui, sans-serif";
    pen.textAlign = "center";
    pen.fillText(own ? "draw a digit" : "draw over it to begin your own", width / 2, width - 12);
  });
  const boards = [paper, board(one, "the maps of the first layer", square, (pen, width) => maps(pen, width, numbers(scene().first), SIDE, 4)),
    board(two, "the maps of the second layer", square, (pen, width) => maps(pen, width, numbers(scene().second), SIDE / 2, 6)),
    board(where, "where the evidence lies", square, evidence)];
  const answer = digits(answers, "show its evidence", (digit) => put(model, "digit", values().digit === String(digit) ? LIKELIEST : String(digit)));

  // -- the pictures --------------------------------------------------------------------------------------------------
  const GREYS = Uint32Array.from({ length: 256 }, (_, v) => ((255 << 24) | (v << 16) | (v << 8) | v) >>> 0);
  function cells(pen, x, y, width, values_, n, colour, smooth = false) {
    const image = document.createElement("canvas"), made = new ImageData(n, n);
    image.width = image.height = n;
    new Uint32Array(made.data.buffer).set(Uint32Array.from(values_, colour));
    image.getContext("2d").putImageData(made, 0, 0);
    pen.imageSmoothingEnabled = smooth;
    pen.drawImage(image, x, y, width, width);
  }
  const picture = (pen, width, image, n) => cells(pen, 0, 0, width, image, n, (v) => GREYS[Math.round(255 * bound(v, 0, 1))]);
  function maps(pen, width, all, n, across) {
    const unit = width / across, count = all.length / (n * n);
    for (let k = 0; k < count; k++) {
      const map = all.subarray(k * n * n, (k + 1) * n * n), most = map.reduce((m, v) => Math.max(m, v), 0) || 1;
      cells(pen, (k % across) * unit, Math.floor(k / across) * unit, unit - 2, map, n, (v) => GREYS[Math.round((255 * v) / most)]);
    }
  }
  function evidence(pen, width) {
    const all = numbers(scene().evidence), n = SIDE / 4, most = all.reduce((m, v) => Math.max(m, Math.abs(v)), 0) || 1;
    const table = signedTable(colours(el).paper), at = scene().shown * n * n;
    cells(pen, 0, 0, width, all.subarray(at, at + n * n), n, (v) => table[Math.round(127.5 * (v / most + 1))]);
    const image = numbers(scene().image), unit = width / SIDE, [r, g, b] = rgb(colours(el).ink);
    pen.fillStyle = `rgb(${r} ${g} ${b} / 0.55)`; // the digit itself, so that one sees what lies where
    image.forEach((v, p) => { if (v > 0.5) pen.fillRect(((p % SIDE) + 0.3) * unit, (Math.floor(p / SIDE) + 0.3) * unit, 0.4 * unit, 0.4 * unit); });
    pen.strokeStyle = colours(el).faint;
    pen.strokeRect(0.5, 0.5, width - 1, width - 1);
  }
  function show() {
    const { shares, shown } = scene(), all = numbers(scene().evidence), places = (SIDE / 4) ** 2;
    answer(shares, shown);
    const total = all.subarray(shown * places, (shown + 1) * places).reduce((s, v) => s + v, 0);
    heading.textContent = `evidence for ${shown}: ${signed(total)}`;
    boards.forEach((one) => one.redraw());
  }

  // -- the reader's pen ------------------------------------------------------------------------------------------------
  function draw(drawing) {
    model.set("values", { ...values(), picture: OWN, drawing });
    model.save_changes();
    paper.redraw();
  }
  scribble(paper, SIDE, () => (values().picture === OWN ? values().drawing : ""), draw);

  model.on("change:values", () => paper.redraw());
  listen(model, status, show, "change:scene");
}

const signed = (value) => (Number(value.toFixed(1)) + 0).toFixed(1).replace("-", "−").replace(/^−0\.0$/, "0.0");

const CSS = `
.nn-living .nn-read { display: grid; grid-template-columns: 27fr 27fr 27fr 13fr 19fr; grid-template-rows: auto; gap: 0 12px; align-items: start; }
.nn-living .nn-read strong { display: block; white-space: nowrap; }
.nn-living .nn-read + [role=status] { margin-top: 8px; }
@media (max-width: 760px) {
  .nn-living .nn-read { grid-template-columns: 1fr 1fr; gap: 10px 12px; }
  .nn-living .nn-read > .pad { grid-column: 1 / -1; justify-self: center; width: min(100%, 300px); }
}
`;

// -- without a kernel ------------------------------------------------------------------------------------------------

export function alone(model) {
  const { tensors: packed, examples: pictures } = model.get("page");
  const tensors = Object.fromEntries(Object.entries(packed).map(([name, text]) => [name, new Float32Array(bytes(text).buffer)]));
  const examples = pictures.map((text) => Float64Array.from(bytes(text), (v) => v / 255));
  const share = (value) => value.toFixed(2);
  function update() {
    const v = model.get("values"), lines = strokes(v.drawing);
    const own = v.picture === OWN, drawn = own ? ink(v.centred ? centred(lines) : lines) : examples[Number(v.picture.at(-1))];
    const image = moved(drawn, v.right, v.down);
    const found = read(image, tensors), order = found.shares.map((p, c) => [p, c]).sort((a, b) => b[0] - a[0] || a[1] - b[1]);
    const shown = v.digit === LIKELIEST ? found.logits.indexOf(Math.max(...found.logits)) : Number(v.digit), places = (SIDE / 4) ** 2;
    const total = found.evidence.subarray(shown * places, (shown + 1) * places).reduce((s, e) => s + e, 0);
    const [[p, first], [q, second]] = order;
    model.set("sentence", image.some((x) => x > 0)
      ? `It reads a ${first} with ${share(p)}, next a ${second} with ${share(q)}. The evidence for ${shown} adds up to ${signed(total)}: `
        + "orange speaks for it, blue against."
      : `Nothing is drawn, and the network answers all the same: a ${first}, with ${share(p)}. It has no way to say that there is no digit.`);
    model.set("scene", { image, ...found, shown });
  }
  model.on("change:values", update);
  update();
}
