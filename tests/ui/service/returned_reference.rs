use plugin_core::prelude::*;

#[service]
pub trait Store {
    async fn get(&self, key: &str) -> Option<&str>;

    fn all(&self) -> std::slice::Iter<'_, u8>;
}

fn main() {}
