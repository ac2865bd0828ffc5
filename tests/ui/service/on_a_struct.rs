use plugin_core::prelude::*;

#[service]
pub struct Greeter;

fn main() {}
