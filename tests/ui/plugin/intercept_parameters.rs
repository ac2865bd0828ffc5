use plugin_core::prelude::*;

struct Guard;

#[plugin(name = "guard-plugin", kind = middleware)]
impl Guard {
    #[init]
    fn init() -> Self {
        Self
    }

    #[intercept(publish)]
    fn check(&self, _delivery: &Delivery<'_>) {}

    #[intercept(deliver)]
    fn before(&self, _event: AnyEvent<'_>) {}

    #[intercept(delivered)]
    fn after(&self, _delivery: &Delivery<'_>) {}

    #[intercept(deliver)]
    fn more(&self, _delivery: &Delivery<'_>, _outcome: &Delivered<'_>) {}
}

fn main() {}
