use plugin_core::prelude::*;

compose! {
    "cat" => plugin_cat::Cat named "tom",
    "dog" => plugin_dog::Dog = 7,
}

fn main() {}
