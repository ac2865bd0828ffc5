//! Patterns that no event of the build matches.

use plugin_core::event::Pattern;
use plugin_core::prelude::*;
use plugin_core::{Composition, Plugin};

use crate::logged::Logged;
use crate::rig::Rig;

#[event("unmatched.event")]
#[derive(Serialize, Deserialize, JsonSchema)]
struct Known {
    id: u64,
}

struct Slips(Subscriber);

#[plugin(name = "slips-plugin")]
impl Slips {
    #[init]
    fn init(_known: Publisher<Known>, subscriber: Subscriber) -> Self {
        Self(subscriber)
    }

    #[start]
    fn start(&self) -> Result<()> {
        let handle = self
            .0
            .subscribe_with_filter("elsewhere.*", |_| {}, |_| true)?;
        drop(handle);
        Ok(())
    }

    #[subscribe("nosuch.**")]
    fn nothing(&self, _: &AnyEvent<'_>) {}

    #[subscribe("unmatched.evnt")]
    async fn slip(&self, _: &AnyEvent<'_>) {}

    #[subscribe("unmatched.*")]
    fn good(&self, _: &AnyEvent<'_>) {}

    #[intercept(publish, topics = "unmatchd.**")]
    fn around(&self, _: &AnyEvent<'_>) {}

    #[intercept(publish, topics = Self::named)]
    fn named_around(&self, _: &AnyEvent<'_>) {}

    #[expect(clippy::unused_self, reason = "the attribute gives the signature")]
    fn named(&self) -> Vec<Pattern> {
        vec![Pattern::parse("unmached.event").unwrap()]
    }
}

#[test]
fn report_d1_a_pattern_that_matches_nothing_is_told() {
    let set = Composition::assemble(&[Slips::DESCRIPTOR]).unwrap();
    let notes: Vec<_> = set.notes().iter().map(ToString::to_string).collect();
    assert_eq!(
        notes,
        [
            "`nothing` of `slips-plugin` is for `nosuch.**`, which no event of this build matches: \
             it only gets events that are published on a topic that no type declares",
            "`slip` of `slips-plugin` is for `unmatched.evnt`, which no event of this build \
             matches: did you mean `unmatched.event`?",
            "`around` of `slips-plugin` is for `unmatchd.**`, which no event of this build \
             matches: did you mean `unmatched.**`?",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn report_d1_a_start_logs_it() {
    let logged = Logged::here();
    let running = Rig::new(&[Slips::DESCRIPTOR]).start().await;
    running.idle().await;
    assert_eq!(logged.count(&["WARN", "`nothing` of `slips-plugin`"]), 1);
    let from_config = [
        "WARN",
        "no event of this build matches `unmached.event`: did you mean",
    ];
    assert_eq!(logged.count(&from_config), 1);
    let at_run_time = ["WARN", "no event of this build matches `elsewhere.*`"];
    assert_eq!(logged.count(&at_run_time), 1);
    assert!(running.stop().await.is_clean());
}
