//! Delivery to plugins as the macro writes them, through a manager.

mod acknowledged;
mod borrowing;
mod concurrency;
mod drops;
mod lingering;
mod overflow;
mod piecewise;
mod priority;
mod runtime;
mod together;
mod undeclared;
