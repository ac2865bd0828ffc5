//! The console in a real browser.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod browser;
mod service;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use browser::{Browser, ENTER, Scheme, TAB};
use service::Service;

/// The pages, and a heading of each.
const PAGES: [(&str, &str); 10] = [
    ("overview", "Overview"),
    ("instances", "Instances"),
    ("instances/hello-plugin", "hello-plugin"),
    ("graph", "Graph"),
    ("timeline", "Timeline"),
    ("tap", "Tap"),
    ("dead-letters", "Dead letters"),
    ("schedules", "Schedules"),
    ("audit", "Audit"),
    ("logs", "Logs"),
];

const NONE: [String; 0] = [];

/// The console of a service, with somebody signed in by a one-time link.
fn signed_in(service: &Service, token: &str) -> Browser {
    let browser = Browser::open();
    browser.go(&format!("{}#token={token}", service.url()));
    browser.until(
        "somebody is signed in",
        "return document.querySelector('.who') !== null",
        &json!([]),
    );
    browser
}

impl Browser {
    fn page(&self, name: &str) {
        self.run("location.hash = '#/' + arguments[0]", &json!([name]));
        let (_, heading) = PAGES.iter().find(|(page, _)| *page == name).unwrap();
        let script = "return document.querySelector('h1')?.innerText.startsWith(arguments[0])";
        self.until(name, script, &json!([heading]));
        let script = "return !document.body.innerText.includes('Loading …')";
        self.until("it is loaded", script, &json!([]));
    }

    /// Waits until the badge beside the heading says a word.
    fn is(&self, state: &str) {
        let script = "return document.querySelector('h1 .badge')?.innerText === arguments[0]";
        self.until(state, script, &json!([state]));
    }
}

/// Where a picture for the documentation goes, if pictures are wanted.
fn pictured(name: &str) -> Option<PathBuf> {
    std::env::var_os("UPDATE_DOCS")?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/pictures");
    Some(folder.join(format!("console-{name}.png")))
}

#[test]
fn an_operator_signs_in_watches_and_stops_and_starts_a_plugin() {
    let service = Service::start();
    let browser = Browser::open();
    browser.go(&service.url());
    browser.fill("input[name=token]", "adm_wrong");
    browser.press("Sign in");
    browser.until(
        "the refusal",
        "return document.querySelector('[role=alert]')?.innerText",
        &json!([]),
    );
    browser.fill("input[name=token]", "ann");
    browser.press("Sign in");
    browser.sees("13 of 13");
    browser.sees("live · 0.");
    let url = browser.run("return location.href", &json!([]));
    assert!(!url.as_str().unwrap().contains("ann"), "{url}");
    browser.click("nav a", Some("Instances"));
    browser.click("td a", Some("hello-plugin"));
    browser.press("Stop");
    browser.is("stopped");
    browser.press("Start");
    browser.is("running");
    browser.page("instances/hello-plugin");
    browser.click("nav a", Some("Timeline"));
    browser.sees("by token:ann");
    // The refused token was answered 401, which the browser itself tells.
    let complaints = browser.complaints();
    assert!(
        complaints.iter().all(|line| line.contains("401")),
        "{complaints:?}"
    );
}

#[test]
fn a_one_time_link_is_wiped_and_a_plugin_that_others_need_is_stopped_with_them() {
    let service = Service::start();
    let browser = signed_in(&service, "ann");
    let url = browser.run("return location.href", &json!([]));
    assert_eq!(url, service.url());
    browser.run("location.hash = '#/instances/cache-plugin'", &json!([]));
    browser.press("Stop");
    browser.sees("is needed by");
    browser.press("Stop all 3");
    browser.is("stopped");
    browser.run("location.hash = '#/instances/auth-plugin'", &json!([]));
    browser.is("stopped");
}

