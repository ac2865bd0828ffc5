//! A composed set: the plugins of a build, their proven start order, and the catalogue of all
//! that the build could have held.

mod absent;
mod composition;
pub(crate) mod entry;
mod link;
mod note;

pub use absent::Absent;
pub use composition::Composition;
pub use link::LinkError;
pub use note::Note;
