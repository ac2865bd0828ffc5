use plugin_core::prelude::*;

#[service]
pub trait Draw {
    async fn line(&self, (x, y): (u32, u32));
}

fn main() {}
