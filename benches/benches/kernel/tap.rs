//! Publish while others look on, beside the run without them. Listeners are clients of the management
//! interface; every second one never reads.

use std::hint::black_box;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use criterion::Criterion;
use kernel_benches::{Contest, Goal, timed};
use plugin_admin::Admin;
use plugin_core::config::Sources;
use plugin_core::lifecycle::{Manager, Running};
use plugin_core::prelude::*;
use plugin_core::{Composition, Plugin};
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::runtime::{Builder, Runtime};

use crate::hold;

/// What is looked at.
#[event("bench.tapped")]
#[derive(Serialize, Deserialize, JsonSchema)]
struct Seen {
    number: u64,
    user: String,
}

/// Hears the event.
struct Hearer;

/// Hears the event.
#[plugin(name = "hearer")]
impl Hearer {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe]
    fn on_seen(&self, seen: &Seen) {
        black_box(seen);
    }
}

/// A system that some listen to.
struct Tapped {
    running: Option<Running>,
    runtime: Runtime,
    _data: TempDir,
    _silent: Vec<UnixStream>,
}

impl Tapped {
    fn start(taps: usize) -> Self {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(2).enable_all().build();
        let runtime = runtime.expect("there is room for two threads");
        let data = tempfile::tempdir().expect("a directory for temporary files");
        let plugins = [Admin::DESCRIPTOR, Hearer::DESCRIPTOR];
        let set = Composition::assemble(&plugins).expect("the plugins fit together");
        let tasks = "admin-plugin: { resources: { tasks: 4000 } }";
        let configured = Manager::builder(&set)
            .sources(Sources::new().embedded("tasks", tasks))
            .data_dir(data.path())
            .plugin_config(
                "admin-plugin",
                json!({"max_connections": 1100, "max_streams": 1000}),
            )
            .configure()
            .expect("it is a good config");
        let (running, silent) = runtime.block_on(async {
            let running = configured.start().await.expect("the plugins start");
            let socket = data.path().join("admin-plugin/admin.sock");
            let mut silent = Vec::new();
            for at in 0..taps {
                let mut listener = listen(&socket).await;
                if at % 2 == 1 {
                    silent.push(listener);
                    continue;
                }
                runtime.spawn(async move {
                    let mut bytes = vec![0; 16_384];
                    while listener.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
                });
            }
            (running, silent)
        });
        Self {
            running: Some(running),
            runtime,
            _data: data,
            _silent: silent,
        }
    }

    fn publish(self: Rc<Self>) -> impl FnMut(u64) -> Duration {
        let running = self.running.as_ref().expect("it runs until it is dropped");
        let publisher = running.publisher::<Seen>();
        let seen = || Seen {
            number: black_box(1),
            user: "somebody".to_owned(),
        };
        let mut publish = timed(move || publisher.try_publish(seen()).is_ok());
        move |times| {
            let _system = &self;
            publish(times)
        }
    }
}

async fn listen(socket: &Path) -> UnixStream {
    let mut stream = UnixStream::connect(socket).await.expect("somebody listens");
    let request = "GET /v1/stream?topics=tap:bench.* HTTP/1.1\r\nhost: x\r\n\r\n";
    let sent = stream.write_all(request.as_bytes()).await;
    sent.expect("the request is taken");
    let (mut text, mut bytes) = (String::new(), vec![0; 4096]);
    while !text.contains("event: hello") {
        let read = stream.read(&mut bytes).await.expect("there is an answer");
        text.push_str(&String::from_utf8_lossy(&bytes[..read]));
    }
    stream
}

impl Drop for Tapped {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop());
        }
    }
}

pub(crate) fn bench(criterion: &mut Criterion) {
    let contest = Contest::new("publish while taps look on")
        .add("without a tap", Rc::new(Tapped::start(0)).publish())
        .add("1 tap", Rc::new(Tapped::start(1)).publish())
        .add(
            "1,000 taps, half of them unread",
            Rc::new(Tapped::start(1000)).publish(),
        )
        .goal(Goal::ratio("1,000 taps, half of them unread", "1 tap", 2.0));
    hold(criterion, contest);
}
