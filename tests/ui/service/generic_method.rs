use plugin_core::prelude::*;

#[service]
pub trait Store {
    async fn set<T: Send>(&self, value: T);
}

fn main() {}
