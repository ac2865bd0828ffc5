use plugin_core::prelude::*;

struct Count;

#[service(remote)]
trait Words {
    async fn count(&self, text: &str) -> Result<Count>;
}

fn main() {}
