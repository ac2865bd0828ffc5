// The page: where it is, who is signed in, and how live it is.

import { h, patch } from "./dom.js";
import { changed, onChange, onSignOut, signIn, signOut, state } from "./state.js";
import { openStream, stopStream } from "./stream.js";
import { field, problem } from "./parts.js";
import { overview } from "./overview.js";
import { instances } from "./instances.js";
import { instance } from "./instance.js";
import { graph } from "./graph.js";
import { timeline } from "./timeline.js";
import { tap } from "./tap.js";
import { letters } from "./letters.js";
import { audit, logs, schedules } from "./lists.js";

const PAGES = {
  overview: ["Overview", "o", overview],
  instances: ["Instances", "i", (parts) => (parts[0] ? instance(parts[0]) : instances())],
  graph: ["Graph", "g", graph],
  timeline: ["Timeline", "t", timeline],
  tap: ["Tap", "p", tap],
  "dead-letters": ["Dead letters", "d", letters],
  schedules: ["Schedules", "s", schedules],
  audit: ["Audit", "a", audit],
  logs: ["Logs", "l", logs],
};

const login = { token: "", problem: null, busy: false };

// Where the address says that the page is: `#/instances/hello-plugin?…`. A one-time link has the token
// in its place; it is read once, and wiped from the address and from the history.
function whereabouts() {
  const text = location.hash.replace(/^#\/?/, "");
  const [path, query] = text.split("?");
  const [name, ...parts] = path.split("/").map(decodeURIComponent);
  const before = state.page.name;
  state.page = { name: PAGES[name] ? name : "overview", parts, query: new URLSearchParams(query ?? "") };
  document.title = `${parts[0] || PAGES[state.page.name][0]} – console`;
  if (before !== state.page.name || parts[0]) document.querySelector("main")?.scrollTo(0, 0);
  changed();
}

async function begin() {
  const link = location.hash.match(/^#token=(.+)$/);
  if (link) history.replaceState(null, "", location.pathname);
  whereabouts();
  const token = link ? decodeURIComponent(link[1]) : sessionStorage.getItem("token");
  if (token) return enter(token, !link);
  state.begun = true;
  changed();
}

async function enter(token, isQuiet) {
  login.busy = true;
  changed();
  const refused = await signIn(token);
  Object.assign(login, { busy: false, problem: refused && !isQuiet ? refused : null, token: refused ? login.token : "" });
  state.begun = true;
  if (!refused) openStream();
  changed();
}

function view() {
  if (!state.begun) return h("p", { class: "boot" }, "Loading the console …");
  return state.about ? shell() : door();
}

function door() {
  const submit = (event) => {
    event.preventDefault();
    enter(login.token.trim(), false);
  };
  return h(
    "main",
    { class: "door", key: "door" },
    h("h1", null, "Console"),
    h(
      "form",
      { onsubmit: submit },
      field("Token", h("input", { type: "password", name: "token", value: login.token, autocomplete: "current-password", autofocus: true, oninput: (event) => (login.token = event.target.value) })),
      h("button", { type: "submit", class: "primary", disabled: login.busy || undefined }, login.busy ? "Signing in …" : "Sign in"),
      h("p", { class: "hint" }, "A token is made by ", h("code", null, "app token new --role viewer"), "; the line that it prints goes into the config of ", h("code", null, "admin-plugin"), "."),
      login.problem && problem(login.problem),
      state.notice && h("p", { role: "status" }, state.notice.text),
    ),
  );
}

function shell() {
  const { name, parts } = state.page;
  const tab = ([page, [title, key]]) => h("a", { key: page, href: `#/${page}`, class: "tab", "aria-current": page === name ? "page" : undefined, title: `g then ${key}` }, title);
  return [
    h("a", { class: "skip", href: "#main", onclick: skip, key: "skip" }, "To the page"),
    h(
      "header",
      { class: "top", key: "top" },
      h("span", { class: "brand" }, "console"),
      h("nav", { "aria-label": "Pages", tabindex: "-1" }, Object.entries(PAGES).map(tab)),
      h(
        "div",
        { class: "who" },
        h("span", { class: "live", id: "live", own: true }),
        h("span", { class: "name", title: [...state.rights].join(", ") || "no right" }, state.about.caller?.name ?? ""),
        h("button", { type: "button", class: "quiet", onclick: help, "aria-expanded": String(state.help) }, "Keys"),
        state.token && h("button", { type: "button", class: "quiet", onclick: () => signOut(null) }, "Sign out"),
      ),
    ),
    h("main", { id: "main", key: "main", tabindex: "-1" }, state.help && keys(), h("div", { class: "page", key: `${name} ${parts[0] ?? ""}` }, PAGES[name][2](parts))),
    h("div", { class: "notice", key: "notice", role: "status" }, state.notice && h("p", { class: state.notice.bad ? "bad" : "" }, state.notice.text)),
  ];
}

const help = () => {
  state.help = !state.help;
  changed();
};

function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

function keys() {
  const line = ([keyed, what]) => [h("dt", null, h("kbd", null, keyed)), h("dd", null, what)];
  const pages = Object.values(PAGES).map(([title, key]) => [`g ${key}`, title]);
  return h("section", { class: "panel wide keys", key: "keys", "aria-label": "Keys" }, h("h2", null, "Keys"), h("dl", { class: "facts" }, [["/", "search on this page"], ["?", "show and hide this"], ["Esc", "leave a field"], ...pages].map(line)));
}

let isGoing = false;

function pressed(event) {
  const { target, key } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || !state.about) return;
  if (/^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName)) {
    if (key === "Escape") target.blur();
    return;
  }
  if (isGoing) {
    isGoing = false;
    const page = Object.entries(PAGES).find(([, [, own]]) => own === key);
    if (page) location.hash = `#/${page[0]}`;
    return;
  }
  if (key === "g") {
    isGoing = true;
    setTimeout(() => (isGoing = false), 1500);
  } else if (key === "/") {
    event.preventDefault();
    document.querySelector("main .search")?.focus();
  } else if (key === "?") {
    help();
  }
}

// How long ago the service was heard of; it is written past the drawing of the page, five times a second.
function tellLive() {
  const node = document.getElementById("live");
  if (!node) return;
  const { status, at } = state.live;
  const age = (performance.now() - at) / 1000;
  const words = { live: age < 15 ? `live · ${age.toFixed(1)} s ago` : `silent for ${age.toFixed(0)} s`, connecting: "connecting …", lost: "no connection", ended: "the service stops", off: "not live" };
  const mood = status === "live" && age < 5 ? "good" : status === "off" ? "idle" : "busy";
  if (node.textContent !== words[status]) node.textContent = words[status];
  if (node.dataset.mood !== mood) node.dataset.mood = mood;
}

let forget;
onChange(() => {
  patch(document.getElementById("app"), view());
  if (state.notice && forget?.notice !== state.notice) {
    const { notice } = state;
    forget = { notice };
    setTimeout(() => {
      if (state.notice !== notice) return;
      state.notice = null;
      changed();
    }, 6000);
  }
});
onSignOut(stopStream);
addEventListener("hashchange", whereabouts);
addEventListener("keydown", pressed);
setInterval(tellLive, 200);
// What counts down, and what is asked for again, needs the page drawn also when nothing is heard.
setInterval(() => state.about && !document.hidden && changed(), 1000);
begin();
