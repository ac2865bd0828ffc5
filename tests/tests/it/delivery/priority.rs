//! Who is called first: the highest priority, then the first in start order.

use plugin_core::Plugin;
use plugin_core::prelude::*;

use crate::rig::Rig;

#[event("delivery.bell")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Bell;

struct Early;

#[plugin(name = "delivery-early")]
impl Early {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe(priority = -1)]
    fn last(&self, _bell: &Bell) {}

    #[subscribe]
    fn second(&self, _bell: &Bell) {}
}

struct Late;

#[plugin(name = "delivery-a-late", after("delivery-early"))]
impl Late {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe]
    fn third(&self, _bell: &Bell) {}

    #[subscribe("delivery.*", priority = 7, filter = |event| event.topic() == "delivery.bell")]
    fn first(&self, _event: &AnyEvent<'_>) {}
}

#[tokio::test(start_paused = true)]
async fn handlers_are_called_by_priority_then_in_start_order() {
    let running = Rig::new(&[Late::DESCRIPTOR, Early::DESCRIPTOR])
        .start()
        .await;
    let outcomes = running.publisher().publish_and_wait(Bell).await.unwrap();
    let handlers: Vec<_> = outcomes.iter().map(|outcome| outcome.handler).collect();
    assert_eq!(handlers, ["first", "second", "third", "last"]);
    running.stop().await;
}
