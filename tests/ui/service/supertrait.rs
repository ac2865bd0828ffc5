use plugin_core::prelude::*;

#[service]
pub trait Store: std::fmt::Debug + Send {
    async fn get(&self) -> u8;
}

fn main() {}
