//! The events and service traits that the plugins share. It contains no implementation.

#![forbid(unsafe_code)]

mod events;
mod services;
mod user;

pub use events::{
    DataQuery, DataQueryResult, DataSave, DataSaved, OrderCreated, UserLogin, UserLogout,
    UserLookup, UserWelcome,
};
pub use services::{
    Auth, AuthError, Cache, Database, FileStore, LogLine, LogOut, LogTail, NewUser, Row, Session,
    User, UserService,
};
