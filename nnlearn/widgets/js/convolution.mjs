// A 3×3 kernel over a picture: the reader drags the window, turns the nine numbers, and sees what adds up.
import { board, bytes, colours, dress, element, field, numbers, put, rgb, signedTable } from "./living.mjs";

const [PLACES, FRAME] = [[0, 1, 2, 3, 4, 5, 6, 7, 8], 40]; // of a kernel; ms between two places of the play
const NAMES = PLACES.map((k) => `w${Math.floor(k / 3) + 1}${(k % 3) + 1}`);
const kernelOf = (values) => NAMES.map((name) => values[name]);

/** Cross-correlation of a square picture with a 3×3 kernel: {size, map}. */
export function convolve(image, side, kernel, stride, dilation) {
  const size = Math.floor((side - 2 * dilation - 1) / stride) + 1, map = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++)
      map[i * size + j] = patch(image, side, i, j, stride, dilation).reduce((s, v, k) => s + v * kernel[k], 0);
  return { size, map };
}

/** The nine pixels under the kernel at place (i, j) of the map. */
export const patch = (image, side, i, j, stride, dilation) => PLACES.map((k) =>
  image[(i * stride + Math.floor(k / 3) * dilation) * side + j * stride + (k % 3) * dilation]);

/** A square picture with p rows and columns of zeros around it. */
export function padded(image, side, p) {
  const wide = side + 2 * p, found = new Float64Array(wide * wide);
  for (let r = 0; r < side; r++) found.set(image.subarray(r * side, (r + 1) * side), (r + p) * wide + p);
  return found;
}

/** Two decimals at most, one from 10 on. */
export const short = (value) => String(Number(value.toFixed(Math.abs(value) < 10 ? 2 : 1)) || 0).replace("-", "−");

