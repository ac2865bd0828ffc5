use plugin_core::prelude::*;

#[service]
pub trait Store {
    async fn provider(&self) -> String;
}

fn main() {}
