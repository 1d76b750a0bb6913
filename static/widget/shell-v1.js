/* The panel without what is said in it: its parts, the keyboard, the screen of a phone, scrolling. */
import { ICONS, button, h, icon } from "./elements-v1.js";
import { STYLE } from "./style-v1.js";

const SMALL = matchMedia("(max-width: 480px)");
const NEAR_END = 48;
/* Milliseconds. */
const READER_WITHIN = 2500;
/* A key that an input method takes, to choose a word with; Safari sends it when the word is chosen. */
const composes = (event) => event.isComposing || event.keyCode === 229;
export const MAX_TEXT_LENGTH = 8000;

/* `Panel` says what happens when somebody types, sends or starts anew. */
export class Shell {
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
    this.pastButton = button("past", texts.past, () => this.load("past"));
    this.freshButton = button("fresh", texts.fresh, () => this.fresh());
    this.closeButton = button("close", texts.close, () => this.widget.close());
    this.closeButton.hidden = this.isPage;
    this.log = h("div", { class: "log", part: "log", role: "log", tabindex: "0", "aria-live": "off", "aria-label": texts.log,
      scroll: () => this.scrolled() });
    this.latest = button("latest", texts.latest, () => this.toEnd(), "latest");
    this.latest.hidden = true;
    this.notice = h("div", { class: "notice", part: "notice", hidden: "" });
    this.status = h("div", { class: "unseen", role: "status" });
    this.input = h("textarea", { rows: 1, maxlength: MAX_TEXT_LENGTH, placeholder: texts.placeholder, "aria-label": texts.placeholder,
      part: "input", enterkeyhint: "send", keydown: (event) => this.typed(event), input: () => this.steer() });
    this.go = button("send", texts.send, () => this.submit(), "go");
    this.go.setAttribute("part", "send");
    this.form = h("form", { submit: (event) => event.preventDefault() }, h("div", { class: "field" }, this.input, this.go));
    this.element = h("div", { class: "panel", part: "panel", role: this.isPage ? "group" : "dialog", "aria-labelledby": "name",
      lang: this.widget.language, hidden: "", keydown: (event) => this.key(event) },
    h("div", { class: "head", part: "header" }, this.avatar, h("div", { class: "who" }, this.title, this.label), this.pastButton, this.freshButton, this.closeButton),
    h("div", { class: "main" }, this.log, this.latest), this.notice, this.form, this.status);
    this.widget.region.prepend(this.element);
    this.named();
  }

  named(bot = this.widget.saved) {
    const name = bot.name || "Chat";
    this.title.replaceChildren(h("bdi", { title: name }, name));
    this.portray([...name.trim()][0]?.toLocaleUpperCase() || "");
    this.label.textContent = this.answerer ? this.texts[this.answerer.kind === "offline" ? "quoting" : "model"] : "";
  }

  /* The initial is seen until the picture is there, and where a page's policy lets none of ours in. */
  portray(initial) {
    const { avatar } = this.widget.look;
    if (avatar !== this.portrayed) {
      this.portrayed = avatar;
      const src = `${this.base}avatars/${this.widget.getAttribute("key")}/${avatar}`;
      this.picture = avatar && h("img", { alt: "", src, load: () => this.avatar.replaceChildren(this.picture) });
    }
    this.avatar.replaceChildren(this.picture?.naturalWidth ? this.picture : initial);
  }

  open() {
    this.element.hidden = false;
    this.fitScreen();
    if (this.mustAgree()) return this.askConsent();
    this.connect();
    this.toEnd();
    // A page that opens it by itself, as a preview, leaves the keyboard where it is.
    return this.widget.isQuiet || this.input.focus({ preventScroll: true });
  }

  close() {
    this.quote?.close();
    this.element.hidden = true;
    this.fitScreen();
  }

  end() {
    this.connection?.end();
    this.connection = null;
    this.tabs?.leave();
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
    if (composes(event)) return;
    if (event.key === "Escape") {
      const shown = this.element.querySelector("dialog[open]");
      if (shown) shown.close();
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
    if (event.key !== "Enter" || event.shiftKey || composes(event)) return;
    event.preventDefault();
    if (!this.turn) this.submit();
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

  /* A part that few visitors need: its module makes it, and is loaded by the first who does. */
  async load(name, ...given) {
    const part = await import(`./${name}-v1.js`).catch(() => null);
    if (!part) return this.tell(this.texts.trouble, () => {
      this.tell(null);
      this.load(name, ...given);
    });
    this.wear(part.sheet);
    return part.add(this, { h, icon, button, ICONS }, ...given);
  }

  /* What reads answers is loaded when one is to be expected, and frames wait for it, but not for long. Until
     it is there answers are shown as they stand; where it does not come, the next one tries again. */
  prepare() {
    this.reading ??= Promise.race([
      import("./markdown-v1.js").then((reader) => {
        this.reader = reader;
        this.wear(reader.sheet);
        for (const reply of this.replies) reply.draw(!reply.ended);
      }).catch(() => {
        this.reading = null;
      }),
      new Promise((go) => setTimeout(go, READER_WITHIN)),
    ]);
  }

  wear(sheet) {
    // A panel that has ended would put it before the sheets of the next one.
    if (!this.element.parentNode) return;
    const root = this.widget.shadowRoot;
    if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  }

  /* Whether the visitor is told that a quote does not carry what it stands behind. */
  doubts(citation) {
    return citation.supported === false && this.bot.marks_unsupported;
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
