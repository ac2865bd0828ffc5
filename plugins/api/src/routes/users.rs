//! Looking up users.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Extension, Json};
use plugin_contracts::{User, UserService};

use super::Route;
use crate::auth::Caller;
use crate::config::UserAccess;
use plugin_http::Problem;

pub(super) const FIND: &str = "GET /users/{id}";

#[derive(Clone)]
struct Users {
    service: Arc<dyn UserService>,
    access: UserAccess,
}

pub(super) fn routes(service: &Arc<dyn UserService>, access: UserAccess) -> Vec<Route> {
    let users = Users {
        service: Arc::clone(service),
        access,
    };
    vec![Route::new(FIND, get(find).with_state(users))]
}

/// A user whom the caller may not see gets the same answer as one who does not exist.
async fn find(
    State(users): State<Users>,
    Path(id): Path<String>,
    caller: Option<Extension<Caller>>,
) -> Result<Json<User>, Problem> {
    let missing = || Problem::new(StatusCode::NOT_FOUND, format!("there is no user `{id}`"));
    if !users.may_see(&id, caller.as_deref()) {
        return Err(missing());
    }
    match users.service.find(&id).await {
        Ok(user) => user.map(Json).ok_or_else(missing),
        Err(error) => {
            tracing::error!(%error, "the user service failed");
            Err(Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "the user service failed",
            ))
        }
    }
}

impl Users {
    /// Without a caller, the route is open, and so are the users.
    fn may_see(&self, id: &str, caller: Option<&Caller>) -> bool {
        self.access == UserAccess::Any || caller.is_none_or(|caller| caller.user_id == id)
    }
}
