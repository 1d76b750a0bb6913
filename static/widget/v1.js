/* The launcher: everything a page loads before its visitor opens the chat for the first time.
   No innerHTML, no style attribute, no other request: it runs under a strict policy and Trusted Types. */
((sent) => {
  "use strict";
  // The look of the chatbot whose key is in the script's address.
  const served = sent || {};
  const TAG = "chatbot-widget";
  const OPTIONS = ["key", "lang", "theme", "position", "consent", "privacy", "mode", "color", "label"];
  // The launcher's name, where it is not “Chat”; whether the chat is open is said by its state.
  const LANGUAGES = new Map("en de fr es it pt nl pl:Czat tr:Sohbet ar:دردشة fa:گفتگو he:צ׳אט ru:Чат uk:Чат zh:聊天 ja:チャット ko:채팅 hi:चैट"
    .split(" ").map((each) => each.split(":")));
  const ICONS = {
    chat: "M12 3c5.2 0 9 3.4 9 8s-3.8 8-9 8c-1 0-2-.1-2.9-.4L4 21l1.3-3.9C3.8 15.5 3 13.4 3 11c0-4.6 3.8-8 9-8Z",
    down: "m6 9 6 6 6-6",
  };
  // Text on the accent is white or black, whichever can be read.
  const STYLE = `
:host { all: initial !important; display: block !important; position: fixed !important;
  --on-accent: var(--cb-on-accent, color(from var(--accent) xyz
    clamp(0, (.18 - y) * 9999, .95) clamp(0, (.18 - y) * 9999, 1) clamp(0, (.18 - y) * 9999, 1.09)));
  z-index: 2147483000 !important; inset-block-end: var(--cb-offset, 20px) !important; direction: ltr !important }
:host([dir=rtl]) { direction: rtl !important }
:host([mode=page]) { inset: 0 !important }
:host([mode=page]) .launcher { display: none }
.launcher { all: unset; box-sizing: border-box; display: flex; align-items: center; gap: 10px; position: relative;
  min-block-size: 56px; max-inline-size: 250px; padding: 8px 15px;
  border-radius: var(--cb-launcher-radius, 28px); cursor: pointer; overflow-wrap: anywhere;
  font: 600 15px/1.3 var(--cb-font, system-ui, sans-serif);
  background: var(--accent); color: var(--on-accent);
  box-shadow: 0 1px 2px #0003, 0 8px 24px #0003 }
.launcher:hover { scale: 1.05 }
.launcher:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px }
.launcher[aria-busy=true] svg { opacity: .5 }
.launcher[data-unread]::after { content: ""; position: absolute; inset-block-start: 2px;
  inset-inline-end: 2px; inline-size: 12px; block-size: 12px; border-radius: 50%;
  background: #e11d48; border: 2px solid #fff }
.launcher svg { flex: none; inline-size: 26px; block-size: 26px }
.icon { fill: none; stroke: currentcolor; stroke-width: 2;
  stroke-linecap: round; stroke-linejoin: round }
@media print { :host { display: none !important } }`;

  // What is done in the chat is no business of the page's: to it all of this happens to a `chatbot-widget`,
  // and a page that asks whether somebody is typing in a field would take a letter for one of its hot keys.
  const PRIVATE = "keydown keypress keyup beforeinput input paste copy cut focusin".split(" ");
  // So many losses in so many milliseconds are meant, and no swap of pages.
  const MOST_LOSSES = 5;
  const LOSSES_WITHIN = 10_000;
  // A page that puts the next one in its place does so in less (milliseconds).
  const MOVES_WITHIN = 2_000;

  /* The element that this script came with. Modules have no `currentScript`, nor has what a tag manager runs,
     and another product's address may end like ours: which file is running stands in an error's trace. */
  const findScript = () => {
    const stack = String(new Error().stack);
    const rank = ({ src, dataset }) => 2 * stack.includes(src) + /cb_pk_/.test(src + dataset.key);
    return [...document.querySelectorAll("script[src*='/widget/v1.js']")].sort((a, b) => rank(b) - rank(a))[0];
  };
  const script = document.currentScript?.src ? document.currentScript : findScript();
  if (!script) return;
  const { href: base, origin } = new URL(".", script.src);

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
      this.panel?.fit();
      if (this.getAttribute("mode") === "page") this.open();
    }

    /* Who is only moved keeps the conversation, and an answer goes on. */
    disconnectedCallback() {
      setTimeout(() => this.isConnected || this.end(), MOVES_WITHIN);
    }

    end() {
      this.panel?.end();
      this.panel = this.loading = null;
      this.isOpen = false;
    }

    attributeChangedCallback(name, before, now) {
      if (before === now || !this.isConnected || !this.shadowRoot) return;
      const wasOpen = this.isOpen;
      if (name === "key") this.saved = null;
      // A panel has one key, one language and one mode all its life.
      if (["key", "lang", "mode"].includes(name)) this.end();
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
      for (const name of PRIVATE) root.addEventListener(name, (event) => this.keep(event));
    }

    /* On the launcher the page's hot keys work, but for those that press it. */
    keep(event) {
      const { key, target, type } = event;
      // Escape is let go on the launcher, because the panel that it was pressed in has closed.
      const isLetGo = type === "keyup" && key === this.pressed;
      if (target === this.button && ![" ", "Enter"].includes(key) && !isLetGo) return;
      if (type === "keydown") this.pressed = key;
      event.stopPropagation();
    }

    /* Language, direction, labels and colours, from the attributes of the moment. */
    refresh() {
      // The panel's sentences are of the language that it was loaded with.
      if (!this.loading) {
        const chosen = this.wanted("lang");
        const wanted = (chosen !== "page" && chosen) || document.documentElement.lang || "en";
        const language = wanted.slice(0, 2).toLowerCase();
        this.language = LANGUAGES.has(language) ? language : "en";
      }
      const direction = /ar|fa|he/.test(this.language) ? "rtl" : "ltr";
      if (this.dir !== direction) this.dir = direction;
      const name = LANGUAGES.get(this.language) || "Chat";
      this.region.setAttribute("aria-label", name);
      const label = !this.isOpen && this.wanted("label");
      // What is to be read on it is its name.
      if (label) this.button.removeAttribute("aria-label");
      else this.button.setAttribute("aria-label", name);
      this.button.setAttribute("aria-expanded", Boolean(this.isOpen));
      this.button.replaceChildren(icon(this.isOpen ? ICONS.down : ICONS.chat), ...(label ? [h("span", { dir: "auto" }, label)] : []));
      this.paint();
    }

    /* The chatbot's: as it came with the script, else as the last chat here had it. */
    get look() {
      return served.key === this.getAttribute("key") ? served : this.saved.look || {};
    }

    /* What the page says of it comes before. */
    wanted(name) {
      return this.getAttribute(name) ?? this.look[name];
    }

    paint() {
      const given = [this.getAttribute("color"), this.look.color, "#2563eb"];
      const color = given.find((value) => /^#[0-9a-f]{6}$/i.test(value));
      const theme = this.wanted("theme");
      const scheme = /^(light|dark)$/.test(theme) ? theme : "light dark";
      const side = this.wanted("position") === "start" ? "start" : "end";
      this.colors.replaceSync(`:host { --accent: var(--cb-accent, ${color}); color-scheme: ${scheme} !important;
        inset-inline-${side}: var(--cb-offset, 20px) !important } :host .panel { inset-inline: auto; inset-inline-${side}: 0 }`);
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
      if (detail.code === "origin_not_allowed") explain("origin");
      this.dispatchEvent(new CustomEvent(`chatbot:${name}`, { bubbles: true, composed: true, detail }));
    }

    /* The panel's module is asked for once; after a failure the next opening asks again. */
    prepare() {
      const loading = (this.loading ??= import(`${base}panel-v1.js`)
        .then(({ createPanel }) => createPanel(this, base))
        .then((panel) => {
          // Ended before it was there, as by another language.
          if (this.loading === loading) this.panel = panel;
          else panel.end();
        })
        .catch((error) => {
          this.loading = null;
          this.emit("error", { code: "load_failed", message: String(error) });
        }));
      return loading;
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

  /* A line for whoever made the page. Its sentence is loaded, because few pages need one: unless the page's
     policy keeps us from that as well. */
  const told = [];
  const explain = (...about) => {
    if (told.includes(about[0])) return;
    told.push(about[0]);
    import(`${base}help-v1.js`).then((help) => help.explain(...about)).catch(() => {
      if (about[1]) console.warn("chatbot: add to the Content-Security-Policy:", ...about.slice(1));
    });
  };

  const blocked = ({ blockedURI, effectiveDirective, disposition }) => {
    const [directive] = effectiveDirective.match(/^(script|connect)-src/) || [];
    const where = blockedURI.replace(/^ws/, "http");
    // Of a socket some browsers tell no more than its scheme.
    const isOurs = where.startsWith(`${origin}/`) || /^https?$/.test(where);
    if (!directive || !isOurs || !widget || disposition === "report") return;
    if (directive === "script-src") return explain("policy", directive, origin);
    explain("policy", directive, origin, origin.replace("http", "ws"));
    widget.panel?.refused({ code: "blocked_by_policy" });
    widget.panel?.connection?.end();
  };

  let widget = null;
  let isShut = false;
  let losses = [];
  const NAMES = ["chatbot", "chatbotWidget"];
  /* What a page keeps under a name of ours stays. An element with that id is no such thing: browsers only
     show it there as long as nothing else has the name. */
  const freeNames = () => NAMES.filter((name) => typeof (Object.getOwnPropertyDescriptor(window, name)?.value ?? run) === "function");
  const optionsOf = ({ src, dataset }) => {
    const key = dataset.key || new URL(src).searchParams.get("key");
    return { ...dataset, ...(key && { key }) };
  };
  let given = optionsOf(script);

  /* Beside the body, where neither its style nor its replacement reaches. */
  const place = () => {
    const root = document.documentElement;
    if (!root || widget.isConnected) return;
    // A page that was kept as HTML has a copy in it.
    document.querySelectorAll(TAG).forEach((copy) => copy.remove());
    root.append(widget);
    watcher.observe(document, { childList: true });
    watcher.observe(root, { childList: true });
  };
  const watcher = new MutationObserver(() => {
    if (!widget || widget.isConnected || !document.documentElement) return;
    const now = Date.now();
    losses = [...losses.filter((at) => now - at < LOSSES_WITHIN), now];
    if (losses.length <= MOST_LOSSES) return place();
    watcher.disconnect();
    explain("fight");
  });
  const configure = (options = {}) => {
    for (const name of OPTIONS) if (options[name] != null) widget.setAttribute(name, String(options[name]).trim());
  };
  const commands = {
    boot(options) {
      widget ??= document.createElement(TAG);
      isShut = false;
      losses = [];
      configure({ ...given, ...options });
      if (widget.hasAttribute("key")) place();
    },
    update: configure,
    shutdown() {
      isShut = true;
      watcher.disconnect();
      widget.end();
      widget.remove();
      widget = null;
    },
    on: (name, listener) => document.addEventListener(`chatbot:${name}`, listener),
    off: (name, listener) => document.removeEventListener(`chatbot:${name}`, listener),
  };
  for (const name of ["identify", "open", "close", "toggle", "send", "reset"]) {
    commands[name] = (value) => widget.isConnected && widget[name](value);
  }
  const ALWAYS = ["boot", "on", "off"];
  const run = (name, ...values) => {
    if (!Object.hasOwn(commands, name)) console.warn(`chatbot: no command “${name}”`);
    else if (widget || ALWAYS.includes(name)) commands[name](...values);
  };
  let isStarted = false;
  const start = () => {
    isStarted = true;
    const waiting = NAMES.flatMap((name) => (typeof window[name] === "function" && window[name].q) || []);
    for (const name of freeNames()) window[name] = run;
    if (given.key) run("boot");
    for (const command of waiting) run(...command);
  };

  /* The script once more, of a page that came in place of the one before: what it says counts from now. */
  Widget.again = (options) => {
    given = { ...given, ...options };
    if (isStarted && !isShut && given.key) run("boot");
  };
  const running = customElements.get(TAG);
  if (running) return running.again?.(given);
  customElements.define(TAG, Widget);
  document.addEventListener("securitypolicyviolation", blocked);
  for (const name of freeNames()) {
    if (typeof window[name] === "function") continue;
    const queue = (...command) => (queue.q ||= []).push(command);
    window[name] = queue;
  }
  if (document.readyState === "complete") start();
  else window.addEventListener("load", start);
})();
