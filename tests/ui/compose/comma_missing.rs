use plugin_core::prelude::*;

compose! {
    "cat" => plugin_cat::Cat
    "dog" => plugin_dog::Dog
}

fn main() {}
