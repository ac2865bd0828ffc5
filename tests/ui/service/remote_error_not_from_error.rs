use plugin_core::prelude::*;

#[derive(Serialize, Deserialize)]
struct Empty;

#[service(remote)]
trait Words {
    async fn count(&self, text: &str) -> Result<u64, Empty>;
}

fn main() {}
