//! The keys of a connection, and which of them a list of pins names.

use serde::{Deserialize, Serialize};

use crate::certificate::Certificate;
use crate::connection::Facts;
use crate::fields::{Json, Read};
use crate::pin::Pin;
use crate::rule::{LabelledPin, MatchScope};

/// The keys of a connection, hashed once for all layers.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// The server's own first; none for a certificate that could not be parsed.
    pub(super) keys: Vec<Option<Pin>>,
}

impl Evidence {
    pub(super) fn of(facts: &Facts) -> Self {
        let key = |der: &Vec<u8>| Certificate::from_der(der).ok().map(|certificate| certificate.pin());
        let keys = match facts {
            Facts::Validated(chain) => chain.certificates.iter().map(key).collect(),
            Facts::LeafOnly { leaf, .. } => vec![key(leaf)],
            Facts::Missing(_) => Vec::new(),
        };
        Self { keys }
    }

    pub(super) fn first_of(&self, pins: &[LabelledPin], scope: MatchScope) -> Option<Match> {
        self.in_scope(scope).iter().enumerate().find_map(|(certificate, key)| {
            let key = key.as_ref()?;
            let pin = pins.iter().find(|pin| pin.sha256 == *key)?;
            Some(Match { certificate, sha256: pin.sha256, label: pin.label.clone() })
        })
    }

    pub(super) fn has_unparsable(&self, scope: MatchScope) -> bool {
        self.in_scope(scope).iter().any(Option::is_none)
    }

    fn in_scope(&self, scope: MatchScope) -> &[Option<Pin>] {
        match scope {
            MatchScope::Chain => &self.keys,
            MatchScope::Leaf => self.keys.get(..1).unwrap_or_default(),
        }
    }
}

/// A certificate that matches a pin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "a doc stands where the name does not say it")]
pub struct Match {
    /// Its place in the chain; 0 is the server's own.
    pub certificate: usize,
    pub sha256: Pin,
    /// The user's own words for the pin.
    pub label: String,
}

impl Read<'_> for Match {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        let mut fields = json.object()?;
        Ok(Self {
            certificate: fields.part("certificate")?,
            sha256: fields.part("sha256")?,
            label: fields.part("label")?,
        })
    }
}
