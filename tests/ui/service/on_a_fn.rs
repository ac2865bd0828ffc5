use plugin_core::prelude::*;

#[service]
pub async fn greet() {}

fn main() {}
