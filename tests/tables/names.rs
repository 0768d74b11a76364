//! Distinguished names, held against OpenSSL's reading (`tests/data/names.txt`) and against `x509-cert`'s.

use std::collections::BTreeMap;
use std::path::PathBuf;

use der::Decode as _;
use sockpin::certificate::{Certificate, Description};
use sockpin::formats::inspect;
use sockpin::limits::MAX_LABEL_CHARACTERS;
use sockpin::view;
use sockpin::view::text::Text;

fn fixture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn description(name: &str) -> Description {
    Certificate::from_der(&fixture(&format!("names/{name}.der"))).unwrap().describe()
}

/// Names that OpenSSL writes in another way, or whose certificates it refuses; each with ours and the reason.
const OTHER_THAN_OPENSSL: &[(&str, &str)] = &[
    // Names of kinds: RFC 4514 section 3 has STREET, RFC 4519 section 2.12 givenName.
    (
        "every-kind",
        "emailAddress=a@every.test,CN=every.test,UID=user,DC=test,jurisdictionL=Town,jurisdictionST=Province,\
         jurisdictionC=NL,businessCategory=Private Organization,serialNumber=42,SN=Surname,givenName=Given,title=Dr,\
         OU=Team,organizationIdentifier=NTRNL-1,O=Example,postalCode=1234,STREET=Street,L=Town,ST=Province,C=NL",
    ),
    // OpenSSL lets what changes the order of characters through.
    ("right-to-left", r"CN=abc\E2\80\AEtset.gpj"),
    // RFC 4514 section 2.2 leaves the order within a set open: ours is that of the certificate.
    ("several-in-one-set", "serialNumber=7+CN=Root+OU=Team,O=Example"),
    // A BMPString has no pairs (X.680 section 41.15), and still they are found.
    ("bmp-pair", "CN=\u{1f600}"),
    // No DirectoryString (RFC 5280 section 4.1.2.4), but readable.
    ("visible", "CN=visible.test"),
    // What cannot be read stands as its DER, and what can be read beside it.
    ("not-utf8", "CN=#0C02FF41,O=Example"),
    ("no-string", "CN=#02020539,O=Example"),
];

#[test]
fn names_are_what_openssl_prints() {
    let others: BTreeMap<_, _> = OTHER_THAN_OPENSSL.iter().copied().collect();
    let expected = String::from_utf8(fixture("names.txt")).unwrap();
    let (mut equal, mut other) = (0, 0);
    for line in expected.lines() {
        let (name, openssl) = line.split_once(' ').unwrap();
        let ours = description(name).subject.unwrap();
        if let Some(listed) = others.get(name) {
            assert_eq!(ours, *listed, "{name}");
            assert_ne!(ours, openssl, "{name}: no longer another");
            other += 1;
        } else {
            assert_eq!(ours, openssl, "{name}");
            equal += 1;
        }
    }
    assert!(equal >= 12 && other == others.len(), "{equal} equal, {other} of {} others", others.len());
}

/// What `x509-cert` writes in another way: RFC 2985 section 5.2.1 has emailAddress, RFC 4519 section 2.31 serialNumber, and
/// ETSI EN 319 412-1 section 5.1.4 organizationIdentifier.
const OTHER_THAN_X509_CERT: &[(&str, &str)] = &[
    (
        "emailAddress=info@e-szigno.hu,CN=Microsec e-Szigno Root CA 2009,O=Microsec Ltd.,L=Budapest,C=HU",
        "EMAIL=info@e-szigno.hu,CN=Microsec e-Szigno Root CA 2009,O=Microsec Ltd.,L=Budapest,C=HU",
    ),
    (
        "CN=AC RAIZ FNMT-RCM SERVIDORES SEGUROS,organizationIdentifier=VATES-Q2826004J,OU=Ceres,O=FNMT-RCM,C=ES",
        "CN=AC RAIZ FNMT-RCM SERVIDORES SEGUROS,2.5.4.97=#0c0f56415445532d51323832363030344a,OU=Ceres,O=FNMT-RCM,C=ES",
    ),
    (
        "CN=e-Szigno TLS Root CA 2023,organizationIdentifier=VATHU-23584497,O=Microsec Ltd.,L=Budapest,C=HU",
        "CN=e-Szigno TLS Root CA 2023,2.5.4.97=#0c0e56415448552d3233353834343937,O=Microsec Ltd.,L=Budapest,C=HU",
    ),
    (
        "CN=e-Szigno Root CA 2017,organizationIdentifier=VATHU-23584497,O=Microsec Ltd.,L=Budapest,C=HU",
        "CN=e-Szigno Root CA 2017,2.5.4.97=#0c0e56415448552d3233353834343937,O=Microsec Ltd.,L=Budapest,C=HU",
    ),
    (
        "CN=ANF Secure Server Root CA,OU=ANF CA Raiz,O=ANF Autoridad de Certificacion,C=ES,serialNumber=G63287510",
        "CN=ANF Secure Server Root CA,OU=ANF CA Raiz,O=ANF Autoridad de Certificacion,C=ES,SERIALNUMBER=G63287510",
    ),
];

