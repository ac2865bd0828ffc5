// The one stream of this page: read with `fetch`, so that the token is in a header and not in the URL.

import { changed, loadInstances, may, part, refresh, state, takeRates } from "./state.js";

let abort = null;
let lastId = null;
let pause = 500;

export function stopStream() {
  abort?.abort();
  abort = null;
  state.live.status = "off";
}

// Opens the stream, or opens it anew because other topics are wanted.
export function openStream() {
  stopStream();
  if (!state.about) return;
  abort = new AbortController();
  follow(abort);
}

function path() {
  const topics = may("state:read") ? ["state", "operations", "rates", "logs"] : [];
  const { tap } = state;
  if (tap.running) topics.push(`tap:${tap.pattern}`);
  if (topics.length === 0) return null;
  let path = `v1/stream?topics=${part(topics.join(","))}`;
  if (tap.running) {
    if (tap.filter) path += `&filter=${part(tap.filter)}`;
    if (tap.limit) path += `&limit=${part(tap.limit)}`;
    if (tap.sample && tap.sample !== "1") path += `&sample=${part(tap.sample)}`;
  }
  return path;
}

async function follow(own) {
  const asked = path();
  if (!asked) return;
  state.live.status = "connecting";
  changed();
  try {
    const headers = { accept: "text/event-stream" };
    if (state.token) headers.authorization = `Bearer ${state.token}`;
    if (lastId) headers["last-event-id"] = lastId;
    const answer = await fetch(asked, { headers, signal: own.signal, cache: "no-store" });
    if (!answer.ok) {
      const problem = await answer.json().catch(() => ({}));
      if (state.tap.running && answer.status !== 503) {
        // It is the tap that was refused: go on without it.
        Object.assign(state.tap, { running: false, refused: problem.detail ?? `The answer was ${answer.status}.` });
        pause = 0;
      }
      throw new Error(problem.detail);
    }
    pause = 500;
    await read(answer.body.getReader());
  } catch {
    // Whatever ended it, it is opened again.
  }
  if (own.signal.aborted) return;
  state.live.status = "lost";
  changed();
  setTimeout(() => {
    if (!own.signal.aborted) follow(own);
  }, pause);
  pause = Math.min(pause * 2 || 500, 8000);
}

async function read(reader) {
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    state.live.at = performance.now();
    text += decoder.decode(value, { stream: true });
    const messages = text.split("\n\n");
    text = messages.pop();
    for (const message of messages) take(message);
    changed();
  }
}

function take(message) {
  let event = "message";
  let data = "";
  for (const line of message.split("\n")) {
    const at = line.indexOf(":");
    const [name, value] = [line.slice(0, at), line.slice(at + 1).replace(/^ /, "")];
    if (name === "event") event = value;
    else if (name === "data") data += value;
    else if (name === "id") lastId = value;
  }
  if (data) handlers[event]?.(JSON.parse(data));
}

function keep(list, entry, most) {
  list.unshift(entry);
  if (list.length > most) list.length = most;
}

let isStale = false;
// States tell one change; the row has what follows from it.
function soon() {
  if (isStale) return;
  isStale = true;
  setTimeout(() => {
    isStale = false;
    loadInstances();
    refresh("v1/instances/", "v1/graph", "v1/schedules", "v1/config", "v1/audit");
  }, 150);
}

const handlers = {
  hello(hello) {
    state.live.status = "live";
    state.live.refused = hello.refused ?? {};
    state.tap.refused = hello.refused?.[`tap:${state.tap.pattern}`] ?? null;
    loadInstances();
  },
  state(change) {
    const row = state.instances.get(change.instance);
    if (row) Object.assign(row, { state: change.state, cause: change.cause ?? null, next: null });
    keep(state.timeline, { kind: "state", ...change }, 500);
    soon();
  },
  operation(operation) {
    keep(state.timeline, { kind: "operation", ...operation }, 500);
    soon();
  },
  rates: takeRates,
  log(line) {
    keep(state.logs, line, 500);
  },
  tap(event) {
    keep(state.tap.events, event, 200);
  },
  dropped(counts) {
    if (counts.topic?.startsWith("tap:")) state.tap.counts = counts;
  },
  bye() {
    state.live.status = "ended";
  },
};
