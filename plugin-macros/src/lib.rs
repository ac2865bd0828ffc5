//! The attributes of plugin-core: parse, model, check, expand
