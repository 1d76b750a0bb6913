/* The request for consent, in place of the input. Loaded where a page asks for it. */
import { safeLink } from "./links-v1.js";

export const sheet = new CSSStyleSheet();
sheet.replaceSync(`
.consent { display: grid; gap: 12px; padding-block: 18px }
.consent p { margin: 0; font-size: 14px }
.consent .link { font-weight: 500 }
`);

export function add(panel, { h }) {
  const { texts, widget } = panel;
  const privacy = widget.getAttribute("privacy");
  const agree = h("button", { type: "button", class: "primary", click: () => {
    consent.remove();
    panel.agreed();
  } }, texts.agree);
  const consent = h("div", { class: "consent", part: "consent" }, h("p", {}, texts.consent, " ",
    safeLink(privacy) ? h("a", { class: "link", href: privacy, target: "_blank", rel: "noopener" }, texts.privacy) : null), agree);
  panel.form.before(consent);
  agree.focus();
}
