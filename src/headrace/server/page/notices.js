// What stands where a result would: errors, waiting, nothing found.

import { codes, el } from "./dom.js";

export function failure(error) {
  return el("div.notice.bad", { role: "alert" },
    el("p", {}, el("strong", {}, error.message)),
    error.hint ? el("p", {}, ...codes(error.hint)) : null,
    error.type ? el("p.fine", {}, error.type) : null);
}

export function waiting(text) {
  return el("p.waiting", { role: "status" }, el("span.drop", { "aria-hidden": "true" }), text);
}

export function remark(title, ...lines) {
  return el("div.notice", {}, el("p", {}, el("strong", {}, title)), lines.map((line) => el("p", {}, ...codes(line))));
}

export function welcome(status) {
  if (status && !status.corpora.some((corpus) => corpus.generation)) {
    return remark("Nothing is indexed yet.", `Run \`headrace sync\` in ${status.workspace}, then ask here.`);
  }
  return el("div.welcome", {},
    el("p", {}, "Ask a question in your own words. Every number in the answer opens the passage it rests on, " +
      "with the quote that was checked against it, word for word."),
    el("p", {}, "Search lists the passages themselves. Either way, ", el("em", {}, "why"),
      " shows what was read, by which release, from which file."));
}
