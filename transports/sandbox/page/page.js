// The page itself: it listens to the server, draws what it knows, and takes what the person does.

import { $, avatar, clock, el, exactly, icon, reconcile } from "./dom.js";
import { act, become, isBot, person, replies, sorted, state, stay, stream, take } from "./state.js";
import { Composer } from "./composer.js";
import { keyboard } from "./keys.js";
import { rove, show } from "./messages.js";
import { summary } from "./cards.js";
import * as picker from "./picker.js";

// The token did its work: the cookie is set, and an address that is copied or photographed gives nothing away.
if (location.search) history.replaceState(null, "", location.pathname);

const TITLES = { triage: "Triage", incident: "Incidents", audience: "Audiences", direct: "Alone with Tocsin" };
const main = new Composer($("composer"), {
  where: () => ({ channel: state.current, thread: null }),
  label: () => `Message #${state.channels.get(state.current)?.name ?? ""}, or /inc help`,
});
const aside = new Composer($("thread-composer"), { where: () => ({ channel: state.current, thread: state.thread }), label: () => "Reply in the thread" });

// ---- what a message can be asked

async function attempt(kind, message, details = {}) {
  const composer = $("thread").contains(document.activeElement) ? aside : main;
  try {
    await act(kind, { channel: message.channel, message: message.id, ...details });
  } catch (refused) {
    composer.refuse(refused.message);
  }
}

const hooks = {
  enter: (id) => enter(id),
  toggle(message, emoji) {
    const now = state.messages.get(message.id) || message;
    const mine = now.reactions.some((one) => one.emoji === emoji && one.by.includes(state.you));
    return attempt(mine ? "unreact" : "react", now, { emoji });
  },
  pick(message, anchor) {
    const focused = document.activeElement.closest?.(".message") || anchor;
    picker.ask(anchor, focused, (emoji) => attempt("react", message, { emoji }));
  },
  reply(message) {
    (message.thread ? aside : main).reply(message);
  },
  edit(message) {
    (message.thread ? aside : main).edit(message);
  },
  remove(message) {
    if (confirm("Delete this message?")) attempt("delete", message);
  },
  thread(id) {
    state.thread = id;
    aside.reset();
    draw();
    toEnd($("thread-messages"));
    aside.focus();
  },
  go(id) {
    const message = state.messages.get(id);
    if (!message) return;
    if (message.channel !== state.current) enter(message.channel);
    if (message.thread && state.thread !== message.thread) hooks.thread(message.thread);
    const list = message.thread ? $("thread-messages") : $("messages");
    const node = list.querySelector(`[data-id="${CSS.escape(id)}"]`);
    if (!node) return;
    rove(list, node);
    node.focus();
    node.scrollIntoView({ block: "center" });
  },
};

// ---- drawing

function draw() {
  drawSide();
  drawRoom();
  drawThread();
  const waiting = [...state.unread.values()].reduce((sum, one) => sum + one.pings, 0);
  const name = state.channels.get(state.current)?.name;
  stay();
  document.title = `${waiting ? `(${waiting}) ` : ""}${name ? `#${name} · ` : ""}Tocsin sandbox`;
}

function drawSide() {
  const rows = [];
  let kind = null;
  for (const room of sorted()) {
    if (room.kind !== kind) {
      kind = room.kind;
      const title = TITLES[kind];
      rows.push({ key: `kind ${kind}`, version: "", make: () => el("h2", {}, title) });
    }
    const unread = state.unread.get(room.id) || { count: 0, pings: 0 };
    rows.push({ key: room.id, version: JSON.stringify([room.name, room.locked, unread, room.id === state.current]), make: () => channelRow(room, unread) });
  }
  if (state.you && kind !== "direct") rows.push({ key: "alone", version: "", make: aloneRow });
  reconcile($("channels"), rows);
  drawMenu();
  const you = state.people.get(state.you);
  $("me").replaceChildren(...(you ? [avatar(you.id, you.name, false), el("b", {}, you.name), el("span", {}, "switch")] : [el("b", {}, "Who are you?")]));
}

