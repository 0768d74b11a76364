//! Changes of what is stored: made here, stored by the caller, and only then put in force.

use std::sync::Arc;

use super::Engine;
use crate::error::{Error, ManagedError, PolicyError, RuleError};
use crate::history::Replaced;
use crate::host::UrlHostParser;
use crate::pause::{Pause, PauseEntry, PauseEvent, PauseLength};
use crate::policy::{Layers, Policy};
use crate::rule::{FieldError, Rule, RuleDocument, RuleRefusal, RuleStamp};
use crate::settings::Pausing;
use crate::time::UnixMillis;

/// A change of the user's policy that is not yet stored.
#[derive(Debug)]
pub struct Change {
    /// The policy that then holds.
    policy: Policy,
    /// The record to store.
    pub stored: String,
    /// The rules that were added or replaced.
    pub saved: Vec<Arc<Rule>>,
    /// Every rule that it is about, as it was before.
    pub replaced: Vec<Replaced>,
}

impl Change {
    /// Whether there is such a rule once it is in force.
    #[must_use]
    pub fn has_rule(&self, id: &str) -> bool {
        self.policy.has_rule(id)
    }
}

/// Why a change was refused; nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Something is wrong with the rule.
    Rule(Vec<FieldError>),
    /// Something is wrong with some of several rules.
    Rules(Vec<RuleRefusal>),
    /// The change cannot be made.
    Policy(Error),
}

impl<E: Into<Error>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Policy(error.into())
    }
}

impl Engine {
    /// A rule added, or the one with its id replaced.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn save_rule(
        &self,
        document: &RuleDocument,
        stamp: &RuleStamp,
        url_host: UrlHostParser<'_>,
    ) -> Result<Change, Refusal> {
        let policy = self.user_policy()?;
        if let Some(id) = document.id.as_ref().filter(|id| !policy.has_rule(id)) {
            return Err(RuleError::Unknown { id: id.clone() }.into());
        }
        let document = match document.id {
            Some(_) => document.clone(),
            None => RuleDocument { id: Some(stamp.id.clone()), created: None, updated: None, ..document.clone() },
        };
        self.change_rules(&[document], &[], stamp.time, url_host).map_err(|refusal| match refusal {
            Refusal::Rules(refusals) => {
                Refusal::Rule(refusals.into_iter().flat_map(|refusal| refusal.errors).collect())
            }
            refusal => refusal,
        })
    }

    /// A rule taken out.
    pub fn delete_rule(&self, id: &str) -> Result<Change, Refusal> {
        self.change_rules(&[], &[id.to_owned()], UnixMillis::new(0), &|_| None)
    }

    /// Several rules added, replaced and taken out in one step: [`Policy::changed`].
    ///
    /// # Errors
    /// Everything that is wrong with any of them; then nothing is done.
    pub fn change_rules(
        &self,
        save: &[RuleDocument],
        delete: &[String],
        now: UnixMillis,
        url_host: UrlHostParser<'_>,
    ) -> Result<Change, Refusal> {
        let policy = self.user_policy()?;
        if let Some(id) = delete.iter().find(|id| !policy.has_rule(id)) {
            return Err(RuleError::Unknown { id: id.clone() }.into());
        }
        let (after, saved) = policy.changed(save, delete, now, url_host).map_err(Refusal::Rules)?;
        let ids = saved.iter().map(|rule| rule.id()).chain(delete.iter().map(String::as_str));
        let replaced = ids.map(|id| Replaced { id: id.to_owned(), rule: policy.rule(id).cloned() }).collect();
        Ok(Change { stored: after.to_json()?, policy: after, saved, replaced })
    }

    /// An empty policy in place of one that is broken or lost. Any other is not thrown away.
    pub fn reset_policy(&self) -> Result<Change, Refusal> {
        match &self.policy {
            Ok(_) => Err(PolicyError::InForce.into()),
            Err(Error::Policy(PolicyError::Syntax { .. } | PolicyError::Rule { .. } | PolicyError::Lost)) => {
                let policy = Policy::default();
                Ok(Change { stored: policy.to_json()?, policy, saved: Vec::new(), replaced: Vec::new() })
            }
            // A newer version's record is in order, and one that could not be read may be.
            Err(error) => Err(Refusal::Policy(error.clone())),
        }
    }

    /// Puts a change in force that has been stored. Whatever a pre-flight has said until now was said of another policy.
    pub fn adopt(&mut self, change: Change) {
        // It was refused where the administrator's rules could not be read.
        if let Ok(managed) = &self.managed {
            self.policy = Ok(Layers { managed: Arc::clone(&managed.policy), user: change.policy });
        }
        self.answers.forget();
        self.tell_proof_of_rules();
    }

    /// Whether protection may be paused. Where it cannot be known, it may not.
    #[must_use]
    pub fn pausing(&self) -> Pausing {
        match (&self.policy, &self.managed) {
            (Ok(layers), _) => layers.pausing(),
            (Err(_), Ok(managed)) => managed.policy.settings().pausing,
            (Err(_), Err(_)) => Pausing::Forbidden,
        }
    }

    /// A pause that begins now.
    ///
    /// # Errors
    /// [`ManagedError::PauseForbidden`].
    pub fn begin_pause(&self, length: PauseLength, now: UnixMillis) -> Result<Pause, ManagedError> {
        match self.pausing() {
            Pausing::Allowed => Ok(Pause::begin(length, now)),
            Pausing::Forbidden => Err(ManagedError::PauseForbidden),
        }
    }

    /// Puts a pause in force that has been stored, or ends it.
    pub fn set_pause(&mut self, pause: Option<Pause>) {
        self.pause = pause;
    }

    /// The pause, if there is one and it lasts.
    #[must_use]
    pub fn pause(&self, now: UnixMillis) -> Option<Pause> {
        self.pause.filter(|pause| pause.lasts(now) && self.pausing() == Pausing::Allowed)
    }

    /// Ends a pause whose time is over; what is to be written down about it, the first time it is noticed.
    pub fn end_pause_if_over(&mut self, now: UnixMillis) -> Option<PauseEntry> {
        if self.pause.is_none() || self.pause(now).is_some() {
            return None;
        }
        self.pause = None;
        Some(PauseEntry { id: None, time: now, pause: PauseEvent::RanOut })
    }

    fn user_policy(&self) -> Result<&Policy, Refusal> {
        self.policy.as_ref().map(|layers| &layers.user).map_err(|error| Refusal::Policy(error.clone()))
    }
}
