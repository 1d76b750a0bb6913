/* Signing up: an address proposed from the company's name, and errors that leave what was typed. */
const PLAIN = {
  ä: "ae", ö: "oe", ü: "ue", ß: "ss", æ: "ae", œ: "oe", ø: "o", å: "a", đ: "d", ð: "d", þ: "th", ł: "l", ı: "i",
};
const LONGEST = 39;

/* Starts with a letter, as an address must; empty where the name has no Latin letters. */
const slugOf = (name) =>
  [...name.normalize("NFC").toLowerCase()].map((sign) => PLAIN[sign] ?? sign).join("")
    .normalize("NFKD").replace(/\p{M}/gu, "").replace(/['’.]/g, "").replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "").slice(0, LONGEST).replace(/-+$/, "");

const form = () => document.getElementById("sign-up");
/* A person's own address stays; one that is emptied again follows the name. */
let own = form().elements.slug.value !== "";

document.addEventListener("input", ({ target }) => {
  const { workspace, slug } = form().elements;
  if (target === slug) own = slug.value !== "";
  if (target === workspace && !own) slug.value = slugOf(workspace.value);
});

/* The same page again, with what is wrong in it. Passwords are in no answer: they stay in this page. */
const showAgain = (text) => {
  const shown = new DOMParser().parseFromString(text, "text/html").getElementById("sign-up");
  if (!shown) return false;
  const before = form();
  for (const field of before.querySelectorAll("[type=password]")) shown.elements[field.name].value = field.value;
  before.replaceWith(document.adoptNode(shown));
  (form().querySelector("[aria-invalid=true]") ?? form().querySelector("[type=submit]")).focus();
  return true;
};

const tell = (text) => {
  const alert = document.createElement("div");
  alert.className = "alert bad";
  alert.setAttribute("role", "alert");
  alert.textContent = text;
  form().querySelector(":scope > .alert")?.remove();
  form().prepend(alert);
};

let busy = false;
document.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (busy) return;
  busy = true;
  const sent = form();
  try {
    // Where it leads may be shown once: the browser goes there, and not this request.
    const answer = await fetch(location.href, { method: "POST", body: new FormData(sent), redirect: "manual" });
    // Still busy: this page is left.
    if (answer.type === "opaqueredirect") return void location.assign(sent.dataset.next);
    if (!showAgain(await answer.text())) tell(sent.dataset.failed);
  } catch {
    tell(sent.dataset.failed);
  }
  busy = false;
});