#[test]
fn an_event_is_followed_through_the_tap() {
    let service = Service::start();
    let browser = signed_in(&service, "ann");
    browser.page("tap");
    browser.fill("main .search", "order.*");
    browser.press("Begin");
    browser.sees("nothing left out");
    browser.until(
        "it listens",
        "return document.querySelector('.live')?.dataset.mood === 'good'",
        &json!([]),
    );
    service.publish(
        "order.created",
        &json!({"order_id": "A-7", "user_id": "demo", "total_cents": 9}),
    );
    browser.sees("A-7");
    browser.click(".events summary", None);
    browser.sees("\"total_cents\": 9");
    assert_eq!(browser.complaints(), NONE);
}

#[test]
fn a_red_edge_leads_to_the_dead_letter_and_its_replay_in_two_clicks() {
    let service = Service::start();
    service.fail("A-1");
    let browser = signed_in(&service, "ann");
    browser.page("graph");
    browser.until(
        "the edge",
        "return document.querySelector('a.label.fails') !== null",
        &json!([]),
    );
    if let Some(path) = pictured("graph") {
        browser.picture(&path);
    }
    browser.click("a.label.fails", None);
    browser.sees("A-1");
    browser.sees("there is no user `nobody`");
    if let Some(path) = pictured("dead-letter") {
        browser.picture(&path);
    }
    browser.press("Replay");
    browser.sees("Replayed: 1");
    assert_eq!(browser.complaints(), NONE);
}

#[test]
fn dead_letters_are_dropped_in_bulk_when_that_is_confirmed() {
    let service = Service::start();
    for order in ["A-1", "A-2", "A-3"] {
        service.fail(order);
    }
    let browser = signed_in(&service, "ann");
    browser.page("dead-letters");
    browser.sees("Drop all 3");
    browser.press("Drop all 3");
    browser.press("Really drop all 3?");
    browser.sees("There is no dead letter.");
    assert_eq!(browser.complaints(), NONE);
}

#[test]
fn every_right_alone_shows_what_it_lets_see_and_names_the_one_that_lacks() {
    let service = Service::start();
    for (token, lacks) in [
        ("only-state", "tap:read"),
        ("only-tap", "state:read"),
        ("only-config", "state:read"),
        ("only-operate", "state:read"),
        ("only-write", "state:read"),
    ] {
        let browser = signed_in(&service, token);
        for (page, _) in PAGES {
            browser.page(page);
        }
        browser.page(if token == "only-state" {
            "tap"
        } else {
            "overview"
        });
        browser.sees(&format!("needs the right {lacks}"));
        assert_eq!(browser.complaints(), NONE, "{token}");
    }
}

#[test]
fn every_page_is_sound_on_a_phone_and_on_a_screen_in_light_and_in_dark() {
    let service = Service::start();
    service.fail("A-1");
    let browser = signed_in(&service, "ann");
    for (size, scheme) in [
        ((1280, 860), Scheme::Light),
        ((1280, 860), Scheme::Dark),
        ((390, 844), Scheme::Light),
        ((390, 844), Scheme::Dark),
    ] {
        browser.look(size, scheme);
        for (page, _) in PAGES {
            browser.page(page);
            let wide = browser.run("return document.documentElement.scrollWidth", &json!([]));
            assert_eq!(wide, json!(size.0), "{page} is wider than {size:?}");
            let barriers = browser.barriers();
            assert_eq!(
                barriers,
                json!([]),
                "{page} {size:?} {scheme:?}: {barriers:#}"
            );
        }
    }
    assert_eq!(browser.complaints(), NONE);
}

#[test]
fn nothing_moves_by_itself_while_the_page_is_live() {
    let service = Service::start();
    let browser = signed_in(&service, "ann");
    browser.page("overview");
    browser.sees("live · 0.");
    let watch = "window.shifts = []; new PerformanceObserver(list => { for (const one of \
                 list.getEntries()) window.shifts.push([one.value, one.sources.map(source => \
                 source.node?.className ?? '')]) }).observe({ type: 'layout-shift' }); \
                 window.began = performance.now()";
    browser.run(watch, &json!([]));
    let passed = "return performance.now() - window.began > 2500";
    browser.until("some seconds pass", passed, &json!([]));
    let shifts = browser.run("return window.shifts", &json!([]));
    assert_eq!(shifts, json!([]));
}

