//! Random operations on a small set, against a model of a few lines: who runs, who may, in which
//! order. After each operation the system and the model say the same, exactly the plugins that
//! run are alive, and exactly those hear an event.

mod model;
mod node;

use std::time::Duration;

use plugin_core::Plugin;
use plugin_core::lifecycle::{OperationError, PluginFailed, State};
use plugin_core::service::Service;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use model::{Model, Operation, in_order, same};
use node::{A, B, Break, C, D, NAMES, Ping};

use crate::heard::Heard;
use crate::journal::{Journal, Notebook};
use crate::rig::{Rig, Started};

/// What takes longer never ends: all that is waited for is done at once.
const HANGS: Duration = Duration::from_secs(3_600);

/// The system under test.
struct Subject {
    running: Started,
    journal: Service<dyn Journal>,
    failed: Heard<PluginFailed>,
}

impl Subject {
    async fn start(rig: &Rig) -> Self {
        let running = rig.start().await;
        let journal = running.service::<dyn Journal>().unwrap();
        let failed = Heard::on(&running);
        Self {
            running,
            journal,
            failed,
        }
    }

    async fn apply(&self, operation: Operation, model: &mut Model) -> Result<(), TestCaseError> {
        let manager = self.running.handle();
        let (outcome, expected) = match operation {
            Operation::Start(at) => (manager.start(NAMES[at]).await, model.start(at)),
            Operation::Stop(at) => (manager.stop(NAMES[at]).await, model.stop(at, false)),
            Operation::StopCascade(at) => {
                (manager.stop_cascade(NAMES[at]).await, model.stop(at, true))
            }
            Operation::Restart(at) => (manager.restart(NAMES[at]).await, model.restart(at)),
            Operation::Break(at) => return self.fail(at, model).await,
            Operation::Publish => return self.publish(model).await,
        };
        let outcome = outcome
            .map(|outcome| outcome.plugins)
            .map_err(|error| word(&error));
        prop_assert!(
            same(&outcome, &expected),
            "{outcome:?}, expected {expected:?}"
        );
        Ok(())
    }

    async fn fail(&self, at: usize, model: &mut Model) -> Result<(), TestCaseError> {
        let plugin = NAMES[at].to_owned();
        let outcomes = self
            .running
            .publisher()
            .publish_and_wait(Break { plugin })
            .await;
        prop_assert!(
            outcomes
                .unwrap()
                .iter()
                .all(|outcome| outcome.result.is_ok())
        );
        if model.runs(at) {
            prop_assert_eq!(self.failed.next().await.plugin, NAMES[at]);
            // What is asked of the same plugin waits until the manager is done with this.
            let refused = self.running.handle().run_schedule(NAMES[at], "none").await;
            let is_unknown = matches!(refused, Err(OperationError::UnknownSchedule { .. }));
            prop_assert!(is_unknown);
            model.fail(at);
        }
        Ok(())
    }

    async fn publish(&self, model: &Model) -> Result<(), TestCaseError> {
        let outcomes = self
            .running
            .publisher()
            .publish_and_wait(Ping)
            .await
            .unwrap();
        let mut heard: Vec<_> = outcomes.iter().map(|outcome| outcome.plugin).collect();
        heard.sort_unstable();
        prop_assert_eq!(heard, model.running());
        Ok(())
    }

    fn check(&self, model: &Model) -> Result<(), TestCaseError> {
        let status = self.running.status();
        for (at, name) in NAMES.into_iter().enumerate() {
            let plugin = status.plugins.iter().find(|plugin| plugin.name == name);
            prop_assert_eq!(plugin.unwrap().state, model.0[at], "{}", name);
        }
        prop_assert_eq!(status.ready, model.running().len() == 4);
        let lines = self.journal.lines();
        prop_assert_eq!(alive(&lines), model.running());
        Ok(())
    }
}

fn word(error: &OperationError) -> &'static str {
    match error {
        OperationError::State { .. } => "state",
        OperationError::Needed { .. } => "needed",
        OperationError::Needs { .. } => "needs",
        _ => "other",
    }
}

/// The plugins that were built and not dropped, in order of their names.
fn alive(lines: &[String]) -> Vec<&str> {
    let mut alive = Vec::new();
    for line in lines {
        match line.split_once(' ') {
            Some(("init", name)) => alive.push(name),
            Some(("drop", name)) => alive.retain(|other| *other != name),
            _ => {}
        }
    }
    alive.sort_unstable();
    alive
}

async fn run(operations: &[Operation]) -> Result<(), TestCaseError> {
    let rig = NAMES.iter().fold(
        Rig::new(&[&A, &B, &C, &D, Notebook::DESCRIPTOR]),
        |rig, name| rig.set(name, "restart", json!({"policy": "never"})),
    );
    let subject = Subject::start(&rig).await;
    let mut model = Model([State::Running; 4]);
    for &operation in operations {
        let applied = subject.apply(operation, &mut model);
        let in_time = tokio::time::timeout(HANGS, applied).await;
        in_time.expect("nothing hangs")?;
        subject.check(&model)?;
    }
    let Subject {
        running,
        journal,
        failed,
    } = subject;
    drop(failed);
    journal.clear();
    prop_assert!(running.stop().await.is_clean());
    let lines = journal.lines();
    let stops: Vec<_> = (lines.iter())
        .filter_map(|line| line.strip_prefix("stop "))
        .collect();
    let mut sorted = stops.clone();
    sorted.sort_unstable();
    prop_assert_eq!(sorted, model.running());
    prop_assert!(in_order(&stops), "{:?}", stops);
    prop_assert_eq!(
        lines.len(),
        2 * stops.len(),
        "each stops and is dropped, once"
    );
    Ok(())
}

fn operation() -> impl Strategy<Value = Operation> {
    let unit = || select(&[0_usize, 1, 2, 3][..]);
    prop_oneof![
        3 => unit().prop_map(Operation::Start),
        2 => unit().prop_map(Operation::Stop),
        1 => unit().prop_map(Operation::StopCascade),
        2 => unit().prop_map(Operation::Restart),
        1 => unit().prop_map(Operation::Break),
        2 => Just(Operation::Publish),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_operations_leave_one_truth(operations in proptest::collection::vec(operation(), 0..24)) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(run(&operations))?;
    }
}
