//! Sends e-mail and text messages
