// Schedules, the audit log, and the log.

import { h } from "./dom.js";
import { ask, changed, known, may, note, part, refresh, state } from "./state.js";
import { badge, button, clock, count, input, instanceLink, loaded, moment, panel, problem, select, shown, table, td } from "./parts.js";

let failed = null;

export function schedules() {
  return [
    h("h1", null, "Schedules"),
    panel("Methods that run at times of their own", { right: "state:read", command: "app schedules", wide: true }, failed && problem(failed), may("state:read") && loaded(known("v1/schedules", { every: 3000 }), ({ schedules: list }) => table("Schedules", ["plugin", "schedule", "state", "timing", "next", "done", "failed", "do"], list.map(schedule), { none: "No plugin has a schedule." }))),
  ];
}

function schedule(one) {
  const act = (action) => async () => {
    const answer = await ask("POST", `v1/plugins/${part(one.plugin)}/schedules/${part(one.schedule)}/${action}`);
    failed = answer.ok ? null : answer.problem;
    if (answer.ok) note(`${action}: ${one.plugin} ${one.schedule}`);
    refresh("v1/schedules");
  };
  const isPaused = one.state === "paused";
  return h(
    "tr",
    { key: `${one.plugin} ${one.schedule}` },
    td(instanceLink(one.plugin)), td(one.schedule), td(badge(one.state)), td(one.timing), td(one.next ? moment(one.next) : "–", "time"), td(count(one.completed), "num"), td(count(one.failed), "num"),
    td([button(isPaused ? "Resume" : "Pause", act(isPaused ? "resume" : "pause"), { right: "operate" }), button("Run now", act("run"), { right: "operate" })], "acts"),
  );
}

const audited = { user: "", action: "", outcome: "", before: "" };

export function audit() {
  const wanted = new URLSearchParams({ limit: "100" });
  for (const [key, value] of Object.entries(audited)) if (value) wanted.set(key, value);
  const change = (key) => (value) => {
    audited[key] = value;
    audited.before = "";
    changed();
  };
  const show = (page) => {
    const line = (entry) => h("tr", { key: entry.id }, td(moment(entry.time), "time"), td(entry.user ?? entry.actor), td(entry.action), td(entry.plugin ?? ""), td(badge(entry.outcome)), td(entry.address ?? ""), td(entry.detail ?? "", "error-cell", { title: entry.detail }));
    const older = () => {
      audited.before = page.next;
      changed();
    };
    const newest = () => {
      audited.before = "";
      changed();
    };
    return [
      table("The audit log", ["time", "who", "what", "plugin", "outcome", "from", "detail"], page.lines.map(line), { none: "No line fits." }),
      h("div", { class: "actions" }, audited.before && button("Newest", newest), page.next && button("Older", older)),
    ];
  };
  return [
    h("h1", null, "Audit"),
    panel(
      "Who did what",
      { right: "state:read", command: `app audit${audited.user ? ` --user ${audited.user}` : ""}${audited.outcome ? ` --outcome ${audited.outcome}` : ""}`, wide: true },
      h(
        "div",
        { class: "controls" },
        input(audited.user, change("user"), { type: "search", class: "search", placeholder: "Who  /", "aria-label": "Who" }),
        input(audited.action, change("action"), { placeholder: "What: restart", "aria-label": "What" }),
        select(audited.outcome, [{ value: "", text: "every outcome" }, "done", "denied", "failed"], change("outcome"), { "aria-label": "Outcome" }),
      ),
      may("state:read") && loaded(known(`v1/audit?${wanted}`, { every: 5000 }), show),
    ),
  ];
}

const LEVELS = ["error", "warn", "info", "debug", "trace"];
const logged = { plugin: "", level: "info", search: "" };

export function logs() {
  const change = (key) => (value) => {
    logged[key] = value;
    changed();
  };
  const fits = (line) =>
    LEVELS.indexOf(line.level) <= LEVELS.indexOf(logged.level) && (!logged.plugin || line.plugin?.includes(logged.plugin)) && (!logged.search || `${line.message} ${JSON.stringify(line.fields ?? {})}`.toLowerCase().includes(logged.search.toLowerCase()));
  const before = known("v1/logs?limit=300");
  const first = state.logs.at(-1)?.number ?? Infinity;
  const older = (before.value?.lines ?? []).filter((line) => line.number < first).reverse();
  const list = [...state.logs, ...older].filter(fits).slice(0, 400);
  const line = (one) =>
    h("tr", { key: one.number }, td(clock(one.at), "time"), td(badge(one.level)), td(one.plugin ? instanceLink(one.plugin) : one.target), td([one.message, Object.keys(one.fields).length > 0 && h("small", null, Object.entries(one.fields).map(([key, value]) => `${key}=${shown(value)}`).join(" "))], "message"));
  return [
    h("h1", null, "Logs"),
    panel(
      "The log as it is written",
      { right: "state:read", command: `app logs${logged.plugin ? ` ${logged.plugin}` : ""} -f --level ${logged.level}`, wide: true },
      h(
        "div",
        { class: "controls" },
        input(logged.search, change("search"), { type: "search", class: "search", placeholder: "Search  /", "aria-label": "Search the log" }),
        input(logged.plugin, change("plugin"), { placeholder: "Plugin", "aria-label": "Plugin" }),
        select(logged.level, LEVELS, change("level"), { "aria-label": "Level" }),
      ),
      before.problem && list.length === 0 && problem(before.problem),
      table("The log", ["time", "level", "plugin", "line"], list.map(line), { none: "No line fits." }),
    ),
  ];
}
