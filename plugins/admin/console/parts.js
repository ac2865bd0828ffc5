// Parts that pages are made of.

import { h } from "./dom.js";
import { changed, may, note } from "./state.js";

export const count = (number) => (number ?? 0).toLocaleString("en-US");

export function rate(number) {
  if (number === null || number === undefined) return "–";
  if (number === 0) return "0";
  return number < 10 ? number.toFixed(1) : count(Math.round(number));
}

export function micros(time) {
  if (time === null || time === undefined) return "–";
  if (time < 1000) return `${Math.round(time)} µs`;
  if (time < 1e6) return `${(time / 1000).toFixed(time < 1e4 ? 1 : 0)} ms`;
  return `${(time / 1e6).toFixed(1)} s`;
}

export function bytes(number) {
  if (number === null || number === undefined) return "–";
  if (number < 1e6) return `${(number / 1e3).toFixed(0)} kB`;
  return `${(number / 1e6).toFixed(1)} MB`;
}

export function span(millis) {
  const seconds = Math.round((millis ?? 0) / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
}

export function clock(time) {
  if (!time) return "–";
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? String(time) : date.toLocaleTimeString("en-GB");
}

export function moment(time) {
  if (!time) return "–";
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? String(time) : `${date.toLocaleDateString("en-CA")} ${clock(time)}`;
}

export const shown = (value) => (typeof value === "string" ? value : JSON.stringify(value));

// A part of a page. It shows the command that does the same, and says which right it lacks.
export function panel(title, { command, right, key, wide, extra } = {}, ...content) {
  const lacks = right && !may(right);
  return h(
    "section",
    { class: `panel${wide ? " wide" : ""}`, key, "aria-label": title },
    h("div", { class: "panel-head" }, h("h2", null, title), extra, command && commandLine(command)),
    lacks ? needs(right) : content,
  );
}

export const needs = (right) =>
  h("p", { class: "lacks" }, "This needs the right ", h("code", null, right), ". Use a token whose ", h("code", null, "rights"), " have it.");

export function commandLine(command) {
  const copy = () => navigator.clipboard?.writeText(command).then(() => note("The command is copied."), () => {});
  return h(
    "span",
    { class: "command" },
    h("code", null, command),
    h("button", { class: "quiet", type: "button", onclick: copy, "aria-label": `Copy the command ${command}` }, "Copy"),
  );
}

export function problem(entry) {
  if (!entry) return null;
  const { detail, title, remedy, right, issues } = entry;
  if (right && !may(right)) return needs(right);
  return h(
    "div",
    { class: "problem", role: "alert" },
    h("p", null, detail ?? title),
    issues && h("ul", null, issues.map((issue) => h("li", null, shown(issue)))),
    remedy && remedy !== detail && h("p", null, remedy),
  );
}

// Shows what was asked for: that it is asked for, why there is nothing, or what it is.
export function loaded(entry, show) {
  if (entry.value !== null) return [entry.problem && problem(entry.problem), show(entry.value)];
  if (entry.problem) return problem(entry.problem);
  return h("p", { class: "empty" }, "Loading …");
}

export const empty = (text) => h("p", { class: "empty" }, text);

const MOODS = {
  running: "good", active: "good", done: "good", failed: "bad", error: "bad", denied: "bad", destroyed: "bad",
  starting: "busy", stopping: "busy", initializing: "busy", initialized: "busy", paused: "busy", warn: "busy",
};

export function badge(word, mood = MOODS[word] ?? "idle") {
  return h("span", { class: `badge ${mood}` }, word);
}

export const mood = (row) => (row.state === "running" && !row.ready ? "busy" : MOODS[row.state] ?? "idle");

export function whatNext(row) {
  if (!row.next) return null;
  const left = Math.max(0, row.next.in_ms - (Date.now() - (row.read ?? Date.now())));
  return `again in ${Math.ceil(left / 1000)} s; ${row.next.attempt} of ${row.next.of}`;
}

export function button(text, act, { right, kind = "", title, busy, type = "button" } = {}) {
  const lacks = right && !may(right);
  return h(
    "button",
    {
      type,
      class: kind,
      disabled: busy || lacks || undefined,
      title: lacks ? `needs the right ${right}` : title,
      onclick: lacks ? undefined : act,
    },
    text,
  );
}

// A button that has to be pressed twice.
const armed = new Set();
export function sure(id, text, ask, act, { right } = {}) {
  if (!armed.has(id)) {
    const arm = () => {
      armed.add(id);
      setTimeout(() => {
        armed.delete(id);
        changed();
      }, 4000);
      changed();
    };
    return button(text, arm, { right });
  }
  const go = () => {
    armed.delete(id);
    act();
  };
  return button(ask, go, { right, kind: "danger" });
}

// A table in a region of its own, which is scrolled by itself where it is too wide.
export function table(label, head, rows, { none = "There is nothing." } = {}) {
  if (rows.length === 0) return empty(none);
  const cell = (column) => h("th", { scope: "col", class: column.class ?? "" }, column.name ?? column);
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": `${label}, table` },
    h("table", null, h("thead", null, h("tr", null, head.map(cell))), h("tbody", null, rows)),
  );
}

export const td = (content, className, props) => h("td", { class: className, ...props }, content);

// A curve of the last values; gaps stay gaps.
export function spark(values, { label, width = 110, height = 26, most } = {}) {
  const numbers = values.filter((value) => value !== null && value !== undefined);
  const top = most ?? Math.max(...numbers, 0);
  const step = width / Math.max(values.length - 1, 1);
  const lines = [[]];
  values.forEach((value, at) => {
    if (value === null || value === undefined) {
      if (lines.at(-1).length) lines.push([]);
      return;
    }
    const y = height - 2 - (top > 0 ? (value / top) * (height - 4) : 0);
    lines.at(-1).push(`${(at * step).toFixed(1)},${y.toFixed(1)}`);
  });
  const line = (points, at) => h("polyline", { key: at, points: points.length > 1 ? points.join(" ") : `${points[0]} ${points[0]}` });
  return h(
    "svg",
    { class: "spark", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": label ?? "curve" },
    lines.filter((points) => points.length).map(line),
  );
}

export const link = (href, text, props) => h("a", { href, ...props }, text);
export const instanceLink = (name) => link(`#/instances/${encodeURIComponent(name)}`, name);

export function field(label, control, hint) {
  return h("label", { class: "field" }, h("span", null, label), control, hint && h("small", null, hint));
}

export function input(value, change, props = {}) {
  return h("input", { value, oninput: (event) => change(event.target.value), autocomplete: "off", spellcheck: "false", ...props });
}

export function select(value, options, change, props = {}) {
  const option = (item) => h("option", { value: item.value ?? item, selected: (item.value ?? item) === value }, item.text ?? item);
  return h("select", { onchange: (event) => change(event.target.value), value, ...props }, options.map(option));
}
