use plugin_core::prelude::*;

#[service]
pub trait Store {
    async fn set(&self, value: u8)
    where
        Self: Sized;
}

fn main() {}
