//! Keys without hosts, as an import takes them: files of certificates, and pins as text.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sockpin::formats::Format;

use crate::import_cases::{A, FileRow, Row, check, check_files};

#[test]
fn failure_texts_of_ok_http() {
    check(Format::OkHttpFailure, FAILURES);
}

#[test]
fn der() {
    let (rsa, ed25519) = (fixture("rsa.der"), of_pem("ED25519.pem"));
    let rows: &[FileRow<'_>] = &[
        ("a certificate", rsa.clone(), &["key public-key.pem="]),
        ("a certificate with a key on a curve", of_pem("ec-P-256.pem"), &["key ec-P-256.pem="]),
        ("a certificate with an Edwards key", ed25519.clone(), &["key ED25519.pem="]),
        ("a certificate whose serial is too long", of_pem("long-serial.pem"), &["key long-serial.pem="]),
        ("a public key", fixture("public-key.der"), &["key public-key.pem="]),
        ("a request", of_pem("request.pem"), &["key public-key.pem="]),
        ("the first half of a download", rsa[..rsa.len() / 2].to_vec(), &["error: der"]),
        ("two in one file", [rsa.clone(), ed25519].concat(), &["error: der"]),
        ("with the line end of an editor", [rsa.as_slice(), b"\n"].concat(), &["error: der"]),
        ("read as text and written again", String::from_utf8_lossy(&rsa).into_owned().into_bytes(), &["error: der"]),
        ("a private key", fixture("private-key.der"), &["error: private-key"]),
        ("a key without its algorithm", of_pem("pkcs1.pem"), &["error: pkcs1-public-key"]),
        ("an empty sequence", vec![0x30, 0x00], &["error: nothing-recognised"]),
    ];
    check_files(Format::Der, rows);
}

/// As OpenSSL and Windows write them, and as they break.
#[test]
fn pkcs7() {
    let (rsa, other) = (fixture("rsa.der"), of_pem("ec-P-256.pem"));
    let bundle = fixture("bundle.p7b");
    let damaged = tlv(0x30, &[0x02, 0x01, 0x05]);
    let both: &[&str] = &["key public-key.pem=", "key ED25519.pem="];
    let two: &[&str] = &["key public-key.pem=", "key ec-P-256.pem="];
    let rows: &[FileRow<'_>] = &[
        ("of OpenSSL", bundle.clone(), both),
        ("one certificate", signed(&[&tlv(0xa0, &rsa)]), &["key public-key.pem="]),
        ("two of them", signed(&[&tlv(0xa0, &[rsa.clone(), other.clone()].concat())]), two),
        (
            "the same twice",
            signed(&[&tlv(0xa0, &[rsa.clone(), rsa.clone()].concat())]),
            &["key public-key.pem=", "key public-key.pem="],
        ),
        (
            "with a list of what is revoked",
            signed(&[&tlv(0xa0, &rsa), &tlv(0xa1, &tlv(0x30, &[]))]),
            &["key public-key.pem="],
        ),
        (
            "a damaged certificate between good ones",
            signed(&[&tlv(0xa0, &[rsa.clone(), damaged.clone(), other].concat())]),
            &["key public-key.pem=", "key ec-P-256.pem=", "-: PKCS7 der"],
        ),
        ("a damaged certificate alone", signed(&[&tlv(0xa0, &damaged)]), &["error: der"]),
        ("no certificate in the set", signed(&[&tlv(0xa0, &[])]), &["error: nothing-recognised"]),
        ("no set of certificates", signed(&[]), &["error: container"]),
        ("a signature of a mail, whose certificates are left out", signed(&[&tlv(0xa1, &[])]), &["error: container"]),
        ("the first half of a download", bundle[..bundle.len() / 2].to_vec(), &["error: container"]),
        ("with the line end of an editor", [bundle.as_slice(), b"\n"].concat(), &["error: container"]),
        (
            "without lengths, as BER may have it",
            [&[0x30, 0x80][..], &bundle[4..], &[0, 0]].concat(),
            &["error: container"],
        ),
        ("PKCS #12", fixture("bundle.p12"), &["error: container"]),
    ];
    check_files(Format::Pkcs7, rows);
}

