//! What a person reads of a certificate.

use std::fmt::Write as _;

use der::Decode as _;
use serde::{Deserialize, Serialize};
use x509_cert::time::Time;

use super::tlv::Reader;
use super::{Certificate, name};
use crate::fields::{Json, Read};

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

impl Read<'_> for Description {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        let mut fields = json.object()?;
        Ok(Self {
            subject: fields.part_or_default("subject")?,
            issuer: fields.part_or_default("issuer")?,
            not_before: fields.part_or_default("notBefore")?,
            not_after: fields.part_or_default("notAfter")?,
            serial: fields.part_or_default("serial")?,
        })
    }
}

impl Description {
    pub(super) fn of(certificate: &Certificate<'_>) -> Self {
        let [not_before, not_after] = times(certificate.validity);
        Self {
            subject: name::to_rfc4514(certificate.subject),
            issuer: name::to_rfc4514(certificate.issuer),
            not_before,
            not_after,
            serial: Some(serial(certificate.serial)),
        }
    }

    /// Of a certificate request, which has a subject and no more.
    #[cfg(any(not(target_arch = "wasm32"), feature = "pages", feature = "lab"))]
    pub(crate) fn of_subject(subject: &[u8]) -> Self {
        Self { subject: name::to_rfc4514(subject), ..Self::default() }
    }
}

/// `Validity ::= SEQUENCE { notBefore Time, notAfter Time }` ([RFC 5280 section 4.1.2.5](https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5)), each read by itself. A time before
/// 1970 is one that cannot be read.
fn times(validity: &[u8]) -> [Option<String>; 2] {
    let mut times = Reader::only_child(validity, "validity").ok();
    ["notBefore", "notAfter"].map(|field| {
        let time = times.as_mut()?.any(field).ok()?;
        Some(Time::from_der(time.whole).ok()?.to_date_time().to_string())
    })
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
