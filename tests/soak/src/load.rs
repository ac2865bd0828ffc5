//! Publishers: bursts of pulses, and a shop's day, again and again.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use plugin_core::event::{PublishError, TryPublishError};
use plugin_core::lifecycle::Running;
use plugin_core::prelude::*;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::books::{Books, Fate, Load, Pulse};
use super::random::SplitMix64;

/// Publishers side by side.
pub(super) const LANES: u32 = 4;

/// Publishes bursts until it is over.
pub(super) async fn pulses(
    books: Service<dyn Books>,
    lane: u32,
    (seed, over): (u64, CancellationToken),
) {
    let mut random = SplitMix64::new(seed ^ (u64::from(lane) << 32));
    let (publisher, load) = (books.pulses(), books.load());
    let mut number = 0;
    while !over.is_cancelled() {
        for _ in 0..random.below(200) {
            number += 1;
            let fate = fate(&mut random);
            let pulse = Pulse { lane, number, fate };
            publish(&publisher, pulse, (&load, random.below(40))).await;
        }
        tokio::time::sleep(Duration::from_millis(u64::from(random.below(30)))).await;
    }
}

fn fate(random: &mut SplitMix64) -> Fate {
    match random.below(2_000) {
        0 => Fate::Hang,
        1..=20 => Fate::Panic,
        21..=60 => Fate::Fail,
        61..=500 => Fate::Yield,
        _ => Fate::Return,
    }
}

async fn publish(publisher: &Publisher<Pulse>, pulse: Pulse, (load, how): (&Load, u32)) {
    let result = match how {
        0 => publisher.publish_and_wait(pulse).await.map(drop),
        1 => {
            // Given up, if it is not done at once.
            tokio::select! {
                biased;
                published = publisher.publish(pulse) => published,
                () = std::future::ready(()) => {
                    load.given_up.fetch_add(1, Relaxed);
                    return;
                }
            }
        }
        2..10 => match publisher.try_publish(pulse) {
            Ok(()) => Ok(()),
            Err(TryPublishError::Full(_)) => {
                load.refused.fetch_add(1, Relaxed);
                return;
            }
            Err(_) => Err(PublishError::Stopping),
        },
        _ => publisher.publish(pulse).await,
    };
    match result {
        Ok(()) => {
            load.accepted.fetch_add(1, Relaxed);
        }
        Err(error) => load.surprise(format!("a pulse was refused: {error}")),
    }
}

/// Publishes the events of a shop's day, again and again.
pub(super) async fn day(running: Arc<Running>, over: CancellationToken) {
    let load = running.service::<dyn Books>().map(|books| books.load());
    let publishers = running.publishers();
    let lines = include_str!("../../../demo/day.ndjson").lines().cycle();
    for line in lines {
        if over.is_cancelled() {
            return;
        }
        if let Ok(Value::Object(record)) = serde_json::from_str(line)
            && let (Some(Value::String(topic)), Some(data)) =
                (record.get("type"), record.get("data"))
        {
            // Some lines are bad on purpose; subscribers that are stopped hear nothing.
            let published = publishers.publish(topic, data.to_string().as_bytes()).await;
            let load = load.as_ref().filter(|_| published.is_ok());
            load.map(|load| load.lines.fetch_add(1, Relaxed));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
