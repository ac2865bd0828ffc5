//! Who asks starts after who answers; a stop answers what it took.

#![expect(
    clippy::disallowed_methods,
    reason = "a test that asks while something else happens, and awaits its task"
)]

use plugin_core::event::RequestError;
use tokio::time::Instant;

use super::*;

#[tokio::test(start_paused = true)]
async fn who_asks_may_do_so_from_its_start_on() {
    let plugins = [Eager::DESCRIPTOR, Oracle::DESCRIPTOR, Notebook::DESCRIPTOR];
    let running = Rig::new(&plugins).start().await;
    let started = running.start_report();
    let names: Vec<_> = started.plugins.iter().map(|plugin| plugin.name).collect();
    assert_eq!(names, ["test-journal", "request-oracle", "a-eager"]);
    assert_eq!(journal(&running).lines(), ["begin an echo", "end an echo"]);
    let error = running.handle().stop("request-oracle").await.unwrap_err();
    assert!(error.to_string().contains("a-eager"), "{error}");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_taken_is_answered_before_the_stop() {
    let running = rig().start().await;
    let requester = running.requester::<Ask>();
    let asking = tokio::spawn(async move { requester.request(ask("a second later")).await });
    tokio::task::yield_now().await;
    let (late, began) = (running.requester::<Ask>(), Instant::now());
    assert!(running.stop().await.is_clean());
    assert_eq!(began.elapsed(), Duration::from_secs(1));
    assert!(asking.await.unwrap().unwrap().is_some());
    let error = late.request(ask("an echo")).await.unwrap_err();
    assert!(matches!(error, RequestError::Stopping), "{error}");
}

#[tokio::test(start_paused = true)]
async fn who_is_stopped_alone_answers_first_and_nothing_after() {
    let running = rig().start().await;
    let requester = running.requester::<Ask>();
    let asking = tokio::spawn(async move { requester.request(ask("a second later")).await });
    tokio::task::yield_now().await;
    let began = Instant::now();
    running.handle().stop("request-oracle").await.unwrap();
    assert_eq!(began.elapsed(), Duration::from_secs(1));
    assert!(asking.await.unwrap().unwrap().is_some());
    let error = running.request(ask("an echo")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the plugin that answers `request.word` does not run"
    );
    assert!(error.kind().is_retriable());
    running.handle().start("request-oracle").await.unwrap();
    let answer = running.request(ask("an echo")).await.unwrap();
    assert_eq!(answer.as_deref(), Some("an echo"), "the same way as before");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_operator_who_insists_waits_for_no_answer() {
    let running = rig().start().await;
    let (journal, requester) = (journal(&running), running.requester::<Ask>());
    let asking = tokio::spawn(async move { requester.request(ask("never")).await });
    tokio::task::yield_now().await;
    running.insist();
    let report = running.stop().await;
    let oracle = (report.plugins.iter()).find(|plugin| plugin.name == "request-oracle");
    let oracle = oracle.unwrap();
    assert_eq!((oracle.lost, &oracle.late[..]), (1, &["drain"][..]));
    let error = asking.await.unwrap().unwrap_err();
    assert!(matches!(error, RequestError::NotRunning { .. }), "{error}");
    assert_eq!(journal.lines(), ["begin never", "end never"]);
}

#[tokio::test(start_paused = true)]
async fn who_may_be_there_or_not() {
    let alone = Rig::new(&[Curious::DESCRIPTOR, Notebook::DESCRIPTOR]);
    let running = alone.start().await;
    assert_eq!(journal(&running).lines(), ["nobody answers"]);
    running.stop().await;
    let plugins = [
        Curious::DESCRIPTOR,
        Oracle::DESCRIPTOR,
        Notebook::DESCRIPTOR,
    ];
    let running = Rig::new(&plugins).start().await;
    assert_eq!(journal(&running).lines(), ["somebody answers"]);
    running.stop().await;
}

/// Its name comes before that of the oracle.
struct Eager(Requester<Ask>);

#[plugin(name = "a-eager")]
impl Eager {
    #[init]
    fn init(requester: Requester<Ask>) -> Self {
        Self(requester)
    }

    #[start]
    async fn start(&self) -> Result<()> {
        self.0.request(ask("an echo")).await?;
        Ok(())
    }
}

struct Curious;

#[plugin(name = "curious")]
impl Curious {
    #[init]
    fn init(requester: Option<Requester<Ask>>, journal: Service<dyn Journal>) -> Self {
        let who = if requester.is_some() {
            "somebody"
        } else {
            "nobody"
        };
        journal.write(format!("{who} answers"));
        Self
    }
}
