// The playground: every unit while it learns, in the reader's hands. The view is the same with a kernel and without.
import { Network, chance, start } from "./network.mjs";
import { board, colours, dress, element, field, general, numbers, rgb, signedTable } from "./living.mjs";

const FEATURES = {
  "x": (x) => x, "y": (x, y) => y, "x²": (x) => x * x, "y²": (x, y) => y * y,
  "xy": (x, y) => x * y, "sin x": (x) => Math.sin(x), "sin y": (x, y) => Math.sin(y),
};
const [EDGE, BINS, LONGEST, INFLIGHT, RIM] = [3.5, 20, 1500, 3, 4]; // RIM: of a point at the edge
const [FINE, COARSE, SLOW] = [56, 32, 20]; // points a side of what units answer; milliseconds a frame that are too many
const BOUNDED = ["tanh", "sigmoid"], FLAT = ["relu", "leaky_relu", "elu", "gelu", "silu", "softplus"];
const TROUBLE = "the loss is no longer a number: try a smaller learning rate";

/** Points (x, y, x, y, …) as the network's inputs, row by row. */
function inputs(points, names) {
  const chosen = names.length ? names.map((name) => FEATURES[name]) : [() => 1], n = chosen.length;
  const rows = new Float64Array((points.length / 2) * n);
  for (let r = 0; r < points.length / 2; r++)
    chosen.forEach((f, i) => { rows[r * n + i] = f(points[2 * r], points[2 * r + 1]); });
  return rows;
}

