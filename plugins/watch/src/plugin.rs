//! The plugin: each change is a reload.

use std::time::Duration;

use plugin_core::lifecycle::{Operated, Operation, OperationError, Operator, System};
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
        let known = self.system.config_files();
        let (Some(interval), Some(known)) = (self.system.hot_reload(), known) else {
            return Ok(());
        };
        let (system, last) = (self.system.clone(), known.clone());
        let look = move || system.config_files_now().unwrap_or_else(|| last.clone());
        let changes = Changes::new(known, look, self.mode, interval);
        tasks.spawn("watch", take_over(changes, self.operator.clone(), interval))?;
        Ok(())
    }
}

async fn take_over(mut changes: Changes, operator: Operator, pause: Duration) {
    loop {
        let files = names(&changes.next().await);
        tracing::info!(files, "config files have changed");
        let reload = || operator.operate(Operation::Reload { plugin: None });
        let mut reloaded = reload().await;
        // Nothing is reloaded before all plugins run.
        while let Err(OperationError::AskerState { .. }) = reloaded {
            sleep(pause).await;
            reloaded = reload().await;
        }
        tell(&files, reloaded);
    }
}

fn names(change: &Change) -> String {
    let files = change.files.iter();
    let files: Vec<_> = files.map(|file| file.display().to_string()).collect();
    files.join(", ")
}

/// What has become of a change; what the manager took over, it tells itself.
fn tell(files: &str, reloaded: Result<Operated, OperationError>) {
    match reloaded {
        Ok(Operated::Done(outcome)) if !outcome.later.is_empty() => {
            let keys = outcome.later.join(", ");
            tracing::warn!(keys, "these keys hold with the next start of the process");
        }
        Ok(Operated::Done(outcome)) if outcome.changes.is_empty() => {
            tracing::info!(files, "what has changed concerns nothing that runs");
        }
        Ok(_) => {}
        // The same files are not read again, so this is told once.
        Err(OperationError::Config(error)) => {
            let issues = error.lines().join("; ");
            tracing::error!(
                files,
                "the config is not taken over, what held before goes on: {issues}"
            );
        }
        Err(error) => tracing::error!(files, "{error}"),
    }
}
