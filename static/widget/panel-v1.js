/* The panel: what the launcher loads when the chat is opened for the first time. */
import { ICONS, h, icon, useTools } from "./elements-v1.js";
import { Reply } from "./reply-v1.js";
import { MAX_TEXT_LENGTH, Shell } from "./shell-v1.js";
import { Connection } from "./socket-v1.js";
import { joinTabs } from "./tabs-v1.js";
import { kindOf, loadTexts } from "./texts-v1.js";

const lookOf = ({ color, theme, position, lang, label, avatar }) => ({ color, theme, position, lang, label, avatar });
/* Milliseconds. */
const SLOW = 4000;

class Panel extends Shell {
  /* The one button beside the text sends it, or stops the answer that is being written. */
  steer() {
    const name = this.turn ? "stop" : "send";
    if (this.go.dataset.does !== name) {
      this.go.dataset.does = name;
      this.go.replaceChildren(icon(ICONS[name], name === "send" ? "icon flip" : "icon"));
      this.go.title = this.texts[name];
      this.go.setAttribute("aria-label", this.texts[name]);
    }
    this.go.disabled = !this.turn && !this.input.value.trim();
    if (this.input.value) this.prepare();
    // Empty, its placeholder goes the way of the language.
    this.input.dir = this.input.value ? "auto" : "";
  }

  submit() {
    if (this.turn) return this.stop();
    const text = this.input.value.trim();
    if (text && this.ask(text)) this.input.value = "";
    this.input.focus();
    return this.steer();
  }

  /* The log, from the list of past conversations. */
  uncover() {
    this.element.querySelector(".past")?.remove();
  }

  clear() {
    this.turn = null;
    this.known = new Set();
    this.replies = [];
    this.sticks = true;
    this.uncover();
    this.log.replaceChildren();
    this.steer();
  }

  mustAgree() {
    return this.widget.getAttribute("consent") === "required" && !this.widget.saved.consent;
  }

  /* Nothing can be written before the visitor has agreed. */
  askConsent() {
    if (this.form.hidden) return;
    this.form.hidden = true;
    this.load("consent");
  }

  agreed() {
    this.widget.save({ consent: true });
    this.form.hidden = false;
    this.open();
  }

  connect() {
    if (this.connection) return;
    const { widget } = this;
    this.adopt();
    this.tabs ??= joinTabs(`chatbot:${widget.getAttribute("key")}`, { said: (told) => this.heard(told), moved: () => this.moved() });
    const url = new URL("../ws/chat/", this.base);
    url.protocol = url.protocol.replace("http", "ws");
    if (widget.saved.conversation) this.prepare();
    const inOrder = async (happen) => {
      await this.reading;
      if (this.connection === connection) happen();
    };
    const connection = (this.connection = new Connection(url.href, () => ({
      key: widget.getAttribute("key"),
      visitor_token: widget.identity ? undefined : widget.saved.token,
      identity_jwt: widget.identity,
      conversation_id: widget.saved.conversation,
    }), {
      ready: (frame) => {
        if (frame.messages.length || frame.active_turn) this.prepare();
        inOrder(() => this.ready(frame));
      },
      frame: (frame) => inOrder(() => this.receive(frame)),
      refused: (frame) => this.refused(frame),
      state: (state) => this.connectionIs(state),
    }));
  }

  /* What is kept, unless the browser keeps nothing. */
  adopt() {
    const kept = this.widget.load();
    if (Object.keys(kept).length) this.widget.saved = kept;
  }

  /* Another tab has gone on to another conversation, or has forgotten the visitor and begins anew: this one
     waits for that. One that is between two conversations leads nowhere, whose visitor is another one is
     followed once, and what is asked here is answered first. */
  moved() {
    const { widget } = this;
    const { token, conversation } = widget.saved;
    const kept = widget.load();
    const isForgotten = token && !kept.token;
    if (isForgotten) widget.identity = undefined;
    else if (kept.conversation && !conversation && this.bot && !this.connection && !this.mustAgree()) this.connect();
    if (!isForgotten) {
      if (!conversation || !kept.conversation || conversation === kept.conversation || this.isAlone) return;
      this.hasMoved = this.turn?.client;
      if (this.hasMoved) return;
    }
    widget.saved = kept;
    this.followed = kept.conversation;
    this.restart(isForgotten ? SLOW : 0);
  }

  /* What is asked in another tab is asked here as well. */
  async heard({ conversation, id, question, again, message, feedback }) {
    await this.reading;
    if (message) this.replies.find((each) => each.message === message)?.rate?.(feedback);
    if (!id || conversation !== this.widget.saved.conversation || this.known.has(id) || !this.connection?.isReady) return;
    this.hasMissed = Boolean(this.turn);
    if (this.turn) return;
    this.replies.find((each) => each.id === again)?.leave();
    this.follow(new Reply(this, { id, question, mine: this.mine(question) }));
  }

  follow(reply) {
    this.known.add(reply.id);
    this.begin({ id: reply.id, reply });
    this.connection.send({ type: "turn.resume", turn_id: reply.id });
  }

