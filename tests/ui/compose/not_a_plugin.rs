use plugin_core::prelude::*;

pub struct Cat;

compose! {
    Cat,
}

fn main() {}
