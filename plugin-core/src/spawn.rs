//! The only place where the kernel spawns its own tasks. Tasks of a plugin belong to the plugin's
//! scope: see [`crate::Tasks`].

use std::future::Future;

use tokio::task::JoinHandle;

#[expect(
    clippy::disallowed_methods,
    reason = "the kernel's own tasks: whoever spawns one keeps its handle, or the task ends with its channel"
)]
pub(crate) fn spawn<T: Send + 'static>(
    future: impl Future<Output = T> + Send + 'static,
) -> JoinHandle<T> {
    tokio::spawn(future)
}
