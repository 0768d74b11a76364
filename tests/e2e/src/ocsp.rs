//! What an authority says of a certificate that it has taken back: a response of OCSP (RFC 6960 section 4.2.1), which the server
//! staples to its handshake (RFC 6066 section 8).

use anyhow::{Context, Result};
use rcgen::{KeyPair, PublicKeyData, SigningKey};
use sha1::{Digest, Sha1};
use time::{Duration, OffsetDateTime};
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};

/// The response that this certificate was revoked an hour ago, signed by its issuer's key (ECDSA, P-256).
pub(crate) fn revoked(certificate: &[u8], issuer: &KeyPair) -> Result<Vec<u8>> {
    let certificate = Certificate::from_der(certificate).context("the certificate cannot be read")?;
    let certificate = certificate.tbs_certificate();
    let (name, serial) = (certificate.issuer().to_der()?, certificate.serial_number().to_der()?);
    let now = OffsetDateTime::now_utc();
    let [before, after] = [-Duration::hours(1), Duration::hours(1)].map(|shift| time(now + shift));

    let name_hash = der(OCTET_STRING, &[&Sha1::digest(&name)]);
    let key_hash = der(OCTET_STRING, &[&Sha1::digest(issuer.der_bytes())]);
    let cert_id = der(SEQUENCE, &[&der(SEQUENCE, &[SHA1, NULL]), &name_hash, &key_hash, &serial]);
    let cert_status = der(CONTEXT_1, &[&before]);
    let next_update = der(CONTEXT_0, &[&after]);
    let single_response = der(SEQUENCE, &[&cert_id, &cert_status, &before, &next_update]);
    let responder_id = der(CONTEXT_1, &[&name]);
    let response_data = der(SEQUENCE, &[&responder_id, &before, &der(SEQUENCE, &[&single_response])]);

    let signature = issuer.sign(&response_data).context("could not sign a response of OCSP")?;
    let signature = der(BIT_STRING, &[&[0], &signature]);
    let basic = der(SEQUENCE, &[&response_data, &der(SEQUENCE, &[ECDSA_WITH_SHA256]), &signature]);
    let bytes = der(SEQUENCE, &[ID_PKIX_OCSP_BASIC, &der(OCTET_STRING, &[&basic])]);
    Ok(der(SEQUENCE, &[SUCCESSFUL, &der(CONTEXT_0, &[&bytes])]))
}

/// As `GeneralizedTime` without fractions (RFC 5280 section 4.1.2.5.2).
fn time(time: OffsetDateTime) -> Vec<u8> {
    let (year, month, day) = time.to_calendar_date();
    let (hour, minute, second) = time.to_hms();
    let text = format!("{year:04}{:02}{day:02}{hour:02}{minute:02}{second:02}Z", u8::from(month));
    der(GENERALIZED_TIME, &[text.as_bytes()])
}

/// One value with its tag and its length (X.690 section 8.1).
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len().to_be_bytes();
    let length = length.get(length.iter().take_while(|byte| **byte == 0).count()..).unwrap_or_default();
    let mut value = vec![tag];
    match length {
        [] => value.push(0),
        [short @ 0..0x80] => value.push(*short),
        long => {
            // At most the bytes of a `usize`.
            value.push(0x80 | u8::try_from(long.len()).unwrap_or_default());
            value.extend(long);
        }
    }
    value.extend(content);
    value
}

const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const GENERALIZED_TIME: u8 = 0x18;
const CONTEXT_0: u8 = 0xa0;
const CONTEXT_1: u8 = 0xa1;

const NULL: &[u8] = &[0x05, 0x00];
/// `ENUMERATED`.
const SUCCESSFUL: &[u8] = &[0x0a, 0x01, 0x00];
/// 1.3.14.3.2.26, the one hash by which Firefox knows a certificate in a response.
const SHA1: &[u8] = &[0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a];
/// 1.2.840.10045.4.3.2
const ECDSA_WITH_SHA256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
/// 1.3.6.1.5.5.7.48.1.1
const ID_PKIX_OCSP_BASIC: &[u8] = &[0x06, 0x09, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01];
