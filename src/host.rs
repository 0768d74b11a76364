//! Hosts in canonical form, and the patterns that rules name them by.
//!
//! | pattern | matches | does not match |
//! |---|---|---|
//! | `chat.example.com` | that name | any other |
//! | `*.example.com` | exactly one more label | `example.com`, `a.b.example.com` |
//! | `**.example.com` | `example.com` and every name below it (RFC 7469 `includeSubDomains`) | `badexample.com` |
//! | `192.0.2.7`, `[2001:db8::1]`, `localhost` | exactly that | with a wildcard: refused |
//!
//! Any pattern may end in `:port`; without it, it stands for every port.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use serde::Serialize;

use crate::error::Error;
use crate::limits::{MAX_HOST_BYTES, MAX_LABEL_BYTES};

/// The platform's URL host parser (WHATWG URL, "host parsing"): gives the ASCII form of an internationalised name
/// (UTS #46) or of an address in odd notation (`0x7f.1`), or none where it refuses.
///
/// The core has no Unicode tables of its own. Every browser, and Node, has a host parser, and it is the very one that
/// decides where a socket goes.
pub type UrlHostParser<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A host in canonical form: lower case, IDNA A-labels, no trailing dot, addresses in their shortest notation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Host {
    /// A domain name.
    Name(String),
    /// An IPv4 address.
    Ipv4(Ipv4Addr),
    /// An IPv6 address.
    Ipv6(Ipv6Addr),
}

impl Host {
    /// Reads a host as a person or a URL writes it; an IPv6 address with or without brackets.
    pub fn parse(text: &str, url_host: UrlHostParser<'_>) -> Result<Self, Error> {
        let text = text.trim();
        if text.starts_with('[') || text.contains(':') {
            let bare = text.strip_prefix('[').map_or(Some(text), |address| address.strip_suffix(']'));
            let address = bare.and_then(|address| address.parse().ok());
            return address.map(Self::Ipv6).ok_or_else(|| Error::HostAddress { text: text.to_owned() });
        }
        let name = if text.is_ascii() {
            text.to_ascii_lowercase()
        } else {
            // The browser's parser would decode these where ours refuses them, so they are looked for first.
            refuse_forbidden(text)?;
            url_host(text).ok_or_else(|| Error::HostInternationalised { text: text.to_owned() })?
        };
        let name = name.strip_suffix('.').unwrap_or(&name);
        check_name(name)?;
        if !ends_in_a_number(name) {
            return Ok(Self::Name(name.to_owned()));
        }
        // WHATWG URL, "ends in a number checker": such a name is an IPv4 address or nothing.
        name.parse::<Ipv4Addr>()
            .ok()
            .or_else(|| url_host(name)?.parse().ok())
            .map(Self::Ipv4)
            .ok_or_else(|| Error::HostAddress { text: text.to_owned() })
    }
}

/// As in a URL: IPv6 in brackets.
impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => formatter.write_str(name),
            Self::Ipv4(address) => address.fmt(formatter),
            Self::Ipv6(address) => write!(formatter, "[{address}]"),
        }
    }
}

/// How much of the name space below its base a pattern covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Breadth {
    /// The base itself.
    Exact,
    /// `*.`: exactly one more label.
    OneLabel,
    /// `**.`: the base and every name below it.
    Subtree,
}

/// A host pattern; see the table of this module.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostPattern {
    breadth: Breadth,
    base: Host,
    port: Option<u16>,
}

/// A pattern as a person gave it, and what was left out of what they gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedPattern {
    /// The pattern.
    pub pattern: HostPattern,
    /// Whether it was taken out of a URL, whose other parts are no matter for pinning.
    pub taken_from_url: bool,
}

impl HostPattern {
    /// Reads a pattern as a person types or pastes it: also a whole URL, out of which host and port are taken.
    pub fn parse(text: &str, url_host: UrlHostParser<'_>) -> Result<TypedPattern, Error> {
        let (authority, taken_from_url) = authority_of(text.trim())?;
        let (host, port) = split_port(authority)?;
        // The default port of a cleartext URL is not where TLS is spoken.
        let port = port.filter(|port| !(is_cleartext_url(text) && *port == CLEARTEXT_PORT));
        let (breadth, base) = split_wildcard(host);
        if base.contains('*') {
            return Err(Error::HostWildcardPosition);
        }
        if base.trim_end_matches('.').is_empty() {
            return Err(if breadth == Breadth::Exact {
                Error::HostEmpty
            } else {
                Error::HostWildcardTopLevel { base: String::new() }
            });
        }
        let base = Host::parse(base, url_host)?;
        match &base {
            Host::Name(name) => {
                check_letters(name)?;
                if breadth != Breadth::Exact && !name.contains('.') {
                    return Err(Error::HostWildcardTopLevel { base: name.clone() });
                }
            }
            Host::Ipv4(_) | Host::Ipv6(_) if breadth != Breadth::Exact => return Err(Error::HostWildcardAddress),
            Host::Ipv4(_) | Host::Ipv6(_) => {}
        }
        Ok(TypedPattern { pattern: Self { breadth, base, port }, taken_from_url })
    }

    /// How much it covers.
    #[must_use]
    pub const fn breadth(&self) -> Breadth {
        self.breadth
    }

    /// What the wildcard stands above, or the whole name.
    #[must_use]
    pub const fn base(&self) -> &Host {
        &self.base
    }

