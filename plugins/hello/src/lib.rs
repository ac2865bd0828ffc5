//! Greets users who log in
