// Axes on a board: values to pixels and back, lines and points between them, and the reader's hand.
import { board, colours, element, rgb } from "./living.mjs";

const [LEFT, TOP, RIGHT, BOTTOM] = [44, 28, 10, 36];

/** A place for charts, side by side where there is room. */
export const charts = () => element("div", { class: "nn-charts" }, element("style", {}, CSS));
const CSS = `
.nn-living .nn-charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 290px), 1fr)); gap: 4px 14px; margin: 4px 0; }
`;

/** One axis, {from, to, log}, between two pixels: a value's pixel, and a pixel's value. */
export function scale({ from, to, log }, start, end) {
  const [a, b] = log ? [Math.log10(from), Math.log10(to)] : [from, to];
  return {
    pixel: (value) => start + ((end - start) * ((log ? Math.log10(value) : value) - a)) / (b - a),
    value: (pixel) => { const v = a + ((b - a) * (pixel - start)) / (end - start); return log ? 10 ** v : v; },
  };
}

/**
 * A board with axes. `axes()` -> {title, x, y, legend}: x and y are {from, to, ticks, log, label}, the legend's rows
 * [word, colour, dash]. `draw(plot)` paints between the axes. Beside what a board has, `value(event)` -> [x, y].
 */
export function chart(el, label, height, axes, draw) {
  const scales = (width, high) => {
    const { x, y } = axes();
    return [scale(x, LEFT, width - RIGHT), scale(y, high - BOTTOM, TOP)];
  };
  const place = element("div");
  el.append(place);
  const figure = board(place, label, () => height, (pen, width, high) => {
    const { title, x, y, legend = [] } = axes(), [sx, sy] = scales(width, high), c = colours(el);
    const text = (words, px, py, align = "center", ink = c.quiet, size = 11) => {
      Object.assign(pen, { font: `${size}px system-ui, sans-serif`, textAlign: align, textBaseline: "middle", fillStyle: ink });
      pen.fillText(words, px, py);
    };
    const name = (v, { log }) => (log && (v >= 1e3 || v <= 1e-3) ? v.toExponential(0).replace("e+", "e") : String(v)).replace("-", "−");
    const stroke = (points, { colour, width: thick = 2, dash = [] }) => {
      Object.assign(pen, { strokeStyle: colour, lineWidth: thick, lineJoin: "round" });
      pen.setLineDash(dash);
      pen.beginPath();
      points.forEach(([px, py]) => pen.lineTo(px, py));
      pen.stroke();
      pen.setLineDash([]);
    };
    const plot = {
      pen, c, text, stroke, x: sx.pixel, y: sy.pixel,
      box: [LEFT, TOP, width - LEFT - RIGHT, high - TOP - BOTTOM],
      line: (xs, ys, look) => stroke(Array.from(xs, (v, k) => [sx.pixel(v), sy.pixel(ys[k])]), look),
      dot(vx, vy, colour, size = 4) {
        pen.beginPath(); pen.arc(sx.pixel(vx), sy.pixel(vy), size, 0, 7);
        Object.assign(pen, { fillStyle: colour, strokeStyle: c.paper, lineWidth: size > 4 ? 2 : 0.8 });
        pen.fill(); pen.stroke();
      },
    };
    pen.save();
    pen.beginPath(); pen.rect(...plot.box); pen.clip();
    for (const tick of x.ticks) stroke([[sx.pixel(tick), TOP], [sx.pixel(tick), high - BOTTOM]], { colour: c.faint, width: 0.7 });
    for (const tick of y.ticks) stroke([[LEFT, sy.pixel(tick)], [width - RIGHT, sy.pixel(tick)]], { colour: c.faint, width: 0.7 });
    draw(plot);
    pen.restore();
    Object.assign(pen, { strokeStyle: c.quiet, lineWidth: 0.8 });
    pen.strokeRect(...plot.box);
    for (const tick of x.ticks) text(name(tick, x), sx.pixel(tick), high - BOTTOM + 10);
    for (const tick of y.ticks) text(name(tick, y), LEFT - 5, sy.pixel(tick), "right");
    text(x.label, LEFT + plot.box[2] / 2, high - 8);
    text(title, LEFT, TOP - 14, "left", c.ink, 13);
    let at = width - RIGHT;
    for (const [word, colour, dash] of [...legend].reverse()) {
      text(word, at, TOP - 14, "right", c.ink, 12);
      at -= pen.measureText(word).width + 5;
      stroke([[at - 16, TOP - 14], [at, TOP - 14]], { colour, dash });
      at -= 28;
    }
  });
  const value = (event) => {
    const [px, py] = figure.place(event), [sx, sy] = scales(figure.canvas.clientWidth, figure.canvas.clientHeight);
    return [sx.value(px), sy.value(py)];
  };
  return { ...figure, value };
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

/** The pointer moves something: `move([x, y])` while it is down, `step([right, up])` for an arrow key. */
export function hold({ canvas, value }, move, step, touch = "pan-y") {
  let held = false;
  Object.assign(canvas.style, { cursor: "crosshair", touchAction: touch });
  canvas.addEventListener("pointerdown", (event) => { held = true; canvas.setPointerCapture(event.pointerId); move(value(event)); });
  canvas.addEventListener("pointermove", (event) => held && move(value(event)));
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { held = false; });
  canvas.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!by) return;
    event.preventDefault();
    step(by);
  });
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
  const show = () => figures.forEach((figure) => figure.redraw()), say = () => { status.textContent = model.get("sentence"); };
  for (const event of ["change:scene", "change:values"]) model.on(event, show);
  model.on("change:sentence", say);
  say();
}
