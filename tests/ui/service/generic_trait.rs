use plugin_core::prelude::*;

#[service]
pub trait Store<T> {
    async fn get(&self) -> T;
}

fn main() {}
