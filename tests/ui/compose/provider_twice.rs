use plugin_core::prelude::*;

#[service]
pub trait Mail {
    fn work(&self);
}

pub struct Post;

#[plugin(name = "post-plugin", version = "1.2.0", provides(Mail))]
impl Post {
    #[init]
    fn init() -> Self {
        Self
    }
}

impl Mail for Post {
    fn work(&self) {}
}

pub struct Bird;

#[plugin(name = "bird-plugin", version = "1.2.0", provides(Mail))]
impl Bird {
    #[init]
    fn init() -> Self {
        Self
    }
}

impl Mail for Bird {
    fn work(&self) {}
}

compose! {
    Post,
    Bird,
}

fn main() {}
