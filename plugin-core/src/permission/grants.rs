//! The rights of one instance, with one method for each kind of use.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use super::Permission;
use super::denied::PermissionDenied;
use super::invalid::PermissionError;
use super::parse;
use super::right::Right;
use super::rules::Rules;
use crate::audit::Audit;

/// What an instance may do. A refusal is recorded in the audit log.
#[derive(Debug, Clone)]
pub struct Grants {
    plugin: &'static str,
    rules: Arc<Rules>,
    audit: Audit,
}

impl Grants {
    /// All rights that the plugin's types ask for, because neither `permissions` nor `roles` is
    /// set.
    #[must_use]
    pub fn all(plugin: &'static str) -> Self {
        static ALL: LazyLock<Arc<Rules>> = LazyLock::new(|| Arc::new(Rules::ALL));
        Self::new(plugin, Arc::clone(&ALL))
    }

    /// The rights that the entries of `permissions` and of all `roles` list together.
    ///
    /// # Errors
    ///
    /// Returns all mistakes of all entries, each with the index of its entry.
    ///
    /// # Example
    ///
    /// ```
    /// use plugin_core::permission::{Grants, Permission};
    ///
    /// let entry = |resource: &str, action: &str| Permission {
    ///     resource: resource.into(),
    ///     actions: vec![action.into()],
    /// };
    /// assert!(Grants::only("hello-plugin", &[entry("event_bus:user.*", "publish")]).is_ok());
    ///
    /// let mistakes = Grants::only("hello-plugin", &[entry("logger", "rite")]).unwrap_err();
    /// assert_eq!(
    ///     mistakes[0].1.to_string(),
    ///     "`logger` has no action `rite`, did you mean `write`? Valid are `write`, `*`",
    /// );
    /// ```
    pub fn only<'a>(
        plugin: &'static str,
        listed: impl IntoIterator<Item = &'a Permission>,
    ) -> Result<Self, Vec<(usize, PermissionError)>> {
        let mut rules = Rules::NONE;
        let mut mistakes = Vec::new();
        for (index, entry) in listed.into_iter().enumerate() {
            match parse::parse(entry) {
                Ok(grant) => rules.add(&grant),
                Err(found) => mistakes.extend(found.into_iter().map(|mistake| (index, mistake))),
            }
        }
        if mistakes.is_empty() {
            Ok(Self::new(plugin, Arc::new(rules)))
        } else {
            Err(mistakes)
        }
    }

    fn new(plugin: &'static str, rules: Arc<Rules>) -> Self {
        Self {
            plugin,
            rules,
            audit: Audit::disabled(),
        }
    }

    /// The same rights, for an instance with its own name.
    pub(crate) fn of_instance(mut self, name: &'static str) -> Self {
        self.plugin = name;
        self
    }

    /// Records refusals from now on.
    #[must_use]
    pub fn with_audit(mut self, audit: Audit) -> Self {
        self.audit = audit;
        self
    }

    /// The audit log in which refusals are recorded.
    pub(crate) fn audit(&self) -> &Audit {
        &self.audit
    }

    /// Whether both grant the same rights.
    pub(crate) fn equal(&self, other: &Self) -> bool {
        self.rules == other.rules
    }

    /// The rights that are not granted, each once. Nothing is recorded.
    pub(crate) fn missing<'a>(
        &self,
        rights: impl Iterator<Item = Right<'a>>,
    ) -> Vec<PermissionDenied> {
        let mut denied = Vec::new();
        for right in rights.filter(|right| !self.allows(*right)) {
            let refusal = right.denied(self.plugin);
            if !denied.contains(&refusal) {
                denied.push(refusal);
            }
        }
        denied
    }

    /// Whether an event of this topic may be published. Nothing is recorded.
    #[must_use]
    pub fn may_publish(&self, topic: &str) -> bool {
        self.allows(Right::Publish(topic))
    }

    /// Whether a subscription to a topic or a pattern is allowed. Nothing is recorded.
    #[must_use]
    pub fn may_subscribe(&self, topic: &str) -> bool {
        self.allows(Right::Subscribe(topic))
    }

    pub(crate) fn publish(&self, topic: &str) -> Result<(), PermissionDenied> {
        self.demand(Right::Publish(topic))
    }

    pub(crate) fn publish_any(&self) -> Result<(), PermissionDenied> {
        self.demand(Right::PublishAny)
    }

    /// `topic` may be a pattern. Then every topic that it matches must be granted.
    pub(crate) fn subscribe(&self, topic: &str) -> Result<(), PermissionDenied> {
        self.demand(Right::Subscribe(topic))
    }

    pub(crate) fn subscribe_any(&self) -> Result<(), PermissionDenied> {
        self.demand(Right::SubscribeAny)
    }

    pub(crate) fn request(&self, topic: &str) -> Result<(), PermissionDenied> {
        self.demand(Right::Request(topic))
    }

    pub(crate) fn request_any(&self) -> Result<(), PermissionDenied> {
        self.demand(Right::RequestAny)
    }

    pub(crate) fn use_service(&self, name: &str) -> Result<(), PermissionDenied> {
        self.demand(Right::Use(name))
    }

    pub(crate) fn view_system(&self) -> Result<(), PermissionDenied> {
        self.demand(Right::ViewSystem)
    }

    pub(crate) fn operate_system(&self) -> Result<(), PermissionDenied> {
        self.demand(Right::OperateSystem)
    }

    pub(crate) fn may_subscribe_any(&self) -> bool {
        self.allows(Right::SubscribeAny)
    }

    pub(crate) fn may_operate_system(&self) -> bool {
        self.allows(Right::OperateSystem)
    }

    pub(crate) fn schedule(&self) -> Result<(), PermissionDenied> {
        self.demand(Right::Schedule)
    }

    pub(crate) fn may_log(&self) -> bool {
        self.rules.log
    }

    pub(crate) fn files_any(&self) -> Result<(), PermissionDenied> {
        self.demand(Right::FilesAny)
    }

    /// The granted directory, relative to the root, in which a path may be read.
    pub(crate) fn file_read(&self, path: &Path) -> Result<&Path, PermissionDenied> {
        let directory = self.rules.read.directory(path);
        directory.ok_or_else(|| self.refuse(Right::Read(path)))
    }

    /// The granted directory, relative to the root, in which a path may be written.
    pub(crate) fn file_write(&self, path: &Path) -> Result<&Path, PermissionDenied> {
        let directory = self.rules.write.directory(path);
        directory.ok_or_else(|| self.refuse(Right::Write(path)))
    }

    fn demand(&self, right: Right<'_>) -> Result<(), PermissionDenied> {
        if self.allows(right) {
            return Ok(());
        }
        Err(self.refuse(right))
    }

    #[cold]
    fn refuse(&self, right: Right<'_>) -> PermissionDenied {
        let denied = right.denied(self.plugin);
        self.audit.refused(&denied);
        denied
    }

    fn allows(&self, right: Right<'_>) -> bool {
        let rules = &*self.rules;
        match right {
            Right::Publish(topic) => rules.publish.matches(topic),
            Right::PublishAny => rules.publish.any(),
            Right::Subscribe(topic) => rules.subscribe.covers(topic),
            Right::SubscribeAny => rules.subscribe.any(),
            Right::Request(topic) => rules.request.matches(topic),
            Right::RequestAny => rules.request.any(),
            Right::Respond(topic) => rules.respond.matches(topic),
            Right::Intercept(topics) => rules.intercept.covers(topics),
            Right::Use(name) => rules.services.names(name),
            Right::ViewSystem => rules.system,
            Right::OperateSystem => rules.operate,
            Right::Schedule => rules.scheduler,
            Right::FilesAny => rules.read.any() || rules.write.any(),
            Right::Read(path) => rules.read.directory(path).is_some(),
            Right::Write(path) => rules.write.directory(path).is_some(),
        }
    }
}
