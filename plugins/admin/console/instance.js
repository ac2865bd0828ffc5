// One instance: what it does, why it stands where it does, its limits, and its config.

import { h } from "./dom.js";
import { ask, changed, known, note, part, refresh, state } from "./state.js";
import { badge, button, bytes, count, empty, instanceLink, link, loaded, micros, mood, panel, problem, rate, span, spark, table, td, whatNext } from "./parts.js";
import { configPanel } from "./config.js";

let outcome = null;

export function instance(name) {
  const row = state.instances.get(name);
  if (outcome && outcome.name !== name) outcome = null;
  return [
    h("h1", null, name, " ", row && badge(row.state === "running" && !row.ready ? "not ready" : row.state, mood(row))),
    panel("What it does now", { right: "state:read", command: "app ps", wide: true }, row ? summary(row) : empty("No instance of this name is there: config may have turned it off."), actions(name, row)),
    panel("The last two minutes", { right: "state:read", command: "app top", wide: true }, loaded(known(`v1/history/${part(name)}`, { every: 2000 }), curves)),
    panel("Handlers", { right: "state:read", command: "app ps --format json" }, loaded(known(`v1/instances/${part(name)}`, { every: 2000 }), handlers)),
    panel("Limits", { right: "state:read", command: "app ps" }, loaded(known(`v1/instances/${part(name)}`, { every: 2000 }), limits)),
    panel("Why it is there", { right: "state:read", command: `app explain ${plain(name)}` }, loaded(known("v1/graph", { every: 5000 }), (graph) => explain(graph, name))),
    configPanel(plain(name)),
  ];
}

// The name of the section of config: without the number of a replica.
const plain = (name) => name.split("#")[0];

function summary(row) {
  const fact = (name, value) => [h("dt", { key: `n ${name}` }, name), h("dd", { key: `v ${name}` }, value)];
  return h(
    "dl",
    { class: "facts" },
    fact("state", `${row.state} for ${span(row.in_state_ms + Date.now() - (row.read ?? Date.now()))}`),
    row.cause && fact("cause", row.cause),
    whatNext(row) && fact("next", whatNext(row)),
    fact("plugin", `${row.plugin} ${row.version}, ${row.kind}`),
    fact("restarts", count(row.restarts)),
    fact("events", `${count(row.in?.total)} in, ${count(row.out?.total)} out, ${count(row.errors?.total)} failed`),
    fact("latency", `p50 ${micros(row.p50_us)}, p99 ${micros(row.p99_us)}`),
    fact("queue", `${count(row.queued)} of ${count(row.queue_capacity)}`),
    fact("tasks", count(row.tasks)),
    fact("memory", row.memory === null ? "not counted in this build" : bytes(row.memory)),
    row.last_error && fact("last error", row.last_error),
  );
}

function actions(name, row) {
  const act = (action, options) => operate(name, action, options);
  const one = (action, title) => button(title, () => act(action), { right: "operate", busy: outcome?.busy, title: `app ${action} ${name}` });
  const runs = row && ["running", "starting"].includes(row.state);
  return h(
    "div",
    { class: "actions", role: "group", "aria-label": "Operations" },
    runs ? one("stop", "Stop") : one("start", "Start"),
    runs && one("restart", "Restart"),
    one("reload", "Reload config"),
    h("span", { class: "outcome", role: "status" }, outcome && told(name, act)),
  );
}

function told(name, act) {
  if (outcome.busy) return `${outcome.action}: it is under way …`;
  if (outcome.problem) {
    const { needed_by: neededBy } = outcome.problem;
    return [problem(outcome.problem), neededBy && button(`Stop all ${neededBy.length + 1}`, () => act("stop", { cascade: true }), { right: "operate", kind: "danger" })];
  }
  const { plugins = [], changes = [], accepted, detail } = outcome.data ?? {};
  if (accepted) return detail;
  const done = [...plugins, ...changes.map((change) => `${change.plugin} (${change.action})`)];
  return done.length ? `${outcome.action}: ${done.join(", ")}` : "Nothing has changed.";
}

