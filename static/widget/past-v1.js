/* The visitor's own conversations, to read again and to go on with. Loaded when the list is opened. */
export const sheet = new CSSStyleSheet();
sheet.replaceSync(`
.past { inset: 0; max-block-size: none; border: 0; border-radius: 0; padding: 16px 18px; background: var(--surface); color: inherit;
  position: absolute; inline-size: auto; block-size: auto; max-inline-size: none; margin: 0; overflow: auto; z-index: 2 }
:host([mode=page]) .past { padding-inline: max(18px, 50vw - 380px) }
.past .top { display: flex; align-items: center; gap: 12px }
.past h3 { flex: 1; margin: 0; font-size: 16px }
.past ul { margin: 10px 0; padding: 0; list-style: none }
.past li button { display: grid; gap: 2px; inline-size: 100%; padding: 10px 12px; border-radius: 12px; text-align: start }
.past li button:hover, .past [aria-current] { background: var(--soft) }
.past li span { overflow: hidden; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2 }
`);

export function add(panel, { h, button }) {
  const { texts, widget, connection } = panel;
  const list = h("ul", {});
  const status = h("p", { class: "hint", role: "status" });
  const more = h("button", { type: "button", class: "link", hidden: "", click: () => ask(true) }, texts.earlier);
  const shut = button("close", texts.shutPast, () => dialog.close());
  let after, goesOn;
  const format = new Intl.DateTimeFormat(widget.language, { dateStyle: "medium", timeStyle: "short" });
  const ask = (wanted) => {
    goesOn = wanted;
    more.disabled = true;
    if (!connection?.send({ type: "conversations.list", after })) tell(texts.offline);
  };
  const tell = (text) => {
    status.textContent = text;
    more.disabled = false;
  };
  const open = (id) => {
    dialog.close();
    if (id !== widget.saved.conversation) panel.fresh(id);
  };
  const item = ({ conversation_id: id, title, last_message_at: at }) => h("li", {}, h("button", {
    type: "button", click: () => open(id), "aria-current": id === widget.saved.conversation ? "true" : null,
  }, h("span", {}, h("bdi", {}, title)), h("small", {}, h("time", { datetime: at }, format.format(new Date(at))))));
  panel.listed = (frame) => {
    if (frame.type === "error") return tell(texts.rate);
    const items = frame.conversations.map(item);
    list.append(...items);
    after = frame.next_cursor;
    // The focus goes on to what has come.
    if (goesOn) items[0]?.firstChild.focus();
    more.hidden = !after;
    return tell(list.childElementCount ? "" : texts.noPast);
  };
  const dialog = h("dialog", { class: "past", "aria-label": texts.past, close: () => {
    dialog.remove();
    // Another list may be open by now.
    if (panel.element.querySelector(".past")) return;
    panel.listed = null;
    panel.pastButton.focus();
  } }, h("div", { class: "top" }, h("h3", {}, texts.past), shut), list, status, more);
  panel.element.querySelector(".past")?.close();
  panel.log.parentNode.append(dialog);
  dialog.show();
  shut.focus();
  ask();
}
