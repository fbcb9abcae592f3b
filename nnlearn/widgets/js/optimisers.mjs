// The optimiser race: six rules start where the reader puts them, and run side by side.
import { board, colours, dress, element, field, general, put, rgb } from "./living.mjs";

const RULES = ["SGD", "momentum", "Nesterov", "Adagrad", "RMSProp", "Adam"];
const [STEPS, FAR, LOWEST, HIGHEST, SIDE] = [150, 100, 1e-6, 1e4, 2.2];
const DASHED = ["Nesterov", "Adam"];

/** name: [loss(x, y), gradient(x, y)] */
export const LANDSCAPES = {
  "ravine": [(x, y) => (x ** 2 + 30 * y ** 2) / 2, (x, y) => [x, 30 * y]],
  "ravine, askew": [
    (x, y) => (15.5 * x ** 2 + 29 * x * y + 15.5 * y ** 2) / 2,
    (x, y) => [15.5 * x + 14.5 * y, 14.5 * x + 15.5 * y],
  ],
  "saddle": [(x, y) => (10 * x ** 2 - 2 * y ** 2 + y ** 4 + 1) / 4, (x, y) => [5 * x, y ** 3 - y]],
  "Rosenbrock": [
    (x, y) => (1 - x) ** 2 + 100 * (y + 1 - x ** 2) ** 2,
    (x, y) => [2 * (x - 1) - 400 * x * (y + 1 - x ** 2), 200 * (y + 1 - x ** 2)],
  ],
  "several minima": [
    (x, y) => 2 - Math.cos(3 * x) - Math.cos(3 * y) + (x ** 2 + y ** 2) / 4,
    (x, y) => [3 * Math.sin(3 * x) + x / 2, 3 * Math.sin(3 * y) + y / 2],
  ],
};

/** One rule's path, [[x, y], …], and the step at which it left: m ← b m + c g, s ← a s + d g², w ← w − lr m̂ / (√ŝ + ε). */
export function path(rule, landscape, start, lr, mu, kicks) {
  const k = RULES.indexOf(rule), gradient = LANDSCAPES[landscape][1];
  const [b, c] = [[0, mu, mu, 0, 0, mu][k], k === 5 ? 1 - mu : 1];
  const [a, d, eps] = [[1, 1, 1, 1, 0.99, 0.999][k], [0, 0, 0, 1, 0.01, 0.001][k], [0, 0, 0, 1e-10, 1e-8, 1e-8][k]];
  const w = [...start], m = [0, 0], s = k < 3 ? [1, 1] : [0, 0], found = [[...w]];
  let left = STEPS + 1;
  for (let t = 1; t <= STEPS; t++) {
    const g = gradient(w[0], w[1]).map((v, i) => v + kicks[t - 1][i]);
    for (let i = 0; i < 2; i++) {
      m[i] = b * m[i] + c * g[i];
      s[i] = a * s[i] + d * g[i] ** 2;
      const ahead = k === 2 ? g[i] + mu * m[i] : m[i];
      const [mHat, sHat] = k === 5 ? [ahead / (1 - mu ** t), s[i] / (1 - 0.999 ** t)] : [ahead, s[i]];
      w[i] -= (lr * mHat) / (Math.sqrt(sHat) + eps);
    }
    if (left > STEPS && !w.every((v) => Math.abs(v) <= FAR)) left = t;
    for (let i = 0; i < 2; i++) w[i] = Math.min(FAR, Math.max(-FAR, Number.isNaN(w[i]) ? FAR : w[i]));
    found.push([...w]);
  }
  return { path: found, left };
}

/** The loss at each step of a path; null after it has left. */
export const heights = (landscape, { path: points, left }) =>
  points.map(([x, y], t) => (t >= left ? null : LANDSCAPES[landscape][0](x, y)));

