//! The config, looked at and changed while the service runs.

use std::path::Path;

use plugin_admin::{Admin, Answer};
use plugin_core::config::{Secret, Sources};
use plugin_core::lifecycle::Manager;
use plugin_core::prelude::*;
use plugin_core::{Composition, Plugin};
use serde_json::{Value, json};

use crate::site::{Site, in_time};

/// Settings of `greeter`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct GreeterConfig {
    /// What it says; it can't start with `mute`.
    message: String,
    /// How loud it says so.
    volume: u8,
    /// What nobody may see.
    password: Secret,
}

impl Default for GreeterConfig {
    fn default() -> Self {
        Self {
            message: "hello".to_owned(),
            volume: 1,
            password: Secret::from("hunter2"),
        }
    }
}

/// Greets.
#[derive(Debug)]
pub(crate) struct Greeter(GreeterConfig);

/// Greets.
#[plugin(name = "greeter")]
impl Greeter {
    #[init]
    fn init(Config(config): Config<GreeterConfig>) -> Self {
        Self(config)
    }

    #[start]
    fn start(&self) -> Result<()> {
        match &*self.0.message {
            "mute" => Err(Error::config("it has to say something")),
            _ => Ok(()),
        }
    }
}

const FILE: &str = "greeter: { config: { message: \"from the file\" } }";

async fn site() -> Site {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("config")).unwrap();
    std::fs::write(dir.path().join("config/greeter.yaml"), FILE).unwrap();
    started(dir).await
}

async fn started(dir: tempfile::TempDir) -> Site {
    let plugins = [Admin::DESCRIPTOR, Greeter::DESCRIPTOR];
    let sources = Sources::new()
        .config_dir(dir.path().join("config"))
        .obey_rollback();
    let configured = Manager::builder(&Composition::assemble(&plugins).unwrap())
        .sources(sources)
        .data_dir(dir.path())
        .configure()
        .unwrap();
    let running = configured.start().await.unwrap();
    Site { dir, running }
}

async fn patch(site: &Site, tag: Option<&str>, body: Value) -> Answer {
    let client = site.client();
    let asked = client.patch("/v1/config/greeter", tag, &body);
    in_time(asked).await.unwrap()
}

/// The section, and a value of it with its origin.
async fn section(site: &Site, key: &str) -> (String, Value, Value) {
    let section = site.get("/v1/config/greeter").await.body;
    let key = format!("greeter.{key}");
    let values = section["values"].as_array().unwrap();
    let value = values.iter().find(|it| it["key"] == *key).unwrap();
    let etag = section["etag"].as_str().unwrap().to_owned();
    (etag, value["value"].clone(), value["origin"].clone())
}

fn overrides(dir: &Path) -> String {
    std::fs::read_to_string(dir.join("overrides.yaml")).unwrap_or_default()
}

