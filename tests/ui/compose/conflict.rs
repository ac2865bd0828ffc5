use plugin_core::prelude::*;

pub struct Cat;

#[plugin(name = "cat-plugin", version = "1.2.0", conflicts("dog-plugin"))]
impl Cat {
    #[init]
    fn init() -> Self {
        Self
    }
}

pub struct Dog;

#[plugin(name = "dog-plugin", version = "1.2.0")]
impl Dog {
    #[init]
    fn init() -> Self {
        Self
    }
}

compose! {
    Cat,
    Dog,
}

fn main() {}
