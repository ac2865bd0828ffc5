use plugin_core::prelude::*;

#[service]
pub trait Mail {
    fn work(&self);
}

pub struct Cat;

#[plugin(name = "cat-plugin", version = "1.2.0")]
impl Cat {
    #[init]
    fn init() -> Self {
        Self
    }
}

compose! {
    Cat provides(Mail),
}

fn main() {}
