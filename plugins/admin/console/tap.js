// Events as they pass, by topic and by what is in them; and what was left out is said.

import { h } from "./dom.js";
import { changed, state } from "./state.js";
import { button, clock, count, empty, field, input, panel } from "./parts.js";
import { openStream } from "./stream.js";

export function tap() {
  const { tap: own } = state;
  const change = (key) => (value) => {
    own[key] = value;
    changed();
  };
  const go = (event) => {
    event?.preventDefault();
    own.running = !own.running;
    own.refused = null;
    if (own.running) Object.assign(own, { events: [], counts: null });
    openStream();
    changed();
  };
  const quoted = (text) => (/[\s*"'&|>]/.test(text) ? `'${text}'` : text);
  const command = `app tap ${quoted(own.pattern)}${own.filter ? ` --filter ${quoted(own.filter)}` : ""}${own.sample !== "1" ? ` --sample ${own.sample}` : ""}${own.limit ? ` --limit ${own.limit}` : ""}`;
  return [
    h("h1", null, "Tap"),
    panel(
      "Events as they pass",
      { right: "tap:read", command, wide: true },
      h(
        "form",
        { class: "controls", onsubmit: go },
        field("Topics", input(own.pattern, change("pattern"), { class: "search", disabled: own.running || undefined, placeholder: "user.*" })),
        field("Filter", input(own.filter, change("filter"), { disabled: own.running || undefined, placeholder: 'user_id == "ann" && total_cents > 100' })),
        field("Most per second", input(own.limit, change("limit"), { type: "number", min: "1", disabled: own.running || undefined })),
        field("One of", input(own.sample, change("sample"), { type: "number", min: "1", disabled: own.running || undefined })),
        button(own.running ? "Stop the tap" : "Begin", undefined, { type: "submit", kind: "primary", right: "tap:read" }),
      ),
      h("p", { class: "counts", role: "status" }, said(own)),
      own.events.length === 0 ? empty(own.running ? "No event has passed yet." : "A tap holds no event up: a slow one loses its own events, and says how many.") : h("ol", { class: "events" }, own.events.map(line)),
    ),
  ];
}

function said({ running, counts, refused, events }) {
  if (refused) return h("span", { class: "problem" }, refused);
  if (counts) return `seen ${count(counts.seen)} · shown ${count(counts.shown)} · lost ${count(counts.lost)}`;
  return running ? `shown ${count(events.length)}, nothing left out` : "";
}

function line(event) {
  return h(
    "li",
    { key: `${event.id} ${event.at}` },
    h(
      "details",
      null,
      h("summary", null, h("time", null, clock(event.at)), " ", h("strong", null, event.topic), " ", h("span", { class: "from" }, event.publisher), " ", h("code", null, JSON.stringify(event.payload)?.slice(0, 160))),
      h("pre", { tabindex: "0" }, event.left_out_bytes ? `${count(event.left_out_bytes)} bytes, too long to be shown` : JSON.stringify(event.payload, null, 2)),
      h("p", null, `id ${event.id}`, event.trace && [" · trace ", h("code", null, event.trace)]),
    ),
  );
}
