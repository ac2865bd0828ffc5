//! What is seen and done.

use plugin_admin::Client;
use serde_json::{Value, json};

use crate::site::{MAY_STOP, STOPS, Site, in_time};

fn state(status: &Value, name: &str) -> Value {
    let plugins = status["plugins"].as_array().unwrap();
    let found = plugins.iter().find(|plugin| plugin["name"] == name);
    found.unwrap()["state"].clone()
}

#[tokio::test]
async fn the_states_are_told_of_all_and_of_one() {
    let site = Site::new().await;
    let version = site.get("/v1").await;
    assert_eq!(version.body["protocol"], 1);
    assert_eq!(version.body["pid"], std::process::id());
    let all = json!([
        "state:read",
        "tap:read",
        "config:read",
        "operate",
        "config:write"
    ]);
    assert_eq!(version.body["caller"]["rights"], all, "the owner has all");
    let document = site.get("/v1/openapi.json").await.body;
    assert_eq!(document["openapi"], "3.2.0");
    let status = site.get("/v1/status").await.body;
    assert_eq!(
        (&status["ready"], &status["backlog"]),
        (&json!(true), &json!(0))
    );
    assert_eq!(state(&status, "leaf"), "running");
    let listed = site.get("/v1/plugins").await.body;
    assert_eq!(listed["plugins"].as_array().unwrap().len(), 3);
    let one = site.get("/v1/plugins/base").await.body;
    assert_eq!(one["instances"][0]["name"], "base");
    let schedules = site.get("/v1/schedules").await.body;
    assert_eq!(schedules["schedules"][0]["schedule"], "count");
}

#[tokio::test]
async fn replicas_are_one_plugin_and_each_has_a_name() {
    let site = Site::with("leaf: { replicas: 2 }", json!({})).await;
    let both = site.get("/v1/plugins/leaf").await.body;
    assert_eq!(both["instances"][1]["name"], "leaf#2");
    let path = Client::path(&["plugins", "leaf#2"]);
    let second = site.get(&path).await.body;
    assert_eq!(second["instances"].as_array().unwrap().len(), 1);
    let stopped = site.post(&format!("{path}/stop"), json!({})).await;
    assert_eq!(stopped.body["plugins"], json!(["leaf#2"]));
}

#[tokio::test]
async fn a_plugin_from_a_refused_stop_to_a_restart_is_in_the_audit_log() {
    let site = Site::new().await;
    let refused = site.post("/v1/plugins/base/stop", json!({})).await;
    assert_eq!(
        (refused.status, &refused.body["needed_by"]),
        (409, &json!(["leaf"]))
    );
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(detail.contains("all of them with `cascade`"), "{detail}");
    let stopped = site
        .post("/v1/plugins/base/stop", json!({"cascade": true}))
        .await;
    assert_eq!(stopped.body["plugins"], json!(["leaf", "base"]));
    let needs = site.post("/v1/plugins/leaf/start", json!({})).await;
    assert_eq!(
        (needs.status, &needs.body["needs"]),
        (409, &json!(["base"]))
    );
    for (path, done) in [
        ("/v1/plugins/base/start", "base"),
        ("/v1/plugins/leaf/start", "leaf"),
        ("/v1/plugins/base/restart", "base"),
    ] {
        let answer = site.post(path, json!({})).await;
        assert_eq!(
            (answer.status, &answer.body["plugins"]),
            (200, &json!([done])),
            "{path}"
        );
    }
    let nobody = site.post("/v1/plugins/bass/stop", json!({})).await;
    assert_eq!(nobody.status, 404);
    assert!(
        nobody.body["detail"]
            .as_str()
            .unwrap()
            .contains("did you mean `base`?")
    );

    let audited = site.audited().await;
    let told: Vec<_> = (audited.iter())
        .map(|line| [&line["plugin"], &line["action"], &line["outcome"]])
        .map(|words| words.map(|word| word.as_str().unwrap()).join(" "))
        .collect();
    assert_eq!(
        told,
        [
            "base stop denied",
            "base stop done",
            "leaf start denied",
            "base start done",
            "leaf start done",
            "base restart done",
            "bass stop denied",
        ]
    );
    let user = audited[0]["user"].as_str().unwrap();
    assert!(user.starts_with("uid:"), "{user}");
}

#[tokio::test]
async fn a_schedule_from_pause_to_cancel() {
    let site = Site::new().await;
    let path = |action: &str| format!("/v1/plugins/base/schedules/count/{action}");
    for (action, state) in [
        ("pause", "paused"),
        ("resume", "active"),
        ("run", "active"),
        ("cancel", "cancelled"),
    ] {
        let answer = site.post(&path(action), json!({})).await;
        assert_eq!(
            (answer.status, &answer.body["state"]),
            (200, &json!(state)),
            "{action}"
        );
    }
    let again = site.post(&path("run"), json!({})).await;
    assert_eq!(
        (again.status, &again.body["state"]),
        (409, &json!("cancelled"))
    );
    let nobody = site
        .post("/v1/plugins/leaf/schedules/count/run", json!({}))
        .await;
    assert_eq!(
        (nobody.status, &nobody.body["schedules"]),
        (404, &json!([]))
    );
}

