//! What a person types or pastes where a host is wanted.

use super::authority::authority;
use super::is_of_name;
use crate::error::HostError;

/// A text taken apart.
pub(super) struct Typed<'a> {
    /// Host and port.
    pub(super) authority: &'a str,
    /// Whether anything was left out: scheme, user information, path.
    pub(super) taken_from_url: bool,
    /// Whether it is a URL without TLS.
    pub(super) is_cleartext: bool,
}

impl<'a> Typed<'a> {
    /// # Errors
    /// [`HostError::Scheme`] for a URL that is not of the web, [`HostError::Prefixed`] for what is nearly a URL,
    /// [`HostError::Several`].
    pub(super) fn of(text: &'a str) -> Result<Self, HostError> {
        // Nearly all that is stored: it holds nothing that could be taken apart.
        if text.bytes().all(|byte| is_of_name(byte) || byte == b'*') {
            return Ok(Self { authority: text, taken_from_url: false, is_cleartext: false });
        }
        refuse_several(text)?;
        let Some((scheme, rest)) = text.split_once("://") else {
            refuse_prefix(text)?;
            // Only in a URL does it stand for a slash.
            if text.contains('\\') {
                return Err(HostError::Character { character: '\\' });
            }
            let authority = authority(text);
            return Ok(Self { authority, taken_from_url: authority.len() != text.len(), is_cleartext: false });
        };
        if !SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
            return Err(HostError::Scheme { scheme: scheme.to_owned() });
        }
        let is_cleartext = ["ws", "http"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
        Ok(Self { authority: authority(rest), taken_from_url: true, is_cleartext })
    }
}

/// `http//chat.example.com`, `wss:chat.example.com`, `//chat.example.com`; `DNS:chat.example.com` and
/// `IP Address:192.0.2.7`, as certificates are printed.
fn refuse_prefix(text: &str) -> Result<(), HostError> {
    let cut =
        |rest: &str| Err(HostError::Prefixed { host: authority(rest.trim_start_matches([':', '/', ' '])).to_owned() });
    if let Some(rest) = text.strip_prefix("//") {
        return cut(rest);
    }
    let Some((prefix, rest)) = text.split_once([':', '/']) else { return Ok(()) };
    let is_scheme = SCHEMES.iter().any(|known| prefix.eq_ignore_ascii_case(known));
    let is_port = !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
    let is_slashed = is_scheme && !is_port && (rest.starts_with('/') || text.starts_with(&format!("{prefix}:")));
    // A port has no dot in it, and an IPv6 address more than one colon.
    let names = rest.trim_start();
    let is_named = text.starts_with(&format!("{prefix}:"))
        && prefix.starts_with(|first: char| first.is_ascii_alphabetic())
        && !prefix.contains('.')
        && authority(names).contains('.')
        && !names.contains(':');
    if is_slashed || is_named { cut(rest) } else { Ok(()) }
}

/// Several hosts or URLs with white space, commas or semicolons between them. In the path of one URL commas mean nothing.
fn refuse_several(text: &str) -> Result<(), HostError> {
    let text = if text.contains(char::is_whitespace) || text.matches("://").count() > 1 {
        text
    } else {
        text.split_once("://").map_or(text, |(_, rest)| authority(rest))
    };
    let separates = |character: char| character.is_whitespace() || matches!(character, ',' | ';');
    let mut parts = text.split(separates).filter(|part| !part.is_empty()).peekable();
    let is_host = |part: &str| authority(part.split_once("://").map_or(part, |(_, rest)| rest)).contains('.');
    let is_several = parts.next().is_some_and(is_host) && parts.peek().is_some() && parts.all(is_host);
    if is_several { Err(HostError::Several) } else { Ok(()) }
}

const SCHEMES: [&str; 4] = ["wss", "ws", "https", "http"];