  connectionIs(state) {
    clearTimeout(this.patience);
    this.watchOver(state === "open");
    if (state === "open") this.tell(null);
    else if (state === "offline") this.tell(this.texts.offline);
    else this.patience = setTimeout(() => this.tell(this.texts.connecting), 1200);
  }

  ready(frame) {
    const { widget } = this;
    const first = !this.bot || !this.log.childElementCount;
    this.bot = frame.chatbot;
    this.answerer = frame.answerer;
    widget.save({ token: frame.visitor_token, conversation: frame.conversation_id, name: this.bot.name, look: lookOf(this.bot) });
    widget.refresh();
    this.named(this.bot);
    if (first) this.greet();
    this.catchUp(frame);
    if (first) {
      this.toEnd();
      widget.emit("ready", { conversation_id: frame.conversation_id });
    }
    this.ask(this.waiting);
    this.waiting = null;
  }

  greet() {
    if (this.bot.welcome) {
      this.log.append(h("div", { class: "reply" }, h("div", { class: "body", dir: "auto" }, h("p", {}, this.bot.welcome))));
    }
    const chips = this.bot.suggested_questions.slice(0, 6).map((text) =>
      h("button", { type: "button", class: "chip", part: "suggestion", dir: "auto", click: () => this.ask(text) }, text));
    this.suggestions = h("div", { class: "suggestions" }, ...chips);
    this.log.append(this.suggestions);
  }

  /* What was said before, or elsewhere; then the answer that is still being written. */
  catchUp({ messages, active_turn: active }) {
    const { turn } = this;
    if (turn) {
      if (turn.id) this.connection.send({ type: "turn.resume", turn_id: turn.id, last_event_id: `${turn.id}:${turn.reply.last}` });
      else this.put(turn);
      return;
    }
    const news = messages.filter((message) => !this.known.has(message.message_id) && !this.known.has(message.turn_id));
    let asked = {};
    news.forEach((message, i) => {
      const { turn_id: id } = message;
      if (message.role !== "visitor") return this.recall(message, asked);
      asked = { id, question: message.text, mine: this.mine(message.text) };
      // What failed before its first word has left no reply.
      const ended = id && active?.turn_id !== id && news[i + 1]?.turn_id !== id;
      return ended && this.recall({ status: "failed", text: "", citations: [] }, asked);
    });
    for (const message of news) this.known.add(message.message_id).add(message.turn_id);
    if (active) this.follow(new Reply(this, { ...asked, id: active.turn_id }));
  }

  recall(message, asked) {
    const reply = new Reply(this, asked);
    reply.text = message.text;
    reply.citations = message.citations;
    const failed = ["failed", "interrupted"].includes(message.status);
    this.log.append(reply.element);
    reply.finish({
      message: failed ? null : message.message_id,
      fallback: message.fallback,
      feedback: message.feedback,
      again: failed,
      note: failed ? this.texts.interrupted : message.status === "stopped" ? this.texts.stopped : message.unsourced ? this.texts.unsourced : null,
    });
  }

  mine(text) {
    if (this.suggestions) this.suggestions.hidden = true;
    const element = h("div", { class: "mine", part: "question", dir: "auto" },
      h("bdi", { class: "unseen" }, `${this.texts.you}: `), text);
    this.log.append(element);
    return element;
  }

  /* Whether the question was taken. One is kept until there is a session. `failed` is the answer in whose
     place it asks again. */
  ask(text, failed) {
    if (this.turn || !text || this.refusal) return false;
    if (!this.bot || !this.connection || this.mustAgree()) {
      this.waiting = text;
      return true;
    }
    const client = `${Date.now()}${Math.random()}`;
    const question = text.slice(0, MAX_TEXT_LENGTH);
    failed?.leave();
    if (failed) this.input.focus();
    const reply = new Reply(this, { question, mine: this.mine(question), again: failed?.id });
    this.begin({ client, reply });
    this.put(this.turn);
    this.widget.emit("message", { role: "visitor", text: reply.question });
    return true;
  }

  /* A sign of life where no text comes for long: the server has to say that it is there. */
  watchOver(isConnected) {
    const { turn } = this;
    clearTimeout(this.slow);
    turn?.reply.still?.remove();
    if (!turn || !isConnected || turn.reply.text) return;
    turn.slowAt = Date.now() + SLOW;
    this.slow = setTimeout(() => this.connection.ping(), SLOW);
  }

  isStillThere() {
    const { turn } = this;
    if (!turn || turn.reply.text || turn.reply.still?.isConnected || Date.now() < turn.slowAt) return;
    turn.reply.still = h("p", { class: "hint" }, this.texts.still);
    this.keepingPlace(() => turn.reply.body.append(turn.reply.still));
    this.say(this.texts.still);
  }

  put({ client, reply: { question, again } }) {
    this.connection.send({ type: "turn.create", client_turn_id: client, text: question, retry_of: again });
  }

