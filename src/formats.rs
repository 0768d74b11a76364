//! Keys and pins as other tools write them: one reader for files, drops and pasted text.
//!
//! | file | reads |
//! |---|---|
//! | `key.rs` | the DER of one certificate, public key or certificate request |
//! | `pem.rs` | blocks between `-----BEGIN …-----` and `-----END …-----` |
//! | `unframed.rs` | certificates in base64 without such lines: `x5c`, SAML |
//! | `container.rs` | files that hold certificates: PKCS #7 is read, the others are named |
//! | `pin_list.rs`, `okhttp.rs` | pins as text |
//! | `encoding.rs` | bytes to text |
//! | `chain.rs` | a chain to try a rule on |
//! | `import.rs` | files that name hosts: which format each is of, and whole rules out of it |
//! | `sockpin.rs`, [`rule_json`] | Sockpin's own JSON; one rule of it, as the form shows it |
//! | `android.rs`, `trust_kit.rs`, `app_transport.rs`, `chromium.rs` | pins of hosts as other tools write them |
//! | `hpkp.rs`, `pinner_code.rs`, `tlsa.rs`, `curl.rs` | the same in texts: headers, code, DNS records, command lines |
//! | `json.rs`, `plist.rs`, `xml.rs` | what these are written in; the first two give a `value.rs` |
//! | `taking.rs`, `lines.rs` | what has been taken over so far, and its limits; where in a text a part of it stands |
//! | [`export`] | the other way: rules as other tools read them |
//!
//! A bad item never spoils the good ones, and none is left out in silence: [`Reading`] says which, where and why.

mod android;
mod app_transport;
mod chain;
mod chromium;
mod container;
mod curl;
mod encoding;
pub mod export;
mod hpkp;
mod import;
mod json;
mod key;
mod lines;
pub mod link;
mod okhttp;
mod pem;
mod pin_list;
mod pinner_code;
mod plist;
pub mod rule_json;
mod sockpin;
mod taking;
mod tlsa;
mod trust_kit;
mod unframed;
mod value;
mod xml;

pub use chain::{NoChain, chain};
pub use import::import;
pub use key::{Key, KeyKind};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Excerpt, InputError, PinError, RuleError};
use crate::limits::{MAX_INSPECT_BYTES, MAX_PINS_PER_RULE};
use crate::pin::holds_private_key;
use crate::rule::RuleDocument;

/// What a file or a text was recognised as, by its content alone. As JSON, a name that never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Format {
    /// The DER of one certificate, request or public key.
    Der,
    /// Blocks between `-----BEGIN …-----` and `-----END …-----`.
    Pem,
    /// PKCS #7 with certificates.
    Pkcs7,
    /// Certificates in base64 without frames.
    Base64,
    /// `OkHttp`'s failure text.
    OkHttpFailure,
    /// Pins as text.
    PinList,
    /// Sockpin's own JSON.
    Sockpin,
    /// Android's Network Security Configuration.
    AndroidNetworkSecurityConfig,
    /// The configuration of `TrustKit` for iOS and macOS.
    TrustKit,
    /// `NSPinnedDomains` of Apple's App Transport Security.
    AppTransportSecurity,
    /// The JSON of Chromium's static pins.
    ChromiumJson,
    /// The keys of Chromium's static pins.
    ChromiumPins,
    /// The `Public-Key-Pins` header.
    Hpkp,
    /// Code with `OkHttp`'s `CertificatePinner`.
    OkHttp,
    /// Code with the pins of Apache's `HttpClient`.
    ApacheHttpClient,
    /// TLSA records.
    Tlsa,
    /// curl's option.
    Curl,
}

impl Format {
    /// What its makers call it: in the note of an imported rule, the same in every language. Empty where no rules come from it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AndroidNetworkSecurityConfig => "Android Network Security Config",
            Self::TrustKit => "TrustKit",
            Self::AppTransportSecurity => "App Transport Security",
            Self::ChromiumJson => "Chromium static pins",
            Self::Hpkp => "HPKP",
            Self::OkHttp => "OkHttp",
            Self::ApacheHttpClient => "Apache HttpClient",
            Self::Tlsa => "DANE",
            Self::Curl => "curl",
            // Its rules have notes of their own.
            Self::Sockpin
            | Self::Der
            | Self::Pem
            | Self::Pkcs7
            | Self::Base64
            | Self::OkHttpFailure
            | Self::PinList
            | Self::ChromiumPins => "",
        }
    }
}

/// What was found in a file or a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// What it was recognised as.
    pub format: Format,
    /// Whole rules, not yet checked: from formats that name hosts.
    pub rules: Vec<RuleDocument>,
    /// Keys whose host is not known.
    pub keys: Vec<Key>,
    /// What could not be taken over.
    pub left_out: Vec<LeftOut>,
}

/// A part that was not taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The part itself, where it may be shown.
    pub what: Excerpt,
    /// The line on which it begins, from 1; none where there are no lines.
    pub line: Option<usize>,
    /// What is wrong with it.
    pub why: Error,
}

impl Reading {
    /// Nothing yet.
    const fn of(format: Format) -> Self {
        Self { format, rules: Vec::new(), keys: Vec::new(), left_out: Vec::new() }
    }

