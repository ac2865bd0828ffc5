//! A composed set: the plugins of a build, their proven start order, and the catalogue of the
//! plugins that the build could contain.

mod absent;
mod composition;
pub(crate) mod entry;
mod link;
mod note;

pub use absent::Absent;
pub use composition::Composition;
pub use link::LinkError;
pub use note::Note;
