use plugin_core::prelude::*;

#[service(many, many, single)]
pub trait Store<T>: Clone {
    type Key;
    fn open();
    async fn get<K>(&mut self, (a, b): (K, T)) -> &str;
}

fn main() {}
