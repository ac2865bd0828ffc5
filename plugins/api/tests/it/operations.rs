//! An operator's hold on the running system, over HTTP.

use plugin_api::ApiConfig;
use plugin_core::lifecycle::{PluginStatus, State};
use serde_json::json;

use crate::client::Answer;
use crate::site::{Site, TOKEN};

/// A system whose operator is `ada`.
async fn site(file: &str) -> Site {
    Site::start(file, json!({"operators": ["ada"]}))
        .await
        .unwrap()
}

async fn operate(site: &Site, path: &str) -> Answer {
    site.client().ask(&format!("POST {path}"), TOKEN).await
}

fn status(site: &Site, plugin: &str) -> PluginStatus {
    let mut plugins = site.running.status().plugins.into_iter();
    plugins.find(|status| status.name == plugin).unwrap()
}

/// The schedule of `orders`, as the list has it.
async fn remind(site: &Site) -> serde_json::Value {
    let answer = site.client().ask("GET /schedules", TOKEN).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["schedules"][0].clone()
}

#[tokio::test]
async fn a_schedule_from_pause_to_cancel() {
    let site = site("").await;
    let listed = remind(&site).await;
    assert_eq!(listed["plugin"], "orders");
    assert_eq!(listed["schedule"], "remind");
    assert_eq!(listed["timing"], "every 1h, jitter 1m");
    assert_eq!(
        (&listed["completed"], &listed["running"]),
        (&json!(0), &json!(0))
    );
    assert!(listed["next"].is_string(), "{listed}");

    let paused = operate(&site, "/schedules/orders/remind/pause").await;
    assert_eq!(
        (paused.status, &paused.body["state"]),
        (200, &json!("paused"))
    );
    assert_eq!(remind(&site).await["state"], "paused");
    let again = operate(&site, "/schedules/orders/remind/pause").await;
    assert_eq!(
        (again.status, &again.body["state"]),
        (409, &json!("paused"))
    );
    assert_eq!(again.detail(), "schedule `remind` of `orders` is paused");

    assert_eq!(
        operate(&site, "/schedules/orders/remind/resume")
            .await
            .status,
        200
    );
    assert_eq!(
        operate(&site, "/schedules/orders/remind/run").await.status,
        200
    );
    while remind(&site).await["completed"] != 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(remind(&site).await["last"]["outcome"], "completed");

    let ended = operate(&site, "/schedules/orders/remind/cancel").await;
    assert_eq!(
        (ended.status, &ended.body["state"]),
        (200, &json!("cancelled"))
    );
    assert_eq!(
        operate(&site, "/schedules/orders/remind/run").await.status,
        409
    );
}

#[tokio::test]
async fn a_plugin_from_stop_to_restart() {
    let site = site("").await;
    let refused = operate(&site, "/plugins/people/stop").await;
    assert_eq!(
        (refused.status, &refused.body["needed_by"]),
        (409, &json!(["api-plugin"]))
    );
    assert!(
        refused.detail().contains("all of them with `cascade`"),
        "{refused:?}"
    );

    let stopped = operate(&site, "/plugins/orders/stop").await;
    let outcome = json!({"plugins": ["orders"], "dead_lettered": 0, "lost": 0});
    assert_eq!((stopped.status, stopped.body), (200, outcome));
    let listed = site.client().ask("GET /plugins", TOKEN).await;
    assert_eq!((listed.status, &listed.body["ready"]), (200, &json!(false)));
    let plugins = listed.body["plugins"].as_array().unwrap();
    let orders = plugins
        .iter()
        .find(|plugin| plugin["name"] == "orders")
        .unwrap();
    assert_eq!(orders["state"], "stopped");

    assert_eq!(operate(&site, "/plugins/orders/start").await.status, 200);
    let again = operate(&site, "/plugins/orders/start").await;
    assert_eq!(
        (again.status, &again.body["state"]),
        (409, &json!("running"))
    );
    assert_eq!(operate(&site, "/plugins/orders/restart").await.status, 200);
    assert!(site.running.status().ready);
}