#[tokio::test]
async fn a_value_is_set_planned_and_taken_back_and_the_files_stay_as_they_are() {
    let site = site().await;
    let (tag, value, origin) = section(&site, "config.message").await;
    assert_eq!(value, "from the file");
    assert_eq!(origin["from"], "file");
    let change = json!({"set": {"config.message": "${HOME}", "timeout": "7s"}});
    let mut planned = change.clone();
    planned["dry_run"] = json!(true);
    let plan = patch(&site, Some(&tag), planned).await;
    assert_eq!(plan.body["changes"][0]["action"], "restart", "{plan:?}");
    assert_eq!(
        section(&site, "config.message").await.0,
        tag,
        "nothing was done"
    );
    assert_eq!(overrides(site.dir.path()), "");

    let done = patch(&site, Some(&tag), change).await;
    assert_eq!(
        (done.status, &done.body["plugins"]),
        (200, &json!(["greeter"]))
    );
    let (later, value, origin) = section(&site, "config.message").await;
    assert_eq!(value, "${HOME}", "it is no text of a file");
    assert_eq!(origin["from"], "set");
    assert!(origin["by"].as_str().unwrap().contains("uid:"), "{origin}");
    assert_ne!(later, tag);
    assert_eq!(section(&site, "timeout").await.1, "7s");

    // Also after a start, and until it is taken back.
    let Site { dir, running } = site;
    running.stop().await;
    let site = started(dir).await;
    let (tag, value, _) = section(&site, "config.message").await;
    assert_eq!(value, "${HOME}");
    let back = json!({"unset": ["config.message"]});
    assert_eq!(patch(&site, Some(&tag), back).await.status, 200);
    assert_eq!(section(&site, "config.message").await.1, "from the file");
    assert_eq!(section(&site, "timeout").await.1, "7s");
    assert_eq!(
        site.post("/v1/plugins/greeter/reset", json!({}))
            .await
            .status,
        200
    );
    assert_ne!(section(&site, "timeout").await.1, "7s");
    assert_eq!(overrides(site.dir.path()), "");
    let text = std::fs::read_to_string(site.dir.path().join("config/greeter.yaml")).unwrap();
    assert_eq!(text, FILE);
    let audited = site.audited().await;
    let told: Vec<_> = audited
        .iter()
        .map(|line| (&line["action"], &line["detail"]))
        .collect();
    let set = json!("set config.message, set timeout");
    assert!(told.contains(&(&json!("config.set"), &set)), "{told:?}");
}

#[tokio::test]
async fn who_has_not_seen_what_holds_changes_nothing() {
    let site = site().await;
    let (tag, ..) = section(&site, "config.volume").await;
    let change = |volume: u8| json!({"set": {"config.volume": volume}});
    let missing = patch(&site, None, change(2)).await;
    assert_eq!(missing.status, 428, "{missing:?}");
    assert_eq!(patch(&site, Some(&tag), change(2)).await.status, 200);
    let old = patch(&site, Some(&tag), change(3)).await;
    assert_eq!(old.status, 412, "{old:?}");
    assert_eq!(
        patch(&site, Some("\"nonsense\""), change(3)).await.status,
        412
    );
    assert_eq!(section(&site, "config.volume").await.1, 2);
    assert_eq!(patch(&site, Some("*"), change(3)).await.status, 200);
    let several = format!("\"x\", {}", section(&site, "config.volume").await.0);
    assert_eq!(patch(&site, Some(&several), change(4)).await.status, 200);
    assert_eq!(section(&site, "config.volume").await.1, 4);
}

#[tokio::test]
async fn what_is_wrong_is_told_with_its_key_and_what_fails_goes_back() {
    let site = site().await;
    let (tag, ..) = section(&site, "config.message").await;
    for (body, status, word) in [
        (
            json!({"set": {"config.volume": "loud"}}),
            422,
            "greeter.config.volume",
        ),
        (json!({"set": {"config.volumn": 1}}), 422, "volumn"),
        (json!({"set": {"enabled": false}}), 422, "`disable`"),
        (json!({"set": {"": 1}}), 422, "can't be set"),
        (json!({"put": {}}), 422, "unknown field"),
        (
            json!({"set": {"config.message": "mute"}}),
            500,
            "it has to say something",
        ),
    ] {
        let answer = patch(&site, Some(&tag), body.clone()).await;
        assert_eq!(answer.status, status, "{body}: {answer:?}");
        assert!(answer.body.to_string().contains(word), "{body}: {answer:?}");
        assert_eq!(section(&site, "config.message").await.0, tag, "{body}");
    }
    assert_eq!(overrides(site.dir.path()), "");
    let status = site.get("/v1/status").await.body;
    assert_eq!(status["ready"], true);
    let (running, attempt) = (
        &status["config"]["running"],
        &status["config"]["last_attempt"],
    );
    assert_eq!(
        (&running["generation"], &running["by"]),
        (&json!(1), &json!("start"))
    );
    assert_eq!(
        (&attempt["operation"], &attempt["outcome"]),
        (&json!("config.set"), &json!("rolled_back"))
    );
    assert!(
        attempt["error"]
            .as_str()
            .unwrap()
            .contains("it has to say something")
    );
    assert_eq!(site.get("/v1/config").await.body["last_attempt"], *attempt);
    assert_eq!(site.get("/v1/config/nobody").await.status, 404);
}

