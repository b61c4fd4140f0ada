// One passage: the document it stands in, its place there, its text with the quote set apart.

import { button, el } from "./dom.js";
import { fileName, locate, place } from "./phrases.js";
import { prose } from "./prose.js";

export function renderPassage(passage, { onWhy }) {
  const { document: uri, page, headings, text, quote, chunk_id: chunk, revision, span } = passage;
  return [
    el("h2", {}, fileName(uri)),
    el("p.uri", {}, uri),
    headings?.length || page
      ? el("p.trail", {}, place({ page, headings }))
      : null,
    el("div.passage.prose", {}, marked(text, quote, passage.offset ?? null)),
    el("dl.facts", {},
      fact("characters", span ? `${span[0]}–${span[1]}` : null),
      fact("changed", passage.modified_at), fact("valid to", passage.valid_to),
      fact("marks", passage.marks?.join(", ")), fact("superseded by", passage.superseded_by),
      fact("chunk", chunk), fact("revision", revision)),
    el("p", {}, button("Why this passage", { class: "plain", onclick: () => onWhy(chunk) }),
      button("Why this document", { class: "plain", onclick: () => onWhy(uri) })),
  ];
}

// What `why` tells of a chunk, made into a passage with the citation's quote in it.
export function citedPassage(citation, report) {
  const facts = report?.upstream?.facts ?? {};
  return {
    ...citation,
    text: typeof facts.text === "string" ? facts.text : "",
    revision: facts.revision,
    offset: Number.isInteger(facts.start) ? citation.span[0] - facts.start : null,
  };
}

function marked(text, quote, offset) {
  if (!quote) return prose(text);
  const draw = (part) => el("mark", {}, part);
  const span = locate(text, quote, offset);
  const [shown, [start, end]] = span ? [text, span] : [quote, [0, quote.length]];
  return prose(shown, [{ start, end, draw }]);
}

function fact(name, value) {
  return value ? [el("dt", {}, name), el("dd", {}, value)] : null;
}
