//! Interceptors: methods of plugins around the events of others.

mod binding;
mod changing;
mod deliver;
mod fixture;
mod publish;
mod rights;
mod scope;
