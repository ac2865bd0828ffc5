use plugin_core::prelude::*;

struct Guard;

#[plugin(name = "guard-plugin", kind = middleware)]
impl Guard {
    #[init]
    fn init() -> Self {
        Self
    }

    #[intercept(publish, topics = "user.**.login")]
    fn check(&self, _event: &AnyEvent<'_>) {}

    #[intercept(publish, "user.*")]
    fn check_users(&self, _event: &AnyEvent<'_>) {}
}

fn main() {}
