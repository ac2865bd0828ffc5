//! What the driver asks of the bus: each way to publish, and to subscribe at run time.

use std::sync::Arc;

use plugin_core::event::SubscriptionHandle;
use plugin_core::prelude::*;

use crate::states::events::history::{Answer, Fate, How, Item, Kind, Tag};
use crate::states::events::subjects::{Note, Sender, Side, any_tag, fate};

pub(super) async fn publish(sender: &Sender, tag: Tag, item: &Item) -> Answer {
    let note = Note {
        tag,
        at: item.at,
        fate: item.fate,
    };
    if item.side {
        return publish_as(&sender.sides, Side { tag }, item.how, &sender.topics).await;
    }
    publish_as(&sender.notes, note, item.how, &sender.topics).await
}

async fn publish_as<E: Event>(
    publisher: &Publisher<E>,
    event: E,
    how: How,
    topics: &Publishers,
) -> Answer {
    match how {
        How::Publish => Answer::of(publisher.publish(event).await),
        How::Json => {
            let json = serde_json::to_vec(&event).unwrap();
            Answer::of(topics.publish(E::DESCRIPTOR.topic, &json).await)
        }
        How::Try => Answer::of_try(publisher.try_publish(event)),
        How::GiveUp => tokio::select! {
            biased;
            published = publisher.publish(event) => Answer::of(published),
            () = std::future::ready(()) => Answer::GivenUp,
        },
        How::Wait => match publisher.publish_and_wait(event).await {
            Err(error) => Answer::of(Err(error)),
            Ok(outcomes) => Answer::Outcomes(
                (outcomes.into_iter())
                    .map(|outcome| (outcome.plugin, outcome.handler, outcome.result.is_ok()))
                    .collect(),
            ),
        },
    }
}

pub(super) fn subscribe(sender: &Sender, handler: usize, kind: Kind) -> Result<SubscriptionHandle> {
    let desk = sender.desk.clone();
    match kind {
        Kind::Inline => (sender.subscriber).subscribe(move |note: &Envelope<Note>| {
            desk.now(handler, note.tag, fate(note, handler))
        }),
        Kind::Queued => (sender.subscriber).subscribe_async(move |note: Arc<Envelope<Note>>| {
            let desk = desk.clone();
            async move {
                desk.later(handler, vec![note.tag], fate(&note, handler))
                    .await
            }
        }),
        Kind::Pattern => (sender.subscriber).subscribe_any_async("machine.*", move |event| {
            let desk = desk.clone();
            let tag = any_tag(&event.view());
            async move { desk.later(handler, vec![tag], Fate::Yield).await }
        }),
    }
}
