//! Integration tests: one binary, one module a subject.

#![forbid(unsafe_code)]

mod macros;
