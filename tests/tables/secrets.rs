//! Private keys where public ones are wanted: in every form, damaged in every way, by every door. Each is called what it
//! is where it can be recognised, and nothing of it is repeated in any case.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proc_macro2::{TokenStream, TokenTree};
use serde_json::json;
use sockpin::certificate::Certificate;
use sockpin::error::{Error, Excerpt, PinError};
use sockpin::formats;
use sockpin::host::HostPattern;
use sockpin::managed::Managed;
use sockpin::pin::Pin;
use sockpin::policy::Policy;
use sockpin::rule::{PinDocument, RuleDocument};
use sockpin::time::{Date, UnixMillis};
use sockpin::view;
use sockpin::view::form::DateInput;
use sockpin::view::source::{Problem, Source, left_out, refused};
use sockpin::warnings::{SeenKeys, Surroundings};

use crate::{files, url_host};

const NOW: UnixMillis = UnixMillis::new(1_795_305_600_000); // 2026-11-22T00:00:00Z

/// A file of `tests/data/private-keys`; `make.sh` says how it was made.
struct PrivateKey {
    name: String,
    pem: String,
    /// The base64 between the frames, without headers (`Proc-Type: …`).
    body: String,
}

impl PrivateKey {
    fn all() -> Vec<Self> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/private-keys");
        let mut keys: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| Self::read(&entry.unwrap().path())).collect();
        keys.sort_by(|one, other| one.name.cmp(&other.name));
        assert!(keys.len() >= 11, "{} private keys", keys.len());
        keys
    }

    fn read(path: &Path) -> Self {
        let pem = std::fs::read_to_string(path).unwrap();
        let body =
            pem.lines().filter(|line| !line.starts_with("-----") && !line.contains(':')).collect::<Vec<_>>().join("\n");
        Self { name: path.file_name().unwrap().to_str().unwrap().to_owned(), pem, body }
    }

    /// What is in the base64, for the forms that are DER or OpenSSH's.
    fn der(&self) -> Option<Vec<u8>> {
        let is_readable = !self.pem.contains("PGP") && !self.pem.contains("Proc-Type");
        is_readable.then(|| STANDARD.decode(self.body.replace('\n', "")).unwrap())
    }

    /// Forms that can be recognised.
    fn recognisable(&self) -> Vec<(&'static str, Vec<u8>)> {
        let Self { pem, body, .. } = self;
        let one_line = pem.replace('\n', "");
        let utf16 = |bytes: fn(u16) -> [u8; 2]| pem.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
        let mut forms: Vec<(_, Vec<u8>)> = vec![
            ("as it is", pem.clone().into()),
            ("one line", one_line.clone().into()),
            ("one line with spaces", pem.replace('\n', " ").into()),
            ("carriage returns", pem.replace('\n', "\r").into()),
            ("Windows lines", pem.replace('\n', "\r\n").into()),
            ("indented", pem.replace('\n', "\n    ").into()),
            ("without its end", pem.split("-----END").next().unwrap().into()),
            ("without its end, one line", one_line.split("-----END").next().unwrap().into()),
            ("without its beginning", pem.split_once('\n').unwrap().1.into()),
            ("four dashes", pem.replacen("KEY-----", "KEY----", 1).into()),
            ("four dashes on both sides", pem.replace("-----", "----").into()),
            ("one dash", pem.replace("-----", "-").into()),
            ("no dashes", pem.replace("-----", "").into()),
            ("dashes of a word processor", pem.replace("-----", "\u{2014}\u{2014}-").into()),
            ("small letters", pem.replace("BEGIN", "begin").replace("PRIVATE KEY", "private key").into()),
            ("small letters all through", pem.to_lowercase().into()),
            ("no spaces", pem.replace(' ', "").into()),
            ("another end", pem.replace("-----END ", "-----END PUBLIC ").into()),
            ("JSON", serde_json::to_string(&json!({ "key": pem })).unwrap().into()),
            ("JSON, pretty", serde_json::to_string_pretty(&json!([pem])).unwrap().into()),
            ("in an assignment", format!("export KEY='{pem}'").into()),
            ("byte order mark", format!("\u{feff}{pem}").into()),
            ("UTF-16, little endian", utf16(u16::to_le_bytes)),
            ("UTF-16, big endian", utf16(u16::to_be_bytes)),
            ("behind a comment in Latin-1", [b"# caf\xe9\n", pem.as_bytes()].concat()),
            ("behind a certificate", [certificate().as_bytes(), pem.as_bytes()].concat()),
            ("right behind a certificate", [certificate().trim_end().as_bytes(), pem.as_bytes()].concat()),
            ("before a pin", format!("{pem}\n{ISRG}").into()),
            ("behind a pin, one line", format!("sha256/{ISRG} {one_line}").into()),
        ];
        if let Some(der) = self.der() {
            forms.extend([
                ("base64 without frames", body.clone().into()),
                ("base64 on one line", body.replace('\n', "").into()),
                ("base64 on one line, cut short", body.replace('\n', "").split_at(60).0.into()),
                ("base64 in quotation marks", format!("\"{}\"", body.replace('\n', "")).into()),
                ("base64 in JSON", serde_json::to_string(&json!({ "key": body })).unwrap().into()),
                ("URL-safe base64", body.replace('\n', "").replace('+', "-").replace('/', "_").into()),
                ("as a pin", format!("sha256/{}", body.replace('\n', "")).into()),
                ("a label misspelt", pem.replace("PRIVATE", "PRIVTE").into()),
                ("behind a pin, base64", format!("{ISRG}\n{body}").into()),
                ("DER", der),
            ]);
        }
        forms
    }

    /// Forms in which nobody can know what it is.
    fn beyond_recognition(&self) -> Vec<(&'static str, Vec<u8>)> {
        let one_line = self.body.replace('\n', "");
        let mut forms: Vec<(_, Vec<u8>)> = vec![
            ("without its first line", self.body.split_once('\n').map_or("", |(_, rest)| rest).into()),
            ("backwards", one_line.chars().rev().collect::<String>().into()),
            ("in fours", in_groups(&one_line, 4, " ").into()),
            ("in ones", in_groups(&one_line, 1, " ").into()),
            ("in twos", in_groups(&one_line, 2, ".").into()),
            ("in threes", in_groups(&one_line, 3, "-").into()),
            ("in eights with dashes", in_groups(&one_line, 8, "-").into()),
            ("as a label", format!("-----BEGIN {one_line}-----\nAAAA\n").into()),
            (
                "as a label of a whole block",
                format!("-----BEGIN {one_line}-----\nAAAA\n-----END {one_line}-----").into(),
            ),
            (
                "in a block of another kind",
                format!("-----BEGIN CMS-----\n{}\n-----END CMS-----", &one_line[9..]).into(),
            ),
            (
                "damaged in a certificate",
                format!("-----BEGIN CERTIFICATE-----\n!{one_line}\n-----END CERTIFICATE-----").into(),
            ),
            ("as a port", format!("a.test:{one_line}").into()),
            ("as a scheme", format!("{}://a.test", one_line.replace('/', "")).into()),
            (
                "as a wildcard",
                format!("*.{}", one_line.chars().filter(char::is_ascii_alphanumeric).collect::<String>()).into(),
            ),
            ("as an international name", format!("\u{e9}{}", one_line.replace(['/', '+', '='], "")).into()),
            ("with an unseen character", format!("\u{200e}{one_line}").into()),
            ("as a curl list", format!("sha256//{}", &one_line[7..]).into()),
            ("as a log line", format!("expected `{one_line}`, expected \"{one_line}\"").into()),
        ];
        let some_lines = [self.body.lines().nth(1), self.body.lines().nth(2), self.body.lines().last()];
        forms.extend(some_lines.into_iter().flatten().map(|line| ("one of its lines", line.into())));
        if let Some(der) = self.der() {
            let hex = hex_of(&der);
            forms.extend([
                ("hexadecimal", hex.clone().into_bytes()),
                ("hexadecimal with colons", in_groups(&hex, 2, ":").into_bytes()),
                ("hexadecimal as xxd prints it", in_groups(&hex, 4, " ").into_bytes()),
                ("DER without its beginning", der[9..].to_vec()),
                ("DER, damaged", [&[0x30, 0x10, 0x05, 0x00], der.as_slice()].concat()),
            ]);
        }
        forms
    }

    /// All that may not be repeated: what is in the file, forwards and backwards, and the bytes in hexadecimal.
    fn secret(&self) -> Secret {
        let hex = self.der().map(|der| hex_of(&der));
        let backwards = self.body.chars().rev().collect();
        let texts = [Some(self.body.clone()), Some(backwards), hex];
        Secret(texts.iter().flatten().flat_map(|text| Secret::of(text)).collect())
    }
}

