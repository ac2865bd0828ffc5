use plugin_core::prelude::*;

compose! {
    cat => plugin_cat::Cat,
}

fn main() {}
