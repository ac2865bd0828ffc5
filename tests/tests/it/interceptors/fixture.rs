//! Two plugins with interceptors, and one whose events they intercept. All of them write down what
//! they are called with.

use std::time::{Duration, Instant};

use plugin_core::Plugin;
use plugin_core::prelude::*;

use crate::journal::{Journal, Notebook};
use crate::rig::Rig;

/// Declares an event that tells those who get it what to do.
macro_rules! told {
    ($type:ident, $topic:literal) => {
        #[event($topic)]
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        pub(crate) struct $type {
            pub(crate) say: String,
        }

        impl $type {
            pub(crate) fn new(say: &str) -> Self {
                Self {
                    say: say.to_owned(),
                }
            }
        }
    };
}

told!(Order, "gate.order");
told!(Job, "gate.job");
told!(Load, "gate.load");
told!(Timed, "gate.timed");
told!(Echo, "gate.echo");
told!(Other, "other.thing");

/// Writes down each call.
pub(crate) struct Outer(Service<dyn Journal>);

#[plugin(name = "test-outer", kind = middleware)]
impl Outer {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        Self(journal)
    }

    #[intercept(publish, topics = "gate.**", priority = 20)]
    fn seen(&self, event: &AnyEvent<'_>) {
        self.0.write(format!("outer publish {}", event.topic()));
    }

    #[intercept(deliver, topics = "gate.**", priority = 20)]
    fn before(&self, delivery: &Delivery<'_>) {
        let line = format!(
            "outer deliver {} #{}",
            delivery.handler(),
            delivery.attempt()
        );
        self.0.write(line);
    }

    #[intercept(delivered, topics = "gate.**", priority = 20)]
    fn after(&self, delivery: &Delivery<'_>, outcome: &Delivered<'_>) {
        let result = match outcome.result() {
            Ok(()) => "ok".to_owned(),
            Err(error) => error.to_string(),
        };
        self.0
            .write(format!("outer delivered {} {result}", delivery.handler()));
    }
}

/// Does what the events say.
pub(crate) struct Inner {
    journal: Service<dyn Journal>,
    echo: Publisher<Echo>,
}

#[plugin(name = "test-inner")]
impl Inner {
    #[init]
    fn init(journal: Service<dyn Journal>, echo: Publisher<Echo>) -> Self {
        Self { journal, echo }
    }

    #[intercept(publish, topics = "gate.*")]
    fn check(&self, event: &AnyEvent<'_>) -> Result<()> {
        self.journal
            .write(format!("inner publish {}", event.topic()));
        match said(event).as_str() {
            "refuse" => Err(Error::retriable("closed").after(Duration::from_secs(2))),
            "panic in publish" => panic!("told to panic"),
            _ => Ok(()),
        }
    }

    #[intercept(deliver, topics = "gate.*")]
    fn before(&self, delivery: &Delivery<'_>) -> Result<()> {
        self.journal
            .write(format!("inner deliver {}", delivery.handler()));
        match said(delivery.event()).as_str() {
            "refuse delivery" => Err(Error::external("not for you")),
            "refuse once" if delivery.attempt() == 1 => Err(Error::retriable("not yet")),
            "panic in deliver" => panic!("told to panic"),
            _ => Ok(()),
        }
    }

    #[intercept(delivered, topics = "gate.*")]
    fn after(&self, delivery: &Delivery<'_>, outcome: &Delivered<'_>) -> Result<()> {
        let took = outcome.took().as_secs();
        self.journal
            .write(format!("inner delivered {} {took}s", delivery.handler()));
        match said(delivery.event()).as_str() {
            "echo" => Ok(self.echo.try_publish(Echo::new("echo"))?),
            "panic in delivered" => panic!("told to panic"),
            _ => Ok(()),
        }
    }

    /// Handlers of its own, which only the other plugin intercepts.
    #[subscribe]
    fn own(&self, _: &Echo) {
        self.journal.write("own".to_owned());
    }
}

fn said(event: &AnyEvent<'_>) -> String {
    let said = event.field("say").unwrap_or_default();
    said.as_str().unwrap_or_default().to_owned()
}

/// How long a handler holds its thread that is told to.
pub(crate) const BLOCKS: Duration = Duration::from_millis(5);

/// Whose handlers the others stand around.
pub(crate) struct Worker(Service<dyn Journal>);

#[plugin(name = "test-worker")]
impl Worker {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        Self(journal)
    }

    #[subscribe]
    fn take(&self, order: &Order) -> Result<()> {
        self.0.write("take".to_owned());
        match order.say.as_str() {
            "fail" => Err(Error::external("failed")),
            "panic" => panic!("told to panic"),
            _ => Ok(()),
        }
    }

    #[subscribe(retry = 1, backoff = "1s", timeout = "5s")]
    async fn work(&self, job: &Job) -> Result<()> {
        self.0.write("work".to_owned());
        match job.say.as_str() {
            "slow" => tokio::time::sleep(Duration::from_secs(3)).await,
            "hang" => std::future::pending().await,
            _ => {}
        }
        Ok(())
    }

    #[subscribe(batch = 2, linger = "1s")]
    async fn together(&self, loads: Batch<Load>) {
        self.0.write(format!("together {}", loads.len()));
    }

    #[subscribe(timeout = "1s")]
    fn timed(&self, timed: &Timed) {
        let began = Instant::now();
        while timed.say == "block" && began.elapsed() < BLOCKS {
            std::hint::spin_loop();
        }
    }

    #[subscribe("other.*")]
    fn other(&self, _: &AnyEvent<'_>) {
        self.0.write("other".to_owned());
    }
}

pub(crate) fn rig() -> Rig {
    Rig::new(&[
        Outer::DESCRIPTOR,
        Inner::DESCRIPTOR,
        Worker::DESCRIPTOR,
        Notebook::DESCRIPTOR,
    ])
}
