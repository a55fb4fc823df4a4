// Elements without markup: text goes in as text, so nothing a person typed is ever read as HTML.

/** An element. `props`: `class`, `on` (event to listener), `vars` (CSS variables), anything else an attribute. */
export function h(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** The same in SVG. */
export function svg(tag, props = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), props, children);
}

function fill(element, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === "vars") for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat()) if (child !== null && child !== undefined && child !== false) element.append(child);
  return element;
}

export const byId = (id) => document.getElementById(id);

/** Whether the reader asked for less movement. */
export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Puts `fresh` where `old` stands. Keyboard focus inside moves to the same button, else to the whole. */
export function swap(old, fresh) {
  const held = old.contains(document.activeElement) ? document.activeElement : null;
  old.replaceWith(fresh);
  if (!held) return;
  const same = held.dataset.key && fresh.querySelector(`[data-key="${CSS.escape(held.dataset.key)}"]:not(:disabled)`);
  if (!same) fresh.tabIndex = -1;
  (same || fresh).focus({ preventScroll: true });
}

/** A list that keeps its elements: `update(items)` shows one for each, in their order, so that the keyboard and what moves
 *  stay where they are; from a row that goes the keyboard moves to the next, from the last to what holds the list. `key(item)` names it, `make(item)` returns `{element, update(item)}`. */
export function keyed(list, key, make) {
  const known = new Map();
  return (items) => {
    const left = new Set(known.keys());
    const order = items.map((item) => {
      const name = key(item);
      left.delete(name);
      if (!known.has(name)) known.set(name, make(item));
      known.get(name).update(item);
      return known.get(name).element;
    });
    for (const name of left) known.delete(name);
    const held = list.contains(document.activeElement) ? document.activeElement : null;
    const place = [...list.children].findIndex((element) => element.contains(held));
    if (!arrange(list, order) || !held || held.isConnected) return;
    (order[Math.min(place, order.length - 1)]?.querySelector("button:not([hidden]), a[href]") ?? list.closest("[tabindex]"))?.focus({ preventScroll: true });
  };
}

/** Makes `order` the children of `list`. Who has the keyboard stays where it is and the others move around it: moved itself
 *  it would lose its place, and a screen reader would read it anew. True where anything changed. */
export function arrange(list, order) {
  if (order.length === list.children.length && order.every((element, index) => list.children[index] === element)) return false;
  const wanted = new Set(order);
  const held = order.findIndex((element) => element.contains(document.activeElement));
  for (const element of [...list.children]) if (!wanted.has(element)) element.remove();
  if (held < 0) list.replaceChildren(...order);
  else {
    order[held].before(...order.slice(0, held));
    list.append(...order.slice(held + 1));
  }
  return true;
}

/** Shows `text` in `element`, with a quiet flash where it replaces another. */
export function figure(element, text, { still = false } = {}) {
  if (element.textContent === text) return;
  const first = element.textContent === "";
  element.textContent = text;
  if (!first && !still && !calm()) element.animate([{ backgroundColor: "var(--flash)" }, { backgroundColor: "transparent" }], { duration: 1200, easing: "ease-out" });
}
