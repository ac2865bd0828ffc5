//! What a plugin is for decides when it starts, also among plugins that do not need each other:
//! system plugins first, middleware last, so that the doors open when all is ready.

use std::time::Duration;

use plugin_core::Plugin;
use plugin_core::prelude::*;

use crate::journal::{Journal, Notebook};
use crate::rig::Rig;

/// Declares a plugin that takes its time to start and to stop.
macro_rules! slow {
    ($type:ident, $name:literal, $kind:ident, $seconds:literal) => {
        struct $type(Service<dyn Journal>);

        #[plugin(name = $name, kind = $kind)]
        impl $type {
            #[init]
            async fn init(journal: Service<dyn Journal>) -> Self {
                tokio::time::sleep(Duration::from_secs($seconds)).await;
                journal.write(concat!($name, " is built").to_owned());
                Self(journal)
            }

            #[start]
            async fn start(&self) {
                tokio::time::sleep(Duration::from_secs($seconds)).await;
                self.0.write(concat!($name, " runs").to_owned());
            }

            #[stop]
            async fn stop(&self) {
                tokio::time::sleep(Duration::from_secs($seconds)).await;
                self.0.write(concat!($name, " stopped").to_owned());
            }
        }
    };
}

slow!(Door, "kinds-a-door", middleware, 1);
slow!(Shop, "kinds-shop", business, 2);
slow!(Street, "kinds-z-street", system, 3);

#[tokio::test(start_paused = true)]
async fn doors_open_when_all_is_ready_and_close_before_anything_stops() {
    let running = Rig::new(&[
        Door::DESCRIPTOR,
        Shop::DESCRIPTOR,
        Street::DESCRIPTOR,
        Notebook::DESCRIPTOR,
    ])
    .start()
    .await;
    let journal = running.service::<dyn Journal>().unwrap();
    assert!(running.stop().await.is_clean());
    let expected = [
        "kinds-z-street is built",
        "kinds-shop is built",
        "kinds-a-door is built",
        "kinds-z-street runs",
        "kinds-shop runs",
        "kinds-a-door runs",
        "kinds-a-door stopped",
        "kinds-shop stopped",
        "kinds-z-street stopped",
    ];
    assert_eq!(journal.lines(), expected);
}
