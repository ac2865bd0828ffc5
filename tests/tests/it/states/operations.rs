//! Random operations on a small set, against a model of a few hundred lines: who is under management,
//! who runs, with which config, who may, in which order; while files change, hooks fail, hang and
//! panic, and plugins fail by themselves. After each operation the system and the model say the
//! same, exactly the plugins that run are alive, exactly those hear an event, each with its config,
//! and no hook was called of a plugin that the operation does not concern.
//!
//! `PROPTEST_CASES=5000 cargo test -p integration-tests --test it -- states::operations` runs more.

mod model;
mod node;
mod reload;
mod section;

use std::path::PathBuf;
use std::time::Duration;

use plugin_core::Plugin;
use plugin_core::config::Sources;
use plugin_core::lifecycle::{
    self, ManagerHandle, OperationError, OperationOutcome, PluginFailed, State,
};
use plugin_core::service::Service;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use model::{Model, Operation, in_order, same};
use node::{A, B, BROKEN, Break, C, D, NAMES, Ping};
use section::{Fault, Section, section};

use super::cases;
use crate::heard::Heard;
use crate::journal::{Journal, Notebook};
use crate::rig::{Rig, Started};

/// What takes longer never ends: hooks that hang are given up after `timeout`.
const HANGS: Duration = Duration::from_secs(3_600);

/// The system under test.
struct Subject {
    running: Started,
    journal: Service<dyn Journal>,
    failed: Heard<PluginFailed>,
    /// Where the plugins' files are.
    files: PathBuf,
}

impl Subject {
    async fn start(rig: &Rig, files: PathBuf) -> Self {
        let running = rig.start().await;
        let journal = running.service::<dyn Journal>().unwrap();
        let failed = Heard::on(&running);
        Self {
            running,
            journal,
            failed,
            files,
        }
    }

