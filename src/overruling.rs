//! What another extension has done: the browser took its answer in place of Sockpin's.

use serde::{Deserialize, Serialize};

use crate::fields::{Json, Read, words};
use crate::time::UnixMillis;

/// How far a socket came although it had been stopped, from the mildest to the gravest. Only another extension, whose
/// answer the browser took in place of Sockpin's, can bring it there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overruled {
    /// The server's answer was let through, and the lock kept the socket closed.
    Held,
    /// The request was sent although it had been stopped before.
    Sent,
    /// The socket opened.
    Opened,
}

/// The gravest thing that another extension has done, for the badge and the pages until a person has seen it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "a doc stands where the name does not say it")]
pub struct Overruling {
    pub how: Overruled,
    pub time: UnixMillis,
    /// None for a socket of a private window.
    pub host: Option<String>,
}

words!(Overruled);

impl Read<'_> for Overruling {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        let mut fields = json.object()?;
        Ok(Self { how: fields.part("how")?, time: fields.part("time")?, host: fields.part_or_default("host")? })
    }
}