#[test]
fn pem() {
    let [rsa, ed25519, public, request, bundle] =
        ["rsa.pem", "ED25519.pem", "public-key.pem", "request.pem", "bundle-pem.p7b"].map(text);
    let trusted = format!(
        "-----BEGIN TRUSTED CERTIFICATE-----\n{}\n-----END TRUSTED CERTIFICATE-----\n",
        STANDARD.encode([fixture("rsa.der"), vec![0x30, 0x02, 0x30, 0x00]].concat())
    );
    let cut = rsa.replace("-----END CERTIFICATE-----", "");
    let crl = "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n";
    let behind = format!("{}: CERTIFICATE pem-end", ed25519.lines().count() + 1);
    let behind_crl = format!("{}: X509 CRL pem-kind", rsa.lines().count() + 1);
    let rows = [
        (rsa.clone(), vec!["key public-key.pem="]),
        (format!("{rsa}{ed25519}"), vec!["key public-key.pem=", "key ED25519.pem="]),
        (format!(" 0 s:CN = rsa.test\n   i:CN = rsa.test\n{rsa}---\nServer certificate"), vec!["key public-key.pem="]),
        (public, vec!["key public-key.pem="]),
        (request.replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"), vec!["key public-key.pem="]),
        (bundle, vec!["key public-key.pem=", "key ED25519.pem="]),
        (trusted, vec!["key public-key.pem="]),
        (rsa.replace('\n', "\r\n"), vec!["key public-key.pem="]),
        (rsa.replace('\n', "\\n"), vec!["key public-key.pem="]),
        (format!("{rsa}{crl}"), vec!["key public-key.pem=", &behind_crl]),
        (format!("{ed25519}{cut}"), vec!["key ED25519.pem=", &behind]),
        (cut, vec!["error: pem-end"]),
        (rsa.replace("MII", "M!I"), vec!["error: pem-encoding"]),
        (text("pkcs1.pem"), vec!["error: pkcs1-public-key"]),
        (text("private-key.pem"), vec!["error: private-key"]),
        (format!("{rsa}{}", text("private-key.pem")), vec!["error: private-key"]),
    ];
    let rows = rows.each_ref().map(|(input, expected)| (input.as_str(), expected.as_slice()));
    check(Format::Pem, &rows);
}

#[test]
fn certificates_without_frames() {
    let der = fixture("rsa.der");
    let (base64, other) = (STANDARD.encode(&der), STANDARD.encode(of_pem("ED25519.pem")));
    let lines: Vec<_> = base64.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    let one: &[&str] = &["key public-key.pem="];
    let two: &[&str] = &["key public-key.pem=", "key ED25519.pem="];
    let rows = [
        (base64.clone(), one),
        (lines.join("\r\n"), one),
        (URL_SAFE_NO_PAD.encode(&der), one),
        (format!("<ds:X509Certificate>{}</ds:X509Certificate>", lines.join("&#13;\n")), one),
        (
            format!(
                "<md:KeyDescriptor><X509Certificate>{base64}</X509Certificate><X509Certificate>{other}</X509Certificate></md:KeyDescriptor>"
            ),
            two,
        ),
        (format!("{{\"kty\": \"RSA\", \"x5c\": [\"{base64}\", \"{other}\"]}}"), two),
        (format!("{{\"keys\": [{{\"x5c\": [\"{}\"]}}]}}", base64.replace('/', "\\/")), one),
        (format!("caBundle: {base64}\nname: MIIT\n"), one),
        (format!("certificate-authority-data: {}", STANDARD.encode(text("rsa.pem"))), &["error: nothing-recognised"]),
        (base64[..base64.len() / 2].to_owned(), &["error: nothing-recognised"]),
        (base64.replace("MII", "M!I"), &["error: nothing-recognised"]),
        (format!("{}{}", &base64[..200], &base64[204..]), &["error: nothing-recognised"]),
    ];
    let rows: Vec<Row<'_>> = rows.iter().map(|(input, expected)| (input.as_str(), *expected)).collect();
    check(Format::Base64, &rows);
}

#[test]
fn lists_of_pins() {
    let hex = STANDARD.decode(A).unwrap().iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    let kubeadm = format!("kubeadm join 192.0.2.7:6443 --discovery-token-ca-cert-hash sha256:{hex}");
    let rows: &[Row<'_>] = &[
        ("sha256/{A}\nsha256/{B}\n", &["key A=", "key B="]),
        ("{A} the root\n{B}\tin the safe\n", &["key A=the root", "key B=in the safe"]),
        ("sha256//{A};sha256//{B}", &["key A=", "key B="]),
        ("[\"sha256/{A}\", \"sha256/{B}\"]", &["key A=", "key B="]),
        ("# now\nsha256/{A}\n// next\nsha256/{B}\n", &["key A=", "key B="]),
        ("- sha256/{A}\r\n- sha256/{B}\r\n", &["key A=", "key B="]),
        (&hex, &["key A="]),
        (&kubeadm, &["key A="]),
        ("sha256/{A}: CN=R1, O=Example\n", &["key A=CN=R1, O=Example"]),
        (
            "sha1/AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nsha256/{B}\n",
            &["key B=", "1: sha1/AAAAAAAAAAAAAAAAAAAAAAAAAAA= pin-algorithm"],
        ),
        ("sha256/{A}\nsha256/C5+lpZ7t\n", &["key A=", "2: … pin-length"]),
        ("sha1/AAAAAAAAAAAAAAAAAAAAAAAAAAA=", &["error: pin-algorithm"]),
        ("no pin at all", &["error: nothing-recognised"]),
        ("", &["error: nothing-recognised"]),
    ];
    check(Format::PinList, rows);
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(crate::root().join("tests/data").join(name)).unwrap()
}

fn text(name: &str) -> String {
    String::from_utf8(fixture(name)).unwrap()
}

fn of_pem(name: &str) -> Vec<u8> {
    let base64: String = text(name).lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(base64).unwrap()
}

/// DER of these contents, with a length of two bytes where one does not do.
fn tlv(tag: u8, contents: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(contents.len()).unwrap().to_be_bytes();
    let length = if contents.len() < 0x80 { vec![low] } else { vec![0x82, high, low] };
    [vec![tag], length, contents.to_vec()].concat()
}

/// `ContentInfo` of signed data without signatures (RFC 5652 section 5.1), with these parts where the certificates stand.
fn signed(parts: &[&[u8]]) -> Vec<u8> {
    const SIGNED_DATA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
    const DATA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
    let data = [&[0x02, 0x01, 0x01, 0x31, 0x00][..], &tlv(0x30, DATA), &parts.concat(), &[0x31, 0x00]].concat();
    tlv(0x30, &[SIGNED_DATA, &tlv(0xa0, &tlv(0x30, &data))].concat())
}

const FAILURES: &[Row<'_>] = &[
    // Its documentation's.
    (
        "javax.net.ssl.SSLPeerUnverifiedException: Certificate pinning failure!
  Peer certificate chain:
    sha256/{A}: CN=publicobject.com, OU=PositiveSSL
    sha256/{B}: CN=COMODO RSA Secure Server CA
  Pinned certificates for publicobject.com:
    sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
  at okhttp3.CertificatePinner.check(CertificatePinner.java)
  at okhttp3.Connection.upgradeToTls(Connection.java)",
        &["key A=CN=publicobject.com, OU=PositiveSSL", "key B=CN=COMODO RSA Secure Server CA"],
    ),
    // From Windows.
    (
        "Certificate pinning failure!\r\n  Peer certificate chain:\r\n    sha256/{A}: CN=a.test\r\n  Pinned certificates for a.test:\r\n    sha256/{B}\r\n",
        &["key A=CN=a.test"],
    ),
    // Out of Android's log, in two of its forms.
    (
        "11-25 10:00:00.000  1234  1260 W System.err: Certificate pinning failure!
11-25 10:00:00.000  1234  1260 W System.err:   Peer certificate chain:
11-25 10:00:00.000  1234  1260 W System.err:     sha256/{A}: CN=a.test,O=Example
11-25 10:00:00.001  1234  1260 W System.err:   Pinned certificates for a.test:
11-25 10:00:00.001  1234  1260 W System.err:     sha256/{B}",
        &["key A=CN=a.test,O=Example"],
    ),
    (
        "E/AndroidRuntime(1234): FATAL EXCEPTION: OkHttp Dispatcher
E/AndroidRuntime(1234): Caused by: javax.net.ssl.SSLPeerUnverifiedException: Certificate pinning failure!
E/AndroidRuntime(1234):   Peer certificate chain:
E/AndroidRuntime(1234):     sha256/{A}: C=NL, O=\"Example, Inc.\"
E/AndroidRuntime(1234):     sha256/{B}: CN=R1
E/AndroidRuntime(1234):   Pinned certificates for *.example.com:
E/AndroidRuntime(1234):     sha256/{B}",
        &["key A=C=NL, O=\"Example, Inc.\"", "key B=CN=R1"],
    ),
    // Cut before what was pinned.
    ("Peer certificate chain:\n    sha256/{A}: CN=a.test\n    sha256/{B}: CN=R1", &["key A=CN=a.test", "key B=CN=R1"]),
    // Cut in the middle of a pin.
    (
        "Certificate pinning failure!\n  Peer certificate chain:\n    sha256/{A}: CN=a.test\n    sha256/C5+lpZ7tcVwm",
        &["key A=CN=a.test", "4: … pin-length"],
    ),
    // A character that got lost on the way.
    (
        "Peer certificate chain:\n    sha256/{A}: CN=a.test\n    sha256/C5?lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=: CN=R1\n  Pinned certificates for a.test:",
        &["key A=CN=a.test", "3: … pin-character"],
    ),
    // One line of a log that is JSON.
    (
        r#"{"level":"error","message":"Certificate pinning failure!\n  Peer certificate chain:\n    sha256/{A}: CN=a.test\n    sha256/{B}: CN=R1\n  Pinned certificates for a.test:\n    sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}"#,
        &["key A=CN=a.test", "key B=CN=R1"],
    ),
    // Two servers, and one of them twice.
    (
        "Certificate pinning failure!
  Peer certificate chain:
    sha256/{A}: CN=a.test
  Pinned certificates for a.test:
    sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
Certificate pinning failure!
  Peer certificate chain:
    sha256/{B}: CN=b.test
    sha256/cut
  Pinned certificates for b.test:
    sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
Certificate pinning failure!
  Peer certificate chain:
    sha256/{A}: CN=a.test
  Pinned certificates for a.test:
    sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        &["key A=CN=a.test", "key B=CN=b.test", "9: cut pin-length"],
    ),
    // Without names.
    (
        "Peer certificate chain:\n    sha256/{A}\n    sha256/{B}\n  Pinned certificates for a.test:",
        &["key A=", "key B="],
    ),
    // Of version 2.
    (
        "Certificate pinning failure!\n  Peer certificate chain:\n    sha1/DmxUShsZuNiqPQsX2Oi9uv2sCnw=: CN=publicobject.com\n  Pinned certificates for publicobject.com:\n    sha1/AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        &["error: pin-algorithm"],
    ),
    // Nothing was shown.
    (
        "Certificate pinning failure!\n  Peer certificate chain:\n  Pinned certificates for a.test:\n    sha256/{B}",
        &["error: nothing-recognised"],
    ),
];
