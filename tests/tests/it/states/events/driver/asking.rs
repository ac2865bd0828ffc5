//! What the driver asks of the bus: each way to publish, and to subscribe at run time.

use std::sync::Arc;

use plugin_core::event::{PublishAllError, PublishError, SubscriptionHandle};
use plugin_core::prelude::*;

use crate::states::events::history::{Answer, Fate, How, Item, Kind, Tag};
use crate::states::events::oracle::SERIES;
use crate::states::events::subjects::{Note, Sender, Side, any_tag, fate};

pub(super) async fn publish(sender: &Sender, tag: Tag, item: &Item) -> Answer {
    let note = note(tag, item);
    if item.side {
        return publish_as(&sender.sides, Side { tag }, item.how, &sender.topics).await;
    }
    publish_as(&sender.notes, note, item.how, &sender.topics).await
}

const fn note(tag: Tag, item: &Item) -> Note {
    Note {
        tag,
        at: item.at,
        fate: item.fate,
    }
}

/// Publishes events of one type together, and says what became of each.
pub(super) async fn publish_all(sender: &Sender, events: &[(Tag, Item)]) -> Vec<Answer> {
    let published = if events[0].1.side {
        let sides = events.iter().map(|&(tag, _)| Side { tag });
        sender.sides.publish_all(sides).await
    } else {
        let notes = events.iter().map(|(tag, item)| note(*tag, item));
        sender.notes.publish_all(notes).await
    };
    let answer = |at| told(&published, (at, events.len()));
    (0..events.len()).map(answer).collect()
}

/// What a publisher of many events is told of one of them.
fn told(published: &Result<usize, PublishAllError>, (at, all): (usize, usize)) -> Answer {
    let error = match published {
        Ok(count) => {
            assert_eq!(*count, all, "of events that are all published");
            return Answer::Accepted;
        }
        Err(error) => error,
    };
    let count = error.published;
    let (series, last) = (at / SERIES, count.saturating_sub(1) / SERIES);
    match error.source {
        // None of them is published; only of the next ones inline handlers may know.
        PublishError::Stopping => {
            assert!(count < all, "all {all} events are published");
            assert_eq!(count % SERIES, 0, "a series is published or not");
            match at {
                _ if at < count => Answer::Accepted,
                _ if at < count + SERIES => Answer::Stopping,
                _ => Answer::LeftOut,
            }
        }
        PublishError::Full { plugin, handler } => {
            assert!(count == all || count % SERIES == 0, "{count} of {all}");
            match at {
                _ if at >= count => Answer::LeftOut,
                _ if series == last => Answer::Missed { plugin, handler },
                _ => Answer::Accepted,
            }
        }
        PublishError::Store { .. } if at >= count => Answer::LeftOut,
        PublishError::Store { .. } if series == last => Answer::NotStored,
        PublishError::Store { .. } => Answer::Accepted,
        ref other => panic!("the model publishes what it may: {other}"),
    }
}

async fn publish_as<E: Event>(
    publisher: &Publisher<E>,
    event: E,
    how: How,
    topics: &Publishers,
) -> Answer {
    match how {
        How::All => unreachable!("it is published with others"),
        How::Durable => Answer::of(publisher.publish_durable(event).await),
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
