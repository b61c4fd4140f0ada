// Passages as people read them: headings, tables, code and paragraphs are drawn as such, and no word is changed.
// Blocks are kept as offsets into the text, so that notes (a citation's mark, a quote) land where they stand.

import { codes, el } from "./dom.js";

const FENCE = /^\s*(```|~~~)/;
const ROW = /^\s*\|.*\|/;
const RULE = /^\s*\|?[\s:|-]*-[\s:|-]*$/;
const HEADING = /^#{1,6}\s+/;
const SOFT_WIDTH = 60;

// Draw a text. `notes` are { start, end, draw } in order and apart; `draw` makes a node of the text they cover.
export function prose(text, notes = []) {
  const inline = inliner(soften(text), notes);
  return blocks(text).map((block) => DRAW[block.kind](block, inline, text));
}

const DRAW = {
  heading: ({ lines: [line] }, inline, text) =>
    el("p.heading", {}, inline(line.start + HEADING.exec(text.slice(line.start, line.end))[0].length, line.end)),
  code: ({ lines }, inline) => el("pre", {}, inline(lines[0].start, lines.at(-1).end, (part) => [part])),
  table: ({ lines }, inline, text) => {
    const [head, , ...body] = lines.map((line) => cells(text, line));
    const row = (tag, line) => el("tr", {}, head.map((_, column) => el(tag, {}, content(line, column, head.length, inline))));
    return el("div.wide", {}, el("table", {}, el("thead", {}, row("th", head)), el("tbody", {}, body.map((line) => row("td", line)))));
  },
  paragraph: ({ lines }, inline) => el("p", {}, inline(lines[0].start, lines.at(-1).end)),
};

// The last column also takes what follows it, such as the mark of a citation.
function content(row, column, columns, inline) {
  const own = column === columns - 1 ? row.slice(column) : row.slice(column, column + 1);
  return own.map(({ start, end }) => inline(start, end));
}

function blocks(text) {
  const found = [];
  let fenced = false;
  let start = 0;
  for (const raw of text.split("\n")) {
    const line = { start, end: start + raw.length, raw };
    start = line.end + 1;
    const fence = FENCE.test(raw);
    if (fenced || fence) {
      if (fence && !fenced) found.push({ kind: "code", lines: [] });
      if (!fence) found.at(-1).lines.push(line);
      if (fence) fenced = !fenced;
    } else {
      append(found, line);
    }
  }
  return found.flatMap(settle).filter((block) => block.lines.length);
}

function append(found, line) {
  const last = found.at(-1);
  const kind = HEADING.test(line.raw) ? "heading" : ROW.test(line.raw) ? "table" : line.raw.trim() ? "paragraph" : "gap";
  if (last?.kind === kind && kind !== "heading") last.lines.push(line);
  else found.push({ kind, lines: kind === "gap" ? [] : [line] });
}

// Rows without a rule under the first are no table: a chunk may begin in the middle of one.
function settle(block) {
  if (block.kind === "gap") return [];
  const isTable = block.kind === "table" && block.lines.length > 1 && RULE.test(block.lines[1].raw);
  return block.kind === "table" && !isTable ? [{ ...block, kind: "paragraph" }] : [block];
}

function cells(text, line) {
  const found = [];
  const raw = text.slice(line.start, line.end);
  let from = raw.indexOf("|") + 1;
  for (let at = from; at <= raw.length; at += 1) {
    if (at < raw.length && (raw[at] !== "|" || raw[at - 1] === "\\")) continue;
    if (raw.slice(from, at).trim() || at < raw.length) found.push({ start: line.start + from, end: line.start + at });
    from = at + 1;
  }
  return found;
}

function inliner(display, notes) {
  return (start, end, plain = codes) => {
    const parts = [];
    let from = start;
    for (const note of notes) {
      const left = Math.max(note.start, from);
      const right = Math.min(note.end, end);
      if (left >= right) continue;
      parts.push(plain(display.slice(from, left)), note.draw(plain(display.slice(left, right))));
      from = right;
    }
    return [parts, plain(display.slice(from, end))];
  };
}

// A line break after a long line, before a word, only wraps a paragraph; the text keeps its length.
function soften(text) {
  const lines = text.split("\n");
  const joins = lines.slice(1).map((line, index) => (wraps(lines[index], line) ? " " : "\n"));
  return lines.map((line, index) => line + (joins[index] ?? "")).join("");
}

function wraps(before, line) {
  const isWord = /^[\p{L}\p{N}(“"'`[]/u.test(line) && !/^\d+[.)]\s/.test(line);
  return isWord && before.trimEnd().length >= SOFT_WIDTH && !ROW.test(before);
}