    async fn apply(&self, operation: Operation, model: &mut Model) -> Result<(), TestCaseError> {
        let expected = match operation {
            Operation::Start(at) => model.start(at),
            Operation::Stop(at, cascade) => model.stop(at, cascade),
            Operation::Restart(at) => model.restart(at),
            Operation::Reload(only) => model.reload(only),
            Operation::Plan(only) => model.plan(only),
            Operation::Load(at) => model.load(at),
            Operation::Unload(at, cascade) => model.unload(at, cascade),
            Operation::Enable(at) => model.enable(at),
            Operation::Disable(at, cascade) => model.disable(at, cascade),
            Operation::Break(at) => return self.fail(at, model).await,
            Operation::Publish => return Ok(()),
            Operation::Write(at, section) => {
                model.files[at] = section;
                write(&self.files, at, &section);
                return Ok(());
            }
        };
        let outcome = asked(&self.running.handle(), operation).await;
        let done = (outcome.as_ref())
            .map(|outcome| told(operation, outcome))
            .map_err(word);
        prop_assert!(
            same(&done, &expected),
            "{done:?}, expected {expected:?}: {outcome:?}"
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
        let outcomes = outcomes.unwrap();
        prop_assert!(outcomes.iter().all(|outcome| outcome.result.is_ok()));
        if model.runs(at) {
            loop {
                let failed = self.failed.next().await;
                if failed.plugin == NAMES[at] && failed.error.contains(BROKEN) {
                    break;
                }
            }
            // What is asked of the same plugin waits until the manager is done with this.
            let refused = self.running.handle().run_schedule(NAMES[at], "none").await;
            let is_unknown = matches!(refused, Err(OperationError::UnknownSchedule { .. }));
            prop_assert!(is_unknown);
            model.fail(at);
        }
        Ok(())
    }

    /// Exactly those that run hear an event, each with its config.
    async fn publish(&self, model: &Model) -> Result<(), TestCaseError> {
        self.journal.clear();
        let outcomes = self
            .running
            .publisher()
            .publish_and_wait(Ping)
            .await
            .unwrap();
        let mut heard: Vec<_> = outcomes.iter().map(|outcome| outcome.plugin).collect();
        heard.sort_unstable();
        prop_assert_eq!(heard, model.running());
        let mut words = self.journal.lines();
        words.sort_unstable();
        let expected = (0..4).filter(|&at| model.runs(at)).map(|at| {
            let word = model.lives[at].unwrap().own.word;
            format!("word {}{word}", NAMES[at])
        });
        prop_assert_eq!(words, expected.collect::<Vec<_>>());
        Ok(())
    }

    fn check(&self, model: &Model) -> Result<(), TestCaseError> {
        let status = self.running.status();
        for (at, name) in NAMES.into_iter().enumerate() {
            let plugin = status.plugins.iter().find(|plugin| plugin.name == name);
            let expected = model.lives[at].map(|life| life.state);
            prop_assert_eq!(plugin.map(|plugin| plugin.state), expected, "{}", name);
        }
        let all = model.lives.iter().flatten().count();
        prop_assert_eq!(status.ready, model.running().len() == all);
        Ok(())
    }
}

/// Has the system do what the model did.
async fn asked(
    manager: &ManagerHandle,
    operation: Operation,
) -> Result<OperationOutcome, OperationError> {
    use lifecycle::Operation as Asked;
    let plugin = |at: usize| NAMES[at].to_owned();
    let reload = |only: Option<usize>| Asked::Reload {
        plugin: only.map(plugin),
    };
    let asked = match operation {
        Operation::Start(at) => Asked::Start { plugin: plugin(at) },
        Operation::Stop(at, cascade) => Asked::Stop {
            plugin: plugin(at),
            cascade,
        },
        Operation::Restart(at) => Asked::Restart { plugin: plugin(at) },
        Operation::Reload(only) => reload(only),
        Operation::Plan(only) => Asked::Plan(Box::new(reload(only))),
        Operation::Load(at) => Asked::Load { plugin: plugin(at) },
        Operation::Unload(at, cascade) => Asked::Unload {
            plugin: plugin(at),
            cascade,
        },
        Operation::Enable(at) => Asked::Enable { plugin: plugin(at) },
        Operation::Disable(at, cascade) => Asked::Disable {
            plugin: plugin(at),
            cascade,
        },
        Operation::Break(_) | Operation::Publish | Operation::Write(..) => {
            unreachable!("nobody is asked for it")
        }
    };
    manager.operate(asked).await
}

/// What an operation did, as the model tells it.
fn told(operation: Operation, outcome: &OperationOutcome) -> Vec<(&'static str, &'static str)> {
    match operation {
        Operation::Start(_) | Operation::Stop(..) | Operation::Restart(_) => {
            let changed = outcome.plugins.iter();
            changed.map(|&plugin| (plugin, "changed")).collect()
        }
        _ => {
            let changes = outcome.changes.iter();
            changes
                .map(|change| (change.plugin, change.action.as_str()))
                .collect()
        }
    }
}

fn word(error: &OperationError) -> &'static str {
    match error {
        OperationError::State { .. } => "state",
        OperationError::Needed { .. } => "needed",
        OperationError::Needs { .. } => "needs",
        OperationError::Failed { .. } => "failed",
        OperationError::Required { .. } => "required",
        OperationError::NotLoaded { .. } => "not loaded",
        OperationError::Config(_) => "config",
        OperationError::RolledBack { .. } => "rolled back",
        _ => "other",
    }
}

fn write(files: &std::path::Path, at: usize, section: &Section) {
    let path = files.join(format!("{}.yaml", NAMES[at]));
    std::fs::write(path, section.text(NAMES[at])).unwrap();
}

