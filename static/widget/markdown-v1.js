/* Markdown as a tree of strings and [tag, attributes, children], and the tree as DOM nodes.
   Nothing is ever parsed as HTML; links lead to http(s), mail and telephones only, images are their
   alternative text.
   Every repetition is bounded, so that no text makes a browser think for long. */
import { safeLink } from "./links-v1.js";

export const sheet = new CSSStyleSheet();
sheet.replaceSync(`
.body h3 { font-size: 16px }
.body ul, .body ol { padding-inline-start: 22px }
:lang(fa) > ol { list-style: persian }
.body li + li { margin-block-start: 4px }
.body blockquote { margin-inline: 0; padding-inline-start: 12px; border-inline-start: 3px solid var(--line) }
.body pre, .table { overflow-x: auto; border: 1px solid var(--line); border-radius: 10px; background: var(--surface); max-inline-size: 100% }
.body pre { padding: 10px 12px; font-size: 13px; line-height: 1.5 }
.body code { font-family: ui-monospace, monospace; font-size: .9em; overflow-wrap: normal }
.body :not(pre) > code { padding: 1px 5px; border-radius: 5px; background: var(--surface); overflow-wrap: inherit }
table { border-collapse: collapse; min-inline-size: 100%; overflow-wrap: normal }
th, td { padding: 6px 11px; text-align: start; vertical-align: top }
tr { border-block-end: 1px solid var(--line) }
.doubt { border-style: dashed; color: var(--muted) }
`);

// A bracket belongs to an address where it is closed in it; a sign at the end does not.
const ADDRESS =
  "(?:[^\\s<>\"`()\\[\\]\uE000’”»。，、；：！？）」』】》،؛؟]|\\([^\\s<>\"`()\uE000]{0,200}\\)){0,1000}(?<![.,;:!?*_~'])";
const INLINE = new RegExp(
  [
    "(?<!`)(`{1,3})(?!`)([^]{1,2000}?)(?<!`)\\1(?!`)",
    "(?<!\\*)\\*\\*(?=\\S)((?:[^*]|\\*(?!\\*(?!\\*))){1,2000})\\*\\*(?!\\*)",
    "(?<![\\p{L}\\p{N}_])__(?=\\S)((?:[^_]|_(?!_(?!_))){1,2000})__(?![\\p{L}\\p{N}_])",
    "(?<![\\w*])\\*(?=\\S)([^*\\n]{1,500})(?<!\\s)\\*(?!\\w)",
    "(?<![\\p{L}\\p{N}_])_(?=\\S)((?:[^_\\n]|(?<=[\\p{L}\\p{N}])_(?=[\\p{L}\\p{N}])){1,500})(?<!\\s)_(?![\\p{L}\\p{N}_])",
    "(!?)\\[([^[\\]\\n]{0,300})\\]\\(((?:[^()\\s]|\\([^()\\s]{0,200}\\)){0,1000})(?:\\s[^)\\n]{0,200})?\\)",
    "\uE000(\\d+):\\d+\uE001",
    `<?((?:https?://|(?<![\\w/.@-])www\\.(?=[\\w-]{1,63}\\.))${ADDRESS})>?`,
    "<?(?<![\\w.+@-])(?:mailto:)?([\\w.+-]{1,64}@(?:[\\w-]{1,63}\\.){1,8}[a-zA-Z]{2,24})(?![\\w@-])>?",
    "<?(?<!\\w)(tel:\\+?\\d[\\d().-]{1,40}\\d)>?",
    "\\\\([\\\\`*_{}\\[\\]()#+.!~|>-])",
  ].join("|"),
  "gu",
);
const FENCE = /^(\s{0,12})(`{3,}(?=[^`]*$)|~{3,})/;
const HEADING = /^ {0,3}#{1,6}\s(.*)/s;
const ITEM = /^( {0,12})([-*+•]|\d{1,9}[.)])\s+(.*)/s;
const QUOTE = /^ {0,3}> ?/;
const RULE = /^ {0,3}([-*_])( ?\1){2,} *$/;
const PIPE = /^\s*\|/;
const DIVIDER = /^[\s|:]*-[\s|:-]*$/;
const DEEPEST = 5;
/* Each block goes the way of its own language. */
const AUTO = { dir: "auto" };

