//! No run begins after the stop of its plugin has, and none outlives it.

use plugin_core::Plugin;
use plugin_core::lifecycle::PluginStopped;
use plugin_core::prelude::*;
use plugin_core::schedule::ScheduleState;

use super::{Diary, lines, pass, schedule, start, state};
use crate::heard::Heard;
use crate::journal::{Journal, Notebook};
use crate::rig::Rig;

struct Busy(Diary);

/// Writes when it is dropped.
struct Cut(Diary);

impl Drop for Cut {
    fn drop(&mut self) {
        self.0.write("cut off");
    }
}

#[plugin(name = "busy-schedules")]
impl Busy {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        Self(Diary::new(journal))
    }

    #[start]
    async fn start(&self, tasks: Tasks) -> Result<()> {
        // A plugin that ends its tasks by itself: its runs end all the same.
        let cancelled = tasks.cancelled();
        tasks.spawn("listen", cancelled)?;
        tokio::time::sleep(super::SECOND * 7).await;
        Ok(())
    }

    #[schedule(every = "2s", max_runs = 1)]
    async fn endless(&self) {
        let _cut = Cut(self.0.clone());
        self.0.write("endless");
        std::future::pending::<()>().await;
    }

    #[schedule(every = "10s")]
    fn tick(&self) {
        self.0.write("tick");
    }

    #[stop]
    async fn stop(&self) {
        self.0.write("stop");
        tokio::time::sleep(super::SECOND * 20).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_is_cut_off_before_stop_is_called_and_none_begins_meanwhile() {
    let running = start(Busy::DESCRIPTOR).await;
    pass(11).await;
    assert_eq!(schedule(&running, "endless").running, 1);
    let handle = running.handle();
    handle.stop("busy-schedules").await.unwrap();
    let expected = ["endless 9", "tick 17", "cut off 18", "stop 18"];
    assert_eq!(
        lines(&running),
        expected,
        "nothing is due before `start` is done"
    );
    pass(60).await;
    assert_eq!(lines(&running).len(), expected.len());
    assert_eq!(schedule(&running, "endless").counts.cancelled, 1);
    assert_eq!(state(&running, "tick"), ScheduleState::Stopped);
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_restart_begins_anew() {
    let running = start(Busy::DESCRIPTOR).await;
    pass(11).await;
    running.handle().restart("busy-schedules").await.unwrap();
    pass(3).await;
    let lines = lines(&running);
    assert_eq!(lines.last().unwrap(), "endless 9", "{lines:?}");
    assert_eq!(schedule(&running, "endless").running, 1);
    running.stop().await;
}

/// Stops after those of the default kind.
struct Metronome(Diary);

#[plugin(name = "metronome", kind = system)]
impl Metronome {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        Self(Diary::new(journal))
    }

    #[schedule(every = "5s")]
    fn beat(&self) {
        self.0.write("beat");
    }
}

#[tokio::test(start_paused = true)]
async fn the_stop_of_the_system_lets_no_run_begin_anywhere() {
    let plugins = [
        Busy::DESCRIPTOR,
        Metronome::DESCRIPTOR,
        Notebook::DESCRIPTOR,
    ];
    let running = Rig::new(&plugins).start().await;
    let stopped = Heard::<PluginStopped>::on(&running);
    let journal = running.service::<dyn Journal>().unwrap();
    assert!(running.stop().await.is_clean());
    // While one plugin takes 20 seconds to stop, another one that still runs begins nothing.
    assert_eq!(journal.lines(), ["beat 5", "stop 7"]);
    assert_eq!(stopped.take().len(), 3);
}
