use plugin_core::prelude::*;

#[service]
pub trait Store {
    async fn close(self);
}

fn main() {}
