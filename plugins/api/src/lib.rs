//! Serves the HTTP interface
