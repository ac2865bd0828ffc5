//! The limits that the system enforces on a child.

use crate::config::Resources;
use crate::error::Result;

/// Makes the system enforce the limits of an instance on this process: the programs that it starts
/// get no more rights, it writes no core file, and it gets no more memory.
///
/// # Errors
///
/// Returns an error if the system does not accept a limit.
#[cfg(target_os = "linux")]
pub(super) fn confine(resources: &Resources) -> Result<()> {
    use rustix::process::Resource;

    use crate::process::{self, MemoryKind};

    let refused = |what: &str, error: rustix::io::Errno| {
        crate::Error::config(format!("the system does not limit {what} of its process"))
            .because(error)
    };
    rustix::thread::set_no_new_privs(true).map_err(|error| refused("the rights", error))?;
    limit(Resource::Core, 0).map_err(|error| refused("core files", error))?;
    if let Some(memory) = resources.memory {
        // What the process itself needs is not the plugin's.
        let taken = process::memory(MemoryKind::Data).unwrap_or(0);
        let most = memory.saturating_mul(1_000_000).saturating_add(taken);
        limit(Resource::Data, most).map_err(|error| refused("the memory", error))?;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn limit(resource: rustix::process::Resource, most: u64) -> rustix::io::Result<()> {
    let limit = rustix::process::Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    rustix::process::setrlimit(resource, limit)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn confine(resources: &Resources) -> Result<()> {
    match resources.memory {
        None => Ok(()),
        Some(_) => Err(crate::Error::config(
            "`resources.memory` of a process holds on Linux alone",
        )),
    }
}
