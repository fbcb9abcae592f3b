// Axes on a board: values to pixels and back, what is drawn between them, and the reader's hand.
import { board, colours, element, listen, rgb } from "./living.mjs";

const [LEFT, TOP, RIGHT, BOTTOM] = [44, 28, 10, 36];
const CLASSES = ["#0072B2", "#D55E00"];

/** A place for charts, side by side where there is room. */
export const charts = () => element("div", { class: "nn-charts" }, element("style", {}, SIDE_BY_SIDE));
const SIDE_BY_SIDE = `
.nn-living .nn-charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 240px), 1fr)); gap: 4px 14px; margin: 4px 0; }
`;

/** One axis, {from, to, log}, between two pixels: a value's pixel, and a pixel's value. */
export function scale({ from, to, log }, start, end) {
  const [a, b] = log ? [Math.log10(from), Math.log10(to)] : [from, to];
  return {
    pixel: (value) => start + ((end - start) * ((log ? Math.log10(value) : value) - a)) / (b - a),
    value: (pixel) => { const v = a + ((b - a) * (pixel - start)) / (end - start); return log ? 10 ** v : v; },
  };
}

const named = (v, { log }) => ((log && (v >= 1e3 || v <= 1e-3)) || Math.abs(v) >= 1e5 ? v.toExponential(0).replace("e+", "e") : String(v)).replace("-", "−");

/** About four round numbers from `from` to `to`. */
export function ticks(from, to) {
  const rough = (to - from) / 4, power = 10 ** Math.floor(Math.log10(rough)), step = [1, 2, 5, 10].find((s) => s * power >= rough) * power;
  const first = Math.ceil(from / step);
  return Array.from({ length: Math.floor(to / step) - first + 1 }, (_, k) => Number(((first + k) * step).toPrecision(12)));
}

function stroke(pen, points, { colour, width = 2, dash = [] }) {
  Object.assign(pen, { strokeStyle: colour, lineWidth: width, lineJoin: "round" });
  pen.setLineDash(dash);
  pen.beginPath();
  for (const [px, py] of points) pen.lineTo(px, py);
  pen.stroke();
  pen.setLineDash([]);
}

/**
 * Axes in a box [left, top, width, height] of a canvas, x and y being {from, to, ticks, log}, with a grid at their ticks.
 * What draws between them takes values, `text` takes pixels; `from` turns a place in pixels into values.
 */
export function axes(pen, c, box, x, y) {
  const [left, top, width, height] = box, sx = scale(x, left, left + width), sy = scale(y, top + height, top);
  const text = (words, px, py, { ink = c.quiet, align = "center", size = 11, weight = 400 } = {}) => {
    Object.assign(pen, { font: `${weight} ${size}px system-ui, sans-serif`, textAlign: align, textBaseline: "middle", fillStyle: ink });
    pen.fillText(words, px, py);
  };
  const within = (draw) => {
    pen.save();
    pen.beginPath(); pen.rect(...box); pen.clip();
    draw();
    pen.restore();
  };
  const points = (xs, ys) => Array.from(xs, (v, k) => [sx.pixel(v), sy.pixel(ys[k])]);
  const line = (xs, ys, look) => within(() => stroke(pen, points(xs, ys), look));
  const area = (xs, ys, colour) => within(() => {
    pen.beginPath();
    for (const [px, py] of points(xs, ys)) pen.lineTo(px, py);
    pen.fillStyle = colour;
    pen.fill();
  });
  const dot = (vx, vy, colour, size = 4, rim = c.paper) => {
    pen.beginPath(); pen.arc(sx.pixel(vx), sy.pixel(vy), size, 0, 7);
    Object.assign(pen, { fillStyle: colour, strokeStyle: rim, lineWidth: size > 4 ? 1.5 : 0.8 });
    pen.fill(); pen.stroke();
  };
  const mark = (vx, vy, label) => { // an example of class 0 or 1
    if (!label) return dot(vx, vy, CLASSES[0], 4.5);
    Object.assign(pen, { fillStyle: CLASSES[1], strokeStyle: c.paper, lineWidth: 1 });
    pen.fillRect(sx.pixel(vx) - 4, sy.pixel(vy) - 4, 8, 8);
    return pen.strokeRect(sx.pixel(vx) - 4, sy.pixel(vy) - 4, 8, 8);
  };
  for (const v of x.ticks) line([v, v], [y.from, y.to], { colour: c.faint, width: 0.8 });
  for (const v of y.ticks) line([x.from, x.to], [v, v], { colour: c.faint, width: 0.8 });
  Object.assign(pen, { strokeStyle: c.quiet, lineWidth: 0.8 });
  pen.strokeRect(...box);
  for (const v of x.ticks) text(named(v, x), sx.pixel(v), top + height + 10);
  for (const v of y.ticks) text(named(v, y), left - 5, sy.pixel(v), { align: "right" });
  const from = ([px, py]) => [sx.value(px), sy.value(py)];
  return { pen, c, box, x: sx.pixel, y: sy.pixel, text, line, area, dot, mark, from };
}

