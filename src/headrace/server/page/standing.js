// How each corpus stands: the strip at the top, and the list of failures it opens.

import { button, el } from "./dom.js";
import { age, count } from "./phrases.js";

export function renderStrip(status, { onFailures }) {
  return status.corpora.map((corpus) => {
    const freshness = corpus.freshness_seconds;
    const failed = corpus.failures.length;
    return el("span.corpus", {},
      el("strong", {}, corpus.corpus),
      corpus.generation
        ? [el("span", {}, count(corpus.documents, "document")), el("span", {}, count(corpus.chunks, "chunk"))]
        : el("span.warn", {}, "not synced yet"),
      freshness === null ? null : el("span", { title: "Age of the last completed sync" }, `synced ${age(freshness)}`),
      corpus.withheld ? el("span.warn", {}, `${count(corpus.withheld, "deletion")} withheld`) : null,
      failed
        ? button(`${failed} failed`, { class: "plain warn", onclick: (event) => onFailures(corpus, event.currentTarget) })
        : null);
  });
}

export function renderFailures(corpus) {
  return [
    el("h2", {}, "What failed"),
    el("p.uri", {}, corpus.corpus),
    el("ul.failures", {}, corpus.failures.map((failure) => el("li", {},
      el("span.file", {}, failure.document),
      el("span.where", {}, `${failure.stage}, ${count(failure.attempts ?? 1, "attempt")}`),
      el("span", {}, failure.error)))),
  ];
}
