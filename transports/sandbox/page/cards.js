// A bot's post as elements: titles, labelled rows, quotes, choices. Rule: a span's kind decides its element, never its words.

import { clock, el, exactly, icon } from "./dom.js";
import { names, person, state } from "./state.js";

// Every kind of span that there is (a test compares); one that is not is drawn as its words.
const SPANS = {
  plain: (span) => span.text,
  strong: (span) => el("strong", {}, span.text),
  code: (span) => el("code", {}, span.text),
  typed: (span) => el("code", {}, span.text),
  struck: (span) => el("s", {}, span.text),
  who: (span) => el("span", { class: span.person === state.you ? "who you" : "who" }, span.text),
  when: (span) => el("time", { datetime: span.at, title: exactly(span.at) }, `${clock(span.at)} UTC`),
  jump: (span, hooks) => link(span, state.messages.has(span.message), () => hooks.go(span.message)),
  place: (span, hooks) => link(span, state.channels.has(span.channel), () => hooks.enter(span.channel)),
};

const link = (span, leads, onclick) =>
  leads ? el("button", { type: "button", class: "jump", onclick }, span.text) : el("span", { class: "jump" }, span.text);

const words = (spans, hooks) => spans.map((span) => (Object.hasOwn(SPANS, span.kind) ? SPANS[span.kind](span, hooks) : span.text));

export const flat = (spans) => spans.map((span) => span.text).join("");

export const summary = (message) =>
  message.card ? flat(message.card.title) || flat(message.card.lines[0]?.spans || []) || message.card.key : message.text;

// Rows in blocks: neighbours with labels share one grid, so that their columns stand in line.
function blocks(lines) {
  const found = [];
  for (const line of lines) {
    const kind = line.label ? "rows" : line.bullet ? "bullets" : line.quote ? "quote" : "lines";
    const last = found[found.length - 1];
    if (last && last.kind === kind) last.lines.push(line);
    else found.push({ kind, lines: [line] });
  }
  return found;
}

const BLOCKS = {
  rows: (lines, hooks) =>
    el("dl", { class: "rows" }, lines.map((line) => el("div", {}, el("dt", {}, line.label), el("dd", {}, words(line.spans, hooks))))),
  bullets: (lines, hooks) => el("ul", {}, lines.map((line) => el("li", {}, words(line.spans, hooks)))),
  quote: (lines, hooks) => el("blockquote", {}, lines.map((line) => el("p", {}, words(line.spans, hooks)))),
  lines: (lines, hooks) => lines.map((line) => el("p", {}, words(line.spans, hooks))),
};

export function card(message, hooks) {
  const { title, lines, choices, key } = message.card;
  const kind = key.split(/[/-]/)[0];
  // Whom its words name already is not named again.
  const named = new Set([...title, ...lines.flatMap((line) => line.spans)].map((span) => span.person));
  const pings = message.pings.filter((id) => !named.has(id)).map((id) => el("span", { class: id === state.you ? "ping you" : "ping" }, `@${person(id).name}`));
  return el(
    "div",
    { class: "card", "data-kind": kind, "data-card": key },
    title.length > 0 && el("p", { class: "title" }, words(title, hooks)),
    ...blocks(lines).map(({ kind: shape, lines: rows }) => BLOCKS[shape](rows, hooks)).flat(),
    message.file && download(message),
    pings.length > 0 && el("p", { class: "pings" }, pings),
    choices.length > 0 && el("div", { class: "choices", role: "group", "aria-label": "Choices" }, choices.map((choice) => button(message, choice, hooks.toggle))),
  );
}

// A link to keep it: the page opens none by itself.
function download(message) {
  const { name, size } = message.file;
  const address = `/files/${encodeURIComponent(message.id)}?as=${encodeURIComponent(state.you)}`;
  return el(
    "a",
    { class: "file", href: address, download: name, "data-part": "file", "aria-label": `Download ${name}, ${bytes(size)}` },
    icon("file"), el("bdi", {}, name), el("span", { class: "size" }, bytes(size)),
  );
}

const bytes = (size) => (size < 1000 ? `${size} B` : size < 1e6 ? `${(size / 1000).toFixed(1)} kB` : `${(size / 1e6).toFixed(1)} MB`);

function button(message, choice, toggle) {
  const people = (message.reactions.find((one) => one.emoji === choice.emoji)?.by || []).filter((id) => id !== state.bot.id);
  const mine = people.includes(state.you);
  const title = [choice.label, choice.command && `(${choice.command})`, people.length && `— ${names(people)}`].filter(Boolean).join(" ");
  return el(
    "button",
    {
      type: "button",
      class: "choice",
      title,
      "aria-label": `${choice.label}${people.length ? `, chosen by ${names(people)}` : ""}`,
      "aria-pressed": String(mine),
      "data-part": `choice ${choice.emoji}`,
      "data-emoji": choice.emoji,
      onclick: () => toggle(message, choice.emoji),
    },
    el("span", { class: "emoji", "aria-hidden": "true" }, choice.emoji),
    el("span", {}, choice.label),
    people.length > 0 && el("span", { class: "count" }, people.length),
  );
}
