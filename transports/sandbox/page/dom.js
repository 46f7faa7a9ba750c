// Elements, times and colours. Rule: words enter the page through textContent alone.

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

export const $ = (id) => document.getElementById(id);

const SHAPES = {
  react: ["M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4Z", "M5.4 9.6c.6 1 1.5 1.5 2.6 1.5s2-.5 2.6-1.5", "M6 6.2v.6", "M10 6.2v.6"],
  reply: ["M6.5 3.5 2.5 7.5l4 4", "M2.5 7.5h6.5a4.5 4.5 0 0 1 4.5 4.5v.5"],
  thread: ["M2.5 3.5h11v7.5h-6l-3 2.7v-2.7h-2Z", "M5.5 6h5", "M5.5 8.5h3"],
  edit: ["M3 13l.6-2.8 7-7 2.2 2.2-7 7Z", "M9.3 4.5l2.2 2.2"],
  remove: ["M3 4.5h10", "M6.5 4.5v-1.5h3v1.5", "M4.3 4.5l.6 8.5h6.2l.6-8.5"],
  file: ["M4 1.8h5l3 3v9.4H4Z", "M9 1.8v3h3", "M8 7v4.2", "M6.2 9.6 8 11.4l1.8-1.8"],
  pin: ["M5.5 2.5h5", "M6.5 2.5v4l-2 2.5h7l-2-2.5v-4", "M8 9v4.5"],
  lock: ["M4 7h8v6H4Z", "M5.5 7V5.2a2.5 2.5 0 0 1 5 0V7"],
  eye: ["M1.8 8s2.2-4 6.2-4 6.2 4 6.2 4-2.2 4-6.2 4S1.8 8 1.8 8Z", "M8 9.6a1.6 1.6 0 1 0 0-3.2 1.6 1.6 0 0 0 0 3.2Z"],
};

export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  for (const line of SHAPES[name]) {
    const path = document.createElementNS(space, "path");
    path.setAttribute("d", line);
    svg.append(path);
  }
  return svg;
}

// Times are UTC as the server wrote them: the story's, not the reader's.
export const clock = (iso) => iso.slice(11, 16);
export const exactly = (iso) => `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
export const seconds = (iso) => Date.parse(iso) / 1000;
export const day = (iso) =>
  new Date(iso).toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });

export function initials(name) {
  const words = name.split(/\s+/).filter(Boolean);
  const letters = words.length > 1 ? [...words[0]][0] + [...words[words.length - 1]][0] : [...name].slice(0, 2).join("");
  return letters.toUpperCase();
}

// Colours are dealt in the order in which people are first seen, so that no two of a small cast are alike.
const dealt = new Map();

export function hue(id) {
  if (!dealt.has(id)) dealt.set(id, dealt.size % 8);
  return `hue-${dealt.get(id)}`;
}

export const avatar = (id, name, bot) =>
  bot
    ? el("span", { class: "avatar bot", "aria-hidden": "true" }, el("img", { src: "/icon.svg", alt: "" }))
    : el("span", { class: `avatar ${hue(id)}`, "aria-hidden": "true" }, initials(name));

// Rows by key: a row is made anew only when what it shows has changed, and the focus stays where it was.
export function reconcile(list, rows) {
  const held = new Map([...list.children].map((node) => [node.dataset.key, node]));
  const focus = list.contains(document.activeElement) ? place(document.activeElement) : null;
  let before = list.firstElementChild;
  for (const { key, version, make } of rows) {
    let node = held.get(key);
    held.delete(key);
    if (!node || node.dataset.version !== version) {
      const fresh = make();
      fresh.dataset.key = key;
      fresh.dataset.version = version;
      if (node) {
        if (node === before) before = fresh;
        node.replaceWith(fresh);
      }
      node = fresh;
    }
    if (node === before) before = node.nextElementSibling;
    else list.insertBefore(node, before);
  }
  for (const node of held.values()) node.remove();
  if (focus && !list.contains(document.activeElement)) restore(list, focus);
}

function place(node) {
  const row = node.closest("[data-key]");
  return { row: row?.dataset.key, part: node.dataset.part };
}

function restore(list, { row, part }) {
  const node = [...list.children].find((child) => child.dataset.key === row);
  const inner = part && node && [...node.querySelectorAll("[data-part]")].find((one) => one.dataset.part === part);
  (inner || node)?.focus({ preventScroll: true });
}
