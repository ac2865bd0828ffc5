// The graph, drawn where the service says: what flows on its edges, what waits, and what fails.

import { h } from "./dom.js";
import { changed, known, state } from "./state.js";
import { badge, button, count, empty, input, instanceLink, link, loaded, mood, panel, rate, table, td } from "./parts.js";
import { lettersOf } from "./overview.js";

const view = { chosen: null, search: "", zoom: 0 };

export function graph() {
  view.chosen = state.page.query.get("node") ?? view.chosen;
  return [
    h("h1", null, "Graph"),
    panel("Plugins, services and events", { right: "state:read", command: "app graph --format svg", wide: true }, loaded(known("v1/graph", { every: 2000 }), drawn)),
  ];
}

const nameOf = (id) => id.slice(id.indexOf(":") + 1);

function choose(id) {
  view.chosen = view.chosen === id ? null : id;
  changed();
}

// All that leads to a node, and all that it leads to.
function lit(edges, id) {
  const nodes = new Set([id]);
  for (const [from, to] of [["from", "to"], ["to", "from"]]) {
    const open = [id];
    const seen = new Set(open);
    while (open.length) {
      const node = open.pop();
      for (const edge of edges) {
        if (edge[from] === node && !seen.has(edge[to])) {
          seen.add(edge[to]);
          nodes.add(edge[to]);
          open.push(edge[to]);
        }
      }
    }
  }
  return nodes;
}

function drawn(data) {
  const search = view.search.toLowerCase();
  let nodes = null;
  if (search) nodes = new Set(data.nodes.filter((node) => node.name.toLowerCase().includes(search)).map((node) => node.id));
  else if (view.chosen) nodes = lit(data.edges, view.chosen);
  const scale = view.zoom || 1;
  const isLit = (edge) => !nodes || (nodes.has(edge.from) && nodes.has(edge.to));
  return [
    h(
      "div",
      { class: "controls" },
      input(view.search, (text) => { view.search = text; changed(); }, { type: "search", class: "search", placeholder: "Search  /", "aria-label": "Search the graph" }),
      button("Smaller", () => { view.zoom = Math.max(0.4, scale / 1.2); changed(); }),
      button("Larger", () => { view.zoom = Math.min(2.5, scale * 1.2); changed(); }),
      button("Whole", () => { view.zoom = 0; view.chosen = null; view.search = ""; changed(); }),
      h("ul", { class: "legend", "aria-label": "Colours" }, ["flows", "waits", "fails"].map((word) => h("li", { class: word, key: word }, word))),
    ),
    h(
      "div",
      { class: "scroll drawing", tabindex: "0", role: "region", "aria-label": "The drawing" },
      h(
        "svg",
        {
          viewBox: `0 0 ${data.width} ${data.height}`,
          width: String(Math.round(data.width * scale)),
          height: String(Math.round(data.height * scale)),
          class: view.zoom ? "" : "fit",
          role: "group",
          "aria-label": "Plugins, services and events",
        },
        h(
          "defs",
          null,
          ["", "flows", "waits", "fails"].map((kind) =>
            h(
              "marker",
              { key: kind, id: `arrow${kind}`, class: `arrow ${kind}`, viewBox: "0 0 8 8", refX: "7", refY: "4", markerWidth: "7", markerHeight: "7", markerUnits: "userSpaceOnUse", orient: "auto" },
              h("path", { d: "M0 1 8 4 0 7z" }),
            ),
          ),
        ),
        data.edges.map((edge) => edgeOf(edge, isLit(edge))),
        data.nodes.map((node) => nodeOf(node, !nodes || nodes.has(node.id))),
        data.edges.filter((edge) => edge.live && words(edge.live)).map((edge) => labelOf(edge, isLit(edge))),
      ),
    ),
    detail(data),
  ];
}

function carries(live) {
  if (!live) return "";
  if (live.dead || live.failing || Object.keys(live.dropped).length) return "fails";
  if (live.waiting) return "waits";
  return live.rate > 0 ? "flows" : "";
}

function words(live) {
  const said = [];
  if (live.rate > 0) said.push(`${rate(live.rate)}/s`);
  if (live.waiting) said.push(`${count(live.waiting)} wait`);
  for (const [reason, events] of Object.entries(live.dropped)) {
    said.push(`${count(events)} dropped (${reason})`);
  }
  if (live.dead) said.push(`${count(live.dead)} dead`);
  else if (live.failing > 0) said.push(`${rate(live.failing)}/s fail`);
  return said.join(" · ");
}

function curve(points) {
  let path = "";
  points.forEach(([x, y], at) => {
    if (at === 0) path = `M${x} ${y}`;
    else if (points[at - 1][0] === x) path += `V${y}`;
    else {
      const [before, above] = points[at - 1];
      const middle = (above + y) / 2;
      path += `C${before} ${middle} ${x} ${middle} ${x} ${y}`;
    }
  });
  return path;
}