    fn of_key(format: Format, key: Key) -> Self {
        Self { keys: vec![key], ..Self::of(format) }
    }

    const fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.keys.is_empty() && self.left_out.is_empty()
    }

    /// This, and what another reading of the same file has found.
    fn with(mut self, more: Self) -> Self {
        self.rules.extend(more.rules);
        self.keys.extend(more.keys);
        self.left_out.extend(more.left_out);
        self
    }

    fn leave_out(&mut self, what: &str, line: Option<usize>, why: impl Into<Error>) {
        self.left_out.push(LeftOut { what: Excerpt::of(what), line, why: why.into() });
    }

    fn take(&mut self, key: Result<Key, impl Into<Error>>, what: &str, line: Option<usize>) {
        match key {
            Ok(key) => self.keys.push(key),
            Err(why) => self.leave_out(what, line, why),
        }
    }

    /// The same where there is anything in it; else why there is not.
    fn or_reason(self) -> Result<Self, Error> {
        if !self.keys.is_empty() || !self.rules.is_empty() {
            return Ok(self);
        }
        Err(self.left_out.into_iter().next().map_or_else(|| InputError::NothingRecognised.into(), |first| first.why))
    }
}

/// Reads a file, or a text that was dropped or pasted, for the keys of one host. Whole rules: [`import()`].
///
/// # Errors
/// Where there is no key in it at all: [`InputError::TooLarge`] over [`MAX_INSPECT_BYTES`]; [`InputError::Container`];
/// [`PinError::PrivateKey`] where one is anywhere in it; else what is wrong with the first part that looks like a key, or
/// [`InputError::NothingRecognised`].
pub fn read(input: &[u8]) -> Result<Reading, Error> {
    if input.len() > MAX_INSPECT_BYTES {
        return Err(InputError::TooLarge { bytes: input.len(), limit: MAX_INSPECT_BYTES }.into());
    }
    admit(input)?;
    // Text may begin with the character whose byte is that of a SEQUENCE, so DER that cannot be read may be text.
    let as_der = read_der(input);
    match as_der {
        Some(Err(error)) if encoding::is_binary(input) => Err(error),
        Some(Ok(reading)) => Ok(reading),
        _ => read_text(&encoding::text(input)),
    }
}

/// Refuses what is not looked into.
fn admit(input: &[u8]) -> Result<(), Error> {
    if let Some(container) = container::named(input) {
        return Err(InputError::Container { container }.into());
    }
    if holds_private_key(input) {
        return Err(PinError::PrivateKey.into());
    }
    Ok(())
}

/// The keys of certificates, requests and public keys. Bare pins are left out: they are digests, not keys.
///
/// # Errors
/// As [`read`].
pub fn inspect(input: &[u8]) -> Result<Vec<Key>, Error> {
    let mut reading = read(input)?;
    reading.keys.retain(|key| key.kind != KeyKind::Pin);
    reading.or_reason().map(|reading| reading.keys)
}

/// Reads a text that was pasted where one pin is typed; none where the text is for the field as it is: a bare pin, and
/// whatever is to be mended there.
///
/// # Errors
/// [`PinError::PrivateKey`], before it is in any field; [`RuleError::PinCount`] for more keys than a rule can hold.
#[must_use]
pub fn pasted(text: &str) -> Option<Result<Reading, Error>> {
    match read(text.as_bytes()) {
        Err(error @ Error::Pin(PinError::PrivateKey)) => Some(Err(error)),
        Err(_) => None,
        Ok(reading) if reading.keys.len() > MAX_PINS_PER_RULE => {
            Some(Err(RuleError::PinCount { limit: MAX_PINS_PER_RULE }.into()))
        }
        Ok(reading) => {
            let is_bare_pin =
                matches!(reading.keys.as_slice(), [key] if key.kind == KeyKind::Pin && key.label.is_empty());
            (!is_bare_pin || !reading.left_out.is_empty()).then_some(Ok(reading))
        }
    }
}

/// What PEM in the field of a pin is, while it is being typed; none where there is no block in it.
///
/// # Errors
/// [`PinError::PrivateKey`], and as [`read`].
#[must_use]
pub fn typed_block(text: &str) -> Option<Result<Reading, Error>> {
    (holds_private_key(text.as_bytes()) || pem::begins_in(text)).then(|| read(text.as_bytes()))
}

fn read_der(input: &[u8]) -> Option<Result<Reading, Error>> {
    container::pkcs7(input)
        .or_else(|| Some(Key::from_der(input)?.map(|key| Reading::of_key(Format::Der, key)).map_err(Error::from)))
}

fn read_text(text: &str) -> Result<Reading, Error> {
    let framed = pem::read(text);
    if !framed.is_empty() {
        return framed.or_reason();
    }
    let unframed = unframed::read(text);
    if !unframed.is_empty() {
        return unframed.or_reason();
    }
    let listed = okhttp::read(text).unwrap_or_else(|| pin_list::read(text));
    listed.or_reason().map_err(|why| match why {
        // Words are no pins that were cut short.
        Error::Pin(PinError::Length { .. } | PinError::Encoding { .. }) => InputError::NothingRecognised.into(),
        why => why,
    })
}
