// A command's fields to fill in. Rule: what is sent is the command as one could have typed it.

import { $, el } from "./dom.js";

let send = null;
let words = "";

export function fill(form, say) {
  send = say;
  words = form.words;
  $("fill-title").textContent = form.title;
  $("fill-answer").textContent = "";
  $("fill-fields").replaceChildren(...form.fields.map(({ name, asks, value }) => {
    const field = el("textarea", { name, rows: "1", "aria-describedby": `fill-${name}` });
    field.value = value;
    return el("label", {}, el("b", {}, name), el("small", { id: `fill-${name}` }, asks), field);
  }));
  $("fill").showModal();
}

// No `next=` inside a value may begin a field.
function quoted(value) {
  if (!value.includes("=")) return value;
  return value.includes('"') ? `“${value}”` : `"${value}"`;
}

$("fill-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const given = [...$("fill-fields").querySelectorAll("textarea")].map((field) => [field.name, field.value.replace(/\s+/g, " ").trim()]).filter(([, value]) => value);
  if (!given.length) {
    $("fill-answer").textContent = "Fill in one field at least.";
    return;
  }
  try {
    await send([words, ...given.map(([name, value]) => `${name}=${quoted(value)}`)].join(" "));
    $("fill").close();
  } catch (refused) {
    $("fill-answer").textContent = refused.message;
  }
});

$("fill-form").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.target.tagName !== "TEXTAREA") return;
  event.preventDefault();
  $("fill-form").requestSubmit();
});
$("fill-cancel").addEventListener("click", () => $("fill").close());
