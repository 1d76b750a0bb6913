/* What the panel is made of: the launcher's makers of elements, and buttons with an icon. */

export const ICONS = {
  fresh: "M4 12a8 8 0 1 0 2.6-5.9M4 4v4h4",
  past: "M4 6h16M4 12h16M4 18h10",
  close: "M6 6l12 12M18 6 6 18",
  send: "M5 12h14M13 6l6 6-6 6",
  stop: "M8 8h8v8H8z",
  latest: "M12 5v14M6 13l6 6 6-6",
};

export let h, icon;

/* Before anything is made: the launcher has these already, so they are not loaded twice. */
export const useTools = (tools) => {
  ({ h, icon } = tools);
};

export const button = (name, label, click, shape = "tool", look) =>
  h("button", { type: "button", class: shape, "aria-label": label, title: label, click }, icon(ICONS[name], look));
