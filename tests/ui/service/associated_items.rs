use plugin_core::prelude::*;

#[service]
pub trait Store {
    type Key;
    const LIMIT: usize;
    async fn get(&self) -> u8;
}

fn main() {}
