use plugin_core::prelude::*;

#[service(remote)]
trait Words {
    fn count(&self, text: &str) -> Result<u64>;
}

fn main() {}
