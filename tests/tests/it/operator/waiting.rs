//! The supervisor waits for the code of a plugin that it starts or stops; that code never waits
//! for the supervisor.

use std::time::Duration;

use plugin_core::Plugin;
use plugin_core::lifecycle::{Operation, Running, State};
use plugin_core::prelude::*;
use tokio::time::Instant;

use super::{Errands, Wish, rig, said, wish};
use crate::journal::Journal;
use crate::rig::status;

/// Publishes a wish, and waits until all that follows from it is done; it has to be done at once.
async fn fulfil(running: &Running, wish: Wish) -> Vec<String> {
    let began = Instant::now();
    running.publisher().publish(wish).await.unwrap();
    running.idle().await;
    // One more operation, behind all that are under way; nobody needs `clockwork`.
    running.handle().restart("clockwork").await.unwrap();
    let took = began.elapsed();
    assert!(took < Duration::from_secs(1), "somebody waited: {took:?}");
    running.service::<dyn Journal>().unwrap().lines()
}

#[tokio::test(start_paused = true)]
async fn who_stops_or_restarts_itself_is_answered_and_does_not_hang() {
    for verb in ["stop", "cascade", "restart"] {
        let rig = rig(&[]);
        let running = rig.start().await;
        let lines = fulfil(&running, wish(verb, "steward")).await;
        assert_eq!(lines, ["accepted"], "{verb}");
        let state = status(&running, "steward").state;
        let runs = verb == "restart";
        assert_eq!(state == State::Running, runs, "{verb}: {state}");
        assert!(running.stop().await.is_clean());
        // How it ended is in the log.
        let mut lines = rig.audit().into_iter();
        let ended = lines.find(|line| line["actor"] == "steward").unwrap();
        assert_eq!(
            (&ended["user"], &ended["outcome"]),
            (&"ada".into(), &"done".into())
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_stops_in_a_cascade_is_answered_too() {
    let running = rig(&[]).start().await;
    let refused = fulfil(&running, wish("stop", "test-journal")).await;
    assert!(refused[0].contains("is needed by `steward`"), "{refused:?}");
    let lines = fulfil(&running, wish("cascade", "test-journal")).await;
    assert_eq!(lines[1..], ["accepted"]);
    assert_eq!(status(&running, "test-journal").state, State::Stopped);
    assert!(running.stop().await.is_clean());
}

/// Has somebody else stop it.
struct Client {
    errands: Service<dyn Errands>,
    journal: Service<dyn Journal>,
}

#[plugin(name = "operator-client")]
impl Client {
    #[init]
    fn init(errands: Service<dyn Errands>, journal: Service<dyn Journal>) -> Self {
        Self { errands, journal }
    }

    #[subscribe]
    async fn leave(&self, _: &Leave) {
        let plugin = "operator-client".to_owned();
        let outcome = self.errands.run(Operation::Restart { plugin }).await;
        self.journal.write(said(&outcome));
    }
}

#[event("operator.leave")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Leave;

#[tokio::test(start_paused = true)]
async fn a_service_that_operates_does_not_hold_up_who_calls_it() {
    let running = rig(&[Client::DESCRIPTOR]).start().await;
    let began = Instant::now();
    running.publisher().publish(Leave).await.unwrap();
    running.idle().await;
    running.handle().restart("clockwork").await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(1));
    let lines = running.service::<dyn Journal>().unwrap().lines();
    assert_eq!(lines, ["accepted"]);
    assert_eq!(status(&running, "operator-client").restarts, 1);
    assert!(running.stop().await.is_clean());
}

/// Operates in all its hooks.
struct Hasty {
    operator: Operator,
    journal: Service<dyn Journal>,
}

#[plugin(name = "hasty")]
impl Hasty {
    #[init]
    async fn init(operator: Operator, journal: Service<dyn Journal>) -> Self {
        let hasty = Self { operator, journal };
        hasty.restart_clockwork().await;
        hasty
    }

    #[start]
    async fn start(&self) {
        self.restart_clockwork().await;
    }

    #[stop]
    async fn stop(&self) {
        self.restart_clockwork().await;
    }

    async fn restart_clockwork(&self) {
        let outcome = self
            .operator
            .operate(wish("restart", "clockwork").operation());
        self.journal.write(said(&outcome.await));
    }
}

#[tokio::test(start_paused = true)]
async fn a_hook_is_told_at_once_that_it_can_t_operate() {
    let began = Instant::now();
    let rig = rig(&[Hasty::DESCRIPTOR]);
    let running = rig.start().await;
    running.handle().stop("hasty").await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(1));
    let refused =
        |state| format!("`hasty` is {state}: it can operate the system only while it runs");
    let lines = running.service::<dyn Journal>().unwrap().lines();
    assert_eq!(lines, ["initializing", "starting", "stopping"].map(refused));
    assert!(running.stop().await.is_clean());
    let denied = |line: &&serde_json::Value| line["outcome"] == "denied";
    assert_eq!(rig.audit().iter().filter(denied).count(), 3);
}

/// Takes its time to stop.
struct Slow;

#[plugin(name = "operator-slow")]
impl Slow {
    #[init]
    fn init() -> Self {
        Self
    }

    #[stop]
    async fn stop(&self) {
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_behind_its_own_stop_is_answered_and_carried_out() {
    let began = Instant::now();
    let running = rig(&[Slow::DESCRIPTOR]).start().await;
    let (handle, wishes) = (running.handle(), running.publisher());
    let asked = async {
        wishes
            .publish(wish("restart", "operator-slow"))
            .await
            .unwrap();
        // By then the wish waits behind the slow one.
        tokio::time::sleep(Duration::from_secs(1)).await;
        handle.stop("steward").await
    };
    let (slow, steward) = tokio::join!(biased; handle.stop("operator-slow"), asked);
    assert!(slow.is_ok() && steward.is_ok());
    handle.start("steward").await.unwrap();
    // Behind the restart.
    assert!(handle.start("operator-slow").await.is_err());
    let took = began.elapsed();
    assert!(took < Duration::from_secs(6), "somebody waited: {took:?}");
    let lines = running.service::<dyn Journal>().unwrap().lines();
    assert_eq!(lines, ["accepted"]);
    assert_eq!(status(&running, "operator-slow").state, State::Running);
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn what_waits_when_the_system_stops_is_told_so() {
    let running = rig(&[Slow::DESCRIPTOR]).start().await;
    let handle = running.handle();
    let journal = running.service::<dyn Journal>().unwrap();
    let asked = wish("restart", "operator-slow");
    let stop = async {
        running.publisher().publish(asked).await.unwrap();
        // By then the wish waits behind the slow one.
        tokio::time::sleep(Duration::from_secs(1)).await;
        running.stop().await
    };
    let (slow, stopped) = tokio::join!(biased; handle.stop("operator-slow"), stop);
    assert!(slow.is_ok() && stopped.is_clean());
    assert_eq!(journal.lines(), ["the system is stopping"]);
}
