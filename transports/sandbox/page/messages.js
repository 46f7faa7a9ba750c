// A list of messages: who wrote what, what it answers, its reactions, its thread, and what one may do with it.

import { avatar, clock, day, el, exactly, icon, reconcile, seconds } from "./dom.js";
import { card, summary } from "./cards.js";
import { isBot, names, person, replies, state } from "./state.js";

const TOGETHER = 300; // seconds within which one person's messages stand under one name

export function show(list, messages, hooks, { inThread = false } = {}) {
  const rows = [];
  let before = null;
  for (const message of messages) {
    if (!before || before.at.slice(0, 10) !== message.at.slice(0, 10)) {
      if (!inThread) rows.push({ key: `day ${message.at.slice(0, 10)}`, version: "", make: () => el("div", { class: "day" }, el("span", {}, day(message.at))) });
      before = null;
    }
    const joined =
      before && before.author === message.author && !message.card && !before.card && !message.reply_to && seconds(message.at) - seconds(before.at) < TOGETHER;
    const answered = message.reply_to ? state.messages.get(message.reply_to) : null;
    const thread = inThread ? [] : replies(message.id);
    const version = JSON.stringify([message, joined, answered && [answered.text, answered.deleted], thread.map((one) => one.id), state.you, person(message.author).name]);
    rows.push({ key: message.id, version, make: () => drawn(message, { joined, answered, thread, inThread, hooks }) });
    before = message;
  }
  reconcile(list, rows);
  rove(list);
}

// A message that cannot be drawn is a bug, and it is this one message's: the rest of the channel goes on.
function drawn(message, how) {
  try {
    return row(message, how);
  } catch (bug) {
    console.error(bug);
    return el("article", { class: "message", tabindex: "-1", "data-id": message.id }, el("span", { class: "avatar" }), el("p", { class: "text" }, message.text ?? ""));
  }
}

function row(message, { joined, answered, thread, inThread, hooks }) {
  const author = person(message.author);
  const pinged = message.pings.includes(state.you);
  const classes = ["message", joined && "joined", pinged && "pinged", message.card?.private && "letter"].filter(Boolean).join(" ");
  return el(
    "article",
    { class: classes, tabindex: "-1", "data-id": message.id, "aria-label": `${author.name}, ${clock(message.at)} UTC` },
    joined ? el("time", { class: "beside", datetime: message.at, title: exactly(message.at) }, clock(message.at)) : avatar(author.id, author.name, isBot(author.id)),
    el(
      "div",
      { class: "body" },
      answered && context(answered, hooks),
      !joined &&
        el(
          "header",
          {},
          el("b", { class: "author" }, author.name),
          isBot(author.id) && el("span", { class: "badge" }, "bot"),
          el("time", { datetime: message.at, title: exactly(message.at) }, clock(message.at)),
          message.edited && el("span", { class: "edited", title: `edited ${exactly(message.edited)}` }, "edited"),
          message.card?.private && el("span", { class: "badge eyes" }, icon("eye"), "only you see this"),
        ),
      message.deleted ? el("p", { class: "deleted" }, "This message was deleted.") : message.card ? card(message, hooks) : el("p", { class: "text" }, spoken(message)),
      joined && message.edited && el("span", { class: "edited", title: `edited ${exactly(message.edited)}` }, "edited"),
      reactions(message, hooks),
      thread.length > 0 && talk(message, thread, hooks),
    ),
    !message.deleted && tools(message, inThread, hooks),
  );
}

function context(answered, hooks) {
  const text = answered.deleted ? "a deleted message" : summary(answered);
  return el("button", { type: "button", class: "context", "data-part": "context", onclick: () => hooks.go(answered.id), "aria-label": `In reply to ${person(answered.author).name}: ${text}` },
    icon("reply"), el("b", {}, person(answered.author).name), el("span", {}, text));
}

// People's words, with the command and the names in them set off.
function spoken(message) {
  const command = /^[/!]inc\b/.exec(message.text);
  const rest = command ? message.text.slice(command[0].length) : message.text;
  const called = message.pings.map((id) => person(id));
  const parts = [];
  let at = 0;
  for (let i = 0; i < rest.length; i += 1) {
    if (rest[i] !== "@") continue;
    const found = called.find((one) => rest.slice(i + 1, i + 1 + one.name.length).toLowerCase() === one.name.toLowerCase());
    if (!found) continue;
    const end = i + 1 + found.name.length;
    parts.push(rest.slice(at, i), el("span", { class: found.id === state.you ? "ping you" : "ping" }, rest.slice(i, end)));
    at = end;
    i = end - 1;
  }
  parts.push(rest.slice(at));
  return [command && el("code", { class: "command" }, command[0]), ...parts];
}

