// What a network answers about a digit: ten bars, each a button.
import { element } from "./living.mjs";

/** Ten bars in a place; `press(digit)` does what the word says. -> show(shares, pressed) */
export function digits(place, does, press) {
  const bars = Array.from({ length: 10 }, (_, digit) => element("button", { type: "button", class: "answer", click: () => press(digit) },
    element("b", {}, String(digit)), element("i"), element("span")));
  place.append(element("style", {}, ANSWERS), ...bars);
  return (shares, pressed) => bars.forEach((bar, digit) => {
    const share = shares[digit];
    bar.style.setProperty("--share", share.toFixed(4));
    bar.lastChild.textContent = share.toFixed(2);
    bar.setAttribute("aria-pressed", String(digit === pressed));
    bar.setAttribute("aria-label", `${digit}: ${share.toFixed(2)}; ${does}`);
  });
}

const ANSWERS = `
.nn-living button.answer { display: grid; grid-template-columns: 1em 1fr 2.4em; gap: 5px; align-items: center; width: 100%; min-height: 24px; padding: 0 4px;
  border-color: transparent; text-align: left; }
.nn-living button.answer:hover { border-color: var(--nn-quiet); }
.nn-living .answer i { display: block; height: 14px; background: linear-gradient(#0072b2, #0072b2) 0 0 / calc(var(--share) * 100%) 100% no-repeat; }
.nn-living .answer[aria-pressed=true] i { background-image: linear-gradient(#d55e00, #d55e00); }
.nn-living .answer span { font-variant-numeric: tabular-nums; }
`;
