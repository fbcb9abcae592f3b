// A language model writes while the reader turns its temperature, sees what it doubts, and chooses for it.
import { drawn, fetchModel, modelOf, nextTokenProbabilities } from "./gpt.mjs";
import { dress, element, field, put } from "./living.mjs";
import { Pcg64 } from "./pcg64.mjs";

const [BARS, BITS, FRAME] = [12, 8, 70]; // likeliest tokens shown; the darkest orange, in bits; ms between two tokens
const signs = (text) => text.replaceAll(" ", "␣").replaceAll("\n", "↵");

export function render({ model, el }) {
  dress(el);
  let playing = false, waiting = false, last = 0;
  const button = (text, click, more = {}) => element("button", { type: "button", click, ...more }, text);
  const write = button("▶ Write", () => (playing ? pause() : play()), { class: "main" });
  const length = () => model.get("values").length, longest = () => model.get("controls").find((c) => c.name === "length").max;
  const go = (n) => { waiting = true; put(model, "length", Math.max(0, Math.min(longest(), n))); };
  const knobs = model.get("controls").map(({ name }) => name).filter((name) => !["prompt", "length"].includes(name));
  const page = element("div", { class: "nn-page", tabindex: 0, role: "region", "aria-label": "the text so far" });
  const bars = element("div", { class: "nn-bars", role: "group", "aria-label": "what may come next; press one to choose it" });
  const status = element("div", { role: "status", "aria-live": "polite" });
  el.append(
    element("style", {}, CSS),
    element("div", { class: "nn-row" }, write, button(`One ${model.get("scene").token}`, () => { pause(); go(length() + 1); }),
      button("Back", () => { pause(); go(length() - 1); }), button("Start again", () => { pause(); model.send({ type: "forget" }); go(0); }),
      ...knobs.map((name) => field(model, name))),
    element("div", { class: "nn-row" }, field(model, "prompt")),
    element("div", { class: "nn-two" }, page, bars),
    status,
  );

  function play() {
    playing = true;
    write.textContent = "❚❚ Pause";
    status.setAttribute("aria-live", "off");
    if (length() >= longest()) go(0);
    requestAnimationFrame(loop);
  }
  function pause() {
    playing = false;
    write.textContent = "▶ Write";
    status.setAttribute("aria-live", "polite");
    status.textContent = model.get("sentence");
  }
  function loop(now) {
    if (!playing) return;
    if (!el.isConnected || (!waiting && length() >= longest())) return pause();
    if (!waiting && now - last > FRAME) { last = now; go(length() + 1); }
    requestAnimationFrame(loop);
  }
  function show() {
    waiting = false;
    const { tokens, given, top } = model.get("scene"), made = tokens.slice(given);
    el.dataset.tokens = tokens.length;
    page.replaceChildren(...tokens.map(([text, bits], k) => element("span", {
      class: k < given ? "given" : "made", style: `--doubt: ${Math.min(1, bits / BITS).toFixed(3)}`, title: `${bits.toFixed(1)} bits`,
    }, text)), element("span", { class: "caret", "aria-hidden": "true" }, "▏"));
    page.scrollTop = page.scrollHeight;
    const most = Math.max(...top.map(([, p, drawn]) => Math.max(p, drawn)), 1e-9);
    bars.replaceChildren(...top.map(([text, p, drawn, id]) => button("", () => { pause(); model.send({ type: "pick", at: tokens.length, id }); go(length() + 1); }, {
      class: drawn > 0 ? "bar" : "bar out", disabled: length() >= longest(),
      "aria-label": `${signs(text)}: ${(100 * p).toFixed(1)} %, drawn with ${(100 * drawn).toFixed(1)} %`,
      style: `--p: ${(p / most).toFixed(4)}; --drawn: ${(drawn / most).toFixed(4)}`,
    })));
    let sum = 0;
    [...bars.children].forEach((bar, k) => bar.append(element("code", {}, signs(top[k][0])), element("i"), element("span", {}, `${(100 * top[k][1]).toFixed(0)} %`),
      element("span", { class: "sum", title: "added up" }, `Σ ${(100 * (sum += top[k][1])).toFixed(0)}`)));
    if (!playing || made.length % 10 === 0) status.textContent = model.get("sentence");
  }
  model.on("change:scene", show);
  model.on("change:sentence", () => { if (!playing) status.textContent = model.get("sentence"); });
  show();
  return () => { playing = false; };
}

