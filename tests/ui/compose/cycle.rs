use plugin_core::prelude::*;

#[service]
pub trait Hen {
    fn work(&self);
}

#[service]
pub trait Egg {
    fn work(&self);
}

pub struct Layer;

#[plugin(name = "layer-plugin", version = "1.2.0", provides(Hen))]
impl Layer {
    #[init]
    fn init(_egg: Service<dyn Egg>) -> Self {
        Self
    }
}

impl Hen for Layer {
    fn work(&self) {}
}

pub struct Hatcher;

#[plugin(name = "hatcher-plugin", version = "1.2.0", provides(Egg))]
impl Hatcher {
    #[init]
    fn init(_hen: Service<dyn Hen>) -> Self {
        Self
    }
}

impl Egg for Hatcher {
    fn work(&self) {}
}

compose! {
    Layer,
    Hatcher,
}

fn main() {}
