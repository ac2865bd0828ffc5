use plugin_core::prelude::*;

struct Guard;

#[plugin(name = "guard-plugin", kind = middleware)]
impl Guard {
    #[init]
    fn init() -> Self {
        Self
    }

    #[intercept(deliverd)]
    fn after(&self, _delivery: &Delivery<'_>, _outcome: &Delivered<'_>) {}
}

fn main() {}
