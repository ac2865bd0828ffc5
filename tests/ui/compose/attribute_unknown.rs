plugin_core::compose! {
    #![strct]
}

fn main() {}
