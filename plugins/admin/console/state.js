// What the console knows, and how it asks the service.

export const state = {
  token: null,
  // The answer of `GET /v1`: versions, and who asks.
  about: null,
  rights: new Set(),
  // The rows of `GET /v1/instances` by name, in start order.
  instances: new Map(),
  // The last two minutes of each instance, as far as they were heard of.
  rings: new Map(),
  // Sums over all instances, second by second.
  totals: [],
  timeline: [],
  logs: [],
  tap: { running: false, pattern: "**", filter: "", limit: "20", sample: "1", events: [], counts: null, refused: null },
  live: { status: "off", at: 0, refused: {} },
  // What was asked for, by its path: { value, problem, etag, at, busy }.
  asked: new Map(),
  page: { name: "overview", parts: [], query: new URLSearchParams() },
  notice: null,
  help: false,
};

const KEPT = 120;
let draw = () => {};
let isDue = false;

export function onChange(render) {
  draw = render;
}

// Has the page drawn anew, once for all changes until the next frame.
export function changed() {
  if (isDue) return;
  isDue = true;
  const now = () => {
    isDue = false;
    draw();
  };
  if (document.hidden) setTimeout(now, 250);
  else requestAnimationFrame(now);
}

export const may = (right) => state.rights.has(right);
export const part = encodeURIComponent;

// Asks the service. Answers { ok, status, data, problem, etag }, whatever happens.
export async function ask(method, path, body, headers = {}) {
  const options = { method, headers: { accept: "application/json", ...headers }, cache: "no-store" };
  if (state.token) options.headers.authorization = `Bearer ${state.token}`;
  if (method !== "GET" && method !== "DELETE") {
    options.headers["content-type"] = "application/json";
    options.body = JSON.stringify(body ?? {});
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    return { ok: false, status: 0, problem: { title: "no answer", detail: "The service does not answer: it may have stopped." } };
  }
  const text = await answer.text();
  let data = null;
  try {
    data = text ? JSON.parse(text) : null;
  } catch {
    data = null;
  }
  if (answer.status === 401 && state.about) signOut("The service does not know this token any more.");
  if (answer.ok) return { ok: true, status: answer.status, data, etag: answer.headers.get("etag") };
  return { ok: false, status: answer.status, problem: data ?? { title: answer.statusText, detail: `The answer was ${answer.status}.` } };
}

// What is at a path: asked for once, and again when `refresh` says so.
export function known(path, { every } = {}) {
  const right = path.startsWith("v1/config") ? "config:read" : "state:read";
  if (!may(right)) return { value: null, problem: { right }, at: 0 };
  let entry = state.asked.get(path);
  if (!entry) {
    entry = { value: null, problem: null, at: 0, busy: false };
    state.asked.set(path, entry);
  }
  const isOld = entry.at === 0 || (every && Date.now() - entry.at > every);
  if (isOld && !entry.busy) load(path, entry);
  return entry;
}

export function refresh(...paths) {
  for (const [path, entry] of state.asked) {
    if (paths.some((start) => path.startsWith(start))) entry.at = 0;
  }
  changed();
}

async function load(path, entry) {
  entry.busy = true;
  const answer = await ask("GET", path);
  entry.busy = false;
  entry.at = Date.now();
  entry.problem = answer.ok ? null : answer.problem;
  if (answer.ok) {
    entry.value = answer.data;
    entry.etag = answer.etag;
  }
  changed();
}

// Signs in with a token; without one, as whoever the connection is.
export async function signIn(token) {
  state.token = token || null;
  const answer = await ask("GET", "v1");
  if (!answer.ok) {
    state.token = null;
    return answer.problem;
  }
  state.about = answer.data;
  state.rights = new Set(answer.data.caller?.rights ?? []);
  if (token) sessionStorage.setItem("token", token);
  await loadInstances();
  changed();
  return null;
}

export function signOut(why) {
  sessionStorage.removeItem("token");
  state.token = null;
  state.about = null;
  state.rights = new Set();
  state.asked.clear();
  state.notice = why ? { text: why, bad: true } : null;
  stop();
  changed();
}

let stop = () => {};
export const onSignOut = (act) => (stop = act);

export async function loadInstances() {
  if (!may("state:read")) return;
  const rows = new Map();
  let cursor = "";
  do {
    const answer = await ask("GET", `v1/instances?limit=1000${cursor && `&cursor=${part(cursor)}`}`);
    if (!answer.ok) break;
    for (const row of answer.data.instances) rows.set(row.instance, { ...row, read: Date.now() });
    cursor = answer.data.next;
  } while (cursor);
  state.instances = rows;
  changed();
}

function keep(ring, value) {
  ring.push(value);
  if (ring.length > KEPT) ring.shift();
}

// Takes over the rates of one second.
export function takeRates({ instances }) {
  for (const rates of instances) {
    const row = state.instances.get(rates.instance);
    if (!row) continue;
    for (const [key, name] of [["in", "in"], ["out", "out"], ["errors", "errors"]]) {
      row[key] = { ...row[key], per_second: rates[name] };
      if (rates[name] > 0) row[key].total = Math.round(row[key].total + rates[name]);
    }
    Object.assign(row, { queued: rates.queued, cpu: rates.cpu, memory: rates.memory, p50_us: rates.p50_us, p99_us: rates.p99_us });
    let ring = state.rings.get(rates.instance);
    if (!ring) state.rings.set(rates.instance, (ring = { p99: [], memory: [] }));
    keep(ring.p99, rates.p99_us);
    keep(ring.memory, rates.memory);
  }
  const total = { in: 0, out: 0, errors: 0, queued: 0, at: Date.now() };
  for (const row of state.instances.values()) {
    total.in += row.in?.per_second ?? 0;
    total.out += row.out?.per_second ?? 0;
    total.errors += row.errors?.per_second ?? 0;
    total.queued += row.queued ?? 0;
  }
  keep(state.totals, total);
}

export function note(text, bad = false) {
  state.notice = { text, bad };
  changed();
}
