//! Two services of one short name: only the one that a plugin can't be without holds it back.

use plugin_core::Plugin;
use plugin_core::lifecycle::State;
use plugin_core::prelude::*;

use super::{Provider, Words, started};

mod other {
    use plugin_core::prelude::*;

    /// Has the short name of another service.
    #[service]
    pub(super) trait Words {
        fn count(&self) -> usize;
    }
}

struct OtherProvider;

#[service]
impl other::Words for OtherProvider {
    fn count(&self) -> usize {
        0
    }
}

#[plugin(name = "other-words-plugin", provides(other::Words))]
impl OtherProvider {
    #[init]
    fn init() -> Self {
        Self
    }
}

/// Needs the one service, and takes the other if it is there.
struct Reader;

#[plugin(name = "reader-plugin")]
impl Reader {
    #[init]
    fn init(needed: Service<dyn Words>, optional: Option<Service<dyn other::Words>>) -> Self {
        drop((needed, optional));
        Self
    }
}

#[tokio::test(start_paused = true)]
async fn an_optional_service_holds_nobody_back_whatever_its_short_name() {
    let data = tempfile::tempdir().unwrap();
    let plugins = [
        Reader::DESCRIPTOR,
        Provider::DESCRIPTOR,
        OtherProvider::DESCRIPTOR,
    ];
    let running = started(&plugins, data.path()).await;
    let manager = running.handle();
    assert!(manager.stop("words-plugin").await.is_err());
    manager.stop("other-words-plugin").await.unwrap();
    let status = running.status();
    let reader = status.plugins.iter().find(|it| it.name == "reader-plugin");
    assert_eq!(reader.unwrap().state, State::Running);
    assert!(running.stop().await.is_clean());
}
