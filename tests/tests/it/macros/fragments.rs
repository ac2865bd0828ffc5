//! Everything that the attributes read, given as fragments of `macro_rules!`.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use plugin_core::config::Sources;
use plugin_core::event::Event;
use plugin_core::lifecycle::Manager;
use plugin_core::prelude::*;
use plugin_core::service::ServiceTrait;
use plugin_core::{Composition, Kind, Mode, Plugin};

static HEARD: AtomicU32 = AtomicU32::new(0);

macro_rules! event {
    ($(#[$meta:meta])* $topic:literal, $vis:vis $name:ident { $($field:ident: $ty:ty),* }) => {
        $(#[$meta])*
        #[event($topic)]
        #[derive(Serialize, Deserialize, JsonSchema)]
        $vis struct $name { $($field: $ty),* }
    };
}

event!(/** Something was made. */ "fragment.made", pub(crate) Made { id: u64, note: Option<String> });

macro_rules! request {
    ($topic:expr, $name:ident, $answer:ty) => {
        #[event($topic, answer = $answer)]
        #[derive(Serialize, Deserialize, JsonSchema)]
        struct $name {
            id: u64,
        }
    };
}

request!("fragment.ask", Ask, Option<u64>);

macro_rules! service {
    ($(#[$meta:meta])* $vis:vis $name:ident, $method:ident($argument:ident: $ty:ty) -> $out:ty) => {
        $(#[$meta])*
        #[service]
        $vis trait $name {
            async fn $method(&self, $argument: $ty) -> $out;
        }
    };
}

service!(/** Counts. */ pub(crate) Count, count(text: &str) -> Result<usize>);

macro_rules! provider {
    ($service:path, $ty:ty, $method:ident($argument:ident: $of:ty) -> $out:ty $body:block) => {
        #[service]
        impl $service for $ty {
            async fn $method(&self, $argument: $of) -> $out $body
        }
    };
}

macro_rules! plugin {
    (
        $(#[$meta:meta])*
        $name:literal, $kind:ident, $ty:ty, $service:path, $other:ty, $needed:literal, $after:literal;
        $event:ty, $taken:ty, $ask:ty, $answer:ty, $out:ty;
        $time:literal, $number:literal, $pattern:literal, $word:ident, $topics:expr;
        $filter:expr, $key:expr, $vis:vis, $method:ident, $need:ty, $tasks:ty, $init:block
    ) => {
        $(#[$meta])*
        #[plugin(
            name = $name,
            kind = $kind,
            provides($service),
            requires($other = $needed),
            after($after)
        )]
        impl $ty {
            #[init]
            $vis fn init(_out: Publisher<$out>, _need: $need) -> Self $init

            #[start]
            fn start(&self, _tasks: $tasks) {}

            #[subscribe(timeout = $time, retry = $number, backoff = $time, filter = $filter, key = $key)]
            $vis async fn on(&self, event: &$event) -> Result<()> {
                drop(event.note.clone());
                HEARD.fetch_add(1, SeqCst);
                Ok(())
            }

            #[subscribe(priority = $number)]
            fn also(&self, event: &Envelope<$event>) {
                drop(event.note.clone());
                HEARD.fetch_add(10, SeqCst);
            }

            #[subscribe(filter = $filter)]
            async fn $method(&self, event: $taken) {
                drop(event.note.clone());
                HEARD.fetch_add(100, SeqCst);
            }

            #[subscribe(batch = $number, overflow = $word, linger = $time)]
            async fn batch(&self, events: Batch<$event>) {
                HEARD.fetch_add(1000 * u32::try_from(events.len()).unwrap(), SeqCst);
            }

            #[subscribe($pattern)]
            fn any(&self, event: &AnyEvent<'_>) {
                drop(event.topic().to_owned());
                HEARD.fetch_add(10_000, SeqCst);
            }

            #[respond(timeout = $time, concurrency = $number)]
            async fn answer(&self, ask: &$ask) -> Result<$answer> {
                Ok(Some(ask.id))
            }

            #[schedule(every = $time, max_runs = $number)]
            fn tick(&self) {}

            #[schedule(cron = "0 3 * * *")]
            async fn nightly(&self, run: &ScheduledRun) -> Result<()> {
                drop(run.number().to_string());
                Ok(())
            }

            #[intercept(publish, topics = $pattern, priority = $number)]
            fn check(&self, event: &AnyEvent<'_>) -> Result<()> {
                drop(event.topic().to_owned());
                Ok(())
            }

            #[intercept(delivered, topics = $topics)]
            fn after(&self, _delivery: &Delivery<'_>, _outcome: &Delivered<'_>) {}

            fn named(&self) -> Vec<plugin_core::event::Pattern> {
                Vec::new()
            }
        }
    };
}

struct Other;

#[plugin(name = "fragment-other", version = "1.2.0")]
impl Other {
    #[init]
    fn init() -> Self {
        Self
    }
}

#[derive(Default)]
struct Fragment;

plugin!(
    /// Reads fragments.
    "fragment-plugin", system, Fragment, Count, Other, "^1", "fragment-early";
    Made, &Made, Ask, Option<u64>, Made;
    "5s", 2, "fragment.*", drop_newest, Self::named;
    |event| event.id > 0, |event| event.id, pub(crate), chosen, Clock, Tasks, { Fragment }
);

provider!(self::Count, Fragment, count(text: &str) -> Result<usize> { Ok(text.len()) });

mod composed {
    use super::{Fragment, Other};

    macro_rules! compose {
        ($name:literal, $one:path, $other:ty) => {
            plugin_core::compose! {
                $one as $name provides(Count) answers("fragment.ask"),
                $other,
            }
        };
    }

    compose!("fragment-plugin", Fragment, Other);
}

#[tokio::test(start_paused = true)]
async fn report_d1_what_a_macro_passes_on_is_read_as_what_it_is() {
    let descriptor = Fragment::DESCRIPTOR;
    assert_eq!(
        (descriptor.name, descriptor.kind),
        ("fragment-plugin", Kind::System)
    );
    assert_eq!(descriptor.description, "Reads fragments.");
    assert_eq!(descriptor.type_name, concat!(module_path!(), "::Fragment"));
    assert_eq!(
        (descriptor.requires[0].plugin, descriptor.after),
        ("fragment-other", &["fragment-early"][..])
    );
    assert_eq!(Made::DESCRIPTOR.description, "Something was made.");
    let count = <dyn Count as ServiceTrait>::DESCRIPTOR;
    assert_eq!((count.name, count.description), ("Count", "Counts."));
    let chosen = descriptor
        .subscriptions
        .iter()
        .find(|one| one.handler == "chosen")
        .unwrap();
    assert_eq!(
        (chosen.mode, chosen.source.topic()),
        (Mode::Queued, "fragment.made")
    );

    let composed: Vec<_> = composed::COMPOSITION.plugins().collect();
    let set = Composition::assemble(&composed).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let running = Manager::builder(&set)
        .sources(Sources::new().data_dir(dir.path()))
        .configure()
        .unwrap()
        .start()
        .await
        .unwrap();
    running
        .publisher()
        .publish(Made { id: 1, note: None })
        .await
        .unwrap();
    running.idle().await;
    assert_eq!(HEARD.load(SeqCst), 11_111);
    let counter = running.service::<dyn Count>().unwrap();
    assert_eq!(counter.count("four").await.unwrap(), 4);
    assert!(running.stop().await.is_clean());
}
