// The config of one plugin: every value with who said so, and changes that are checked, planned and then
// applied.

import { h } from "./dom.js";
import { ask, changed, known, may, note, part, refresh } from "./state.js";
import { badge, button, empty, input, loaded, panel, problem, select, shown, table, td } from "./parts.js";

// What is edited: { plugin, set: { key: text }, unset: [key], plan, problem, busy }.
let edit = null;

const pathOf = (plugin) => `v1/config/${part(plugin)}`;

export function configPanel(plugin) {
  if (edit?.plugin !== plugin) edit = { plugin, set: {}, unset: new Set(), plan: null, problem: null, done: null };
  return panel(
    "Config",
    { right: "config:read", command: `app config show ${plugin}`, wide: true },
    may("config:read") && loaded(known(pathOf(plugin)), (config) => form(plugin, config)),
    may("config:read") && history(),
  );
}

// The values as a list of { key, value, origin }, keys without the plugin's name in front.
function values(plugin, config) {
  const list = config.values ?? config.config ?? config.keys ?? [];
  return list.map((entry) => ({ ...entry, key: entry.key.startsWith(`${plugin}.`) ? entry.key.slice(plugin.length + 1) : entry.key }));
}

// What a schema says of a key; `$ref` and `anyOf` with `null` are looked through.
function schemaOf(schema, key) {
  let at = resolve(schema, schema);
  for (const name of key.split(".")) {
    at = resolve(schema, at?.properties?.[name] ?? (typeof at?.additionalProperties === "object" ? at.additionalProperties : null));
  }
  return at ?? {};
}

