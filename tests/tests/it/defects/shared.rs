//! One event, many handlers. `tests/ui/plugin/handler_event_mutable.rs` has what the compiler
//! says to a handler that wants to change it.

use plugin_core::Plugin;
use plugin_core::prelude::*;

use crate::journal::{Journal, Notebook};
use crate::rig::Rig;

#[event("defect.shared")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Shared {
    text: String,
}

struct Readers {
    journal: Service<dyn Journal>,
}

impl Readers {
    /// Where the event is in memory, and what it says.
    fn note(&self, event: &Envelope<Shared>) {
        let place = std::ptr::from_ref(event.event());
        self.journal
            .write(format!("{} {place:?} {}", event.id(), event.text));
    }
}

#[plugin(name = "defect-readers")]
impl Readers {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        Self { journal }
    }

    #[subscribe]
    async fn first(&self, event: &Envelope<Shared>) {
        self.note(event);
    }

    #[subscribe]
    async fn second(&self, event: &Envelope<Shared>) {
        self.note(event);
    }

    #[subscribe("defect.*")]
    async fn any(&self, event: &AnyEvent<'_>) {
        let shared: &Shared = event.downcast_ref().expect("the only such event");
        let place = std::ptr::from_ref(shared);
        self.journal
            .write(format!("{} {place:?} {}", event.id(), shared.text));
    }
}

#[tokio::test(start_paused = true)]
async fn b10_all_handlers_see_one_event_that_none_can_change() {
    let running = Rig::new(&[Readers::DESCRIPTOR, Notebook::DESCRIPTOR])
        .start()
        .await;
    let text = "untouched".to_owned();
    running.publisher().publish(Shared { text }).await.unwrap();
    running.idle().await;
    let lines = running.service::<dyn Journal>().unwrap().lines();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].ends_with(" untouched"));
    assert!(lines.iter().all(|line| *line == lines[0]), "{lines:?}");
    running.stop().await;
}
