//! Hosts in canonical form, and the patterns that rules name them by.
//!
//! | pattern | matches | does not match |
//! |---|---|---|
//! | `chat.example.com` | that name | any other |
//! | `*.example.com` | exactly one more label | `example.com`, `a.b.example.com` |
//! | `**.example.com` | `example.com` and every name below it | `badexample.com` |
//! | `192.0.2.7`, `[2001:db8::1]`, `localhost` | exactly that | with a wildcard: refused |
//!
//! Any pattern may end in `:port`; without it, it stands for every port.
//!
//! A pattern is held against the host of a URL, never against the names in a certificate: that those fit is the browser's check.
//!
//! # Questions and answers
//!
//! **Does a trailing dot matter?** No. `example.com.` is the absolute form of `example.com`
//! ([RFC 1034 section 3.1](https://www.rfc-editor.org/rfc/rfc1034#section-3.1)) and names the same host, so it is taken off pattern
//! and host alike. Two dots at the end are an empty label and refused.
//!
//! **Does case matter?** No: names are compared in lower case
//! ([RFC 4343 section 3](https://www.rfc-editor.org/rfc/rfc4343#section-3)).
//!
//! **What about internationalised names?** They are compared as A-labels
//! ([RFC 5890 section 2.3.2.1](https://www.rfc-editor.org/rfc/rfc5890#section-2.3.2.1),
//! [RFC 6797 section 10](https://www.rfc-editor.org/rfc/rfc6797#section-10)): `bücher.example` is `xn--bcher-kva.example`. The
//! browser's own parser makes them (UTS #46, non-transitional), since it also decides where a socket goes. An `xn--` label that
//! is no A-label can be read, but a new rule for it is refused.
//!
//! **Where may a wildcard stand?** As the whole first label and nowhere else, as in
//! [RFC 9525 section 6.3](https://www.rfc-editor.org/rfc/rfc9525#section-6.3): neither `a*.example.com` nor `a.*.example.com`.
//!
//! **How many labels does `*` stand for?** Exactly one (RFC 9525 section 6.3). `**` is ours: it stands for any number, none
//! included, as `includeSubDomains` does
//! ([RFC 7469 section 2.1.2](https://www.rfc-editor.org/rfc/rfc7469#section-2.1.2)).
//!
//! **Does `*.example.com` match `example.com`?** No. `**.example.com` does.
//!
//! **Can a wildcard be a part of an internationalised name?** It stands above one (`*.bücher.example`), and matches one
//! (`*.example` would match `xn--bcher-kva.example` as one label). It is never within one.
//!
//! **May a wildcard stand above a top-level domain?** No: `*.com` would be for far too many sites. It may stand above one that no
//! registry gives out: `*.lan`, `*.internal`. Which longer names belong to registries (`co.uk`) is not known here.
//!
//! **How are addresses compared?** As numbers. `0x7f.1` is `127.0.0.1`, since a name that ends in a number is an IPv4 address or
//! nothing (WHATWG URL, "ends in a number checker"; [RFC 3986 section 3.2.2](https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2)
//! has the dotted form alone). `[2001:db8:0::1]` is `[2001:db8::1]`. A pattern may leave the brackets out, if it names no port. Zone
//! identifiers (`%25eth0`, [RFC 6874](https://www.rfc-editor.org/rfc/rfc6874)) are refused, as browsers do. An IPv4 address is
//! another host than the IPv6 address that maps to it.
//!
//! **Can an address have a wildcard?** No: it has no labels.
//!
//! **Is an underscore allowed?** Yes. Host names have none
//! ([RFC 1123 section 2.1](https://www.rfc-editor.org/rfc/rfc1123#section-2.1)), but there are hosts whose name has one.
//!
//! **Which ports?** A pattern without one is for every port. Port 80 of a cleartext URL is left out of a pattern, since after the
//! upgrade it is 443 ([RFC 6797 section 8.3](https://www.rfc-editor.org/rfc/rfc6797#section-8.3)).

mod authority;
mod restricted;
mod typed;

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use serde::Serialize;

