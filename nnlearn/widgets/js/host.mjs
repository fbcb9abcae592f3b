// Figures on pages without a kernel: a model for each, what computes in the kernel's place, the state in the address.
import { element } from "./living.mjs";

/** anywidget's model, whose other end is `receive`. */
function makeModel(state) {
  const heard = {}, fire = (event, ...what) => (heard[event] ?? []).forEach((f) => f(...what));
  return {
    receive: () => {},
    get: (name) => state[name],
    set(name, value) { state[name] = value; fire(`change:${name}`); },
    save_changes() {},
    on(event, f) { (heard[event] ??= []).push(f); },
    send(message) { queueMicrotask(() => this.receive(message)); },
    reply(message, buffers = []) { fire("msg:custom", message, buffers); },
  };
}

/** The values that an address asks for, checked against the controls; and a word on what it cannot have. */
function asked(controls, name) {
  const [figure, query] = location.hash.slice(1).split("?"), values = {}, refused = [];
  if (figure !== name || !query) return [values, ""];
  for (const [key, text] of new URLSearchParams(query)) {
    const control = controls.find((c) => c.name === key);
    const number = Number(text), ranged = control && ["slider", "number"].includes(control.kind);
    const option = control?.options?.find(([, value]) => String(value) === text);
    const between = Number.isInteger(control?.step) && !Number.isInteger(number); // two whole numbers
    if (ranged && text.trim() && !between && number >= control.min && number <= control.max) values[key] = number;
    else if (control?.kind === "text") values[key] = text;
    else if (control?.kind === "toggle" && ["true", "false"].includes(text)) values[key] = text === "true";
    else if (option) values[key] = option[1];
    else refused.push(`${key}=${text}`);
  }
  return [values, refused.length ? ` The address asks for ${refused.join(", ")}, which there is not: the default stands.` : ""];
}

/** Put a living figure in place of its picture; where anything fails, the picture stays. */
export function mount(place, { render, alone }) {
  const state = JSON.parse(place.querySelector("script[type='application/json']").textContent);
  const [values, word] = asked(state.controls, place.dataset.figure);
  const model = makeModel({ ...state, defaults: { ...state.values }, values: { ...state.values, ...values } });
  const el = element("div"), plain = model.get;
  let opened = null; // the word stays with the sentence until the reader moves something
  model.get = (name) => (name === "sentence" && (!opened || plain("values") === opened) ? plain(name) + word : plain(name));
  alone(model);
  place.append(el);
  render({ model, el });
  opened = plain("values");
  model.on("change:values", () => {
    const now = model.get("values"), moved = Object.keys(now).filter((key) => now[key] !== state.values[key]);
    const query = new URLSearchParams(moved.map((key) => [key, now[key]]));
    try { history.replaceState(null, "", `#${place.dataset.figure}?${query}`); } catch { /* a page that may not */ }
  });
  place.querySelector("img")?.remove();
}
