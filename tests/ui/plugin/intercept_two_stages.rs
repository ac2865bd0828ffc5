use plugin_core::prelude::*;

struct Guard;

#[plugin(name = "guard-plugin", kind = middleware)]
impl Guard {
    #[init]
    fn init() -> Self {
        Self
    }

    #[intercept(deliver, delivered)]
    fn around(&self, _delivery: &Delivery<'_>) {}
}

fn main() {}
