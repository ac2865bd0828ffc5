use plugin_core::prelude::*;

struct Guard;

#[plugin(name = "guard-plugin", kind = middleware)]
impl Guard {
    #[init]
    fn init() -> Self {
        Self
    }

    #[middleware(publish)]
    fn check(&self, _delivery: &Delivery<'_>) {}

    #[middleware(deliver)]
    fn before(&self, _event: AnyEvent<'_>) {}

    #[middleware(delivered)]
    fn after(&self, _delivery: &Delivery<'_>) {}

    #[middleware(deliver)]
    fn more(&self, _delivery: &Delivery<'_>, _outcome: &Delivered<'_>) {}
}

fn main() {}
