//! The plugin: each change is a reload.

use std::time::Duration;

use plugin_core::lifecycle::{
    Operated, Operation, OperationError, OperationOutcome, Operator, System,
};
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
#[plugin(name = "watch-plugin", kind = system)]
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
        let change = changes.next().await;
        let reload = || operator.operate(Operation::Reload { plugin: None });
        let mut reloaded = reload().await;
        // Nothing is reloaded before all plugins run.
        while let Err(OperationError::AskerState { .. }) = reloaded {
            sleep(pause).await;
            reloaded = reload().await;
        }
        tell(&change, reloaded);
    }
}

/// What has become of a change, once: the same files are not told again.
fn tell(change: &Change, reloaded: Result<Operated, OperationError>) {
    let files: Vec<_> = (change.files.iter())
        .map(|file| file.display().to_string())
        .collect();
    let files = files.join(", ");
    match reloaded {
        Ok(Operated::Done(outcome)) => {
            tracing::info!(files, "config is taken over: {}", summary(&outcome));
        }
        Ok(Operated::Accepted) => tracing::info!(files, "config is being taken over"),
        Err(error) => {
            let error = error.to_string();
            let lines: Vec<&str> = error.lines().filter(|line| !line.is_empty()).collect();
            tracing::error!(
                files,
                "the changed config is not taken over, what held before goes on: {}",
                lines.join("; ")
            );
        }
    }
}

fn summary(outcome: &OperationOutcome) -> String {
    let changes = outcome.changes.iter();
    let changes: Vec<_> = changes
        .map(|change| format!("{} {}", change.action.as_str(), change.plugin))
        .collect();
    let mut parts = match changes.len() {
        0 => vec!["no plugin is concerned".to_owned()],
        _ => changes,
    };
    if !outcome.later.is_empty() {
        parts.push(format!("with the next start: {}", outcome.later.join(", ")));
    }
    parts.join(", ")
}
