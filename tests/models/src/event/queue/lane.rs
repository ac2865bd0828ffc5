//! A stand-in for `plugin-core/src/event/queue/lane.rs`: no job of a model waits behind another one.

use super::job::Job;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::event) struct Lane;

impl Lane {
    pub(in crate::event) fn of(_job: &Job) -> Option<Self> {
        None
    }
}
