// Calls to the server; a failure is an ApiError with the fields of the one error shape.

export class ApiError extends Error {
  constructor({ type, message, hint }) {
    super(message);
    this.type = type;
    this.hint = hint;
  }
}

export async function get(path, { signal } = {}) {
  return send(path, { signal });
}

export async function post(path, body, { signal } = {}) {
  const headers = { "content-type": "application/json" };
  return send(path, { method: "POST", headers, body: JSON.stringify(body), signal });
}

export function why(ref, options) {
  return get(`/api/why/${ref.split("/").map(encodeURIComponent).join("/")}`, options);
}

const KEY = "headrace-key";

// A server with keys wants one: it is asked for once and kept for as long as the tab is open.
async function fetchWithKey(path, options) {
  const ask = () => {
    const key = sessionStorage.getItem(KEY);
    const headers = key ? { ...options.headers, authorization: `Bearer ${key}` } : options.headers;
    return fetch(path, { ...options, headers });
  };
  const response = await ask();
  if (response.status !== 401) return response;
  sessionStorage.removeItem(KEY);
  const given = window.prompt("This server needs a key with the scope search or api (hr_…):");
  if (!given) return response;
  sessionStorage.setItem(KEY, given.trim());
  return ask();
}

async function send(path, options = {}) {
  let response;
  try {
    response = await fetchWithKey(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError({
      type: "Unreachable",
      message: "The server does not answer.",
      hint: "Is `headrace serve` still running?",
    });
  }
  const body = await response.json().catch(() => null);
  if (response.ok && body !== null) return body;
  const unknown = { type: `HTTP ${response.status}`, message: "The server gave no readable answer.", hint: "" };
  throw new ApiError(body?.error ?? unknown);
}
