//! What the browser says about one connection.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::HostError;
use crate::host::{Host, UrlHostParser, authority, split_port};
use crate::limits::MAX_CHAIN_CERTIFICATES;
use crate::time::UnixMillis;

/// The scheme of a socket's URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `ws`: in clear.
    Ws,
    /// `wss`: over TLS.
    Wss,
}

/// Where a socket goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// How.
    pub scheme: Scheme,
    /// The host, in canonical form.
    pub host: Host,
    /// The port, the scheme's own where the URL names none.
    pub port: u16,
}

impl Target {
    /// Reads the URL of a socket ([RFC 6455 section 3](https://www.rfc-editor.org/rfc/rfc6455#section-3)).
    ///
    /// # Errors
    /// [`HostError::SocketUrl`] for another scheme, and every error of a host and a port.
    pub fn from_url(url: &str, url_host: UrlHostParser<'_>) -> Result<Self, HostError> {
        let (scheme, rest) = url.split_once("://").ok_or(HostError::SocketUrl)?;
        let (scheme, default_port) = match scheme.to_ascii_lowercase().as_str() {
            "wss" => (Scheme::Wss, 443),
            "ws" => (Scheme::Ws, 80),
            _ => return Err(HostError::SocketUrl),
        };
        let (host, port) = split_port(authority(rest))?;
        Ok(Self { scheme, host: Host::parse(host, url_host)?, port: port.unwrap_or(default_port) })
    }

    /// The same target over TLS, as after an upgrade to `wss`: the default port of `ws` becomes that of `wss`,
    /// any other stays ([RFC 6797 section 8.3](https://www.rfc-editor.org/rfc/rfc6797#section-8.3)).
    #[must_use]
    pub fn over_tls(&self) -> Self {
        let port = match (self.scheme, self.port) {
            (Scheme::Ws, 80) => 443,
            (_, port) => port,
        };
        Self { scheme: Scheme::Wss, host: self.host.clone(), port }
    }
}

/// The URL of a socket, read once for each event of its request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// As the browser writes it.
    pub url: String,
    /// What it says; why it cannot be read, where that is so.
    pub target: Result<Target, HostError>,
}

impl Address {
    /// Reads the URL of a socket.
    #[must_use]
    pub fn read(url: String, url_host: UrlHostParser<'_>) -> Self {
        Self { target: Target::from_url(&url, url_host), url }
    }
}

/// One connection, ready to be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Where it goes.
    pub target: Target,
    /// What is known of its TLS.
    pub facts: Facts,
    /// When.
    pub now: UnixMillis,
}

/// What is known of a connection's TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Facts {
    /// The chain that the browser built and validated.
    Validated(Chain),
    /// The server's own certificate alone: under a certificate exception the browser shows no chain.
    LeafOnly {
        /// The certificate's DER.
        leaf: Vec<u8>,
        /// Whether an exception is in force.
        exception: bool,
    },
    /// Nothing to judge by.
    Missing(MissingFacts),
}

impl Facts {
    /// The certificates, the server's own first, and whether the last of them is a root that the browser brings.
    #[must_use]
    pub fn certificates(&self) -> (Arc<[Vec<u8>]>, Option<bool>) {
        match self {
            Self::Validated(chain) => (Arc::clone(&chain.certificates), chain.root_is_built_in),
            Self::LeafOnly { leaf, .. } => (Arc::new([leaf.clone()]), None),
            Self::Missing(_) => (Arc::default(), None),
        }
    }
}

/// A validated chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// DER certificates: the server's own first, the root last. Never empty. Kept answers, verdicts and entries of the log
    /// share them.
    pub certificates: Arc<[Vec<u8>]>,
    /// Whether the root is one that the browser brings. Where it does not say, the root counts neither as built in nor
    /// as local, so that no exemption rests on it.
    pub root_is_built_in: Option<bool>,
    /// Whether the browser reports `policy_compliant` Certificate Transparency.
    pub ct_compliant: bool,
}

/// Why there is nothing to judge by. Never a reason to allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingFacts {
    /// The browser showed neither chain nor leaf.
    NoCertificates,
    /// More certificates than any real chain has.
    ChainTooLong,
    /// The browser refused to tell.
    SecurityInfoFailed,
    /// The browser's answer is not of the documented shape.
    SecurityInfoMalformed,
}

/// Firefox's `webRequest.SecurityInfo`, as far as it is judged.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecurityInfo {
    /// `secure`, `weak`, `broken` or `insecure`. Of a broken connection the certificates are those that the server has
    /// sent, validated by nobody.
    pub state: String,
    /// Leaf first, root last; empty under a certificate exception when the chain was asked for.
    pub certificates: Vec<CertificateInfo>,
    /// No trusted issuer: an exception is in force.
    pub is_untrusted: bool,
    /// Issued for another name: an exception is in force.
    pub is_domain_mismatch: bool,
    /// Not yet or no longer valid: an exception is in force.
    pub is_not_valid_at_this_time: bool,
    /// `trust_error`, `domain_mismatch`, `expired_or_not_yet_valid`: which kind of exception.
    pub overridable_error_category: Option<String>,
    /// `policy_compliant` or why not.
    pub certificate_transparency_status: Option<String>,
}

/// Firefox's `webRequest.CertificateInfo`, as far as it is judged.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CertificateInfo {
    /// The certificate's DER.
    #[serde(rename = "rawDER")]
    pub raw_der: Vec<u8>,
    /// Whether it is a root that the browser brings; only ever true on the last. None where the browser does not say.
    pub is_built_in_root: Option<bool>,
}

impl SecurityInfo {
    /// Whether the browser has taken the connection for one over TLS, so that its certificates can be judged.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        matches!(self.state.as_str(), "secure" | "weak")
    }

    /// Whether the user has overruled a certificate error for this connection.
    #[must_use]
    pub const fn exception(&self) -> bool {
        self.is_untrusted
            || self.is_domain_mismatch
            || self.is_not_valid_at_this_time
            || self.overridable_error_category.is_some()
    }
}

impl From<SecurityInfo> for Facts {
    fn from(info: SecurityInfo) -> Self {
        if info.certificates.len() > MAX_CHAIN_CERTIFICATES {
            return Self::Missing(MissingFacts::ChainTooLong);
        }
        let is_secure = info.is_secure();
        let exception = info.exception();
        let ct_compliant = info.certificate_transparency_status.as_deref() == Some("policy_compliant");
        let Some(root) = info.certificates.last() else {
            return Self::Missing(MissingFacts::NoCertificates);
        };
        if !is_secure {
            return Self::Missing(MissingFacts::SecurityInfoMalformed);
        }
        let root_is_built_in = root.is_built_in_root;
        let mut certificates = info.certificates.into_iter().map(|certificate| certificate.raw_der);
        if exception {
            // What came behind the leaf was validated by nobody.
            return certificates
                .next()
                .map_or(Self::Missing(MissingFacts::NoCertificates), |leaf| Self::LeafOnly { leaf, exception });
        }
        Self::Validated(Chain { certificates: certificates.collect(), root_is_built_in, ct_compliant })
    }
}
