//! Raw names: what is written `r#move` is called `move` by operators and in messages.

use plugin_core::config::Sources;
use plugin_core::event::Event;
use plugin_core::lifecycle::Manager;
use plugin_core::prelude::*;
use plugin_core::service::ServiceTrait;
use plugin_core::{Composition, Plugin};

#[event("raw.event")]
#[derive(Serialize, Deserialize, JsonSchema)]
#[allow(non_camel_case_types, reason = "the name is what is tested")]
struct r#struct {
    r#type: String,
}

#[event("raw.ask", answer = String)]
#[derive(Serialize, Deserialize, JsonSchema)]
struct Ask {
    r#match: String,
}

#[service]
#[allow(non_camel_case_types, reason = "the name is what is tested")]
trait r#use {
    async fn r#try(&self, r#in: &str) -> usize;
    fn r#else(&self, r#in: usize) -> usize;
}

#[allow(non_camel_case_types, reason = "the name is what is tested")]
struct r#impl;

#[plugin(name = "raw-plugin", provides(r#use))]
impl r#impl {
    #[init]
    fn init() -> Self {
        Self
    }

    #[start]
    async fn r#loop(&self) {}

    #[subscribe]
    fn r#fn(&self, _: &r#struct) {}

    #[subscribe(key = |event| &event.r#type, filter = |event| !event.r#type.is_empty())]
    async fn r#async(&self, _: &r#struct) {}

    #[respond]
    async fn r#return(&self, ask: &Ask) -> String {
        ask.r#match.clone()
    }

    #[schedule(every = "1h")]
    async fn r#move(&self) {}

    #[intercept(publish, topics = "raw.*")]
    fn r#where(&self, _: &AnyEvent<'_>) {}
}

#[service]
impl r#use for r#impl {
    async fn r#try(&self, r#in: &str) -> usize {
        r#in.len()
    }

    fn r#else(&self, r#in: usize) -> usize {
        r#in
    }
}

mod composed {
    plugin_core::compose! { super::r#impl as "raw-plugin" provides(r#use), }
}

#[test]
fn report_d1_raw_names_are_the_names_that_they_mean() {
    let raw = composed::COMPOSITION.find("raw-plugin").unwrap();
    assert_eq!(raw.type_name, concat!(module_path!(), "::impl"));
    let handlers: Vec<_> = raw.subscriptions.iter().map(|one| one.handler).collect();
    assert_eq!(handlers, ["fn", "async"]);
    assert_eq!(raw.responds[0].handler, "return");
    assert_eq!(raw.schedules[0].name, "move");
    assert_eq!(raw.interceptors[0].name, "where");
    let service = <dyn r#use as ServiceTrait>::DESCRIPTOR;
    assert_eq!(
        (service.name, service.methods),
        ("use", &["try", "else"][..])
    );
    assert_eq!(
        r#struct::DESCRIPTOR.type_name,
        concat!(module_path!(), "::struct")
    );
    assert!(r#struct::DESCRIPTOR.check(br#"{"type": "a"}"#).is_ok());
}

#[test]
fn report_d1_an_operator_configures_a_schedule_of_a_raw_name() {
    let set = Composition::assemble(&[r#impl::DESCRIPTOR]).unwrap();
    let configure = |variables: &[(&str, &str)]| {
        let data = tempfile::tempdir().unwrap();
        let sources = Sources::new().data_dir(data.path());
        let sources = sources.environment(variables.to_vec());
        Manager::builder(&set)
            .sources(sources)
            .configure()
            .map(drop)
    };
    let good = configure(&[("APP__RAW_PLUGIN__SCHEDULES__MOVE__EVERY", "5m")]);
    assert!(good.is_ok(), "{good:?}");
    let raw = configure(&[("APP__RAW_PLUGIN__SCHEDULES__R_MOVE__EVERY", "5m")]);
    let error = raw.unwrap_err().to_string();
    assert!(
        error.contains("`move`"),
        "it says which names there are: {error}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_service_of_raw_names_is_called() {
    let set = Composition::assemble(&[r#impl::DESCRIPTOR]).unwrap();
    let data = tempfile::tempdir().unwrap();
    let sources = Sources::new().data_dir(data.path());
    let manager = Manager::builder(&set).sources(sources).configure().unwrap();
    let running = manager.start().await.unwrap();
    let service = running.service::<dyn r#use>().unwrap();
    assert_eq!((service.r#try("four").await, service.r#else(4)), (4, 4));
    assert!(running.stop().await.is_clean());
}
