/* Whom else one may ask. Loaded where an answer did not help, or a person was asked for. */
import { safeLink } from "./links-v1.js";

export const sheet = new CSSStyleSheet();
sheet.replaceSync(`
.contact { font-size: 14px; overflow-wrap: anywhere }
.contact p { margin: 0 }
.contact ul { margin: 2px 0 0; padding: 0; list-style: none }
`);

export function add(panel, { h }, reply, { email, phone, url, hours, text }) {
  const link = (href, shown) => h("a", { class: "link", href, target: "_blank", rel: "noopener noreferrer" }, h("bdi", {}, shown));
  const ways = [
    email && link(`mailto:${encodeURI(email)}`, email),
    phone && link(`tel:${phone.replace(/^(\+[^(]*)\(0\)/, "$1").replace(/[^+\d]/g, "")}`, phone),
    safeLink(url) && link(url, new URL(url).host),
    hours,
  ].filter(Boolean);
  const contact = h("div", { class: "contact", part: "contact" }, h("p", {}, text || panel.texts.contact),
    h("ul", {}, ...ways.map((way) => h("li", {}, way))));
  panel.keepingPlace(() => reply.element.insertBefore(contact, reply.tools || null));
}
