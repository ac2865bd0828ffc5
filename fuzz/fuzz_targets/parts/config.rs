//! The sources of `plugin-core` that read `${…}`, themselves: they are private there.

#[path = "../../../plugin-core/src/config/interpolation/expand.rs"]
mod expand;
#[path = "../../../plugin-core/src/config/variables.rs"]
pub(crate) mod variables;

/// What they use of the file beside them.
pub(crate) mod reading {
    pub(crate) const LARGEST: usize = 1 << 20;
}

use expand::Filled;
use variables::Variables;

/// What a value comes to when `A` is `a`, `E` is empty and `L` is long; where it can't be filled
/// in, the bytes at which the mistakes are. `room` is for what the variables hold.
pub(crate) fn fill(text: &str, room: &mut usize) -> Result<String, Vec<usize>> {
    let mut variables = Variables::default();
    variables.add("A".into(), "a".into());
    variables.add("E".into(), "".into());
    variables.add("L".into(), "${A}$}".repeat(6).into());
    match expand::expand(text, &variables, room) {
        Ok(Filled::Whole(filled) | Filled::Part(filled)) => Ok(filled),
        Err(faults) => {
            let told = faults.iter().map(|fault| fault.what.to_string());
            assert!(told.into_iter().all(|told| !told.is_empty()));
            Err(faults.into_iter().map(|fault| fault.at).collect())
        }
    }
}
