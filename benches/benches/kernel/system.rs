//! A running system on one thread, as every bench needs it.

use plugin_core::config::Sources;
use plugin_core::lifecycle::{Configured, Manager, Running};
use plugin_core::{Composition, Descriptor};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// One thread: a figure does not depend on which cores happen to be free.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime without I/O needs nothing of the system")
}

/// A set put together by hand that keeps its data in a directory of its own.
pub(crate) struct Set {
    composition: Composition,
    data: TempDir,
}

impl Set {
    pub(crate) fn new(plugins: &[&'static Descriptor]) -> Self {
        Self {
            composition: Composition::assemble(plugins).expect("the plugins fit together"),
            data: tempfile::tempdir().expect("a directory for temporary files"),
        }
    }

    pub(crate) fn configure(&self) -> Configured {
        Manager::builder(&self.composition)
            .sources(Sources::new().data_dir(self.data.path()))
            .configure()
            .expect("defaults are a good config")
    }
}

/// A running system and the thread that it runs on.
pub(crate) struct System {
    pub(crate) runtime: Runtime,
    pub(crate) running: Running,
    _set: Set,
}

impl System {
    pub(crate) fn start(plugins: &[&'static Descriptor]) -> Self {
        let (runtime, set) = (runtime(), Set::new(plugins));
        let running = runtime
            .block_on(set.configure().start())
            .expect("the plugins start");
        Self {
            runtime,
            running,
            _set: set,
        }
    }

    pub(crate) fn stop(self) {
        let report = self.runtime.block_on(self.running.stop());
        assert!(report.is_clean(), "{report:?}");
    }
}
