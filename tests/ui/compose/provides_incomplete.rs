use plugin_core::prelude::*;

#[service]
pub trait Mail {
    fn work(&self);
}

#[service]
pub trait Parcel {
    fn work(&self);
}

pub struct Post;

#[plugin(name = "post-plugin", version = "1.2.0", provides(Mail, Parcel))]
impl Post {
    #[init]
    fn init() -> Self {
        Self
    }
}

impl Mail for Post {
    fn work(&self) {}
}

impl Parcel for Post {
    fn work(&self) {}
}

compose! {
    Post provides(Mail),
}

fn main() {}