export function render({ model, el }) {
  dress(el);
  const live = { playing: false, flight: 0, step: 0, curve: [], kept: null, trouble: "", hover: null, chosen: null };
  let scene, net, run, grid = FINE, shown = 0, gap = 0, heard = 0, heardOf = 0;

  // -- controls --------------------------------------------------------------------------------------------------
  const of = (name) => field(model, name);
  const button = (text, click, attributes = {}) => element("button", { type: "button", click, ...attributes }, text);
  const playing = button("▶ Play", () => (live.playing ? pause() : play()), { class: "main" });
  const stride = element("select", {}, ...[1, 2, 5, 10, 20, 50, 100].map((n) => element("option", {}, String(n))));
  stride.value = "5";
  const paint = element("select", {});
  const widths = [1, 2, 3, 4, 5, 6].map((k) => of(`width${k}`));
  const showWidths = () => widths.forEach((box, k) => { box.hidden = k >= model.get("values").depth; });
  model.on("change:values", showWidths);
  const status = element("div", { role: "status", "aria-live": "polite" });
  const hint = element("div", { class: "hint", "aria-live": "polite" });
  const code = element("textarea", { rows: 14, readonly: true, hidden: true, "aria-label": "code of this run" });
  const copy = button("Copy", () => { code.select(); navigator.clipboard?.writeText(code.value); }, { hidden: true });
  const place = element("div");
  el.append(
    element("div", { class: "nn-row" }, playing, button("Step", () => { pause(); tick(); }),
      button("Reset", () => { model.send({ type: "reset" }); }),
      of("depth"), ...widths, of("lr"), of("data"), of("activation")),
    place, hint, status,
    element("div", { class: "nn-row second" }, element("label", {}, "steps a frame", stride), of("optimizer"),
      button("Keep this run", keep, { title: "its losses stay in grey, to compare the next run with" }),
      element("label", {}, "a click adds", paint),
      button("Show me the code", () => { pause(); model.send({ type: "code" }); }), copy),
    code,
    element("details", { class: "second" }, element("summary", {}, "More: data, inputs, first weights, batches, prices"),
      element("div", { class: "nn-row" }, ...["noise", "test", "seed", "init", "batch_size", "l1", "l2"].map(of)),
      element("div", { class: "nn-row" }, "inputs", ...Object.keys(FEATURES).map((name) => of(`use ${name}`))),
      element("div", { class: "nn-row" }, of("discrete"), of("show_test"), button("Save picture", save))),
  );
  showWidths();
  const figure = board(place, "the network, what each of its units computes, and the losses", height, draw);

  // -- playing ---------------------------------------------------------------------------------------------------
  function play() {
    window.nnPause?.(); // one figure trains at a time
    window.nnPause = pause;
    Object.assign(live, { playing: true, flight: 0 });
    heard = shown = performance.now();
    gap = 0;
    playing.textContent = "❚❚ Pause";
    status.setAttribute("aria-live", "off");
    requestAnimationFrame(loop);
  }
  function pause() {
    if (window.nnPause === pause) window.nnPause = null;
    live.playing = false;
    playing.textContent = "▶ Play";
    grid = FINE;
    status.setAttribute("aria-live", "polite");
    status.textContent = model.get("sentence");
    figure.redraw();
  }
  const tick = () => { live.flight += 1; model.send({ type: "tick", n: Number(stride.value) }); };
  function loop(now) {
    if (!live.playing) return;
    if (!el.isConnected) return pause();
    if (live.flight < INFLIGHT) tick();
    else if (now - heard > 10000) {
      pause();
      status.textContent = "The kernel has not answered for ten seconds: the figure stays as it was. Is it busy, or gone?";
      return;
    }
    gap = 0.9 * gap + 0.1 * (now - shown); // what a frame takes decides how fine the next is
    shown = now;
    if (gap > SLOW && grid > COARSE) [grid, gap] = [grid - 8, 0];
    figure.paint();
    el.dataset.frames = Number(el.dataset.frames ?? 0) + 1;
    requestAnimationFrame(loop);
  }
  model.on("msg:custom", (message, buffers) => {
    if (message.type === "frame") {
      live.flight = Math.max(0, live.flight - 1);
      heard = performance.now();
      take(message, numbers(buffers[0]));
    } else if (message.type === "code") {
      code.value = message.code;
      code.hidden = copy.hidden = false;
    } else if (message.type === "stopped") pause();
  });
  model.on("change:scene", begin);
  model.on("change:sentence", () => {
    if (!live.playing || heardOf++ % 10 === 0) status.textContent = model.get("sentence");
  });
  model.on("change:values", () => figure.redraw());

  /** Another run: its network, its data and what is known of it so far. */
  function begin() {
    scene = model.get("scene");
    const weights = numbers(scene.weights);
    net = new Network({ ...scene, lr: 0, weights });
    run = { train: inputs(scene.train.X, scene.features), test: inputs(scene.test.X, scene.features) };
    Object.assign(live, { step: scene.step, curve: [...scene.curve], trouble: scene.trouble, hover: null, chosen: null });
    const classes = scene.classes ? Array.from({ length: scene.classes }, (_, k) => `class ${k + 1}`) : [];
    paint.replaceChildren(...["nothing", ...classes].map((name) => element("option", {}, name)));
    paint.disabled = !scene.classes;
    grid = FINE;
    figure.redraw();
  }
  function take({ step, points, trouble }, weights) {
    if (weights.length !== net.w.length) return; // of a run that another has replaced
    net.w.set(weights);
    Object.assign(live, { step, trouble });
    for (const point of points) {
      if (live.curve.length && live.curve.at(-1)[0] >= point[0]) live.curve.pop();
      live.curve.push(point);
    }
    if (live.curve.length > LONGEST) live.curve = live.curve.filter((_, k) => k % 2 === 0 || k === live.curve.length - 1);
    el.dataset.step = step;
    el.dataset.states = Number(el.dataset.states ?? 0) + 1;
    if (trouble && live.playing) pause();
    if (!live.playing) figure.redraw();
  }
  function keep() {
    live.kept = { curve: [...live.curve], sentence: model.get("sentence") };
    hint.textContent = `Kept: ${live.kept.sentence}`;
    figure.redraw();
  }
  function save() {
    const link = element("a", { download: `playground-${live.step}.png`, href: figure.canvas.toDataURL() });
    link.click();
  }

  // -- where everything stands -------------------------------------------------------------------------------------
  const sizes = () => scene.sizes;
  function height(width) { return width >= 620 ? 452 : 466 + Math.min(width - 60, 300) + 156; }
  function layout(width) {
    const wide = width >= 620, side = wide ? Math.min(0.3 * width, 270) : Math.min(width - 60, 300);
    const right = wide ? width - side - 44 : width, last = sizes().length - 1;
    const [left, far] = [wide ? 62 : 44, right - (wide ? 40 : 30)], [top, bottom] = [26, 300];
    const between = (far - left) / last, most = Math.max(...sizes());
    const tile = Math.floor(Math.min(52, (bottom - top) / most - 5, between / 2));
    const column = (k) => left + k * between;
    const row = (k, i) => (top + bottom) / 2 + (tile + 5) * (i - (sizes()[k] - 1) / 2);
    const square = { x: wide ? width - side - 8 : 46, y: wide ? 24 : 466, side };
    const losses = { x: square.x + 2, y: square.y + side + 56, width: side - 2, height: wide ? 428 - square.y - side - 56 : 80 };
    return { wide, right, column, row, tile, square, losses, bars: { y: 334, height: 36 }, slope: { y: 392, height: 44 } };
  }
  function ends(at, { layer, source, unit }) {
    return [at.column(layer) + at.tile / 2, at.row(layer, source), at.column(layer + 1) - at.tile / 2, at.row(layer + 1, unit)];
  }
  const weightAt = ({ layer, source, unit }) => {
    const { m, W, b } = net.layers[layer];
    return source < 0 ? b + unit : W + source * m + unit;
  };
  const unitName = (k, i) => (k === 0 ? `input ${scene.features[i] ?? "1"}`
    : k < sizes().length - 1 ? `layer ${k}, unit ${i + 1}` : sizes()[k] > 1 ? `output ${i + 1}` : "the output");
  const name = (w) => (w.source < 0 ? `bias of ${unitName(w.layer + 1, w.unit)}`
    : `weight from ${unitName(w.layer, w.source)} to ${unitName(w.layer + 1, w.unit)}`);

  // -- drawing -----------------------------------------------------------------------------------------------------
  const canvas = () => { const made = document.createElement("canvas"); return { made, pen: made.getContext("2d") }; };
  const [thumbnails, large, dots] = [canvas(), canvas(), canvas()], table = { paper: "", lut: null };
  let plane = null; // the inputs at every point of a grid, for these features
  function surfaces() {
    if (plane?.key !== `${grid} ${scene.features}`) {
      const points = new Float64Array(2 * grid * grid);
      for (let p = 0; p < grid * grid; p++) {
        points[2 * p] = ((p % grid) / (grid - 1)) * 2 * EDGE - EDGE;
        points[2 * p + 1] = EDGE - (Math.floor(p / grid) / (grid - 1)) * 2 * EDGE;
      }
      plane = { key: `${grid} ${scene.features}`, rows: inputs(points, scene.features) };
    }
    return net.forward(plane.rows);
  }
  /** Units' answers beside each other on a small canvas, of which the browser then has to copy one.  -> points a side */
  function spread({ made, pen }, units, every) {
    const side = Math.floor(grid / every), width = side * units.length;
    if (made.width !== width || made.height !== side) Object.assign(made, { width, height: side });
    const pixels = pen.createImageData(width, side), out = new Uint32Array(pixels.data.buffer);
    units.forEach(({ a, k, i, pixelOf }, at) => {
      const m = sizes()[k];
      for (let r = 0; r < side; r++)
        for (let c = 0; c < side; c++)
          out[r * width + at * side + c] = pixelOf(a, ((r * grid + c) * every) * m + i, m, i);
    });
    pen.putImageData(pixels, 0, 0);
    return side;
  }
  /** From an answer to a pixel: signed colours, or the classes'. */
  function pixels(a, k, discrete = false) {
    const last = k === sizes().length - 1, lut = table.lut;
    const shade = (v) => lut[Math.max(0, Math.min(255, Math.round((Number.isFinite(v) ? v : 0) * 127.5 + 127.5)))];
    if (last && scene.classes > 2) return classPixels(discrete);
    if (last && scene.classes) return (b, at) => shade(discrete ? (b[at] > 0 ? 0.64 : -0.64) : 0.85 * Math.tanh(b[at] / 2));
    if (last) return (b, at) => shade(0.85 * (discrete ? Math.round(4 * b[at]) / 4 : b[at]));
    if (k && BOUNDED.includes(scene.activation)) return (b, at) => shade(b[at]);
    const m = sizes()[k], most = new Float64Array(m).fill(1e-6);
    for (let i = 0; i < a.length; i++) if (Number.isFinite(a[i])) most[i % m] = Math.max(most[i % m], Math.abs(a[i]));
    return (b, at, _, unit) => shade(b[at] / most[unit]);
  }
  function classPixels(discrete) {
    const paper = rgb(table.paper), ink = scene.colours.map(rgb);
    return (b, at, m, unit) => {
      const row = at - unit, z = Array.from(b.subarray(row, row + m), (v) => (Number.isFinite(v) ? v : 0));
      const top = Math.max(...z), e = z.map((v) => Math.exp(v - top)), sum = e.reduce((s, v) => s + v, 0);
      const best = z.indexOf(top), p = e.map((v, j) => (discrete ? Number(j === best) : v / sum));
      const [r, g, bl] = [0, 1, 2].map((c) => Math.round(0.3 * paper[c] + 0.7 * p.reduce((s, v, j) => s + v * ink[j][c], 0)));
      return ((255 << 24) | (bl << 16) | (g << 8) | r) >>> 0;
    };
  }
  const signedInk = (v) => (v < 0 ? "0, 114, 178" : "213, 94, 0");

  function draw(pen, width) {
    if (!net) return;
    const at = layout(width), c = colours(el), values = model.get("values");
    if (table.paper !== c.paper) Object.assign(table, { paper: c.paper, lut: signedTable(c.paper) });
    const found = surfaces();
    const text = (words, x, y, { align = "center", size = 11, ink = c.quiet, weight = "" } = {}) => {
      pen.font = `${weight} ${size}px system-ui, sans-serif`;
      pen.textAlign = align;
      pen.textBaseline = "middle";
      pen.fillStyle = ink;
      pen.fillText(words, x, y);
    };
    drawWeights(pen, at, c);
    drawUnits(pen, at, c, found, text);
    drawStatistics(pen, at, c, text);
    drawSquare(pen, at, c, found, values, text);
    drawLosses(pen, at, c, text);
    if (live.trouble) {
      pen.fillStyle = "#b3261e";
      pen.fillRect(at.column(0), 140, at.right - at.column(0) - 20, 40);
      text(live.trouble, (at.column(0) + at.right - 20) / 2, 160, { size: at.wide ? 15 : 11, ink: "#fff", weight: "bold" });
    }
  }
  function drawWeights(pen, at) {
    const marked = live.drag ?? live.chosen ?? (live.hover?.source !== undefined ? live.hover : null);
    net.layers.forEach(({ n, m, W }, layer) => {
      for (let source = 0; source < n; source++) {
        for (let unit = 0; unit < m; unit++) {
          const v = net.w[W + source * m + unit], size = Math.min(Math.abs(Number.isFinite(v) ? v : 0), 9);
          const [x0, y0, x1, y1] = ends(at, { layer, source, unit });
          const hot = marked && marked.layer === layer && marked.source === source && marked.unit === unit;
          pen.beginPath();
          pen.moveTo(x0, y0);
          pen.bezierCurveTo((x0 + x1) / 2, y0, (x0 + x1) / 2, y1, x1, y1);
          pen.lineWidth = Math.min(0.4 + 1.7 * size, 8) + (hot ? 3 : 0);
          pen.strokeStyle = `rgba(${signedInk(v)}, ${hot ? 1 : Math.min(0.25 + 0.5 * size, 0.85)})`;
          pen.setLineDash(live.playing ? [7, 4] : []);
          pen.lineDashOffset = live.playing ? -performance.now() / 40 : 0;
          pen.stroke();
        }
      }
    });
    pen.setLineDash([]);
  }
  function drawUnits(pen, at, c, found, text) {
    const names = ["inputs", ...sizes().slice(1, -1).map((n) => `${n} ${scene.activation.replace("leaky_relu", "leaky")}`), "output"];
    names.forEach((words, k) => text(words, at.column(k), 11, { size: names.length > 6 ? 9 : 11 }));
    const units = found.flatMap((a, k) => {
      const pixelOf = pixels(a, k), classes = k === sizes().length - 1 && scene.classes > 2;
      return Array.from({ length: sizes()[k] }, (_, i) => ({ a, k, i, pixelOf: classes ? oneClass(i) : pixelOf }));
    });
    const side = spread(thumbnails, units, 2);
    units.forEach(({ k, i }, nth) => {
      const [x, y] = [at.column(k) - at.tile / 2, at.row(k, i) - at.tile / 2];
      pen.drawImage(thumbnails.made, nth * side, 0, side, side, x, y, at.tile, at.tile);
      const big = live.hover?.column === k && live.hover.unit === i;
      pen.strokeStyle = big ? c.ink : c.quiet;
      pen.lineWidth = big ? 3 : 1;
      pen.strokeRect(x, y, at.tile, at.tile);
      if (k === 0) text(scene.features[i] ?? "1", x - 6, y + at.tile / 2, { align: "right", size: 12, ink: c.ink });
      else {
        const bias = net.w[net.layers[k - 1].b + i], held = live.chosen ?? live.drag ?? live.hover;
        const marked = held?.source === -1 && held.layer === k - 1 && held.unit === i;
        pen.fillStyle = c.paper;
        pen.fillRect(x, y + at.tile - 11, 11, 11);
        pen.fillStyle = `rgba(${signedInk(bias)}, ${0.15 + 0.85 * Math.abs(Math.tanh(bias || 0))})`;
        pen.fillRect(x + 1, y + at.tile - 10, 9, 9);
        if (marked) { pen.strokeStyle = c.ink; pen.strokeRect(x, y + at.tile - 11, 11, 11); }
      }
    });
  }
  const oneClass = (unit) => {
    const paper = rgb(table.paper), ink = rgb(scene.colours[unit]);
    return (b, at, m) => {
      const row = at - unit;
      let top = -Infinity, sum = 0;
      for (let j = 0; j < m; j++) top = Math.max(top, Number.isFinite(b[row + j]) ? b[row + j] : 0);
      for (let j = 0; j < m; j++) sum += Math.exp((Number.isFinite(b[row + j]) ? b[row + j] : 0) - top);
      const p = Math.exp((Number.isFinite(b[at]) ? b[at] : 0) - top) / sum;
      const [r, g, bl] = paper.map((v, k) => Math.round((1 - p) * v + p * ink[k]));
      return ((255 << 24) | (bl << 16) | (g << 8) | r) >>> 0;
    };
  };
  function drawStatistics(pen, at, c, text) {
    const layers = statistics(net, run.train, scene), floor = at.bars.y + at.bars.height;
    const half = Math.min(28, (at.column(1) - at.column(0)) / 2 - 4);
    if (at.wide) {
      text("put out", at.column(0), at.bars.y + 20);
      text("gradient", at.column(0) - 8, at.slope.y + 22);
    }
    const low = -6, high = 1, level = (size) => {
      const power = Math.min(high, Math.max(low, Math.log10(Math.max(size, 1e-30))));
      return at.slope.y + at.slope.height * (1 - ((Number.isFinite(power) ? power : high) - low) / (high - low));
    };
    pen.lineWidth = 0.8;
    for (let power = low; power <= high; power += 2) {
      const y = level(10 ** power);
      pen.strokeStyle = c.faint;
      pen.beginPath(); pen.moveTo(at.column(1) - half, y); pen.lineTo(at.column(sizes().length - 1) + half, y); pen.stroke();
      text(power ? `1e${power}` : "1", at.column(1) - half - 4, y, { align: "right", size: 8 });
    }
    layers.forEach(({ bars, words, idle }, k) => {
      const x = at.column(k + 1) - half, most = Math.max(...bars, 1);
      pen.fillStyle = "#8fa7b5";
      bars.forEach((count, i) => {
        const high = Math.sqrt(count / most) * at.bars.height;
        pen.fillRect(x + (i * 2 * half) / BINS, floor - high, (2 * half) / BINS + 0.4, high);
      });
      pen.strokeStyle = c.quiet;
      pen.beginPath(); pen.moveTo(x, floor); pen.lineTo(x + 2 * half, floor); pen.stroke();
      text(words, at.column(k + 1), floor + 9, { size: layers.length > 4 || !at.wide ? 8 : 9.5, ink: idle ? "#d55e00" : c.quiet });
    });
    pen.strokeStyle = pen.fillStyle = "#cc79a7";
    pen.lineWidth = 1.5;
    pen.beginPath();
    layers.forEach(({ gradient }, k) => pen[k ? "lineTo" : "moveTo"](at.column(k + 1), level(gradient)));
    pen.stroke();
    layers.forEach(({ gradient }, k) => {
      pen.beginPath(); pen.arc(at.column(k + 1), level(gradient), 3, 0, 7); pen.fillStyle = "#cc79a7"; pen.fill();
    });
  }
  function drawSquare(pen, at, c, found, values, text) {
    const { x, y, side } = at.square, last = sizes().length - 1;
    const shown = live.hover?.column !== undefined ? live.hover : { column: last, unit: 0 };
    text(shown.column === last && sizes()[last] === 1 ? "output" : unitName(shown.column, shown.unit),
      x, y - 12, { align: "left", size: 13, ink: c.ink, weight: "bold" });
    const whole = live.hover?.column === last && scene.classes > 2 ? oneClass(shown.unit)
      : pixels(found[shown.column], shown.column, values.discrete);
    spread(large, [{ a: found[shown.column], k: shown.column, i: shown.unit, pixelOf: whole }], 1);
    pen.imageSmoothingEnabled = !values.discrete;
    pen.drawImage(large.made, x, y, side, side);
    pen.imageSmoothingEnabled = true;
    const points = drawPoints(side, pen.getTransform().a, values.show_test);
    pen.drawImage(points, x - RIM, y - RIM, side + 2 * RIM, side + 2 * RIM);
    for (const tick of [-3, 0, 3]) {
      const share = (tick + EDGE) / (2 * EDGE);
      text(String(tick).replace("-", "−"), x + share * side, y + side + 9, { size: 9 });
      text(String(tick).replace("-", "−"), x - 6, y + side - share * side, { size: 9, align: "right" });
    }
  }
  /** The data on a canvas of their own, drawn once: while a network learns they stand still. */
  function drawPoints(side, ratio, withTest) {
    const { made, pen } = dots, key = `${side} ${ratio} ${withTest}`;
    if (dots.run === run && dots.key === key) return made;
    Object.assign(dots, { run, key });
    made.width = made.height = Math.round((side + 2 * RIM) * ratio);
    pen.setTransform(made.width / (side + 2 * RIM), 0, 0, made.height / (side + 2 * RIM), 0, 0);
    const dot = (X, targets, test) => targets.forEach((target, k) => {
      const [px, py] = [X[2 * k], X[2 * k + 1]];
      if (Math.abs(px) > EDGE || Math.abs(py) > EDGE) return;
      const [cx, cy] = [RIM + ((px + EDGE) / (2 * EDGE)) * side, RIM + ((EDGE - py) / (2 * EDGE)) * side];
      pen.beginPath();
      if (test) pen.rect(cx - 2.5, cy - 2.5, 5, 5); else pen.arc(cx, cy, 3, 0, 7);
      pen.fillStyle = scene.classes ? scene.colours[target] : `rgba(${signedInk(target)}, ${0.2 + 0.8 * Math.min(1, Math.abs(target))})`;
      pen.fill();
      pen.strokeStyle = test ? "#1a1a1a" : "#fff";
      pen.lineWidth = 0.8;
      pen.stroke();
    });
    dot(scene.train.X, scene.train.y, false);
    if (withTest) dot(scene.test.X, scene.test.y, true);
    return made;
  }
  function drawLosses(pen, at, c, text) {
    const { x, y, width, height } = at.losses, all = [...live.curve, ...(live.kept?.curve ?? [])];
    if (!all.length) return;
    const values = all.flatMap(([, a, b]) => [a, b]).filter((v) => v > 0 && Number.isFinite(v));
    const low = Math.floor(Math.log10(Math.max(1e-6, Math.min(...values, 1)))), high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values, 1e-5))));
    const final = Math.max(50, ...all.map(([step]) => step));
    const sx = (step) => x + (width * step) / final;
    const sy = (v) => y + height * (1 - (Math.log10(Math.min(10 ** high, Math.max(10 ** low, v))) - low) / (high - low));
    for (let power = low; power <= high; power++) {
      pen.strokeStyle = c.faint; pen.lineWidth = 0.8;
      pen.beginPath(); pen.moveTo(x, sy(10 ** power)); pen.lineTo(x + width, sy(10 ** power)); pen.stroke();
      text(power >= 0 ? String(10 ** power) : power > -4 ? (10 ** power).toFixed(-power) : `1e${power}`, x - 5, sy(10 ** power), { align: "right", size: 9 });
    }
    const line = (curve, column, ink, dash) => {
      pen.strokeStyle = ink; pen.lineWidth = 1.8; pen.setLineDash(dash);
      pen.beginPath();
      curve.forEach((point, k) => pen[k ? "lineTo" : "moveTo"](sx(point[0]), sy(point[column])));
      pen.stroke(); pen.setLineDash([]);
    };
    if (live.kept) { line(live.kept.curve, 1, c.faint, []); line(live.kept.curve, 2, c.faint, [5, 3]); }
    line(live.curve, 1, c.ink, []);
    line(live.curve, 2, "#009e73", [5, 3]);
    const [, train, test] = live.curve.at(-1) ?? [0, NaN, NaN];
    text(`step ${live.step.toLocaleString("en")}`, x + width, y - 28, { align: "right", size: 11 });
    const loss = width > 220 ? " loss" : "";
    text(`training${loss} ${short(train)}`, x, y - 12, { align: "left", ink: c.ink, weight: "bold" });
    text(`test${loss} ${short(test)}`, x + width, y - 12, { align: "right", ink: "#009e73", weight: "bold" });
    text(final.toLocaleString("en"), x + width, y + height + 9, { align: "right", size: 9 });
  }

  // -- the reader's hand -------------------------------------------------------------------------------------------
  function what(x, y) {
    const at = layout(figure.canvas.clientWidth), { square } = at;
    for (let k = 0; k < sizes().length; k++) {
      for (let i = 0; i < sizes()[k]; i++) {
        const [dx, dy] = [x - at.column(k) + at.tile / 2, y - at.row(k, i) + at.tile / 2];
        if (dx < 0 || dy < 0 || dx > at.tile || dy > at.tile) continue;
        if (k && dx < 13 && dy > at.tile - 13) return { layer: k - 1, source: -1, unit: i };
        return { column: k, unit: i };
      }
    }
    if (x >= square.x && x <= square.x + square.side && y >= square.y && y <= square.y + square.side)
      return { point: [((x - square.x) / square.side) * 2 * EDGE - EDGE, EDGE - ((y - square.y) / square.side) * 2 * EDGE] };
    let best = 8, found = null;
    net.layers.forEach(({ n, m }, layer) => {
      for (let source = 0; source < n; source++) {
        for (let unit = 0; unit < m; unit++) {
          const [x0, y0, x1, y1] = ends(at, { layer, source, unit });
          if (x < x0 || x > x1) continue;
          let low = 0, high = 1; // the curve's x grows with t: find t, then compare heights
          for (let k = 0; k < 20; k++) {
            const t = (low + high) / 2, mid = (x0 + x1) / 2;
            const cx = (1 - t) ** 3 * x0 + 3 * (1 - t) ** 2 * t * mid + 3 * (1 - t) * t * t * mid + t ** 3 * x1;
            if (cx < x) low = t; else high = t;
          }
          const t = (low + high) / 2, away = Math.abs(y0 + (y1 - y0) * t * t * (3 - 2 * t) - y);
          if (away < best) { best = away; found = { layer, source, unit }; }
        }
      }
    });
    return found;
  }
  const tell = (w) => { hint.textContent = `${name(w)}: ${net.w[weightAt(w)].toFixed(3)}. Drag it, or focus the figure and press ↑ or ↓.`; };
  function setWeight(w, value) {
    const held = Math.max(-100, Math.min(100, value));
    net.w[weightAt(w)] = held;
    model.send({ type: "weight", ...w, value: held });
    tell(w);
    figure.redraw();
  }
  figure.canvas.addEventListener("pointermove", (event) => {
    if (!net) return;
    const [x, y] = figure.place(event);
    if (live.drag) return setWeight(live.drag, live.drag.value + (x - live.drag.x - (y - live.drag.y)) / 40);
    live.hover = what(x, y);
    live.chosen = null;
    figure.canvas.style.cursor = live.hover?.source !== undefined ? "ns-resize" : live.hover?.point && paint.selectedIndex ? "crosshair" : "default";
    if (live.hover?.source !== undefined) tell(live.hover);
    else hint.textContent = live.hover?.column !== undefined ? `${unitName(live.hover.column, live.hover.unit)}, enlarged on the right or below` : "";
    figure.redraw();
  });
  figure.canvas.addEventListener("pointerdown", (event) => {
    if (!net) return;
    const [x, y] = figure.place(event), found = what(x, y);
    if (found?.source !== undefined) {
      live.drag = { layer: found.layer, source: found.source, unit: found.unit, x, y, value: net.w[weightAt(found)] };
      figure.canvas.setPointerCapture(event.pointerId);
    } else if (found?.point && paint.selectedIndex > 0) {
      model.send({ type: "point", x: found.point[0], y: found.point[1], label: paint.selectedIndex - 1 });
    }
  });
  for (const end of ["pointerup", "pointercancel"]) figure.canvas.addEventListener(end, () => { live.drag = null; });
  figure.canvas.addEventListener("pointerleave", () => { live.hover = null; hint.textContent = ""; figure.redraw(); });
  figure.canvas.addEventListener("keydown", (event) => {
    const all = net.layers.flatMap(({ n, m }, layer) => Array.from({ length: (n + 1) * m }, (_, k) => (
      { layer, source: Math.floor(k / m) < n ? Math.floor(k / m) : -1, unit: k % m })));
    const at = live.chosen ? all.findIndex((w) => ["layer", "source", "unit"].every((key) => w[key] === live.chosen[key])) : -1;
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key], by = { ArrowUp: 0.1, ArrowDown: -0.1 }[event.key];
    if (step) { live.chosen = all[(at + step + all.length) % all.length]; tell(live.chosen); }
    else if (by && live.chosen) setWeight(live.chosen, net.w[weightAt(live.chosen)] + by);
    else if (event.key === "Escape") live.chosen = null;
    else return;
    event.preventDefault();
    event.stopPropagation(); // a slide or a notebook moves with the same keys
    figure.redraw();
  });

  begin();
  status.textContent = model.get("sentence");
  model.send({ type: "hello" });
  return () => { live.playing = false; };
}

