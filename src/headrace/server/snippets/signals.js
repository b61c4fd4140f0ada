// docs/signals.md. No cookies; under Do Not Track only thumbs.
(() => {
  const own = document.currentScript.dataset, to = own.to || "/api/signals", at = "[data-headrace-trace]";
  const quiet = navigator.doNotTrack === "1" || navigator.globalPrivacyControl;
  const near = (node) => (node?.closest ? node : node?.parentElement)?.closest(at)?.dataset.headraceTrace;

  function send(trace, kind, value) {
    const body = JSON.stringify({ id: crypto.randomUUID?.(), trace, kind, value, user: own.user });
    navigator.sendBeacon(to, new Blob([body], { type: "application/json" }));
  }

  addEventListener("click", ({ target }) => {
    const trace = near(target);
    if (!trace) return;
    const { headraceThumb: thumb, headraceCite: cite } =
      target.closest("[data-headrace-thumb],[data-headrace-cite]")?.dataset || {};
    if (thumb) send(trace, "thumbs", thumb);
    else if (cite && !quiet) send(trace, "citation_click", cite);
  }, true);
  if (quiet) return;

  addEventListener("copy", () => {
    const text = getSelection(), trace = near(text.anchorNode);
    if (trace) send(trace, "copy", String(text).length);
  });

  const since = new Map(), ms = {};
  function stop(item) {
    const trace = item.dataset.headraceTrace, now = performance.now();
    ms[trace] = (ms[trace] || 0) + now - (since.get(item) ?? now);
    since.delete(item);
  }
  const eye = new IntersectionObserver((all) => all.forEach(({ target, isIntersecting: seen }) =>
    seen ? since.set(target, performance.now()) : stop(target)));
  const watch = () => document.querySelectorAll(at).forEach((item) => eye.observe(item));
  new MutationObserver(watch).observe(document, { childList: true, subtree: true });
  watch();
  addEventListener("visibilitychange", () => {
    if (!document.hidden) return watch();
    [...since.keys()].forEach((item) => { stop(item); eye.unobserve(item); });
    for (const trace in ms) if (ms[trace] > 1e3) send(trace, "dwell", Math.min(86400, ms[trace] / 1e3));
    for (const trace in ms) delete ms[trace];
  });
})();
