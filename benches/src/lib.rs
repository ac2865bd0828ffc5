//! Criterion benches, each beside its baseline