// What people put there, and what the bot offers; not what it offered once, when there was still something to choose.
function chips(message) {
  const seeds = message.card?.seeds || [];
  const buttons = new Set((message.card?.choices || []).map((choice) => choice.emoji));
  const titles = state.offered[message.card?.key] || {};
  const put = message.reactions
    .map(({ emoji, by }) => ({ emoji, by, people: by.filter((id) => !isBot(id)) }))
    .filter(({ emoji, people }) => people.length || !message.card || seeds.includes(emoji));
  const there = new Set(put.map(({ emoji }) => emoji));
  const bare = seeds.filter((emoji) => !there.has(emoji)).map((emoji) => ({ emoji, by: [], people: [] }));
  return [...put, ...bare].filter(({ emoji }) => !buttons.has(emoji)).map((chip) => ({ ...chip, seed: titles[chip.emoji] }));
}

function reactions(message, hooks) {
  const shown = message.deleted ? [] : chips(message);
  if (!shown.length) return null;
  const meaning = (emoji) => state.palette.find((one) => one.emoji === emoji)?.label;
  return el(
    "div",
    { class: "reactions", role: "group", "aria-label": "Reactions" },
    shown.map(({ emoji, by, people, seed }) => {
      const said = [emoji, seed?.does || meaning(emoji)].filter(Boolean).join(" ");
      return el(
        "button",
        {
          type: "button", class: "chip", "data-emoji": emoji, "data-part": `chip ${emoji}`, "aria-pressed": String(by.includes(state.you)),
          title: people.length ? `${said} — ${names(people)}` : said, "aria-label": `${said}, ${people.length ? names(people) : "nobody yet"}`,
          onclick: () => hooks.toggle(message, emoji),
        },
        el("span", { class: "emoji", "aria-hidden": "true" }, emoji), seed?.label && el("span", { class: "does" }, seed.label), people.length > 0 && el("span", { class: "count" }, people.length),
      );
    }),
    el("button", { type: "button", class: "chip add", "data-part": "add", "aria-label": "Add a reaction", title: "Add a reaction (r)", onclick: (event) => hooks.pick(message, event.currentTarget) }, icon("react")),
  );
}

function talk(message, thread, hooks) {
  const last = thread[thread.length - 1];
  const faces = [...new Set(thread.map((one) => one.author))].slice(0, 4);
  return el(
    "button",
    { type: "button", class: "talk", "data-part": "talk", onclick: () => hooks.thread(message.id) },
    el("span", { class: "faces" }, faces.map((id) => avatar(id, person(id).name, isBot(id)))),
    el("b", {}, thread.length === 1 ? "1 reply" : `${thread.length} replies`),
    el("span", {}, `${person(last.author).name}: ${summary(last)}`),
    el("time", { datetime: last.at }, clock(last.at)),
  );
}

function tools(message, inThread, hooks) {
  const own = message.author === state.you;
  const acts = [
    ["react", "Add a reaction (r)", (event) => hooks.pick(message, event.currentTarget)],
    ["reply", "Reply (q)", () => hooks.reply(message)],
    !inThread && ["thread", "Open the thread (t)", () => hooks.thread(message.id)],
    own && ["edit", "Edit (e)", () => hooks.edit(message)],
    (own || isBot(message.author)) && ["remove", "Delete", () => hooks.remove(message)],
  ].filter(Boolean);
  return el("div", { class: "tools", role: "toolbar", "aria-label": "What to do with this message" },
    acts.map(([name, label, onclick]) => el("button", { type: "button", class: "plain", "data-part": `tool ${name}`, "aria-label": label, title: label, onclick }, icon(name))));
}

// One message of a list can be reached with Tab, and so can what is in it; the arrows move to the others. While nobody
// is in the list it is the newest.
export function rove(list, to = null) {
  const rows = [...list.querySelectorAll(".message")];
  const held = list.contains(document.activeElement) && rows.find((node) => node.dataset.id === list.dataset.current);
  const current = to || held || rows[rows.length - 1];
  list.dataset.current = current?.dataset.id || "";
  for (const node of rows) {
    node.tabIndex = node === current ? 0 : -1;
    for (const inner of node.querySelectorAll("button, a")) inner.tabIndex = node === current ? 0 : -1;
  }
}
