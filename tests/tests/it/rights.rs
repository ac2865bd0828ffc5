//! What the types grant is the most that a plugin may do; `permissions` and `roles` take away.
//! A refusal at the start says what to write; one at run time is typed, and in the audit log.

use plugin_core::event::PublishError;
use plugin_core::lifecycle::{ConfigureError, Running};
use plugin_core::permission::PermissionDenied;
use plugin_core::prelude::*;
use plugin_core::{ErrorKind, Plugin};
use serde_json::{Value, json};

use crate::rig::{Rig, status};

#[event("rights.wish")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Wish {
    topic: String,
}

#[service]
trait Vault {
    fn open(&self) -> u32;
}

struct Safe;

#[plugin(name = "rights-safe", provides(Vault))]
impl Safe {
    #[init]
    fn init() -> Self {
        Self
    }
}

impl Vault for Safe {
    fn open(&self) -> u32 {
        7
    }
}

/// Publishes where it is wished, and subscribes there first.
struct Busy {
    publishers: Publishers,
    subscriber: Subscriber,
}

#[plugin(name = "rights-busy")]
impl Busy {
    #[init]
    fn init(
        publishers: Publishers,
        subscriber: Subscriber,
        vault: Service<dyn Vault>,
        wishes: Publisher<Wish>,
    ) -> Self {
        drop((vault.open(), wishes));
        Self {
            publishers,
            subscriber,
        }
    }

    #[subscribe]
    async fn publish(&self, wish: &Wish) -> Result<()> {
        self.publishers.publish(&wish.topic, b"{}").await?;
        Ok(())
    }

    #[subscribe]
    async fn subscribe(&self, wish: &Wish) -> Result<()> {
        let nothing = |_: &AnyEvent<'_>| ();
        let subscription = self
            .subscriber
            .subscribe_with_filter(&wish.topic, nothing, |_| true)?;
        subscription.unsubscribe();
        Ok(())
    }
}

fn rig(permissions: Value) -> Rig {
    Rig::new(&[Busy::DESCRIPTOR, Safe::DESCRIPTOR]).set("rights-busy", "permissions", permissions)
}

fn enough() -> Value {
    json!([
        {"resource": "event_bus:rights.*", "actions": ["publish", "subscribe"]},
        {"resource": "event_bus:public.**", "actions": ["publish", "subscribe"]},
        {"resource": "service:Vault", "actions": ["use"]},
    ])
}

/// The kinds of what the two handlers made of a wish, in order of their names.
async fn wish(running: &Running, topic: &str) -> Vec<Option<ErrorKind>> {
    let topic = topic.to_owned();
    let outcomes = running.publisher().publish_and_wait(Wish { topic }).await;
    let mut outcomes = outcomes.unwrap();
    outcomes.sort_by_key(|outcome| outcome.handler);
    (outcomes.iter())
        .map(|outcome| outcome.result.as_ref().err().map(Error::kind))
        .collect()
}

#[test]
fn a_start_without_the_rights_is_refused_with_all_that_is_missing() {
    let Err(ConfigureError::Permissions(denied)) = rig(json!([])).configure() else {
        panic!("it may do nothing")
    };
    let texts: Vec<_> = denied.iter().map(ToString::to_string).collect();
    assert_eq!(denied.len(), 5, "{texts:?}");
    assert!(denied.iter().all(|denied| denied.plugin() == "rights-busy"));
    for part in [
        "publish any event",
        "subscribe to any event",
        "use `Vault`",
        "publish `rights.wish`",
        "subscribe to `rights.wish`",
    ] {
        assert!(
            texts.iter().any(|text| text.contains(part)),
            "{part}: {texts:?}"
        );
    }
    let told = ConfigureError::Permissions(denied).to_string();
    assert!(
        told.contains("in the file of `rights-busy`, under\npermissions:\n"),
        "{told}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_the_error_says_to_write_is_enough() {
    let refused = rig(json!([])).configure().unwrap_err().to_string();
    let (_, advice) = refused.split_once("under\n").unwrap();
    let indented: String = advice.lines().map(|line| format!("  {line}\n")).collect();
    let sources =
        plugin_core::config::Sources::new().embedded("advice", format!("rights-busy:\n{indented}"));
    let rig = Rig::from_sources(&[Busy::DESCRIPTOR, Safe::DESCRIPTOR], sources);
    assert!(rig.start().await.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_at_run_time_is_typed_and_recorded() {
    let rig = rig(enough());
    let running = rig.start().await;
    assert_eq!(wish(&running, "public.news.today").await, [None, None]);
    let denied = Some(ErrorKind::Denied);
    assert_eq!(wish(&running, "secret.news").await, [denied, denied]);
    assert_eq!(status(&running, "rights-busy").events.errors, 2);
    running.stop().await;
    let mut lines: Vec<_> = (rig.audit().into_iter())
        .filter(|line| line["outcome"] == "denied")
        .map(|line| {
            assert!(line["time"].is_string(), "{line}");
            let word = |key: &str| line[key].as_str().unwrap().to_owned();
            [
                word("actor"),
                word("plugin"),
                word("action"),
                word("detail"),
            ]
            .join(" ")
        })
        .collect();
    lines.sort();
    let expected = [
        "rights-busy rights-busy event_bus.publish secret.news",
        "rights-busy rights-busy event_bus.subscribe secret.news",
    ];
    assert_eq!(lines, expected);
}

#[tokio::test(start_paused = true)]
async fn a_role_grants_as_a_permission_does() {
    let role = json!({"visitor": {"permissions": enough()}});
    let rig = Rig::new(&[Busy::DESCRIPTOR, Safe::DESCRIPTOR])
        .set("plugin_manager", "roles", role)
        .set("rights-busy", "roles", json!(["visitor"]));
    let running = rig.start().await;
    assert_eq!(wish(&running, "public.news").await, [None, None]);
    let denied = Some(ErrorKind::Denied);
    assert_eq!(wish(&running, "secret.news").await, [denied, denied]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_types_alone_grant_what_they_name() {
    let running = Rig::new(&[Busy::DESCRIPTOR, Safe::DESCRIPTOR])
        .start()
        .await;
    assert_eq!(wish(&running, "secret.news").await, [None, None]);
    running.stop().await;
}

/// The error says what it is, also behind the error of the plugin.
#[test]
fn a_denial_is_found_behind_an_error() {
    let Err(ConfigureError::Permissions(denied)) = rig(json!([])).configure() else {
        panic!("it may do nothing")
    };
    let denied: PermissionDenied = denied.into_iter().next().unwrap();
    let error = Error::from(PublishError::Denied(denied.clone()));
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(matches!(error.downcast_ref(), Some(PublishError::Denied(found)) if *found == denied));
}

#[tokio::test(start_paused = true)]
async fn starts_and_stops_are_in_the_audit_log() {
    let rig = Rig::new(&[Safe::DESCRIPTOR]);
    let running = rig.start().await;
    running.handle().restart("rights-safe").await.unwrap();
    running.stop().await;
    let actions: Vec<_> = (rig.audit().iter())
        .map(|line| {
            assert_eq!(line["plugin"], "rights-safe");
            format!("{} {} {}", line["actor"], line["action"], line["outcome"]).replace('"', "")
        })
        .collect();
    let expected = [
        "manager start done",
        "manager stop done",
        "manager start done",
        "operator restart done",
        "manager stop done",
    ];
    assert_eq!(actions, expected);
}
