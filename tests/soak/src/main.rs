//! The soak: all plugins that need no server and some that misbehave, under load, while plugins
//! fail, are stopped, started and restarted, and subscriptions come and go. At the end memory and
//! tasks have to be flat and every event accounted for; the exit code says whether they are.
//!
//! `cargo xtask soak` runs it.

#![forbid(unsafe_code)]

mod books;
mod chaos;
mod load;
mod options;
#[path = "../../../xtask/src/demo/random.rs"]
mod random;
mod reloads;
mod requests;
mod samples;
mod set;
mod verdict;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use plugin_core::lifecycle::Running;
use plugin_core::service::Service;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use books::Books;
use options::Options;
use reloads::Files;
use samples::Samples;
use verdict::Findings;

/// How long the work that was accepted may take when nothing is added any more.
const SETTLES: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(usage) => {
            say(&usage);
            return ExitCode::from(2);
        }
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be built");
    let findings = runtime.block_on(soak(options));
    findings.tell();
    if findings.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

async fn soak(options: Options) -> Findings {
    let Options { seed, duration, .. } = options;
    match options.reloads {
        Some(count) => say(&format!("seed {seed}, {count} reloads")),
        None => say(&format!("seed {seed}, {} s", duration.as_secs())),
    }
    let root = tempfile::tempdir().expect("there is room for a directory");
    let (data, files) = (
        root.path().join("data"),
        Files::copied(&root.path().join("config")),
    );
    let before = samples::tasks();
    let running = Arc::new(set::start(&data, files.folder()).await);
    let books = running.service::<dyn Books>().expect("its provider runs");
    let mut findings = Findings::default();
    let samples = match options.reloads {
        Some(count) => {
            let samples = reloads::disturb(&running, &books, (&files, &data), (count, seed)).await;
            reloads::untouched(&running, &mut findings);
            samples
        }
        None => disturb(&running, &books, options).await,
    };

    if tokio::time::timeout(SETTLES, running.idle()).await.is_err() {
        let backlog = running.bus().backlog();
        findings.add(format!("{backlog} events were not handled in {SETTLES:?}"));
    }
    verdict::account(&running, &books, &mut findings);
    verdict::flat(&samples, &mut findings);
    let running = Arc::into_inner(running).expect("its users have ended");
    let report = running.stop().await;
    if !report.is_clean() {
        findings.add(format!("the stop was not clean: {report:?}"));
    }
    // A publisher that somebody holds keeps the bus, and its keeper of dead letters with it.
    drop(books);
    verdict::ended(before, &mut findings).await;
    findings
}

/// Load, faults and samples, side by side, until the time is over.
async fn disturb(running: &Arc<Running>, books: &Service<dyn Books>, options: Options) -> Samples {
    let over = CancellationToken::new();
    let mut tasks = JoinSet::new();
    for lane in 0..load::LANES {
        tasks.spawn(load::pulses(
            books.clone(),
            lane,
            (options.seed, over.clone()),
        ));
    }
    tasks.spawn(load::day(Arc::clone(running), over.clone()));
    tasks.spawn(chaos::run(
        Arc::clone(running),
        books.clone(),
        (options, over.clone()),
    ));
    let samples = Samples::take(running, books, options.duration).await;
    over.cancel();
    while let Some(ended) = tasks.join_next().await {
        ended.expect("the tasks of the soak do not panic");
    }
    samples
}

fn say(text: &str) {
    // Whoever reads our output may have gone; the work goes on.
    let _closed = writeln!(std::io::stdout(), "{text}");
}
