//! An event that ends the process, whenever its handler is called with it: after some starts it is a
//! dead letter, and all others are handled.

mod child;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use plugin_core::Plugin;
use plugin_core::event::DeadLetterQuery;
use plugin_core::lifecycle::Manager;
use plugin_queue::Queue;

use child::{BEHIND, DIRECTORY, POISON, READY};

/// What one life of the child told.
struct Life {
    /// Handler and number, in order.
    called: Vec<(String, u64)>,
    ended_well: bool,
}

fn live(directory: &Path, first: bool) -> Life {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "durable::poison::child::life",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .env(DIRECTORY, directory)
        .env("POISON_FIRST", first.to_string())
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let calls = told.lines().filter_map(|line| {
        let mut words = line.trim_end_matches('.').split(' ');
        (words.next() == Some("called")).then_some(())?;
        Some((words.next()?.to_owned(), words.next()?.parse().ok()?))
    });
    let life = Life {
        called: calls.collect(),
        ended_well: output.status.success(),
    };
    assert!(
        life.ended_well || told.contains(READY),
        "it ended before it ran: {told}"
    );
    life
}

/// How often a handler was called with each number.
fn counts(lives: &[Life], handler: &str) -> BTreeMap<u64, usize> {
    let mut counts = BTreeMap::new();
    let calls = lives.iter().flat_map(|life| &life.called);
    for (_, number) in calls.filter(|(called, _)| called == handler) {
        *counts.entry(*number).or_default() += 1;
    }
    counts
}

#[test]
fn what_crashes_the_process_becomes_a_letter_and_the_rest_is_served() {
    let directory = tempfile::tempdir().unwrap();
    let mut lives = vec![live(directory.path(), true)];
    while !lives.last().unwrap().ended_well {
        assert!(lives.len() < 10, "it comes again for ever");
        lives.push(live(directory.path(), false));
    }
    // One crash that nothing foresaw, and `max_crashes` that are counted.
    assert_eq!(lives.len(), 1 + 3 + 1);
    let fragile = counts(&lives, "fragile");
    assert_eq!(fragile[&POISON], 4);
    let all: Vec<u64> = (0..=BEHIND).collect();
    assert_eq!(fragile.keys().copied().collect::<Vec<_>>(), all);
    assert!(
        (POISON + 1..=BEHIND).all(|number| fragile[&number] == 1),
        "those behind it waited for it: {fragile:?}"
    );
    let sturdy = counts(&lives, "sturdy");
    assert_eq!(sturdy.keys().copied().collect::<Vec<_>>(), all);
    letter(directory.path());
}

/// There is one letter, and it says what happened.
fn letter(directory: &Path) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let letters = runtime.block_on(async {
        let set = plugin_core::Composition::assemble(&[Queue::DESCRIPTOR]).unwrap();
        let running = Manager::builder(&set)
            .data_dir(directory)
            .configure()
            .unwrap()
            .start()
            .await
            .unwrap();
        let page = running.dead_letters().list(DeadLetterQuery::new()).await;
        running.stop().await;
        page.unwrap().letters
    });
    let [letter] = &*letters else {
        panic!("one letter: {letters:?}");
    };
    assert_eq!((&*letter.handler, letter.attempts), ("fragile", 3));
    assert_eq!(letter.data["number"], POISON);
    assert!(
        letter.error.contains("the process crashed 3 times"),
        "{}",
        letter.error
    );
}
