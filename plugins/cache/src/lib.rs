//! Keeps values in memory for a limited time