// On a phone the list is folded away, and this is all that is seen of it.
function drawMenu() {
  const news = [...state.unread].filter(([id]) => id !== state.current).map(([, one]) => one);
  const count = news.reduce((sum, one) => sum + one.count, 0);
  const pings = news.reduce((sum, one) => sum + one.pings, 0);
  const mark = pings ? el("span", { class: "pings" }, pings) : count > 0 && el("span", { class: "dot" });
  $("menu").replaceChildren("☰", ...(mark ? [mark] : []));
  $("menu").setAttribute("aria-label", `Channels${count ? `, ${count} new elsewhere` : ""}${pings ? `, ${pings} for you` : ""}`);
}

// Where one says what nobody else may read; there is one such channel for each person.
const aloneRow = () => el("button", { type: "button", class: "channel", id: "alone", onclick: () => act("direct", {}) }, el("span", { class: "label" }, "Talk to Tocsin alone"));

function channelRow(room, { count, pings }) {
  const here = room.id === state.current;
  const news = count ? `, ${count} new${pings ? `, ${pings} for you` : ""}` : "";
  return el(
    "button",
    { type: "button", class: count && !here ? "channel unread" : "channel", "data-channel": room.name, "data-part": "channel", "aria-current": here ? "true" : null, "aria-label": `${room.name}${news}`, onclick: () => enter(room.id), title: room.name },
    room.locked ? icon("lock") : el("span", { class: "hash", "aria-hidden": "true" }, "#"),
    el("span", { class: "label" }, room.name),
    !here && (pings ? el("span", { class: "pings" }, pings) : count > 0 && el("span", { class: "dot" })),
  );
}

function drawRoom() {
  const room = state.channels.get(state.current);
  $("name").replaceChildren(...(room ? [room.locked ? icon("lock") : el("span", { class: "hash" }, "#"), room.name] : ["…"]));
  $("topic").textContent = $("topic").title = room?.topic ?? "";
  $("crowd").textContent = room ? `${room.members.length} ${room.members.length === 1 ? "person" : "people"}` : "";
  $("crowd").title = room ? room.members.map((id) => person(id).name).join(", ") : "";
  $("pins").replaceChildren(...(room?.pins || []).map((id) => state.messages.get(id)).filter((one) => one && !one.deleted).map((one) =>
    el("button", { type: "button", onclick: () => hooks.go(one.id), title: "Go to the pinned message" }, icon("pin"), el("span", {}, summary(one)))));
  const list = $("messages");
  list.setAttribute("aria-label", room ? `Messages in ${room.name}` : "Messages");
  show(list, room ? stream(room.id) : [], hooks);
  main.refresh();
}

function drawThread() {
  const root = state.messages.get(state.thread);
  const shown = Boolean(root && root.channel === state.current);
  $("thread").hidden = !shown;
  $("app").classList.toggle("beside", shown);
  if (!shown) return;
  $("thread-room").textContent = `#${state.channels.get(root.channel)?.name ?? ""}`;
  const list = $("thread-messages");
  show(list, [root, ...replies(root.id)], hooks, { inThread: true });
  aside.refresh();
}

function toEnd(list) {
  list.dataset.end = "yes";
  list.scrollTop = list.scrollHeight;
}

// Who reads the newest message goes on reading the newest, whatever grows; who has scrolled up stays where they are.
for (const list of [$("messages"), $("thread-messages")]) {
  const shape = () => `${list.scrollHeight} ${list.clientHeight} ${list.clientWidth}`;
  const follow = () => {
    list.dataset.shape = shape();
    if (list.dataset.end === "yes") toEnd(list);
  };
  list.addEventListener("scroll", () => {
    // A list whose shape has changed was moved by the browser's scroll anchoring, not by a person.
    if (list.dataset.shape !== shape()) return follow();
    list.dataset.end = list.scrollHeight - list.scrollTop - list.clientHeight < 40 ? "yes" : "no";
  });
  new ResizeObserver(follow).observe(list);
  new MutationObserver(follow).observe(list, { childList: true, subtree: true });
}

function enter(id) {
  state.current = id;
  state.thread = null;
  state.unread.delete(id);
  $("messages").dataset.current = "";
  $("app").classList.remove("menu");
  main.reset();
  draw();
  toEnd($("messages"));
}

