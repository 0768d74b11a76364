//! Changes of what is stored: made here, stored by the caller, and only then put in force.

use std::sync::Arc;

use super::Engine;
use crate::error::Error;
use crate::host::UrlHostParser;
use crate::pause::{Pause, PauseEntry, PauseEvent, PauseLength};
use crate::policy::{Layers, Policy};
use crate::rule::{Birth, Field, FieldError, Rule, RuleDocument};
use crate::settings::Pausing;
use crate::time::UnixMillis;

/// A change of the user's policy that is not yet stored.
#[derive(Debug)]
pub struct Change {
    policy: Policy,
    /// The record to store.
    pub record: String,
    /// The rule that was added or replaced, if it is that kind of change.
    pub rule: Option<Arc<Rule>>,
}

/// Why a change was refused; nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Something is wrong with the rule.
    Rule(Vec<FieldError>),
    /// The change cannot be made.
    Policy(Error),
}

impl Engine {
    /// A rule added, or the one with its id replaced.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn save_rule(
        &self,
        mut document: RuleDocument,
        birth: &Birth,
        url_host: UrlHostParser<'_>,
    ) -> Result<Change, Refusal> {
        let mut policy = self.user_policy()?;
        let old = document.id.as_ref().and_then(|id| policy.rules().iter().find(|rule| rule.id() == id));
        let refused = |field, error| Refusal::Rule(vec![FieldError { field, index: None, error }]);
        match (&document.id, old) {
            (Some(id), None) => return Err(Refusal::Policy(Error::RuleUnknown { id: id.clone() })),
            // A page that was opened on an older version must not undo what another has saved since.
            (Some(_), Some(old)) if document.updated != Some(old.updated()) => {
                return Err(refused(Field::Id, Error::RuleChanged));
            }
            _ => {}
        }
        document.created = Some(old.map_or(birth.time, |old| old.created()));
        document.updated = Some(birth.time);
        let rule = policy.save(&document, birth, url_host).map_err(Refusal::Rule)?;
        // Not a matter of the rule itself: one that is stored already stays readable when the browser's list grows.
        if rule.host().is_never_shown() {
            return Err(refused(Field::Host, Error::HostNeverShown { host: rule.host().base().to_string() }));
        }
        Change::new(policy, Some(rule))
    }

    /// A rule taken out.
    pub fn delete_rule(&self, id: &str) -> Result<Change, Refusal> {
        let mut policy = self.user_policy()?;
        policy.delete(id).map_err(Refusal::Policy)?;
        Change::new(policy, None)
    }

    /// An empty policy in place of one that is broken or lost. Any other is not thrown away.
    pub fn start_afresh(&self) -> Result<Change, Refusal> {
        match &self.policy {
            Ok(_) => Err(Refusal::Policy(Error::PolicyInForce)),
            Err(Error::PolicySyntax { .. } | Error::PolicyRule { .. } | Error::PolicyLost) => {
                Change::new(Policy::default(), None)
            }
            // A newer version's record is in order, and one that could not be read may be.
            Err(error) => Err(Refusal::Policy(error.clone())),
        }
    }

    /// Puts a change in force that has been stored. Whatever a pre-flight has said until now was said of another policy.
    pub fn adopt(&mut self, change: Change) {
        match (&mut self.policy, &self.managed) {
            (Ok(layers), _) => layers.user = change.policy,
            (policy, Ok(managed)) => *policy = Ok(Layers { managed: managed.policy.clone(), user: change.policy }),
            // A change is refused where the administrator's rules could not be read.
            (_, Err(_)) => {}
        }
        self.answers.forget();
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
    /// [`Error::PauseForbidden`].
    pub fn begin_pause(&self, length: PauseLength, now: UnixMillis) -> Result<Pause, Error> {
        match self.pausing() {
            Pausing::Allowed => Ok(Pause::begin(length, now)),
            Pausing::Forbidden => Err(Error::PauseForbidden),
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

    fn user_policy(&self) -> Result<Policy, Refusal> {
        self.policy.as_ref().map(|layers| layers.user.clone()).map_err(|error| Refusal::Policy(error.clone()))
    }
}

impl Change {
    fn new(policy: Policy, rule: Option<Arc<Rule>>) -> Result<Self, Refusal> {
        let record = policy.to_json().map_err(Refusal::Policy)?;
        Ok(Self { policy, record, rule })
    }
}