#[test]
fn names_of_every_public_root_are_what_x509_cert_prints() {
    let mut compared = 0;
    let mut others = Vec::new();
    for root in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
        let theirs = x509_cert::Certificate::from_der(root).unwrap().tbs_certificate().subject().to_string();
        let ours = Certificate::from_der(root).unwrap().describe().subject.unwrap();
        if ours != theirs {
            others.push((ours, theirs));
        }
        compared += 1;
    }
    assert!(compared > 100, "{compared} roots");
    let mut listed: Vec<_> =
        OTHER_THAN_X509_CERT.iter().map(|(ours, theirs)| ((*ours).into(), (*theirs).into())).collect();
    others.sort();
    listed.sort();
    assert_eq!(others, listed, "the list of divergences");
}

#[test]
fn one_odd_field_hides_no_other() {
    let (start, end) = (Some("2026-01-01T00:00:00Z"), Some("2027-01-01T00:00:00Z"));
    for (name, not_before, not_after, said) in [
        ("bmp", start, end, "Valid from 1 January 2026 to 1 January 2027"),
        ("start-malformed", None, end, "Valid to 1 January 2027 (the start cannot be read)"),
        ("end-malformed", start, None, "Valid from 1 January 2026 (the end cannot be read)"),
        ("start-before-1970", None, end, "Valid to 1 January 2027 (the start cannot be read)"),
        ("not-utf8", start, end, "Valid from 1 January 2026 to 1 January 2027"),
    ] {
        let description = description(name);
        assert_eq!(
            (description.not_before.as_deref(), description.not_after.as_deref()),
            (not_before, not_after),
            "{name}"
        );
        assert_eq!(description.issuer.as_deref(), Some("CN=Issuer"), "{name}");
        assert!(description.subject.is_some() && description.serial.is_some(), "{name}");
        assert_eq!(view::certificate::validity(&description).english(), said);
        let details: Vec<_> = view::certificate::details(&description).iter().map(Text::english).collect();
        assert_eq!(details, ["Issued by Issuer", said]);
    }
}

#[test]
fn a_name_is_shown_short_and_with_all_that_it_holds() {
    for (name, shown) in [
        ("bmp", "\u{2068}bücher.test\u{2069}"),
        ("teletex-latin-1", "teletex.test"),
        ("printable-odd", "\u{2068}café\u{2069}"),
        ("special", r"a\u{0}b\u{a}c"),
        ("right-to-left", r"abc\u{202e}tset.gpj"),
        ("universal", "\u{2068}ü😀\u{2069}"),
        ("several-in-one-set", "Root"),
        ("spaces", r"CN=,OU=\ \ ,O=\ "), // an empty common name
        ("no-parts", "(no name)"),
    ] {
        assert_eq!(view::certificate::subject(&description(name)).english(), shown, "{name}");
    }
}

#[test]
fn a_label_fits_its_field() {
    let expected = String::from_utf8(fixture("names.txt")).unwrap();
    for line in expected.lines() {
        let (name, _) = line.split_once(' ').unwrap();
        let found = inspect(&fixture(&format!("names/{name}.der"))).unwrap().remove(0);
        for file in [None, Some("file.pem"), Some("long".repeat(100).as_str())] {
            let label = view::certificate::suggested_label(&found, file);
            assert!(label.chars().count() <= MAX_LABEL_CHARACTERS, "{name}: {label}");
        }
    }
    let units = inspect(&fixture("names/eight-units.der")).unwrap().remove(0);
    assert_eq!(view::certificate::suggested_label(&units, None), "Organizational unit number 8 of a company");
}
