//! Writes and reads files below a root
