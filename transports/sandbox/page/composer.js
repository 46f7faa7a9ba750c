// Where one writes: a new message, a reply or an edit, in a channel or in a thread. Rule: what one types stays where one types it.

import { el, icon } from "./dom.js";
import { act, person, state } from "./state.js";
import { fill } from "./form.js";
import { summary } from "./cards.js";

// A command that was typed without its fields is filled in before it is said.
const formOf = (channel, text) => (/^\s*[!/]inc/i.test(text) ? act("form", { channel, text }) : null);

export class Composer {
  constructor(form, { where, label }) {
    this.form = form;
    this.where = where; // () → { channel, thread }
    this.label = label; // () → what the field says when it is empty
    this.doing = null; // { reply } or { edit }
    this.drafts = new Map(); // place → what stands there unsent
    this.place = null; // the channel or thread whose words stand in the field
    this.note = el("div", { class: "note", hidden: true });
    this.answer = el("p", { class: "answer", role: "alert" });
    this.field = el("textarea", { rows: "1", spellcheck: "true", "enterkeyhint": "send" });
    this.send = el("button", { type: "submit", title: "Send (Enter)" }, "Send");
    form.append(this.answer, this.note, el("div", { class: "field" }, this.field, this.send));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.field.addEventListener("input", () => this.grow());
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.submit();
      }
    });
  }

  grow() {
    this.field.style.height = "auto";
    const wanted = this.field.scrollHeight; // 0 while the thread is not shown
    this.field.style.height = wanted ? `${Math.min(wanted, 220)}px` : "";
    this.field.style.overflowY = wanted > 220 ? "auto" : "hidden";
  }

  keep() {
    if (this.place && !this.doing?.edit) this.drafts.set(this.place, this.field.value);
  }

  move() {
    const { channel, thread } = this.where();
    const place = thread || channel;
    if (place === this.place) return;
    this.keep();
    this.place = place;
    this.field.value = this.drafts.get(place) ?? "";
    this.doing = null;
    this.note.hidden = true;
    this.answer.textContent = "";
  }

  refresh() {
    this.move();
    const room = state.channels.get(this.where().channel);
    const shut = !room || room.locked || !state.you;
    this.field.disabled = this.send.disabled = shut;
    const label = room?.locked ? `#${room.name} is read-only` : this.label();
    this.field.placeholder = label;
    this.field.setAttribute("aria-label", label);
    this.grow();
  }

  focus() {
    this.field.focus();
  }

  reply(message) {
    this.start({ reply: message }, `Replying to ${person(message.author).name}: ${summary(message)}`, this.field.value);
  }

  edit(message) {
    this.start({ edit: message }, "Editing your message", message.text);
  }

  start(doing, words, text) {
    this.keep();
    this.doing = doing;
    this.note.replaceChildren(icon(doing.edit ? "edit" : "reply"), el("span", {}, words), el("button", { type: "button", class: "plain", "aria-label": "Never mind", onclick: () => this.reset() }, "✕"));
    this.note.hidden = false;
    this.field.value = text;
    this.grow();
    this.focus();
  }

  // True when there was something to give up.
  reset() {
    const had = this.doing !== null || this.answer.textContent !== "";
    if (this.doing?.edit) this.field.value = this.drafts.get(this.place) ?? "";
    this.doing = null;
    this.note.hidden = true;
    this.answer.textContent = "";
    this.grow();
    return had;
  }

  refuse(words) {
    this.answer.textContent = words;
  }

  async submit() {
    const text = this.field.value;
    if (!text.trim() || this.busy) return;
    const { channel, thread } = this.where();
    const { reply, edit } = this.doing || {};
    const place = this.place;
    this.busy = true;
    try {
      const form = edit ? null : await formOf(channel, text);
      if (form) fill(form, (words) => act("say", { channel, text: words, thread, reply_to: null }));
      else if (edit) await act("edit", { channel: edit.channel, message: edit.id, text });
      else await act("say", { channel, text, thread, reply_to: reply?.id ?? null });
      if (!edit) this.drafts.delete(place);
      if (place !== this.place) return; // they went elsewhere while it was sent
      if (!edit) this.field.value = "";
      this.reset();
    } catch (refused) {
      this.refuse(refused.message);
    } finally {
      this.busy = false;
    }
  }
}

