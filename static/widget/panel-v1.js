/* The panel: what the launcher loads when the chat is opened for the first time. */
import { parse, patch, safeLink } from "./markdown-v1.js";
import { Connection } from "./socket-v1.js";
import { STYLE } from "./style-v1.js";
import { kindOf, loadTexts } from "./texts-v1.js";

const ICONS = {
  fresh: "M4 12a8 8 0 1 0 2.6-5.9M4 4v4h4",
  close: "M6 6l12 12M18 6 6 18",
  send: "M5 12h14M13 6l6 6-6 6",
  stop: "M8 8h8v8H8z",
  up: "M4 10h3v10H4zM7 10l4-7q3 1 2 6h7l-2 11H7",
  latest: "M12 5v14M6 13l6 6 6-6",
};
/* The launcher's own makers of elements. */
let h, icon;
const SMALL = matchMedia("(max-width: 480px)");
const LONGEST_TEXT = 8000;
const NEAR_END = 48;

const button = (name, label, click, shape = "tool", look) =>
  h("button", { type: "button", class: shape, "aria-label": label, title: label, click }, icon(ICONS[name], look));

/* One answer: its text as it grows, what it rests on, and how it ended. */
class Reply {
  constructor(panel, question) {
    Object.assign(this, { panel, question, text: "", citations: new Map(), last: 0 });
    this.body = h("div", { class: "body", part: "answer", dir: "auto" });
    this.body.append(h("div", { class: "wait" }));
    this.element = h("div", { class: "reply" }, h("span", { class: "unseen" }, panel.texts.assistant), this.body);
  }

  draw(live) {
    const tree = parse(this.text, (n) => this.citations.has(n), live);
    if (!tree.length && live) return;
    patch(this.body, tree, (chip) => this.dress(chip, Number(chip.dataset.n)));
    this.body.hidden = !tree.length;
  }

  dress(chip, n) {
    if (chip.shown === n) return;
    const { texts, number } = this.panel;
    chip.shown = n;
    chip.type = "button";
    chip.className = "cite";
    chip.textContent = number(n);
    chip.setAttribute("part", "citation");
    chip.setAttribute("aria-label", `${texts.source} ${number(n)}: ${this.citations.get(n).title}`);
    chip.addEventListener("click", () => this.panel.showQuote(this.citations.get(chip.shown), chip));
  }

  add(text) {
    this.text += text;
    this.draw(true);
  }

  cite(citation) {
    this.citations.set(citation.n, citation);
    if (this.text) this.draw(true);
  }

  /* `note` is a sentence about the end, `again` whether asking once more can help. */
  finish({ message, note, again }) {
    this.ended = true;
    this.draw(false);
    this.listSources();
    if (note) this.element.append(this.note(note, again));
    if (message) this.element.append(this.thumbs(message));
  }

  listSources() {
    if (!this.citations.size) return;
    const { texts, number } = this.panel;
    const chips = [...this.citations.values()].sort((a, b) => a.n - b.n).map((citation) => {
      const chip = h("button", { type: "button", class: "chip", click: () => this.panel.showQuote(citation, chip) },
        h("b", {}, number(citation.n)), h("span", {}, h("bdi", {}, citation.title)));
      return h("li", {}, chip);
    });
    this.element.append(h("ul", { class: "sources", "aria-label": texts.sources }, ...chips));
  }

  note(note, again) {
    const { panel, question } = this;
    return h("p", { class: "note" }, note, " ",
      again && question ? h("button", { type: "button", class: "link", click: () => panel.ask(question) }, panel.texts.again) : null);
  }

  thumbs(message) {
    const { texts, widget } = this.panel;
    const thumb = (value) => {
      const made = button("up", texts[value], () => {
        if (!this.panel.connection.send({ type: "feedback.create", message_id: message, value })) return;
        for (const other of row.children) other.setAttribute("aria-pressed", String(other === made));
        this.panel.say(texts.thanks);
        widget.emit("feedback", { message_id: message, value });
      }, "tool", `icon ${value}`);
      made.setAttribute("aria-pressed", "false");
      return made;
    };
    const row = h("div", { class: "tools" }, thumb("up"), thumb("down"));
    return row;
  }
}

