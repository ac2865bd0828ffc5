use plugin_core::prelude::*;

#[service]
pub trait Mail {
    fn work(&self);
}

pub struct Shop;

#[plugin(name = "shop-plugin", version = "1.2.0")]
impl Shop {
    #[init]
    fn init(_mail: Service<dyn Mail>) -> Self {
        Self
    }
}

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
    Shop,
    Cat,
    Dog,
}

fn main() {}
