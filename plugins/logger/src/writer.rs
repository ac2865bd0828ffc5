//! The thread that writes the log, so that code that logs never waits for a disk or a reader.
//!
//! Invariants: lines are written in the order in which they were passed; the waiting lines are
//! limited in bytes. A line for which there is no room is dropped and counted, and the count is
//! written as a line as soon as possible.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use crate::layer::Settings;

/// Most bytes that wait.
const MOST: usize = 16 << 20;

/// Writes lines of the log.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: Sender<Message>,
    waiting: Arc<Waiting>,
}

/// The waiting lines, and the number of dropped ones.
#[derive(Debug, Default)]
struct Waiting {
    bytes: AtomicUsize,
    dropped: AtomicU64,
}

#[derive(Debug)]
enum Message {
    /// A line, and the settings with its destination.
    Line(Arc<Settings>, String),
    Flush(Sender<()>),
}

impl Writer {
    /// # Errors
    ///
    /// Returns an error if the system has no thread for it.
    pub(crate) fn begin() -> io::Result<Self> {
        let (queue, messages) = mpsc::channel();
        let waiting = Arc::<Waiting>::default();
        let pen = Pen {
            waiting: Arc::clone(&waiting),
            last: None,
        };
        std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || pen.run(&messages))?;
        Ok(Self { queue, waiting })
    }

    /// Passes a line to the thread, without waiting.
    pub(crate) fn put(&self, settings: &Arc<Settings>, line: String) {
        let size = line.len();
        if self.waiting.bytes.fetch_add(size, Relaxed) > MOST {
            self.waiting.bytes.fetch_sub(size, Relaxed);
            self.waiting.dropped.fetch_add(1, Relaxed);
            return;
        }
        // The thread lives as long as lines can be passed to it.
        drop(self.queue.send(Message::Line(Arc::clone(settings), line)));
    }

    /// Waits until the earlier lines are written, but no longer than `within`.
    pub(crate) fn flush(&self, within: Duration) {
        let (done, answer) = mpsc::channel();
        if self.queue.send(Message::Flush(done)).is_ok() {
            // If the time is over, the destination accepts no lines.
            let _written = answer.recv_timeout(within).is_ok();
        }
    }
}

/// The data of the thread.
struct Pen {
    waiting: Arc<Waiting>,
    /// The settings of the last line, and when its counts are due, if there may be some.
    last: Option<(Arc<Settings>, Option<Instant>)>,
}

impl Pen {
    fn run(mut self, messages: &Receiver<Message>) {
        loop {
            let due = self.last.as_ref().and_then(|(_, due)| *due);
            let message = match due {
                None => messages.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(due) => messages.recv_timeout(due.saturating_duration_since(Instant::now())),
            };
            match message {
                Ok(Message::Line(settings, line)) => self.write(settings, &line),
                // The requester may not wait any more.
                Ok(Message::Flush(done)) => drop(done.send(())),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.write_counts(Instant::now());
        }
    }

    fn write(&mut self, settings: Arc<Settings>, line: &str) {
        settings.sink.write(line);
        self.waiting.bytes.fetch_sub(line.len(), Relaxed);
        let dropped = self.waiting.dropped.swap(0, Relaxed);
        if dropped > 0 {
            settings.sink.write(&settings.dropped(dropped));
        }
        match &mut self.last {
            Some((last, due)) if Arc::ptr_eq(last, &settings) => {
                due.get_or_insert_with(|| Instant::now() + settings.collapse.window());
            }
            _ => {
                let due = Instant::now() + settings.collapse.window();
                self.last = Some((settings, Some(due)));
            }
        }
    }

    /// Writes how many lines were not written, if their window is over.
    fn write_counts(&mut self, now: Instant) {
        let Some((settings, due)) = &mut self.last else {
            return;
        };
        if due.is_none_or(|due| due > now) {
            return;
        }
        for more in settings.collapse.due(now) {
            settings.sink.write(&settings.count(&more));
        }
        *due = (!settings.collapse.is_empty()).then(|| now + settings.collapse.window());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use plugin_core::config::Period;

    use super::*;
    use crate::collapse::{Cause, Collapse, Sample};
    use crate::config::{CollapseConfig, Format, LoggerConfig};
    use crate::levels::Levels;
    use crate::sink::Sink;

    fn settings(write: impl Fn(&str) + Send + Sync + 'static) -> Arc<Settings> {
        let collapse = CollapseConfig {
            after: 1,
            window: Period::new(Duration::from_millis(100)),
        };
        Arc::new(Settings {
            levels: Levels::new(&LoggerConfig::default()),
            format: Format::Text,
            max_text: 1000,
            collapse: Collapse::new(collapse),
            sink: Sink::to(write),
            tail: Arc::default(),
        })
    }

    #[test]
    fn report_a7_a_reader_that_stalls_holds_up_nobody_who_logs() {
        let (reader, stalled) = mpsc::channel::<()>();
        let (stalled, text) = (Mutex::new(stalled), Arc::new(Mutex::new(String::new())));
        let kept = Arc::clone(&text);
        let settings = settings(move |line| {
            // It fails when the reader continues or is gone: that ends the wait.
            let _gone = stalled.lock().unwrap().recv().is_err();
            kept.lock().unwrap().push_str(line);
        });
        let writer = Writer::begin().unwrap();
        let line = "x".repeat(1 << 20) + "\n";
        for _ in 0..40 {
            writer.put(&settings, line.clone());
        }
        let began = Instant::now();
        writer.flush(Duration::from_millis(20));
        assert!(began.elapsed() < Duration::from_secs(20), "it is bounded");
        assert!(writer.waiting.bytes.load(Relaxed) <= MOST + line.len());
        drop(reader);
        writer.flush(Duration::from_secs(60));
        let text = text.lock().unwrap();
        let written = text.matches("xxx\n").count();
        let told = format!(
            "{} lines are missing: they came faster than the log could be written",
            40 - written
        );
        assert!(written < 40 && text.contains(&told), "{written}");
        assert_eq!(text.matches("are missing").count(), 1);
    }

    #[test]
    fn report_b17_the_thread_writes_the_counts_whoever_runs() {
        let (told, lines) = mpsc::channel();
        let told = Mutex::new(told);
        let settings = settings(move |line| told.lock().unwrap().send(line.to_owned()).unwrap());
        let writer = Writer::begin().unwrap();
        let cause = Cause { site: 1, text: 1 };
        let sample = || Sample {
            level: tracing::Level::ERROR,
            plugin: None,
            target: "test",
            message: "it failed".to_owned(),
            error: None,
        };
        for _ in 0..4 {
            if settings.collapse.admit(Instant::now(), cause, sample).0 {
                writer.put(&settings, "it failed\n".to_owned());
            }
        }
        assert_eq!(lines.recv().unwrap(), "it failed\n");
        let count = lines.recv_timeout(Duration::from_secs(60)).unwrap();
        assert!(count.contains("and 3 more of: it failed"), "{count}");
    }
}
