//! Checks passwords, issues and revokes tokens
