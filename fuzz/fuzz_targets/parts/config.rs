//! The sources of `plugin-core` that read `${…}`, themselves: they are private there.

#[path = "../../../plugin-core/src/config/interpolation/expand.rs"]
mod expand;
#[path = "../../../plugin-core/src/config/variables.rs"]
pub(crate) mod variables;

use expand::Filled;
use variables::Variables;

/// What a value comes to when `A` is `a` and `E` is empty; where it can't be filled in, the bytes
/// at which the mistakes are.
pub(crate) fn fill(text: &str) -> Result<String, Vec<usize>> {
    let mut variables = Variables::default();
    variables.add("A".into(), "a".into());
    variables.add("E".into(), "".into());
    match expand::expand(text, &variables) {
        Ok(Filled::Whole(filled) | Filled::Part(filled)) => Ok(filled),
        Err(faults) => {
            let told = faults.iter().map(|fault| fault.what.to_string());
            assert!(told.into_iter().all(|told| !told.is_empty()));
            Err(faults.into_iter().map(|fault| fault.at).collect())
        }
    }
}