/**
 * A board that is one pair of axes. `frame(width, height)` of their box -> {title, x, y, legend}, x and y with a label,
 * the legend's rows [word, colour, dash]; `draw(axes)` paints between them. Beside what a board has, `value(event)` -> [x, y].
 */
export function chart(el, label, height, frame, draw, still = false) {
  const place = element("div");
  let shown = null;
  el.append(place);
  const figure = board(place, label, () => height, (pen, width, high) => {
    const box = [LEFT, TOP, width - LEFT - RIGHT, high - TOP - BOTTOM], c = colours(el), middle = TOP - 14;
    const { title, x, y, legend = [] } = frame(box[2], box[3]);
    shown = axes(pen, c, box, x, y);
    pen.save();
    pen.beginPath(); pen.rect(...shown.box); pen.clip();
    draw(shown);
    pen.restore();
    shown.text(x.label, LEFT + shown.box[2] / 2, high - 8);
    let at = width - RIGHT;
    for (const [word, colour, dash] of [...legend].reverse()) {
      shown.text(word, at, middle, { align: "right", ink: c.ink, size: 12 });
      at -= pen.measureText(word).width + 5;
      stroke(pen, [[at - 16, middle], [at, middle]], { colour, dash });
      at -= 28;
    }
    const look = { align: "left", ink: c.ink, size: 13 };
    shown.text("", 0, 0, look);
    if (LEFT + pen.measureText(title).width < at + 12) shown.text(title, LEFT, middle, look); // a crowded legend speaks for itself
  }, still);
  return { ...figure, value: (event) => shown.from(figure.place(event)) };
}

/** Square heights, row by row from below, as twelve bands from the paper, where they are lowest, to grey. */
export function bands(heights, side, { paper, quiet }) {
  const image = element("canvas", { width: side, height: side }), pen = image.getContext("2d"), pixels = pen.createImageData(side, side);
  const [low, high] = [rgb(paper), rgb(quiet)], from = Math.min(...heights), range = Math.max(...heights) - from || 1;
  heights.forEach((v, k) => {
    const share = (0.55 * Math.floor(((v - from) / range) * 11.999)) / 12, at = 4 * ((side - 1 - Math.floor(k / side)) * side + (k % side));
    for (let i = 0; i < 3; i++) pixels.data[at + i] = low[i] + (high[i] - low[i]) * share;
    pixels.data[at + 3] = 255;
  });
  pen.putImageData(pixels, 0, 0);
  return image;
}

/** The reader's hand on a board: `move(place, first)` while the pointer is down, unless it says false at first; `by(dx, dy)`
 *  for an arrow key, up being 1. */
export function hand({ canvas, place }, move, by) {
  let held = false;
  canvas.style.cursor = "crosshair";
  canvas.addEventListener("pointerdown", (event) => {
    held = move(place(event), true) !== false;
    if (held) canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => { if (held) move(place(event), false); });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { held = false; });
  canvas.addEventListener("keydown", (event) => {
    const way = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
    if (!way) return;
    event.preventDefault();
    by(...way);
  });
}

/** The hand on a chart: `move([x, y])` in values. */
export function hold({ canvas, value }, move, step, touch = "pan-y") {
  canvas.style.touchAction = touch;
  hand({ canvas, place: value }, move, (...way) => step(way));
}

/** The reader's eye on charts over the steps from `first` to `last`: `see` is told the step under the pointer, or that the
 *  arrow keys have come to (not where `keys` is false), and null when it is left. */
export function look(figures, first, last, see) {
  let at = null;
  const turn = (step) => {
    const now = step === null ? null : Math.max(first, Math.min(last, Math.round(step)));
    if (now !== at) see(at = now);
  };
  for (const { canvas, value, keys = true } of figures) {
    canvas.style.cursor = "crosshair";
    for (const event of ["pointerdown", "pointermove"]) canvas.addEventListener(event, (moved) => turn(value(moved)[0]));
    canvas.addEventListener("pointerleave", ({ pointerType }) => { if (pointerType === "mouse") turn(null); });
    canvas.addEventListener("blur", () => turn(null));
    if (keys) canvas.addEventListener("keydown", (event) => {
      const to = { ArrowLeft: (at ?? last + 1) - 1, ArrowRight: (at ?? first - 1) + 1, Home: first, End: last }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      turn(to);
    });
  }
}

/** Give controls values as their sliders would: within the range, on a step. */
export function pull(model, wanted) {
  const values = { ...model.get("values") };
  let moved = false;
  for (const [name, value] of Object.entries(wanted)) {
    const { min, max, step } = model.get("controls").find((control) => control.name === name);
    const near = Math.round((Math.max(min, Math.min(max, value)) - min) / step), held = Number((min + near * step).toFixed(9)) || 0;
    moved ||= held !== values[name];
    values[name] = held;
  }
  if (!moved) return;
  model.set("values", values);
  model.save_changes();
}

/** Charts and the sentence follow the model. */
export function follow(model, status, figures) {
  listen(model, status, () => figures.forEach((figure) => figure.redraw()), "change:scene", "change:values");
}
