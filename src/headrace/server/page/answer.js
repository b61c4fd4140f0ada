// An answer with numbered citations, and the list of passages they open.

import { button, el } from "./dom.js";
import { standing } from "./marks.js";
import { remark } from "./notices.js";
import { citationMarks, fileName, folder, oneLine, place } from "./phrases.js";
import { prose } from "./prose.js";

const QUOTE_CHARACTERS = 180;

export function renderAnswer(answer, { onCite, onWhy }) {
  const marks = citationMarks(answer.answer, answer.citations.length).map(({ number, ...where }) => ({
    ...where,
    draw: () => citation(number, answer.citations[number - 1], onCite),
  }));
  const grounded = answer.citations.length > 0;
  return el("article.answer", { "data-headrace-trace": answer.trace_id },
    grounded
      ? el("div.prose", {}, prose(answer.answer, marks))
      : remark(answer.answer, "Other words may help, or look at the passages with Search."),
    grounded ? sources(answer.citations, onCite) : null,
    thumbs(),
    provenance(answer, onWhy));
}

// What becomes of a click on them is the work of /signals.js.
function thumbs() {
  const said = el("span.said", { role: "status" });
  const thumb = (way, label, word) => button(word, {
    class: "plain thumb",
    "data-headrace-thumb": way,
    "aria-label": label,
    "aria-pressed": "false",
    title: label,
    onclick: ({ currentTarget: chosen }) => {
      for (const other of chosen.parentElement.querySelectorAll("button")) {
        other.setAttribute("aria-pressed", String(other === chosen));
      }
      said.textContent = "Noted, thank you.";
    },
  });
  return el("p.thumbs", {}, "Did this help?",
    thumb("up", "This answer helped", "Yes"), thumb("down", "This answer did not help", "No"), said);
}

function citation(number, item, onCite) {
  return button(String(number), {
    class: "cite",
    "data-cite": number,
    "data-headrace-cite": number,
    title: `“${oneLine(item.quote, QUOTE_CHARACTERS)}” — ${item.document}`,
    "aria-label": `Citation ${number}, ${item.document}`,
    onclick: (event) => onCite(item, event.currentTarget),
  });
}

function sources(citations, onCite) {
  const rows = citations.map((item, index) => el("li", {},
    button("", { class: "source", "data-source": index + 1, "data-headrace-cite": index + 1, onclick: (event) => onCite(item, event.currentTarget) },
      el("span.number", {}, String(index + 1)),
      el("span.about", {},
        el("span.file", {}, fileName(item.document), el("span.folder", {}, folder(item.document))),
        el("span.where", {}, place(item)),
        standing(item),
        el("q", {}, oneLine(item.quote, QUOTE_CHARACTERS))))));
  return el("div.sources", {}, el("h2", {}, "Sources"), el("ol", {}, rows));
}

function provenance(answer, onWhy) {
  return el("p.provenance", {},
    button("Why this answer", { class: "plain", id: "why", onclick: (event) => onWhy(answer.trace_id, event.currentTarget) }),
    el("span", { title: "Model" }, answer.model),
    el("span", { title: "Release that served" }, answer.release),
    el("span", { title: "Trace" }, answer.trace_id));
}