/// The plugins that were built and not dropped, by what is written since it was known who was.
fn alive<'l>(mut alive: Vec<&'l str>, lines: &'l [String]) -> Vec<&'l str> {
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

/// No hook is called of a plugin that is and stays as it was, unless it fails in between.
fn untouched(before: &Model, after: &Model, lines: &[String]) -> Result<(), TestCaseError> {
    for (at, name) in NAMES.into_iter().enumerate() {
        let is_same = before.files[at] == before.applied[at] && before.runs(at) && after.runs(at);
        let called = lines.iter().any(|line| line.ends_with(&format!(" {name}")));
        prop_assert!(!(called && is_same), "{}: {:?}", name, lines);
    }
    Ok(())
}

async fn run(operations: &[Operation]) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().to_owned();
    for at in 0..4 {
        write(&files, at, &Section::FIRST);
    }
    let rig = NAMES.iter().fold(
        Rig::from_sources(
            &[&A, &B, &C, &D, Notebook::DESCRIPTOR],
            Sources::new().config_dir(&files),
        ),
        |rig, name| rig.set(name, "restart", json!({"policy": "never"})),
    );
    let subject = Subject::start(&rig, files).await;
    let mut model = Model::new();
    for &operation in operations {
        subject.journal.clear();
        let before = model.clone();
        let applied = subject.apply(operation, &mut model);
        let in_time = tokio::time::timeout(HANGS, applied).await;
        in_time.expect("nothing hangs")?;
        subject.check(&model)?;
        let lines = subject.journal.lines();
        prop_assert_eq!(alive(before.running(), &lines), model.running());
        if !matches!(operation, Operation::Restart(_)) {
            untouched(&before, &model, &lines)?;
        }
        subject.publish(&model).await?;
    }
    stop(subject, &model).await?;
    start_again(&rig, &model).await
}

async fn stop(subject: Subject, model: &Model) -> Result<(), TestCaseError> {
    let Subject {
        running,
        journal,
        failed,
        ..
    } = subject;
    drop(failed);
    journal.clear();
    let stops_well = |at: &usize| {
        let life = model.lives[*at];
        life.is_none_or(|life| life.state != State::Running || life.own.stop == Fault::None)
    };
    let is_clean = running.stop().await.is_clean();
    prop_assert_eq!(is_clean, (0..4).all(|at| stops_well(&at)));
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

/// The next start has what the files say, and what was turned on or off for good.
async fn start_again(rig: &Rig, model: &Model) -> Result<(), TestCaseError> {
    let configured = rig.configure();
    let expected = model.next_start();
    prop_assert_eq!(configured.is_ok(), expected.is_some());
    let (Ok(configured), Some(expected)) = (configured, expected) else {
        return Ok(());
    };
    let started = configured.start().await;
    let on = || (0..4).filter(|&at| expected[at].enabled);
    let comes_up = on().all(|at| expected[at].own.comes_up());
    prop_assert_eq!(started.is_ok(), comes_up);
    if let Ok(running) = started {
        let mut names: Vec<_> = (running.status().plugins.iter())
            .map(|plugin| plugin.name)
            .filter(|name| NAMES.contains(name))
            .collect();
        names.sort_unstable();
        prop_assert_eq!(names, on().map(|at| NAMES[at]).collect::<Vec<_>>());
        running.stop().await;
    }
    Ok(())
}

fn operation() -> impl Strategy<Value = Operation> {
    let unit = || select(&[0_usize, 1, 2, 3][..]);
    let only = || proptest::option::weighted(0.25, unit());
    let both = || (unit(), any::<bool>());
    prop_oneof![
        3 => unit().prop_map(Operation::Start),
        3 => both().prop_map(|(at, cascade)| Operation::Stop(at, cascade)),
        2 => unit().prop_map(Operation::Restart),
        2 => unit().prop_map(Operation::Break),
        1 => Just(Operation::Publish),
        10 => (unit(), section()).prop_map(|(at, section)| Operation::Write(at, section)),
        8 => only().prop_map(Operation::Reload),
        1 => only().prop_map(Operation::Plan),
        3 => unit().prop_map(Operation::Load),
        3 => both().prop_map(|(at, cascade)| Operation::Unload(at, cascade)),
        2 => unit().prop_map(Operation::Enable),
        2 => both().prop_map(|(at, cascade)| Operation::Disable(at, cascade)),
    ]
}

proptest! {
    #![proptest_config(cases(256))]

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
