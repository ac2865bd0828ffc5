//! One that panics each time: in handlers of both kinds, and in a filter.

use std::panic::resume_unwind;

use plugin_core::Plugin;
use plugin_core::lifecycle::State;
use plugin_core::prelude::*;

use super::{Signal, beside, publish, report, witnessed};
use crate::logged::Logged;
use crate::rig::status;

struct Panicking;

#[plugin(name = "misbehaving-panicking")]
impl Panicking {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe(priority = 9)]
    fn at_once(&self, _signal: &Signal) {
        resume_unwind(Box::new("at once"));
    }

    #[subscribe(priority = 9)]
    async fn later(&self, _signal: &Signal) {
        tokio::task::yield_now().await;
        resume_unwind(Box::new("later"));
    }

    #[subscribe(priority = 9, filter = |signal| {
        if signal.number < u32::MAX {
            resume_unwind(Box::new("the filter"));
        }
        true
    })]
    fn chosen(&self, _signal: &Signal) {}
}

#[tokio::test(start_paused = true)]
async fn each_panic_is_an_error_of_that_call_alone() {
    let log = Logged::here();
    let running = beside(Panicking::DESCRIPTOR).start().await;
    publish(&running, 10).await;
    witnessed(&running, 10).await;
    running.idle().await;
    for (handler, received) in [("at_once", 10), ("later", 10), ("chosen", 0)] {
        let report = report(&running, "misbehaving-panicking", handler);
        assert_eq!(
            (report.received, report.errors),
            (received, 10),
            "{handler}"
        );
        let named = [
            "ERROR",
            "plugin=misbehaving-panicking",
            &format!("handler={handler}"),
        ];
        assert_eq!(log.count(&named), 10, "{handler}");
    }
    assert_eq!(log.count(&["its filter"]), 10);
    let status = status(&running, "misbehaving-panicking");
    assert_eq!((status.state, status.restarts), (State::Running, 0));
    assert_eq!(status.events.errors, 30);
    assert!(running.stop().await.is_clean());
}
