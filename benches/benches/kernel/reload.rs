//! A reload that changes one of 100 plugins, beside a restart of that plugin in a system of its own.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::Criterion;
use kernel_benches::{Contest, Goal, one_thread, timed};
use plugin_core::config::{ConfigNeed, Sources};
use plugin_core::lifecycle::{Manager, Running};
use plugin_core::{Composition, Descriptor, Hooks, Need, PluginRef};
use serde_json::Value;
use tempfile::TempDir;

use crate::hold;

/// How long the one takes to build: as long as it takes to open a database.
const BUILD: Duration = Duration::from_millis(20);

const HOOKS: Hooks = Hooks::new(|context| {
    let is_the_one = context.plugin() == ONE;
    Ok(Box::pin(async move {
        if is_the_one {
            tokio::time::sleep(BUILD).await;
        }
        Ok(Arc::new(()) as PluginRef)
    }))
});

const ONE: &str = "plugin-042";

pub(crate) fn bench(criterion: &mut Criterion) {
    let contest = Contest::new("another config for one of 100 plugins")
        .add("reload", reload())
        .add("the one alone", alone())
        .goal(Goal::ratio("reload", "the one alone", 1.5));
    hold(criterion, contest);
}

/// A running system with a file for each plugin.
struct System {
    running: Running,
    file: PathBuf,
    _home: TempDir,
}

impl System {
    async fn start(names: impl Iterator<Item = String>) -> Self {
        let home = tempfile::tempdir().expect("a directory for temporary files");
        let config = home.path().join("config");
        std::fs::create_dir(&config).expect("a directory");
        let mut plugins = Vec::new();
        for name in names {
            let text = format!("{name}: {{ enabled: true, config: {{ word: first }} }}");
            std::fs::write(config.join(format!("{name}.yaml")), text).expect("a file");
            let plugin = Descriptor::new(name.leak(), "1.0.0", HOOKS)
                .needs(const { &[Need::Config(ConfigNeed::of::<Value>())] });
            plugins.push(&*Box::leak(Box::new(plugin)));
        }
        let composition = Composition::assemble(&plugins).expect("the plugins fit together");
        let sources = Sources::new()
            .config_dir(&config)
            .data_dir(home.path().join("data"));
        let configured = Manager::builder(&composition).sources(sources).configure();
        let started = configured.expect("the config is good").start().await;
        Self {
            running: started.expect("the plugins start"),
            file: config.join(format!("{ONE}.yaml")),
            _home: home,
        }
    }

    /// Whoever takes it, takes the directory with it.
    fn running(&self) -> &Running {
        &self.running
    }

    fn write(&self, word: u64) {
        let text = format!("{ONE}: {{ enabled: true, config: {{ word: {word} }} }}");
        std::fs::write(&self.file, text).expect("a file");
    }
}

fn reload() -> impl FnMut(u64) -> Duration {
    let runtime = one_thread();
    let names = (0..100).map(|at| format!("plugin-{at:03}"));
    let system = runtime.block_on(System::start(names));
    let mut word = 0;
    move |times| {
        let mut took = Duration::ZERO;
        for _ in 0..times {
            word += 1;
            system.write(word);
            let began = Instant::now();
            let outcome = runtime.block_on(system.running().handle().reload());
            took += began.elapsed();
            assert_eq!(outcome.expect("it is good").changes.len(), 1);
        }
        took
    }
}

fn alone() -> impl FnMut(u64) -> Duration {
    let runtime = one_thread();
    let system = runtime.block_on(System::start(std::iter::once(ONE.to_owned())));
    timed(move || {
        let restarted = runtime.block_on(system.running().handle().restart(ONE));
        restarted.expect("it starts again");
    })
}
