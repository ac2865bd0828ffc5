use plugin_core::prelude::*;

compose! {
    "pets" => plugin_cat::Cat,
    "pets" => plugin_dog::Dog,
}

fn main() {}
