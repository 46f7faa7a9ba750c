// The keyboard: arrows among messages and channels, one letter for each thing one may do with a message.
// Rule: single letters act only while nobody is writing.

import { $, el } from "./dom.js";
import { rove } from "./messages.js";
import { sorted, state } from "./state.js";
import * as picker from "./picker.js";

const KEYS = [
  ["↑ ↓", "among the messages, or the channels"], ["Alt ↑ ↓", "to the channel above or below"], ["r", "react to the message"], ["t", "open its thread"],
  ["q", "reply to it"], ["e", "edit your own"], ["/", "write"], ["Esc", "close what is open"], ["?", "this list"],
];

const currentRow = (list) => list.querySelector(`.message[data-id="${CSS.escape(list.dataset.current || "")}"]`);

export function keyboard({ main, aside, hooks, enter, closeThread }) {
  $("key-list").append(...KEYS.map(([key, does]) => el("div", {}, el("dt", {}, el("kbd", {}, key)), el("dd", {}, does))));

  for (const list of [$("messages"), $("thread-messages")]) {
    list.addEventListener("focusin", (event) => {
      const node = event.target.closest(".message");
      if (node && node.dataset.id !== list.dataset.current) rove(list, node);
    });
  }

  function move(list, step) {
    const rows = [...list.querySelectorAll(".message")];
    const to = rows[rows.indexOf(currentRow(list)) + step];
    if (!to) return step > 0 && (list === $("thread-messages") ? aside : main).focus();
    rove(list, to);
    to.focus();
    to.scrollIntoView({ block: "nearest" });
  }

  function step(by) {
    const rooms = sorted();
    const to = rooms[rooms.findIndex((room) => room.id === state.current) + by];
    if (to) enter(to.id);
  }

  const ON_MESSAGE = {
    r: (message, node) => hooks.pick(message, node.querySelector(".body")),
    t: (message) => hooks.thread(message.thread || message.id),
    q: (message) => hooks.reply(message),
    e: (message) => message.author === state.you && hooks.edit(message),
  };

  function escape() {
    if (picker.open()) return picker.close();
    const composer = $("thread").contains(document.activeElement) ? aside : main;
    if (composer.reset()) return composer.focus();
    if (state.thread) return closeThread();
    $("app").classList.remove("menu");
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
    const node = event.target;
    const writing = node.matches?.("input, textarea");
    const vertical = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const handled = () => event.preventDefault();
    if (event.key === "Escape") return handled(), escape();
    if (event.ctrlKey || event.metaKey) return;
    if (event.altKey) return vertical ? (handled(), step(vertical)) : undefined;
    if (writing) {
      const list = node === aside.field ? $("thread-messages") : $("messages");
      if (event.key === "ArrowUp" && !node.value && currentRow(list)) handled(), currentRow(list).focus();
      return;
    }
    const list = node.closest?.(".messages");
    if (vertical && list) return handled(), move(list, vertical);
    if (vertical && $("channels").contains(node)) {
      const rows = [...$("channels").querySelectorAll("button")];
      return handled(), rows[rows.indexOf(node) + vertical]?.focus();
    }
    if (event.key === "/") return handled(), (state.thread && $("thread").contains(node) ? aside : main).focus();
    if (event.key === "?") return handled(), $("keys").showModal();
    const row = node.closest?.(".message") || currentRow(state.thread ? $("thread-messages") : $("messages"));
    const message = row && state.messages.get(row.dataset.id);
    if (message && ON_MESSAGE[event.key]) handled(), ON_MESSAGE[event.key](message, row);
  });
}
