/* Markdown as a tree of strings and [tag, attributes, children], and the tree as DOM nodes.
   Nothing is ever parsed as HTML; links lead to http(s), mail and telephones only, images are their
   alternative text.
   Every repetition is bounded, so that no text makes a browser think for long. */
const INLINE = new RegExp(
  [
    "(`{1,3})([^`]{1,2000})\\1",
    "(?:\\*\\*|__)(?=\\S)((?:[^*_]|[*_](?![*_])){1,2000})(?:\\*\\*|__)",
    "(?<![\\w*])[*_](?=\\S)([^*_\\n]{1,500})[*_](?!\\w)",
    "(!?)\\[([^\\]\\n]{0,300})\\]\\(([^()\\s]{0,1000}(?:\\([^()\\s]{0,200}\\))?[^()\\s]{0,500})(?:\\s[^)\\n]{0,200})?\\)",
    "\uE000(\\d+):\\d+\uE001",
    // A bracket belongs to the address where it is closed in it.
    "(https?://(?:[^\\s<>\"'`()\\]\uE000]|\\([^\\s<>\"'`()\\]]{0,200}\\)){0,1000}(?:[^\\s<>\"'`()\\]\uE000.,;:!?]|\\([^\\s<>\"'`()\\]]{0,200}\\)))",
    "(?<![\\w.+@-])([\\w.+-]{1,64}@(?:[\\w-]{1,63}\\.){1,8}[a-zA-Z]{2,24})(?![\\w@-])",
    "\\\\([\\\\`*_{}\\[\\]()#+.!~|>-])",
  ].join("|"),
  "g",
);
const FENCE = /^ {0,3}(```|~~~)/;
const HEADING = /^ {0,3}#{1,6}\s+(.*?)\s*#*$/;
const ITEM = /^( {0,12})([-*+•]|\d{1,9}[.)])(\s+)(.*)$/;
const QUOTE = /^ {0,3}> ?/;
const RULE = /^ {0,3}([-*_])( ?\1){2,40} *$/;
const DIVIDER = /^[\s|:-]*-[\s|:-]*$/;
const DEEPEST = 5;

/* Addresses and numbers that a link may lead to; `test` takes what is missing for "undefined". */
const CALLS = /^(mailto:[^\s@]{1,200}@[^\s@]{1,200}|tel:[+\d][\d().-]{1,40})$/i;
const CHIP = /\uE000\d+:(\d+)\uE001/g;

/* The text with a sign in place of each marker that leads to a quote: which of the citations it is. One
   without a place, of an earlier release, stands for each of its numbers. */
export function mark(text, citations) {
  const sign = (i) => `\uE000${i}:${citations[i].n}\uE001`;
  const points = [...text.replace(/[\uE000\uE001]/g, "\uFFFD")];
  citations.forEach(({ n, marker }, i) => {
    if (points[marker] === "[") points.splice(marker, `[${n}]`.length, sign(i), ...Array(`${n}]`.length).fill(""));
  });
  return points.join("").replace(/\[(\d{1,3})\]/g, (all, n) => {
    const i = citations.findIndex((each) => each.marker == null && each.n === +n);
    return i < 0 ? all : sign(i);
  });
}

const unmark = (text) => text.replace(CHIP, "[$1]");

/* What `mark` made, as a tree; `live` says that more text may follow. */
export function parse(text, live = false) {
  return blocks((live ? calm(text) : text).split(/\r?\n/), 0);
}

/* What is only half written is shown as it will look: bold is closed, a link's address waits. */
function calm(text) {
  const at = text.lastIndexOf("\n\n") + 1;
  const last = text.slice(at).replace(/!?\[[^\]\n]{0,300}(\]\([^)\s]{0,1000})?$/, "");
  const open = last.includes("`") ? 0 : last.split("**").length - 1;
  return text.slice(0, at) + (open % 2 ? last.replace(/(\*\*)?\s*$/, (end, mark) => (mark ? "" : "**")) : last);
}

function blocks(lines, depth) {
  const found = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at];
    let match;
    if (!line.trim()) {
      at++;
    } else if ((match = FENCE.exec(line))) {
      const end = lines.findIndex((other, i) => i > at && other.trim().startsWith(match[1]));
      const stop = end < 0 ? lines.length : end;
      const code = unmark(lines.slice(at + 1, stop).join("\n"));
      found.push(["pre", { tabindex: "0", dir: "ltr" }, [["code", {}, [code]]]]);
      at = stop + 1;
    } else if ((match = HEADING.exec(line))) {
      found.push(["h3", {}, inline(match[1])]);
      at++;
    } else if (RULE.test(line)) {
      found.push(["hr", {}, []]);
      at++;
    } else if (depth < DEEPEST && QUOTE.test(line)) {
      const start = at;
      while (at < lines.length && QUOTE.test(lines[at])) at++;
      const inner = lines.slice(start, at).map((each) => each.replace(QUOTE, ""));
      found.push(["blockquote", {}, blocks(inner, depth + 1)]);
    } else if (depth < DEEPEST && ITEM.test(line)) {
      at = list(lines, at, depth, found);
    } else if (line.includes("|") && DIVIDER.test(lines[at + 1] || "")) {
      at = table(lines, at, found);
    } else {
      const start = at++;
      while (at < lines.length && lines[at].trim() && !startsBlock(lines, at, depth)) at++;
      found.push(["p", {}, inline(lines.slice(start, at).join("\n"))]);
    }
  }
  return found;
}

