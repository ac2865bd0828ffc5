//! The plugin: each change causes a reload.

use std::time::Duration;

use plugin_core::lifecycle::{Operation, OperationError, Operator, Reloads, System};
use plugin_core::prelude::*;
use tokio::time::sleep;

use crate::changes::{Change, Changes};
use crate::config::{Mode, WatchConfig};

/// Has the manager take over config files that have changed.
#[derive(Debug)]
pub struct Watch {
    mode: Mode,
    system: System,
    operator: Operator,
}

/// Has the manager take over config files that have changed.
#[plugin(
    name = "watch-plugin",
    kind = system,
    singleton = "a change of a file is to be taken over once"
)]
impl Watch {
    #[init]
    fn init(Config(config): Config<WatchConfig>, system: System, operator: Operator) -> Self {
        Self {
            mode: config.mode,
            system,
            operator,
        }
    }

    #[start]
    fn start(&self, tasks: Tasks) -> Result<()> {
        if let Some(reloads) = self.system.reloads() {
            let (system, operator) = (self.system.clone(), self.operator.clone());
            tasks.spawn("watch", watch(self.mode, system, operator, reloads))?;
        }
        Ok(())
    }
}

/// Watches while config asks for it, with the configured interval.
async fn watch(mode: Mode, system: System, operator: Operator, mut reloads: Reloads) {
    loop {
        let interval = system.hot_reload();
        let mut changes = interval.and_then(|interval| changes(mode, &system, interval));
        let next = async |changes: &mut Option<Changes>| match changes {
            Some(changes) => changes.next().await,
            None => std::future::pending().await,
        };
        while system.hot_reload() == interval {
            tokio::select! {
                change = next(&mut changes) => take_over(&change, &operator, interval).await,
                is_another = reloads.next() => if !is_another {
                    return;
                },
            }
        }
    }
}

fn changes(mode: Mode, system: &System, interval: Duration) -> Option<Changes> {
    let known = system.config_files()?;
    let (system, last) = (system.clone(), known.clone());
    let look = move || system.config_files_now().unwrap_or_else(|| last.clone());
    Some(Changes::new(known, look, mode, interval))
}

/// Has the manager read config again, which says in the log what came of it.
async fn take_over(change: &Change, operator: &Operator, pause: Option<Duration>) {
    let files = names(change);
    tracing::info!(files, "config files have changed");
    let reload = || operator.operate(Operation::Reload { plugin: None });
    let mut reloaded = reload().await;
    // Nothing is reloaded before all plugins run.
    while let Err(OperationError::AskerState { .. }) = reloaded {
        sleep(pause.unwrap_or_default()).await;
        reloaded = reload().await;
    }
}

fn names(change: &Change) -> String {
    let files = change.files.iter();
    let files: Vec<_> = files.map(|file| file.display().to_string()).collect();
    files.join(", ")
}