const CSS = `
.nn-living .nn-two { display: flex; flex-wrap: wrap; gap: 12px; }
.nn-living .nn-page { flex: 3 1 320px; height: 330px; overflow: auto; padding: 10px 14px; border: 1px solid var(--nn-faint);
  border-radius: 4px; font: 17px/1.6 Georgia, "DejaVu Serif", serif; white-space: pre-wrap; }
.nn-living .nn-page span { background: rgb(230 159 0 / calc(var(--doubt, 0) * 45%)); border-radius: 2px; }
.nn-living .nn-page .given { font-weight: 700; }
.nn-living .nn-page .caret { color: #d55e00; background: none; }
.nn-living .nn-bars { flex: 2 1 260px; display: flex; flex-direction: column; gap: 2px; }
.nn-living button.bar { display: grid; grid-template-columns: 8em 1fr 2.9em 3em; gap: 8px; align-items: center; padding: 0 6px; text-align: left;
  border-color: transparent; min-height: 25px; }
.nn-living button.bar:hover:enabled { border-color: var(--nn-quiet); }
.nn-living .bar code { font: 14px/1.6 monospace; color: var(--nn-ink); background: none; border: 0; overflow: hidden; white-space: pre; }
.nn-living .bar.out code { color: var(--nn-quiet); }
.nn-living .bar i { display: block; height: 15px; background:
  linear-gradient(#0072b2, #0072b2) 0 50% / calc(var(--drawn) * 100%) 7px no-repeat,
  linear-gradient(#bcbcbc, #bcbcbc) 0 0 / calc(var(--p) * 100%) 100% no-repeat; }
.nn-living .bar span { font-variant-numeric: tabular-nums; text-align: right; }
.nn-living .bar .sum { color: var(--nn-quiet); }
.nn-living input[type=text] { font: inherit; width: min(420px, 60vw); color: var(--nn-ink); background: var(--nn-paper);
  border: 1px solid var(--nn-quiet); border-radius: 4px; padding: 2px 8px; min-height: 28px; }
`;

// -- without a kernel ------------------------------------------------------------------------------------------------

/** What the kernel does, done by the page at the first touch; weights that do not come with it are then asked for. */
export function alone(model) {
  const given = model.get("page"), knobs = (v) => [v.temperature, v.top_p, v.top_k];
  let gpt = null, tokenizer = null, picks = {}, text = null;

  /** Ids, what the model says after each, and a draw of chance for every place: it grows and reads nothing twice. */
  function begin(v) {
    const rng = new Pcg64(given.draws[v.seed]), prompt = [...tokenizer.encode(v.prompt)].slice(-given.prompt);
    text = { key: key(v), ids: [], cache: gpt.newCache(), logits: [], draws: Array.from({ length: gpt.context }, () => rng.random()), count: 0 };
    for (const id of prompt.length ? prompt : tokenizer.encode("\n")) add(id);
    text.count = text.ids.length;
  }
  const key = (v) => JSON.stringify([v.prompt, v.seed, knobs(v), picks]);
  const add = (id) => { text.ids.push(id); text.logits.push(gpt.read(id, text.cache)); };
  const next = (v, at) => picks[at] ?? drawn(nextTokenProbabilities(text.logits.at(-1), ...knobs(v)), text.draws[at - text.count]);
  function update() {
    const v = model.get("values");
    if (!text || text.key !== key(v)) begin(v);
    const end = Math.min(text.count + v.length, gpt.context);
    while (text.ids.length < end) add(next(v, text.ids.length));
    const ids = text.ids.slice(0, end), logits = text.logits[end - 1];
    const bits = ids.map((id, k) => (k ? -Math.log2(nextTokenProbabilities(text.logits[k - 1])[id]) : 0));
    const p = nextTokenProbabilities(logits), chosen = nextTokenProbabilities(logits, ...knobs(v));
    const order = Array.from(p.keys()).sort((i, j) => p[j] - p[i] || i - j).slice(0, BARS);
    const name = (id) => tokenizer.decode([id]), left = chosen.filter((x) => x > 0).length;
    const made = bits.slice(text.count), mean = made.reduce((s, b) => s + b, 0) / made.length;
    const doubt = -p.reduce((s, x) => s + x * Math.log2(Math.max(x, 1e-12)), 0), { token } = given.scene;
    model.set("sentence", `After “${signs(tokenizer.decode(ids).slice(-24))}” the model expects ${signs(name(order[0]))} with `
      + `${Math.round(100 * p[order[0]])}%, and its doubt is ${doubt.toFixed(1)} bits. Temperature ${v.temperature.toFixed(2)}`
      + `${v.top_k ? `, top-k ${v.top_k}` : ""} and top-p ${v.top_p.toFixed(2)} leave ${left} of ${p.length} `
      + `${token}s to draw from.${made.length ? ` The ${made.length} written took ${mean.toFixed(1)} bits each.` : ""}`);
    model.set("scene", { tokens: ids.map((id, k) => [name(id), bits[k]]), given: text.count,
      top: order.map((id) => [name(id), p[id], chosen[id], id]), token });
  }
  function answer() {
    if (given.model && !gpt) [gpt, tokenizer] = modelOf(given.model);
    if (gpt) return update();
    if (model.loading) return;
    model.loading = true;
    model.set("sentence", "Reading the model's weights, 4 MB …");
    fetchModel(model.get("folder") + given.weights, (...both) => {
      [gpt, tokenizer] = both;
      update();
    }, () => {
      model.loading = false;
      model.set("sentence", "The model's weights cannot be read: is the page's folder complete? The text stays as it was.");
      model.set("scene", model.get("scene"));
    });
  }
  let before = JSON.stringify(model.get("values").prompt);
  model.on("change:values", () => {
    const prompt = JSON.stringify(model.get("values").prompt);
    if (prompt !== before) picks = {};
    before = prompt;
    answer();
  });
  model.receive = (message) => {
    if (message.type === "pick") picks = { ...picks, [message.at]: message.id };
    else if (message.type === "forget") picks = {};
    answer();
  };
  model.set("scene", given.scene);
  model.set("sentence", given.sentence);
}
