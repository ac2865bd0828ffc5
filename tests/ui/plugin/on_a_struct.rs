use plugin_core::prelude::*;

#[plugin(name = "hello-plugin")]
struct Hello;

fn main() {}