    /// The one port it is for; none for every port.
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    /// Whether it is for one of Mozilla's restricted domains, whose requests Firefox shows to no extension. Of a wildcard
    /// it cannot be said: it is for other names as well.
    #[must_use]
    pub fn is_never_shown(&self) -> bool {
        self.breadth == Breadth::Exact
            && matches!(&self.base, Host::Name(name) if RESTRICTED_DOMAINS.contains(&name.as_str()))
    }

    /// Whether this pattern, taken alone, is for that host and port.
    #[must_use]
    pub fn matches(&self, host: &Host, port: u16) -> bool {
        if self.port.is_some_and(|own| own != port) {
            return false;
        }
        match (self.breadth, &self.base, host) {
            (Breadth::OneLabel, Host::Name(base), Host::Name(name)) => {
                name.split_once('.').is_some_and(|(_, parent)| parent == base)
            }
            (Breadth::Subtree, Host::Name(base), Host::Name(name)) => {
                name.strip_suffix(base.as_str()).is_some_and(|below| below.is_empty() || below.ends_with('.'))
            }
            (_, base, host) => base == host,
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wildcard = match self.breadth {
            Breadth::Exact => "",
            Breadth::OneLabel => "*.",
            Breadth::Subtree => "**.",
        };
        write!(formatter, "{wildcard}{}", self.base)?;
        match self.port {
            Some(port) => write!(formatter, ":{port}"),
            None => Ok(()),
        }
    }
}

impl Serialize for HostPattern {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The names that a wildcard above them may cover: the name itself, then each parent.
pub(crate) fn name_and_parents(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |name| name.split_once('.').map(|(_, parent)| parent))
}

/// Host and port of a URL's authority, IPv6 brackets kept: `[::1]:80` gives `[::1]` and 80.
pub(crate) fn split_port(authority: &str) -> Result<(&str, Option<u16>), Error> {
    let host_end = match authority.strip_prefix('[') {
        Some(rest) => rest.find(']').map_or(authority.len(), |end| end + 2),
        // More than one colon without brackets: an IPv6 address, not a port.
        None if authority.matches(':').count() > 1 => authority.len(),
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, rest) = authority.split_at_checked(host_end).unwrap_or((authority, ""));
    if rest.is_empty() {
        return Ok((host, None));
    }
    let text = rest.strip_prefix(':').unwrap_or(rest);
    let all_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u16>() {
        Ok(port) if all_digits && port != 0 => Ok((host, Some(port))),
        _ => Err(Error::HostPort { text: text.to_owned() }),
    }
}

/// The authority of a text that may be a URL, without user information, and whether anything was left out.
fn authority_of(text: &str) -> Result<(&str, bool), Error> {
    let (rest, had_scheme) = match text.split_once("://") {
        Some((scheme, rest)) => {
            if !["wss", "ws", "https", "http"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
                return Err(Error::HostScheme { scheme: scheme.to_owned() });
            }
            (rest, true)
        }
        None => (text, false),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    Ok((host, had_scheme || host.len() != rest.len()))
}

const CLEARTEXT_PORT: u16 = 80;

fn is_cleartext_url(text: &str) -> bool {
    let scheme = text.trim().split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    matches!(scheme.as_deref(), Some("ws" | "http"))
}

fn split_wildcard(host: &str) -> (Breadth, &str) {
    for (prefix, bare, breadth) in [("**.", "**", Breadth::Subtree), ("*.", "*", Breadth::OneLabel)] {
        if let Some(base) = host.strip_prefix(prefix) {
            return (breadth, base);
        }
        if host == bare {
            return (breadth, "");
        }
    }
    (Breadth::Exact, host)
}

/// What holds for every name, a rule's or a socket's.
fn check_name(name: &str) -> Result<(), Error> {
    if name.is_empty() {
        return Err(Error::HostEmpty);
    }
    refuse_forbidden(name)?;
    for label in name.split('.') {
        if label.is_empty() {
            return Err(Error::HostEmptyLabel);
        }
        if label.len() > MAX_LABEL_BYTES {
            return Err(Error::HostLabelLength { label: label.to_owned() });
        }
    }
    if name.len() > MAX_HOST_BYTES {
        return Err(Error::HostLength { bytes: name.len() });
    }
    Ok(())
}

/// WHATWG URL, "forbidden domain code point".
fn refuse_forbidden(name: &str) -> Result<(), Error> {
    const FORBIDDEN: &[char] = &[' ', '#', '/', ':', '<', '>', '?', '@', '[', '\\', ']', '^', '|', '%'];
    match name.chars().find(|character| character.is_control() || FORBIDDEN.contains(character)) {
        Some(character) => Err(Error::HostCharacter { character }),
        None => Ok(()),
    }
}

/// What a rule may name: letters, digits, hyphens (RFC 1123 section 2.1), and the underscore that is found in practice.
fn check_letters(name: &str) -> Result<(), Error> {
    match name.chars().find(|character| !(character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.'))) {
        Some(character) => Err(Error::HostCharacter { character }),
        None => Ok(()),
    }
}

/// WHATWG URL, "ends in a number checker".
fn ends_in_a_number(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    let hex = last.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    hex || (!last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Firefox's `extensions.webextensions.restrictedDomains`; a browser test holds this list against the browser's own.
pub const RESTRICTED_DOMAINS: [&str; 11] = [
    "accounts-static.cdn.mozilla.net",
    "accounts.firefox.com",
    "addons.cdn.mozilla.net",
    "addons.mozilla.org",
    "api.accounts.firefox.com",
    "content.cdn.mozilla.net",
    "discovery.addons.mozilla.org",
    "oauth.accounts.firefox.com",
    "profile.accounts.firefox.com",
    "support.mozilla.org",
    "sync.services.mozilla.com",
];
