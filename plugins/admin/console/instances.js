// All instances: a table of which only the rows are there that are seen.

import { h } from "./dom.js";
import { changed, state } from "./state.js";
import { badge, bytes, count, instanceLink, input, micros, mood, panel, rate, select, spark, td, whatNext } from "./parts.js";

const ROW = 46;
const view = { top: 0, height: 600, search: "", sort: "start order", only: "all" };

const SORTS = {
  "start order": null,
  name: (one, other) => one.instance.localeCompare(other.instance),
  "events per second": (one, other) => (other.in?.per_second ?? 0) - (one.in?.per_second ?? 0),
  "failures per second": (one, other) => (other.errors?.per_second ?? 0) - (one.errors?.per_second ?? 0),
  queued: (one, other) => other.queued - one.queued,
  latency: (one, other) => (other.p99_us ?? 0) - (one.p99_us ?? 0),
  processor: (one, other) => (other.cpu ?? 0) - (one.cpu ?? 0),
  memory: (one, other) => (other.memory ?? 0) - (one.memory ?? 0),
};
const ONLY = {
  all: () => true,
  "not ready": (row) => !row.ready,
  failing: (row) => row.errors?.per_second > 0 || row.state === "failed",
};

export function instances() {
  const search = view.search.toLowerCase();
  let rows = [...state.instances.values()].filter(ONLY[view.only]);
  if (search) rows = rows.filter((row) => `${row.instance} ${row.kind} ${row.state} ${row.cause ?? ""}`.toLowerCase().includes(search));
  if (SORTS[view.sort]) rows.sort(SORTS[view.sort]);
  const controls = h(
    "div",
    { class: "controls" },
    input(view.search, (text) => { view.search = text; changed(); }, { type: "search", placeholder: "Search  /", "aria-label": "Search instances", class: "search" }),
    select(view.only, Object.keys(ONLY), (only) => { view.only = only; changed(); }, { "aria-label": "Which instances" }),
    select(view.sort, Object.keys(SORTS), (sort) => { view.sort = sort; changed(); }, { "aria-label": "Order" }),
    h("span", { class: "total", role: "status" }, `${count(rows.length)} of ${count(state.instances.size)}`),
  );
  return [
    h("h1", null, "Instances"),
    panel("What each one does", { right: "state:read", command: "app ps", wide: true }, controls, rowsOf(rows)),
  ];
}

const HEAD = [
  ["instance", ""], ["state", ""], ["in/s", "num"], ["out/s", "num"], ["fails/s", "num"], ["queued", "num"],
  ["p99", "num"], ["latency", "curve-cell"], ["cpu", "num"], ["memory", "num"], ["its curve", "curve-cell"], ["restarts", "num"],
];

function rowsOf(rows) {
  const first = Math.max(0, Math.min(Math.floor(view.top / ROW) - 6, rows.length - 1));
  const last = Math.min(rows.length, Math.ceil((view.top + view.height) / ROW) + 6);
  const space = (name, number) => h("tr", { key: name, class: "space", "aria-hidden": "true", style: { height: `${number * ROW}px` } });
  const seen = (event) => {
    const { scrollTop, clientHeight } = event.target;
    if (scrollTop === view.top && clientHeight === view.height) return;
    [view.top, view.height] = [scrollTop, clientHeight];
    changed();
  };
  return h(
    "div",
    { class: "scroll virtual", tabindex: "0", role: "region", "aria-label": "Instances, table", onscroll: seen, mounted: (node) => (node.scrollTop = view.top) },
    h(
      "table",
      { class: "instances", "aria-rowcount": String(rows.length + 1) },
      h("thead", null, h("tr", null, HEAD.map(([name, className]) => h("th", { scope: "col", class: className }, name)))),
      h(
        "tbody",
        null,
        space("above", first),
        rows.slice(first, last).map((row, at) => line(row, first + at)),
        space("below", rows.length - last),
      ),
    ),
  );
}

function line(row, at) {
  const ring = state.rings.get(row.instance) ?? { p99: [], memory: [] };
  const before = row.last_error && row.last_error !== row.cause ? `last error: ${row.last_error}` : null;
  const why = [row.cause, whatNext(row), before].filter(Boolean).join("; ");
  return h(
    "tr",
    { key: row.instance, "aria-rowindex": String(at + 2) },
    td([instanceLink(row.instance), h("small", null, `${row.kind} ${row.version}`)]),
    td([badge(row.state === "running" && !row.ready ? "not ready" : row.state, mood(row)), h("small", { title: why }, why)], "state-cell"),
    td(rate(row.in?.per_second), "num"),
    td(rate(row.out?.per_second), "num"),
    td(rate(row.errors?.per_second), row.errors?.per_second > 0 ? "num bad-text" : "num"),
    td([count(row.queued), h("small", null, `of ${count(row.queue_capacity)}`)], "num"),
    td([micros(row.p99_us), row.p50_us !== null && h("small", null, `p50 ${micros(row.p50_us)}`)], "num"),
    td(spark(ring.p99, { label: `latency of ${row.instance}` }), "curve-cell"),
    td(row.cpu === null ? "–" : `${(row.cpu * 100).toFixed(1)} %`, "num"),
    td(bytes(row.memory), "num"),
    td(spark(ring.memory, { label: `memory of ${row.instance}` }), "curve-cell"),
    td(count(row.restarts), "num"),
  );
}