const short = (v) => (!Number.isFinite(v) ? "" : v >= 0.001 && v < 100 ? v.toFixed(3) : v.toExponential(0));

/** Each layer's histogram over all training examples, whether units are stuck, and its gradient's size. */
export function statistics(net, X, scene) {
  net.backward(X, scene.train.y);
  return net.forward(X).slice(1).map((a, k) => {
    const { n, m, W } = net.layers[k], last = k === net.layers.length - 1, rows = a.length / m;
    let sum = 0;
    for (let i = W; i < W + n * m; i++) sum += net.g[i] ** 2;
    const known = a.filter(Number.isFinite), low = known.reduce((s, v) => Math.min(s, v), Infinity), high = known.reduce((s, v) => Math.max(s, v), -Infinity);
    const [from, to] = high - low < 1e-6 ? [low - 0.5, high + 0.5] : [low, high], bars = new Array(BINS).fill(0);
    for (const v of known) bars[Math.min(BINS - 1, Math.floor(((v - from) / (to - from)) * BINS))] += 1;
    const idle = last ? 0 : idleShare(a, m, rows, scene.activation);
    const range = known.length ? `${+low.toPrecision(2)} … ${+high.toPrecision(2)}`.replaceAll("-", "−") : "no number";
    return { bars, idle, gradient: Math.sqrt(sum / (n * m)), words: idle ? `${Math.round(100 * idle)}% stuck` : range };
  });
}

