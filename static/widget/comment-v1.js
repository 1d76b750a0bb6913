/* A few words to a thumb. Loaded when somebody has given one. */
const LONGEST = 1000;

export const sheet = new CSSStyleSheet();
sheet.replaceSync(`
.comment { align-self: stretch; display: grid; gap: 8px; padding: 12px 14px; border: 1px solid var(--line); border-radius: 14px }
.comment label { font-size: 13.5px; color: var(--muted) }
.comment textarea { min-block-size: 60px; margin: 0; padding: 8px 10px; border: 1px solid light-dark(#8a93a3, #6b7487); border-radius: 10px;
  background: var(--surface) }
.comment textarea:focus-visible { border-color: var(--ink); box-shadow: 0 0 0 1px var(--ink) }
.comment .row { display: flex; align-items: center; gap: 16px }
.comment .primary { padding: 7px 14px; font-size: 14px }
.comment .link { font-size: 14px; font-weight: 500 }
`);

let count = 0;

/* A form below the answer for the thumb it has now. */
export function add(panel, { h }, reply) {
  const { texts } = panel;
  const { value } = reply.feedback || {};
  if (!value) return;
  const end = () => {
    reply.form.remove();
    reply.thumbs[value === "up" ? 0 : 1].focus();
  };
  const id = `comment${++count}`;
  const text = h("textarea", { id, rows: 2, maxlength: LONGEST, dir: "auto", input: () => { send.disabled = !text.value.trim(); } });
  const send = h("button", { type: "button", class: "primary", disabled: "", click: () => {
    reply.send(value, text.value.trim());
    if (!reply.form.isConnected) reply.thumbs[value === "up" ? 0 : 1].focus();
  } }, texts.tell);
  reply.form?.remove();
  reply.form = h("div", { class: "comment", keydown: (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.stopPropagation();
    end();
  } }, h("label", { for: id }, texts[value === "up" ? "good" : "bad"]), text,
  h("div", { class: "row" }, send, h("button", { type: "button", class: "link", click: end }, texts.skip)));
  panel.keepingPlace(() => reply.tools.after(reply.form));
}
