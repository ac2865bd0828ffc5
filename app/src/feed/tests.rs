//! Streams through a running system that has no plugins: what is published, nobody hears.

use plugin_core::Composition;
use plugin_core::config::Sources;
use plugin_core::event::{Event, EventDescriptor};
use plugin_core::lifecycle::{Manager, Running};
use serde::{Deserialize, Serialize};

use super::{End, Feed, Input, OnError, Progress, Tally, Topics};

#[derive(Debug, Serialize, Deserialize, schemars::JsonSchema)]
struct Ring {
    times: u8,
}

impl Event for Ring {
    const DESCRIPTOR: &'static EventDescriptor = &EventDescriptor::of::<Self>("test.ring", "Ring");
}

const STREAM: &str = "{\"type\":\"test.ring\",\"data\":{\"times\":1}}\r\n\
    \n\
    {\"type\":\"test.ring\",\"data\":{\"times\":\"many\"}}\n\
    {\"type\":\"test.rong\",\"data\":{}}\n\
    {\"type\":\"test.other\",\"data\":[1,2]}";

async fn running(data: &tempfile::TempDir) -> Running {
    let sources = Sources::new().data_dir(data.path());
    let manager = Manager::builder(&Composition::assemble(&[]).unwrap()).sources(sources);
    manager.configure().unwrap().start().await.unwrap()
}

async fn feed(on_error: OnError) -> (End, Tally) {
    let data = tempfile::tempdir().unwrap();
    let running = running(&data).await;
    let topics = Topics::new([Ring::DESCRIPTOR.topic, "test.other"]);
    let feed = Feed::new(running.publishers(), topics, on_error);
    let input = Input {
        stream: Box::new(STREAM.as_bytes()),
        size: None,
    };
    let mut tally = Tally::default();
    let end = feed
        .run(input, &mut tally, &Progress::new(None))
        .await
        .unwrap();
    assert!(running.stop().await.is_clean());
    (end, tally)
}

#[tokio::test]
async fn every_line_is_counted_once() {
    let (end, tally) = feed(OnError::Skip).await;
    assert_eq!(end, End::Input);
    assert_eq!(
        (tally.lines, tally.published, tally.bad, tally.blank),
        (5, 3, 1, 1)
    );
    assert_eq!(tally.bad_lines[0].line, 4);
    assert!(
        tally.bad_lines[0]
            .reason
            .contains("did you mean `test.ring`?")
    );
}

#[tokio::test]
async fn a_bad_line_can_be_the_last() {
    let (end, tally) = feed(OnError::Stop).await;
    assert_eq!(end, End::BadLine);
    assert_eq!((tally.lines, tally.bad), (4, 1));
}

#[tokio::test]
async fn a_stopping_service_takes_no_more_lines() {
    let data = tempfile::tempdir().unwrap();
    let running = running(&data).await;
    let publishers = running.publishers();
    assert!(running.stop().await.is_clean());
    let feed = Feed::new(publishers, Topics::new(["test.ring"]), OnError::Skip);
    let input = Input {
        stream: Box::new(STREAM.as_bytes()),
        size: None,
    };
    let mut tally = Tally::default();
    let end = feed
        .run(input, &mut tally, &Progress::new(None))
        .await
        .unwrap();
    assert_eq!((end, tally.lines), (End::Stopping, 0));
}
