use plugin_core::prelude::*;

pub struct Cat;

#[plugin(name = "cat-plugin", version = "1.2.0", requires(Mouse = "^1"))]
impl Cat {
    #[init]
    fn init() -> Self {
        Self
    }
}

pub struct Mouse;

#[plugin(name = "mouse-plugin", version = "1.2.0")]
impl Mouse {
    #[init]
    fn init() -> Self {
        Self
    }
}

compose! {
    Cat,
}

fn main() {}
