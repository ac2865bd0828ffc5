//! A scrape of a system that runs: what it costs with many instances, and how it is asked for.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails where it is wrong, and with `--nocapture` it says how long it took"
)]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use plugin_core::config::Sources;
use plugin_core::lifecycle::{Manager, Running};
use plugin_core::prelude::*;
use plugin_core::{Composition, Plugin};
use plugin_metrics::Metrics;

/// What many hear.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[event("crowd.call")]
struct Call {
    number: u32,
}

/// One of many.
#[derive(Debug)]
struct Crowd;

/// One of many.
#[plugin(name = "crowd")]
impl Crowd {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe]
    async fn hear(&self, call: &Call) {
        std::hint::black_box(call.number);
    }
}

struct Site {
    data: tempfile::TempDir,
    running: Running,
}

impl Site {
    async fn with(instances: usize) -> Self {
        let data = tempfile::tempdir().unwrap();
        let plugins = [Metrics::DESCRIPTOR, Crowd::DESCRIPTOR];
        let configured = Manager::builder(&Composition::assemble(&plugins).unwrap())
            .sources(
                Sources::new()
                    .set(["plugin_manager", "metrics_port"], 0)
                    .set(["crowd", "replicas"], instances),
            )
            .data_dir(data.path())
            .configure();
        let running = configured.unwrap().start().await.unwrap();
        let publisher = running.publisher::<Call>();
        for number in 0..2_000 {
            publisher.publish(Call { number }).await.unwrap();
        }
        running.idle().await;
        Self { data, running }
    }

    /// The body of `/metrics`, and how long it took to come.
    async fn scrape(&self) -> (String, Duration) {
        let file = self.data.path().join("metrics-plugin/address");
        let address = std::fs::read_to_string(file).unwrap();
        let asked = tokio::task::spawn_blocking(move || {
            let began = Instant::now();
            let mut stream = TcpStream::connect(address).unwrap();
            let request = "GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            (answer, began.elapsed())
        });
        asked.await.unwrap()
    }
}

/// The work of a scrape grows with the instances and no faster: `docs/performance.md` has the times.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scrape_of_a_thousand_instances_is_ten_times_that_of_a_hundred() {
    let mut sizes = Vec::new();
    for instances in [100, 1_000] {
        let site = Site::with(instances).await;
        let (text, _) = site.scrape().await;
        let mut times = Vec::new();
        for _ in 0..5 {
            times.push(site.scrape().await.1);
        }
        let best = times.into_iter().min().unwrap();
        println!(
            "{instances} instances: {} lines, {best:?}",
            text.lines().count()
        );
        assert!(text.contains(&format!("plugin=\"crowd#{instances}\"")));
        let received = text
            .lines()
            .filter(|line| line.starts_with("plugin_events_received_total"));
        assert_eq!(received.count(), instances + 1);
        sizes.push(text.lines().count());
        assert!(site.running.stop().await.is_clean());
    }
    let [hundred, thousand] = sizes[..] else {
        unreachable!("two sizes");
    };
    assert!(thousand < 10 * hundred, "{sizes:?}");
    assert!(thousand < 120 * 1_000, "lines for each instance: {sizes:?}");
}