function closeThread() {
  const root = state.thread;
  state.thread = null;
  draw();
  const node = $("messages").querySelector(`[data-id="${CSS.escape(root)}"]`);
  if (node) rove($("messages"), node);
  (node || main.field).focus();
}

// ---- the server's word

let socket = null;
let patience = 250;

function listen() {
  const old = socket;
  const mine = (socket = new WebSocket(`ws://${location.host}/live?as=${encodeURIComponent(state.you || "")}`));
  old?.close();
  mine.onmessage = ({ data }) => {
    if (mine !== socket) return;
    patience = 250;
    $("offline").hidden = true;
    hear(JSON.parse(data));
  };
  mine.onclose = () => {
    if (mine !== socket) return;
    explain();
    setTimeout(() => mine === socket && listen(), patience);
    patience = Math.min(patience * 2, 4000);
  };
}

// A browser does not tell why a socket was refused, so the page asks once more in a way that does.
async function explain() {
  const answer = await fetch("/", { method: "HEAD" }).catch(() => null);
  const anew = answer?.status === 403;
  const words = anew ? "Tocsin was started anew. Open the address that it printed." : "Connection lost. Trying again…";
  if ($("offline").textContent !== words) $("offline").textContent = words;
  $("offline").hidden = socket.readyState === WebSocket.OPEN;
}

function hear(frame) {
  const opened = frame.type === "state";
  const fresh = take(frame);
  $("clock").textContent = `${clock(state.now)} UTC`;
  $("clock").title = `The story's time: ${exactly(state.now)}`;
  if (frame.type === "time") return;
  if (opened && !frame.you) {
    become(null);
    choose();
  }
  if (!document.hidden && document.hasFocus()) state.unread.delete(state.current);
  draw();
  if (opened) for (const list of [$("messages"), $("thread-messages")]) toEnd(list);
  const spoken = fresh.filter((one) => one.channel === state.current && one.author !== state.you && !one.deleted);
  if (spoken.length) $("said").textContent = spoken.map((one) => `${person(one.author).name}: ${summary(one)}`).join(". ");
  if ($("who").open) drawCast();
}

// ---- who you are

function choose() {
  drawCast();
  $("who-answer").textContent = "";
  if (!$("who").open) $("who").showModal();
}

function drawCast() {
  reconcile($("cast"), [...state.people.values()].map((one) => ({
    key: one.id,
    version: `${one.name} ${one.id === state.you}`,
    make: () => el("button", { type: "button", "aria-pressed": String(one.id === state.you), onclick: () => be(one.id) }, avatar(one.id, one.name, false), el("span", {}, one.name)),
  })));
}

function be(id) {
  become(id);
  state.thread = null;
  state.unread.clear();
  $("who").close();
  listen();
  setTimeout(() => main.focus(), 120);
}

$("arrive").addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = $("newcomer").value.trim();
  if (!name) return;
  try {
    const { id } = await act("arrive", { name });
    $("newcomer").value = "";
    be(id);
  } catch (refused) {
    $("who-answer").textContent = refused.message;
  }
});
// Whoever begins to type a name means the name, wherever the focus is.
$("who").addEventListener("keydown", (event) => {
  const letter = [...event.key].length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (letter && event.target !== $("newcomer")) $("newcomer").focus();
});
$("who").addEventListener("cancel", (event) => {
  if (!state.you) event.preventDefault();
});
$("me").addEventListener("click", choose);
$("hint").hidden = localStorage.getItem("tocsin-hint") === "read";
$("hint-close").addEventListener("click", () => {
  localStorage.setItem("tocsin-hint", "read");
  $("hint").hidden = true;
  main.focus();
});
$("menu").addEventListener("click", () => $("app").classList.toggle("menu"));
$("thread-close").addEventListener("click", closeThread);
window.addEventListener("focus", () => {
  if (state.unread.delete(state.current)) draw();
});

// ---- the keyboard and the pointer

$("help").addEventListener("click", () => $("keys").showModal());
keyboard({ main, aside, hooks, enter, closeThread });

document.addEventListener("pointerdown", (event) => {
  if (picker.open() && !$("picker").contains(event.target)) picker.close();
  if (!$("side").contains(event.target) && !$("menu").contains(event.target)) $("app").classList.remove("menu");
});

listen();
