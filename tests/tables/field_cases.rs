//! Inputs from the field, each with the value that is right: what people who pin keys have typed, pasted and dropped, taken from
//! public reports. A number is that of a kind of mistake; each kind has several inputs.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;
use sockpin::button::one_more;
use sockpin::changed_key::facts_of;
use sockpin::error::{Container, InputError, PinError};
use sockpin::explanation::{Before, Explanation};
use sockpin::formats::{self, Key, KeyKind, Reading};
use sockpin::host::HostPattern;
use sockpin::pin::Pin;
use sockpin::policy::{Layers, Policy};
use sockpin::rule::{Field, PinDocument, RuleDocument, RuleStamp};
use sockpin::verdict::{Outcome, Verdict, judge};
use sockpin::view;
use sockpin::view::form::{self, DateInput, FormPlace};
use sockpin::view::notice::NoticeKind;
use sockpin::violation::Violation;
use sockpin::warnings::{SeenKeys, Surroundings};

use crate::chains::{NOW, TestChain, connection, secure};
use crate::url_host;

const A: &str = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";
const B: &str = "diGVwiVYbubAI3RW4hB9xU8e/CH2GnkuvVFZE8zmgzI=";
const A_HEX: &str = "0b9fa5a59eed715c26c1020c711b4f6ec42d58b0015e14337a39dad301c5afc3";

