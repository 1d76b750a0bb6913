/* The panel's style sheet. `--cb-*` are the page's to set, the others come from the launcher. */
export const STYLE = `
:host { --surface: var(--cb-surface, light-dark(#fff, #11141c)); --text: var(--cb-text, light-dark(#1a1d26, #e8eaf0));
  --soft: var(--cb-soft, light-dark(#f3f4f6, #1e2330)); --line: light-dark(#e1e4ea, #303746);
  --muted: light-dark(#5b6270, #a3abbb); 
  --ink: light-dark(oklch(from var(--accent) min(l, .48) c h), oklch(from var(--accent) max(l, .76) c h)) }
* { box-sizing: border-box }
[hidden] { display: none !important }
.panel { position: absolute; inset-block-end: 72px; inset-inline-end: 0; display: flex; flex-direction: column;
  inline-size: min(var(--cb-width, 400px), 100vw - 40px); block-size: min(var(--cb-height, 680px), 100dvh - 112px);
  overflow: hidden; border-radius: var(--cb-radius, 20px); background: var(--surface); color: var(--text);
  font: 400 15px/1.55 var(--cb-font, system-ui, sans-serif);
  box-shadow: 0 0 0 1px var(--line), 0 12px 48px #0003;
  overflow-wrap: anywhere; text-align: start; animation: rise .22s ease-out }
@keyframes rise { from { opacity: 0; translate: 0 12px } }
button, textarea { font: inherit; color: inherit; margin: 0; border: 0; background: none; padding: 0 }
button { cursor: pointer }
button:disabled { cursor: default; opacity: .45 }
:focus-visible { outline: 2px solid var(--ink); outline-offset: 2px }
.icon { inline-size: 18px; block-size: 18px; display: block }
.head { display: flex; align-items: center; gap: 12px; padding: 14px 18px; background: var(--accent); color: var(--on-accent) }
.head :focus-visible { outline-color: currentcolor }
.avatar, .tool, .go, .latest, .cite { flex: none; display: grid; place-items: center; inline-size: 36px; block-size: 36px; border-radius: 10px }
.avatar img { inline-size: 100%; block-size: 100%; object-fit: cover }
.avatar { border-radius: 50%; overflow: hidden;
  background: var(--on-accent); color: var(--accent); font-weight: 700; font-size: 17px }
.who { flex: 1; min-inline-size: 0 }
.name { margin: 0; font-size: 16px; font-weight: 650; line-height: 1.3; }
.name, .chip span { white-space: nowrap; overflow: hidden; text-overflow: ellipsis }
.label { margin: 0; font-size: 12.5px; line-height: 1.35 }
.head > .tool:hover { background: color-mix(in srgb, currentcolor 16%, transparent) }
.main { flex: 1; min-block-size: 0; position: relative; display: flex; flex-direction: column }
.log { flex: 1; overflow: hidden auto; overscroll-behavior: contain; padding: 20px 18px 12px; display: flex;
  flex-direction: column; gap: 14px }
.log:focus-visible { outline-offset: -2px }
.mine { align-self: flex-end; max-inline-size: 85%; padding: 9px 14px; border-radius: 18px; border-end-end-radius: 5px;
  background: var(--accent); color: var(--on-accent); white-space: pre-wrap }
.reply { align-self: stretch; display: flex; flex-direction: column; align-items: flex-start; gap: 8px }
.body { max-inline-size: 94%; padding: 11px 15px; border-radius: 18px; border-end-start-radius: 5px; background: var(--soft) }
.body > * { margin: 0 0 10px }
.body > :last-child { margin-block-end: 0 }
a { color: var(--ink); text-underline-offset: 2px }
.cite { display: inline-grid; inline-size: auto; min-inline-size: 20px; block-size: 20px; padding: 0 5px; border-radius: 7px; background: var(--surface); color: var(--ink); border: 1px solid var(--line);
  font-size: 12px; font-weight: 650; line-height: 1; vertical-align: 1px }
.cite:hover, .chip:hover { border-color: var(--ink) }
.wait { inline-size: 36px; block-size: 23px; animation: beat .8s infinite alternate ease-in-out;
  background: radial-gradient(circle, var(--muted) 3.2px, #0000 4px) 0 / 12px }
@keyframes beat { from { opacity: .25 } }
.note, .hint, small { margin: 0; white-space: pre-line; font-size: 13.5px; color: var(--muted) }
.chip { display: flex; gap: 7px; max-inline-size: 100%; padding: 4px 11px; border: 1px solid var(--line); border-radius: 99px;
  font-size: 13px; background: var(--surface); text-align: start }
.suggestions { display: flex; flex-direction: column; align-items: flex-start; gap: 8px }
.suggestions .chip { border-radius: 14px; padding: 8px 14px; font-size: 14px; color: var(--ink) }
.latest { position: absolute; inset-block-end: 10px; inset-inline: 0; margin-inline: auto; border-radius: 50%; background: var(--surface); border: 1px solid var(--line); box-shadow: 0 1px 8px #0003 }
.notice { display: flex; align-items: center; gap: 12px; padding: 10px 18px; font-size: 13.5px; line-height: 1.45;
  background: light-dark(#fff7e6, #33291a); color: light-dark(#6b4300, #f6d9a3) }
.notice span { flex: 1 }
.link { color: inherit; font-weight: 650; text-decoration: underline; text-underline-offset: 3px }
form, .consent { padding: 10px 14px 14px; border-block-start: 1px solid var(--line) }
.field { display: flex; align-items: flex-end; gap: 6px; padding: 5px; padding-inline-start: 14px; border: 1px solid light-dark(#8a93a3, #6b7487);
  border-radius: 16px; background: var(--surface) }
.field:focus-within { border-color: var(--ink); box-shadow: 0 0 0 1px var(--ink) }
textarea { flex: 1; min-inline-size: 0; resize: none; field-sizing: content; min-block-size: 24px; max-block-size: 132px;
  margin-block: 6px; font-size: 16px; line-height: 24px; background: none }
textarea:focus-visible { outline: 0 }
textarea::placeholder { color: var(--muted) }
.go, .primary { background: var(--accent); color: var(--on-accent) }
.primary { padding: 11px 16px; border-radius: 12px; font-weight: 650 }
.flip:dir(rtl) { scale: -1 1 }
.unseen { position: absolute; inline-size: 1px; block-size: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
.full .panel { position: fixed; inset: var(--top, 0) 0 auto; inline-size: auto; block-size: var(--height, 100dvh); border-radius: 0; box-shadow: none }
.full .launcher { visibility: hidden }
:host([mode=page]) :is(.head, .log, .notice, form, .consent) { padding-inline: max(18px, 50vw - 380px) }
@media (prefers-reduced-motion: reduce) { *, .wait i { animation: none !important; scroll-behavior: auto !important } }
@media (forced-colors: active) { .mine, .body, .go, .launcher { border: 1px solid } }
`;
