/* The quotes that stand behind a citation. Loaded when somebody wants to see one. */
import { safeLink } from "./links-v1.js";

export const sheet = new CSSStyleSheet();
sheet.replaceSync(`
dialog { position: absolute; inset: auto 10px 10px; inline-size: auto; max-inline-size: none; max-block-size: 80%; margin: 0; padding: 14px 18px 18px;
  overflow: auto; border: 1px solid var(--line); border-radius: 16px; background: var(--surface); color: inherit;
  box-shadow: 0 12px 48px #0003; z-index: 2; animation: rise .18s ease-out }
.top { display: flex; gap: 12px }
.top h3 { flex: 1; margin: 0; font-size: 15px; font-weight: 650 }
.top .tool { margin: -6px }
dialog blockquote { margin: 12px 0; padding-inline-start: 14px; border-inline-start: 3px solid var(--ink); white-space: pre-wrap }
`);

/* Citations of one document, each quote once; `from` is the button that the focus goes back to. */
export function add(panel, { h, button }, cited, from) {
  const { texts, number } = panel;
  const [citation] = cited;
  const shut = button("close", texts.shut, () => panel.quote.close());
  if (!panel.quote) {
    panel.quote = h("dialog", { class: "quote", part: "quote", "aria-label": texts.quote, close: () => panel.quoteFrom.focus() });
    panel.log.parentNode.append(panel.quote);
  }
  panel.quoteFrom = from;
  const once = [...new Map(cited.map((each) => [each.quote, each])).values()];
  panel.quote.replaceChildren(
    h("div", { class: "top" }, h("span", { class: "cite", "aria-hidden": "true" }, number(citation.n)), h("h3", {}, h("bdi", {}, citation.title)), shut),
    ...once.flatMap((each) => [
      each.page ? h("p", { class: "hint" }, `${texts.page} ${number(each.page)}`) : "",
      h("blockquote", { dir: "auto" }, each.quote),
      !cited[1] && panel.doubts(each) ? h("p", { class: "hint" }, texts.doubt) : "",
    ]),
    safeLink(citation.url) ? h("a", { href: citation.url, target: "_blank", rel: "noopener noreferrer" }, `${texts.visit} (${new URL(citation.url).host})`) : "",
  );
  if (!panel.quote.open) panel.quote.show();
  shut.focus();
}