class Panel {
  constructor(widget, base, texts) {
    Object.assign(this, { widget, base, texts, number: (n) => n.toLocaleString(widget.language) });
    this.isPage = widget.getAttribute("mode") === "page";
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    this.screen = new CSSStyleSheet();
    const root = widget.shadowRoot;
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet, this.screen];
    this.fit = () => this.fitScreen();
    for (const name of ["resize", "scroll"]) visualViewport.addEventListener(name, this.fit);
    this.build();
    this.clear();
  }

  build() {
    const { texts } = this;
    this.title = h(this.isPage ? "h1" : "h2", { class: "name", id: "name" });
    this.label = h("p", { class: "label" });
    this.avatar = h("div", { class: "avatar", "aria-hidden": "true" });
    this.freshButton = button("fresh", texts.fresh, () => this.fresh());
    this.closeButton = button("close", texts.close, () => this.widget.close());
    this.closeButton.hidden = this.isPage;
    this.log = h("div", { class: "log", part: "log", role: "log", tabindex: "0", "aria-live": "off", "aria-label": texts.log,
      scroll: () => this.scrolled() });
    this.latest = button("latest", texts.latest, () => this.toEnd(), "latest");
    this.latest.hidden = true;
    this.quote = h("dialog", { class: "quote", part: "quote", "aria-label": texts.quote, close: () => this.quoteFrom?.focus() });
    this.notice = h("div", { class: "notice", part: "notice", hidden: "" });
    this.status = h("div", { class: "unseen", role: "status" });
    this.input = h("textarea", { rows: 1, maxlength: LONGEST_TEXT, placeholder: texts.placeholder, "aria-label": texts.placeholder,
      part: "input", enterkeyhint: "send", keydown: (event) => this.typed(event), input: () => this.steer() });
    this.go = button("send", texts.send, () => this.submit(), "go");
    this.go.setAttribute("part", "send");
    this.form = h("form", { submit: (event) => event.preventDefault() }, h("div", { class: "field" }, this.input, this.go));
    this.element = h("div", { class: "panel", part: "panel", role: this.isPage ? "group" : "dialog", "aria-labelledby": "name",
      lang: this.widget.language, hidden: "", keydown: (event) => this.key(event) },
    h("div", { class: "head", part: "header" }, this.avatar, h("div", { class: "who" }, this.title, this.label), this.freshButton, this.closeButton),
    h("div", { class: "main" }, this.log, this.latest, this.quote), this.notice, this.form, this.status);
    this.widget.region.prepend(this.element);
    this.named();
  }

  named(bot = this.widget.saved) {
    const name = bot.name || "Chat";
    this.title.replaceChildren(h("bdi", { title: name }, name));
    this.avatar.textContent = [...name.trim()][0]?.toLocaleUpperCase() || "";
    this.label.textContent = this.answerer ? this.texts[this.answerer.kind === "offline" ? "quoting" : "model"] : "";
  }

  open() {
    this.element.hidden = false;
    this.fitScreen();
    if (this.mustAgree()) return this.askConsent();
    this.connect();
    this.toEnd();
    return this.input.focus({ preventScroll: true });
  }

  close() {
    this.quote.close();
    this.element.hidden = true;
    this.fitScreen();
  }

  end() {
    this.connection?.end();
    this.connection = null;
    for (const name of ["resize", "scroll"]) visualViewport.removeEventListener(name, this.fit);
    this.element.remove();
    const root = this.widget.shadowRoot;
    root.adoptedStyleSheets = root.adoptedStyleSheets.slice(0, 2);
  }

  /* On a phone the panel is the screen that the keyboard leaves. */
  fitScreen() {
    const full = this.isPage || (SMALL.matches && !this.element.hidden);
    this.widget.region.className = full ? "full" : "";
    this.isModal = full && !this.isPage;
    if (this.isModal) this.element.setAttribute("aria-modal", "true");
    else this.element.removeAttribute("aria-modal");
    const view = visualViewport;
    this.screen.replaceSync(full ? `:host { --top: ${view.offsetTop}px; --height: ${view.height}px }` : "");
    if (this.sticks) this.toEnd();
  }

  key(event) {
    if (event.key === "Escape") {
      event.stopPropagation();
      if (this.quote.open) this.quote.close();
      else this.widget.close();
    } else if (event.key === "Tab" && this.isModal) {
      const stops = [...this.element.querySelectorAll("button, textarea, a[href], [tabindex='0']")]
        .filter((stop) => !stop.disabled && stop.checkVisibility());
      const from = this.widget.shadowRoot.activeElement;
      const [edge, other] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
      if (from === edge) {
        event.preventDefault();
        other.focus();
      }
    }
  }

  typed(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!this.turn) this.submit();
  }

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

  /* --- The conversation ------------------------------------------------------------------ */

  clear() {
    this.turn = null;
    this.known = new Set();
    this.sticks = true;
    this.log.replaceChildren();
    this.steer();
  }

  mustAgree() {
    return this.widget.getAttribute("consent") === "required" && !this.widget.saved.consent;
  }

  askConsent() {
    if (this.consent) return;
    const { texts, widget } = this;
    const privacy = widget.getAttribute("privacy");
    const agree = h("button", { type: "button", class: "primary", click: () => {
      widget.save({ consent: true });
      this.consent.remove();
      this.consent = null;
      this.form.hidden = false;
      this.open();
    } }, texts.agree);
    this.consent = h("div", { class: "consent", part: "consent" }, h("p", {}, texts.consent, " ",
      safeLink(privacy) ? h("a", { class: "link", href: privacy, target: "_blank", rel: "noopener" }, texts.privacy) : null), agree);
    this.form.hidden = true;
    this.form.before(this.consent);
    agree.focus();
  }

  connect() {
    if (this.connection) return;
    const { widget } = this;
    const url = new URL("../ws/chat/", this.base);
    url.protocol = url.protocol.replace("http", "ws");
    this.connection = new Connection(url.href, () => ({
      key: widget.getAttribute("key"),
      visitor_token: widget.identity ? undefined : widget.saved.token,
      identity_jwt: widget.identity,
      conversation_id: widget.saved.conversation,
    }), {
      ready: (frame) => this.ready(frame),
      frame: (frame) => this.receive(frame),
      refused: (frame) => this.refused(frame),
      state: (state) => this.connectionIs(state),
    });
  }

  connectionIs(state) {
    clearTimeout(this.patience);
    if (state === "open") this.tell(null);
    else if (state === "offline") this.tell(this.texts.offline);
    else this.patience = setTimeout(() => this.tell(this.texts.connecting), 1200);
  }

  /* A line above the input; with `again` a button for another try. */
  tell(text, again) {
    this.notice.hidden = !text;
    this.notice.replaceChildren(...(text ? [h("span", {}, text)] : []));
    if (again) this.notice.append(h("button", { type: "button", class: "link", click: again }, this.texts.again));
    if (text) this.say(text);
  }

  say(text) {
    this.status.textContent = text;
  }

  ready(frame) {
    const { widget } = this;
    const first = !this.bot || !this.log.childElementCount;
    this.bot = frame.chatbot;
    this.answerer = frame.answerer;
    widget.save({ token: frame.visitor_token, conversation: frame.conversation_id, color: this.bot.color, name: this.bot.name });
    widget.paint();
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
      else this.connection.send({ type: "turn.create", client_turn_id: turn.client, text: turn.reply.question });
      return;
    }
    const news = messages.filter((message) => !this.known.has(message.message_id) && !this.known.has(message.turn_id));
    let question;
    for (const message of news) {
      if (message.role === "visitor") this.mine((question = message.text));
      else this.recall(message, question);
    }
    for (const message of news) this.known.add(message.message_id).add(message.turn_id);
    if (active) {
      this.begin({ id: active.turn_id, reply: new Reply(this, question) });
      this.connection.send({ type: "turn.resume", turn_id: active.turn_id });
    }
  }

  recall(message, question) {
    const reply = new Reply(this, question);
    reply.text = message.text;
    for (const citation of message.citations) reply.citations.set(citation.n, citation);
    const failed = ["failed", "interrupted"].includes(message.status);
    this.log.append(reply.element);
    reply.finish({
      message: failed ? null : message.message_id,
      note: failed ? this.texts.interrupted : message.status === "stopped" ? this.texts.stopped : null,
    });
  }

  mine(text) {
    if (this.suggestions) this.suggestions.hidden = true;
    this.log.append(h("div", { class: "mine", part: "question", dir: "auto" },
      h("span", { class: "unseen" }, `${this.texts.you}: `), text));
  }

  /* Whether the question was taken. One is kept until there is a session. */
  ask(text) {
    if (this.turn || !text || this.refusal) return false;
    if (!this.bot || this.mustAgree()) {
      this.waiting = text;
      return true;
    }
    const client = `${Date.now()}${Math.random()}`;
    const reply = new Reply(this, text.slice(0, LONGEST_TEXT));
    this.mine(reply.question);
    this.begin({ client, reply });
    this.connection.send({ type: "turn.create", client_turn_id: client, text: reply.question });
    this.widget.emit("message", { role: "visitor", text: reply.question });
    return true;
  }

  begin(turn) {
    this.turn = turn;
    this.log.append(turn.reply.element);
    this.log.setAttribute("aria-busy", "true");
    this.say(this.texts.writing);
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
    if (!turn) return;
    if (frame.type === "error") {
      const { code, ref } = frame;
      /* The conversation was deleted: in a new one `catchUp` asks. */
      if (code === "not_found" && ref === turn.client) {
        this.refused(frame);
        this.connection.connect();
      } else if (ref === turn.client || ref === turn.id) this.finish({ code, again: turn.id || code === "rate_limited" });
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
        turn.id = frame.turn_id;
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
        this.finish({ message: frame.message_id, reason: frame.finish_reason });
        break;
      case "turn.failed":
        this.finish({ code: frame.code, again: frame.retryable });
        break;
      case "turn.snapshot":
        reply.text = frame.text;
        for (const citation of frame.citations) reply.citations.set(citation.n, citation);
        this.finish({ message: frame.message_id, reason: frame.finish_reason,
          code: frame.status === "completed" || frame.status === "stopped" ? null : "interrupted", again: true });
    }
  }

  finish({ message, reason, code, again }) {
    const { reply } = this.turn;
    this.turn = null;
    this.log.removeAttribute("aria-busy");
    const note = code ? this.texts[kindOf(code)] : reason === "stopped" ? this.texts.stopped : null;
    this.keepingPlace(() => reply.finish({ message: code ? null : message, note, again }));
    this.say(`${this.texts.assistant}: ${reply.body.innerText} ${note || ""}`);
    this.steer();
    if (!this.widget.isOpen) this.widget.button.dataset.unread = "";
    if (code) this.widget.emit("error", { code });
    else this.widget.emit("message", { role: "assistant", text: reply.text, message_id: message });
  }

  refused({ code }) {
    const { widget } = this;
    if (code === "not_found") {
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
  restart() {
    const wasConnected = this.connection;
    this.connection?.end();
    this.connection = this.refusal = null;
    this.tell(null);
    this.quote.close();
    this.clear();
    if (wasConnected) this.connect();
  }

  fresh() {
    this.widget.save({ conversation: undefined });
    this.restart();
    this.input.focus();
  }

  /* --- The quote ------------------------------------------------------------------------- */

  showQuote(citation, from) {
    const { texts, number } = this;
    this.quoteFrom = from;
    const shut = button("close", texts.shut, () => this.quote.close());
    this.quote.replaceChildren(
      h("div", { class: "top" }, h("span", { class: "cite", "aria-hidden": "true" }, number(citation.n)), h("h3", {}, h("bdi", {}, citation.title)), shut),
      citation.page ? h("p", { class: "hint" }, `${texts.page} ${number(citation.page)}`) : "",
      h("blockquote", { dir: "auto" }, citation.quote),
      safeLink(citation.url) ? h("a", { class: "visit", href: citation.url, target: "_blank", rel: "noopener noreferrer" }, texts.visit) : "",
    );
    if (!this.quote.open) this.quote.show();
    shut.focus();
  }

  /* --- Scrolling: whoever reads above is left alone -------------------------------------- */

  scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.log;
    this.sticks = scrollHeight - scrollTop - clientHeight < NEAR_END;
    if (this.sticks) this.latest.hidden = true;
  }

  keepingPlace(change) {
    const { sticks } = this;
    change();
    if (sticks) this.toEnd();
    else this.latest.hidden = false;
  }

  toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
    this.sticks = true;
    this.latest.hidden = true;
  }
}

/* The panel of a widget, with its texts there. */
export async function createPanel(widget, base) {
  ({ h, icon } = widget.tools);
  return new Panel(widget, base, await loadTexts(widget.language));
}
