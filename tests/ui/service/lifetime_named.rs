use plugin_core::prelude::*;

#[service]
pub trait Store {
    async fn set<'a>(&'a self, key: &'a str);
}

fn main() {}
