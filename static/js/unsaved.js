/* Before a page is left whose form holds what is not saved, the browser asks. What was changed is told
   from what the server sent, so that a field that is set back, or that the browser filled again after a
   reload, is judged rightly. */
const form = document.querySelector("[data-unsaved]");
let sent = false;

const isChanged = (field) => {
  if (!field.name || field.type === "hidden" || field.matches(":disabled")) return false;
  if (["checkbox", "radio"].includes(field.type)) return field.checked !== field.defaultChecked;
  if (!field.options) return field.value !== field.defaultValue;
  const options = [...field.options];
  const named = options.some((each) => each.defaultSelected);
  return options.some((each, at) => each.selected !== (named ? each.defaultSelected : at === 0));
};

// After a refusal the server sends what was typed, and none of it is saved.
const isUnsaved = () => !sent && (form.dataset.unsaved === "always" || [...form.elements].some(isChanged));

form.addEventListener("submit", () => (sent = true));
// The page may be shown again as it was, from the browser's memory.
window.addEventListener("pageshow", () => (sent = false));
window.addEventListener("beforeunload", (event) => {
  if (isUnsaved()) event.preventDefault();
});
