//! The proof of a rule: two sockets of Sockpin's own, one after the other, to a host that the rule is for. One is judged
//! by the rules as they are; for the other a wrong pin stands in the place of the rule's own.
//!
//! A socket is taken for one of these only where the browser says what no page and no other extension can make it say:
//! that it belongs to no tab and that a document of Sockpin's own has opened it, while it is expected, at the host and port for
//! which it is expected. The first such request is it, and no other. A wrong pin can only make the rule stricter: whatever it
//! lets through in spite of it, it would let through with any pin.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::connection::Target;
use crate::fields::{Json, Read, unknown_variant, words};
use crate::limits::PROOF_DEADLINE_MS;
use crate::pin::Pin;
use crate::policy::{Layer, Layers, Policy};
use crate::time::UnixMillis;
use crate::verdict::Allowed;
use crate::violation::Violation;

/// A socket that is about to be opened to prove a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The origin of Sockpin's own documents.
    pub origin: String,
    /// Where the socket goes.
    pub target: Target,
    /// The identifier of the rule.
    pub rule: String,
    /// What stands in the place of the rule's pins; none where it is judged as it is.
    pub wrong_pin: Option<Pin>,
    /// Since when it is expected.
    pub from: UnixMillis,
}

/// What came of such a socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proved {
    /// What the socket has done.
    pub ending: Ending,
    /// What the browser calls the failure of its request, if it has named one.
    pub error: Option<String>,
    /// What Sockpin has decided.
    pub conclusion: Conclusion,
}

/// What a socket of Sockpin's own has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// It opened, and was closed at once.
    Opened,
    /// It did not open.
    Failed,
    /// Neither in time.
    Deadline,
}

/// What Sockpin has decided of such a socket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conclusion {
    /// Nothing: it has seen no certificate of this socket, or no rule that checks any.
    #[default]
    Unjudged,
    /// It may open.
    Allowed {
        /// The identifier of the rule that says so.
        rule: String,
        /// Why.
        how: Allowed,
    },
    /// It violates a rule.
    Violation(Box<Violation>),
}

words!(Ending);

impl Read<'_> for Proved {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        let mut fields = json.object()?;
        Ok(Self {
            ending: fields.part("ending")?,
            error: fields.part_or_default("error")?,
            conclusion: fields.part("conclusion")?,
        })
    }
}

impl Read<'_> for Conclusion {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        let (name, value) = json.variant()?;
        match (&*name, value) {
            ("unjudged", None) => Ok(Self::Unjudged),
            ("allowed", Some(value)) => {
                let mut fields = value.object()?;
                Ok(Self::Allowed { rule: fields.part("rule")?, how: fields.part("how")? })
            }
            ("violation", Some(value)) => Read::read(value).map(Self::Violation),
            _ => Err(unknown_variant(&name)),
        }
    }
}

/// A proof under way.
#[derive(Debug)]
pub(crate) struct Proof {
    expected: Expected,
    layer: Layer,
    /// The rules by which it is judged, where they are not simply those in force.
    layers: Option<Box<Layers>>,
    /// The browser's name for its request, once it is about to leave.
    request: Option<String>,
    is_over: bool,
    error: Option<String>,
    conclusion: Conclusion,
}

impl Proof {
    /// Of a rule of this layer, where these rules are in force.
    pub(crate) fn of(expected: Expected, layer: Layer, in_force: &Layers) -> Self {
        let conclusion = Conclusion::default();
        let mut proof = Self { expected, layer, layers: None, request: None, is_over: false, error: None, conclusion };
        proof.rules_changed(in_force);
        proof
    }

    /// Whether another may take its place.
    pub(crate) fn is_done(&self, now: UnixMillis) -> bool {
        self.is_over || !self.is_in_time(now)
    }

    /// A socket of Sockpin's own is about to leave: the first one to this target is the one that is expected.
    pub(crate) fn meet(&mut self, request: &str, target: &Target, origin: &str, now: UnixMillis) {
        if self.request.is_none() && self.is_in_time(now) && self.is_to(target, origin) {
            self.request = Some(request.to_owned());
        }
    }

    pub(crate) fn is_to(&self, target: &Target, origin: &str) -> bool {
        self.expected.target == *target && self.expected.origin == origin
    }

    /// Whether it is the socket with this request.
    pub(crate) fn has(&self, request: &str) -> bool {
        self.request.as_deref() == Some(request)
    }

    /// The rules by which its socket is judged, where they are not simply those in force.
    pub(crate) fn layers(&self) -> Option<&Layers> {
        self.layers.as_deref()
    }

    /// Takes over, of each layer that is in force now, the rule that is about its target, with the wrong pin.
    pub(crate) fn rules_changed(&mut self, in_force: &Layers) {
        let Some(wrong_pin) = self.expected.wrong_pin else { return };
        let Target { host, port, .. } = &self.expected.target;
        let [mut managed, mut user] = [Policy::default(), Policy::default()];
        for (layer, rule) in in_force.lookup(host, *port) {
            let is_proved = layer == self.layer && rule.id() == self.expected.rule;
            let rule = if is_proved { Arc::new(rule.with_pin(wrong_pin)) } else { Arc::clone(rule) };
            match layer {
                Layer::Managed => managed.put(rule),
                Layer::User => user.put(rule),
            }
        }
        self.layers = Some(Box::new(Layers { managed: managed.into(), user }));
    }

    pub(crate) fn conclude(&mut self, conclusion: Conclusion) {
        self.conclusion = conclusion;
    }

    pub(crate) fn failed(&mut self, error: String) {
        self.error = Some(error);
    }

    /// It is over: whatever has not left by now is no part of it. What its request still does goes on being its own.
    pub(crate) fn end(&mut self, ending: Ending) -> Proved {
        self.is_over = true;
        Proved { ending, error: self.error.take(), conclusion: std::mem::take(&mut self.conclusion) }
    }

    /// Whether nothing more can come of it.
    pub(crate) fn is_past(&self) -> bool {
        self.is_over && self.request.is_none()
    }

    /// Its request has ended.
    pub(crate) fn request_ended(&mut self) {
        if self.is_over {
            self.request = None;
        }
    }

    /// A clock that was set back ends it.
    fn is_in_time(&self, now: UnixMillis) -> bool {
        let age = now.as_millis().checked_sub(self.expected.from.as_millis());
        !self.is_over && age.is_some_and(|age| age < u64::from(PROOF_DEADLINE_MS.unsigned_abs()))
    }
}
