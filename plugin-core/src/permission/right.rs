//! What a plugin may be about to do: a resource, an action and an object in one value.

use std::path::Path;

use super::denied::PermissionDenied;
use super::resource::{Action, Resource};
use crate::descriptor::Need;

/// One use of a resource.
#[derive(Clone, Copy)]
pub(super) enum Right<'a> {
    Publish(&'a str),
    PublishAny,
    Subscribe(&'a str),
    SubscribeAny,
    Request(&'a str),
    RequestAny,
    Respond(&'a str),
    Intercept(&'a str),
    Use(&'a str),
    ViewSystem,
    OperateSystem,
    Schedule,
    FilesAny,
    Read(&'a Path),
    Write(&'a Path),
}

impl<'a> Right<'a> {
    /// The right that a need asks for, if it asks for one.
    pub(super) fn of(need: &'a Need) -> Option<Self> {
        match need {
            Need::Service { service, .. } => Some(Self::Use(service.name)),
            Need::Publish(event) => Some(Self::Publish(event.topic)),
            Need::PublishAny => Some(Self::PublishAny),
            Need::Subscribe => Some(Self::SubscribeAny),
            Need::Request { request, .. } => Some(Self::Request(request.topic)),
            Need::RequestAny => Some(Self::RequestAny),
            Need::Files => Some(Self::FilesAny),
            Need::System => Some(Self::ViewSystem),
            Need::Operate { .. } => Some(Self::OperateSystem),
            Need::Schedule => Some(Self::Schedule),
            Need::Config(_) | Need::DataDir | Need::Clock | Need::SecurityLog | Need::Other(_) => {
                None
            }
        }
    }

    pub(super) fn denied(self, plugin: &'static str) -> PermissionDenied {
        let path = |path: &Path| Some(path.to_string_lossy().into_owned());
        let bus = |action, topic: &str| (Resource::EventBus, action, Some(topic.to_owned()));
        let (resource, action, object) = match self {
            Self::Publish(topic) => bus(Action::Publish, topic),
            Self::PublishAny => (Resource::EventBus, Action::Publish, None),
            Self::Subscribe(topic) => bus(Action::Subscribe, topic),
            Self::SubscribeAny => (Resource::EventBus, Action::Subscribe, None),
            Self::Request(topic) => bus(Action::Request, topic),
            Self::RequestAny => (Resource::EventBus, Action::Request, None),
            Self::Respond(topic) => bus(Action::Respond, topic),
            Self::Intercept(topics) => bus(Action::Intercept, topics),
            Self::Use(name) => (Resource::Service, Action::Use, Some(name.to_owned())),
            Self::ViewSystem => (Resource::System, Action::Read, None),
            Self::OperateSystem => (Resource::System, Action::Operate, None),
            Self::Schedule => (Resource::Scheduler, Action::Schedule, None),
            Self::FilesAny => (Resource::File, Action::Read, None),
            Self::Read(at) => (Resource::File, Action::Read, path(at)),
            Self::Write(at) => (Resource::File, Action::Write, path(at)),
        };
        PermissionDenied {
            plugin,
            resource,
            action,
            object,
        }
    }
}
