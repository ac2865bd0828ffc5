//! A running system, as every bench needs it.

use std::time::{Duration, Instant};

use plugin_core::config::Sources;
use plugin_core::event::Event;
use plugin_core::lifecycle::{Configured, Manager, Running};
use plugin_core::{Composition, Descriptor};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// One thread: a figure does not depend on which cores happen to be free.
#[must_use]
pub fn one_thread() -> Runtime {
    build(&mut Builder::new_current_thread())
}

/// Two workers, for what crosses cores.
#[must_use]
pub fn two_workers() -> Runtime {
    build(Builder::new_multi_thread().worker_threads(2))
}

fn build(builder: &mut Builder) -> Runtime {
    builder
        .enable_time()
        .build()
        .expect("a runtime without I/O needs no more than its threads")
}

/// A set put together by hand that keeps its data in a directory of its own.
pub struct Set {
    composition: Composition,
    data: TempDir,
}

impl Set {
    /// Puts a set together.
    #[must_use]
    pub fn new(plugins: &[&'static Descriptor]) -> Self {
        Self {
            composition: Composition::assemble(plugins).expect("the plugins fit together"),
            data: tempfile::tempdir().expect("a directory for temporary files"),
        }
    }

    /// Configures it with defaults.
    pub fn configure(&self) -> Configured {
        Manager::builder(&self.composition)
            .sources(Sources::new().data_dir(self.data.path()))
            .configure()
            .expect("defaults are a good config")
    }
}

/// A running system and the runtime that it runs on. When it is dropped, it stops.
pub struct System {
    running: Option<Running>,
    runtime: Runtime,
    _set: Set,
}

impl System {
    /// Starts plugins on one thread.
    #[must_use]
    pub fn start(plugins: &[&'static Descriptor]) -> Self {
        Self::start_on(one_thread(), plugins)
    }

    /// Starts plugins on a runtime.
    #[must_use]
    pub fn start_on(runtime: Runtime, plugins: &[&'static Descriptor]) -> Self {
        let set = Set::new(plugins);
        let running = runtime
            .block_on(set.configure().start())
            .expect("the plugins start");
        Self {
            running: Some(running),
            runtime,
            _set: set,
        }
    }

    /// The system.
    #[must_use]
    pub fn running(&self) -> &Running {
        self.running.as_ref().expect("it runs until it is dropped")
    }

    /// What it runs on.
    #[must_use]
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }
}

impl System {
    /// Publishes bursts of so many events on the runtime's own thread, and waits until each burst
    /// is handled.
    pub fn bursts<E: Event>(
        self,
        events: usize,
        event: impl Fn(usize) -> E + 'static,
    ) -> impl FnMut(u64) -> Duration {
        let publisher = self.running().publisher::<E>();
        move |times| {
            self.runtime.block_on(async {
                let began = Instant::now();
                for _ in 0..times {
                    for number in 0..events {
                        let published = publisher.publish(event(number)).await;
                        published.expect("the system runs");
                    }
                    self.running().idle().await;
                }
                began.elapsed()
            })
        }
    }
}

impl Drop for System {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            let report = self.runtime.block_on(running.stop());
            assert!(report.is_clean(), "{report:?}");
        }
    }
}
