//! Saves and queries rows in SQLite or MySQL
