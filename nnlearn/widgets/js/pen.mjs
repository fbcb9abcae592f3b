// The reader's pen: what it draws as an SVG path, its ink, and the ink in the middle of the paper.

const [FULL, FADE, MOST] = [0.7, 1.0, 600], MNIST = { side: 28, box: 20 - 2 * FULL };
export const bound = (value, low, high) => Math.max(low, Math.min(high, value));

/** The strokes of an SVG path of M and L: [[[x, y], …], …]. */
export function strokes(path) {
  const found = [], pairs = [...path.matchAll(/([ML])\s*(-?\d+(?:\.\d+)?)[\s,]+(-?\d+(?:\.\d+)?)/g)].slice(0, MOST);
  for (const [, sign, x, y] of pairs) {
    if (sign === "M" || !found.length) found.push([]);
    found.at(-1).push([Number(x), Number(y)]);
  }
  return found;
}

/** 1 on a stroke, falling to 0 at its edge; side × side, row by row. */
export function ink(lines, side = MNIST.side) {
  const nearest = new Float64Array(side * side).fill(Infinity);
  for (const points of lines) points.forEach(([ax, ay], k) => {
    const [bx, by] = points[Math.min(k + 1, points.length - 1)], [dx, dy] = [bx - ax, by - ay], length = dx * dx + dy * dy;
    for (let p = 0; p < side * side; p++) {
      const [x, y] = [(p % side) + 0.5 - ax, Math.floor(p / side) + 0.5 - ay], t = length ? bound((x * dx + y * dy) / length, 0, 1) : 0;
      nearest[p] = Math.min(nearest[p], Math.hypot(x - t * dx, y - t * dy));
    }
  });
  return nearest.map((d) => bound((FULL + FADE - d) / FADE, 0, 1));
}

/** The strokes with their longer side `box` pixels and the ink's centre of mass in the middle. */
export function centred(lines, { side, box } = MNIST) {
  const every = lines.flat();
  if (!every.length) return lines;
  const ends = [0, 1].map((k) => [Math.min(...every.map((p) => p[k])), Math.max(...every.map((p) => p[k]))]);
  const size = Math.max(...ends.map(([low, high]) => high - low)), scale = size > 1 ? box / size : 1;
  const placed = lines.map((points) => points.map((p) => p.map((v, k) => (v - ends[k][0]) * scale + (side - box) / 2)));
  const mass = ink(placed, side), total = mass.reduce((s, v) => s + v, 0);
  const x = mass.reduce((s, v, p) => s + v * ((p % side) + 0.5), 0) / total;
  const y = mass.reduce((s, v, p) => s + v * (Math.floor(p / side) + 0.5), 0) / total;
  return placed.map((points) => points.map((p) => [p[0] + side / 2 - x, p[1] + side / 2 - y]));
}

/** The same path without its last stroke. */
export const undone = (path) => path.slice(0, Math.max(0, path.lastIndexOf("M")));

/** The pen on a square board, whose side is `side` long: `path()` is what is drawn so far, `draw(path)` takes what is now. */
export function scribble({ canvas, place }, side, path, draw) {
  const at = (event) => place(event).map((v) => bound((v / canvas.clientWidth) * side, 0, side).toFixed(1)).join(" ");
  let down = false;
  canvas.style.cursor = "crosshair";
  canvas.style.touchAction = "none";
  canvas.addEventListener("pointerdown", (event) => {
    down = true;
    canvas.setPointerCapture(event.pointerId);
    draw(`${path()}M${at(event)}`);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!down) return;
    const drawn = path(), last = drawn.slice(Math.max(drawn.lastIndexOf("M"), drawn.lastIndexOf("L")) + 1).split(" ").map(Number), here = at(event);
    const [x, y] = here.split(" ").map(Number);
    if (Math.hypot(x - last[0], y - last[1]) > 0.6) draw(`${drawn}L${here}`);
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { down = false; });
}
