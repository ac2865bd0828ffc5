//! What `compose!` writes: the set, its proven order, and the catalogue.

mod left_out;
mod unmatched;

use plugin_core::prelude::*;

#[service]
trait Engine {
    fn power(&self) -> u32;
}

struct Diesel;

#[plugin(name = "diesel", provides(Engine))]
impl Diesel {
    #[init]
    fn init() -> Self {
        Self
    }
}

impl Engine for Diesel {
    fn power(&self) -> u32 {
        100
    }
}

struct Car;

#[plugin(name = "car-plugin", after("paint-plugin"))]
impl Car {
    #[init]
    fn init(_engine: Service<dyn Engine>) -> Self {
        Self
    }
}

#[allow(unexpected_cfgs, reason = "the features are those of an imagined app")]
mod chosen {
    plugin_core::compose! {
        super::Car,
        "paint" => plugin_paint::Paint provides(Colour, Gloss),
        "road-service" => plugin_road::Road,
        "sun" => plugin_sun::Sun as "weather",
        super::Diesel as "diesel" provides(Engine),
    }
}

mod empty {
    plugin_core::compose! {}
}

mod renamed {
    use plugin_core as kernel;

    plugin_core::compose! {
        crate = kernel,
        super::Diesel,
    }
}

#[test]
fn a_provider_starts_before_its_user() {
    let names: Vec<_> = chosen::COMPOSITION
        .plugins()
        .map(|plugin| plugin.name)
        .collect();
    assert_eq!(names, ["diesel", "car-plugin"]);
    assert!(renamed::COMPOSITION.find("diesel").is_some());
}

#[test]
fn a_set_may_be_empty() {
    assert_eq!(empty::COMPOSITION.plugins().count(), 0);
    assert_eq!(empty::COMPOSITION.catalogue(), []);
}

#[test]
fn what_a_feature_would_bring_is_in_the_catalogue() {
    let lines: Vec<_> = chosen::COMPOSITION
        .catalogue()
        .iter()
        .map(|line| (line.feature, line.plugin, line.provides, line.enabled))
        .collect();
    let expected: [(&str, &str, &[&str], bool); 3] = [
        ("paint", "paint-plugin", &["Colour", "Gloss"], false),
        ("road-service", "road-service", &[], false),
        ("sun", "weather", &[], false),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn an_absent_plugin_is_known_by_its_feature() {
    let absent = chosen::COMPOSITION.absent("weather").unwrap();
    let text = "`weather` is known but not in this binary: build with `--features sun`";
    assert_eq!(absent.to_string(), text);
}
