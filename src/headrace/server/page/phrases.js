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

// An answer's text cut at its marks: strings, and numbers for [n] that name one of `known` citations.
export function splitMarks(text, known) {
  return text.split(/\s?\[(\d{1,3})\]/).map((part, index) => {
    if (index % 2 === 0) return part;
    const number = Number(part);
    return number >= 1 && number <= known ? number : `[${part}]`;
  });
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
