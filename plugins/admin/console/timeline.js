// What happened: states that changed, and operations with who asked for them, beside the curves.

import { h } from "./dom.js";
import { state } from "./state.js";
import { badge, clock, empty, instanceLink, panel, spark, table, td } from "./parts.js";

export function timeline() {
  return [
    h("h1", null, "Timeline"),
    panel("The last two minutes", { right: "state:read", command: "app top", wide: true }, curves()),
    panel("States and operations", { right: "state:read", command: "app audit", wide: true }, entries(state.timeline)),
  ];
}

function curves() {
  if (state.totals.length < 2) return empty("The curves begin with the first seconds that this page hears of.");
  const from = state.totals[0].at;
  const range = Math.max(state.totals.at(-1).at - from, 1);
  const marks = state.timeline
    .map((entry) => ({ ...entry, when: new Date(entry.at).getTime() }))
    .filter((entry) => entry.when >= from);
  const curve = (name, key) =>
    h(
      "figure",
      { class: "curve", key },
      h("figcaption", null, name),
      h(
        "div",
        { class: "curve-box" },
        spark(state.totals.map((total) => total[key]), { label: name, width: 600, height: 60 }),
        marks.map((entry, at) =>
          h("span", {
            key: at,
            class: `mark ${entry.kind} ${entry.state ?? entry.outcome}`,
            style: { left: `${(((entry.when - from) / range) * 100).toFixed(2)}%` },
            title: `${clock(entry.at)} ${entry.instance ?? entry.plugin ?? "all"} ${entry.state ?? entry.operation}`,
          }),
        ),
      ),
    );
  return [curve("Events handled per second", "in"), curve("Failures per second", "errors"), curve("Events that wait", "queued")];
}

export function entries(list) {
  const line = (entry, at) =>
    h(
      "tr",
      { key: `${entry.at} ${entry.kind} ${entry.instance ?? entry.plugin} ${list.length - at}` },
      td(clock(entry.at), "time"),
      td(entry.kind === "state" ? instanceLink(entry.instance) : entry.plugin ? instanceLink(entry.plugin) : "all plugins"),
      td(entry.kind === "state" ? badge(entry.state) : [h("strong", null, entry.operation), " ", badge(entry.outcome)]),
      td(entry.by ? `by ${entry.by}` : ""),
      td(entry.cause ?? entry.error ?? ""),
    );
  return table("What happened", ["time", "instance", "what", "who", "why"], list.map(line), { none: "Nothing has happened since this page was opened." });
}
