//! Subscriptions that a plugin makes itself: they begin when it runs and end when it stops.

use std::sync::Mutex;

use plugin_core::Plugin;
use plugin_core::event::SubscriptionHandle;
use plugin_core::prelude::*;

use crate::journal::{Journal, Notebook};
use crate::rig::Rig;

#[event("delivery.letter")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Letter {
    text: String,
}

/// Subscribes in `init`, and unsubscribes when a letter says so.
struct Reader {
    subscriptions: Mutex<Vec<SubscriptionHandle>>,
}

#[plugin(name = "delivery-reader")]
impl Reader {
    #[init]
    fn init(subscriber: Subscriber, journal: Service<dyn Journal>) -> Result<Self> {
        let now = journal.clone();
        let inline = subscriber.subscribe(move |letter: &Envelope<Letter>| {
            now.write(format!("now {}", letter.text));
        })?;
        let queued = subscriber.subscribe_async::<Letter, _>(move |letter| {
            let journal = journal.clone();
            async move {
                tokio::task::yield_now().await;
                journal.write(format!("later {}", letter.text));
            }
        })?;
        let subscriptions = Mutex::new(vec![inline, queued]);
        Ok(Self { subscriptions })
    }

    #[subscribe]
    async fn obey(&self, letter: &Letter) {
        if letter.text == "enough" {
            let mut subscriptions = self.subscriptions.lock().expect("no panic holds it");
            subscriptions.clear();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn they_live_as_long_as_the_plugin_wants_and_no_longer_than_it_runs() {
    let running = Rig::new(&[Reader::DESCRIPTOR, Notebook::DESCRIPTOR])
        .start()
        .await;
    let journal = running.service::<dyn Journal>().unwrap();
    let (manager, letters) = (running.handle(), running.publisher());
    let send = async |text: &str| {
        let text = text.to_owned();
        letters.publish_and_wait(Letter { text }).await.unwrap();
    };
    send("a").await;
    manager.stop("delivery-reader").await.unwrap();
    send("b").await;
    manager.start("delivery-reader").await.unwrap();
    send("c").await;
    send("enough").await;
    send("d").await;
    let expected = [
        "now a",
        "later a",
        "now c",
        "later c",
        "now enough",
        "later enough",
    ];
    assert_eq!(journal.lines(), expected);
    running.stop().await;
}
