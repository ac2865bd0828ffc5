use plugin_core::prelude::*;

compose! {
    "cat" => plugin_cat::Cat provides Purr,
    "dog" => plugin_dog::Dog provides(),
    "hen" => plugin_hen::Hen provides(egg::Egg),
}

fn main() {}
