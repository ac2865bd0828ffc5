// The whole at a glance: what an operator asks first.

import { h } from "./dom.js";
import { known, state } from "./state.js";
import { badge, bytes, count, empty, instanceLink, link, loaded, mood, panel, rate, spark, table, td, whatNext } from "./parts.js";
import { entries } from "./timeline.js";

export function overview() {
  const rows = [...state.instances.values()];
  const bad = rows.filter((row) => !row.ready);
  const last = state.totals.at(-1) ?? { in: 0, errors: 0, queued: 0 };
  const status = known("v1/status", { every: 5000 });
  const figures = [
    figure("Instances ready", `${count(rows.length - bad.length)} of ${count(rows.length)}`, bad.length ? "bad" : "good"),
    figure("Events handled per second", rate(last.in), "", state.totals.map((total) => total.in)),
    figure("Failures per second", rate(last.errors), last.errors > 0 ? "bad" : "", state.totals.map((total) => total.errors)),
    figure("Events that wait", count(status.value?.backlog ?? last.queued), "", state.totals.map((total) => total.queued)),
    figure("Memory of the process", bytes(status.value?.process?.memory), ""),
    figure("Processors kept busy", status.value ? (status.value.process?.cpu_share ?? 0).toFixed(2) : "–", ""),
  ];
  return [
    h("h1", null, "Overview"),
    panel("The service", { right: "state:read", command: "app ps", wide: true }, h("div", { class: "figures" }, figures)),
    panel("What needs a look", { right: "state:read", command: "app ps" }, needsLook(rows, status.value?.config)),
    panel("Where events fail or wait", { right: "state:read", command: "app graph" }, edges()),
    panel("What happened last", { right: "state:read", command: "app audit" }, entries(state.timeline.slice(0, 8))),
  ];
}

function figure(name, value, className, values) {
  return h(
    "div",
    { class: `figure ${className}`, key: name },
    h("span", { class: "figure-name" }, name),
    h("strong", null, value),
    values && spark(values, { label: `${name}, the last two minutes`, width: 160, height: 30 }),
  );
}

function needsLook(rows, config) {
  const bad = rows.filter((row) => !row.ready || row.errors?.per_second > 0);
  return [...rejected(config ?? {}), instancesToLookAt(bad)];
}

// A config that was not applied, and what holds in the place of the files.
function rejected({ last_attempt: attempt, rollback }) {
  const told = [
    attempt?.error && `${attempt.operation} by ${attempt.by} at ${attempt.at}: ${attempt.error}`,
    rollback && `Config ${rollback.generation} holds in the place of the files until one of them changes.`,
  ];
  return told.filter(Boolean).map((text) => h("p", { class: "problem", key: text }, text));
}

function instancesToLookAt(bad) {
  if (bad.length === 0) return empty("Every instance is ready, and none fails.");
  const line = (row) =>
    h("tr", { key: row.instance }, td(instanceLink(row.instance)), td(badge(row.state, mood(row))), td([row.cause ?? row.last_error ?? "", whatNext(row) && h("small", null, ` ${whatNext(row)}`)]));
  return table("Instances that need a look", ["instance", "state", "why"], bad.slice(0, 20).map(line));
}

// The edges of the graph that carry trouble, the worst first.
function edges() {
  return loaded(known("v1/graph", { every: 3000 }), (graph) => {
    const trouble = ({ live }) => live && (live.dead || live.failing || live.dropped || live.waiting > 0);
    const bad = graph.edges.filter(trouble).sort((one, other) => weight(other.live) - weight(one.live));
    if (bad.length === 0) return empty("No event waits, fails or is dropped.");
    const line = ({ from, to, live }) => {
      const [topic, plugin] = [from.slice(from.indexOf(":") + 1), to.slice(to.indexOf(":") + 1)];
      const dead = link(lettersOf(plugin, live), `${count(live.dead)} dead`, { class: "bad-link" });
      return h(
        "tr",
        { key: `${from} ${to}` },
        td(topic), td(instanceLink(plugin)), td(rate(live.rate), "num"), td(live.waiting === null ? "–" : count(live.waiting), "num"),
        td(live.dropped === null ? "–" : count(live.dropped), "num"), td(live.dead ? dead : "0", "num"),
      );
    };
    const head = ["event", "handled by", { name: "per second", class: "num" }, { name: "waiting", class: "num" }, { name: "dropped", class: "num" }, { name: "dead letters", class: "num" }];
    return table("Edges with trouble", head, bad.slice(0, 20).map(line));
  });
}

const weight = (live) => live.dead * 1e6 + live.failing * 1e3 + (live.dropped ?? 0) * 10 + (live.waiting ?? 0);

export const lettersOf = (plugin, live) =>
  `#/dead-letters?plugin=${encodeURIComponent(plugin)}${live.handlers.length === 1 ? `&handler=${encodeURIComponent(live.handlers[0])}` : ""}&open=first`;
