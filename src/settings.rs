//! What the user or an administrator sets beside the rules.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::fields::{Fields, words};
use crate::host::UrlHostParser;
use crate::rule::ReportUri;

/// The settings of one layer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Settings {
    /// See [`Pausing`].
    pub pausing: Pausing,
    /// Who has set this layer's rules, in their own words; for an administrator's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub administrator: Option<String>,
    /// Where violations of this layer's rules are reported that name no address of their own.
    #[serde(rename = "reportUri", skip_serializing_if = "Option::is_none")]
    pub report_uri: Option<Arc<ReportUri>>,
}

/// Settings as they were read.
pub(crate) struct Reading {
    pub(crate) settings: Settings,
    /// The names of settings that this version does not know.
    pub(crate) unknown: Vec<String>,
    /// What is wrong with the address for reports; none is set then, and all else holds.
    pub(crate) report_uri: Result<(), Error>,
}

/// Whether protection may be paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pausing {
    /// By whoever sits there.
    #[default]
    Allowed,
    /// By nobody. Where one layer forbids it, it is forbidden.
    Forbidden,
}

words!(Pausing);

impl Settings {
    /// Reads a JSON object.
    pub(crate) fn from_json(json: &str, url_host: UrlHostParser<'_>) -> Result<Reading, serde_json::Error> {
        let mut fields = Fields::from_json(json)?;
        let report_uri: Option<String> = fields.read("reportUri")?.unwrap_or_default();
        let report_uri = report_uri.map(|uri| ReportUri::parse(&uri, url_host)).transpose();
        let settings = Self {
            pausing: fields.read("pausing")?.unwrap_or_default(),
            administrator: fields.read("administrator")?.unwrap_or_default(),
            report_uri: report_uri.as_ref().ok().cloned().flatten().map(Arc::new),
        };
        Ok(Reading { settings, unknown: fields.into_names().collect(), report_uri: report_uri.map(drop) })
    }

    /// What holds where an administrator's cannot be read: all that they may forbid is forbidden.
    #[must_use]
    pub fn strictest() -> Self {
        Self::default().forbidding()
    }

    /// The same, with all forbidden that these may forbid.
    #[must_use]
    pub fn forbidding(self) -> Self {
        Self { pausing: Pausing::Forbidden, ..self }
    }
}
