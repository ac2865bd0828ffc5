//! A plugin that is linked and that `compose!` does not name: such as one of a library of which only
//! the events are used.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use plugin_core::config::Sources;
use plugin_core::lifecycle::{ConfigureError, Manager};
use plugin_core::prelude::*;
use plugin_core::{Composition, Note};

static TOUCHED: AtomicU32 = AtomicU32::new(0);

/// What the library is there for.
#[event("library.event")]
#[derive(Serialize, Deserialize, JsonSchema)]
struct LibraryEvent {
    id: u64,
}

#[service]
trait Library {
    fn read(&self);
}

#[derive(Deserialize, JsonSchema)]
struct NeverRead {
    #[expect(dead_code, reason = "its config would have to be given")]
    must_be_set: u64,
}

/// What the library brings beside it.
struct Stowaway;

#[plugin(name = "stowaway-plugin", provides(Library))]
impl Stowaway {
    #[init]
    fn init(_config: Config<NeverRead>) -> Self {
        TOUCHED.fetch_add(1, SeqCst);
        Self
    }

    #[subscribe]
    fn hear(&self, event: &LibraryEvent) {
        TOUCHED.fetch_add(u32::try_from(event.id).unwrap(), SeqCst);
    }

    #[intercept(publish)]
    fn check(&self, event: &AnyEvent<'_>) -> Result<()> {
        TOUCHED.fetch_add(1, SeqCst);
        Err(Error::external(format!("no {}", event.topic())))
    }

    #[schedule(every = "1s")]
    fn tick(&self) {
        TOUCHED.fetch_add(1, SeqCst);
    }
}

impl Library for Stowaway {
    fn read(&self) {}
}

static HEARD: AtomicU32 = AtomicU32::new(0);

struct Reader;

#[plugin(name = "library-reader")]
impl Reader {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe]
    fn hear(&self, event: &LibraryEvent) {
        HEARD.fetch_add(u32::try_from(event.id).unwrap(), SeqCst);
    }
}

mod plain {
    plugin_core::compose! { super::Reader }
}

mod strict {
    plugin_core::compose! {
        #![strict]
        super::Reader,
    }
}

#[tokio::test(start_paused = true)]
async fn report_d2_a_linked_plugin_that_is_not_composed_is_left_out_with_a_note() {
    let set: &Composition = &plain::COMPOSITION;
    let data = tempfile::tempdir().unwrap();
    let files = tempfile::tempdir().unwrap();
    let section = "stowaway-plugin:\n  config: { must_be_set: no number }\n";
    std::fs::write(files.path().join("stowaway.yaml"), section).unwrap();
    let sources = Sources::new()
        .data_dir(data.path())
        .config_dir(files.path());
    let configured = Manager::builder(set).sources(sources).configure().unwrap();
    let note = "`stowaway-plugin` is linked, not composed: left out (name `";
    let warnings: Vec<_> = configured
        .warnings()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(
        warnings.iter().any(|one| one.contains(note)),
        "{warnings:?}"
    );
    let notes = configured.notes();
    let about = |note: &&Note| note.plugin() == "stowaway-plugin";
    let left_out = notes.iter().find(about).unwrap().to_string();
    assert!(left_out.starts_with(note), "{left_out}");
    assert!(left_out.contains("::Stowaway` in `compose!`"), "{left_out}");

    let running = configured.start().await.unwrap();
    running
        .publisher()
        .publish(LibraryEvent { id: 5 })
        .await
        .unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    assert!(running.service::<dyn Library>().is_none());
    assert_eq!((HEARD.load(SeqCst), TOUCHED.load(SeqCst)), (5, 0));
    assert!(running.stop().await.is_clean());
}

#[test]
fn report_d2_what_is_left_out_is_told_from_what_nobody_knows() {
    let text = |name| plain::COMPOSITION.absent(name).unwrap().to_string();
    assert!(text("stowaway-plugin").starts_with("`stowaway-plugin` is linked, not composed"));
    assert_eq!(
        text("nobody"),
        "no plugin is named `nobody`: `list` shows the names"
    );
    assert!(plain::COMPOSITION.link_check().is_ok());
}

#[test]
fn report_d2_a_strict_set_holds_all_that_is_linked() {
    let data = tempfile::tempdir().unwrap();
    let manager = Manager::builder(&strict::COMPOSITION).data_dir(data.path());
    let Err(ConfigureError::Link(error)) = manager.configure() else {
        panic!("a strict set is compared with what is linked")
    };
    assert!(error.missing.is_empty());
    assert!(error.unchosen.iter().any(|one| one.ends_with("::Stowaway")));
    let text = error.to_string();
    assert!(
        text.contains("take `#![strict]` out of `compose!`"),
        "{text}"
    );
}
