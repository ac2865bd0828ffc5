//! `retry`: which failures are tried again, when, and who waits meanwhile.

mod classified;
mod ordered;
mod paced;
mod stopped;
