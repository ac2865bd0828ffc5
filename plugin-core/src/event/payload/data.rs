//! The bounds on a type that can be published.

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Data that can be an event. It is implemented for all types that meet its bounds.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be an event",
    label = "needs `#[derive(Serialize, Deserialize, JsonSchema)]`, owned fields, and no thread-bound ones",
    note = "derive `Serialize`, `Deserialize` and `JsonSchema` on `{Self}`"
)]
pub trait EventData: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static> EventData for T {}
