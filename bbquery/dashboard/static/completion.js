// The list under the filter: what may come next there, chosen by keys or with the pointer.

import { byId, fill, make } from "./dom.js";
import { Problem, ask } from "./api.js";

let offers = [];
let offeredFor = ""; // the text that the offers' offsets lie in
let marked = -1;
let markedIn = null; // the text that was there when a key marked an offer
let requests = 0;

// Offsets of answers count whole characters, those of an input UTF-16 code units.
const countCharacters = (text) => Array.from(text).length;
const toUnits = (text, offset) => Array.from(text).slice(0, offset).join("").length;

export function wireCompletion(onTyped) {
  const input = byId("query");
  input.addEventListener("input", () => suggestOffers(input));
  input.addEventListener("blur", hideOffers);
  input.addEventListener(
    "keydown",
    (event) => {
      if (event.key === "ArrowDown" && !offers.length) suggestOffers(input);
      else if (event.key === "ArrowDown") markOffer(marked + 1, input.value);
      else if (event.key === "ArrowUp" && offers.length) markOffer(marked - 1, input.value);
      else if ((event.key === "Enter" || event.key === "Tab") && marked >= 0) takeOffer(offers[marked], onTyped);
      else if (event.key === "Escape" && offers.length) hideOffers();
      else return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    true,
  );
  const list = byId("completions");
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault(); // the focus stays in the filter
    const at = [...list.children].indexOf(event.target.closest("li"));
    if (at >= 0) takeOffer(offers[at], onTyped);
  });
}

async function suggestOffers(input) {
  const mine = (requests += 1);
  const text = input.value;
  const at = countCharacters(text.slice(0, input.selectionStart ?? text.length));
  let completions = [];
  try {
    ({ completions } = await ask("complete", [["q", text], ["at", String(at)]]));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
  if (mine !== requests || document.activeElement !== input) return;
  const kept = markedIn === text ? offers[marked]?.label : null; // marked while these were on their way
  offers = completions;
  offeredFor = text;
  showOffers();
  if (kept) markOffer(offers.findIndex((offer) => offer.label === kept), text);
}

function showOffers() {
  const list = byId("completions");
  fill(
    list,
    ...offers.map((each, at) =>
      make(
        "li",
        { id: `completion-${at}`, role: "option", "aria-selected": "false" },
        make("span", { class: "code" }, each.label),
        each.detail && make("span", { class: "quiet" }, ` ${each.detail}`),
      ),
    ),
  );
  list.hidden = !offers.length;
  byId("query").setAttribute("aria-expanded", String(offers.length > 0));
  markOffer(-1);
}

function markOffer(at, text = null) {
  const count = offers.length;
  markedIn = text;
  marked = at < 0 ? (at === -2 ? count - 1 : -1) : at % count;
  const items = [...byId("completions").children];
  items.forEach((item, place) => item.setAttribute("aria-selected", String(place === marked)));
  if (marked >= 0) {
    byId("query").setAttribute("aria-activedescendant", `completion-${marked}`);
    items[marked].scrollIntoView({ block: "nearest" });
  } else byId("query").removeAttribute("aria-activedescendant");
}

function hideOffers() {
  requests += 1;
  offers = [];
  showOffers();
}

function takeOffer(completion, onTyped) {
  const input = byId("query");
  if (input.value !== offeredFor) return; // typed on meanwhile: newer offers are on their way
  const [start, end] = completion.span.map((offset) => toUnits(input.value, offset));
  input.setRangeText(completion.text, start, end, "end");
  hideOffers();
  onTyped();
  suggestOffers(input);
}
