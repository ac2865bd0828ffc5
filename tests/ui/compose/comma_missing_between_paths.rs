use plugin_core::prelude::*;

compose! {
    plugin_cat::Cat
    plugin_dog::Dog
}

fn main() {}
