//! Files and pasted texts, held against OpenSSL's answers in `tests/data/pins.txt`.

use std::path::PathBuf;

use sockpin::formats::{Key, KeyKind, inspect};
use sockpin::pin::Pin;

fn fixture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn only(input: &[u8]) -> Key {
    let mut found = inspect(input).unwrap();
    assert_eq!(found.len(), 1);
    found.remove(0)
}

/// Certificates that `x509-cert` as a whole refuses. Were it to read one, it would leave this list.
const REFUSED_BY_X509_CERT: &[&str] = &["long-serial.pem"];

#[test]
fn every_fixture_has_the_pin_and_the_serial_that_openssl_gives() {
    let expected = String::from_utf8(fixture("pins.txt")).unwrap();
    let mut compared = 0;
    for line in expected.lines() {
        let [name, sha256, serial] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let input = fixture(name);
        let found = only(&input);
        assert_eq!(found.sha256, Pin::parse(sha256).unwrap(), "{name}");
        assert_eq!(found.description.serial.as_deref().unwrap_or("-"), serial, "{name}");
        if found.kind == KeyKind::Certificate {
            use der::DecodePem as _;
            let readable = x509_cert::Certificate::from_pem(&input).is_ok();
            assert_eq!(readable, !REFUSED_BY_X509_CERT.contains(&name), "{name}: the list of divergences");
            assert!(found.description.subject.is_some() && found.description.not_before.is_some(), "{name}");
        }
        compared += 1;
    }
    assert!(compared >= 14, "{compared} fixtures");
}

#[test]
fn what_a_person_reads_is_what_openssl_prints() {
    // openssl x509 -in rsa.pem -noout -subject -nameopt RFC2253; the others with utf8,-esc_msb
    for (name, subject) in [
        ("rsa.pem", "CN=rsa.test,O=Sockpin fixtures,C=NL"),
        ("unicode.pem", "O=Šošo\\, \\\"Inc\\\",CN=bücher.test"),
        ("request.pem", "CN=backup.test"),
    ] {
        assert_eq!(only(&fixture(name)).description.subject.as_deref(), Some(subject), "{name}");
    }
    let far = only(&fixture("year-9999.pem")).description.not_after.unwrap();
    assert!(far.as_str() > "2050-01-01T00:00:00Z", "{far}: a GeneralizedTime (RFC 5280 section 4.1.2.5.2)");
}

#[test]
fn pem_and_der_of_one_key_are_one_pin() {
    let expected = only(&fixture("rsa.pem")).sha256;
    for (name, kind) in [
        ("rsa.der", KeyKind::Certificate),
        ("public-key.pem", KeyKind::PublicKey),
        ("public-key.der", KeyKind::PublicKey),
        ("request.pem", KeyKind::CertificateRequest),
    ] {
        let found = only(&fixture(name));
        assert_eq!((found.kind, found.sha256), (kind, expected), "{name}");
    }
}

#[test]
fn any_number_of_blocks_with_any_text_between() {
    let mut text = b"Certificate chain\n 0 s:CN = rsa.test\r\n".to_vec();
    for name in ["rsa.pem", "public-key.pem", "ED25519.pem"] {
        text.extend(fixture(name));
        text.extend(b"---\n i: somebody\n");
    }
    let kinds: Vec<_> = inspect(&text).unwrap().into_iter().map(|found| found.kind).collect();
    assert_eq!(kinds, [KeyKind::Certificate, KeyKind::PublicKey, KeyKind::Certificate]);
    let marked = [b"\xef\xbb\xbf", fixture("rsa.pem").as_slice()].concat();
    assert_eq!(only(&marked), only(&fixture("rsa.pem")));
    let windows = String::from_utf8(fixture("rsa.pem")).unwrap().replace('\n', "\r\n  ");
    assert_eq!(only(windows.as_bytes()), only(&fixture("rsa.pem")));
}

#[test]
fn what_holds_no_public_key_says_why() {
    let rsa = String::from_utf8(fixture("rsa.pem")).unwrap();
    let without_end = rsa.replace("-----END CERTIFICATE-----", "");
    let other_end = rsa.replace("END CERTIFICATE", "END PUBLIC KEY");
    let damaged = rsa.replace("MII", "M!I");
    let cut = rsa.lines().take(5).chain(["-----END CERTIFICATE-----"]).collect::<Vec<_>>().join("\n");
    let crl = "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----";
    let long = vec![b' '; 10 * 1024 * 1024];
    let not_a_key = [0x30, 0x03, 0x02, 0x01, 0x05];
    for (input, code) in [
        (fixture("private-key.pem"), "private-key"),
        (fixture("private-key.der"), "private-key"),
        (fixture("pkcs1.pem"), "pkcs1-public-key"),
        (without_end.into_bytes(), "pem-end"),
        (other_end.into_bytes(), "pem-end"),
        (damaged.into_bytes(), "pem-encoding"),
        (cut.into_bytes(), "der"),
        (crl.into(), "pem-kind"),
        (long, "input-too-large"),
        (Vec::new(), "nothing-recognised"),
        (b"hello".to_vec(), "nothing-recognised"),
        (b"-----BEGIN CERT".to_vec(), "nothing-recognised"),
        (vec![0xff, 0xfe, 0x00], "nothing-recognised"),
        (not_a_key.to_vec(), "private-key"),
    ] {
        let shown = String::from_utf8_lossy(&input[..input.len().min(40)]).into_owned();
        assert_eq!(inspect(&input).map_err(|error| error.code()), Err(code), "{shown}");
    }
}

/// The certificates of a file in the order of a chain, whatever their order in the file.
#[test]
fn a_chain_is_put_in_order_or_refused() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use sockpin::formats::{NoChain, chain};

    let (own, other) = (crate::chains::TestChain::new(), crate::chains::TestChain::new());
    let pem = |ders: &[&Vec<u8>]| -> String {
        let block = |der: &&Vec<u8>| {
            format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(der))
        };
        ders.iter().map(block).collect()
    };
    let (leaf, intermediate, root) = (&own.leaf, &own.intermediate, &own.root);
    for order in
        [[leaf, intermediate, root], [root, intermediate, leaf], [intermediate, leaf, root], [root, leaf, intermediate]]
    {
        assert_eq!(chain(pem(&order).as_bytes()), Ok(own.certificates()));
    }
    assert_eq!(chain(leaf), Ok(vec![leaf.clone()]), "DER");
    assert_eq!(chain(pem(&[root]).as_bytes()), Ok(vec![root.clone()]), "one that has issued itself");
    assert_eq!(chain(pem(&[leaf, intermediate, leaf]).as_bytes()), Ok(vec![leaf.clone(), intermediate.clone()]));
    assert_eq!(chain(pem(&[leaf, root]).as_bytes()), Err(NoChain::Several), "the one between is missing");
    assert_eq!(chain(pem(&[leaf, &other.leaf, intermediate]).as_bytes()), Err(NoChain::Several));
    assert!(matches!(chain(b"nothing"), Err(NoChain::Content(_))));
    let broken = pem(&[leaf]) + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(matches!(chain(broken.as_bytes()), Err(NoChain::Content(_))), "no part is left out in silence");
    let pin = own.pins[0].to_string();
    assert_eq!(chain(pin.as_bytes()), Err(NoChain::NoCertificate));
}
