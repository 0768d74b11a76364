//! Host patterns: what is read, what is refused, what matches.

use sockpin::host::{Host, HostPattern};

use crate::url_host;

fn pattern(text: &str) -> HostPattern {
    HostPattern::parse(text, &url_host).unwrap_or_else(|error| panic!("{text}: {error}")).pattern
}

#[test]
fn patterns_are_kept_in_canonical_form() {
    for (typed, canonical, taken_from_url) in [
        ("chat.example.com", "chat.example.com", false),
        ("  Chat.EXAMPLE.com. ", "chat.example.com", false),
        ("*.Example.com", "*.example.com", false),
        ("**.example.com:8443", "**.example.com:8443", false),
        ("bücher.example", "xn--bcher-kva.example", false),
        ("**.BÜCHER.example", "**.xn--bcher-kva.example", false),
        ("faß.de", "xn--fa-hia.de", false), // non-transitional, UTS #46 section 7
        ("例え.テスト", "xn--r8jz45g.xn--zckzah", false),
        ("under_score.example", "under_score.example", false),
        ("localhost", "localhost", false),
        ("192.0.2.7", "192.0.2.7", false),
        ("192.0.2.7:443", "192.0.2.7:443", false),
        ("0x7f.1", "127.0.0.1", false),
        ("2130706433", "127.0.0.1", false),
        ("[2001:DB8:0:0::1]", "[2001:db8::1]", false),
        ("[2001:db8::1]:8443", "[2001:db8::1]:8443", false),
        ("2001:db8::1", "[2001:db8::1]", false),
        ("https://example.com/x", "example.com", true),
        ("wss://user:secret@chat.example.com:8443/path?query#fragment", "chat.example.com:8443", true),
        ("HTTPS://Example.com", "example.com", true),
        // Port 80 of a cleartext URL is not where TLS will be spoken.
        ("ws://example.com:80/x", "example.com", true),
        ("http://example.com:80", "example.com", true),
        ("ws://example.com:8080", "example.com:8080", true),
        ("wss://example.com:443", "example.com:443", true),
        ("example.com/x", "example.com", true),
        ("user@example.com", "example.com", true),
    ] {
        let found = HostPattern::parse(typed, &url_host).unwrap_or_else(|error| panic!("{typed}: {error}"));
        assert_eq!(found.pattern.to_string(), canonical, "{typed}");
        assert_eq!(found.taken_from_url, taken_from_url, "{typed}");
        assert_eq!(pattern(canonical), found.pattern, "{typed}: its own text reads back");
    }
}

#[test]
fn what_is_no_pattern_says_why() {
    let long_label = format!("{}.example", "a".repeat(64));
    let long_name = [&*"a".repeat(63); 4].join(".");
    for (typed, code) in [
        ("", "host-empty"),
        ("   ", "host-empty"),
        (":443", "host-empty"),
        (".", "host-empty"),
        ("exa mple.com", "host-character"),
        ("exa!mple.com", "host-character"),
        ("example.com%2f", "host-character"),
        ("exam\\ple.com", "host-character"),
        ("a..b", "host-empty-label"),
        (".example.com", "host-empty-label"),
        ("example.com..", "host-empty-label"),
        (long_label.as_str(), "host-label-length"),
        (long_name.as_str(), "host-length"),
        ("*.com", "host-wildcard-top-level"),
        ("**.com", "host-wildcard-top-level"),
        ("*.localhost", "host-wildcard-top-level"),
        ("*", "host-wildcard-top-level"),
        ("**", "host-wildcard-top-level"),
        ("*.", "host-wildcard-top-level"),
        ("a.*.example.com", "host-wildcard-position"),
        ("a*.example.com", "host-wildcard-position"),
        ("***.example.com", "host-wildcard-position"),
        ("*.*.example.com", "host-wildcard-position"),
        ("*.192.0.2.7", "host-wildcard-address"),
        ("**.[2001:db8::1]", "host-wildcard-address"),
        ("192.0.2.256", "host-address"),
        ("1.2.3.4.5", "host-address"),
        ("[2001:db8::zz]", "host-address"),
        ("[2001:db8::1", "host-address"),
        ("2001:db8::1::2", "host-address"),
        ("[fe80::1%25eth0]", "host-address"),
        ("example.com:0", "host-port"),
        ("example.com:65536", "host-port"),
        ("example.com:+80", "host-port"),
        ("example.com:", "host-port"),
        ("example.com:http", "host-port"),
        ("ftp://example.com", "host-scheme"),
        ("xn\u{ad}--\u{200d}.example", "host-internationalised"),
    ] {
        let found = HostPattern::parse(typed, &url_host).map(|typed| typed.pattern.to_string());
        assert_eq!(found.as_ref().map_err(sockpin::error::Error::code), Err(code), "{typed:?}");
    }
}

#[test]
fn a_pattern_matches_what_the_table_says_and_no_more() {
    for (text, host, port, expected) in [
        ("chat.example.com", "chat.example.com", 443, true),
        ("chat.example.com", "CHAT.example.com.", 8443, true),
        ("chat.example.com", "a.chat.example.com", 443, false),
        ("chat.example.com", "example.com", 443, false),
        ("*.example.com", "a.example.com", 443, true),
        ("*.example.com", "example.com", 443, false),
        ("*.example.com", "a.b.example.com", 443, false),
        ("*.example.com", "aexample.com", 443, false),
        ("**.example.com", "example.com", 443, true),
        ("**.example.com", "a.b.example.com", 443, true),
        ("**.example.com", "badexample.com", 443, false),
        ("**.example.com", "example.com.evil.test", 443, false),
        ("192.0.2.7", "192.0.2.7", 443, true),
        ("192.0.2.7", "192.0.2.8", 443, false),
        ("127.0.0.1", "0x7f.1", 443, true),
        ("127.0.0.1", "localhost", 443, false),
        ("[2001:db8::1]", "[2001:db8:0::1]", 443, true),
        ("localhost", "localhost.", 9443, true),
        ("example.com:8443", "example.com", 8443, true),
        ("example.com:8443", "example.com", 443, false),
    ] {
        let host = Host::parse(host, &url_host).unwrap();
        assert_eq!(pattern(text).matches(&host, port), expected, "{text} for {host}:{port}");
    }
}
