// How far the document of a hit or citation still holds: its marks, what replaced it, its age.

import { el } from "./dom.js";
import { fileName } from "./phrases.js";

const MEANINGS = {
  superseded: "A newer version replaced this document",
  deprecated: "Declared as no longer to be relied on",
  expired: "Its time of validity is over",
  upcoming: "Its time of validity has not begun",
  later: "It changed after the time asked for",
};
const OLD_DAYS = 365;

export function standing(item) {
  const marks = (item.marks ?? []).map((mark) => el("span.mark", { title: MEANINGS[mark], "data-mark": mark }, mark));
  const facts = [];
  if (item.superseded_by) facts.push(el("span", { title: item.superseded_by }, `see ${fileName(item.superseded_by)}`));
  if (item.valid_to) facts.push(el("span", {}, `valid to ${item.valid_to.slice(0, 10)}`));
  const old = item.age_days !== null && item.age_days > OLD_DAYS;
  if (item.modified_at && (marks.length || old)) facts.push(el("span", { title: item.modified_at }, age(item.age_days)));
  return marks.length || facts.length ? el("span.standing", {}, marks, facts) : null;
}

export function age(days) {
  if (days < 1) return "changed today";
  if (days < 60) return days === 1 ? "changed yesterday" : `changed ${days} days ago`;
  return days < 730 ? `changed ${Math.round(days / 30.4)} months ago` : `changed ${Math.round(days / 365.25)} years ago`;
}
