/* The real widget beside the settings. What is typed shows at once, before it is saved: the panel's
   own texts are set anew, and the colour goes through the widget's attribute. */
const place = document.getElementById("preview");
const form = document.getElementById("settings");
const widget = document.createElement("chatbot-widget");

const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

const draft = () => ({
  name: form.elements.name.value,
  welcome: form.elements.welcome.value.trim(),
  suggested_questions: lines(form.elements.suggested_questions.value),
});

const dress = () => {
  widget.setAttribute("color", form.elements.color.value);
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
widget.setAttribute("color", form.elements.color.value);
widget.addEventListener("chatbot:ready", dress);
form.addEventListener("input", dress);
place.append(widget);
await customElements.whenDefined("chatbot-widget");
if (matchMedia("(width >= 72rem)").matches) {
  await widget.open();
  // Nobody has asked for the keyboard to be here.
  widget.shadowRoot.activeElement?.blur();
}