async function operate(name, action, options = {}) {
  outcome = { name, action, busy: true };
  changed();
  const answer = await ask("POST", `v1/plugins/${part(name)}/${action}`, options);
  outcome = { name, action, ...answer };
  refresh("v1/instances/", "v1/graph", "v1/status");
  if (answer.ok) note(`${action}: ${name}`);
  changed();
}

const CURVES = [
  ["in", "Events per second", rate], ["errors", "Failures per second", rate], ["p99_us", "Latency, 99th percentile", micros],
  ["queued", "Events that wait", count], ["cpu", "Processor", (share) => `${((share ?? 0) * 100).toFixed(1)} %`], ["memory", "Memory", bytes],
];

function curves({ history }) {
  const [seconds] = history;
  const curve = ([key, name, write]) => {
    const values = seconds[key] ?? [];
    const last = values.findLast((value) => value !== null && value !== undefined);
    return h("figure", { class: "curve small", key }, h("figcaption", null, name, " ", h("strong", null, last === undefined ? "–" : write(last))), spark(values, { label: name, width: 300, height: 50 }));
  };
  return h("div", { class: "curves" }, CURVES.map(curve));
}

function handlers(data) {
  const now = new Map((data.rates ?? []).map((rates) => [`${rates.handler} ${rates.topic}`, rates]));
  const line = (handler) =>
    h(
      "tr",
      { key: `${handler.handler} ${handler.topic}` },
      td(handler.handler), td(handler.topic),
      td(rate(now.get(`${handler.handler} ${handler.topic}`)?.in), "num"),
      td(count(handler.received), "num"), td(count(handler.errors), "num"), td(count(handler.retries), "num"),
      td(handler.dead_lettered ? link(`#/dead-letters?plugin=${part(plain(data.instance))}&handler=${part(handler.handler)}&open=first`, count(handler.dead_lettered), { class: "bad-link" }) : "0", "num"),
      td(micros(handler.mean_nanos / 1000), "num"), td(micros(handler.max_nanos / 1000), "num"),
    );
  const num = (name) => ({ name, class: "num" });
  return table("Handlers", ["handler", "topic", num("per second"), num("events"), num("failed"), num("retried"), num("dead letters"), num("mean"), num("longest")], data.handlers.map(line), { none: "It handles no event." });
}

function limits(data) {
  const line = (limit) => h("tr", { key: limit.limit ?? limit.name }, Object.keys(data.limits[0]).map((key) => td(shownLimit(limit[key]))));
  return table("Limits", Object.keys(data.limits[0] ?? {}), data.limits.map(line), { none: "Config limits nothing of it." });
}

const shownLimit = (value) => (value === null || value === undefined ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value));

// What it needs and who needs it, as its edges say.
function explain(graph, name) {
  const id = `plugin:${plain(name)}`;
  const node = graph.nodes.find((one) => one.id === id);
  if (!node) return empty("It is not in the graph.");
  const words = { uses: "uses service", asks: "asks", publishes: "publishes", may_publish: "may publish", requires: "requires", intercepts: "stands around", provided_by: "provides service", answered_by: "answers", handled_by: "handles", may_be_handled_by: "may handle" };
  const ends = (edge) => (edge.from === id ? edge.to : edge.from);
  // Who is at the other side of a service, a request or an event.
  const beyond = (edge) => {
    const middle = ends(edge);
    const others = edge.from === id ? graph.edges.filter((other) => other.from === middle) : graph.edges.filter((other) => other.to === middle);
    return others.map((other) => (edge.from === id ? other.to : other.from)).filter((other) => other.startsWith("plugin:"));
  };
  const line = (edge) =>
    h("tr", { key: `${edge.from} ${edge.to} ${edge.kind}` }, td(words[edge.kind]), td(ends(edge).startsWith("plugin:") ? instanceLink(ends(edge).slice(7)) : ends(edge).split(":").slice(1).join(":")), td(beyond(edge).map((other, at) => [at > 0 && ", ", instanceLink(other.slice(7))])));
  const own = graph.edges.filter((edge) => edge.from === id || edge.to === id);
  return [
    h("p", null, node.off ? "Config has turned it off." : "It is on.", " ", link(`#/graph?node=${part(id)}`, "Show it in the graph")),
    table("What it is bound to", ["it", "what", "with"], own.map(line), { none: "Nothing is bound to it." }),
  ];
}
