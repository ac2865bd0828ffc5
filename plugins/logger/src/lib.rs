//! Installs the tracing subscriber from config
