//! Small whole programs, one idea each. Run one with `cargo run -p examples --example events`.
