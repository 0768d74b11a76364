//! What a person reads of a certificate.

use std::fmt::Write as _;

use der::Decode as _;
use serde::{Deserialize, Serialize};
use x509_cert::name::Name;
use x509_cert::time::{Time, Validity};

use super::Certificate;
use crate::limits::MAX_NAME_CHARACTERS;

/// The readable parts of a certificate. Each is parsed by itself, so that one odd field hides no other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Description {
    /// The subject's distinguished name as RFC 4514 text: `CN=chat.example.com,O=Example`.
    pub subject: Option<String>,
    /// The issuer's, in the same form.
    pub issuer: Option<String>,
    /// First second of validity, RFC 3339 in UTC.
    pub not_before: Option<String>,
    /// Last second of validity, RFC 3339 in UTC.
    pub not_after: Option<String>,
    /// The serial number in upper-case hex, as OpenSSL prints it.
    pub serial: Option<String>,
}

impl Description {
    pub(super) fn of(certificate: &Certificate<'_>) -> Self {
        let validity = Validity::<x509_cert::certificate::Rfc5280>::from_der(certificate.validity).ok();
        Self {
            subject: name(certificate.subject),
            issuer: name(certificate.issuer),
            not_before: validity.as_ref().map(|validity| rfc3339(validity.not_before)),
            not_after: validity.as_ref().map(|validity| rfc3339(validity.not_after)),
            serial: Some(serial(certificate.serial)),
        }
    }

    /// Of a certificate request, which has a subject and no more.
    pub(crate) fn of_subject(subject: &[u8]) -> Self {
        Self { subject: name(subject), ..Self::default() }
    }
}

fn name(der: &[u8]) -> Option<String> {
    let text = Name::from_der(der).ok()?.to_string();
    Some(text.chars().take(MAX_NAME_CHARACTERS).collect())
}

fn rfc3339(time: Time) -> String {
    time.to_date_time().to_string()
}

/// X.690 section 8.3: a positive number with its top bit set has a zero byte in front, which is no digit of it.
fn serial(integer: &[u8]) -> String {
    let digits = match integer {
        [0, rest @ ..] if !rest.is_empty() => rest,
        other => other,
    };
    digits.iter().fold(String::with_capacity(digits.len() * 2), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02X}");
        hex
    })
}
