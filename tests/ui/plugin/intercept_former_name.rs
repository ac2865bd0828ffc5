#![deny(deprecated)]

use plugin_core::prelude::*;

struct Guard;

#[plugin(name = "guard-plugin", kind = middleware)]
impl Guard {
    #[init]
    fn init() -> Self {
        Self
    }

    #[middleware(publish)]
    fn check(&self, _event: &AnyEvent<'_>) {}
}

fn main() {}