use crate::error::{Error, HostError, PinError};
use crate::limits::{MAX_HOST_BYTES, MAX_LABEL_BYTES};
use crate::pin::holds_private_key;
pub(crate) use authority::{authority, split_port};
use typed::Typed;

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
    pub fn parse(text: &str, url_host: UrlHostParser<'_>) -> Result<Self, HostError> {
        let text = text.trim();
        if text.starts_with('[') || text.contains(':') {
            let bare = text.strip_prefix('[').map_or(Some(text), |address| address.strip_suffix(']'));
            let address = bare.and_then(|address| address.parse().ok());
            return address.map(Self::Ipv6).ok_or_else(|| HostError::Address { text: text.to_owned() });
        }
        let name = if text.is_ascii() {
            text.to_ascii_lowercase()
        } else {
            // The browser's parser would decode these where ours refuses them, so they are looked for first.
            refuse_forbidden(text)?;
            url_host(text).ok_or_else(|| HostError::Internationalised { text: text.to_owned() })?
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
            .ok_or_else(|| HostError::Address { text: text.to_owned() })
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
pub enum PatternScope {
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
    scope: PatternScope,
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
    ///
    /// # Errors
    /// [`PinError::PrivateKey`], never repeated, and every [`HostError`].
    pub fn parse(text: &str, url_host: UrlHostParser<'_>) -> Result<TypedPattern, Error> {
        let read = Self::parse_public(text.trim(), url_host);
        // A short pattern has no room for a key. A pattern in canonical form, as rules are stored, has no capitals, and every
        // key has some: a stored host that only looks like a key must not make the whole policy unreadable.
        let has_room = match &read {
            Ok(typed) => (typed.taken_from_url || text.len() >= SHORTEST_KEY) && typed.pattern.to_string() != text,
            Err(_) => true,
        };
        if has_room && holds_private_key(text.as_bytes()) { Err(PinError::PrivateKey.into()) } else { Ok(read?) }
    }

    fn parse_public(text: &str, url_host: UrlHostParser<'_>) -> Result<TypedPattern, HostError> {
        const CLEARTEXT_PORT: u16 = 80;
        let Typed { authority, taken_from_url, is_cleartext } = Typed::of(text)?;
        let (host, port) = split_port(authority)?;
        // The default port of a cleartext URL is not where TLS is spoken.
        let port = port.filter(|port| !(is_cleartext && *port == CLEARTEXT_PORT));
        let (scope, base) = split_wildcard(host);
        if base.contains('*') {
            return Err(HostError::WildcardPosition);
        }
        if base.trim_end_matches('.').is_empty() {
            return Err(if scope == PatternScope::Exact {
                HostError::Empty
            } else {
                HostError::WildcardTopLevel { base: String::new() }
            });
        }
        let base = Host::parse(base, url_host)?;
        match &base {
            Host::Name(name) => {
                check_letters(name)?;
                if scope != PatternScope::Exact && !name.contains('.') && !PRIVATE_USE.contains(&name.as_str()) {
                    return Err(HostError::WildcardTopLevel { base: name.clone() });
                }
            }
            Host::Ipv4(_) | Host::Ipv6(_) if scope != PatternScope::Exact => return Err(HostError::WildcardAddress),
            Host::Ipv4(_) | Host::Ipv6(_) => {}
        }
        Ok(TypedPattern { pattern: Self { scope, base, port }, taken_from_url })
    }

    /// How much it covers.
    #[must_use]
    pub const fn scope(&self) -> PatternScope {
        self.scope
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

    /// Whether no address can hold it: a name that claims to be an A-label and is none
    /// ([RFC 5890 section 2.3.2.1](https://www.rfc-editor.org/rfc/rfc5890#section-2.3.2.1)). The browser opens no socket to it.
    #[must_use]
    pub fn is_never_opened(&self, url_host: UrlHostParser<'_>) -> bool {
        matches!(&self.base, Host::Name(name)
            if name.split('.').any(|label| label.starts_with(A_LABEL)) && url_host(name).as_deref() != Some(name))
    }

    /// Whether it is for one of Mozilla's restricted domains, whose requests Firefox shows to no extension. False for a
    /// wildcard, which covers other names as well.
    #[must_use]
    pub fn is_never_shown(&self) -> bool {
        self.scope == PatternScope::Exact
            && matches!(&self.base, Host::Name(name) if restricted::DOMAINS.contains(&name.as_str()))
    }

    /// A host that it is for, and to which no pattern is closer but those of the same names: below a wildcard stand labels that no
    /// name has.
    #[cfg(any(not(target_arch = "wasm32"), feature = "pages", feature = "lab"))]
    pub(crate) fn deepest_host(&self) -> Host {
        match (self.scope, &self.base) {
            (PatternScope::OneLabel, Host::Name(base)) => Host::Name(format!("*.{base}")),
            (PatternScope::Subtree, Host::Name(base)) => Host::Name(format!("*.*.{base}")),
            (_, base) => base.clone(),
        }
    }

    /// Whether this pattern, taken alone, is for that host and port.
    #[must_use]
    pub fn matches(&self, host: &Host, port: u16) -> bool {
        if self.port.is_some_and(|own| own != port) {
            return false;
        }
        match (self.scope, &self.base, host) {
            (PatternScope::OneLabel, Host::Name(base), Host::Name(name)) => {
                name.split_once('.').is_some_and(|(_, parent)| parent == base)
            }
            (PatternScope::Subtree, Host::Name(base), Host::Name(name)) => {
                name.strip_suffix(base.as_str()).is_some_and(|below| below.is_empty() || below.ends_with('.'))
            }
            (_, base, host) => base == host,
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wildcard = match self.scope {
            PatternScope::Exact => "",
            PatternScope::OneLabel => "*.",
            PatternScope::Subtree => "**.",
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
    let labels = std::iter::successors(Some(name), |name| name.split_once('.').map(|(_, parent)| parent));
    // A label takes two bytes, with its dot.
    labels.take(MAX_HOST_BYTES / 2 + 1)
}

fn split_wildcard(host: &str) -> (PatternScope, &str) {
    for (prefix, bare, scope) in [("**.", "**", PatternScope::Subtree), ("*.", "*", PatternScope::OneLabel)] {
        if let Some(base) = host.strip_prefix(prefix) {
            return (scope, base);
        }
        if host == bare {
            return (scope, "");
        }
    }
    (PatternScope::Exact, host)
}

/// What holds for every name, of a rule or of a socket.
fn check_name(name: &str) -> Result<(), HostError> {
    if name.is_empty() {
        return Err(HostError::Empty);
    }
    refuse_forbidden(name)?;
    for label in name.split('.') {
        if label.is_empty() {
            return Err(HostError::EmptyLabel);
        }
        if label.len() > MAX_LABEL_BYTES {
            return Err(HostError::LabelLength { label: label.to_owned() });
        }
    }
    if name.len() > MAX_HOST_BYTES {
        return Err(HostError::Length { bytes: name.len() });
    }
    Ok(())
}

/// WHATWG URL, "forbidden domain code point".
fn refuse_forbidden(name: &str) -> Result<(), HostError> {
    const FORBIDDEN: &[char] = &[' ', '#', '/', ':', '<', '>', '?', '@', '[', '\\', ']', '^', '|', '%'];
    if name.bytes().all(is_of_name) {
        return Ok(());
    }
    match name.chars().find(|character| character.is_control() || FORBIDDEN.contains(character)) {
        Some(character) => Err(HostError::Character { character }),
        None => Ok(()),
    }
}

/// What a rule may name: letters, digits, hyphens ([RFC 1123 section 2.1](https://www.rfc-editor.org/rfc/rfc1123#section-2.1)), and the underscore that is found in practice.
fn check_letters(name: &str) -> Result<(), HostError> {
    match name.chars().find(|character| !u8::try_from(*character).is_ok_and(is_of_name)) {
        Some(character) => Err(HostError::Character { character }),
        None => Ok(()),
    }
}

/// What stands for itself in every name.
const fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

/// WHATWG URL, "ends in a number checker".
fn ends_in_a_number(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    let hex = last.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    hex || (!last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Fewer characters hold nothing of a private key that could be told from a name.
const SHORTEST_KEY: usize = 32;

/// What every A-label begins with ([RFC 5890 section 2.3.1](https://www.rfc-editor.org/rfc/rfc5890#section-2.3.1)).
pub(crate) const A_LABEL: &str = "xn--";

/// Top-level names of which no registry sells any below: whoever runs the network gives them out. Local names
/// ([RFC 6762 section 3 and appendix G](https://www.rfc-editor.org/rfc/rfc6762#appendix-G)), `internal` (reserved by ICANN in
/// 2024), and those for tests ([RFC 6761 section 6.2](https://www.rfc-editor.org/rfc/rfc6761#section-6.2)).
const PRIVATE_USE: [&str; 9] =
    ["corp", "home", "internal", "intranet", "lan", "local", "localdomain", "private", "test"];
