// The page: one box, one result, one panel beside it.

import { get, post, why } from "./api.js";
import { renderAnswer } from "./answer.js";
import { button } from "./dom.js";
import { renderHits } from "./hits.js";
import { renderLineage } from "./lineage.js";
import { failure, waiting, welcome } from "./notices.js";
import { citedPassage, renderPassage } from "./passage.js";
import { renderFailures, renderStrip } from "./standing.js";

const at = (id) => document.getElementById(id);
const form = at("query");
const words = at("words");
const result = at("result");
const panel = at("panel");
const STATUS_EVERY_MS = 60_000;

let asking = null;
let reading = null;
let opener = null;

function mode() {
  return form.elements.mode.value;
}

function limits() {
  const access = at("access").value.split(",").map((label) => label.trim()).filter(Boolean);
  const chosen = { filter: at("filter").value.trim(), corpus: at("corpus").value, k: Number(at("k").value) };
  const given = Object.fromEntries(Object.entries(chosen).filter(([, value]) => value));
  return access.length ? { ...given, access } : given;
}

async function run() {
  const text = words.value.trim();
  if (!text) return words.focus();
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  const asked = mode();
  remember(asked, text);
  closePanel();
  result.setAttribute("aria-busy", "true");
  const timer = setTimeout(() => result.replaceChildren(waiting("Reading the documents…")), 150);
  try {
    const body = asked === "ask" ? { question: text, ...limits() } : { query: text, ...limits() };
    const found = await post(`/api/${asked}`, body, { signal });
    clearTimeout(timer);
    result.replaceChildren(asked === "ask"
      ? renderAnswer(found, { onCite: openCitation, onWhy: openWhy })
      : renderHits(found, { onOpen: openHit, onWhy: openWhy }));
  } catch (error) {
    clearTimeout(timer);
    if (error.name === "AbortError") return undefined;
    result.replaceChildren(failure(error));
  }
  return result.setAttribute("aria-busy", "false");
}

// An address that can be kept: a search runs again, a question only fills the box, since a link from elsewhere
// must not spend a model's money.
function remember(asked, text) {
  history.replaceState(null, "", `#${asked}=${encodeURIComponent(text)}`);
  document.title = `${text.slice(0, 60)} — Headrace`;
}

function recall() {
  const [, asked, text] = /^#(ask|search|why)=(.*)$/s.exec(location.hash) ?? [];
  if (!asked) return;
  let value;
  try {
    value = decodeURIComponent(text);
  } catch {
    return;
  }
  if (asked === "why") return void openWhy(value);
  form.elements.mode.value = asked;
  words.value = value;
  showMode();
  if (asked === "search") run();
}

function showMode() {
  const asks = mode() === "ask";
  at("go").textContent = asks ? "Ask" : "Search";
  words.placeholder = asks ? "Ask the documents" : "Search the documents";
}

function showLimits() {
  const set = Object.keys(limits()).filter((name) => name !== "corpus" || at("corpus").options.length > 1);
  at("limits-set").textContent = set.length ? `(${set.join(", ")})` : "";
}

function openPanel(children, from) {
  if (from) opener = from;
  document.querySelectorAll("[aria-current]").forEach((item) => item.removeAttribute("aria-current"));
  if (opener?.isConnected && !panel.contains(opener)) opener.setAttribute("aria-current", "true");
  panel.replaceChildren(button("Close", { class: "plain close", onclick: closePanel }), ...children.filter(Boolean));
  panel.hidden = false;
  panel.scrollTop = 0;
  panel.focus({ preventScroll: true });
  const beside = matchMedia("(min-width: 60rem)").matches;
  if (!beside) panel.scrollIntoView({ block: "start" });
  else panel.querySelector("mark")?.scrollIntoView({ block: "nearest" });
}

function closePanel() {
  if (panel.hidden) return;
  reading?.abort();
  panel.hidden = true;
  document.querySelectorAll("[aria-current]").forEach((item) => item.removeAttribute("aria-current"));
  if (opener?.isConnected) opener.focus();
  opener = null;
}

async function fillPanel(from, load) {
  reading?.abort();
  reading = new AbortController();
  openPanel([waiting("Looking it up…")], from);
  try {
    openPanel(await load({ signal: reading.signal }), from);
  } catch (error) {
    if (error.name !== "AbortError") openPanel([failure(error)], from);
  }
}

function openCitation(citation, from) {
  return fillPanel(from, async (options) => {
    const report = await why(citation.chunk_id, options);
    return renderPassage(citedPassage(citation, report), { onWhy: openWhy });
  });
}

function openHit(hit, from) {
  reading?.abort();
  openPanel(renderPassage(hit, { onWhy: openWhy }), from);
}

function openWhy(ref, from) {
  return fillPanel(from, async (options) => renderLineage(await why(ref, options), { onWhy: openWhy }));
}

async function refreshStatus() {
  try {
    const status = await get("/api/status");
    const onFailures = (corpus, from) => openPanel(renderFailures(corpus), from);
    at("corpora").replaceChildren(...renderStrip(status, { onFailures }));
    offerCorpora(status.corpora.map((corpus) => corpus.corpus));
    if (!result.hasChildNodes()) result.replaceChildren(welcome(status));
  } catch (error) {
    at("corpora").replaceChildren(failure(error));
  }
}

function offerCorpora(names) {
  const select = at("corpus");
  if (select.options.length === names.length) return;
  const chosen = select.value;
  select.replaceChildren(...names.map((name) => new Option(name, name)));
  if (names.includes(chosen)) select.value = chosen;
  at("corpus-field").hidden = names.length < 2;
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") return void closePanel();
  if (event.target.closest("input:not([type=radio]), select, textarea")) return;
  if (event.key === "/") {
    event.preventDefault();
    words.focus();
    words.select();
  } else if (/^[1-9]$/.test(event.key)) {
    result.querySelector(`[data-source="${event.key}"]`)?.click();
  } else if (event.key === "w") {
    at("why")?.click();
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  run();
});
form.addEventListener("change", (event) => {
  if (event.target.name === "mode") showMode();
  showLimits();
});
document.addEventListener("keydown", onKey);
document.addEventListener("visibilitychange", () => document.hidden || refreshStatus());
setInterval(() => document.hidden || refreshStatus(), STATUS_EVERY_MS);
refreshStatus().then(recall);
