//! Programs and devices that read TLS connections on purpose, by the names that they give to the root which they add to a computer.
//! Anybody can give a root such a name: it is a hint, and nothing is decided by it.

/// What reads connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReaderKind {
    /// A virus scanner, or a filter that a person has installed.
    Scanner,
    /// What a company or a school leads connections through.
    Gateway,
    /// What developers look into connections with.
    Debugger,
}

/// A maker or a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reader {
    /// As people know it.
    pub name: &'static str,
    /// What it is for.
    pub kind: ReaderKind,
}

/// Who calls a root so; `subject` is its distinguished name.
#[must_use]
pub fn reader_of(subject: &str) -> Option<Reader> {
    let subject = subject.to_lowercase();
    READERS.iter().find(|(part, ..)| subject.contains(*part)).map(|&(_, name, kind)| Reader { name, kind })
}

use ReaderKind::{Debugger, Gateway, Scanner};

/// What stands in the name of the root, in lower case; who that is.
const READERS: [(&str, &str, ReaderKind); 31] = [
    ("avast web/mail shield", "Avast", Scanner),
    ("avg web/mail shield", "AVG", Scanner),
    ("norton web/mail shield", "Norton", Scanner),
    ("avira web/mail shield", "Avira", Scanner),
    ("kaspersky", "Kaspersky", Scanner),
    ("eset ssl filter", "ESET", Scanner),
    ("bitdefender", "Bitdefender", Scanner),
    ("dr.web", "Dr.Web", Scanner),
    ("bullguard", "BullGuard", Scanner),
    ("adguard", "AdGuard", Scanner),
    ("net nanny", "Net Nanny", Scanner),
    ("qustodio", "Qustodio", Scanner),
    ("covenant eyes", "Covenant Eyes", Scanner),
    ("zscaler", "Zscaler", Gateway),
    ("netskope", "Netskope", Gateway),
    ("goskope", "Netskope", Gateway),
    ("fortinet", "Fortinet", Gateway),
    ("fortigate", "Fortinet", Gateway),
    ("cisco umbrella", "Cisco Umbrella", Gateway),
    ("cloudflare for teams", "Cloudflare Zero Trust", Gateway),
    ("gateway ca - cloudflare", "Cloudflare Zero Trust", Gateway),
    ("forcepoint", "Forcepoint", Gateway),
    ("sophos", "Sophos", Gateway),
    ("sonicwall", "SonicWall", Gateway),
    ("watchguard", "WatchGuard", Gateway),
    ("mcafee web gateway", "McAfee Web Gateway", Gateway),
    ("mitmproxy", "mitmproxy", Debugger),
    ("fiddlerroot", "Fiddler", Debugger),
    ("charles proxy", "Charles", Debugger),
    ("portswigger", "Burp Suite", Debugger),
    ("zed attack proxy", "ZAP", Debugger),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_is_known_by_the_name_of_its_root() {
        for (subject, expected) in [
            ("CN=Kaspersky Anti-Virus Personal Root Certificate,O=AO Kaspersky Lab", Some(("Kaspersky", Scanner))),
            ("CN=Avast Web/Mail Shield Root,O=Avast Web/Mail Shield", Some(("Avast", Scanner))),
            ("CN=ESET SSL Filter CA,O=ESET\\, spol. s r. o.,C=SK", Some(("ESET", Scanner))),
            ("CN=Zscaler Root CA,O=Zscaler Inc.", Some(("Zscaler", Gateway))),
            ("CN=DO_NOT_TRUST_FiddlerRoot", Some(("Fiddler", Debugger))),
            ("CN=ISRG Root X1,O=Internet Security Research Group,C=US", None),
            ("CN=Sockpin Demo Root", None),
            ("", None),
        ] {
            assert_eq!(reader_of(subject).map(|reader| (reader.name, reader.kind)), expected, "{subject}");
        }
    }

    #[test]
    fn each_name_is_in_lower_case_and_finds_itself() {
        for (part, name, kind) in READERS {
            assert_eq!(part, part.to_lowercase());
            assert_eq!(reader_of(part), Some(Reader { name, kind }), "{part}");
        }
        // No root that browsers bring is taken for one of them.
        for der in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
            let subject = crate::certificate::Certificate::from_der(der).unwrap().describe().subject.unwrap();
            assert_eq!(reader_of(&subject), None, "{subject}");
        }
    }
}
