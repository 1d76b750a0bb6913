/* One answer in the panel. */
import { h } from "./elements-v1.js";

/* One answer: its text as it grows, what it rests on, and how it ended. `asked` is of its turn the `id`,
   the `question`, the element `mine` that shows it, and the turn that it asks `again`. */
export class Reply {
  constructor(panel, asked) {
    Object.assign(this, asked, { panel, text: "", citations: [], last: 0 });
    panel.replies.push(this);
    this.body = h("div", { class: "body", part: "answer" });
    this.body.append(h("div", { class: "wait" }));
    this.element = h("div", { class: "reply" }, h("span", { class: "unseen" }, panel.texts.assistant), this.body);
  }

  /* Its question is asked again: both give way to the next answer. */
  leave() {
    this.mine.remove();
    this.element.remove();
  }

  draw(live) {
    const { reader } = this.panel;
    const tree = reader ? reader.parse(reader.mark(this.text, this.citations), live) : this.text;
    if (!tree.length && live) return;
    if (reader) reader.patch(this.body, tree, (chip) => this.dress(chip, Number(chip.dataset.n)));
    else this.body.textContent = tree;
    this.body.hidden = !tree.length;
  }

  /* The button in the text for one of the citations. */
  dress(chip, i) {
    const citation = this.citations[i];
    if (chip.shown === citation) return;
    const { texts, number } = this.panel;
    const doubt = this.panel.doubts(citation);
    if (!chip.shown) chip.addEventListener("click", () => this.panel.load("quote", [chip.shown], chip));
    chip.shown = citation;
    chip.type = "button";
    chip.className = doubt ? "cite doubt" : "cite";
    chip.textContent = number(citation.n) + (doubt ? "?" : "");
    chip.title = doubt ? texts.doubt : "";
    chip.setAttribute("part", "citation");
    chip.setAttribute("aria-label", `${texts.source} ${number(citation.n)}: ${citation.title}${doubt ? `. ${texts.doubt}` : ""}`);
  }

  add(text) {
    this.text += text;
    this.draw(true);
  }

  cite(citation) {
    this.citations.push(citation);
    if (this.text) this.draw(true);
  }

  /* `note` is a sentence about the end, `again` whether asking once more can help, `wait` after how many seconds. */
  finish({ message, note, again, wait, fallback, feedback }) {
    this.ended = true;
    clearTimeout(this.panel.slow);
    this.draw(false);
    if (this.citations.length) this.panel.load("sources", this);
    if (note) this.element.append(this.note(note, again, wait));
    if (fallback) this.panel.load("contact", this, fallback);
    this.message = message;
    if (message) this.panel.load("tools", this, feedback);
  }

  note(note, again, wait) {
    const { panel, question } = this;
    const retry = again && question
      ? h("button", { type: "button", class: "link", click: () => panel.ask(question, this) }, panel.texts.again) : null;
    if (retry && wait) {
      retry.disabled = true;
      panel.load("wait", retry, Date.now() + wait * 1000);
    }
    return h("p", { class: "note" }, note, " ", retry);
  }
}
