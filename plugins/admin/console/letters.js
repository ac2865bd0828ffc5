// Dead letters: events that a handler failed with for good. Look at one, replay it, drop it; or many.

import { h } from "./dom.js";
import { ask, changed, known, may, note, part, refresh, state } from "./state.js";
import { button, count, input, instanceLink, loaded, moment, needs, panel, problem, sure, table, td } from "./parts.js";

const view = { chosen: new Set(), open: null, failed: null, query: "" };

export function letters() {
  const { query } = state.page;
  const [plugin, handler] = [query.get("plugin") ?? "", query.get("handler") ?? ""];
  const wanted = new URLSearchParams({ limit: "100" });
  if (plugin) wanted.set("plugin", plugin);
  if (handler) wanted.set("handler", handler);
  if (view.query !== query.toString()) Object.assign(view, { query: query.toString(), chosen: new Set(), open: null, failed: null, wantsFirst: query.get("open") === "first" });
  const narrow = (key) => (value) => {
    const next = new URLSearchParams(query);
    next.delete("open");
    value ? next.set(key, value) : next.delete(key);
    location.hash = `#/dead-letters?${next}`;
  };
  return [
    h("h1", null, "Dead letters"),
    panel(
      "Events that a handler failed with for good",
      { right: "state:read", command: `app dead-letters list${plugin ? ` --plugin ${plugin}` : ""}`, wide: true },
      h(
        "div",
        { class: "controls" },
        input(plugin, narrow("plugin"), { type: "search", class: "search", placeholder: "Plugin  /", "aria-label": "Plugin" }),
        input(handler, narrow("handler"), { placeholder: "Handler", "aria-label": "Handler" }),
      ),
      view.failed && problem(view.failed),
      may("state:read") && loaded(known(`v1/dead-letters?${wanted}`, { every: 4000 }), (page) => listed(page, { plugin, handler })),
    ),
  ];
}

function listed(page, filter) {
  const all = page.letters;
  if (view.wantsFirst && all.length) {
    view.wantsFirst = false;
    view.open = all[0].id;
  }
  const ids = [...view.chosen].filter((id) => all.some((letter) => letter.id === id));
  const toggle = (id) => {
    view.chosen.has(id) ? view.chosen.delete(id) : view.chosen.add(id);
    changed();
  };
  const toggleAll = () => {
    view.chosen = ids.length === all.length ? new Set() : new Set(all.map((letter) => letter.id));
    changed();
  };
  const chosen = { ids };
  const matching = { filter: Object.fromEntries(Object.entries(filter).filter(([, value]) => value)) };
  const total = `${count(all.length)}${page.next ? " and more" : ""}`;
  return [
    h(
      "div",
      { class: "actions" },
      button(`Replay ${ids.length} chosen`, () => bulk("replay", chosen), { right: "operate", busy: ids.length === 0 }),
      ids.length > 0 && sure("drop chosen", `Drop ${ids.length} chosen`, `Really drop ${ids.length}?`, () => bulk("drop", chosen), { right: "operate" }),
      all.length > 0 && button(`Replay all ${total}`, () => bulk("replay", matching), { right: "operate" }),
      all.length > 0 && sure("drop all", `Drop all ${total}`, `Really drop all ${total}?`, () => bulk("drop", matching), { right: "operate" }),
    ),
    table(
      "Dead letters",
      [{ name: h("input", { type: "checkbox", "aria-label": "Choose all", checked: ids.length > 0 && ids.length === all.length, onchange: toggleAll }) }, "event", "handler", "when", "attempts", "why", "do"],
      all.flatMap((letter) => [line(letter, toggle), view.open === letter.id && opened(letter)].filter(Boolean)),
      { none: "There is no dead letter." },
    ),
    page.next && h("p", { class: "empty" }, `The first ${count(all.length)} are shown.`),
  ];
}

function line(letter, toggle) {
  const isOpen = view.open === letter.id;
  const show = () => {
    view.open = isOpen ? null : letter.id;
    changed();
  };
  return h(
    "tr",
    { key: letter.id, class: isOpen ? "opened" : "" },
    td(h("input", { type: "checkbox", checked: view.chosen.has(letter.id), "aria-label": `Choose ${letter.id}`, onchange: () => toggle(letter.id) })),
    td(h("button", { type: "button", class: "quiet", "aria-expanded": String(isOpen), onclick: show }, letter.topic)),
    td([instanceLink(letter.plugin), h("small", null, letter.handler)]),
    td(moment(letter.last_at), "time"),
    td(count(letter.attempts), "num"),
    td(letter.error, "error-cell", { title: letter.error }),
    td([button("Replay", () => one("replay", letter.id), { right: "operate", kind: "primary" }), sure(`drop ${letter.id}`, "Drop", "Really?", () => one("drop", letter.id), { right: "operate" })], "acts"),
  );
}

function opened(letter) {
  const body = may("tap:read") ? loaded(known(`v1/dead-letters/${part(letter.id)}`), whole) : [h("p", null, letter.error), needs("tap:read")];
  return h("tr", { key: `open ${letter.id}`, class: "detail-row" }, td(body, "", { colspan: "7" }));
}

function whole(letter) {
  return [
    h("p", { class: "problem" }, letter.error),
    h("pre", { tabindex: "0", "aria-label": "The event" }, JSON.stringify(letter.data, null, 2)),
    h("p", null, `published by ${letter.source}, first failed ${moment(letter.first_at)}, replayed ${count(letter.replays)} times · `, h("code", null, `app dead-letters replay ${letter.id}`)),
  ];
}

async function one(action, id) {
  const path = `v1/dead-letters/${part(id)}`;
  const answer = action === "drop" ? await ask("DELETE", path) : await ask("POST", `${path}/replay`);
  told(action, answer.ok ? 1 : 0, answer.problem);
}

async function bulk(action, body) {
  const answer = await ask("POST", `v1/dead-letters/${action}`, body);
  const { done = [], failed = [], left = 0 } = answer.data ?? {};
  const issues = failed.map((failure) => `${failure.id}: ${failure.detail}`);
  if (left) issues.push(`time was too short for ${count(left)}: do it again`);
  told(action, done.length, answer.problem ?? (issues.length ? { detail: "Not all of them:", issues } : null));
}

function told(action, number, refused) {
  view.failed = refused;
  if (number) note(`${action === "drop" ? "Dropped" : "Replayed"}: ${number}`);
  view.chosen = new Set();
  view.open = null;
  refresh("v1/dead-letters", "v1/graph");
}
