//! Whether it went well.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use plugin_core::DropCounts;
use plugin_core::lifecycle::{PluginStatus, Running};
use plugin_core::prelude::*;

use super::books::Books;
use super::samples::{self, Samples};
use super::say;
use super::set::FAULTY;

/// What is not as it should be.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<String>);

impl Findings {
    pub(super) fn add(&mut self, finding: String) {
        self.0.push(finding);
    }

    pub(super) fn is_clean(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn tell(&self) {
        for finding in &self.0 {
            say(&format!("BAD  {finding}"));
        }
        say(if self.is_clean() { "good" } else { "not good" });
    }

    fn check(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.add(what());
        }
    }
}

/// Memory may grow by a tenth and 4 MiB, tasks by a tenth and 8, from the second fifth of the time
/// to the last one.
pub(super) fn flat(samples: &Samples, findings: &mut Findings) {
    for (what, slack, (second, last)) in [
        ("KiB", 4 * 1024, samples.medians(|sample| sample.rss)),
        ("tasks", 8, samples.medians(|sample| sample.tasks)),
    ] {
        let most = second + second / 10 + slack;
        say(&format!(
            "{what}: {second} in the second fifth, {last} in the last; at most {most}"
        ));
        findings.check(last <= most, || {
            format!("{what} grew from {second} to {last}, more than {most}")
        });
    }
    let most = samples.0.iter().map(|sample| sample.queued).max();
    say(&format!("queued: {} at most", most.unwrap_or_default()));
}

/// Every event is accounted for.
pub(super) fn account(running: &Running, books: &Service<dyn Books>, findings: &mut Findings) {
    let (load, seen) = (books.load(), books.seen());
    let [accepted, given_up, refused] =
        [&load.accepted, &load.given_up, &load.refused].map(|count| count.load(Relaxed));
    let [inline, queued, disorder] =
        [&seen.inline, &seen.queued, &seen.disorder].map(|count| count.load(Relaxed));
    say(&format!(
        "{accepted} events accepted, {given_up} given up, {refused} refused; {} operations left {}",
        load.operations.load(Relaxed),
        load.left.load(Relaxed),
    ));
    findings.check(accepted > 0, || "nothing was published".to_owned());
    findings.check(inline == accepted + given_up, || {
        format!("an inline handler had {inline} events of {accepted} and {given_up} given up")
    });
    findings.check((accepted..=accepted + given_up).contains(&queued), || {
        format!("a queued handler had {queued} events of {accepted} and {given_up} given up")
    });
    findings.check(disorder == 0, || {
        format!("{disorder} events came twice or out of order")
    });
    for surprise in load.surprises.lock().expect("no panic holds it").drain(..) {
        findings.add(surprise);
    }
    let status = running.status();
    findings.check(status.backlog == 0, || {
        format!("{} pending", status.backlog)
    });
    for plugin in &status.plugins {
        counters(plugin, (books, accepted + given_up), findings);
    }
}

/// What the kernel counted is what the plugins wrote down.
fn counters(
    plugin: &PluginStatus,
    (books, published): (&Service<dyn Books>, u64),
    findings: &mut Findings,
) {
    let (name, counts) = (plugin.name, plugin.events);
    findings.check(plugin.queued == 0, || {
        format!("`{name}`: {} queued", plugin.queued)
    });
    if name == "soak-keeper" {
        findings.check(counts.published == published, || {
            format!("`{name}` published {}, not {published}", counts.published)
        });
        findings.check(
            (counts.errors, counts.dropped) == (0, DropCounts::default()),
            || format!("`{name}`: {counts:?}"),
        );
    }
    if !FAULTY.contains(&name) {
        return;
    }
    let book = books.book(name);
    let [received, failed, cancelled] =
        [&book.received, &book.failed, &book.cancelled].map(|count| count.load(Relaxed));
    say(&format!(
        "`{name}`: {received} received, {failed} failed, {cancelled} cut off, {} dropped, {} restarts",
        counts.dropped.overflow, plugin.restarts
    ));
    findings.check(counts.received == received, || {
        format!("`{name}` received {}, not {received}", counts.received)
    });
    findings.check(
        (failed..=failed + cancelled).contains(&counts.errors),
        || {
            format!(
                "`{name}`: {} errors, not {failed} and some of {cancelled}",
                counts.errors
            )
        },
    );
}

/// No task of the system is left a while after it has stopped.
pub(super) async fn ended(before: u64, findings: &mut Findings) {
    for _ in 0..100 {
        if samples::tasks() <= before {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let left = samples::tasks() - before;
    findings.add(format!("{left} tasks are left after the stop"));
}
