//! The DER of a certificate: where x509-cert finds a key, it is the one that is hashed here.

#![no_main]

use der::{Decode as _, Encode as _};
use libfuzzer_sys::fuzz_target;
use sockpin::certificate::Certificate;

fuzz_target!(|der: &[u8]| {
    let theirs = x509_cert::Certificate::from_der(der)
        .ok()
        .and_then(|theirs| theirs.tbs_certificate().subject_public_key_info().to_der().ok());
    match (Certificate::from_der(der), theirs) {
        (Ok(ours), theirs) => {
            let _ = ours.describe();
            if let Some(theirs) = theirs {
                assert_eq!(ours.subject_public_key_info(), theirs);
            }
        }
        (Err(error), theirs) => assert!(theirs.is_none(), "refused with {error}, and x509-cert reads it"),
    }
});
