/* Uploads one file at a time, so that each has a progress and a refusal of its own. Without this
   script the form sends them all at once. */
const form = document.getElementById("upload");
const input = document.getElementById("id_files");
const sending = document.getElementById("sending");
const waiting = [];
let busy = false;

const line = (file) => {
  const item = document.createElement("li");
  const name = Object.assign(document.createElement("bdi"), { className: "grow", textContent: file.name });
  const bar = Object.assign(document.createElement("progress"), { max: 1, value: 0 });
  bar.setAttribute("aria-label", file.name);
  item.append(name, bar);
  return item;
};

const refuse = (item, text) => {
  const reason = Object.assign(document.createElement("span"), { className: "errorlist", textContent: text });
  item.querySelector("progress").replaceWith(reason);
};

const said = (request) => {
  const page = new DOMParser().parseFromString(request.responseText, "text/html");
  try {
    return JSON.parse(request.responseText).detail;
  } catch {
    return page.querySelector(".alert div")?.lastChild?.textContent.trim() || form.dataset.failed;
  }
};

const MOST_TRIES = 30;
const send = (file, item, tries = 1) =>
  new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const body = new FormData();
    body.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    body.append("files", file);
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      item.querySelector("progress").value = loaded / total;
    });
    request.addEventListener("loadend", () => {
      const wait = Number(request.getResponseHeader("Retry-After"));
      if (request.status === 429 && wait && tries < MOST_TRIES) {
        setTimeout(() => resolve(send(file, item, tries + 1)), wait * 1000);
        return;
      }
      if (request.status === 204) item.remove();
      else refuse(item, request.status ? said(request) : form.dataset.failed);
      resolve();
    });
    request.open("POST", form.action);
    request.setRequestHeader("HX-Request", "true");
    request.send(body);
  });

const show = () =>
  htmx.ajax("GET", location.pathname + location.search, { target: "#documents", select: "#documents", swap: "outerHTML" });

const work = async () => {
  if (busy) return;
  busy = true;
  while (waiting.length) {
    const { file, item } = waiting.shift();
    await send(file, item);
    // The list comes with the next one, or with a reload.
    await show().catch(() => {});
  }
  busy = false;
  sending.hidden = !sending.children.length;
};

const add = (files) => {
  for (const file of files) {
    const item = line(file);
    sending.append(item);
    waiting.push({ file, item });
  }
  sending.hidden = !sending.children.length;
  work();
};

/* One box for all rows of the page; the list may come anew, with its boxes. */
const rows = () => [...document.querySelectorAll("input[form=chosen]")];
const offerAll = () => document.querySelector("[data-all]")?.removeAttribute("hidden");
document.addEventListener("change", ({ target }) => {
  const all = target.closest("[data-all] input");
  if (all) for (const row of rows()) row.checked = all.checked;
});
document.addEventListener("htmx:load", offerAll);
offerAll();

if (form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    add([...input.files]);
    form.reset();
  });
  input.addEventListener("change", () => form.requestSubmit());
  form.querySelector("button").hidden = true;
  for (const name of ["dragenter", "dragover"]) {
    form.addEventListener(name, (event) => {
      event.preventDefault();
      form.classList.add("over");
    });
  }
  form.addEventListener("dragleave", (event) => {
    if (!form.contains(event.relatedTarget)) form.classList.remove("over");
  });
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("over");
    add([...event.dataTransfer.files]);
  });
}