  begin(turn) {
    this.prepare();
    this.turn = turn;
    this.uncover();
    this.log.append(turn.reply.element);
    this.log.setAttribute("aria-busy", "true");
    this.say(this.texts.writing);
    this.watchOver(true);
    this.toEnd();
    this.steer();
  }

  stop() {
    const { turn } = this;
    turn.stopping = true;
    if (turn.id) this.connection.send({ type: "turn.stop", turn_id: turn.id });
  }

  receive(frame) {
    const { turn } = this;
    if (frame.type === "pong") this.isStillThere();
    if (frame.type === "conversations.listed" || frame.ref === "conversations.list") this.listed?.(frame);
    if (frame.type === "error") this.replies.find((each) => each.message === frame.ref)?.rate?.();
    if (!turn) return;
    if (frame.type === "error") {
      const { code, ref } = frame;
      /* The conversation was deleted: in a new one `catchUp` asks. */
      if (code === "not_found" && ref === turn.client) {
        this.refused(frame);
        this.connection.connect();
      } else if (ref && (ref === turn.client || ref === turn.id)) this.finish({ code, again: turn.id || code === "rate_limited", wait: frame.retry_after });
      return;
    }
    if (turn.id ? frame.turn_id !== turn.id : frame.client_turn_id !== turn.client) return;
    const number = Number(frame.event_id?.split(":").pop());
    if (!(number > turn.reply.last)) return;
    turn.reply.last = number;
    this.keepingPlace(() => this.happen(turn, frame));
  }

  happen(turn, frame) {
    const { reply } = turn;
    switch (frame.type) {
      case "turn.started":
        if (!turn.id) {
          const { question, again } = reply;
          this.tabs.tell({ conversation: frame.conversation_id, id: frame.turn_id, question, again });
        }
        turn.id = reply.id = frame.turn_id;
        this.known.add(turn.id);
        if (turn.stopping) this.stop();
        break;
      case "turn.delta":
        reply.add(frame.text);
        break;
      case "turn.citation":
        reply.cite(frame);
        break;
      case "turn.completed":
        this.finish({ message: frame.message_id, reason: frame.finish_reason, unsourced: frame.unsourced, fallback: frame.fallback });
        break;
      case "turn.failed":
        this.finish({ code: frame.code, again: frame.retryable });
        break;
      case "turn.snapshot":
        reply.text = frame.text;
        reply.citations = frame.citations;
        this.finish({ message: frame.message_id, reason: frame.finish_reason, unsourced: frame.unsourced, fallback: frame.fallback,
          feedback: frame.feedback, code: frame.status === "completed" || frame.status === "stopped" ? null : "interrupted", again: true });
    }
  }

  finish({ message, reason, code, again, wait, unsourced, feedback, fallback = code && code !== "rate_limited" ? this.bot.contact : null }) {
    const { reply } = this.turn;
    this.turn = null;
    this.log.removeAttribute("aria-busy");
    const note = code ? this.texts[kindOf(code)] : reason === "stopped" ? this.texts.stopped : unsourced ? this.texts.unsourced : null;
    this.keepingPlace(() => reply.finish({ message: code ? null : message, note, again, wait, fallback, feedback }));
    this.say(`${this.texts.assistant}: ${reply.body.innerText} ${note || ""}`);
    this.steer();
    if (!this.widget.isOpen) this.widget.button.dataset.unread = "";
    if (code) this.widget.emit("error", { code });
    else this.widget.emit("message", { role: "assistant", text: reply.text, message_id: message });
    // What was asked elsewhere meanwhile comes with the session.
    if (this.hasMoved) this.moved();
    else if (this.hasMissed) this.connection.connect();
    this.hasMissed = this.hasMoved = false;
  }

  refused({ code }) {
    const { widget } = this;
    if (code === "not_found") {
      this.isAlone ||= this.followed === widget.saved.conversation;
      widget.save({ conversation: undefined });
      return "again";
    }
    if (code === "unavailable" || code === "internal_error") return "wait";
    if (code === "unauthenticated" && widget.saved.token && !widget.identity) {
      widget.save({ token: undefined, conversation: undefined });
      return "wait";
    }
    clearTimeout(this.patience);
    this.refusal = code;
    this.tell(this.texts[kindOf(code)], () => this.restart());
    widget.emit("error", { code });
    return "end";
  }

  /* Opens the session anew, with whatever is remembered by now. */
  restart(later) {
    const wasConnected = this.connection;
    this.connection?.end();
    this.connection = this.refusal = null;
    this.tell(null);
    this.quote?.close();
    this.clear();
    if (wasConnected) setTimeout(() => this.element.isConnected && !this.mustAgree() && this.connect(), later);
  }

  fresh(conversation) {
    this.widget.save({ conversation });
    this.restart();
    this.input.focus();
  }

}

/* The panel of a widget, with its texts there. */
export async function createPanel(widget, base) {
  useTools(widget.tools);
  return new Panel(widget, base, await loadTexts(widget.language));
}
