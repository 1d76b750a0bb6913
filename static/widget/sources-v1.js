/* The documents below an answer that it rests on. Loaded with the first answer that has some. */
export const sheet = new CSSStyleSheet();
sheet.replaceSync(`
.sources { display: flex; flex-wrap: wrap; gap: 6px; margin: 0; padding: 0; list-style: none }
.sources, .sources li { max-inline-size: 100% }
.chip b { color: var(--ink) }
.chip small { flex: none; font-size: inherit }
`);

export function add(panel, { h }, reply) {
  const { texts, number } = panel;
  const documents = new Map();
  for (const each of reply.citations) documents.set(each.document_id, [...(documents.get(each.document_id) || []), each]);
  const chips = [...documents.values()].map((cited) => {
    const each = (name) => [...new Set(cited.map((one) => one[name]))].filter(Boolean).sort((a, b) => a - b).map(number).join(", ");
    const pages = each("page");
    const chip = h("button", { type: "button", class: "chip", click: () => panel.load("quote", cited, chip) },
      h("b", {}, each("n")), h("span", {}, h("bdi", {}, cited[0].title)), pages ? h("small", {}, `${texts.page} ${pages}`) : "");
    return h("li", {}, chip);
  });
  panel.keepingPlace(() => reply.body.after(h("ul", { class: "sources", "aria-label": texts.sources }, ...chips)));
}
