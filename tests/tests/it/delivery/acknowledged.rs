//! `publish_and_wait`: it returns when all have handled the event, with what each made of it.

use std::time::Duration;

use plugin_core::prelude::*;
use plugin_core::{ErrorKind, Plugin};
use tokio::time::Instant;

use crate::rig::Rig;

#[event("delivery.question")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Question;

struct Panel;

#[plugin(name = "delivery-panel")]
impl Panel {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe]
    async fn answers(&self, _question: &Question) {
        tokio::time::sleep(Duration::from_secs(2)).await;
    }

    #[subscribe]
    async fn refuses(&self, _question: &Question) -> Result<()> {
        Err(Error::config("not a question"))
    }

    #[subscribe(timeout = "1s")]
    async fn sleeps(&self, _question: &Question) {
        std::future::pending().await
    }

    #[subscribe(filter = |_| false)]
    async fn ignores(&self, _question: &Question) {}
}

#[tokio::test(start_paused = true)]
async fn the_publisher_learns_what_each_handler_made_of_it() {
    let running = Rig::new(&[Panel::DESCRIPTOR]).start().await;
    let began = Instant::now();
    let outcomes = running
        .publisher()
        .publish_and_wait(Question)
        .await
        .unwrap();
    assert_eq!(began.elapsed().as_secs(), 3);
    let told: Vec<_> = (outcomes.iter())
        .map(|outcome| {
            (
                outcome.handler,
                outcome.result.as_ref().err().map(Error::kind),
            )
        })
        .collect();
    let expected = [
        ("answers", None),
        ("refuses", Some(ErrorKind::Config)),
        ("sleeps", Some(ErrorKind::Timeout)),
    ];
    assert_eq!(told, expected);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_system_that_stops_accepts_nothing() {
    let running = Rig::new(&[Panel::DESCRIPTOR]).start().await;
    let publisher = running.publisher::<Question>();
    running.stop().await;
    assert!(publisher.publish(Question).await.is_err());
    assert!(publisher.publish_and_wait(Question).await.is_err());
    assert!(publisher.try_publish(Question).is_err());
}
