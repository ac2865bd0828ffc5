//! Finds and creates users in the database
