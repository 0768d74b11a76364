//! The pattern of a host: its canonical form is read as the same pattern, and stays.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sockpin::host::{Host, HostPattern};
use sockpin_fuzz::url_host;

fuzz_target!(|text: &str| {
    if let Ok(typed) = HostPattern::parse(text, &url_host) {
        let canonical = typed.pattern.to_string();
        let again = HostPattern::parse(&canonical, &url_host).expect("the canonical form is a pattern");
        assert_eq!(again.pattern, typed.pattern);
        assert!(!again.taken_from_url);
        assert_eq!(again.pattern.to_string(), canonical);
    }
    if let Ok(host) = Host::parse(text, &url_host) {
        assert_eq!(Host::parse(&host.to_string(), &url_host), Ok(host));
    }
});
