//! Answers to requests that are asked by topic, of the instance that config names.

use plugin_core::Plugin;
use plugin_core::config::Sources;
use plugin_core::prelude::*;
use serde_json::{Value, json};

use crate::journal::Notebook;
use crate::rig::Rig;

use super::Shelf;

/// Asks who asks by topic for the word that it gets.
#[event("instances.relay", answer = Value)]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Relay {}

/// Asks by topic.
struct Relayer {
    requesters: Requesters,
}

#[plugin(name = "relayer")]
impl Relayer {
    #[init]
    fn init(requesters: Requesters) -> Self {
        Self { requesters }
    }

    #[respond]
    async fn relay(&self, _relay: &Relay) -> Result<Value> {
        let answer = self.requesters.request("instances.ask", b"{}").await;
        Ok(answer.unwrap_or_else(|error| error.to_string().into()))
    }
}

fn rig(requests: &Value) -> Rig {
    let set = [Shelf::DESCRIPTOR, Relayer::DESCRIPTOR, Notebook::DESCRIPTOR];
    let text = json!({
        "shelf": {"config": {"word": "none"}},
        "shelf@eu": {"config": {"word": "eu"}},
        "relayer": {"requests": requests},
    });
    Rig::from_sources(&set, Sources::new().embedded("test", text.to_string()))
}

#[tokio::test(start_paused = true)]
async fn report_i12_a_request_by_topic_goes_to_the_instance_that_is_bound() {
    for (requests, word) in [
        (json!({}), "none"),
        (json!({"instances.ask": "shelf@eu"}), "eu"),
    ] {
        let running = rig(&requests).start().await;
        assert_eq!(running.request(Relay {}).await.unwrap(), word);
        running.stop().await;
    }
}

#[test]
fn report_i12_a_request_by_topic_that_is_bound_to_nobody_is_refused() {
    let refused = |requests: Value| rig(&requests).configure().unwrap_err().to_string();
    let nobody = refused(json!({"instances.ask": "shelf@us"}));
    let told = "no instance is named `shelf@us`: name one of `shelf`, `shelf@eu`";
    assert!(nobody.contains(told), "{nobody}");
    let unknown = refused(json!({"instances.asc": "shelf@eu"}));
    assert!(
        unknown.contains("did you mean `instances.ask`?"),
        "{unknown}"
    );
}
