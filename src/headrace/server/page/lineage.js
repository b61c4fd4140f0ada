// `why` as two trees: what a thing came from, and what came from it. Nodes are details elements, so that the
// keyboard and screen readers know them.

import { button, el } from "./dom.js";
import { fileName } from "./phrases.js";
import { prose } from "./prose.js";

const EXPLAINED = new Set(["trace", "chunk", "document", "generation", "release", "recipe"]);
const LONG = new Set(["answer", "question", "query", "quote", "text", "error"]);
const DRAWN = new Set(["answer", "quote", "text"]);
const OPEN_DEPTH = 1;

export function renderLineage(report, { onWhy }) {
  const used = report.downstream.children.length > 0;
  return [
    el("h2", {}, title(report)),
    el("p.uri", {}, report.ref),
    el("h3", {}, "It came from"),
    tree([report.upstream], onWhy, 0),
    el("h3", {}, "What came from it"),
    used ? tree(report.downstream.children, onWhy, 1) : el("p.fine", {}, "Nothing that is recorded."),
  ];
}

function tree(nodes, onWhy, depth) {
  return el("ul.tree", {}, nodes.map((node) => el("li", {}, branch(node, onWhy, depth))));
}

function branch(node, onWhy, depth) {
  const facts = Object.entries(node.facts ?? {}).filter(([, value]) => !isEmpty(value));
  const head = [
    node.relation ? el("span.relation", {}, node.relation) : null,
    el("span.kind", { "data-kind": node.kind }, node.kind),
    el("span.label", {}, label(node)),
  ];
  const inner = [
    el("div.about", {},
      node.ref && node.ref !== node.label ? el("code.ref", {}, node.ref) : null,
      depth > 0 && EXPLAINED.has(node.kind) && node.ref
        ? button("why", { class: "plain small", title: `Explain ${node.ref}`, onclick: () => onWhy(node.ref) })
        : null,
      facts.length ? el("dl.facts", {}, facts.map(([name, value]) => fact(name, value))) : null),
    node.children?.length ? tree(node.children, onWhy, depth + 1) : null,
  ];
  return el("details", { open: depth < OPEN_DEPTH }, el("summary", {}, head), inner);
}

function title(report) {
  if (report.kind !== "trace") return `Why this ${report.kind}`;
  return report.upstream.label.startsWith("ask") ? "Why this answer" : "Why these passages";
}

// A document's folder is among the facts; in a tree its name is enough.
function label(node) {
  const text = node.label || node.ref;
  const uri = node.facts?.document ?? node.facts?.uri;
  return uri ? text.replace(uri, fileName(uri)) : text;
}

function fact(name, value) {
  return [el("dt", {}, name.replaceAll("_", " ")), el(LONG.has(name) ? "dd.long" : "dd", {}, shown(name, value))];
}

function shown(name, value) {
  if (DRAWN.has(name) && typeof value === "string") return el("div.prose", {}, prose(value));
  if (Array.isArray(value) && value.every((item) => typeof item !== "object" || item === null)) {
    return value.join(name === "headings" ? " › " : name === "span" ? "–" : ", ");
  }
  if (typeof value === "object") return el("code", {}, JSON.stringify(value));
  if (typeof value === "number" && !Number.isInteger(value)) return String(Math.round(value * 1000) / 1000);
  return String(value);
}

function isEmpty(value) {
  return value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
}
