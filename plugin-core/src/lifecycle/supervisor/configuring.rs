//! Config values that an operator sets, and the rollback to an older config.

use super::SupervisorState;
use super::reload_request::ReloadRequest;
use crate::config::{Generations, Overrides};
use crate::lifecycle::changes::Escalation;
use crate::lifecycle::checked::Instead;
use crate::lifecycle::choice::{kept, unreadable};
use crate::lifecycle::operation::{Actor, ConfigEdit, Operation, OperationError, OperationOutcome};

impl SupervisorState {
    /// The config that results from setting values of a plugin, or removing them.
    pub(super) fn edit(
        &self,
        (plugin, edit): (&str, &ConfigEdit),
        actor: &Actor,
    ) -> Result<ReloadRequest, OperationError> {
        let configured = self.kernel.configured();
        let section = self.of_build(plugin)?;
        if let Some(expected) = &edit.expected {
            let now = configured.settings.revision(section);
            if now.as_ref() != Some(expected) {
                return Err(OperationError::Outdated { plugin: section });
            }
        }
        let keys = edit.set.keys().chain(&edit.unset);
        if let Some(key) = keys.into_iter().find(|key| is_switch(key)) {
            return Err(OperationError::NotSettable { key: key.clone() });
        }
        let mut overrides = Overrides::read(&self.kernel.data_dir).map_err(unreadable)?;
        for key in &edit.unset {
            overrides.unset(section, key);
        }
        let by = actor.to_string();
        for (key, value) in &edit.set {
            overrides.set(section, key, value.clone(), &by);
        }
        Ok(ReloadRequest {
            only: Some(vec![section.to_owned()]),
            switches: configured.sources.switches().clone(),
            kept: Vec::new(),
            instead: Instead::Overrides(overrides),
        })
    }

    /// The config that results from a rollback, for a dry run.
    pub(super) fn back(&self, generation: Option<u64>) -> Result<ReloadRequest, OperationError> {
        let configured = self.kernel.configured();
        let generations = self.generations()?;
        let instead = match generation {
            Some(number) => Instead::Generation(kept(&generations, number)?),
            None => Instead::Files,
        };
        Ok(ReloadRequest {
            instead,
            ..ReloadRequest::of_all(configured.sources.switches().clone())
        })
    }

    /// Applies an older config, or the files. If that fails, the present config stays.
    pub(super) async fn roll_back_to(
        &self,
        generation: Option<u64>,
        actor: &Actor,
        escalation: &mut Escalation,
    ) -> Result<OperationOutcome, OperationError> {
        let generations = self.generations()?;
        let configured = self.kernel.configured();
        let choose = move || {
            // A choice that can't be read is replaced.
            let before = generations.rollback().ok().flatten();
            match generation {
                Some(number) => {
                    kept(&generations, number)?;
                    let files = configured.files_now();
                    generations.roll_back(number, &files).map_err(unreadable)?;
                }
                None => generations.restore(None).map_err(unreadable)?,
            }
            Ok((generations, before))
        };
        let chosen = tokio::task::spawn_blocking(choose).await;
        let (generations, before) =
            chosen.map_err(|error| OperationError::Unreadable(error.to_string()))??;
        let reload = Operation::Reload { plugin: None };
        let done = self.take_over_config(&reload, actor, escalation).await;
        if done.is_err()
            && let Err(error) = generations.restore(before.as_ref())
        {
            tracing::error!("the choice of a config is not as it was before: {error}");
        }
        done
    }

    fn generations(&self) -> Result<Generations, OperationError> {
        let configured = self.kernel.configured();
        if configured.sources.obeys_rollback() {
            return Ok(Generations::of(&configured.settings));
        }
        let what = "this program reads its config from its files alone, and takes no older one";
        Err(OperationError::Unreadable(what.to_owned()))
    }
}

fn is_switch(key: &str) -> bool {
    key == "enabled" || key.starts_with("enabled.") || key.split('.').any(str::is_empty)
}
