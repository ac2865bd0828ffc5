use plugin_core::prelude::*;

compose! {
    "cat" => plugin_cat::Cat as tom,
    "dog" => plugin_dog::Dog as,
}

fn main() {}