/** The share of units that answer (nearly) every example from a flat part of their activation. */
function idleShare(a, m, rows, activation) {
  const [middle, reach] = activation === "tanh" ? [0, 1] : [0.5, 0.5];
  const stuck = BOUNDED.includes(activation) ? (v) => Math.abs(v - middle) > 0.99 * reach
    : FLAT.includes(activation) ? (v) => Math.abs(v) < 1e-3 : () => false;
  let units = 0;
  for (let j = 0; j < m; j++) {
    let count = 0;
    for (let r = 0; r < rows; r++) count += stuck(a[r * m + j]);
    units += count / rows > 0.99;
  }
  return units / m;
}

// -- without a kernel ------------------------------------------------------------------------------------------------

/** What the kernel does, done by the page: answers the view's messages and its changes of `values`. */
export function alone(model) {
  const page = model.get("page");
  let run;

  const config = (v) => ({
    data: v.data, noise: v.noise, test: v.test, seed: v.seed, activation: v.activation, init: v.init,
    optimizer: v.optimizer, batch_size: v.batch_size,
    features: Object.keys(FEATURES).filter((name) => v[`use ${name}`]),
    widths: Array.from({ length: v.depth }, (_, k) => v[`width${k + 1}`]),
    points: [],
  });
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

  /** A run from its first weights. */
  function begin(c, given = null) {
    const problem = page.problems[c.data], c0 = chance(c.seed), order = c0.shuffled(problem.y.length);
    const point = (k) => [0, 1].map((i) => problem.X[2 * k + i] + (c.noise / 0.5) * problem.dX[2 * k + i]);
    const target = (k) => problem.y[k] + (c.noise / 0.5) * (problem.dy?.[k] ?? 0);
    const cut = Math.round((1 - c.test) * order.length);
    const part = (rows) => ({ X: rows.flatMap(point), y: rows.map(target) });
    const [train, test] = given ? [given.train, given.test] : [part(order.slice(0, cut)), part(order.slice(cut))];
    const mine = { X: [...train.X, ...c.points.flatMap(([x, y]) => [x, y])], y: [...train.y, ...c.points.map(([, , label]) => label)] };
    const sizes = [c.features.length || 1, ...c.widths, problem.classes > 2 ? problem.classes : 1];
    const v = model.get("values");
    const first = given?.first ?? start(sizes, c.activation, c.init, c0);
    const made = { sizes, activation: c.activation, loss: problem.loss, optimizer: c.optimizer, weights: first };
    const net = new Network({ ...made, lr: v.lr, l1: v.l1, l2: v.l2 });
    run = { config: c, net, given, train: mine, test, batches: c0, waiting: [], curve: [], trouble: "",
      classes: problem.classes, X: inputs(mine.X, c.features), T: inputs(test.X, c.features) };
    if (given?.weights && !c.points.length) {
      net.w.set(given.weights);
      net.steps = given.step;
      net.slots.forEach((slot, k) => slot.set(given.slots[k]));
      run.curve = [...given.curve];
    }
    note();
    model.set("scene", { ...made, features: c.features, classes: problem.classes, colours: page.colours,
      train: mine, test, step: net.steps, curve: run.curve, trouble: run.trouble, weights: Float64Array.from(net.w) });
  }
  function note() {
    const { net } = run, [train, test] = [[run.X, run.train.y], [run.T, run.test.y]].map(([X, y]) => net.lossOf(net.forward(X).at(-1), y));
    const points = [];
    if (!Number.isFinite(train + test)) run.trouble = TROUBLE;
    else {
      if (run.curve.at(-1)?.[0] === net.steps) run.curve.pop();
      points.push([net.steps, train, test]);
      run.curve.push(points[0]);
    }
    say();
    return points;
  }
  function accuracy() {
    const { net, classes } = run, out = net.forward(run.T).at(-1), m = net.sizes.at(-1);
    const right = run.test.y.filter((y, r) => {
      if (m === 1) return (out[r] > 0) === (y > 0.5);
      const row = [...out.subarray(r * m, r * m + m)];
      return row.indexOf(Math.max(...row)) === y;
    });
    return classes ? right.length / run.test.y.length : null;
  }
  function say() {
    const { net, config: c, trouble, curve } = run, right = accuracy();
    const steps = net.steps.toLocaleString("en");
    if (trouble) return model.set("sentence", `Stopped at step ${steps} of ${c.data}: ${trouble}.`);
    const [, train, test] = curve.at(-1), priced = net.l1 || net.l2 ? `, L1 ${net.l1}, L2 ${net.l2}.` : ".";
    return model.set("sentence", `Step ${steps} of ${c.data}: training loss ${general(train)}, test loss ${general(test)}`
      + (right === null ? "" : `, ${Math.round(100 * right)}% of the test points right`)
      + `. Units ${net.sizes.join("-")}, ${c.activation}, ${c.optimizer} with learning rate ${general(net.lr, 6)}, batches of ${c.batch_size}${priced}`);
  }
  const send = (points) => model.reply({ type: "frame", step: run.net.steps, points, trouble: run.trouble },
    [Float64Array.from(run.net.w)]);
  function train(n) {
    const { net } = run, m = net.sizes[0];
    for (let k = 0; k < n && !run.trouble; k++) {
      if (!run.waiting.length) run.waiting = run.batches.shuffled(run.train.y.length);
      const rows = run.waiting.splice(0, run.config.batch_size), X = new Float64Array(rows.length * m);
      rows.forEach((row, r) => { for (let i = 0; i < m; i++) X[r * m + i] = run.X[row * m + i]; });
      if (Number.isNaN(net.step(X, rows.map((row) => run.train.y[row])))) run.trouble = TROUBLE;
    }
    send(note());
  }

  model.on("change:values", () => {
    const v = model.get("values"), wanted = config(v), { net } = run;
    const changed = ["lr", "l1", "l2"].some((name) => net[name] !== v[name]);
    if (!same({ ...wanted, points: run.config.points }, run.config)) return begin(wanted);
    Object.assign(net, { lr: v.lr, l1: v.l1, l2: v.l2 });
    if (changed) { run.trouble = ""; send(note()); }
    return undefined;
  });
  model.receive = (message) => {
    if (message.type === "tick") train(message.n);
    else if (message.type === "reset") begin({ ...run.config, points: [] }, run.given ? { ...run.given, weights: null } : null);
    else if (message.type === "weight") {
      const { m, W, b } = run.net.layers[message.layer];
      run.net.w[message.source < 0 ? b + message.unit : W + message.source * m + message.unit] = message.value;
      run.trouble = "";
      send(note());
    } else if (message.type === "point") {
      begin({ ...run.config, points: [...run.config.points, [message.x, message.y, message.label]] }, run.given);
    } else if (message.type === "code") model.reply({ type: "code", code: asCode() });
  };
  /** A cell that opens this very playground in a notebook. */
  function asCode() {
    const v = model.get("values"), given = model.get("defaults");
    const name = (key) => (/^[a-z_]\w*$/i.test(key) ? key : null);
    const value = (x) => (typeof x === "boolean" ? (x ? "True" : "False") : JSON.stringify(x));
    const moved = Object.keys(v).filter((key) => v[key] !== given[key]);
    const plain = moved.filter(name).map((key) => `${key}=${value(v[key])}`);
    const others = moved.filter((key) => !name(key)).map((key) => `"${key}": ${value(v[key])}`);
    const all = [...plain, `step=${run.net.steps}`, ...(others.length ? [`**{${others.join(", ")}}`] : [])];
    return `import nnlearn as nn\n\nnn.widgets.Playground(${all.join(", ")})`;
  }

  const first = config(model.get("values")), stored = config(page.values);
  begin(first, same(first, stored) ? page.given : null);
}
