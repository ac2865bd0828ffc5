//! The design recovers from a panic by hand, in each handler; here every call is guarded.

use plugin_core::prelude::*;
use plugin_core::{ErrorKind, Plugin};

use crate::rig::{Rig, status};

#[event("design.panic")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Shock;

struct Nervous;

#[plugin(name = "design-nervous")]
impl Nervous {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe]
    fn at_once(&self, _shock: &Shock) {
        panic!("at once");
    }

    #[subscribe]
    async fn later(&self, _shock: &Shock) {
        tokio::task::yield_now().await;
        panic!("later");
    }
}

struct Calm;

#[plugin(name = "design-xcalm")]
impl Calm {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe]
    fn at_once(&self, _shock: &Shock) {}

    #[subscribe]
    async fn later(&self, _shock: &Shock) {}
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_an_error_of_that_handler_alone() {
    let running = Rig::new(&[Nervous::DESCRIPTOR, Calm::DESCRIPTOR])
        .start()
        .await;
    let outcomes = running.publisher().publish_and_wait(Shock).await.unwrap();
    let told: Vec<_> = (outcomes.iter())
        .map(|outcome| {
            let text = outcome.result.as_ref().err().map(ToString::to_string);
            (outcome.plugin, outcome.handler, text)
        })
        .collect();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        told,
        [
            ("design-nervous", "at_once", text("panicked: at once")),
            ("design-xcalm", "at_once", None),
            ("design-nervous", "later", text("panicked: later")),
            ("design-xcalm", "later", None),
        ]
    );
    let kind = outcomes[0].result.as_ref().unwrap_err().kind();
    assert_eq!(kind, ErrorKind::Bug);
    assert_eq!(status(&running, "design-nervous").events.errors, 2);
    assert!(running.status().ready, "it serves on");
    assert!(running.stop().await.is_clean());
}
