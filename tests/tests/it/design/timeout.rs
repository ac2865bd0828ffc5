//! Q3, a handler that never returns: it is given up after its limit, and the next event is handled.

use std::time::Duration;

use plugin_core::prelude::*;
use plugin_core::{ErrorKind, Plugin};
use tokio::time::Instant;

use crate::rig::{Rig, status};

#[event("design.timeout")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Work {
    stuck: bool,
}

struct Worker;

#[plugin(name = "design-worker")]
impl Worker {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe(timeout = "5s")]
    async fn work(&self, work: &Work) {
        if work.stuck {
            std::future::pending().await
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stuck_handler_is_given_up_after_five_seconds() {
    let running = Rig::new(&[Worker::DESCRIPTOR]).start().await;
    let publisher = running.publisher();
    let began = Instant::now();
    let outcomes = publisher
        .publish_and_wait(Work { stuck: true })
        .await
        .unwrap();
    let error = outcomes[0].result.as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    let took = began.elapsed();
    assert!(
        took >= Duration::from_secs(5) && took < Duration::from_secs(6),
        "{took:?}"
    );

    let outcomes = publisher
        .publish_and_wait(Work { stuck: false })
        .await
        .unwrap();
    assert!(outcomes[0].result.is_ok());
    assert_eq!(status(&running, "design-worker").events.errors, 1);
    let handlers = running.bus().handlers();
    let work = handlers.iter().find(|handler| handler.handler == "work");
    assert_eq!(work.unwrap().timeouts, 1);
    assert!(running.stop().await.is_clean());
}
