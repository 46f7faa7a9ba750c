// What this tab knows of the sandbox, and who it is. Rule: the server's word replaces what stood here; nothing is guessed.

import { hue } from "./dom.js";

const [at, beside] = JSON.parse(sessionStorage.getItem("tocsin-at") || "[null, null]");

export const state = {
  you: sessionStorage.getItem("tocsin-as"),
  bot: { id: "", name: "" },
  people: new Map(),
  channels: new Map(),
  messages: new Map(),
  lists: new Map(), // channel id → message ids in order
  unread: new Map(), // channel id → { count, pings }
  palette: [],
  offered: {}, // card key → emoji → { label, does }
  now: "",
  current: at,
  thread: beside, // id of the open thread's root
};

export const person = (id) => (id === state.bot.id ? state.bot : state.people.get(id) || { id, name: id });
export const isBot = (id) => id === state.bot.id;
export const names = (ids) => ids.map((id) => (id === state.you ? "you" : person(id).name)).join(", ");

export function become(id) {
  state.you = id;
  if (id) sessionStorage.setItem("tocsin-as", id);
  else sessionStorage.removeItem("tocsin-as");
}

// A reload comes back to the same place.
export function stay() {
  if (state.current) sessionStorage.setItem("tocsin-at", JSON.stringify([state.current, state.thread]));
}

// Takes one frame of the server's; returns the messages that are new since the page was opened.
export function take(frame) {
  state.now = frame.now;
  if (frame.type === "time") return [];
  if (frame.type === "state") {
    for (const part of [state.people, state.channels, state.messages, state.lists]) part.clear();
    state.palette = frame.palette;
    state.offered = frame.offered;
  }
  state.bot = frame.bot;
  for (const one of frame.people) {
    state.people.set(one.id, one);
    hue(one.id);
  }
  for (const one of frame.channels) {
    const known = state.channels.has(one.id);
    state.channels.set(one.id, one);
    if (!known) state.lists.set(one.id, []);
    if (!known && frame.type === "news") mark(one.id, 1, 0);
  }
  for (const id of frame.gone) {
    state.channels.delete(id);
    state.unread.delete(id);
  }
  const fresh = [];
  for (const one of frame.messages) {
    if (!state.messages.has(one.id)) {
      state.lists.get(one.channel)?.push(one.id);
      if (frame.type === "news") fresh.push(one);
    }
    state.messages.set(one.id, one);
  }
  for (const one of fresh) {
    if (one.author === state.you) continue;
    mark(one.channel, 1, one.pings.includes(state.you) ? 1 : 0);
  }
  // Nobody sees a channel before they have said who they are; the place they had is not lost by that.
  if (state.channels.size && !state.channels.has(state.current)) state.current = sorted()[0].id;
  if (state.channels.size && !state.messages.has(state.thread)) state.thread = null;
  return fresh;
}

function mark(channel, count, pings) {
  const before = state.unread.get(channel) || { count: 0, pings: 0 };
  state.unread.set(channel, { count: before.count + count, pings: before.pings + pings });
}

const KINDS = ["triage", "incident", "audience", "direct"];

export const sorted = () =>
  [...state.channels.values()].sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || (a.kind === "incident" ? -1 : 0));

export const stream = (channel) =>
  (state.lists.get(channel) || []).map((id) => state.messages.get(id)).filter((one) => !one.thread && (!one.deleted || replies(one.id).length));

export const replies = (root) => {
  const message = state.messages.get(root);
  if (!message) return [];
  return (state.lists.get(message.channel) || []).map((id) => state.messages.get(id)).filter((one) => one.thread === root && !one.deleted);
};

// Asks the server for one act of this person's; throws with the answer to them when it is refused.
export async function act(kind, details) {
  const body = kind === "arrive" ? { act: kind, ...details } : { act: kind, by: state.you, ...details };
  const response = await fetch("/acts", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }).catch(() => null);
  if (!response) throw new Error("The sandbox does not answer.");
  if (response.status === 403) throw new Error((await response.text()).trim());
  const answer = await response.json();
  if (answer.refused) throw new Error(answer.refused);
  return answer.done;
}
