// The emoji picker: Tocsin's own first, by what they do; any other emoji can be typed.

import { $, el } from "./dom.js";
import { state } from "./state.js";

let done = null;
let back = null;

export const open = () => !$("picker").hidden;

export function close() {
  $("picker").hidden = true;
  $("picker").replaceChildren();
  if (back?.isConnected) back.focus({ preventScroll: true });
  done = back = null;
}

export function ask(anchor, returnTo, chosen) {
  done = chosen;
  back = returnTo;
  const box = $("picker");
  const field = el("input", { type: "text", "aria-label": "Find or type an emoji", placeholder: "Find, or type any emoji", autocomplete: "off", spellcheck: "false" });
  const grid = el("div", { class: "palette", role: "group", "aria-label": "Emoji" });
  const fill = () => {
    const text = field.value.trim();
    const typed = /[^\x00-\x7f]/.test(text);
    const found = state.palette.filter(({ emoji, label }) => (typed ? emoji.startsWith(text) : label.includes(text.toLowerCase())));
    if (typed && !found.some(({ emoji }) => emoji === text)) found.unshift({ emoji: text, label: "this one" });
    grid.replaceChildren(...found.map(({ emoji, label }) =>
      el("button", { type: "button", title: label, "aria-label": `${emoji} ${label}`, "data-emoji": emoji, onclick: () => choose(emoji) },
        el("span", { class: "emoji", "aria-hidden": "true" }, emoji), el("span", {}, label))));
    if (!found.length) grid.replaceChildren(el("p", {}, "No such emoji of Tocsin's. Type the emoji itself."));
  };
  field.addEventListener("input", fill);
  box.replaceChildren(field, grid);
  box.onkeydown = (event) => steer(event, field, grid);
  fill();
  box.hidden = false;
  const { left, bottom, top } = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = box;
  box.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
  box.style.top = `${Math.max(8, bottom + height + 8 < innerHeight ? bottom + 4 : top - height - 4)}px`;
  field.focus();
}

function choose(emoji) {
  const chosen = done;
  close();
  chosen?.(emoji);
}

function steer(event, field, grid) {
  const buttons = [...grid.querySelectorAll("button")];
  const at = buttons.indexOf(document.activeElement);
  const columns = getComputedStyle(grid).gridTemplateColumns.split(" ").length;
  const step = { ArrowDown: at < 0 ? 1 : columns, ArrowUp: -columns, ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (event.key === "Enter" && at < 0) {
    event.preventDefault();
    buttons[0]?.click();
  } else if (step && (at >= 0 || event.key === "ArrowDown")) {
    event.preventDefault();
    (buttons[at + step] || (step < 0 ? field : buttons[at]))?.focus();
  } else if (event.key === "Tab") {
    event.preventDefault();
    (at < 0 ? buttons[0] : field)?.focus();
  } else if (event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    close();
  }
}
