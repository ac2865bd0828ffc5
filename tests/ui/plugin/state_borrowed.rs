use plugin_core::prelude::*;

struct Hello<'a>(&'a str);

#[plugin(name = "hello-plugin")]
impl Hello<'_> {
    #[init]
    fn init() -> Result<Self> {
        Err(Error::bug("never"))
    }
}

fn main() {}
