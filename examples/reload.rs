//! Reload: a file is changed while the service runs. Only what is different is touched, what is
//! wrong is refused, and a plugin that is restarted goes on with what it left.
#![expect(clippy::print_stdout, reason = "a program that shows what it does")]

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use plugin_core::config::Sources;
use plugin_core::lifecycle::{ChangeAction, Manager};
use plugin_core::prelude::*;
use plugin_core::{Composition, Plugin};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SignConfig {
    /// What it says.
    text: String,
}

/// A sign that can be written anew while it hangs there.
struct Sign {
    text: Mutex<String>,
}

#[plugin(name = "sign-plugin")]
impl Sign {
    #[init]
    fn init(Config(config): Config<SignConfig>) -> Self {
        println!("sign: {}", config.text);
        Self {
            text: Mutex::new(config.text),
        }
    }

    #[reload]
    fn reload(&self, Config(config): Config<SignConfig>) -> Result<()> {
        let mut text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        println!("sign: {} (it was: {text})", config.text);
        *text = config.text;
        Ok(())
    }
}

/// Counts who comes in. Another limit of the kernel takes a new life of it, which goes on counting.
struct Door {
    visitors: AtomicU64,
}

#[plugin(name = "door-plugin")]
impl Door {
    #[init]
    fn init(before: Option<Snapshot<u64>>) -> Self {
        let visitors = before.map_or(0, |Snapshot(visitors)| visitors) + 1;
        println!("door: {visitors} came in");
        Self {
            visitors: visitors.into(),
        }
    }

    #[snapshot]
    fn snapshot(&self) -> u64 {
        self.visitors.load(Relaxed)
    }
}

#[tokio::main]
pub(crate) async fn main() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("sign-plugin.yaml");
    std::fs::write(&file, "sign-plugin: { config: { text: open } }")?;
    let set = Composition::assemble(&[Sign::DESCRIPTOR, Door::DESCRIPTOR]).expect("the set fits");
    let sources = Sources::new()
        .config_dir(dir.path())
        .data_dir(dir.path().join("data"));
    let manager = Manager::builder(&set).sources(sources);
    let running = manager.configure()?.start().await?;

    std::fs::write(&file, "sign-plugin: { config: { text: closed } }")?;
    let outcome = running.handle().reload().await?;
    assert_eq!(outcome.changes[0].action, ChangeAction::Reload);

    let door = dir.path().join("door-plugin.yaml");
    std::fs::write(&door, "door-plugin: { timeout: 9s }")?;
    let outcome = running.handle().reload().await?;
    assert_eq!(outcome.changes[0].action, ChangeAction::Restart);

    std::fs::write(&file, "sign-plugin: { config: { txt: open } }")?;
    let refused = running.handle().reload().await;
    println!("manager: {}", refused.expect_err("the key is wrong"));
    assert!(running.status().ready, "what held before goes on");
    assert!(running.stop().await.is_clean());
    Ok(())
}
