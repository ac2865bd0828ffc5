use plugin_core::prelude::*;

struct Language;

#[service(remote)]
trait Words {
    async fn count(&self, language: &Language) -> Result<u64>;
}

fn main() {}
