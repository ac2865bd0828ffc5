use plugin_core::prelude::*;

#[service]
pub trait Store {
    async fn set(&mut self, key: &str);
}

fn main() {}
