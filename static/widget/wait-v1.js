/* Nobody presses in vain: a button that works when the time has come. Loaded by who has asked too much. */
export const sheet = new CSSStyleSheet();
sheet.replaceSync(`
.link:disabled { font-weight: 400; text-decoration: none; font-variant-numeric: tabular-nums; cursor: default }
`);

export function add(panel, tools, retry, until) {
  const { texts, widget } = panel;
  const left = Math.max(0, Math.ceil((until - Date.now()) / 1000));
  const unit = left > 90 ? "minute" : "second";
  const spoken = new Intl.NumberFormat(widget.language, { style: "unit", unit }).format(unit === "minute" ? Math.ceil(left / 60) : left);
  retry.disabled = left > 0;
  retry.textContent = left ? `${texts.again} (${spoken})` : texts.again;
  if (left) setTimeout(() => add(panel, tools, retry, until), 1000);
}
