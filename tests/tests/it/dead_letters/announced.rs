//! `event.dead_lettered`, which never causes itself.

use plugin_core::Plugin;
use plugin_core::event::DeadLetterQuery;
use plugin_core::lifecycle::EventDeadLettered;
use plugin_core::prelude::*;

use crate::flaky::{self, ALWAYS, Flaky, Once, Quick};
use crate::heard::Heard;
use crate::journal::Notebook;
use crate::rig::Rig;

#[tokio::test(start_paused = true)]
async fn each_letter_is_announced() {
    let running = flaky::rig().start().await;
    let heard = Heard::<EventDeadLettered>::on(&running);
    let once = Once::failing(1, ALWAYS, "external");
    running.publisher().publish(once).await.unwrap();
    let quick = Quick::failing(2, ALWAYS, "external");
    running.publisher().publish(quick).await.unwrap();
    running.idle().await;
    let mut told = heard.take();
    told.sort_by_key(|event| event.handler.clone());
    let handlers: Vec<_> = told.iter().map(|event| &*event.handler).collect();
    assert_eq!(handlers, ["hasty", "inline"]);
    let letter = running.dead_letters().show(told[0].letter).await.unwrap();
    assert_eq!(letter.unwrap().topic, "flaky.once");
    running.stop().await;
}

struct Helpless;

#[plugin(name = "dead-letters-helpless")]
impl Helpless {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe]
    async fn queued(&self, _event: &EventDeadLettered) -> Result<()> {
        Err(Error::external("no help"))
    }

    #[subscribe]
    fn inline(&self, _event: &EventDeadLettered) -> Result<()> {
        Err(Error::external("no help either"))
    }

    #[subscribe("**")]
    async fn all(&self, _event: &AnyEvent<'_>) -> Result<()> {
        Err(Error::external("none for anything"))
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_fails_with_the_announcement_is_not_announced() {
    let set = [
        Flaky::DESCRIPTOR,
        Notebook::DESCRIPTOR,
        Helpless::DESCRIPTOR,
    ];
    let running = Rig::new(&set).start().await;
    running.idle().await;
    let once = Once::failing(1, ALWAYS, "external");
    running.publisher().publish(once).await.unwrap();
    for _ in 0..10_000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(running.bus().backlog(), 0, "it comes to an end");
    let query = DeadLetterQuery::new().topic("event.dead_lettered");
    let page = running.dead_letters().list(query).await.unwrap();
    let once = DeadLetterQuery::new().topic("flaky.once");
    let first = running.dead_letters().list(once).await.unwrap();
    assert_eq!(first.letters.len(), 2, "of its handler, and of the pattern");
    assert!(
        page.letters.len() >= 2 * 3,
        "each announcement failed thrice"
    );
    running.stop().await;
}
