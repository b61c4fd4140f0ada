// The passages a search found.

import { button, el } from "./dom.js";
import { standing } from "./marks.js";
import { remark } from "./notices.js";
import { count, fileName, folder, oneLine, place, queryTerms } from "./phrases.js";

const EXCERPT_CHARACTERS = 400;

export function renderHits(result, { onOpen, onWhy }) {
  const warnings = result.warnings.map((warning) => remark("This result is not all it could be.", `${warning}.`));
  if (!result.hits.length) {
    return el("div", {}, warnings, remark("No passage fits.", "Try other words, or fewer limits."));
  }
  const terms = queryTerms(result.query);
  return el("div.hits", {},
    warnings,
    el("p.provenance", {},
      el("span.total", {}, count(result.hits.length, "passage")),
      button("Why these", { class: "plain", id: "why", onclick: (event) => onWhy(result.trace_id, event.currentTarget) }),
      el("span", { title: "Generation" }, result.generation)),
    el("ol", {}, result.hits.map((hit) => el("li", {}, row(hit, terms, onOpen)))));
}

function row(hit, terms, onOpen) {
  return button("", { class: "hit", "data-source": hit.rank, onclick: (event) => onOpen(hit, event.currentTarget) },
    el("span.number", {}, String(hit.rank)),
    el("span.about", {},
      el("span.file", {}, fileName(hit.document), el("span.folder", {}, folder(hit.document))),
      el("span.where", {}, place(hit)),
      standing(hit),
      el("span.text", {}, withTerms(oneLine(hit.text, EXCERPT_CHARACTERS), terms))),
    el("meter", { min: 0, max: 1, value: hit.score, title: `score ${hit.score.toFixed(3)}` }, hit.score.toFixed(3)));
}

// The text with the query's words set apart; a word counts where one begins.
export function withTerms(text, terms) {
  if (!terms.length) return [text];
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(${terms.join("|")})`, "giu");
  return text.split(pattern).map((part, index) => (index % 2 ? el("b", {}, part) : part));
}