fn fixture(name: &str) -> Vec<u8> {
    let path = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn text(name: &str) -> String {
    String::from_utf8(fixture(name)).unwrap()
}

fn pin_of(name: &str) -> Pin {
    formats::inspect(&fixture(name)).unwrap()[0].sha256
}

fn read(input: impl AsRef<[u8]>) -> Reading {
    let input = input.as_ref();
    formats::read(input).unwrap_or_else(|error| panic!("{}: {error}", String::from_utf8_lossy(input)))
}

fn pins(reading: &Reading) -> Vec<Pin> {
    reading.keys.iter().map(|key| key.sha256).collect()
}

fn labelled(reading: &Reading) -> Vec<(String, &str)> {
    reading.keys.iter().map(|key| (key.sha256.to_base64(), key.label.as_str())).collect()
}

fn left_out(reading: &Reading) -> Vec<(&str, Option<usize>, &'static str)> {
    reading.left_out.iter().map(|part| (part.what.shown().unwrap_or("…"), part.line, part.why.code())).collect()
}

fn rule(host: &str, pin: &str) -> RuleDocument {
    let pins = vec![PinDocument { sha256: pin.to_owned(), label: String::new() }];
    RuleDocument { host: host.to_owned(), pins, ..RuleDocument::default() }
}

/// Field and code of what is wrong with a rule that is entered now.
fn refused(rule: &RuleDocument) -> Vec<(Field, &'static str)> {
    let stamp = RuleStamp { id: "1".to_owned(), time: NOW };
    let errors = Policy::default().check(rule, &stamp, &url_host).err().unwrap_or_default();
    errors.iter().map(|error| (error.field, error.error.code())).collect()
}

#[test]
fn case_1_a_value_of_no_key_is_refused() {
    for (pin, code) in [
        ("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "pin-of-nothing"),
        ("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "pin-of-nothing"),
        ("01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b", "pin-of-nothing"), // a line end
        ("7eb70257593da06f682a3ddda54a9d260d4fc514f645237f5ca74b08f8da61a6", "pin-of-nothing"), // that of Windows
        ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "pin-stand-in"),
        ("//////////////////////////////////////////8=", "pin-stand-in"),
    ] {
        assert_eq!(refused(&rule("a.test", pin)), [(Field::Pins, code)], "{pin}");
        let denied = RuleDocument { denied: rule("", pin).pins, ..rule("a.test", A) };
        assert_eq!(refused(&denied), [(Field::Denied, code)], "{pin}");
        // One that was stored before does not take the other rules with it.
        let stored = json!({"version": 1, "rules": [{"id": "1", "host": "a.test", "pins": [{"sha256": pin}]}]});
        assert!(Policy::from_json(&stored.to_string(), NOW, &url_host).is_ok(), "{pin}");
    }
    assert_eq!(refused(&rule("a.test", A)), []);
}

#[test]
fn case_2_a_certificates_fingerprint_is_warned_of() {
    let pairs: Vec<_> =
        A_HEX.to_uppercase().as_bytes().chunks(2).map(|pair| String::from_utf8(pair.to_vec()).unwrap()).collect();
    let colons = pairs.join(":");
    for (typed, is_warned_of) in [
        (colons.clone(), true),
        (format!("SHA256: {colons}"), true),
        (format!("sha256 Fingerprint={colons}"), true),
        (format!("SHA256 Fingerprint: {A_HEX}"), true),
        (A_HEX.to_owned(), false),
        (format!("sha256/{A}"), false),
    ] {
        assert_eq!(Pin::parse(&typed), Pin::parse(A), "{typed}");
        let around = Surroundings { seen: &SeenKeys::default(), now: NOW, is_registry_suffix: &|_| false };
        let checked = form::check(&rule("a.test", &typed), DateInput::Whole, &Policy::default(), &url_host, around);
        let warned = checked.notices.iter().any(|(place, notice)| {
            *place == FormPlace::Row(Field::Pins, 0)
                && notice.kind == NoticeKind::Warning
                && notice.code == "fingerprint"
        });
        assert_eq!(warned, is_warned_of, "{typed}");
        assert!(checked.rule.is_some(), "{typed}: only warned of");
    }
}

/// At a violation the mistake is certain, and the pin that was meant is known.
#[test]
fn case_2_a_fingerprint_in_the_place_of_a_pin_is_explained_at_a_violation() {
    let chain = TestChain::new();
    let fingerprint = Pin::of_spki(&chain.intermediate); // the same digest, of the whole certificate
    for (pin, is_explained) in [(fingerprint.to_string(), true), (format!("sha256/{A}"), false)] {
        let rule = json!({"id": "1", "host": "chat.example.com", "pins": [{"sha256": pin}]});
        let policy = json!({"version": 1, "rules": [rule]}).to_string();
        let user = Policy::from_json(&policy, NOW, &url_host).unwrap();
        let connection = connection("wss://chat.example.com/", secure(chain.certificates()));
        let verdict = judge(&Layers { user, ..Layers::default() }, &connection);
        let Verdict::Violation(finding) = verdict else { panic!("no violation: {verdict:?}") };
        assert_eq!(finding.outcome, Outcome::Block);
        let violation = Violation::new(&finding, &connection, None);
        let now = facts_of(&violation, chain.certificates().clone());
        let snapshot = violation.rule.as_ref().unwrap();
        let explanation = Explanation::new(snapshot, &Before::default(), &now).unwrap();
        let said = view::explanation::likely(&explanation);
        let [_, intermediate, _] = chain.pins;
        let text = said.text.english();
        assert_eq!(text.contains(&format!("replace that pin with {intermediate}")), is_explained, "{text}");
        assert_eq!(said.code == "fingerprint", is_explained, "{text}");
    }
}

#[test]
fn case_3_a_header_loses_no_pin() {
    let expected = [Pin::parse(A).unwrap(), Pin::parse(B).unwrap()];
    for text in [
        format!(
            r#"add_header Public-Key-Pins 'pin-sha256="{A}"; pin-sha256="{B}"; max-age=5184000; includeSubDomains';"#
        ),
        format!(
            r#"Public-Key-Pins: pin-sha256="{A}"; pin-sha256="{B}"; max-age=5184000; report-uri="https://a.test/r""#
        ),
        format!(r#"Header always set Public-Key-Pins "pin-sha256=\"{A}\"; pin-sha256=\"{B}\"; max-age=5184000""#),
        format!(r#"public-key-pins-report-only: max-age=10; PIN-SHA256="{A}"; includeSubdomains; Pin-SHA256="{B}""#),
        format!(r#"pin-sha256="{A}"; pin-sha256="{B}""#),
    ] {
        let reading = read(&text);
        assert_eq!(pins(&reading), expected, "{text}");
        assert_eq!(left_out(&reading), [], "{text}");
        assert_eq!(formats::pasted(&text), Some(Ok(reading)), "{text}");
    }
    let damaged = read(format!(r#"pin-sha256="{A}"; pin-sha256="broken?"; max-age=1"#));
    assert_eq!(
        (pins(&damaged), left_out(&damaged)),
        (expected[..1].to_vec(), vec![(r#"pin-sha256="broken?"#, Some(1), "pin-encoding")])
    );
}

#[test]
fn case_4_the_chain_of_a_failure_text_and_nothing_else() {
    let outdated = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    let name = r#"CN=R1, OU="(c) 2006 Example, Inc.", C=NL"#;
    for prefix in ["", "11-25 10:00:00.000  1234  1260 W System.err: ", "E/AndroidRuntime: ", "[main] ERROR a.b.C - "] {
        let lines = [
            "javax.net.ssl.SSLPeerUnverifiedException: Certificate pinning failure!".to_owned(),
            "  Peer certificate chain:".to_owned(),
            format!("    sha256/{A}: CN=chat.example.com, O=Example"),
            format!("    sha256/{B}: {name}"),
            "  Pinned certificates for chat.example.com:".to_owned(),
            format!("    sha256/{outdated}"),
            "\tat okhttp3.CertificatePinner.check(CertificatePinner.java:204)".to_owned(),
        ];
        let text = lines.each_ref().map(|line| format!("{prefix}{line}")).join("\n");
        let reading = read(&text);
        let expected = [(A.to_owned(), "CN=chat.example.com, O=Example"), (B.to_owned(), name)];
        assert_eq!(labelled(&reading), expected, "{text}");
        assert_eq!(left_out(&reading), [], "{text}");
    }
}

/// The rest of this kind, every form and every door: `secrets.rs`.
#[test]
fn case_5_a_private_key_is_not_echoed() {
    let key = text("private-key.pem");
    for input in [key.replace('\n', ""), key.replace('\n', "\r"), key.clone()] {
        assert_eq!(formats::read(input.as_bytes()), Err(PinError::PrivateKey.into()));
        assert_eq!(HostPattern::parse(&input, &url_host).map(drop), Err(PinError::PrivateKey.into()));
    }
    let said = |rule: RuleDocument| refused(&rule);
    assert_eq!(said(rule(&key, A)), [(Field::Host, "private-key")]);
    assert_eq!(said(rule("a.test", &key)), [(Field::Pins, "private-key")]);
    assert_eq!(said(RuleDocument { note: key.clone(), ..rule("a.test", A) }), [(Field::Note, "private-key")]);
    assert_eq!(
        said(RuleDocument { expires: Some(key.clone()), ..rule("a.test", A) }),
        [(Field::Expires, "private-key")]
    );
    let mut in_label = rule("a.test", A);
    in_label.pins[0].label.clone_from(&key);
    assert_eq!(said(in_label), [(Field::Pins, "private-key")]);
}

#[test]
fn case_6_frames_without_line_ends() {
    let (rsa, other) = (text("rsa.pem"), text("ED25519.pem"));
    let both = [pin_of("rsa.pem"), pin_of("ED25519.pem")];
    for input in [
        format!("{}{}", rsa.trim_end(), other.trim_end()),
        format!("{rsa}{other}").replace('\n', ""),
        format!("{rsa}{other}").replace('\n', " "),
        format!("{rsa}{other}").replace('\n', "\r"),
        format!("{rsa}{other}").replace('\n', "\\n"),
        format!("{rsa}{other}").replace('\n', "\\r\\n"),
        format!("note: {} and {}", rsa.replace('\n', ""), other.trim_end()),
    ] {
        let reading = read(&input);
        assert_eq!((pins(&reading), left_out(&reading)), (both.to_vec(), vec![]), "{input}");
        assert_eq!(formats::typed_block(&input), Some(Ok(reading)), "{input}");
    }
    for (typed, expected) in
        [(A, None), ("BEGIN and -- END", None), ("-----BEGIN CERT", Some(Err(InputError::NothingRecognised.into())))]
    {
        assert_eq!(formats::typed_block(typed), expected, "{typed}");
    }
}

#[test]
fn case_7_other_encodings() {
    let rsa = text("rsa.pem");
    let utf16 = |text: &str, bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    for (encoding, input) in [
        ("UTF-16 LE", utf16(&rsa, u16::to_le_bytes)),
        ("UTF-16 BE", utf16(&rsa, u16::to_be_bytes)),
        ("UTF-16 LE with its mark", utf16(&format!("\u{feff}{rsa}"), u16::to_le_bytes)),
        ("UTF-16 BE with its mark", utf16(&format!("\u{feff}{rsa}"), u16::to_be_bytes)),
        ("UTF-8 with its mark", format!("\u{feff}{rsa}").into_bytes()),
        ("Latin-1", [b"Soci\xe9t\xe9\n", rsa.as_bytes()].concat()),
        ("UTF-16, cut", utf16(&format!("\u{feff}{rsa} "), u16::to_le_bytes)[..rsa.len() * 2 + 3].to_vec()),
    ] {
        assert_eq!(pins(&read(&input)), [pin_of("rsa.pem")], "{encoding}");
    }
    let list = utf16(&format!("\u{feff}sha256/{A} Büro\r\nsha256/{B}\r\n"), u16::to_le_bytes);
    assert_eq!(labelled(&read(list)), [(A.to_owned(), "Büro"), (B.to_owned(), "")]);
}

#[test]
fn case_8_other_blocks_and_containers() {
    let rsa = text("rsa.pem");
    for label in ["DH PARAMETERS", "EC PARAMETERS", "X509 CRL"] {
        let block = format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n");
        for (input, line) in [(format!("{rsa}{block}"), rsa.lines().count() + 1), (format!("{block}{rsa}"), 1)] {
            let reading = read(&input);
            assert_eq!(pins(&reading), [pin_of("rsa.pem")], "{label}");
            assert_eq!(left_out(&reading), [(label, Some(line), "pem-kind")]);
        }
    }
    // A block that is cut spoils no other.
    let cut = rsa.replace("-----END CERTIFICATE-----", "");
    let reading = read(format!("{cut}{rsa}"));
    assert_eq!(pins(&reading), [pin_of("rsa.pem")]);
    assert_eq!(left_out(&reading), [("CERTIFICATE", Some(1), "pem-end")]);
    // What OpenSSL's `TRUSTED CERTIFICATE` adds stands behind the certificate.
    let trusted = [fixture("rsa.der"), vec![0x30, 0x02, 0x30, 0x00]].concat();
    let trusted =
        format!("-----BEGIN TRUSTED CERTIFICATE-----\n{}\n-----END TRUSTED CERTIFICATE-----", STANDARD.encode(trusted));
    assert_eq!(pins(&read(trusted)), [pin_of("rsa.pem")]);
    // The certificates of a PKCS #7 file, as DER and as PEM.
    for name in ["bundle.p7b", "bundle-pem.p7b"] {
        assert_eq!(pins(&read(fixture(name))), [pin_of("rsa.pem"), pin_of("ED25519.pem")], "{name}");
    }
    for (name, input, container, named) in [
        ("PKCS #12", fixture("bundle.p12"), Container::Pkcs12, "openssl pkcs12"),
        ("Java", b"\xfe\xed\xfe\xed\0\0\0\x02".to_vec(), Container::JavaKeyStore, "keytool -exportcert"),
        ("Windows", b"\0\0\0\0CERT\x0b\0\0\0".to_vec(), Container::SerializedStore, "Windows certificate store"),
        ("ZIP", b"PK\x03\x04\x14\0".to_vec(), Container::Zip, "ZIP"),
        ("gzip", b"\x1f\x8b\x08\0".to_vec(), Container::Gzip, "compressed"),
    ] {
        let error = formats::read(&input).unwrap_err();
        assert_eq!(error, InputError::Container { container }.into(), "{name}");
        let sentence = view::error::sentence(&error).english();
        assert!(sentence.contains(named), "{name}: {sentence}");
    }
}

#[test]
fn case_11_decoration_around_a_pin() {
    let pin = Pin::parse(A).unwrap();
    let pairs = |between: &str| {
        let pairs: Vec<_> = A_HEX.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).unwrap()).collect();
        pairs.join(between)
    };
    for text in [
        format!("\"sha256/{A}\""),
        format!("'sha256/{A}'"),
        format!("\u{201c}sha256/{A}\u{201d}"),
        format!("sha256/{A},"),
        format!("sha256/{A};"),
        format!("[\"sha256/{A}\"]"),
        format!("- sha256/{A}"),
        format!("* public key hash: sha256//{A}"),
        pairs(" "),
        pairs("-"),
        pairs(":"),
        format!("\u{200e}{}", pairs(" ")),
        format!("\u{200e}{A}\u{feff}"),
        format!("0x{A_HEX}"),
        format!("{}\n{}", &A[..20], &A[20..]),
        format!("sha256/{}\r\n  {}", &A[..20], &A[20..]),
        format!("Pin SHA256: {A}"),
        format!("public key hash: sha256//{A}"),
        format!("public key hash: {A}"),
        format!("SHA2-256(stdin)= {A_HEX}"),
        format!("SHA256(key.der)= {A_HEX}"),
        format!("(stdin)= {A_HEX}"),
        format!("pin-sha256:{A}"),
        A.replace('+', "-").replace('/', "_"),
        A.trim_end_matches('=').replace('+', "-").replace('/', "_"),
        format!("3 1 1 {A_HEX}"),
        format!("_443._tcp.chat.example.com. 300 IN TLSA 3 1 1 {A_HEX}"),
        format!("_443._tcp.chat.example.com. IN TLSA 2 1 1 ( {} {} )", A_HEX[..56].to_uppercase(), &A_HEX[56..]),
        format!("{{\"sha256\": \"{A}\"}}"),
    ] {
        assert_eq!(Pin::parse(&text), Ok(pin), "{text:?}");
        let managed = rule("a.test", &text);
        assert_eq!(refused(&managed), [], "{text:?}");
    }
    for (text, code) in [
        (format!("3 0 1 {A_HEX}"), "pin-of-certificate"),
        (format!("3 1 2 {A_HEX}{A_HEX}"), "pin-algorithm"),
        ("sha1/0BEVSXG22QAvTkJpMoCB3A7ZkTw=".to_owned(), "pin-algorithm"),
        (format!("{}\u{421}{}", &A[..9], &A[10..]), "pin-character"), // a Cyrillic С
    ] {
        assert_eq!(Pin::parse(&text).map_err(|error| error.code()), Err(code), "{text:?}");
    }
    let both = [pin, Pin::parse(B).unwrap()];
    for text in [
        format!("[\"sha256/{A}\", \"sha256/{B}\"]"),
        format!("[\n  \"sha256/{A}\",\n  \"sha256/{B}\"\n]"),
        format!("--pinnedpubkey \"sha256//{A};sha256//{B}\""),
        format!("- sha256/{A}\n- sha256/{B}\n"),
        format!("{A_HEX}  -\n{B}"),
    ] {
        let reading = read(&text);
        assert_eq!((pins(&reading), left_out(&reading)), (both.to_vec(), vec![]), "{text}");
        assert!(reading.keys.iter().all(|key| key.label.is_empty()), "{text}");
    }
}

#[test]
fn case_12_a_host_that_is_none() {
    for (typed, code, said) in [
        ("http//chat.example.com", "host-prefixed", "in front of it: chat.example.com."),
        ("https:/chat.example.com/x", "host-prefixed", "in front of it: chat.example.com."),
        ("wss:chat.example.com", "host-prefixed", "in front of it: chat.example.com."),
        ("//chat.example.com/x", "host-prefixed", "in front of it: chat.example.com."),
        ("DNS:chat.example.com", "host-prefixed", "in front of it: chat.example.com."),
        ("DNS: *.example.com", "host-prefixed", "in front of it: *.example.com."),
        ("IP Address:192.0.2.7", "host-prefixed", "in front of it: 192.0.2.7."),
        ("a.example, b.example", "host-several", "Make one rule for each"),
        ("a.example b.example", "host-several", "Make one rule for each"),
        ("wss://a.example/x, wss://b.example/y", "host-several", "Make one rule for each"),
    ] {
        let error = HostPattern::parse(typed, &url_host).unwrap_err();
        assert_eq!(error.code(), code, "{typed}");
        let sentence = view::error::sentence(&error).english();
        assert!(sentence.contains(said), "{typed}: {sentence}");
    }
    for (typed, expected) in [
        ("wss://a.example/x?ids=1.2,3.4", "a.example"),
        ("wss://a.example:8443", "a.example:8443"),
        ("a.example:8443", "a.example:8443"),
        ("https.example", "https.example"),
        ("http", "http"),
        ("wss:8443", "wss:8443"),
    ] {
        let pattern = HostPattern::parse(typed, &url_host).map(|typed| typed.pattern.to_string());
        assert_eq!(pattern.as_deref(), Ok(expected), "{typed}");
    }
    // No browser opens a socket to a name whose A-label is none.
    for (host, expected) in [
        ("xn--a.example", vec![(Field::Host, "host-internationalised")]),
        ("**.xn--a.example", vec![(Field::Host, "host-internationalised")]),
        ("xn--bcher-kva.example", vec![]),
    ] {
        assert_eq!(refused(&rule(host, A)), expected, "{host}");
    }
}

#[test]
fn case_13_wildcards_above_names_of_private_use() {
    for host in ["*.lan", "**.local", "*.internal", "**.home.arpa", "*.home.arpa", "*.corp", "*.test"] {
        assert_eq!(refused(&rule(host, A)), [], "{host}");
    }
    for host in ["*.com", "**.dev", "*.localhost"] {
        assert_eq!(refused(&rule(host, A)), [(Field::Host, "host-wildcard-top-level")], "{host}");
    }
}

/// Case 14 is in `managed.rs`; cases 9 and 10 are in `names.rs`.
#[test]
fn case_15_the_badge_has_three_characters() {
    let mut shown = String::new();
    for count in 1..=1_000 {
        shown = one_more(&shown);
        assert!(shown.chars().count() <= 3, "{shown}");
        assert_eq!(shown, if count > 99 { "99+".to_owned() } else { count.to_string() });
    }
}

#[test]
fn case_16_keys_without_frames_and_other_files() {
    let der = fixture("rsa.der");
    let base64 = STANDARD.encode(&der);
    let lines = base64.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect::<Vec<_>>();
    let other = STANDARD.encode(formats_der("ED25519.pem"));
    for input in [
        base64.clone(),
        lines.join("\n"),
        lines.join("\r\n"),
        format!(" {base64} "),
        format!("certificate: {base64}"),
        format!("<ds:X509Certificate>{}</ds:X509Certificate>", lines.join("\n")),
        format!("<X509Certificate>{}</X509Certificate>", lines.join("&#13;\n")),
        json!({"kty": "RSA", "x5c": [base64]}).to_string(),
        json!({"x5c": [base64]}).to_string().replace('/', "\\/"),
        URL_SAFE_NO_PAD.encode(&der),
    ] {
        let reading = read(&input);
        assert_eq!(pins(&reading), [pin_of("rsa.pem")], "{input}");
        assert_eq!(reading.keys[0].kind, KeyKind::Certificate);
        assert_eq!(formats::pasted(&input), Some(Ok(reading)), "{input}");
    }
    let chain = read(json!({"x5c": [base64, other]}).to_string());
    assert_eq!(pins(&chain), [pin_of("rsa.pem"), pin_of("ED25519.pem")]);

    let pkcs1 = text("pkcs1.pem");
    let pkcs1: String = pkcs1.lines().filter(|line| !line.starts_with("-----")).collect();
    assert_eq!(formats::read(&STANDARD.decode(pkcs1).unwrap()), Err(InputError::Pkcs1PublicKey.into()));

    // Files of pins, also one that begins as DER does.
    let file = read(format!("{A_HEX}\n# the backup\nsha256/{B} in the safe\n"));
    assert_eq!(labelled(&file), [(A.to_owned(), ""), (B.to_owned(), "in the safe")]);
    let expected: Vec<Key> = formats::inspect(&fixture("request.pem")).unwrap();
    assert_eq!(expected[0].kind, KeyKind::CertificateRequest);
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/extension/options.html")).unwrap();
    for name in [".csr", ".req", ".p7b", ".txt"] {
        assert!(page.contains(&format!("{name},")), "{name} files are offered");
    }
}

fn formats_der(name: &str) -> Vec<u8> {
    let base64: String = text(name).lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(base64).unwrap()
}

/// A stored host must be read again: one that is refused would take the whole policy with it.
#[test]
fn case_5_a_host_that_only_reads_like_a_key_is_a_host() {
    let host = "begin-private-key-exchange.chat.example.com";
    assert_eq!(HostPattern::parse(host, &url_host).unwrap().pattern.to_string(), host);
    // The control: with capitals, as a key has them, it is taken for one.
    assert_eq!(HostPattern::parse(&host.to_uppercase(), &url_host), Err(PinError::PrivateKey.into()));
}
