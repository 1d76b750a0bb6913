/* The real widget beside the settings. What is typed shows at once, before it is saved: the panel's
   own texts are set anew, and the look goes through the widget's attributes. */
const place = document.getElementById("preview");
const form = document.getElementById("settings");
const widget = document.createElement("chatbot-widget");

const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

const draft = () => ({
  name: form.elements.name.value,
  welcome: form.elements.welcome.value.trim(),
  suggested_questions: lines(form.elements.suggested_questions.value),
});

const LOOK = { color: "color", theme: "theme", position: "position", language: "lang", launcher_text: "label" };

const paint = () => {
  for (const [field, attribute] of Object.entries(LOOK)) {
    const { value: chosen } = form.elements[field];
    // Empty is the page's own language, and “page” the name of none.
    const value = field === "language" && chosen === "page" ? "" : chosen.trim();
    if (widget.getAttribute(attribute) !== value) widget.setAttribute(attribute, value);
  }
};

const dress = () => {
  paint();
  const { panel } = widget;
  if (!panel?.bot) return;
  Object.assign(panel.bot, draft());
  panel.named(panel.bot);
  // A talk that has begun is left as it is.
  if (panel.log.querySelector(".mine")) return;
  panel.log.replaceChildren();
  panel.greet();
};

// A talk of this page alone, each time anew: it is nobody's whom the chat on another page remembers.
widget.load = () => ({ token: place.dataset.token });
widget.save = (changes) => Object.assign(widget.saved, changes);
widget.setAttribute("key", place.dataset.key);
paint();
widget.addEventListener("chatbot:ready", dress);
form.addEventListener("input", dress);
place.append(widget);
await customElements.whenDefined("chatbot-widget");
if (matchMedia("(width >= 72rem)").matches) {
  // Somebody may be typing in the settings by now.
  widget.isQuiet = true;
  await widget.open();
  widget.isQuiet = false;
}
