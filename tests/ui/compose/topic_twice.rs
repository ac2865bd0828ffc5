use plugin_core::prelude::*;

#[event("pet.fed")]
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Fed {}

#[event("pet.fed")]
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Fed2 {}

pub struct Cat;

#[plugin(name = "cat-plugin", version = "1.2.0")]
impl Cat {
    #[init]
    fn init(_fed: Publisher<Fed>) -> Self {
        Self
    }
}

pub struct Dog;

#[plugin(name = "dog-plugin", version = "1.2.0")]
impl Dog {
    #[init]
    fn init(_fed: Publisher<Fed2>) -> Self {
        Self
    }
}

compose! {
    Cat,
    Dog,
}

fn main() {}