/// Every eight characters of a private key that follow each other.
struct Secret(HashSet<Vec<u8>>);

impl Secret {
    const RUN: usize = 8;

    fn of(text: &str) -> impl Iterator<Item = Vec<u8>> {
        bare(text).windows(Self::RUN).map(<[u8]>::to_vec).collect::<Vec<_>>().into_iter()
    }

    /// Whether a text holds eight or more characters of the key, however they are divided.
    fn occurs_in(&self, text: &str) -> bool {
        bare(text).windows(Self::RUN).any(|run| self.0.contains(run))
    }
}

fn bare(text: &str) -> Vec<u8> {
    text.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_uppercase()).collect()
}

const ISRG: &str = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";

fn certificate() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/rsa.pem");
    std::fs::read_to_string(path).unwrap()
}

fn hex_of(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

fn in_groups(text: &str, size: usize, between: &str) -> String {
    let characters: Vec<_> = text.chars().collect();
    characters.chunks(size).map(|group| group.iter().collect()).collect::<Vec<String>>().join(between)
}

/// Every text that leaves with an error.
fn texts_of(error: &Error) -> Vec<String> {
    let shown = refused(&Source::File("key.pem".to_owned()), &Problem::Content(error.clone())).text.english();
    let detail = view::error::detail(error).unwrap_or_default().to_owned();
    let json = serde_json::to_string(error).unwrap();
    let received: Error = serde_json::from_str(&json).unwrap();
    let banner = view::status::problem(error, None);
    let texts = [error, &received]
        .map(|error| [format!("{error} {error:?} {error:#?}"), view::error::sentence(error).english()]);
    texts.into_iter().flatten().chain([shown, detail, json, banner.text.english()]).collect()
}

/// What every door that takes a text or a file says about this one.
fn errors(input: &[u8]) -> Vec<Error> {
    let mut errors: Vec<_> = [formats::inspect(input).err(), Certificate::from_der(input).err().map(Error::from)]
        .into_iter()
        .flatten()
        .collect();
    let Ok(text) = str::from_utf8(input) else { return errors };
    errors.extend(Pin::parse(text).err().map(Error::from));
    if let Ok(reading) = formats::read(input) {
        errors.extend(reading.left_out.into_iter().map(|part| part.why));
    }
    errors.extend(imported(input));
    errors.extend(formats::typed_block(text).and_then(Result::err));
    errors.extend(formats::pasted(text).and_then(Result::err));
    errors.extend(HostPattern::parse(text, &url_host).err());
    errors.extend(Date::parse(text).err().map(Error::from));
    for policy in policies(text) {
        errors.extend(imported(policy.as_bytes()));
        errors.extend(Policy::from_json(&policy, NOW, &url_host).err().map(Error::from));
        errors.extend(Managed::from_json(&policy, NOW, &url_host).problems.into_iter().map(|problem| problem.problem));
    }
    errors
}

/// What is said of a file of rules, and of its parts that are left out.
fn imported(input: &[u8]) -> Vec<Error> {
    let readings = formats::import(&[input]).into_iter();
    readings
        .flat_map(|reading| match reading {
            Ok(reading) => reading.left_out.into_iter().map(|part| part.why).collect(),
            Err(why) => vec![why],
        })
        .collect()
}

/// Policies that have the text in the place of everything that a policy has.
fn policies(text: &str) -> Vec<String> {
    let rule = |fields: serde_json::Value| json!({ "version": 1, "rules": [fields] }).to_string();
    let with_pin = |pin: serde_json::Value| rule(json!({ "host": "a.test", "pins": [pin] }));
    vec![
        text.to_owned(),
        json!(text).to_string(),
        json!({ text: 1 }).to_string(),
        json!({ "version": text }).to_string(),
        json!({ "version": 1, "rules": text }).to_string(),
        json!({ "version": 1, text: [] }).to_string(),
        json!({ "version": 1, "settings": { text: true } }).to_string(),
        json!({ "version": 1, "settings": { "pausing": text } }).to_string(),
        rule(json!(text)),
        rule(json!({ text: text })),
        rule(json!({ "host": text })),
        rule(json!({ "host": "a.test", "mode": text })),
        rule(json!({ "host": "a.test", "mode": "off", "expires": text })),
        rule(json!({ "host": "a.test", "mode": "off", "id": text })),
        with_pin(json!(text)),
        with_pin(json!({ "sha256": text })),
        with_pin(json!({ text: ISRG })),
        with_pin(json!({ "sha256": ISRG, "label": [text] })),
    ]
}

/// What is said of what was left out of a file.
fn said_to_be_left_out(input: &[u8]) -> Vec<String> {
    let parts = formats::read(input).map(|reading| reading.left_out).unwrap_or_default();
    let named = parts.iter().filter_map(|part| part.what.shown().map(ToOwned::to_owned));
    let notices = left_out(&Source::Pasted, &parts).into_iter().map(|notice| notice.text.english());
    named.chain(notices).collect()
}

/// What the form says of a rule with the text in the place of a pin.
fn said_by_the_form(text: &str) -> Vec<String> {
    let pins = vec![PinDocument { sha256: text.to_owned(), label: String::new() }];
    let typed = RuleDocument { host: "a.test".to_owned(), pins, ..RuleDocument::default() };
    let around = Surroundings { seen: &SeenKeys::default(), now: NOW, is_registry_suffix: &|_| false };
    let checked = view::form::check(&typed, DateInput::Whole, &Policy::default(), &url_host, around);
    checked.notices.into_iter().map(|(_, notice)| notice.text.english()).collect()
}

#[test]
fn a_private_key_is_called_one() {
    for key in PrivateKey::all() {
        for (form, input) in key.recognisable() {
            let context = format!("{}, {form}", key.name);
            assert_eq!(formats::inspect(&input), Err(PinError::PrivateKey.into()), "{context}");
            let Ok(text) = str::from_utf8(&input) else { continue };
            assert_eq!(Pin::parse(text), Err(PinError::PrivateKey), "{context}");
            assert_eq!(formats::read(&input), Err(PinError::PrivateKey.into()), "{context}");
            assert_eq!(formats::typed_block(text), Some(Err(PinError::PrivateKey.into())), "{context}");
            assert_eq!(formats::pasted(text), Some(Err(PinError::PrivateKey.into())), "{context}");
            let host = HostPattern::parse(text, &url_host).map(drop);
            assert_eq!(host, Err(PinError::PrivateKey.into()), "{context}");
        }
    }
}

#[test]
fn nothing_of_a_private_key_is_repeated() {
    let mut compared = 0;
    for key in PrivateKey::all() {
        let secret = key.secret();
        // The same sentence comes from many doors.
        let mut seen = HashSet::new();
        for (form, input) in key.recognisable().into_iter().chain(key.beyond_recognition()) {
            let mut errors = errors(&input);
            errors.dedup();
            let said = str::from_utf8(&input).map(said_by_the_form).unwrap_or_default();
            for text in errors.iter().flat_map(texts_of).chain(said).chain(said_to_be_left_out(&input)) {
                compared += 1;
                if seen.insert(text.clone()) {
                    assert!(!secret.occurs_in(&text), "{}, {form}: {text}", key.name);
                }
            }
        }
    }
    assert!(compared > 10_000, "{compared} texts");
}

/// The control: the comparison finds what it looks for.
#[test]
fn eight_characters_of_a_private_key_would_be_found() {
    for key in PrivateKey::all() {
        let secret = key.secret();
        let line = key.body.lines().last().unwrap();
        let run = &key.body.replace(['\n', '+', '/', '='], "")[20..];
        for (text, expected) in [
            (format!("The block “{line}” has no end."), line.len() > 8),
            (format!("“{}” is no pin.", &run[..8]), true),
            (format!("“{}” is no host.", run[..8].to_lowercase()), true),
            (in_groups(&run[..8], 2, ":"), true),
            (format!("“{}”", &run[..7]), false),
            (view::error::sentence(&PinError::PrivateKey.into()).english(), false),
        ] {
            assert_eq!(secret.occurs_in(&text), expected, "{}: {text}", key.name);
        }
        if let Some(der) = key.der() {
            assert!(secret.occurs_in(&format!("{:02x?}", &der[..6])), "{}", key.name);
        }
    }
}

/// Texts that a person needs back in order to mend them, and that are no key.
#[test]
fn what_is_no_key_is_still_named() {
    fn sentences(error: impl Into<Error>) -> String {
        view::error::sentence(&error.into()).english()
    }
    for (said, named) in [
        (Pin::parse("hello there").map_err(sentences).err(), "“hello there” is neither"),
        (Pin::parse("a\u{202e}b\u{7}").map_err(sentences).err(), "“a\\u{202e}b\\u{7}” is neither"),
        (HostPattern::parse("a.test:99999", &url_host).map_err(sentences).err(), "“99999” is not a port"),
        (HostPattern::parse("[2001:db8::zz]", &url_host).map_err(sentences).err(), "“[2001:db8::zz]” is not an IP"),
        (HostPattern::parse("192.0.2.256", &url_host).map_err(sentences).err(), "“192.0.2.256” is not an IP"),
        (
            HostPattern::parse("chrome-extension://x", &url_host).map_err(sentences).err(),
            "begins with chrome-extension://",
        ),
        (Date::parse("2027-02-30").map_err(sentences).err(), "“2027-02-30” is not a date"),
        (
            formats::inspect(b"-----BEGIN X509 CRL-----\n-----END X509 CRL-----").map_err(sentences).err(),
            "“X509 CRL” on line 1",
        ),
        (
            formats::inspect(b"-----BEGIN ODD THING-----\n-----END ODD THING-----").map_err(sentences).err(),
            "The block on line 1",
        ),
    ] {
        assert!(said.as_ref().is_some_and(|said| said.contains(named)), "{said:?}");
    }
    for (policy, detail) in [
        (json!({ "rules": [{ "host": "a.test", "mode": "deny" }] }), "unknown variant `deny`, expected one of `block`"),
        (
            json!({ "rules": [{ "host": "a.test", "requireCt": ISRG }] }),
            "invalid type: string \"…\", expected a boolean",
        ),
        (
            json!({ "rules": [{ "host": "a.test", "requireCt": "yes" }] }),
            "invalid type: string \"yes\", expected a boolean",
        ),
    ] {
        let problem = Managed::from_json(&policy.to_string(), NOW, &url_host).problems.remove(0).problem;
        let received: Error = serde_json::from_str(&serde_json::to_string(&problem).unwrap()).unwrap();
        let shown = view::error::detail(&received).unwrap();
        assert!(shown.starts_with(detail), "{shown}");
    }
}

/// Every text of the readers of formats that could be the name of a part.
fn names_in(source: &str) -> Vec<String> {
    fn collect(stream: TokenStream, names: &mut Vec<String>) {
        for tree in stream {
            match tree {
                TokenTree::Group(group) => collect(group.stream(), names),
                TokenTree::Literal(literal) => {
                    let literal = literal.to_string();
                    let text = literal.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default();
                    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
                    if !text.is_empty() && text.bytes().all(is_name) {
                        names.push(text.to_owned());
                    }
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }
    let (code, _) = source.split_once("#[cfg(test)]").unwrap_or((source, ""));
    let mut names = Vec::new();
    collect(code.parse().unwrap(), &mut names);
    names
}

/// They are what a person has to look for in a file.
#[test]
fn the_names_that_formats_have_are_shown() {
    let mut count = 0;
    for path in files("src/formats", "rs") {
        for name in names_in(&std::fs::read_to_string(&path).unwrap()) {
            count += 1;
            assert_eq!(Excerpt::of(&name).shown(), Some(name.as_str()), "{}", path.display());
        }
    }
    assert!(count > 100, "{count} names");
    // Nothing else is let through for them.
    for text in [ISRG, "TSKPublicKeyHashe", "TSKPublicKeyHashes=", "TSKPublicKeyHashes TSKPublicKeyHashes"] {
        assert_eq!(Excerpt::of(text).shown(), None, "{text}");
    }
}

/// A wrong "this is a private key" would keep people from a good file.
#[test]
fn what_is_public_is_not_called_private() {
    let about_keys =
        "# Do not send private keys!\n# The private key is in the vault. Begin with this:\n# private-key: vault\n";
    assert!(formats::inspect([about_keys, &certificate()].concat().as_bytes()).is_ok());
    for root in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
        let base64 = in_groups(&STANDARD.encode(root), 64, "\n");
        let text = format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n");
        assert!(formats::inspect(text.as_bytes()).is_ok(), "{text}");
        assert!(formats::inspect(root).is_ok(), "{text}");
    }
    for text in ["private key", "Append private key here", "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}"] {
        assert_ne!(Pin::parse(text), Err(PinError::PrivateKey), "{text}");
    }
}
