//! Keys of public certification authorities that belong together: who is to accept a host's next certificate without
//! pinning the server's own key pins all keys of its authority, or the one that is missing is the next one used.
//!
//! [`renewers`] is about the other choice: whether the server's own key lives through a renewal.

pub mod renewers;

use crate::pin::Pin;

/// The keys of one authority's roots.
#[derive(Debug, PartialEq, Eq)]
pub struct CaSet {
    /// As people know the authority.
    pub name: &'static str,
    /// Every key that it issues under.
    pub keys: &'static [CaKey],
}

/// The key of a root.
#[derive(Debug, PartialEq, Eq)]
pub struct CaKey {
    /// The root's common name.
    pub label: &'static str,
    /// Its pin, as bare base64.
    pub sha256: &'static str,
}

/// The set that a key belongs to.
#[must_use]
pub fn set_of(key: Pin) -> Option<&'static CaSet> {
    let sha256 = key.to_base64();
    CA_SETS.iter().find(|set| set.keys.iter().any(|member| member.sha256 == sha256))
}

const fn key(label: &'static str, sha256: &'static str) -> CaKey {
    CaKey { label, sha256 }
}

/// As of November 2026, computed from the roots themselves. ISRG's Root YE and YR are signed by X2 and X1 today and by
/// themselves later, with the same keys: a pin matches both.
pub const CA_SETS: [CaSet; 6] = [
    CaSet {
        name: "Let's Encrypt",
        keys: &[
            key("ISRG Root X1", "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M="),
            key("ISRG Root X2", "diGVwiVYbubAI3RW4hB9xU8e/CH2GnkuvVFZE8zmgzI="),
            key("ISRG Root YE", "sCkq5UWXjg+7mKu9lMhhYF5bGLsy7VI/UNW3tccdR7w="),
            key("ISRG Root YR", "fk6IOKit1ild5647BH06ujSIq5XbCgqlbYl6ANhhi88="),
        ],
    },
    CaSet {
        name: "Google Trust Services",
        keys: &[
            key("GTS Root R1", "hxqRlPTu1bMS/0DITB1SSu0vd4u/8l8TjPgfaAp63Gc="),
            key("GTS Root R3", "QXnt2YHvdHR3tJYmQIr0Paosp6t/nggsEGD4QJZ3Q0g="),
            key("GTS Root R4", "mEflZT5enoR1FuXLgYYGqnVEoZvmf9c2bVBpiOjYQ0c="),
        ],
    },
    CaSet {
        name: "Amazon",
        keys: &[
            key("Amazon Root CA 1", "++MBgDH5WGvL9Bcn5Be30cRcL0f5O+NyoXuWtQdX1aI="),
            key("Amazon Root CA 2", "f0KW/FtqTjs108NpYj42SrGvOB2PpxIVM8nWxjPqJGE="),
            key("Amazon Root CA 3", "NqvDJlas/GRcYbcWE8S/IceH9cq77kg0jVhZeAPXq8k="),
            key("Amazon Root CA 4", "9+ze1cZgR9KO1kZrVDxA4HQ6voHRCSVNz4RdTCx4U8U="),
            key("Starfield Services Root Certificate Authority - G2", "KwccWaCgrnaw6tsrrSO61FgLacNgG2MMLq8GE6+oP5I="),
        ],
    },
    CaSet {
        name: "SSL.com",
        keys: &[
            key("SSL.com TLS RSA Root CA 2022", "K89VOmb1cJAN3TK6bf4ezAbJGC1mLcG2Dh97dnwr3VQ="),
            key("SSL.com TLS ECC Root CA 2022", "G/ANXI8TwJTdF+AFBM8IiIUPEv0Gf6H5LA/b9guG4yE="),
        ],
    },
    CaSet {
        name: "DigiCert",
        keys: &[
            key("DigiCert Global Root G2", "i7WTqTvh0OioIruIfFR4kMPnBqrS2rdiVPl/s2uC/CY="),
            key("DigiCert Global Root G3", "uUwZgwDOxcBXrQcntwu+kYFpkiVkOaezL0WYEZ3anJc="),
            key("DigiCert TLS ECC P384 Root G5", "oC+voZLIy4HLE0FVT5wFtxzKKokLDRKY1oNkfJYe+98="),
            key("DigiCert TLS RSA4096 Root G5", "ape1HIIZ6T5d7GS61YBs3rD4NVvkfnVwELcCRW4Bqv0="),
        ],
    },
    CaSet {
        name: "Sectigo",
        keys: &[
            key("Sectigo Public Server Authentication Root R46", "Douxi77vs4G+Ib/BogbTFymEYq0QSFXwSgVCaZcI09Q="),
            key("Sectigo Public Server Authentication Root E46", "sLVjNUaFYfW7n6EtgBeEpjOlcnBdNPMrZDRF36iwBdE="),
            key("USERTrust RSA Certification Authority", "x4QzPSC810K5/cMjb05Qm4k3Bw5zBn4lTdO/nEW/Td4="),
            key("USERTrust ECC Certification Authority", "ICGRfpgmOUXIWcQ/HXPLQTkFPEFPoDyjvH7ohhQpjzs="),
        ],
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::certificate::Certificate;

    /// Name and pin of each root that Mozilla's programme has, by a list that others keep.
    fn roots() -> BTreeMap<String, String> {
        let root = |der: &[u8]| {
            let certificate = Certificate::from_der(der).unwrap();
            (certificate.pin().to_base64(), certificate.describe().subject.unwrap())
        };
        webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(|der| root(der)).collect()
    }

    #[test]
    fn keys_of_roots_that_browsers_bring_are_under_the_names_of_those_roots() {
        let roots = roots();
        let mut absent = Vec::new();
        for member in CA_SETS.iter().flat_map(|set| set.keys) {
            assert_eq!(Pin::parse(member.sha256).unwrap().to_base64(), member.sha256, "{}", member.label);
            match roots.get(member.sha256) {
                Some(subject) => {
                    let name = format!("CN={}", member.label);
                    assert!(subject.split(',').any(|part| part == name), "{subject}: {}", member.label);
                }
                None => absent.push(member.label),
            }
        }
        // No root of its own yet, in that list.
        assert_eq!(absent, ["ISRG Root YE", "ISRG Root YR"]);
    }

    #[test]
    fn a_key_is_in_one_set_or_in_none() {
        for set in &CA_SETS {
            for member in set.keys {
                let key = Pin::parse(member.sha256).unwrap();
                assert_eq!(set_of(key).map(|set| set.name), Some(set.name));
                let sets = CA_SETS.iter().filter(|set| set.keys.iter().any(|other| other.sha256 == member.sha256));
                assert_eq!(sets.count(), 1, "{}", member.label);
            }
        }
        assert_eq!(set_of(Pin::of_spki(b"another key")), None);
    }
}
