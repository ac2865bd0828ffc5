//! Messages on their way to real servers.

mod sms;
mod smtp;
mod smtp_server;