#[tokio::test]
async fn what_is_not_there_is_named_with_what_is() {
    let site = site("").await;
    for (path, member, names, detail) in [
        (
            "/plugins/order/stop",
            "plugins",
            json!(["gatekeeper", "orders", "people", "api-plugin"]),
            "there is no plugin `order`: did you mean `orders`?",
        ),
        (
            "/schedules/orders/remnd/pause",
            "schedules",
            json!(["remind"]),
            "`orders` has no schedule `remnd`: it has `remind`",
        ),
        (
            "/schedules/orders/remind/stop",
            "actions",
            json!(["pause", "resume", "run", "cancel"]),
            "there is no action `stop`: use `pause`, `resume`, `run`, `cancel`",
        ),
        (
            "/plugins/orders/reload",
            "actions",
            json!(["start", "stop", "restart"]),
            "there is no action `reload`: use `start`, `stop`, `restart`",
        ),
    ] {
        let answer = operate(&site, path).await;
        assert_eq!((answer.status, answer.detail()), (404, detail), "{path}");
        assert_eq!(answer.body[member], names, "{path}");
    }
    for path in [
        "/plugins/orders/start?cascade=true",
        "/plugins/orders/stop?cascad=true",
    ] {
        let answer = operate(&site, path).await;
        assert_eq!(answer.status, 400, "{path}");
        assert!(answer.detail().contains("`?cascade=true`"), "{answer:?}");
    }
    assert!(site.running.status().ready, "nothing of it was done");
}

const ROUTES: [&str; 4] = [
    "GET /schedules",
    "GET /plugins",
    "POST /schedules/orders/remind/run",
    "POST /plugins/orders/stop",
];

#[tokio::test]
async fn only_operators_are_let_in() {
    let site = site("").await;
    let client = site.client();
    for route in ROUTES {
        assert_eq!(client.ask(route, None).await.status, 401, "{route}");
        let bob = client.ask(route, Some("token-of-bob")).await;
        assert_eq!(bob.status, 403, "{route}");
        assert!(bob.detail().starts_with("`bob` is no operator"), "{bob:?}");
    }
    let nobody = Site::new().await;
    for route in ROUTES {
        let answer = nobody.client().ask(route, TOKEN).await;
        assert_eq!(answer.status, 403, "{route}");
    }
    assert!(site.running.status().ready && nobody.running.status().ready);
}

#[tokio::test]
async fn without_the_right_the_interface_shows_and_does_nothing() {
    let file = "
api-plugin:
  permissions:
    - { resource: event_bus, actions: [publish] }
    - { resource: service, actions: [use] }
    - { resource: system, actions: [read] }
";
    let site = site(file).await;
    let client = site.client();
    for route in ROUTES {
        let answer = client.ask(route, TOKEN).await;
        let refused = route.starts_with("POST");
        assert_eq!(answer.status, if refused { 403 } else { 200 }, "{route}");
        if refused {
            let remedy = "grant it `system` with action `operate`";
            assert!(answer.detail().contains(remedy), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn the_view_can_be_open_and_the_hold_can_not() {
    let open = json!({"open": ["GET /schedules", "GET /plugins"]});
    let site = Site::start("", open).await.unwrap();
    for route in ["GET /schedules", "GET /plugins"] {
        assert_eq!(site.client().ask(route, None).await.status, 200, "{route}");
    }
    let open = json!({"open": ["POST /plugins/{plugin}/{action}"]});
    let error = serde_json::from_value::<ApiConfig>(open).unwrap_err();
    assert!(error.to_string().contains("can't be open"), "{error}");
}

#[tokio::test]
async fn the_interface_that_ends_itself_answers_first() {
    let site = site("").await;
    let answer = operate(&site, "/plugins/api-plugin/restart").await;
    assert_eq!(
        (answer.status, answer.body),
        (202, json!({"accepted": "restart"}))
    );
    // One thing after the other: then the restart is over.
    site.running.handle().restart("orders").await.unwrap();
    let api = status(&site, "api-plugin");
    assert_eq!((api.restarts, api.ready), (1, true));

    let answer = operate(&site, "/plugins/people/stop?cascade=true").await;
    assert_eq!(answer.status, 202);
    site.running.handle().restart("orders").await.unwrap();
    for name in ["api-plugin", "people"] {
        assert_eq!(status(&site, name).state, State::Stopped, "{name}");
    }
    assert!(site.running.stop().await.is_clean());
}
