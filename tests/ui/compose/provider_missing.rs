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

compose! {
    Shop,
}

fn main() {}
