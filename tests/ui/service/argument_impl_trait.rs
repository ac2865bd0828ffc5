use plugin_core::prelude::*;

#[service]
pub trait Store {
    async fn get(&self, key: impl AsRef<str>, or: Option<impl Send>);
}

fn main() {}
