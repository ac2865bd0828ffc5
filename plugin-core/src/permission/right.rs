//! A right of a plugin: a resource, an action and an object in one value.

use std::path::Path;

use super::denied::PermissionDenied;
use super::resource::{Action, Resource};

/// One use of a resource.
#[derive(Clone, Copy)]
pub(crate) enum Right<'a> {
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

impl Right<'_> {
    pub(crate) fn denied(self, plugin: &'static str) -> PermissionDenied {
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
