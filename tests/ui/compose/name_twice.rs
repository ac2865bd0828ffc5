use plugin_core::prelude::*;

pub struct Cat;

#[plugin(name = "cat-plugin", version = "1.2.0")]
impl Cat {
    #[init]
    fn init() -> Self {
        Self
    }
}

pub struct Kitten;

#[plugin(name = "cat-plugin", version = "1.2.0")]
impl Kitten {
    #[init]
    fn init() -> Self {
        Self
    }
}

compose! {
    Cat,
    Kitten,
}

fn main() {}