export function render({ model, el }) {
  dress(el);
  let playing = false, last = 0, dragging = false;
  const scene = () => model.get("scene"), values = () => ({ ...model.get("values"), ...scene().shape }); // as the map has it
  const go = element("button", { type: "button", class: "main", click: () => (playing ? pause() : play()) }, "▶ Play");
  const status = element("div", { role: "status", "aria-live": "polite" });
  const [left, middle, right] = [element("div"), element("div", { class: "nn-sum" }), element("div")];
  const [input, output] = [element("strong"), element("strong")], sum = element("b", { class: "total" });
  el.append(
    element("style", {}, CSS),
    element("div", { class: "nn-row" }, go, ...["picture", "preset", "stride", "padding", "dilation"].map((name) => field(model, name))),
    element("div", { class: "nn-three" }, left, middle, right),
    status,
    element("div", { class: "nn-row second" }, ...["row", "column", "paint"].map((name) => field(model, name))),
  );
  left.append(input);
  right.append(output);
  const square = (width) => Math.min(width, 420);
  const before = board(left, "the picture under the kernel: drag the window, or move it with the arrow keys", square, drawInput);
  const after = board(right, "the map of all sums: drag the frame, or move it with the arrow keys", square, drawMap);

  // -- nine pixels times nine numbers ------------------------------------------------------------------------------
  const nine = (title, make) => {
    const cells = PLACES.map(make);
    middle.append(element("div", {}, element("strong", {}, title), element("div", { class: "nine" }, ...cells)));
    return cells;
  };
  const pixels = nine("patch", () => element("span"));
  middle.append(element("div", { class: "times", "aria-hidden": "true" }, "×"));
  const weights = nine("kernel", (k) => knob(k));
  const products = nine("products", () => element("span"));
  middle.append(element("div", { class: "adds" }, element("span", {}, "add up to"), sum));

  /** One number of the kernel: typed, moved with the arrow keys, or pulled up and down. */
  function knob(k) {
    const box = element("input", { type: "number", step: 0.5, min: -9, max: 9, title: "pull up or down, or type",
      "aria-label": `kernel, row ${Math.floor(k / 3) + 1}, column ${(k % 3) + 1}` });
    const set = (value) => put(model, NAMES[k], Math.max(-9, Math.min(9, value)));
    let from = null;
    box.addEventListener("change", () => set(Number(box.value) || 0));
    box.addEventListener("pointerdown", (event) => { from = [event.clientY, values()[NAMES[k]]]; box.setPointerCapture(event.pointerId); });
    box.addEventListener("pointermove", (event) => {
      const value = from && from[1] + Math.round((from[0] - event.clientY) / 10) / 2;
      if (from && value !== values()[NAMES[k]] && Math.abs(from[0] - event.clientY) > 4) set(value);
    });
    for (const end of ["pointerup", "pointercancel"]) box.addEventListener(end, () => { from = null; });
    return box;
  }
  function tint(cell, value, table, low, high, ink, paper) {
    const [r, g, b] = pixelOf(table, (value - low) / (high - low));
    cell.style.background = `rgb(${r}, ${g}, ${b})`;
    cell.style.color = 0.3 * r + 0.59 * g + 0.11 * b > 128 ? "#000" : "#fff";
    if (cell.tagName === "SPAN") cell.textContent = short(value);
    else if (document.activeElement !== cell || Number(cell.value) !== value) cell.value = value;
  }
  const pixelOf = (table, share) => {
    const word = table[Math.max(0, Math.min(255, Math.round(255 * share)))];
    return [word & 255, (word >> 8) & 255, (word >> 16) & 255];
  };
  const GREYS = Uint32Array.from({ length: 256 }, (_, v) => ((255 << 24) | (v << 16) | (v << 8) | v) >>> 0);

  // -- what is shown -------------------------------------------------------------------------------------------------
  const place = () => {
    const { size } = scene(), v = values();
    return [Math.min(v.row, size - 1), Math.min(v.column, size - 1)];
  };
  const side = () => scene().side;
  function show() {
    const v = values(), { size } = scene(), n = side() - 2 * v.padding, [i, j] = place();
    const kernel = kernelOf(v), under = patch(numbers(scene().image), side(), i, j, v.stride, v.dilation);
    const most = Math.max(1, ...kernel.map(Math.abs)), table = signedTable(colours(el).paper);
    input.textContent = `${v.picture}, ${n}×${n}${v.padding ? ` + ${v.padding} of zeros` : ""}`;
    output.textContent = `all sums: ${size}×${size}`;
    PLACES.forEach((k) => {
      tint(pixels[k], under[k], GREYS, 0, 1);
      tint(weights[k], kernel[k], table, -most, most);
      tint(products[k], under[k] * kernel[k], table, -most, most);
    });
    sum.textContent = short(under.reduce((s, value, k) => s + value * kernel[k], 0));
    before.redraw();
    after.redraw();
  }
  function paintCells(pen, width, cells, n, colour) {
    const image = document.createElement("canvas");
    image.width = image.height = n;
    const made = new ImageData(n, n);
    new Uint32Array(made.data.buffer).set(Uint32Array.from(cells, colour));
    image.getContext("2d").putImageData(made, 0, 0);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(image, 0, 0, width, width);
  }
  const frame = (pen, unit, x, y, wide, colour, thick, dash = []) => {
    Object.assign(pen, { strokeStyle: colour, lineWidth: thick, lineJoin: "miter" });
    pen.setLineDash(dash);
    pen.strokeRect(x * unit, y * unit, wide * unit, wide * unit);
    pen.setLineDash([]);
  };
  function drawInput(pen, width) {
    const v = values(), n = side(), unit = width / n, [i, j] = place(), p = v.padding;
    paintCells(pen, width, numbers(scene().image), n, (value) => GREYS[Math.max(0, Math.min(255, Math.round(255 * value)))]);
    if (p) frame(pen, unit, p, p, n - 2 * p, "#56B4E9", 1.6, [6, 4]);
    if (v.dilation === 1) return frame(pen, unit, j * v.stride, i * v.stride, 3, "#D55E00", 2.4);
    for (const k of PLACES)
      frame(pen, unit, j * v.stride + (k % 3) * v.dilation, i * v.stride + Math.floor(k / 3) * v.dilation, 1, "#D55E00", 2);
    return undefined;
  }
  function drawMap(pen, width) {
    const v = values(), { size } = scene(), map = numbers(scene().map), [i, j] = place(), c = colours(el);
    const most = map.reduce((m, value) => Math.max(m, Math.abs(value)), 0) || 1, signed = kernelOf(v).some((w) => w < 0);
    const table = signed ? signedTable(c.paper) : GREYS, [r, g, b] = rgb(c.paper), blank = ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
    paintCells(pen, width, map, size, (value, k) => (v.paint && k > i * size + j ? blank
      : table[Math.round(255 * (signed ? (value / most + 1) / 2 : Math.max(0, value / most)))]));
    if (!signed && v.paint) frame(pen, width, 0, 0, 1, c.faint, 1);
    frame(pen, width / size, j, i, 1, "#D55E00", 2.6);
  }

  // -- the reader's hand ---------------------------------------------------------------------------------------------
  function moveTo(i, j) {
    const last = scene().size - 1, held = (x) => Math.max(0, Math.min(last, x)), v = values();
    const [row, column] = [held(i), held(j)];
    if (row === v.row && column === v.column) return;
    model.set("values", { ...model.get("values"), row, column });
    model.save_changes();
  }
  function follow(figure, toPlace) {
    const { canvas } = figure;
    const move = (event) => {
      const [x, y] = figure.place(event).map((at) => at / canvas.clientWidth);
      moveTo(toPlace(y), toPlace(x));
    };
    canvas.style.cursor = "crosshair";
    canvas.style.touchAction = "none";
    canvas.addEventListener("pointerdown", (event) => { pause(); dragging = true; canvas.setPointerCapture(event.pointerId); move(event); });
    canvas.addEventListener("pointermove", (event) => dragging && move(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { dragging = false; });
    canvas.addEventListener("keydown", (event) => {
      const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      if (!by) return;
      event.preventDefault();
      const [i, j] = place();
      moveTo(i + by[0], j + by[1]);
    });
  }
  follow(before, (share) => Math.round((share * side() - values().dilation - 0.5) / values().stride));
  follow(after, (share) => Math.floor(share * scene().size));

  function play() {
    playing = true;
    go.textContent = "❚❚ Pause";
    status.setAttribute("aria-live", "off");
    requestAnimationFrame(loop);
  }
  function pause() {
    playing = false;
    go.textContent = "▶ Play";
    status.setAttribute("aria-live", "polite");
  }
  function loop(now) {
    if (!playing) return;
    if (!el.isConnected) return pause();
    if (now - last > FRAME) {
      const { size } = scene(), [i, j] = place(), next = (i * size + j + 1) % (size * size);
      last = now;
      moveTo(Math.floor(next / size), next % size);
    }
    requestAnimationFrame(loop);
  }

  for (const event of ["change:scene", "change:values"]) model.on(event, show);
  const say = () => { status.textContent = model.get("sentence"); };
  model.on("change:sentence", say);
  show();
  say();
  return () => { playing = false; };
}

const CSS = `
.nn-living .nn-three { display: grid; grid-template-columns: minmax(0, 1fr) auto minmax(0, 1fr); gap: 14px; align-items: center; }
.nn-living .nn-three > div > strong { display: block; margin-bottom: 4px; }
.nn-living .nn-three > div:last-child canvas { margin-left: auto; }
.nn-living .nn-three + [role=status] { margin-top: 8px; }
.nn-living .nn-sum { display: grid; grid-template-columns: auto 24px auto; gap: 10px 0; align-items: center; }
.nn-living .nn-sum .times { font-size: 22px; text-align: center; padding-top: 20px; }
.nn-living .nine { display: grid; grid-template-columns: repeat(3, 48px); grid-auto-rows: 36px; margin-top: 3px; }
.nn-living .nine > * { display: flex; align-items: center; justify-content: center; width: 48px; height: 36px; padding: 0; margin: 0;
  border: 1px solid var(--nn-faint); border-radius: 0; min-height: 0; font: 14px/1 system-ui, sans-serif; font-variant-numeric: tabular-nums; text-align: center; }
.nn-living .nine input[type=number] { width: 48px; height: 36px; min-height: 0; border: 1px solid var(--nn-faint); border-radius: 0; cursor: ns-resize; touch-action: none; appearance: textfield; }
.nn-living .nine input::-webkit-inner-spin-button { display: none; }
.nn-living .adds { grid-column: 3; padding-top: 20px; }
.nn-living .total { display: block; font-size: 30px; color: #d55e00; font-variant-numeric: tabular-nums; }
@media (max-width: 760px) {
  .nn-living .nn-three { grid-template-columns: minmax(0, 1fr); justify-items: center; }
  .nn-living .nn-three > div:not(.nn-sum) { width: min(100%, 340px); }
  .nn-living .nine { grid-template-columns: repeat(3, 42px); }
  .nn-living .nine > *, .nn-living .nine input[type=number] { width: 42px; }
}
`;

// -- without a kernel ------------------------------------------------------------------------------------------------

export function alone(model) {
  const { pictures, kernels, own } = model.get("page");
  const cells = Object.fromEntries(Object.entries(pictures).map(([name, text]) => [name, Float64Array.from(bytes(text), (v) => v / 255)]));
  const close = (a, b) => a.every((v, k) => Math.abs(v - b[k]) <= 1e-8 + 1e-5 * Math.abs(b[k]));
  let preset = null, busy = false;
  function update() {
    if (busy) return;
    const v = { ...model.get("values") };
    if (preset !== null && v.preset !== preset && kernels[v.preset]) NAMES.forEach((name, k) => { v[name] = kernels[v.preset][k]; });
    const same = Object.keys(kernels).filter((name) => close(kernels[name], kernelOf(v)));
    if (!same.includes(v.preset)) v.preset = same[0] ?? own;
    preset = v.preset;
    const n = Math.sqrt(cells[v.picture].length), side = n + 2 * v.padding, image = padded(cells[v.picture], n, v.padding);
    const { size, map } = convolve(image, side, kernelOf(v), v.stride, v.dilation);
    v.row = Math.min(v.row, size - 1);
    v.column = Math.min(v.column, size - 1);
    busy = true;
    model.set("controls", model.get("controls").map((c) => (["row", "column"].includes(c.name) ? { ...c, max: size - 1 } : c)));
    const { picture, stride, padding, dilation } = v;
    model.set("scene", { image, side, map, size, shape: { picture, stride, padding, dilation } });
    model.set("values", v);
    model.set("sentence", `Stride ${v.stride}, padding ${v.padding}, dilation ${v.dilation}: the ${v.picture} of ${n}×${n} pixels gives a `
      + `map of ${size}×${size} sums. At row ${v.row}, column ${v.column}, patch and kernel make nine products, which add up to `
      + `${short(map[v.row * size + v.column])}.`);
    busy = false;
  }
  model.on("change:values", update);
  update();
}
