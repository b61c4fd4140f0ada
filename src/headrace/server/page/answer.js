// An answer with numbered citations, and the list of passages they open.

import { button, el } from "./dom.js";
import { remark } from "./notices.js";
import { fileName, folder, place, splitMarks } from "./phrases.js";

export function renderAnswer(answer, { onCite, onWhy }) {
  const mark = (number) => citation(number, answer.citations[number - 1], onCite);
  const pieces = splitMarks(answer.answer, answer.citations.length);
  const text = pieces.map((piece) => (typeof piece === "number" ? mark(piece) : piece));
  const grounded = answer.citations.length > 0;
  return el("article.answer", {},
    grounded
      ? el("div.text", {}, text)
      : remark(answer.answer, "Other words may help, or look at the passages with Search."),
    grounded ? sources(answer.citations, onCite) : null,
    provenance(answer, onWhy));
}

function citation(number, item, onCite) {
  return button(String(number), {
    class: "cite",
    "data-cite": number,
    title: `“${shorten(item.quote)}” — ${item.document}`,
    "aria-label": `Citation ${number}, ${item.document}`,
    onclick: (event) => onCite(item, event.currentTarget),
  });
}

function sources(citations, onCite) {
  const rows = citations.map((item, index) => el("li", {},
    button("", { class: "source", "data-source": index + 1, onclick: (event) => onCite(item, event.currentTarget) },
      el("span.number", {}, String(index + 1)),
      el("span.about", {},
        el("span.file", {}, el("span.folder", {}, folder(item.document)), fileName(item.document)),
        el("span.where", {}, place(item)),
        el("q", {}, shorten(item.quote))))));
  return el("div.sources", {}, el("h2", {}, "Sources"), el("ol", {}, rows));
}

function provenance(answer, onWhy) {
  return el("p.provenance", {},
    button("Why this answer", { class: "plain", id: "why", onclick: (event) => onWhy(answer.trace_id, event.currentTarget) }),
    el("span", { title: "Model" }, answer.model),
    el("span", { title: "Release that served" }, answer.release),
    el("span", { title: "Trace" }, answer.trace_id));
}

function shorten(text) {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 180 ? `${line.slice(0, 179)}…` : line;
}
