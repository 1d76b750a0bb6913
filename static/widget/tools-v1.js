/* What can be done with an answer: copy it, say what it is worth. Loaded with the first answer. */
const PATHS = {
  up: "M4 10h3v10H4zM7 10l4-7q3 1 2 6h7l-2 11H7",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  done: "m5 13 5 5 9-12",
};
const VALUES = ["up", "down"];
const SHOWN = 2500;

export const sheet = new CSSStyleSheet();
sheet.replaceSync(`
.tools { display: flex; align-items: center; gap: 2px; color: var(--muted) }
.tools .tool:hover { background: var(--soft); color: var(--text) }
.tools [aria-pressed=true] { color: var(--ink) }
.tools [aria-pressed=true] .icon { fill: color-mix(in srgb, currentcolor 25%, transparent) }
.icon.down { rotate: 180deg }
.code { position: relative; direction: ltr }
.body .code pre { margin: 0; padding-inline-end: 46px }
.code .tool { position: absolute; inset-block-start: 4px; inset-inline-end: 4px; inline-size: 32px; block-size: 32px; background: var(--surface);
  color: var(--muted) }
.code .tool:hover { background: var(--soft); color: var(--text) }
`);

export function add(panel, made, reply, feedback) {
  const { h, button, ICONS } = made;
  const { texts } = panel;
  Object.assign(ICONS, PATHS);
  reply.thumbs = VALUES.map((value) => button("up", texts[value],
    () => reply.send(reply.feedback?.value === value ? null : value), "tool", `icon ${value}`));
  const words = h("p", { class: "hint words", dir: "auto", hidden: "" });

  /* The visitor's own thumb, or nothing, as it is shown; of a refused one nothing stays. */
  reply.rate = (given) => {
    reply.feedback = given;
    reply.thumbs.forEach((thumb, i) => thumb.setAttribute("aria-pressed", String(given?.value === VALUES[i])));
    words.textContent = given?.comment ? `“${given.comment}”` : "";
    words.hidden = !given?.comment;
    reply.form?.remove();
  };

  reply.send = (value, comment = "") => {
    const { message } = reply;
    if (!panel.connection?.send({ type: "feedback.create", message_id: message, value, comment })) return;
    reply.rate(value && { value, comment });
    if (value) panel.say(texts.thanks);
    if (value && !comment) panel.load("comment", reply);
    panel.tabs.tell({ message, feedback: reply.feedback });
    panel.widget.emit("feedback", { message_id: message, value, comment });
  };

  reply.tools = h("div", { class: "tools" }, reply.text && copier(panel, made, texts.copy, () => whole(reply, texts)), ...reply.thumbs);
  panel.keepingPlace(() => {
    reply.element.append(reply.tools, words);
    for (const pre of reply.body.querySelectorAll("pre")) {
      const box = h("div", { class: "code" });
      pre.replaceWith(box);
      box.append(pre, copier(panel, made, texts.copyCode, () => [pre.textContent]) || "");
    }
    reply.rate(feedback);
  });
}

/* --- Copying ----------------------------------------------------------------------------- */

/* A button that copies the [text, HTML] that `give` gives; none where nothing can be copied. */
function copier(panel, { h, icon, button, ICONS }, label, give) {
  const { texts } = panel;
  if (!navigator.clipboard && !document.queryCommandSupported?.("copy")) return null;
  const made = button("copy", label, async () => {
    const copied = (await write(...give())) || command(panel, h, ...give());
    made.focus();
    panel.say(copied ? texts.copied : texts.uncopied);
    if (!copied) return panel.tell(texts.uncopied);
    made.replaceChildren(icon(ICONS.done));
    made.title = texts.copied;
    return setTimeout(() => {
      made.replaceChildren(icon(ICONS.copy));
      made.title = label;
    }, SHOWN);
  });
  return made;
}

/* False where the browser or the page's policy refuses. */
async function write(text, html) {
  try {
    const types = { "text/plain": text, ...(html && { "text/html": html }) };
    const parts = Object.entries(types).map(([type, part]) => [type, new Blob([part], { type })]);
    if (globalThis.ClipboardItem) await navigator.clipboard.write([new ClipboardItem(Object.fromEntries(parts))]);
    else await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/* The older way, which pages without HTTPS have as well. */
function command(panel, h, text, html) {
  const field = h("textarea", { class: "unseen", readonly: "" });
  field.value = text;
  panel.element.append(field);
  field.select();
  let taken = false;
  const give = (event) => {
    event.clipboardData.setData("text/plain", text);
    if (html) event.clipboardData.setData("text/html", html);
    event.preventDefault();
    event.stopImmediatePropagation();
    taken = true;
  };
  // First of all listeners: the page's own do not change what the visitor takes.
  addEventListener("copy", give, { capture: true });
  const copied = document.execCommand("copy");
  removeEventListener("copy", give, { capture: true });
  field.remove();
  return copied && taken;
}

/* An answer as [text, HTML], with the list of what it rests on. */
function whole(reply, texts) {
  const { citations } = reply;
  const copy = reply.body.cloneNode(true);
  for (const chip of copy.querySelectorAll("button.cite")) chip.replaceWith(`[${citations[chip.dataset.n].n}]`);
  for (const each of copy.querySelectorAll("button")) each.remove();
  for (const link of copy.querySelectorAll("a")) link.querySelector("small")?.replaceChildren(` (${link.getAttribute("href")})`);
  for (const each of copy.querySelectorAll("*")) {
    for (const name of each.getAttributeNames()) if (!["href", "start"].includes(name)) each.removeAttribute(name);
  }
  const sources = new Map();
  for (const { n, document_id: id, title, page, url } of citations) {
    const source = sources.get(id) || { title, url, numbers: new Set(), pages: new Set() };
    source.numbers.add(`[${n}]`);
    if (page) source.pages.add(page);
    sources.set(id, source);
  }
  if (sources.size) {
    const item = document.createElement("p");
    item.append(`${texts.sources}:`);
    for (const { title, url, numbers, pages } of sources.values()) {
      const where = pages.size ? `, ${texts.page} ${[...pages].sort((a, b) => a - b).join(", ")}` : "";
      item.append(document.createElement("br"), `${[...numbers].join("")} ${title}${where}${url ? ` (${url})` : ""}`);
    }
    copy.append(item);
  }
  return [plain(copy).trim().replace(/\n{3,}/g, "\n\n"), copy.innerHTML];
}

/* What people would have typed. */
function plain(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data;
  const inner = [...node.childNodes].map(plain).join("");
  switch (node.localName) {
    case "br": return "\n";
    case "hr": return "---\n\n";
    case "p": case "h3": case "table": return `${inner}\n\n`;
    case "pre": return `${node.textContent}\n\n`;
    case "tr": return `${[...node.cells].map((cell) => plain(cell).trim()).join("\t")}\n`;
    case "blockquote": return `${inner.trim().replace(/^/gm, "> ")}\n\n`;
    case "li": {
      const { parentNode: list } = node;
      const sign = list.localName === "ol" ? `${(+list.getAttribute("start") || 1) + [...list.children].indexOf(node)}.` : "-";
      return `${sign} ${inner.trim().replace(/\n+/g, "\n  ")}\n`;
    }
    case "ul": case "ol": return `\n${inner}\n`;
    default: return inner;
  }
}