function resolve(root, at) {
  for (let turns = 0; at && turns < 8; turns += 1) {
    if (at.$ref) at = at.$ref.replace(/^#\//, "").split("/").reduce((node, name) => node?.[name.replaceAll("~1", "/").replaceAll("~0", "~")], root);
    else if (at.anyOf?.length === 2 && at.anyOf.some((one) => one.type === "null")) at = { ...at.anyOf.find((one) => one.type !== "null"), nullable: true };
    else if (at.allOf?.length === 1) at = { ...at, ...at.allOf[0], allOf: undefined };
    else break;
  }
  return at;
}

const typeOf = (schema) => [schema.type ?? []].flat().find((type) => type !== "null") ?? (schema.enum || schema.oneOf?.every((one) => "const" in one) ? "string" : null);
const wordsOf = (schema) => schema.enum?.filter((word) => word !== null) ?? (schema.oneOf?.every((one) => "const" in one) ? schema.oneOf.map((one) => one.const) : null);

// What is typed, as a value; or why it is none.
function read(text, schema) {
  const type = typeOf(schema);
  const words = wordsOf(schema);
  if (words && !words.map(String).includes(text)) return { error: `write one of ${words.join(", ")}` };
  if (words) return { value: words.find((word) => String(word) === text) };
  if (type === "boolean") return text === "true" || text === "false" ? { value: text === "true" } : { error: "write true or false" };
  if (type === "integer" || type === "number") {
    const value = Number(text);
    if (text.trim() === "" || Number.isNaN(value)) return { error: "write a number" };
    if (type === "integer" && !Number.isInteger(value)) return { error: "write a whole number" };
    if (schema.minimum !== undefined && value < schema.minimum) return { error: `${schema.minimum} is the least` };
    if (schema.maximum !== undefined && value > schema.maximum) return { error: `${schema.maximum} is the most` };
    return { value };
  }
  if (type === "array" || type === "object") {
    try {
      return { value: JSON.parse(text) };
    } catch {
      return { error: "write it as JSON" };
    }
  }
  if (schema.minLength !== undefined && text.length < schema.minLength) return { error: `${schema.minLength} letters are the least` };
  if (schema.maxLength !== undefined && text.length > schema.maxLength) return { error: `${schema.maxLength} letters are the most` };
  if (schema.pattern) {
    try {
      if (!new RegExp(schema.pattern, "u").test(text)) return { error: `it does not fit ${schema.pattern}` };
    } catch {
      // A pattern of another dialect: the service checks it.
    }
  }
  return { value: text };
}

function origin(from) {
  if (!from) return "";
  if (typeof from === "string") return from;
  const { from: kind, path, name, line, column, by, at, variable } = from;
  const place = path ?? name ?? variable ?? "";
  return [kind === "file" ? "" : kind, place && (line ? `${place}:${line}:${column}` : place), by && `by ${by}`, at && `at ${at}`].filter(Boolean).join(" ");
}

function form(plugin, config) {
  const entry = known(`${pathOf(plugin)}/schema`);
  const schema = entry.value?.schema ?? entry.value ?? {};
  const list = values(plugin, config);
  const issues = {};
  for (const [key, text] of Object.entries(edit.set)) {
    const { error } = read(text, schemaOf(schema, key));
    if (error) issues[key] = error;
  }
  const line = (one) => valueLine(one, schemaOf(schema, one.key), issues[one.key]);
  const isChanged = Object.keys(edit.set).length > 0 || edit.unset.size > 0;
  const isSound = isChanged && Object.keys(issues).length === 0;
  return [
    table(`Config of ${plugin}`, ["key", "value", "who said so", "do"], list.map(line), { none: "It has no config." }),
    h(
      "div",
      { class: "actions" },
      button("Plan", () => send(plugin, schema, true), { right: "config:write", busy: !isSound || edit.busy, title: "Say what would change, and change nothing" }),
      button("Apply", () => send(plugin, schema, false), { right: "config:write", kind: "primary", busy: !isSound || edit.busy }),
      isChanged && button("Discard", () => { edit = null; changed(); }),
      !may("config:write") && h("span", { class: "lacks" }, "To change it needs the right ", h("code", null, "config:write"), "."),
      isChanged && h("span", { class: "command" }, h("code", null, commandOf(plugin))),
    ),
    h("div", { role: "status", class: "outcome" }, edit.problem && problem(edit.problem), edit.plan && planned(edit.plan, "Would change"), edit.done && planned(edit.done, "Changed")),
  ];
}

function commandOf(plugin) {
  const set = Object.entries(edit.set).map(([key, text]) => `${key}=${/[\s"'$]/.test(text) ? `'${text}'` : text}`);
  if (set.length) return `app config set ${plugin} ${set.join(" ")}`;
  return `app config unset ${plugin} ${[...edit.unset].join(" ")}`;
}

function valueLine({ key, value, origin: from }, schema, issue) {
  const isEdited = key in edit.set;
  const text = isEdited ? edit.set[key] : value === null || value === undefined ? "" : shown(value);
  const id = `issue-${key}`;
  const change = (typed) => {
    edit.unset.delete(key);
    if (typed === (value === null || value === undefined ? "" : shown(value))) delete edit.set[key];
    else edit.set[key] = typed;
    edit.plan = edit.problem = edit.done = null;
    changed();
  };
  const isMasked = typeof value === "string" && /^\*+$|^<.*>$/.test(value);
  const props = { "aria-label": key, "aria-invalid": issue ? "true" : undefined, "aria-describedby": issue ? id : undefined, disabled: !may("config:write") || undefined };
  const words = typeOf(schema) === "boolean" ? ["true", "false"] : wordsOf(schema)?.map(String);
  const isSet = from?.from === "override" || from?.from === "overrides" || from?.from === "operator" || from?.by;
  const back = () => {
    edit.unset.has(key) ? edit.unset.delete(key) : edit.unset.add(key);
    delete edit.set[key];
    edit.plan = edit.problem = edit.done = null;
    changed();
  };
  return h(
    "tr",
    { key, class: isEdited || edit.unset.has(key) ? "edited" : "" },
    td([h("code", null, key), schema.description && h("small", null, schema.description.split("\n")[0])], "key-cell"),
    td([
      words && !isMasked ? select(text, words.includes(text) ? words : ["", ...words], change, props) : input(text, change, props),
      h("small", { class: "issue", id }, issue ?? ""),
    ]),
    td(origin(from), "origin"),
    td(isSet && button(edit.unset.has(key) ? "Keep" : "Take back", back, { right: "config:write", kind: "quiet", title: "Have the files decide again" })),
  );
}

async function send(plugin, schema, isPlan) {
  const set = {};
  for (const [key, text] of Object.entries(edit.set)) set[key] = read(text, schemaOf(schema, key)).value;
  const own = edit;
  const { etag } = known(pathOf(plugin));
  Object.assign(own, { busy: true, problem: null, plan: null, done: null });
  changed();
  const body = { set, unset: [...own.unset], dry_run: isPlan };
  const answer = await ask("PATCH", pathOf(plugin), body, etag ? { "if-match": etag } : {});
  own.busy = false;
  if (!answer.ok) {
    own.problem = answer.problem;
    if (answer.status === 412) refresh("v1/config");
  } else if (isPlan) {
    own.plan = answer.data;
  } else {
    Object.assign(own, { set: {}, unset: new Set(), done: answer.data });
    note(`The config of ${plugin} is applied.`);
    refresh("v1/config", "v1/instances/", "v1/graph");
  }
  changed();
}

function planned(outcome, title) {
  const plan = outcome.plan ?? outcome.outcome ?? outcome;
  const changes = plan.changes ?? [];
  const line = (change) => h("tr", { key: change.plugin }, td(change.plugin), td(badge(change.action)), td((change.keys ?? []).join(", ")), td(change.took_us ? `${(change.took_us / 1000).toFixed(1)} ms` : "", "num"));
  return [h("h3", null, title), table(title, ["instance", "what", "because of", "took"], changes.map(line), { none: "Nothing that runs changes." })];
}

function history() {
  return h(
    "details",
    { class: "more" },
    h("summary", null, "Configs that were applied"),
    loaded(known("v1/config/history", { every: 10000 }), (data) => {
      const list = data.generations ?? data.history ?? data ?? [];
      const line = (one) => h("tr", { key: one.number }, td(one.number, "num"), td(one.time), td(one.by), td(one.running ? badge("runs", "good") : button("Roll back", () => rollback(one.number), { right: "config:write" })));
      return Array.isArray(list) ? table("Configs that were applied", ["number", "applied", "by", "do"], list.map(line), { none: "None is kept." }) : empty("None is kept.");
    }),
  );
}

async function rollback(generation) {
  const answer = await ask("POST", "v1/config/rollback", { generation });
  if (answer.ok) note(`The config ${generation} is back.`);
  else edit.problem = answer.problem;
  refresh("v1/config", "v1/instances/", "v1/graph");
}