export function render({ model, el }) {
  dress(el);
  let playing = false, last = 0, shown = null, dragging = false;
  const values = () => model.get("values"), hidden = new Set();
  const button = (text, click, more = {}) => element("button", { type: "button", click, ...more }, text);
  const go = button("▶ Play", () => (playing ? pause() : play()), { class: "main" });
  const status = element("div", { role: "status", "aria-live": "polite" });
  const place = element("div"), legend = element("div", { class: "nn-row", role: "group", "aria-label": "rules shown" });
  el.append(
    element("div", { class: "nn-row" }, go, field(model, "step"), field(model, "landscape"), field(model, "rates"), field(model, "lr")),
    place, legend, status,
    element("div", { class: "nn-row second" }, field(model, "momentum"), field(model, "noise"), field(model, "x"), field(model, "y")),
  );
  const chips = RULES.map((rule, k) => {
    const chip = button(rule, () => {
      if (!hidden.delete(k)) hidden.add(k);
      chip.setAttribute("aria-pressed", String(!hidden.has(k)));
      figure.redraw();
    }, { "aria-pressed": "true", style: `border-width: 0 0 4px; border-color: ${model.get("scene").colours[k]}` });
    legend.append(chip);
    return chip;
  });
  const figure = board(place, "paths of six optimisers over a landscape, and their losses; a click moves the start",
    (width) => (width >= 620 ? 360 : 320 + 230), draw);

  const step = () => shown ?? values().step;
  function play() {
    playing = true;
    go.textContent = "❚❚ Pause";
    shown = values().step >= STEPS ? 0 : values().step;
    requestAnimationFrame(loop);
  }
  function pause() {
    playing = false;
    go.textContent = "▶ Play";
    const at = step();
    shown = null;
    put(model, "step", at);
  }
  function loop(now) {
    if (!playing) return;
    if (!el.isConnected || shown >= STEPS) return pause();
    if (now - last > 40) { last = now; shown += 1; }
    el.dataset.frames = Number(el.dataset.frames ?? 0) + 1;
    figure.paint();
    requestAnimationFrame(loop);
  }
  function name() { // each rule's rate, and its loss now
    const { losses, left, rates } = model.get("scene"), t = step();
    chips.forEach((chip, k) => {
      const loss = losses[k][t];
      const result = loss === null ? `left at ${left[k]}` : loss < LOWEST ? "below 1e−6" : general(loss, 2);
      const words = `${RULES[k]} · lr ${general(rates[k], 2)} · ${result}`;
      if (chip.textContent !== words) chip.textContent = words;
    });
  }
  const follow = () => { name(); if (!playing) status.textContent = model.get("sentence"); figure.redraw(); };
  for (const event of ["change:scene", "change:sentence", "change:values"]) model.on(event, follow);

  // -- the picture -------------------------------------------------------------------------------------------------
  const layout = (width) => (width >= 620
    ? { map: [34, 16, 310, 310], graph: [404, 16, width - 404 - 12, 310] }
    : { map: [(width - 280) / 2, 10, 280, 280], graph: [46, 335, width - 58, 180] });
  const onMap = ([left, top, w, h], [x, y]) => [left + ((x + SIDE) / (2 * SIDE)) * w, top + ((SIDE - y) / (2 * SIDE)) * h];
  let bands = null;
  function landscape(c) {
    const { landscape: name } = values(), key = `${name} ${c.paper}`;
    if (bands?.key === key) return bands.image;
    const size = 160, image = document.createElement("canvas"), pen = image.getContext("2d");
    image.width = image.height = size;
    const pixels = pen.createImageData(size, size), [low, high] = [rgb(c.paper), rgb(c.quiet)], all = [];
    for (let p = 0; p < size * size; p++) {
      const [x, y] = [((p % size) / (size - 1)) * 2 * SIDE - SIDE, SIDE - (Math.floor(p / size) / (size - 1)) * 2 * SIDE];
      all.push(Math.log(LANDSCAPES[name][0](x, y) + 0.1));
    }
    const [from, to] = [all.reduce((a, v) => Math.min(a, v)), all.reduce((a, v) => Math.max(a, v))];
    all.forEach((v, p) => {
      const t = Math.floor(((v - from) / (to - from)) * 11.999) / 12;
      for (let k = 0; k < 3; k++) pixels.data[4 * p + k] = low[k] + (high[k] - low[k]) * 0.55 * t;
      pixels.data[4 * p + 3] = 255;
    });
    pen.putImageData(pixels, 0, 0);
    bands = { key, image };
    return image;
  }
  function draw(pen, width) {
    const { paths, left, losses, rates, colours: inks } = model.get("scene"), c = colours(el), at = layout(width), t = step();
    const { map, graph } = at;
    const text = (words, x, y, align = "center", ink = c.quiet, size = 10.5) => {
      Object.assign(pen, { font: `${size}px system-ui, sans-serif`, textAlign: align, textBaseline: "middle", fillStyle: ink });
      pen.fillText(words, x, y);
    };
    pen.drawImage(landscape(c), ...map);
    for (const tick of [-2, -1, 0, 1, 2]) {
      const [x, y] = onMap(map, [tick, tick]), word = String(tick).replace("-", "−");
      text(word, x, map[1] + map[3] + 10);
      text(word, map[0] - 8, y, "right");
    }
    const [gx, gy, gw, gh] = graph, sx = (s) => gx + (gw * s) / STEPS;
    const sy = (v) => gy + gh * (1 - (Math.log10(Math.min(HIGHEST, Math.max(LOWEST, v))) + 6) / 10);
    pen.lineWidth = 0.8;
    for (let power = -6; power <= 4; power += 2) {
      pen.strokeStyle = c.faint;
      pen.beginPath(); pen.moveTo(gx, sy(10 ** power)); pen.lineTo(gx + gw, sy(10 ** power)); pen.stroke();
      text(power ? `1e${power}`.replace("-", "−") : "1", gx - 5, sy(10 ** power), "right");
    }
    for (const s of [0, 50, 100, 150]) text(String(s), sx(s), gy + gh + 10);
    text("loss, by step", gx + 4, gy - 8, "left", c.ink, 12);
    pen.strokeStyle = c.quiet;
    pen.beginPath(); pen.moveTo(sx(t), gy); pen.lineTo(sx(t), gy + gh); pen.stroke();
    RULES.forEach((rule, k) => {
      if (hidden.has(k)) return;
      const dash = DASHED.includes(rule) ? [6, 4] : [];
      const trace = (points) => {
        pen.strokeStyle = inks[k]; pen.lineWidth = 1.9; pen.setLineDash(dash);
        pen.beginPath();
        points.forEach(([x, y], i) => pen[i ? "lineTo" : "moveTo"](x, y));
        pen.stroke(); pen.setLineDash([]);
      };
      pen.save();
      pen.beginPath(); pen.rect(...map); pen.clip();
      const points = paths[k].slice(0, t + 1).map((point) => onMap(map, point));
      trace(points);
      pen.beginPath(); pen.arc(...points.at(-1), 5, 0, 7); pen.fillStyle = inks[k]; pen.fill();
      pen.strokeStyle = "#fff"; pen.lineWidth = 1; pen.stroke();
      pen.restore();
      trace(losses[k].slice(0, t + 1).flatMap((v, s) => (v === null ? [] : [[sx(s), sy(v)]])));
      if (left[k] <= t) text("✕", sx(left[k]), gy + 4, "center", inks[k], 15);
    });
    const [x, y] = onMap(map, paths[0][0]);
    pen.strokeStyle = c.ink; pen.lineWidth = 2;
    pen.beginPath(); pen.moveTo(x - 8, y); pen.lineTo(x + 8, y); pen.moveTo(x, y - 8); pen.lineTo(x, y + 8); pen.stroke();
    name();
  }

  // -- the reader's hand: the start is where the pointer is ---------------------------------------------------------
  function move(event) {
    const [px, py] = figure.place(event), { map } = layout(figure.canvas.clientWidth);
    const [x, y] = [((px - map[0]) / map[2]) * 2 * SIDE - SIDE, SIDE - ((py - map[1]) / map[3]) * 2 * SIDE];
    if (!dragging && (Math.abs(x) > SIDE || Math.abs(y) > SIDE)) return false;
    const held = (v) => Math.round(10 * Math.max(-2, Math.min(2, v))) / 10;
    const now = values();
    if (held(x) !== now.x || held(y) !== now.y) {
      model.set("values", { ...now, x: held(x), y: held(y) });
      model.save_changes();
    }
    return true;
  }
  figure.canvas.style.cursor = "crosshair";
  figure.canvas.addEventListener("pointerdown", (event) => {
    dragging = move(event);
    if (dragging) figure.canvas.setPointerCapture(event.pointerId);
  });
  figure.canvas.addEventListener("pointermove", (event) => dragging && move(event));
  for (const end of ["pointerup", "pointercancel"]) figure.canvas.addEventListener(end, () => { dragging = false; });
  follow();
  return () => { playing = false; };
}

