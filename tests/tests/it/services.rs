//! What `#[service]` writes: the descriptor, the provider's futures, and the handle that forwards.

mod short_names;

use std::path::Path;

use plugin_core::lifecycle::{Manager, Running};
use plugin_core::prelude::*;
use plugin_core::service::ServiceTrait;
use plugin_core::{Composition, Descriptor, Plugin, registry};

/// Keeps words
/// by number.
///
/// More about it.
#[service]
trait Words {
    /// All borrowed arguments share the lifetime of the call.
    async fn find(&self, words: &[&str], or: Option<&str>, at: usize) -> Result<String>;

    /// A name that the expansion uses, too.
    async fn echo(&self, output: u8, this: u8) -> (u8, u8);

    /// Nothing is returned.
    async fn touch(&self);

    /// A body that providers share.
    async fn first(&self, words: &[&str]) -> Result<String> {
        self.find(words, None, 0).await
    }

    /// Not asynchronous.
    fn count(&self, word: &str) -> usize {
        word.len()
    }

    #[cfg(any())]
    async fn absent(&self);
}

struct Provider;

#[service]
impl Words for Provider {
    async fn find(&self, words: &[&str], or: Option<&str>, mut at: usize) -> Result<String> {
        at += usize::from(words.is_empty());
        if let Some(or) = or {
            return Ok(or.into());
        }
        let word = words
            .get(at)
            .ok_or_else(|| Error::external("no such word"))?;
        tokio::task::yield_now().await;
        Ok((*word).to_owned())
    }

    async fn echo(&self, output: u8, this: u8) -> (u8, u8) {
        (output, this)
    }

    async fn touch(&self) {}
}

#[plugin(name = "words-plugin", provides(Words))]
impl Provider {
    #[init]
    fn init() -> Self {
        Self
    }
}

/// Asks the provider when it starts, through its handle as any other value of the trait.
struct Caller {
    words: Service<dyn Words>,
}

#[plugin(name = "caller-plugin")]
impl Caller {
    #[init]
    fn init(words: Service<dyn Words>) -> Self {
        Self { words }
    }

    #[start]
    async fn start(&self) -> Result<()> {
        assert_eq!(first_of(&self.words).await?, "caller");
        Ok(())
    }
}

async fn first_of(words: &impl Words) -> Result<String> {
    words.first(&["caller", "other"]).await
}

async fn started(plugins: &[&'static Descriptor], data: &Path) -> Running {
    let set = Composition::assemble(plugins).unwrap();
    let manager = Manager::builder(&set).data_dir(data);
    manager.configure().unwrap().start().await.unwrap()
}

#[test]
fn a_trait_is_described() {
    let words = <dyn Words>::DESCRIPTOR;
    assert_eq!(words.name, "Words");
    assert_eq!(words.module, module_path!());
    assert_eq!(words.description, "Keeps words by number.");
    assert_eq!(words.methods, ["find", "echo", "touch", "first", "count"]);
    assert!(!words.many);
    assert!(registry::services().contains(&words));
}

#[test]
fn a_key_is_made_of_the_module_too() {
    mod other {
        use plugin_core::prelude::*;

        #[service(many, crate = ::plugin_core)]
        pub(super) trait Words: Send {
            fn count(&self) -> usize;
        }
    }
    assert_eq!(<dyn other::Words>::DESCRIPTOR.name, "Words");
    assert_ne!(
        <dyn other::Words>::DESCRIPTOR.key,
        <dyn Words>::DESCRIPTOR.key
    );
    assert!(<dyn other::Words>::DESCRIPTOR.many);
}

#[tokio::test(start_paused = true)]
async fn a_handle_forwards_every_call() {
    let data = tempfile::tempdir().unwrap();
    let running = started(&[Caller::DESCRIPTOR, Provider::DESCRIPTOR], data.path()).await;
    let words = running.service::<dyn Words>().unwrap();
    assert_eq!(words.find(&["a", "b"], None, 1).await.unwrap(), "b");
    assert_eq!(words.find(&[], Some("or"), 1).await.unwrap(), "or");
    assert_eq!(
        words.find(&[], None, 0).await.unwrap_err().to_string(),
        "no such word"
    );
    assert_eq!(words.echo(1, 2).await, (1, 2));
    assert_eq!(words.first(&["a"]).await.unwrap(), "a");
    assert_eq!(words.count("four"), 4);
    words.touch().await;
    let call = async move { words.find(&["a"], None, 0).await };
    let mut calls = tokio::task::JoinSet::new();
    calls.spawn(call);
    assert_eq!(calls.join_all().await.remove(0).unwrap(), "a");
    running.stop().await;
}
