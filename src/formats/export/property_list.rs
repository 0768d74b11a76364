//! Apple's property lists: [`TrustKit`](https://github.com/datatheorem/TrustKit)'s configuration, and
//! [`NSPinnedDomains`](https://developer.apple.com/documentation/bundleresources/information-property-list/nsapptransportsecurity/nspinneddomains).

use std::collections::HashSet;

use crate::host::{Host, PatternScope};
use crate::rule::{MatchScope, Mode, Rule};

pub(super) fn trust_kit(rules: &[&Rule]) -> String {
    let mut list = List::new();
    list.open("TSKPinnedDomains");
    for rule in rules {
        list.open(&rule.host().base().to_string());
        list.truth("TSKIncludeSubdomains", rule.host().scope() == PatternScope::Subtree);
        if rule.mode() == Mode::Off {
            list.truth("TSKExcludeSubdomainFromParentPolicy", true);
        } else {
            list.truth("TSKEnforcePinning", rule.mode() == Mode::Block);
            if let Some(date) = rule.expires() {
                list.text("TSKExpirationDate", &date.to_string());
            }
            list.begin("TSKPublicKeyHashes", "array");
            for pin in rule.pins() {
                list.line(&format!("<string>{}</string>", pin.sha256.to_base64()));
            }
            list.end("array");
        }
        list.end("dict");
    }
    list.end("dict");
    list.finish()
}

pub(super) fn app_transport(rules: &[&Rule], folded: &HashSet<&str>) -> String {
    let bases: HashSet<&Host> =
        rules.iter().filter(|rule| folded.contains(rule.id())).map(|rule| rule.host().base()).collect();
    let mut list = List::new();
    list.open("NSPinnedDomains");
    for rule in rules.iter().filter(|rule| !folded.contains(rule.id())) {
        list.open(&rule.host().base().to_string());
        list.truth("NSIncludesSubdomains", bases.contains(rule.host().base()));
        let kind = match rule.match_scope() {
            MatchScope::Leaf => "NSPinnedLeafIdentities",
            MatchScope::Chain => "NSPinnedCAIdentities",
        };
        list.begin(kind, "array");
        for pin in rule.pins() {
            list.line("<dict>");
            list.line(&format!("    <key>SPKI-SHA256-BASE64</key><string>{}</string>", pin.sha256.to_base64()));
            list.line("</dict>");
        }
        list.end("array");
        list.end("dict");
    }
    list.end("dict");
    list.finish()
}

/// A property list that is being written: a dictionary.
struct List {
    xml: String,
    depth: usize,
}

impl List {
    fn new() -> Self {
        let mut list = Self { xml: String::new(), depth: 0 };
        list.line("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
        list.line("<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">");
        list.line("<plist version=\"1.0\">");
        list.line("<dict>");
        list.depth = 1;
        list
    }

    fn line(&mut self, line: &str) {
        self.xml.extend(std::iter::repeat_n("    ", self.depth).chain([line, "\n"]));
    }

    fn open(&mut self, key: &str) {
        self.begin(key, "dict");
    }

    fn begin(&mut self, key: &str, kind: &str) {
        self.line(&format!("<key>{key}</key>"));
        self.line(&format!("<{kind}>"));
        self.depth += 1;
    }

    fn end(&mut self, kind: &str) {
        self.depth -= 1;
        self.line(&format!("</{kind}>"));
    }

    fn truth(&mut self, key: &str, truth: bool) {
        self.line(&format!("<key>{key}</key><{truth}/>"));
    }

    fn text(&mut self, key: &str, text: &str) {
        self.line(&format!("<key>{key}</key><string>{text}</string>"));
    }

    fn finish(mut self) -> String {
        self.end("dict");
        self.line("</plist>");
        self.xml
    }
}
