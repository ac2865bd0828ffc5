//! Requests: a question with one answer. The one who answers need not be known to the one who asks,
//! and the time limit of who asks is passed on.
#![expect(clippy::print_stdout, reason = "a program that shows what it does")]

use plugin_core::lifecycle::Manager;
use plugin_core::prelude::*;
use plugin_core::{Composition, Plugin};

/// Asks for the price of an article.
#[event("example.price", answer = Option<u64>)]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Price {
    article: String,
}

/// Knows the prices.
struct Shop;

#[plugin(name = "shop-plugin")]
impl Shop {
    #[init]
    fn init() -> Self {
        Self
    }

    #[respond]
    async fn price(&self, price: &Price) -> Result<Option<u64>> {
        match price.article.as_str() {
            "" => Err(Error::external("an article has a name")),
            "tea" => Ok(Some(499)),
            _ => Ok(None),
        }
    }
}

#[tokio::main]
pub(crate) async fn main() -> Result<()> {
    let data = tempfile::tempdir()?;
    let set = Composition::assemble(&[Shop::DESCRIPTOR]).expect("the set fits");
    let manager = Manager::builder(&set).data_dir(data.path());
    let running = manager.configure()?.start().await?;
    let ask = |article: &str| Price {
        article: article.to_owned(),
    };
    assert_eq!(running.request(ask("tea")).await?, Some(499));
    assert_eq!(running.request(ask("gold")).await?, None);
    let refused = running.request(ask("")).await;
    println!("shop: {}", refused.expect_err("it has no name"));
    assert!(running.stop().await.is_clean());
    Ok(())
}
