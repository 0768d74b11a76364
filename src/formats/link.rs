//! A link to a file of rules. A page writes it as `ext+sockpin:https://intranet.example/pins.json`; a link that is dropped is the
//! address alone.

use crate::host::{Host, UrlHostParser};
use crate::rule::ReportUri;

/// Where a file of rules lies. Such an address has the form of that of a collector: `https://` and a host, in ASCII, without name,
/// password and fragment, and not longer than one. So it is what it looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulesLink(ReportUri);

impl RulesLink {
    /// Reads a link; none where it is no such one.
    #[must_use]
    pub fn parse(text: &str, url_host: UrlHostParser<'_>) -> Option<Self> {
        let text = text.trim();
        let address = match text.split_at_checked(SCHEME.len()) {
            Some((scheme, address)) if scheme.eq_ignore_ascii_case(SCHEME) => address,
            _ => text,
        };
        ReportUri::parse(address, url_host).ok().map(Self)
    }

    /// The address.
    #[must_use]
    pub fn address(&self) -> &str {
        self.0.as_str()
    }

    /// Who is asked for the file.
    #[must_use]
    pub const fn host(&self) -> &Host {
        self.0.host()
    }
}

/// As in `extension/manifest.json`.
const SCHEME: &str = "ext+sockpin:";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_an_address_that_shows_whose_it_is() {
        for (text, expected) in [
            ("ext+sockpin:https://intranet.example/pins.json", Some("https://intranet.example/pins.json")),
            ("EXT+SOCKPIN:https://intranet.example:8443/?a=b%20c", Some("https://intranet.example:8443/?a=b%20c")),
            (" https://intranet.example/pins.json\n", Some("https://intranet.example/pins.json")),
            ("https://[2001:db8::1]/", Some("https://[2001:db8::1]/")),
            ("ext+sockpin:http://intranet.example/pins.json", None),
            ("ext+sockpin:ext+sockpin:https://intranet.example/", None),
            ("ext+sockpin:", None),
            ("", None),
            ("ext+sockpin:intranet.example/pins.json", None),
            ("ext+sockpin:file:///etc/pins.json", None),
            ("ext+sockpin:data:application/json,[]", None),
            ("ext+sockpin:javascript:alert(1)//https://intranet.example/", None),
            ("https://intranet.example@attacker.example/", None),
            ("https://intranet.example\\@attacker.example/", None),
            ("https://intranet.example/#https://attacker.example/", None),
            ("https://*.example/", None),
            ("https://intranet.example/\u{202e}nosj.snip", None),
            ("https://b\u{fc}cher.example/", None),
            ("https:///pins.json", None),
        ] {
            let link = RulesLink::parse(text, &|_| None);
            assert_eq!(link.as_ref().map(RulesLink::address), expected, "{text}");
        }
        let long = format!("ext+sockpin:https://intranet.example/{}", "a".repeat(2_000));
        assert_eq!(RulesLink::parse(&long, &|_| None), None);
    }

    #[test]
    fn the_manifest_has_the_same_scheme() {
        let manifest = include_str!("../../extension/manifest.json");
        let manifest: serde_json::Value = serde_json::from_str(manifest).unwrap();
        let handlers = manifest["protocol_handlers"].as_array().unwrap();
        let [handler] = handlers.as_slice() else { panic!("{handlers:?}") };
        assert_eq!(format!("{}:", handler["protocol"].as_str().unwrap()), SCHEME);
    }
}
