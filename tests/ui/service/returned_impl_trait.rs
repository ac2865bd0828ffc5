use plugin_core::prelude::*;

#[service]
pub trait Store {
    fn keys(&self) -> impl Iterator<Item = String>;

    async fn get(&self, key: &str) -> Result<impl Send>;
}

fn main() {}
