/* The launcher: everything a page loads before its visitor opens the chat for the first time.
   No innerHTML, no style attribute, no other request: it runs under a strict policy and Trusted Types. */
(() => {
  "use strict";
  const TAG = "chatbot-widget";
  const OPTIONS = ["key", "lang", "theme", "position", "consent", "privacy", "mode", "color"];
  const LABELS = {
    en: ["Chat", "Open chat", "Close chat"],
    de: ["Chat", "Chat öffnen", "Chat schließen"],
    fa: ["گفتگو", "باز کردن گفتگو", "بستن گفتگو"],
  };
  const ICONS = {
    chat: "M12 3c5.2 0 9 3.4 9 8s-3.8 8-9 8c-1 0-2-.1-2.9-.4L4 21l1.3-3.9C3.8 15.5 3 13.4 3 11c0-4.6 3.8-8 9-8Z",
    down: "m6 9 6 6 6-6",
  };
  const STYLE = `
:host { all: initial !important; display: block !important; position: fixed !important;
  /* Text on the accent is white or black, whichever can be read. */
  --on-accent: var(--cb-on-accent, color(from var(--accent) xyz
    clamp(0, (.18 - y) * 9999, .95) clamp(0, (.18 - y) * 9999, 1) clamp(0, (.18 - y) * 9999, 1.09)));
  z-index: 2147483000 !important; inset-block-end: var(--cb-offset, 20px) !important;
  inset-inline-end: var(--cb-offset, 20px) !important; color-scheme: light dark !important;
  direction: ltr !important }
:host([dir=rtl]) { direction: rtl !important }
:host([position=start]) { inset-inline: var(--cb-offset, 20px) auto !important }
:host([theme=light]) { color-scheme: light !important }
:host([theme=dark]) { color-scheme: dark !important }
:host([mode=page]) { inset: 0 !important }
:host([mode=page]) .launcher { display: none }
.launcher { all: unset; box-sizing: border-box; display: grid; place-items: center; position: relative;
  inline-size: 56px; block-size: 56px; border-radius: var(--cb-launcher-radius, 50%); cursor: pointer;
  background: var(--accent); color: var(--on-accent);
  box-shadow: 0 1px 2px #0003, 0 8px 24px #0003 }
.launcher:hover { scale: 1.05 }
.launcher:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px }
.launcher[aria-busy=true] svg { opacity: .5 }
.launcher[data-unread]::after { content: ""; position: absolute; inset-block-start: 2px;
  inset-inline-end: 2px; inline-size: 12px; block-size: 12px; border-radius: 50%;
  background: #e11d48; border: 2px solid #fff }
.icon { inline-size: 26px; block-size: 26px; fill: none; stroke: currentcolor; stroke-width: 2;
  stroke-linecap: round; stroke-linejoin: round }
@media (prefers-reduced-motion: no-preference) { .launcher { transition: scale .15s } }
@media print { :host { display: none !important } }`;

  const script = document.currentScript || document.querySelector("script[src*='/widget/v1.js']");
  const base = new URL(".", script.src).href;

  /* An element with attributes (a function becomes a listener) and children. */
  const h = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") element.addEventListener(name, value);
      else if (value != null) element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child != null));
    return element;
  };

  const icon = (d, look = "icon") => {
    const [svg, path] = ["svg", "path"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
    path.setAttribute("d", d);
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("class", look);
    svg.setAttribute("aria-hidden", "true");
    svg.append(path);
    return svg;
  };

  class Widget extends HTMLElement {
    static observedAttributes = OPTIONS;
    tools = { h, icon };

    connectedCallback() {
      if (!this.shadowRoot) this.build();
      this.saved ??= this.load();
      this.refresh();
      if (this.getAttribute("mode") === "page") this.open();
    }

    disconnectedCallback() {
      this.panel?.end();
      this.panel = this.loading = null;
      this.isOpen = false;
    }

    attributeChangedCallback(name) {
      if (!this.isConnected || !this.shadowRoot) return;
      const wasOpen = this.isOpen;
      if (name === "key") this.saved = null;
      // A panel has one key, one language and one mode all its life.
      if (["key", "lang", "mode"].includes(name)) this.disconnectedCallback();
      this.connectedCallback();
      if (wasOpen) this.open();
    }

    build() {
      const root = this.attachShadow({ mode: "open" });
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      this.colors = new CSSStyleSheet();
      root.adoptedStyleSheets = [sheet, this.colors];
      this.button = h("button", { type: "button", class: "launcher", part: "launcher", click: () => this.toggle() });
      this.region = h("div", { role: this.getAttribute("mode") === "page" ? "main" : "region" }, this.button);
      root.append(this.region);
    }

    /* Language, direction, labels and colours, from the attributes of the moment. */
    refresh() {
      const wanted = this.getAttribute("lang") || document.documentElement.lang || "en";
      const language = wanted.slice(0, 2).toLowerCase();
      this.language = LABELS[language] ? language : "en";
      const direction = this.language === "fa" ? "rtl" : "ltr";
      if (this.dir !== direction) this.dir = direction;
      const [name, open, close] = LABELS[this.language];
      this.region.setAttribute("aria-label", name);
      this.button.setAttribute("aria-label", this.isOpen ? close : open);
      this.button.setAttribute("aria-expanded", String(Boolean(this.isOpen)));
      this.button.replaceChildren(icon(this.isOpen ? ICONS.down : ICONS.chat));
      this.paint();
    }

    paint() {
      const given = [this.getAttribute("color"), this.saved.color, "#2563eb"];
      const color = given.find((value) => /^#[0-9a-f]{6}$/i.test(value));
      this.colors.replaceSync(`:host { --accent: var(--cb-accent, ${color}) }`);
    }

    load() {
      try {
        return JSON.parse(localStorage.getItem(`chatbot:${this.getAttribute("key")}`)) || {};
      } catch {
        return {};
      }
    }

    /* Keeps what a reload needs; where the browser refuses to store, this page alone remembers. */
    save(changes) {
      Object.assign(this.saved, changes);
      try {
        localStorage.setItem(`chatbot:${this.getAttribute("key")}`, JSON.stringify(this.saved));
      } catch {}
    }

    emit(name, detail = {}) {
      this.dispatchEvent(new CustomEvent(`chatbot:${name}`, { bubbles: true, composed: true, detail }));
    }

    /* The panel's module is asked for once; after a failure the next opening asks again. */
    prepare() {
      this.loading ??= import(`${base}panel-v1.js`)
        .then(({ createPanel }) => createPanel(this, base))
        .then((panel) => (this.panel = panel))
        .catch((error) => {
          this.loading = null;
          this.emit("error", { code: "load_failed", message: String(error) });
        });
      return this.loading;
    }

    async open() {
      if (this.isOpen) return;
      this.button.setAttribute("aria-busy", "true");
      await this.prepare();
      this.button.removeAttribute("aria-busy");
      if (!this.panel || !this.isConnected || this.isOpen) return;
      this.isOpen = true;
      delete this.button.dataset.unread;
      this.refresh();
      this.panel.open();
      this.emit("open");
    }

    close() {
      if (!this.isOpen || this.getAttribute("mode") === "page") return;
      this.isOpen = false;
      this.panel.close();
      this.refresh();
      this.button.focus();
      this.emit("close");
    }

    toggle() {
      return this.isOpen ? this.close() : this.open();
    }

    async send(text) {
      await this.open();
      this.panel?.ask(String(text));
    }

    identify(jwt) {
      this.identity = jwt;
      this.panel?.restart();
    }

    /* Forgets the visitor on this device. */
    reset() {
      this.identity = undefined;
      this.save({ token: undefined, conversation: undefined });
      this.panel?.restart();
    }
  }

  let widget = null;
  const configure = (options = {}) => {
    for (const name of OPTIONS) if (options[name] != null) widget.setAttribute(name, options[name]);
  };
  const commands = {
    boot(options) {
      widget ??= document.createElement(TAG);
      configure({ ...script.dataset, ...options });
      if (widget.hasAttribute("key")) document.body.append(widget);
    },
    update: configure,
    shutdown() {
      widget.remove();
      widget = null;
    },
    on: (name, listener) => document.addEventListener(`chatbot:${name}`, listener),
    off: (name, listener) => document.removeEventListener(`chatbot:${name}`, listener),
  };
  for (const name of ["identify", "open", "close", "toggle", "send", "reset"]) {
    commands[name] = (value) => widget[name](value);
  }
  const ALWAYS = ["boot", "on", "off"];
  const run = (name, ...values) => {
    if (!Object.hasOwn(commands, name)) console.warn(`chatbot: there is no command “${name}”`);
    else if (widget || ALWAYS.includes(name)) commands[name](...values);
  };
  const start = () => {
    const waiting = window.chatbot.q || [];
    window.chatbot = run;
    if (script.dataset.key) run("boot");
    for (const command of waiting) run(...command);
  };

  if (customElements.get(TAG)) return;
  customElements.define(TAG, Widget);
  window.chatbot ||= function () {
    (window.chatbot.q ||= []).push(arguments);
  };
  if (document.readyState === "complete") start();
  else window.addEventListener("load", start);
})();
