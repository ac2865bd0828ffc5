//! An error says when to come again: the next call comes no earlier.

use std::time::Duration;

use plugin_core::Plugin;
use plugin_core::prelude::*;
use tokio::time::Instant;

use crate::rig::Rig;

#[event("asked.call")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Call {
    /// What each error asks for, in seconds.
    after: u64,
}

struct Polite;

#[plugin(name = "polite")]
impl Polite {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe(retry = 1, backoff = "4s")]
    async fn call(&self, call: &Call) -> Result<()> {
        Err(Error::retriable("busy").after(Duration::from_secs(call.after)))
    }

    #[subscribe(batch = 2, linger = "10ms", retry = 1, backoff = "4s")]
    async fn together(&self, calls: Batch<Call>) -> BatchOutcome {
        let fail = |call: &Call| {
            Err(Error::retriable("busy"))
                .map_err(|error: Error| error.after(Duration::from_secs(call.after)))
        };
        calls.iter().map(|call| fail(call)).collect()
    }
}

/// How long the two calls took, with the pause between them.
async fn took(after: u64) -> Duration {
    let running = Rig::new(&[Polite::DESCRIPTOR]).start().await;
    let began = Instant::now();
    let publisher = running.publisher();
    publisher.publish_and_wait(Call { after }).await.unwrap();
    let took = began.elapsed();
    running.stop().await;
    took
}

#[tokio::test(start_paused = true)]
async fn report_d_the_next_call_comes_no_earlier_than_an_error_asks() {
    let close = |took: Duration, to: u64| took.abs_diff(Duration::from_secs(to)).as_millis() < 50;
    assert!(close(took(60).await, 60));
    let short = took(1).await;
    let (least, most) = (Duration::from_secs(2), Duration::from_millis(4_050));
    assert!(
        least <= short && short <= most,
        "the backoff holds: {short:?}"
    );
    let endless = took(u64::MAX).await;
    assert!(close(endless, 3_600), "{endless:?}");
}