#[tokio::test]
async fn a_plugin_is_taken_out_and_brought_back_and_a_plan_changes_nothing() {
    let site = Site::new().await;
    let names = async || {
        let listed = site.get("/v1/plugins").await.body;
        let plugins = listed["plugins"].as_array().unwrap().iter();
        plugins
            .map(|plugin| plugin["name"].clone())
            .collect::<Vec<_>>()
    };
    let refused = site.post("/v1/plugins/base/unload", json!({})).await;
    assert_eq!(
        (refused.status, &refused.body["needed_by"]),
        (409, &json!(["leaf"]))
    );
    let all = json!({"cascade": true, "dry_run": true});
    let plan = site.post("/v1/plugins/base/unload", all).await;
    let steps = json!([
        {"plugin": "leaf", "action": "unload", "keys": ["leaf.enabled"], "took_us": 0},
        {"plugin": "base", "action": "unload", "keys": ["base.enabled"], "took_us": 0},
    ]);
    assert_eq!((plan.status, &plan.body["changes"]), (200, &steps));
    assert_eq!(names().await, ["admin-plugin", "base", "leaf"]);
    for (action, rest) in [
        ("unload", &["admin-plugin", "base"][..]),
        ("load", &["admin-plugin", "base", "leaf"]),
    ] {
        let done = site
            .post(&format!("/v1/plugins/leaf/{action}"), json!({}))
            .await;
        assert_eq!(
            (done.status, &done.body["changes"][0]["action"]),
            (200, &json!(action))
        );
        assert_eq!(names().await, rest);
    }
    for action in ["disable", "enable"] {
        let done = site
            .post(&format!("/v1/plugins/leaf/{action}"), json!({}))
            .await;
        assert_eq!(done.status, 200, "{done:?}");
    }
    let nothing = site.post("/v1/reload", json!({})).await;
    assert_eq!(
        (nothing.status, &nothing.body["plugins"]),
        (200, &json!([]))
    );
    let no_plan = site
        .post("/v1/plugins/leaf/stop", json!({"dry_run": true}))
        .await;
    assert_eq!(
        (no_plan.status, &no_plan.body["key"]),
        (422, &json!("dry_run"))
    );
    assert_eq!(no_plan.body["detail"], "`stop` has no dry run");
}

#[tokio::test]
async fn it_can_restart_itself() {
    let site = Site::new().await;
    let answer = site
        .post("/v1/plugins/admin-plugin/restart", json!({}))
        .await;
    assert_eq!(
        (answer.status, &answer.body["accepted"]),
        (202, &json!("restart"))
    );
    // Between the two there is nobody.
    let restarts = async || {
        let status = site.client().get("/v1/plugins/admin-plugin").await.ok()?;
        status.body["instances"][0]["restarts"].as_u64()
    };
    in_time(async {
        while restarts().await != Some(1) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn without_the_right_there_is_only_something_to_see() {
    let file = "admin-plugin: { permissions: [{ resource: system, actions: [read] }, { resource: 'service:LogTail', actions: [use] }] }";
    let site = Site::with(file, json!({})).await;
    assert_eq!(site.get("/v1/status").await.status, 200);
    let refused = site.post("/v1/plugins/base/restart", json!({})).await;
    assert_eq!(refused.status, 403);
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(
        detail.contains("grant it `system` with action `operate`"),
        "{detail}"
    );
}

#[tokio::test]
async fn who_does_not_wait_any_more_is_told_that_it_goes_on() {
    let file = "leaf: { config: { slow: true } }";
    let site = Site::with(file, json!({"operation_timeout": "1ms"})).await;
    let answer = site.post("/v1/plugins/leaf/stop", json!({})).await;
    assert_eq!(answer.status, 202);
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(
        detail.starts_with("it has not ended within 1ms"),
        "{detail}"
    );
    in_time(STOPS.notified()).await;
    MAY_STOP.notify_one();
    in_time(async {
        while site.get("/v1/plugins/leaf").await.body["instances"][0]["state"] != "stopped" {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// What config names and what nobody does are told apart.
#[tokio::test]
async fn report_i12_an_instance_that_is_not_loaded_is_told_as_such() {
    let site = Site::with("leaf@eu: { enabled: false }", json!({})).await;
    let paths = ["/v1/plugins/leaf%40eu", "/v1/history/leaf%40eu"];
    for path in paths {
        let answer = site.get(path).await;
        assert_eq!(answer.status, 404, "{answer:?}");
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(
            detail.starts_with("`leaf@eu` is not loaded: `load` "),
            "{detail}"
        );
    }
    let answer = site.get("/v1/plugins/leaf%40us").await;
    assert_eq!(answer.status, 404);
    let detail = answer.body["detail"].as_str().unwrap();
    assert_eq!(
        detail,
        "there is no instance `leaf@us`: did you mean `leaf@eu`?"
    );
    let loaded = site.post("/v1/plugins/base%40us/load", json!({})).await;
    assert_eq!(loaded.status, 404, "{loaded:?}");
    let detail = loaded.body["detail"].as_str().unwrap();
    assert_eq!(
        detail,
        "there is no instance `base@us`: a section `base@us` of a config file makes it"
    );
}