function startsBlock(lines, at, depth) {
  const line = lines[at];
  const nests = depth < DEEPEST && (QUOTE.test(line) || ITEM.test(line));
  return nests || FENCE.test(line) || HEADING.test(line) || RULE.test(line);
}

/* The list that starts at a line; what is indented deeper belongs to the item above it. */
function list(lines, at, depth, found) {
  const [, indent, mark] = ITEM.exec(lines[at]);
  const ordered = /\d/.test(mark);
  const items = [];
  while (at < lines.length) {
    const match = ITEM.exec(lines[at]);
    if (!match || match[1].length > indent.length + 1 || /\d/.test(match[2]) !== ordered) break;
    if (match[1].length < indent.length) break;
    const inner = [match[4]];
    const deeper = new RegExp(`^ {${indent.length + 1},${indent.length + match[2].length + 4}}`);
    at++;
    while (at < lines.length) {
      const next = lines[at];
      const goesOn = deeper.test(next) || (next.trim() && inner.at(-1) && !startsBlock(lines, at, depth));
      const waits = !next.trim() && deeper.test(lines[at + 1] || "");
      if (!goesOn && !waits) break;
      inner.push(next.replace(deeper, ""));
      at++;
    }
    const content = blocks(inner, depth + 1);
    items.push(["li", {}, content[0]?.[0] === "p" ? [...content[0][2], ...content.slice(1)] : content]);
    if (!lines[at]?.trim() && ITEM.test(lines[at + 1] || "")) at++;
  }
  const number = ordered ? { start: String(parseInt(mark, 10)) } : {};
  found.push([ordered ? "ol" : "ul", number, items]);
  return at;
}

function table(lines, at, found) {
  const cells = (line) => line.trim().replace(/^\||\|$/g, "").split("|").slice(0, 20);
  const row = (line, tag) =>
    ["tr", {}, cells(line).map((cell) => [cell.trim() ? tag : "td", {}, inline(cell.trim())])];
  const head = ["thead", {}, [row(lines[at], "th")]];
  const rows = [];
  for (at += 2; lines[at]?.includes("|"); at++) rows.push(row(lines[at], "td"));
  found.push(["div", { class: "table", tabindex: "0" }, [["table", {}, [head, ["tbody", {}, rows]]]]]);
  return at;
}

function inline(text, depth = 0) {
  const nodes = [];
  const say = (part) => {
    if (!part) return;
    unmark(part).split("\n").forEach((line, i) => {
      if (i) nodes.push(["br", {}, []]);
      if (!line) return;
      if (typeof nodes.at(-1) === "string") nodes.push(nodes.pop() + line);
      else nodes.push(line);
    });
  };
  const inside = (part) => (depth < DEEPEST ? inline(part, depth + 1) : [part]);
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    const [all, , code, bold, italic, image, label, target, n, bare, mail, sign] = match;
    const href = mail ? `mailto:${mail}` : bare || target?.replace(/\\([()_*])/g, "$1");
    say(text.slice(at, match.index));
    at = match.index + all.length;
    if (code) nodes.push(["code", {}, [unmark(code)]]);
    else if (bold) nodes.push(["strong", {}, inside(bold)]);
    else if (italic) nodes.push(["em", {}, inside(italic)]);
    else if (n) nodes.push(["button", { "data-n": n }, []]);
    else if (sign) say(sign);
    else if (image) say(label);
    else if (safeLink(href) || CALLS.test(href)) nodes.push(anchor(href, label ?? mail));
    else say(label ?? all);
  }
  say(text.slice(at));
  return nodes;
}

/* A link says where it leads: behind a label that does not begin with its host, the host is named, and
   behind one that is not the address or the number, that is. */
function anchor(href, label) {
  const { host, pathname } = new URL(href);
  const shown = unmark(label || (host ? href : pathname));
  const said = shown.trim().toLowerCase();
  const names = host ? said.replace(/^https?:\/\//, "").split(/[/?#]/)[0] === host
    : said.replace(/\s/g, "") === pathname.toLowerCase();
  const where = names ? [] : [["small", { dir: "ltr" }, [` (${host || pathname})`]]];
  return ["a", { href, target: "_blank", rel: "noopener noreferrer nofollow" }, [shown, ...where]];
}

export const safeLink = (href) => /^https?:\/\/[^/\s]/i.test(href || "") && URL.canParse(href);

/* Makes the children of `parent` those of the tree. Text that only grew is appended to the node that
   is there, and whatever is unchanged stays: a selection, a focus and a screen reader keep their place. */
export function patch(parent, tree, dress) {
  tree.forEach((wanted, i) => {
    const have = parent.childNodes[i];
    if (typeof wanted === "string") {
      if (have?.nodeType !== Node.TEXT_NODE) put(parent, document.createTextNode(wanted), have);
      else if (wanted.startsWith(have.data)) have.appendData(wanted.slice(have.data.length));
      else have.data = wanted;
      return;
    }
    const [tag, attributes, children] = wanted;
    let element = have;
    if (have?.localName !== tag) put(parent, (element = document.createElement(tag)), have);
    for (const name in attributes) {
      if (element.getAttribute(name) !== attributes[name]) element.setAttribute(name, attributes[name]);
    }
    if (tag === "button") dress(element);
    else patch(element, children, dress);
  });
  while (parent.childNodes.length > tree.length) parent.lastChild.remove();
}

function put(parent, node, have) {
  if (have) have.replaceWith(node);
  else parent.append(node);
}
