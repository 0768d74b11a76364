//! Stored rules, and an administrator's: read or refused; what is read can be stored.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sockpin::history::History;
use sockpin::managed::Managed;
use sockpin::policy::Policy;
use sockpin::record::Records;
use sockpin_fuzz::{NOW, check_storing, url_host};

fuzz_target!(|json: &str| {
    if let Ok(policy) = Policy::from_json(json, NOW, &url_host) {
        check_storing(&policy);
    }
    check_storing(&Managed::from_json(json, NOW, &url_host).policy);
    let records = Records::from_text(json).to_text();
    assert_eq!(Records::from_text(&records).to_text(), records);
    let _ = History::from_text(json);
});
