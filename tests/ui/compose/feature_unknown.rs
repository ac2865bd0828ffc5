#![deny(unexpected_cfgs)]

use plugin_core::prelude::*;

pub struct Cat;

#[plugin(name = "cat-plugin", version = "1.2.0")]
impl Cat {
    #[init]
    fn init() -> Self {
        Self
    }
}

compose! {
    "cat" => Cat,
}

fn main() {}