#[tokio::test]
async fn no_answer_and_no_audit_line_holds_a_secret() {
    let site = site().await;
    let (tag, value, _) = section(&site, "config.password").await;
    assert_eq!(value, "***");
    let secret = "correct horse";
    let done = patch(
        &site,
        Some(&tag),
        json!({"set": {"config.password": secret}}),
    )
    .await;
    assert_eq!(done.status, 200, "{done:?}");
    let (later, value, _) = section(&site, "config.password").await;
    assert_eq!(value, "***");
    assert_ne!(later, tag, "it is another one all the same");
    for path in [
        "/v1/config",
        "/v1/config/greeter",
        "/v1/config/diff",
        "/v1/status",
    ] {
        let answer = site.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(
            !answer.body.to_string().contains(secret),
            "{path}: {answer:?}"
        );
    }
    let schema = site.get("/v1/config/greeter/schema").await.body;
    let own = &schema["properties"]["config"];
    assert!(
        own.to_string().contains("volume") || schema.to_string().contains("volume"),
        "{schema}"
    );
    let audited = format!("{:?}", site.audited().await);
    assert!(!audited.contains(secret), "{audited}");
}

#[tokio::test]
async fn an_older_config_is_found_compared_and_brought_back() {
    let site = site().await;
    let file = site.dir.path().join("config/greeter.yaml");
    std::fs::write(&file, "greeter: { config: { message: newer } }").unwrap();
    let diff = site.get("/v1/config/diff").await.body;
    assert!(diff.to_string().contains("newer"), "{diff}");
    assert_eq!(site.post("/v1/reload", json!({})).await.status, 200);
    let history = site.get("/v1/config/history").await.body;
    let numbers: Vec<_> = (history["generations"].as_array().unwrap().iter())
        .map(|it| {
            (
                it["number"].as_u64().unwrap(),
                it["running"].as_bool().unwrap(),
            )
        })
        .collect();
    assert_eq!(numbers, [(1, false), (2, true)]);
    let between = site.get("/v1/config/diff?from=1&to=2").await.body;
    assert!(between.to_string().contains("from the file"), "{between}");

    let back = "/v1/config/rollback";
    let plan = site
        .post(back, json!({"generation": 1, "dry_run": true}))
        .await;
    assert_eq!(plan.body["changes"][0]["plugin"], "greeter", "{plan:?}");
    assert_eq!(section(&site, "config.message").await.1, "newer");
    let done = site.post(back, json!({"generation": 1})).await;
    assert_eq!(
        (done.status, &done.body["plugins"]),
        (200, &json!(["greeter"]))
    );
    assert_eq!(section(&site, "config.message").await.1, "from the file");
    let history = site.get("/v1/config/history").await.body;
    assert_eq!(
        history["generations"][0]["in_place_of_files"], true,
        "{history}"
    );
    assert_eq!(
        site.post(back, json!({"generation": null})).await.status,
        200
    );
    assert_eq!(section(&site, "config.message").await.1, "newer");

    let unknown = site.post(back, json!({"generation": 9})).await;
    assert_eq!(
        (unknown.status, &unknown.body["generations"]),
        (404, &json!([1, 2, 3, 4]))
    );
    assert_eq!(site.get("/v1/config/diff?from=9").await.status, 404);
    assert_eq!(site.get("/v1/config/diff?from=x").await.status, 400);
    // One that a plugin fails with is taken back, and so is the choice.
    std::fs::write(&file, "greeter: { config: { message: mute } }").unwrap();
    assert_eq!(site.post("/v1/reload", json!({})).await.status, 500);
    let failed = site.post(back, json!({"generation": null})).await;
    assert_eq!(failed.status, 500, "{failed:?}");
    assert_eq!(section(&site, "config.message").await.1, "newer");
}
