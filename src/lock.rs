//! The lock: a socket under a rule that blocks opens only with Sockpin's "yes". It has two parts, each of which is
//! enough.
//!
//! **The key.** The browser puts a nonce into each handshake, `Sec-WebSocket-Key`, and opens the socket only if the
//! server's `Sec-WebSocket-Accept` fits it ([RFC 6455 section 4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)). Sockpin sends a key of its own in place of the
//! browser's. The server's answer then fits Sockpin's key and not the browser's, and the handshake fails unless Sockpin,
//! once the chain has been judged, puts the value that fits the browser's key into the answer. HTTP/2 has no such key
//! ([RFC 8441 section 5](https://www.rfc-editor.org/rfc/rfc8441#section-5)).
//!
//! **The seal.** A rule of `declarativeNetRequest` lets Firefox itself, in its own process, add an extension that nobody
//! knows to the answer's `Sec-WebSocket-Extensions`. A browser refuses a handshake with an extension that it has not asked
//! for ([RFC 6455 section 4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)), over HTTP/1.1 and HTTP/2, unless Sockpin takes it out again. Such a rule names hosts and
//! no ports, and always those below them as well, so the seal is taken out of the answer of every socket that is let through.
//!
//! So whatever keeps Sockpin's answer from counting (another extension, a dead process, a browser that quits) ends in a
//! socket that does not open. Another extension's declarative rule of the kind `redirect` or `upgradeScheme` keeps the
//! seal from being put on, and one that changes the same header too; then the key holds alone.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

use crate::limits::WEBSOCKET_NONCE_BYTES;

/// Random bytes for one handshake.
pub type Nonce = [u8; WEBSOCKET_NONCE_BYTES];

/// The value of `Sec-WebSocket-Key`: a nonce of 16 bytes in base64 ([RFC 6455 section 11.3.1](https://www.rfc-editor.org/rfc/rfc6455#section-11.3.1)).
#[derive(Clone, PartialEq, Eq)]
pub struct WebSocketKey(String);

impl WebSocketKey {
    /// A key made of random bytes.
    #[must_use]
    pub fn from_nonce(nonce: &Nonce) -> Self {
        Self(STANDARD.encode(nonce))
    }

    /// A key as it stands in a request. The answer is computed from its text, so its form is not checked.
    #[must_use]
    pub fn from_header(value: &str) -> Self {
        Self(value.trim().to_owned())
    }

    /// The key as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The `Sec-WebSocket-Accept` that fits this key: the base64 of SHA-1 over key and GUID ([RFC 6455 section 4.2.2](https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2),
    /// step 5, item 4).
    #[must_use]
    pub fn accept(&self) -> String {
        const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
        STANDARD.encode(Sha1::new().chain_update(&self.0).chain_update(GUID).finalize())
    }

    /// Whether a `Sec-WebSocket-Accept` fits this key; white space around it does not count ([RFC 6455 section 4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).
    #[must_use]
    pub fn is_answered_by(&self, accept: Option<&str>) -> bool {
        accept.is_some_and(|accept| accept.trim() == self.accept())
    }
}

/// The key opens a socket, so it is not for logs.
impl fmt::Debug for WebSocketKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("WebSocketKey")
    }
}

/// The two keys of one handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// The browser's own; it opens the page's socket only if the answer fits this one.
    pub page: WebSocketKey,
    /// Sockpin's, which is sent to the server.
    pub ours: WebSocketKey,
}

/// What an answer to a handshake says about its opening.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpeningHeaders {
    /// `Sec-WebSocket-Accept`.
    pub accept: Option<String>,
    /// `Sec-WebSocket-Extensions`, its values joined by commas.
    pub extensions: Option<String>,
}

impl OpeningHeaders {
    /// The `Sec-WebSocket-Extensions` without the seal, if it has one. The inner none says that nothing else is left.
    #[must_use]
    pub fn unsealed(&self) -> Option<Option<String>> {
        let all = self.extensions.as_deref()?;
        let others: Vec<_> = all.split(',').filter(|element| element.trim() != SEAL).collect();
        if others.len() == all.split(',').count() {
            return None;
        }
        let rest = others.join(",").trim().to_owned();
        Some(Some(rest).filter(|rest| !rest.is_empty()))
    }
}

/// The seal: an extension with a parameter, so that it is no valid value behind any other either ([RFC 6455 section 9.1](https://www.rfc-editor.org/rfc/rfc6455#section-9.1)).
pub const SEAL: &str = "sockpin-lock; closed";
/// The header with the key of a handshake ([RFC 6455 section 11.3](https://www.rfc-editor.org/rfc/rfc6455#section-11.3)).
pub const SEC_WEBSOCKET_KEY: &str = "Sec-WebSocket-Key";
/// The server's answer to the key.
pub const SEC_WEBSOCKET_ACCEPT: &str = "Sec-WebSocket-Accept";
/// The extensions that the server uses.
pub const SEC_WEBSOCKET_EXTENSIONS: &str = "Sec-WebSocket-Extensions";
