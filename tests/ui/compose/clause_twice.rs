use plugin_core::prelude::*;

compose! {
    "cat" => plugin_cat::Cat as "tom" as "cat",
    "dog" => plugin_dog::Dog provides(Bark) provides(Bite),
}

fn main() {}
