//! The certificates that were seen, by their fingerprints: what people have at hand of a server is mostly the fingerprint of
//! its certificate, which can never be a pin.

use std::collections::HashMap;

use crate::certificate::{Certificate, fingerprint};
use crate::connection::Facts;
use crate::limits::PIN_BYTES;
use crate::pin::Pin;

/// Certificates that can be read, each by the SHA-256 of all of it.
#[derive(Debug, Default)]
pub struct SeenCertificates(HashMap<[u8; PIN_BYTES], SeenCertificate>);

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenCertificate {
    /// The pin of its key.
    pub key: Pin,
    /// Its subject as RFC 4514 text; empty where there is none or it cannot be read.
    pub subject: String,
    /// A host that has shown it.
    pub host: String,
}

impl SeenCertificates {
    /// Adds those that a host has shown.
    pub fn add(&mut self, host: &str, facts: &Facts) {
        for der in facts.certificates().0.iter() {
            let Ok(certificate) = Certificate::from_der(der) else { continue };
            self.0.entry(fingerprint(der)).or_insert_with(|| SeenCertificate {
                key: certificate.pin(),
                subject: certificate.describe().subject.unwrap_or_default(),
                host: host.to_owned(),
            });
        }
    }

    /// The certificate that was meant by what was entered as a pin: the one with this fingerprint. None where a certificate has a
    /// key with this pin.
    #[must_use]
    pub fn meant_by(&self, entered: Pin) -> Option<&SeenCertificate> {
        self.0.get(entered.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::with_colons;

    #[test]
    fn a_fingerprint_leads_to_the_key_and_a_pin_does_not() {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate =
            rcgen::CertificateParams::new(vec!["nas.test".to_owned()]).unwrap().self_signed(&key).unwrap();
        let der = certificate.der().to_vec();
        let pin = Certificate::from_der(&der).unwrap().pin();
        let mut seen = SeenCertificates::default();
        assert_eq!(seen.meant_by(pin), None);
        seen.add("nas.test", &Facts::LeafOnly { leaf: der.clone(), exception: true });
        seen.add("other.test", &Facts::LeafOnly { leaf: b"no certificate".to_vec(), exception: true });
        let entered = Pin::parse(&with_colons(&fingerprint(&der))).unwrap();
        let found = seen.meant_by(entered).map(|found| (found.key, found.host.as_str()));
        assert_eq!(found, Some((pin, "nas.test")));
        assert_eq!(seen.meant_by(pin), None, "it is the pin of a key already");
    }
}