/* Addresses and numbers that a link may lead to. */
const CALLS = /^(mailto:[^\s@]{1,200}@[^\s@]{1,200}|tel:[+\d][\d().-]{1,40})$/i;
const ESCAPED = /\\([()_*])/g;
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

/* What is only half written is shown as it will look: bold is closed, a link's address waits, and so does
   the row of a table. In a block of code nothing is. */
function calm(text) {
  let fence;
  for (const line of text.split("\n")) {
    if (!fence) fence = FENCE.exec(line)?.[2];
    else if (closes(line, fence)) fence = null;
  }
  if (fence) return text;
  const at = text.lastIndexOf("\n\n") + 1;
  const lines = text.slice(at).replace(/!?\[[^[\]\n]{0,300}(\]\((?:[^()\s]|\([^()\s]{0,200}\)|\(){0,1000})?$/, "").split("\n");
  const end = lines.length - 1;
  const held = lines.some((_, i) => i < end && isTable(lines, i)) ? end
    : PIPE.test(lines[end]) || /^\s*`{1,2}$/.test(lines[end]) ? end
    : PIPE.test(lines[end - 1] || "") && /^[\s|:]*$/.test(lines[end]) ? end - 1
    : lines.length;
  const last = (isTable(lines, end - 1) ? lines : lines.slice(0, held)).join("\n");
  const open = (mark, from = last) => from.split(mark).length % 2 === 0;
  const close = open("`") ? "`" : open("**", last.replace(/`[^`]*`/g, "")) ? "**" : "";
  return text.slice(0, at) + (last.endsWith(close) ? last.slice(0, last.length - close.length) : last.trimEnd() + close);
}

const closes = (line, fence) => line.trim().startsWith(fence) && !line.trim().replaceAll(fence[0], "");

function blocks(lines, depth, way = AUTO) {
  const found = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at];
    let match;
    if (!line.trim()) {
      at++;
    } else if ((match = FENCE.exec(line))) {
      const [, indent, fence] = match;
      let end = at + 1;
      while (end < lines.length && !closes(lines[end], fence)) end++;
      const shift = new RegExp(`^\\s{0,${indent.length}}`);
      const code = unmark(lines.slice(at + 1, end).map((each) => each.replace(shift, "")).join("\n"));
      found.push(["pre", { tabindex: "0", dir: "ltr" }, [["code", {}, [code]]]]);
      at = end + 1;
    } else if ((match = HEADING.exec(line))) {
      found.push(["h3", way, inline(match[1].trim().replace(/(^|\s)#+$/, ""))]);
      at++;
    } else if (RULE.test(line)) {
      found.push(["hr", {}, []]);
      at++;
    } else if (depth < DEEPEST && QUOTE.test(line)) {
      const start = at;
      while (at < lines.length && QUOTE.test(lines[at])) at++;
      const inner = lines.slice(start, at).map((each) => each.replace(QUOTE, ""));
      found.push(["blockquote", AUTO, blocks(inner, depth + 1, {})]);
    } else if (depth < DEEPEST && ITEM.test(line)) {
      at = list(lines, at, depth, found);
    } else if (isTable(lines, at)) {
      at = table(lines, at, found);
    } else {
      const start = at++;
      while (at < lines.length && lines[at].trim() && !startsBlock(lines, at, depth)) at++;
      found.push(["p", way, inline(lines.slice(start, at).join("\n"))]);
    }
  }
  return found;
}

function startsBlock(lines, at, depth) {
  const line = lines[at];
  const nests = depth < DEEPEST && (QUOTE.test(line) || ITEM.test(line));
  return nests || FENCE.test(line) || HEADING.test(line) || RULE.test(line) || isTable(lines, at);
}

const isTable = (lines, at) => lines[at]?.includes("|") && DIVIDER.test(lines[at + 1] || "");

/* The list that starts at a line; what is indented deeper belongs to the item above it. */
function list(lines, at, depth, found) {
  const [, indent, mark] = ITEM.exec(lines[at]);
  const ordered = /\d/.test(mark);
  const items = [];
  const depthOf = (line = "") => (line.trim() ? /^\s*/.exec(line)[0].length : 0);
  while (at < lines.length) {
    const match = ITEM.exec(lines[at]);
    const further = match?.[1].length - indent.length;
    if (!(further >= 0 && further < 2) || /\d/.test(match[2]) !== ordered) break;
    const inner = [match[3]];
    let cut = 0;
    at++;
    while (at < lines.length) {
      const next = filled(lines, at);
      const wide = depthOf(lines[next]);
      const isDeeper = wide > indent.length;
      if (!isDeeper && (next > at || !inner.at(-1) || startsBlock(lines, at, depth))) break;
      // As deep as its first line: what is deeper still belongs to something in it.
      if (isDeeper) cut ||= wide;
      for (; at <= next; at++) inner.push(lines[at].slice(Math.min(cut, depthOf(lines[at]))));
    }
    const content = blocks(inner, depth + 1);
    items.push(["li", {}, content[0]?.[0] === "p" ? [...content[0][2], ...content.slice(1)] : content]);
    if (ITEM.test(lines[filled(lines, at)] || "")) at = filled(lines, at);
  }
  const number = ordered ? { start: String(parseInt(mark, 10)) } : {};
  found.push([ordered ? "ol" : "ul", { ...AUTO, ...number }, items]);
  return at;
}

/* Where the next line with something on it is. */
function filled(lines, at) {
  while (at < lines.length && !lines[at].trim()) at++;
  return at;
}

function table(lines, at, found) {
  const cells = (line) => line.trim().replace(/^\||(?<!\\)\|$/g, "").split(/(?<!\\)\|/).slice(0, 20)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));
  const names = cells(lines[at]);
  // What is missing at a row's end is not made: it could be many times what is written.
  const row = (line, tag) => ["tr", {}, cells(line).slice(0, names.length).map((cell) => [cell ? tag : "td", {}, inline(cell)])];
  const head = ["thead", {}, [row(lines[at], "th")]];
  const rows = [];
  for (at += 2; lines[at]?.includes("|"); at++) rows.push(row(lines[at], "td"));
  const label = plain(names.join(", "));
  found.push(["div", { ...AUTO, class: "table", role: "group", tabindex: "0", "aria-label": label }, [["table", {}, [head, ["tbody", {}, rows]]]]]);
  return at;
}

/* Without the marks of bold, italics and code. */
const plain = (text) => unmark(text).replace(/(`{1,3}|\*\*?|__)(.{1,300}?)\1/g, "$2");

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
  const inside = (part) => (depth < DEEPEST ? inline(part, depth + 1) : [unmark(part)]);
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    const [all, , code, strong, bold = strong, em, italic = em, image, label, target, n, bare, mail, call, sign] = match;
    const href = mail ? `mailto:${mail}` : call || unmark(bare || target || "").replace(ESCAPED, "$1").replace(/^www\./i, "https://$&");
    const leads = safeLink(href) || CALLS.test(href);
    const [opens, closes] = leads && label == null ? [all[0] === "<", all.endsWith(">")] : [];
    say(text.slice(at, match.index) + (opens && !closes ? "<" : ""));
    at = match.index + all.length - (closes && !opens ? 1 : 0);
    if (code) nodes.push(["code", { dir: "ltr" }, [unmark(code.replace(/^ (.*\S.*) $/s, "$1"))]]);
    else if (bold) nodes.push(["strong", {}, inside(bold)]);
    else if (italic) nodes.push(["em", {}, inside(italic)]);
    else if (n) nodes.push(["button", { "data-n": n }, []]);
    else if (sign) say(sign);
    else if (image) say(label);
    else if (leads) nodes.push(anchor(href, label ? plain(label) : mail || bare?.replace(ESCAPED, "$1")));
    else say(label ?? all);
  }
  say(text.slice(at));
  return nodes;
}

/* A link says where it leads: behind a label that does not begin with its host, the host is named, and
   behind one that is not the address or the number, that is. */
function anchor(href, label) {
  const { host, pathname } = new URL(href);
  const shown = label || (host ? href : pathname);
  const said = shown.trim().toLowerCase();
  const names = host ? said.replace(/^https?:\/\//, "").split(/[/?#]/)[0] === host
    : said.replace(/\s/g, "") === pathname.toLowerCase();
  const where = names ? [] : [["small", { dir: "ltr" }, [` (${host || pathname})`]]];
  return ["a", { ...AUTO, href, target: "_blank", rel: "noopener noreferrer nofollow" }, [shown, ...where]];
}

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
