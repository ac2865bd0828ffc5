//! Config as an operator meets it: files, variables, mistakes.

#[path = "config/bindings.rs"]
mod bindings;
#[path = "config/bounds.rs"]
mod bounds;
#[path = "config/build.rs"]
mod build;
#[path = "config/difference.rs"]
mod difference;
#[path = "config/files.rs"]
mod files;
#[path = "config/fit.rs"]
mod fit;
#[path = "config/generations.rs"]
mod generations;
#[path = "config/instances.rs"]
mod instances;
#[path = "config/layers.rs"]
mod layers;
#[path = "config/mistakes.rs"]
mod mistakes;
#[path = "config/quoted.rs"]
mod quoted;
#[path = "config/schema.rs"]
mod schema;
#[path = "config/secrets.rs"]
mod secrets;
#[path = "config/unreadable.rs"]
mod unreadable;
#[path = "config/variables.rs"]
mod variables;