// -- without a kernel ------------------------------------------------------------------------------------------------

export function alone(model) {
  const { kicks, rates: tried, own, colours: inks } = model.get("page");
  const said = (loss) => (loss >= LOWEST ? general(loss, 2) : "below 1e-6");
  function update() {
    const v = model.get("values"), start = [v.x, v.y], noise = kicks.map((kick) => kick.map((z) => v.noise * z));
    const run = (rule, lr) => path(rule, v.landscape, start, lr, v.momentum, noise);
    const score = (rule, lr) => {
      const all = heights(v.landscape, run(rule, lr)).map((loss) => Math.log(Math.max(loss ?? 1e6, LOWEST)));
      return all.reduce((s, x) => s + x, 0) / all.length;
    };
    const best = (rule) => tried.reduce((found, lr) => {
      const value = score(rule, lr);
      return value < found[0] ? [value, lr] : found;
    }, [Infinity, tried[0]])[1];
    const rates = RULES.map((rule) => (v.rates === own ? best(rule) : v.lr));
    const runs = RULES.map((rule, k) => run(rule, rates[k])), losses = runs.map((one) => heights(v.landscape, one));
    const left = runs.map((one) => one.left), name = v.landscape[0].toUpperCase() + v.landscape.slice(1), t = v.step;
    const gone = RULES.filter((_, k) => left[k] <= t);
    const order = RULES.map((rule, k) => [losses[k][t], rule]).filter(([loss]) => loss !== null).sort((a, b) => a[0] - b[0]);
    model.set("controls", model.get("controls").map((c) => (c.name === "lr" ? { ...c, disabled: v.rates === own } : c)));
    model.set("sentence", t === 0 ? `${name}: six optimisers stand at the start, at a loss of ${general(losses[0][0])}.`
      : gone.length === RULES.length ? `${name}, after ${t} steps: all six have left the picture. Try a smaller learning rate.`
        : `${name}, losses after ${t} steps from lowest to highest: ${order.map(([loss, rule]) => `${rule} ${said(loss)}`).join(", ")}.`
          + (gone.length ? ` Diverged, the learning rate is too large for: ${gone.join(", ")}.` : ""));
    model.set("scene", { paths: runs.map((one) => one.path), left, losses, rates, colours: inks });
  }
  model.on("change:values", update);
  update();
}
