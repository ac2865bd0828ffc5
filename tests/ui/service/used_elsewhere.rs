use plugin_core::prelude::*;

#[service]
pub trait Store {
    async fn get<T>(&self, key: &str) -> u8;

    async fn set(&self, key: &str, value: u8);
}

// One mistake in the trait brings no second-hand errors here.
pub struct Memory;

#[service]
impl Store for Memory {
    async fn set(&self, _key: &str, _value: u8) {}
}

pub async fn call(store: Service<dyn Store>) {
    store.set("a", 1).await;
    store.get::<u8>("a").await;
}

fn main() {}
