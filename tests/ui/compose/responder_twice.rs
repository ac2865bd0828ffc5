use plugin_core::prelude::*;

#[event("user.lookup", answer = Option<String>)]
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct UserLookup {
    user_id: String,
}

pub struct Users;

#[plugin(name = "users-plugin", version = "1.2.0")]
impl Users {
    #[init]
    fn init() -> Self {
        Self
    }

    #[respond]
    fn lookup(&self, _lookup: &UserLookup) -> Option<String> {
        None
    }
}

pub struct Ldap;

#[plugin(name = "ldap-plugin", version = "1.2.0")]
impl Ldap {
    #[init]
    fn init() -> Self {
        Self
    }

    #[respond]
    fn lookup(&self, _lookup: &UserLookup) -> Option<String> {
        None
    }
}

compose! {
    Users,
    Ldap,
}

fn main() {}
