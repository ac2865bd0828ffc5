use plugin_core::prelude::*;

compose! {
    "cat",
    "dog" =>,
    "hen" => 7,
}

fn main() {}
