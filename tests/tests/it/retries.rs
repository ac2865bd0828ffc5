//! `retry`: which failures are tried again, when, and who waits meanwhile.

mod asked;
mod classified;
mod configured;
mod ordered;
mod paced;
mod stopped;
