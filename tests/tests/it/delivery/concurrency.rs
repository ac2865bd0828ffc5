//! `concurrency`: so many calls at once, and no more.

use std::sync::Mutex;
use std::time::Duration;

use plugin_core::Plugin;
use plugin_core::prelude::*;
use tokio::time::Instant;

use crate::journal::{Journal, Notebook};
use crate::rig::Rig;

#[event("delivery.job")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Job {
    number: u32,
}

struct Workshop {
    journal: Service<dyn Journal>,
    open: Mutex<usize>,
}

impl Workshop {
    fn change(&self, by: isize) -> usize {
        let mut open = self.open.lock().expect("no panic holds it");
        *open = open.strict_add_signed(by);
        *open
    }
}

#[plugin(name = "delivery-workshop")]
impl Workshop {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        let open = Mutex::new(0);
        Self { journal, open }
    }

    #[subscribe(concurrency = 3)]
    async fn work(&self, job: &Job) {
        let open = self.change(1);
        self.journal.write(format!("{} of {open}", job.number));
        tokio::time::sleep(Duration::from_secs(1)).await;
        self.change(-1);
    }
}

#[tokio::test(start_paused = true)]
async fn three_calls_run_at_once() {
    let running = Rig::new(&[Workshop::DESCRIPTOR, Notebook::DESCRIPTOR])
        .start()
        .await;
    let journal = running.service::<dyn Journal>().unwrap();
    let began = Instant::now();
    for number in 1..=9 {
        running.publisher().publish(Job { number }).await.unwrap();
    }
    running.idle().await;
    assert_eq!(began.elapsed().as_secs(), 3, "nine jobs in three rounds");
    let lines = journal.lines();
    assert_eq!(lines.len(), 9);
    assert!(
        lines[..3].iter().eq(["1 of 1", "2 of 2", "3 of 3"]),
        "{lines:?}"
    );
    assert!(
        !lines.iter().any(|line| line.ends_with("of 4")),
        "{lines:?}"
    );
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_for_all_of_them() {
    let running = Rig::new(&[Workshop::DESCRIPTOR, Notebook::DESCRIPTOR])
        .start()
        .await;
    let journal = running.service::<dyn Journal>().unwrap();
    for number in 1..=5 {
        running.publisher().publish(Job { number }).await.unwrap();
    }
    running.handle().stop("delivery-workshop").await.unwrap();
    assert_eq!(journal.lines().len(), 5);
    assert!(running.stop().await.is_clean());
}
