/* What every page of a workspace has: buttons that copy, times of the reader's own clock, and a word
   where htmx was refused. */
const TALKS = document.getElementById("messages");

/* An alert where pages show theirs; `text` is text, never markup. */
export const tell = (text, look = "bad") => {
  const alert = document.createElement("div");
  alert.className = `alert ${look}`;
  alert.textContent = text;
  TALKS.replaceChildren(alert);
  alert.scrollIntoView({ block: "nearest" });
};

const copy = async (button) => {
  const source = document.getElementById(button.dataset.copy);
  const text = source.value ?? source.textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    getSelection().selectAllChildren(source);
    return;
  }
  const label = button.querySelector("[data-label]");
  const before = label.textContent;
  label.textContent = button.dataset.copied;
  setTimeout(() => (label.textContent = before), 2000);
};

/* Times come in UTC; whoever reads them has a clock of their own. */
const clock = new Intl.DateTimeFormat(navigator.language, {
  day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit",
});
const exact = new Intl.DateTimeFormat(navigator.language, { dateStyle: "long", timeStyle: "long" });
const distance = new Intl.RelativeTimeFormat(navigator.language, { numeric: "auto" });
const UNITS = [
  ["year", 31536e6], ["month", 2592e6], ["week", 6048e5], ["day", 864e5], ["hour", 36e5],
  ["minute", 6e4],
];
const words = (moment) => {
  const passed = moment - Date.now();
  const [unit, length] = UNITS.find(([, each]) => Math.abs(passed) >= each) ?? ["second", Infinity];
  return distance.format(Math.trunc(passed / length), unit);
};
const localize = (part) => {
  for (const time of part.querySelectorAll("time[data-ago]")) {
    const moment = new Date(time.dateTime);
    time.title = `${exact.format(moment)} (${time.title})`;
    time.textContent = words(moment);
    delete time.dataset.ago;
  }
  for (const time of part.querySelectorAll("time[data-local]")) {
    time.title = time.textContent;
    time.textContent = clock.format(new Date(time.dateTime));
    delete time.dataset.local;
  }
};

localize(document);
document.addEventListener("htmx:load", (event) => localize(event.detail.elt));
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.requestConfig.verb === "get") return;
  const page = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
  tell(page.body.textContent.trim() || event.detail.xhr.statusText);
});
