// Numbers, ages and places as people read them.

const STEPS = [
  [60, 1, "s"],
  [3600, 60, "min"],
  [86400, 3600, "h"],
  [Infinity, 86400, "d"],
];

export function age(seconds) {
  if (seconds < 5) return "just now";
  const [, unit, name] = STEPS.find(([limit]) => seconds < limit);
  return `${Math.floor(seconds / unit)} ${name} ago`;
}

export function count(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

export function fileName(uri) {
  const last = uri.replace(/\/+$/, "").split("/").pop();
  return last || uri;
}

export function folder(uri) {
  return uri.slice(0, uri.length - fileName(uri).length);
}

export function place({ page, headings }) {
  const parts = page ? [`page ${page}`] : [];
  if (headings?.length) parts.push(headings.join(" › "));
  return parts.join(" · ");
}

// The marks [n] of an answer that name one of `known` citations, and where they stand.
export function citationMarks(text, known) {
  return [...text.matchAll(/\s?\[(\d{1,3})\]/g)]
    .map((match) => ({ number: Number(match[1]), start: match.index, end: match.index + match[0].length }))
    .filter(({ number }) => number >= 1 && number <= known);
}

// The beginning of a text on one line, without the signs that draw headings and tables.
export function oneLine(text, length) {
  const line = text
    .replace(/^#{1,6}\s+.*$/gm, "")
    .replace(/[ \t]*\|[\s|:-]*/g, " · ")
    .replace(/^[\s·]+|[\s·]+$/g, "")
    .replace(/\s+/g, " ");
  return line.length > length ? `${line.slice(0, length - 1)}…` : line;
}

// Where a quote stands in a text: at the offset that was recorded, else wherever its words follow each other.
export function locate(text, quote, offset) {
  if (offset !== null && text.slice(offset, offset + quote.length) === quote) {
    return [offset, offset + quote.length];
  }
  const words = quote.split(/\s+/).filter(Boolean);
  if (!words.length) return null;
  const pattern = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("\\s+");
  const match = new RegExp(pattern).exec(text);
  return match ? [match.index, match.index + match[0].length] : null;
}

export function queryTerms(query) {
  const words = query.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? [];
  return [...new Set(words)];
}
