// Elements. Text is only ever set as text: what sessions hold is not ours, and none of it becomes HTML.

export const byId = (id) => document.getElementById(id);

// make("td", {class: "number", title: "…"}, "text", element, …); what is false, null or undefined is left out.
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value == null) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child != null && child !== false));
  return element;
}

// Puts new content in place, and the focus back where it was: live figures must not take it away.
export function fill(element, ...children) {
  const held = element.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  element.replaceChildren(...children.filter((child) => child != null && child !== false));
  if (held == null) return;
  const again = [...element.querySelectorAll("[data-focus]")].find((found) => found.dataset.focus === held);
  again?.focus({ preventScroll: true });
}