const idOf = (edge) => `${edge.from} ${edge.to} ${edge.kind}`;

function edgeOf(edge, isLit) {
  const kind = carries(edge.live);
  return h("path", { key: idOf(edge), class: `edge ${edge.kind} ${kind}${isLit ? "" : " dim"}`, d: curve(edge.points), "marker-end": `url(#arrow${kind})` });
}

// What an edge carries, in words; where events are dead, it leads to them.
function labelOf(edge, isLit) {
  const [x, y] = edge.points.at(-1);
  const text = words(edge.live);
  const width = text.length * 6.3 + 10;
  const kind = carries(edge.live);
  const label = [
    h("rect", { key: "box", x: String(x - width / 2), y: String(y - 27), width: String(width), height: "17", rx: "4" }),
    h("text", { key: "text", x: String(x), y: String(y - 18) }, text),
  ];
  const className = `label ${kind}${isLit ? "" : " dim"}`;
  const key = `label ${idOf(edge)}`;
  if (!edge.live.dead) return h("g", { key, class: className }, label);
  return h("a", { key, class: className, href: lettersOf(nameOf(edge.to), edge.live), "aria-label": `${nameOf(edge.from)} to ${nameOf(edge.to)}: ${text}` }, label);
}

function outline({ kind, x, y, width, height }) {
  const [left, top, half] = [x - width / 2, y - height / 2, height / 2];
  const [right, bottom] = [left + width, top + height];
  switch (kind) {
    case "service": return `M${left + half} ${top}H${right - half}a${half} ${half} 0 0 1 0 ${height}H${left + half}a${half} ${half} 0 0 1 0 -${height}z`;
    case "event": return `M${left + 8} ${top}H${right - 8}L${right} ${y}L${right - 8} ${bottom}H${left + 8}L${left} ${y}z`;
    case "request": return `M${left + 8} ${top}H${right}L${right - 8} ${bottom}H${left}z`;
    case "around": return `M${left + 8} ${top}H${right - 8}L${right} ${top + 8}V${bottom - 8}L${right - 8} ${bottom}H${left + 8}L${left} ${bottom - 8}V${top + 8}z`;
    default: return `M${left} ${top}H${right}V${bottom}H${left}z`;
  }
}

function nodeOf(node, isLit) {
  const row = node.kind === "plugin" ? state.instances.get(node.name) : null;
  const pressed = (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    choose(node.id);
  };
  return h(
    "g",
    {
      key: node.id,
      class: `node ${node.kind}${node.off ? " off" : ""}${isLit ? "" : " dim"}${view.chosen === node.id ? " chosen" : ""}`,
      tabindex: "0", role: "button", "aria-pressed": String(view.chosen === node.id),
      "aria-label": `${node.kind} ${node.name}${row ? `, ${row.state}` : node.off ? ", off" : ""}`,
      onclick: () => choose(node.id), onkeydown: pressed,
    },
    h("path", { d: outline(node) }),
    row && h("circle", { class: `dot ${mood(row)}`, cx: String(node.x - node.width / 2 + 9), cy: String(node.y), r: "3.5" }),
    h("text", { x: String(node.x + (row ? 4 : 0)), y: String(node.y) }, node.name),
  );
}

// What the chosen node is, and what its edges carry.
function detail(data) {
  const node = data.nodes.find((one) => one.id === view.chosen);
  if (!node) return empty("Choose a node to light all that leads to it and from it. A red figure leads to the dead letters.");
  const row = state.instances.get(node.name);
  const own = data.edges.filter((edge) => edge.from === node.id || edge.to === node.id);
  const line = (edge) => {
    const other = edge.from === node.id ? edge.to : edge.from;
    const { live } = edge;
    return h(
      "tr",
      { key: idOf(edge) },
      td(edge.from === node.id ? edge.kind.replaceAll("_", " ") : `${edge.kind.replaceAll("_", " ")} this`),
      td(h("button", { class: "quiet", type: "button", onclick: () => choose(other) }, nameOf(other))),
      td(live ? rate(live.rate) : "", "num"),
      td(live ? (live.waiting === null ? "–" : count(live.waiting)) : "", "num"),
      td(live?.dead ? link(lettersOf(nameOf(edge.to), live), `${count(live.dead)} dead`, { class: "bad-link" }) : live ? count(live.failed) : "", "num"),
    );
  };
  return h(
    "div",
    { class: "detail" },
    h("h3", null, node.kind, " ", node.kind === "plugin" && !node.off ? instanceLink(node.name) : node.name, " ", row && badge(row.state, mood(row)), node.off && badge("off")),
    row?.cause && h("p", { class: "problem" }, row.cause),
    table("Edges of the chosen node", ["edge", "with", { name: "per second", class: "num" }, { name: "waiting", class: "num" }, { name: "failed", class: "num" }], own.map(line), { none: "It has no edge." }),
  );
}
