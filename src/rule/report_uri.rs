//! Where reports of a rule's violations are sent.

use serde::{Serialize, Serializer};

use crate::error::{Error, PinError, RuleError};
use crate::host::{Host, UrlHostParser, split_port};
use crate::limits::MAX_REPORT_URI_CHARACTERS;
use crate::pin::holds_private_key;

/// The address of a collector: `https://`, a host, and perhaps a port, a path and a query. A name and a password cannot be in it,
/// and nothing that would have to be encoded first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportUri {
    text: String,
    host: Host,
    port: u16,
}

impl ReportUri {
    /// Reads an address.
    ///
    /// # Errors
    /// [`RuleError::ReportUri`] for anything else, [`PinError::PrivateKey`] for what is no address at all.
    pub fn parse(text: &str, url_host: UrlHostParser<'_>) -> Result<Self, Error> {
        let text = text.trim();
        if holds_private_key(text.as_bytes()) {
            return Err(PinError::PrivateKey.into());
        }
        Self::read(text, url_host).ok_or_else(|| RuleError::ReportUri.into())
    }

    fn read(text: &str, url_host: UrlHostParser<'_>) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'#' | b'"' | b'<' | b'>');
        if text.len() > MAX_REPORT_URI_CHARACTERS || !text.bytes().all(is_plain) {
            return None;
        }
        let (scheme, rest) = text.split_once("://")?;
        let authority = rest.split(['/', '?']).next().filter(|authority| !authority.contains('@'))?;
        let (host, port) = split_port(authority).ok()?;
        let is_one = !host.contains('*') && (!host.contains(':') || host.starts_with('['));
        let host = Host::parse(host, url_host).ok().filter(|_| is_one)?;
        scheme.eq_ignore_ascii_case("https").then(|| Self {
            text: text.to_owned(),
            host,
            port: port.unwrap_or(HTTPS_PORT),
        })
    }

    /// As it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whose address it is.
    #[must_use]
    pub const fn host(&self) -> &Host {
        &self.host
    }

    /// The port there.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl Serialize for ReportUri {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// [RFC 9110 section 4.2.2](https://www.rfc-editor.org/rfc/rfc9110#section-4.2.2).
const HTTPS_PORT: u16 = 443;
