//! The rights to ask and to answer.

use plugin_core::event::RequestError;
use serde_json::json;

use super::*;

struct Asker(Requester<Ask>);

#[plugin(name = "request-asker")]
impl Asker {
    #[init]
    fn init(requester: Requester<Ask>) -> Self {
        Self(requester)
    }

    #[health]
    fn health(&self) -> Health {
        let _held = &self.0;
        Health::Healthy
    }
}

fn refusal(plugin: &str, actions: &[&str]) -> String {
    let plugins = [Asker::DESCRIPTOR, Oracle::DESCRIPTOR, Notebook::DESCRIPTOR];
    let granted = json!([
        {"resource": "event_bus:request.*", "actions": actions},
        {"resource": "service", "actions": ["use"]},
    ]);
    let rig = Rig::new(&plugins).set(plugin, "permissions", granted);
    rig.configure()
        .err()
        .map_or_else(String::new, |error| error.to_string())
}

#[test]
fn a_right_to_ask_that_is_not_granted_keeps_the_system_from_starting() {
    let refusal = refusal("request-asker", &["publish", "subscribe", "respond"]);
    assert_eq!(
        refusal,
        "`request-asker` may not request `request.word`: grant it `event_bus` with action \
         `request` in its `permissions`\n\
         in the file of `request-asker`, under\n\
         permissions:\n  - resource: \"event_bus:request.word\"\n    actions: [\"request\"]\n"
    );
    assert_eq!(self::refusal("request-asker", &["request"]), "");
}

#[test]
fn so_does_a_right_to_answer() {
    let refusal = refusal("request-oracle", &["request"]);
    assert!(
        refusal.starts_with("`request-oracle` may not respond to `request.word`: grant it"),
        "{refusal}"
    );
    assert_eq!(self::refusal("request-oracle", &["*"]), "");
}

#[tokio::test(start_paused = true)]
async fn a_topic_is_granted_when_it_is_asked() {
    let granted = json!([
        {"resource": "event_bus:request.length", "actions": ["request"]},
        {"resource": "event_bus:request.*", "actions": ["respond"]},
        {"resource": "service", "actions": ["use"]},
    ]);
    let rig = rig().set("request-oracle", "permissions", granted);
    let running = rig.start().await;
    let error = running.request(ask("yourself")).await.unwrap_err();
    assert_eq!(error.kind(), plugin_core::ErrorKind::Denied);
    assert!(matches!(error, RequestError::Failed { .. }));
    assert!(running.stop().await.is_clean());
    let audit = rig.audit();
    let refused = audit.iter().find(|entry| entry["outcome"] == "denied");
    assert_eq!(refused.unwrap()["action"], "event_bus.request");
}
