use plugin_core::prelude::*;

struct Hello<T>(T);

#[plugin(name = "hello-plugin")]
impl<T> Hello<T> {
    #[init]
    fn init() -> Result<Self> {
        Err(Error::bug("never"))
    }
}

fn main() {}
