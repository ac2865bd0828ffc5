//! Parses the permissions that the operator writes.

use std::path::{Component, Path, PathBuf};

use super::Permission;
use super::invalid::PermissionError;
use super::resource::{Action, Resource};
use crate::nearest::nearest;
use crate::pattern::Pattern;

/// A valid [`Permission`].
#[derive(Debug)]
pub(super) struct Grant {
    pub(super) object: Object,
    pub(super) actions: Vec<Action>,
}

/// The granted part of a resource; `None` is all of it.
#[derive(Debug)]
pub(super) enum Object {
    Topics(Option<Pattern>),
    Service(Option<String>),
    Directory(Option<PathBuf>),
    Logger,
    System,
    Scheduler,
}

/// Parses an entry, or returns all its mistakes.
pub(super) fn parse(entry: &Permission) -> Result<Grant, Vec<PermissionError>> {
    let (word, narrowing) = match entry.resource.split_once(':') {
        Some((word, narrowing)) => (word, Some(narrowing)),
        None => (entry.resource.as_str(), None),
    };
    let resource = resource(word).map_err(|error| vec![error])?;
    let (actions, mut mistakes) = actions(resource, &entry.actions);
    match object(resource, narrowing) {
        Ok(object) if mistakes.is_empty() => return Ok(Grant { object, actions }),
        Ok(_) => {}
        Err(mistake) => mistakes.insert(0, mistake),
    }
    Err(mistakes)
}

fn resource(word: &str) -> Result<Resource, PermissionError> {
    let found = Resource::ALL
        .into_iter()
        .find(|resource| resource.as_str() == word);
    found.ok_or_else(|| PermissionError::UnknownResource {
        found: word.to_owned(),
        suggestion: meant(word, &Resource::ALL, Resource::as_str),
    })
}

fn actions(resource: Resource, words: &[String]) -> (Vec<Action>, Vec<PermissionError>) {
    let valid = resource.actions();
    let mut actions = Vec::new();
    let mut mistakes = Vec::new();
    for (index, word) in words.iter().enumerate() {
        if word == "*" {
            actions.extend(valid);
        } else if let Some(action) = valid.iter().find(|action| action.as_str() == word) {
            actions.push(*action);
        } else {
            mistakes.push(PermissionError::UnknownAction {
                index,
                resource,
                found: word.clone(),
                suggestion: meant(word, valid, Action::as_str),
            });
        }
    }
    if words.is_empty() {
        mistakes.push(PermissionError::NoActions(resource));
    }
    (actions, mistakes)
}

fn object(resource: Resource, narrowing: Option<&str>) -> Result<Object, PermissionError> {
    if narrowing.is_some_and(|text| text.is_empty() || resource.example().is_none()) {
        return Err(PermissionError::Narrowing(resource));
    }
    Ok(match resource {
        Resource::EventBus => Object::Topics(
            narrowing
                .map(Pattern::parse)
                .transpose()
                .map_err(PermissionError::Topic)?,
        ),
        Resource::Service => Object::Service(narrowing.map(str::to_owned)),
        Resource::File => Object::Directory(narrowing.map(directory).transpose()?),
        Resource::Logger => Object::Logger,
        Resource::System => Object::System,
        Resource::Scheduler => Object::Scheduler,
    })
}

fn directory(text: &str) -> Result<PathBuf, PermissionError> {
    inside(Path::new(text)).ok_or_else(|| PermissionError::Path(text.to_owned()))
}

/// Normalizes a relative path, without `.` in it; `None` if the path is absolute or contains `..`.
pub(crate) fn inside(path: &Path) -> Option<PathBuf> {
    path.components()
        .filter(|component| *component != Component::CurDir)
        .map(|component| match component {
            Component::Normal(name) => Some(name),
            _ => None,
        })
        .collect()
}

/// The most similar resource or action, if one is similar enough.
fn meant<T: Copy>(word: &str, valid: &[T], name: fn(T) -> &'static str) -> Option<T> {
    let meant = nearest(word, valid.iter().map(|it| name(*it)))?;
    valid.iter().copied().find(|it| name(*it) == meant)
}
