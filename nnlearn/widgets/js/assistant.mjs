// One request, answered by a model that has only read and by one taught since, six times each.
import { drawn, modelOf, nextTokenProbabilities } from "./gpt.mjs";
import { dress, element, field, listen } from "./living.mjs";
import { Pcg64 } from "./pcg64.mjs";

export function render({ model, el }) {
  dress(el);
  const question = element("div", { class: "nn-question" }), sides = [0, 1].map(() => element("div", { class: "nn-side" }));
  const status = element("div", { role: "status", "aria-live": "polite" });
  el.append(
    element("style", {}, CSS),
    element("div", { class: "nn-row" }, ...["request", "model", "temperature", "seed"].map((name) => field(model, name))),
    question, element("div", { class: "nn-sides" }, ...sides), status,
  );
  function show() {
    const { text, answers, right, bits } = model.get("scene");
    question.textContent = text;
    sides.forEach((side, k) => side.replaceChildren(
      element("div", { class: "nn-name" }, k ? model.get("values").model : "has only read"),
      element("ul", {}, ...answers[k].map((answer, i) => element("li", { class: right[k][i] ? "right" : "wrong" },
        element("span", { "aria-hidden": "true" }, right[k][i] ? "✓ " : "✗ "), answer || "(nothing)",
        element("span", { class: "nn-aside" }, right[k][i] ? ", right" : ", wrong")))),
      element("div", { class: "nn-note" }, `old stories: ${bits[k].toFixed(2)} bits a character`),
    ));
  }
  listen(model, status, show, "change:scene");
}

const CSS = `
.nn-living .nn-question { font: 700 20px monospace; text-align: center; margin: 10px 0; }
.nn-living .nn-sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 240px), 1fr)); gap: 8px 16px; }
.nn-living .nn-side { border: 1px solid var(--nn-faint); border-radius: 4px; padding: 8px 16px; }
.nn-living .nn-name { text-align: center; font-weight: 600; }
.nn-living .nn-side ul { list-style: none; margin: 6px 0; padding: 0; font: 17px/1.7 monospace; }
.nn-living .nn-side li { margin: 2px 0; padding-left: 10px; border-left: 6px solid #009e73; white-space: pre; }
.nn-living .nn-side li.wrong { border-color: #d55e00; }
.nn-living .nn-note { color: var(--nn-quiet); text-align: center; }
.nn-living .nn-aside { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
`;

// -- without a kernel ------------------------------------------------------------------------------------------------

/** As many answers to a request as there are rows of draws, each up to its line end. */
export function answers([gpt, tokenizer], text, temperature, draws, [places, room, count]) {
  const begun = gpt.newCache(), ids = tokenizer.encode(`${text}\n`.padStart(places, "\n"));
  const first = ids.map((id) => gpt.read(id, begun)).at(-1);
  return Array.from({ length: count }, (_, i) => {
    const cache = structuredClone(begun), said = [];
    let logits = first;
    for (let step = 0; step < room; step++) {
      const id = drawn(nextTokenProbabilities(logits, temperature), draws[step * count + i]);
      said.push(id);
      if (step + 1 < room) logits = gpt.read(id, cache);
    }
    return tokenizer.decode(said).split("\n")[0];
  });
}

export function alone(model) {
  const given = model.get("page"), { room, wordy } = given, known = {};
  const get = (name) => (known[name] ??= modelOf(given.models[name]));
  model.on("change:values", () => {
    const v = model.get("values"), names = ["base", given.after[v.model]], [text, answer] = given.asked[v.request], rng = new Pcg64(given.draws[v.seed]);
    const draws = Array.from({ length: room[1] * room[2] }, () => rng.random());
    const said = names.map((name) => answers(get(name), text, v.temperature, draws, room));
    const right = said.map((all) => all.map((one) => one === answer || one === wordy + answer)), bits = names.map((name) => given.bits[name]);
    const [one, two] = right.map((all) => all.filter(Boolean).length), long = said[1].filter((one) => one.startsWith(wordy)).length;
    model.set("sentence", `“${text}”: before, ${one} of ${room[2]} answers are right, after ${two} of ${room[2]}; ${long} begin with “${wordy.trim()}”. `
      + `A character of a story costs ${bits[1].toFixed(2)} bits instead of ${bits[0].toFixed(2)}.`);
    model.set("scene", { text, answers: said, right, bits });
  });
  model.set("scene", given.scene);
  model.set("sentence", given.sentence);
}