#[test]
fn all_of_it_is_done_with_the_keyboard() {
    let service = Service::start();
    let browser = Browser::open();
    browser.go(&service.url());
    browser.until(
        "the field has the focus",
        "return document.activeElement?.name === 'token'",
        &json!([]),
    );
    browser.keys(&format!("ann{ENTER}"));
    browser.sees("13 of 13");
    browser.keys("gi");
    let search = "return document.querySelector('main .search') !== null";
    browser.until("the instances", search, &json!([]));
    browser.keys("/hello");
    browser.sees("1 of 13");
    let focus = |what: &str, selector: &str, text: &str| {
        for _ in 0..60 {
            let script = "const one = document.activeElement; return one.matches(arguments[0]) && \
                          one.innerText.trim() === arguments[1]";
            if browser.run(script, &json!([selector, text])) == json!(true) {
                return;
            }
            browser.keys(&TAB.to_string());
        }
        panic!("{what} can't be reached");
    };
    focus("the instance", "td a", "hello-plugin");
    browser.keys(&ENTER.to_string());
    browser.is("running");
    focus("the button", "button", "Stop");
    browser.keys(&ENTER.to_string());
    browser.is("stopped");
    focus("the button", "button", "Start");
    browser.keys(" ");
    browser.is("running");
    assert_eq!(browser.complaints(), NONE);
}

#[test]
fn what_one_client_does_the_others_see_within_a_second() {
    let service = Service::start();
    let browser = signed_in(&service, "ann");
    browser.run("location.hash = '#/instances/hello-plugin'", &json!([]));
    browser.is("running");
    browser.sees("live · 0.");
    let seen = "window.seen = null; new MutationObserver(() => { if (window.seen === null && \
                document.querySelector('h1 .badge')?.innerText === 'stopped') window.seen = \
                performance.now() }).observe(document.body, { subtree: true, childList: true, \
                characterData: true }); window.began = performance.now()";
    browser.run(seen, &json!([]));
    let url = format!("{}v1/plugins/hello-plugin/stop", service.url());
    let asked = ureq::post(&url).header("authorization", "Bearer ann");
    asked.send_json(json!({})).unwrap();
    browser.is("stopped");
    let took = browser.run("return window.seen - window.began", &json!([]));
    assert!(took.as_f64().is_some_and(|took| took < 1000.0), "{took} ms");
}

#[test]
fn a_config_is_broken_its_message_read_and_edited_rightly_and_applied() {
    let service = Service::start();
    let browser = signed_in(&service, "ann");
    browser.page("instances/hello-plugin");
    let field = "input[aria-label='timeout']";
    browser.fill(field, "soon");
    let told = "return document.getElementById('issue-timeout')?.innerText || null";
    browser.until("what is wrong", told, &json!([]));
    browser.fill(field, "7s");
    browser.press("Plan");
    browser.sees("Would change");
    if let Some(path) = pictured("config") {
        browser.run(
            "document.querySelector('.edited')?.scrollIntoView({block: 'center'})",
            &json!([]),
        );
        browser.picture(&path);
    }
    browser.press("Apply");
    browser.sees("The config of hello-plugin is applied.");
    let holds = "return document.querySelector(\"input[aria-label='timeout']\")?.value === '7s'";
    browser.until("the new value", holds, &json!([]));
    let origin: Value = browser.run("return [...document.querySelectorAll('tr')].find(row => row.querySelector(\"[aria-label='timeout']\"))?.innerText", &json!([]));
    assert!(origin.as_str().unwrap().contains("token:ann"), "{origin}");
}
