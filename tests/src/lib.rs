//! Integration tests: one binary, one module a subject. Its doc tests are those of the README.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
