use plugin_core::prelude::*;

#[service]
pub trait Store {
    async fn open(path: &str);
}

fn main() {}
