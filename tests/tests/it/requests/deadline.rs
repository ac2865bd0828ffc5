//! Nobody waits for longer than is left, and nothing runs for nobody.

use plugin_core::ErrorKind;
use plugin_core::event::RequestError;
use tokio::time::Instant;

use super::*;

const LIMIT: Duration = Duration::from_secs(5);

#[tokio::test(start_paused = true)]
async fn who_is_late_is_dropped() {
    let running = rig().start().await;
    let (journal, began) = (journal(&running), Instant::now());
    let requester = running.requester();
    let error = requester.request_within(ask("never"), LIMIT).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.to_string(), "no answer to `request.word` within 5s");
    assert_eq!(began.elapsed(), LIMIT);
    running.idle().await;
    assert_eq!(began.elapsed(), LIMIT, "at once, not at its own limit");
    assert_eq!(journal.lines(), ["begin never", "end never"]);
    let report = report(&running, "request.word");
    assert_eq!((report.errors, report.timeouts), (1, 1));
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn who_is_not_waited_for_any_more_is_dropped() {
    let running = rig().start().await;
    let journal = journal(&running);
    let asking = running.request(ask("never"));
    tokio::time::timeout(Duration::from_millis(1), asking)
        .await
        .unwrap_err();
    running.idle().await;
    assert_eq!(journal.lines(), ["begin never", "end never"]);
    assert_eq!(report(&running, "request.word").errors, 0, "nobody's fault");
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn the_limit_is_that_of_the_plugin() {
    let rig = Rig::new(&[
        Oracle::DESCRIPTOR,
        Notebook::DESCRIPTOR,
        Inquirer::DESCRIPTOR,
    ]);
    let running = rig.set("request-inquirer", "timeout", "2s").start().await;
    let (journal, began) = (journal(&running), Instant::now());
    running.publisher().publish(Inquire).await.unwrap();
    running.idle().await;
    // The plugin's own limit cuts the handler off, too: its request is dropped with it.
    assert_eq!(began.elapsed(), Duration::from_secs(2));
    assert_eq!(journal.lines(), ["begin never", "end never"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn who_answers_sees_the_time_and_passes_it_on() {
    let rig = Rig::new(&[
        Oracle::DESCRIPTOR,
        Notebook::DESCRIPTOR,
        Inquirer::DESCRIPTOR,
    ]);
    let running = rig.start().await;
    let requester = running.requester();
    let left = requester.request_within(ask("the time"), LIMIT).await;
    assert_eq!(left.unwrap().as_deref(), Some("5s"));
    let passed = running.requester();
    let left = passed.request_within(Pass("the time".to_owned()), LIMIT);
    assert_eq!(left.await.unwrap().as_deref(), Some("4s"));
    let error = passed.request_within(Pass("never".to_owned()), LIMIT).await;
    assert!(matches!(error, Err(RequestError::TimedOut { .. })));
    running.idle().await;
    let lines = journal(&running).lines();
    assert_eq!(lines[lines.len() - 2..], ["begin never", "end never"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn who_answers_has_a_limit_of_its_own() {
    let running = rig().set("request-oracle", "timeout", "3s").start().await;
    let began = Instant::now();
    let error = running.request(ask("never")).await.unwrap_err();
    assert!(matches!(error, RequestError::Failed { .. }), "{error}");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(began.elapsed(), Duration::from_secs(3));
    running.stop().await;
}

#[event("request.inquire")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Inquire;

/// Asks the oracle, after a second.
#[event("request.pass", answer = Option<String>)]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Pass(String);

struct Inquirer(Requester<Ask>);

#[plugin(name = "request-inquirer")]
impl Inquirer {
    #[init]
    fn init(requester: Requester<Ask>) -> Self {
        Self(requester)
    }

    #[subscribe]
    async fn inquire(&self, _: &Inquire) -> Result<()> {
        self.0.request(ask("never")).await?;
        Ok(())
    }

    #[respond]
    async fn pass(&self, request: &Pass) -> Result<Option<String>> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(self.0.request(ask(&request.0)).await?)
    }
}
