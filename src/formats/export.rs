//! Rules in the formats of other tools, and in Sockpin's own.
//!
//! | file | writes |
//! |---|---|
//! | `sockpin.rs` | Sockpin's own JSON, all of every rule |
//! | `android.rs`, `property_list.rs` | Android's Network Security Configuration; `TrustKit` and App Transport Security as property lists |
//! | `trust_kit_json.rs` | `TrustKit` as JSON |
//! | `chromium.rs` | Chromium's static pins |
//! | `lines.rs` | a line or a few for each rule: code for `OkHttp` and Apache's `HttpClient`, the `Public-Key-Pins` header, curl, TLSA records |
//!
//! No other format can say all that a rule says. What each can say stands in one table (`Abilities`); a rule of which the hosts
//! cannot be said is not written, for it would be about others, and everything else that is lost is listed rule by rule ([`Loss`]).
//! Nothing that a person has typed gets into such a file but hosts in canonical form, so nothing there has to be escaped.

mod android;
mod chromium;
mod lines;
mod property_list;
mod sockpin;
mod trust_kit_json;

use std::collections::{HashMap, HashSet};

use super::pinner_code::has_wider;
use crate::host::{Host, PatternScope};
use crate::query::Place;
use crate::rule::{LocalRoots, MatchScope, Mode, Preflight, Rule};
use crate::time::UnixMillis;

/// A format to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExportFormat {
    /// Sockpin's own JSON.
    Sockpin,
    /// Android's Network Security Configuration.
    Android,
    /// `TrustKit` for iOS and macOS, as a property list.
    TrustKit,
    /// The same as JSON.
    TrustKitJson,
    /// `NSPinnedDomains` of Apple's App Transport Security.
    AppTransportSecurity,
    /// Chromium's static pins.
    Chromium,
    /// `OkHttp`'s `CertificatePinner`, as Kotlin.
    OkHttp,
    /// The `SpkiPinningClientTlsStrategy` of Apache's `HttpClient`, as Java.
    ApacheHttpClient,
    /// `Public-Key-Pins`, a header for each rule.
    Hpkp,
    /// A command line for each rule.
    Curl,
    /// DNS records.
    Tlsa,
}

/// A file that has been written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// What is in it.
    pub text: String,
    /// How many rules.
    pub rules: usize,
    /// What it does not say, in the order of the rules.
    pub losses: Vec<Loss>,
}

/// What is not in the file of what a rule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// The rule's host pattern.
    pub host: String,
    /// What.
    pub lost: Lost,
}

/// See [`Loss`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lost {
    /// The rule, since the format knows no wildcard of this kind.
    RuleOfWildcard,
    /// The rule, since the format knows no ports.
    RuleOfPort,
    /// The rule, since the format knows no addresses of this kind.
    RuleOfAddress,
    /// The rule, since the format knows no exclusions.
    RuleOff,
    /// The rule, since it has no pins.
    RuleWithoutPins,
    /// The rule, since the format has one entry for a name, and another rule has it.
    RuleOfSameName,
    /// That it is for every port: the file is about 443 alone.
    EveryPort,
    /// The host, which stands beside the pins as a comment only.
    Host,
    /// That a violation is only flagged: there the connection is stopped.
    Flag,
    /// That the server's own key alone counts: there any key of the chain does.
    Leaf,
    /// That any key of the chain counts: there the server's own alone does.
    Chain,
    /// That any key of the chain counts: there those of authorities alone do.
    ServersOwn,
    /// That its pins alone count: there those of a wider rule do as well.
    WiderPins,
    /// The denied keys.
    Denied,
    /// The expiry date.
    Expires,
    /// That local roots are exempt: there they are not.
    LocalRoots,
    /// That Certificate Transparency is required.
    RequireCt,
    /// What is set for the pre-flight.
    Preflight,
    /// The address to which violations are reported.
    ReportUri,
    /// A second pin, without which that tool takes no notice of the rule.
    BackupPin,
    /// What is in it for people to read: labels and note.
    Words,
}

impl Lost {
    /// Whether nothing of the rule is in the file.
    #[must_use]
    pub const fn is_whole_rule(self) -> bool {
        matches!(
            self,
            Self::RuleOfWildcard
                | Self::RuleOfPort
                | Self::RuleOfAddress
                | Self::RuleOff
                | Self::RuleWithoutPins
                | Self::RuleOfSameName
        )
    }
}

impl ExportFormat {
    /// Every format, Sockpin's own first.
    pub const ALL: [Self; 11] = [
        Self::Sockpin,
        Self::Android,
        Self::TrustKit,
        Self::TrustKitJson,
        Self::AppTransportSecurity,
        Self::Chromium,
        Self::OkHttp,
        Self::ApacheHttpClient,
        Self::Hpkp,
        Self::Curl,
        Self::Tlsa,
    ];

    /// Stable name, as in the markup.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().0
    }

    /// The format of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The name for a file of this format.
    #[must_use]
    pub const fn file_name(self) -> &'static str {
        self.row().1
    }

    /// Name, file name, and what it can say.
    const fn row(self) -> (&'static str, &'static str, Abilities) {
        match self {
            Self::Sockpin => ("sockpin", "sockpin-rules.json", ALL),
            Self::Android => ("android", "network_security_config.xml", ANDROID),
            Self::TrustKit => ("trustkit", "TrustKit.plist", TRUST_KIT),
            Self::TrustKitJson => ("trustkit-json", "trustkit.json", TRUST_KIT),
            Self::AppTransportSecurity => ("ats", "NSAppTransportSecurity.plist", APP_TRANSPORT),
            Self::Chromium => ("chromium", "chromium-static-pins.txt", CHROMIUM),
            Self::OkHttp => ("okhttp", "CertificatePinner.kt", OK_HTTP),
            Self::ApacheHttpClient => ("apache", "SpkiPinning.java", APACHE),
            Self::Hpkp => ("hpkp", "public-key-pins.txt", HPKP),
            Self::Curl => ("curl", "curl-pinned.sh", CURL),
            Self::Tlsa => ("tlsa", "tlsa.zone", TLSA),
        }
    }
}

/// Writes these rules, sorted by host.
#[must_use]
pub fn export<'a>(format: ExportFormat, rules: impl IntoIterator<Item = &'a Rule>, now: UnixMillis) -> Export {
    let Sorted { written, losses, pinned_below } = sort_out(format, rules);
    let text = match format {
        ExportFormat::Sockpin => sockpin::write(&written),
        ExportFormat::Android => android::write(&written),
        ExportFormat::TrustKit => property_list::trust_kit(&written),
        ExportFormat::TrustKitJson => trust_kit_json::write(&written),
        ExportFormat::AppTransportSecurity => property_list::app_transport(&written, &pinned_below),
        ExportFormat::Chromium => chromium::write(&written, now),
        ExportFormat::OkHttp => lines::ok_http(&written),
        ExportFormat::ApacheHttpClient => lines::apache(&written),
        ExportFormat::Hpkp => lines::hpkp(&written),
        ExportFormat::Curl => lines::curl(&written),
        ExportFormat::Tlsa => lines::tlsa(&written),
    };
    Export { text, rules: written.len(), losses }
}

/// What such a file would not say, without writing it: a page says so before anybody asks for the file.
#[must_use]
pub fn losses<'a>(format: ExportFormat, rules: impl IntoIterator<Item = &'a Rule>) -> Vec<Loss> {
    match format {
        // All of every rule.
        ExportFormat::Sockpin => Vec::new(),
        format => sort_out(format, rules).losses,
    }
}

/// The rules that are written, by host, and what is lost.
struct Sorted<'a> {
    written: Vec<&'a Rule>,
    losses: Vec<Loss>,
    pinned_below: HashSet<&'a str>,
}

fn sort_out<'a>(format: ExportFormat, rules: impl IntoIterator<Item = &'a Rule>) -> Sorted<'a> {
    let (_, _, abilities) = format.row();
    let mut rules: Vec<_> = rules.into_iter().map(|rule| (rule.host().to_string(), rule)).collect();
    rules.sort_by_cached_key(|(host, rule)| Place::default().text(host).text(rule.id()));
    let mut losses = Vec::new();
    let mut written = Vec::new();
    let mut names = HashSet::new();
    let pinned_below = one_label_twins(&rules);
    let is_written = |pattern: &str| {
        let place = rules.binary_search_by(|(host, _)| host.as_str().cmp(pattern));
        place.is_ok_and(|place| {
            rules.get(place).is_some_and(|(_, rule)| abilities.refuses(rule, &pinned_below).is_none())
        })
    };
    for (host, rule) in &rules {
        let mut lose = |lost| losses.push(Loss { host: host.clone(), lost });
        match abilities.refuses(rule, &pinned_below) {
            Some(why) => lose(why),
            None if abilities.one_entry_a_name && !names.insert(rule.host().base()) => {
                lose(Lost::RuleOfSameName);
            }
            None => {
                abilities.losses(rule).for_each(&mut lose);
                if abilities.adds_wider_pins && has_wider(host, &is_written) {
                    lose(Lost::WiderPins);
                }
                written.push(*rule);
            }
        }
    }
    Sorted { written, losses, pinned_below }
}

/// The JSON schema of [`ExportFormat::Sockpin`].
#[cfg(feature = "schema")]
#[must_use]
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(sockpin::Document)
}

/// What a format can say of a rule.
#[expect(clippy::struct_excessive_bools, reason = "a table of what is there and what is not")]
#[derive(Clone, Copy)]
struct Abilities {
    one_label: OneLabel,
    subtree: bool,
    ports: Ports,
    addresses: Addresses,
    /// A violation that is only flagged.
    flag: bool,
    /// An exclusion.
    off: bool,
    matching: Matching,
    expires: bool,
    local_roots: bool,
    require_ct: bool,
    /// Whether it has the host at all.
    host: bool,
    least_pins: usize,
    /// Whether a name has one entry, for itself or with the names below it.
    one_entry_a_name: bool,
    denied: bool,
    /// Whether the pins of every pattern that matches a host count, not those of the most specific alone.
    adds_wider_pins: bool,
    /// Pre-flight, address for reports, labels, note: nobody else has them.
    everything: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum OneLabel {
    No,
    Yes,
    /// Only together with the name itself, with the same pins.
    WithName,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ports {
    /// Every port alone.
    Every,
    /// One port alone.
    One,
    Both,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Addresses {
    None,
    Ipv4,
    All,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Matching {
    Both,
    Chain,
    Leaf,
    /// The server's own key, or those of authorities.
    LeafOrAuthorities,
}

const ALL: Abilities = Abilities {
    one_label: OneLabel::Yes,
    subtree: true,
    ports: Ports::Both,
    addresses: Addresses::All,
    flag: true,
    off: true,
    matching: Matching::Both,
    expires: true,
    local_roots: true,
    require_ct: true,
    host: true,
    least_pins: 0,
    one_entry_a_name: false,
    denied: true,
    adds_wider_pins: false,
    everything: true,
};

/// What most of them can say: a name, and pins for any key of the chain.
const LEAST: Abilities = Abilities {
    one_label: OneLabel::No,
    subtree: false,
    ports: Ports::Every,
    addresses: Addresses::None,
    flag: false,
    off: false,
    matching: Matching::Chain,
    expires: false,
    local_roots: false,
    require_ct: false,
    host: true,
    least_pins: 1,
    one_entry_a_name: false,
    denied: false,
    adds_wider_pins: false,
    everything: false,
};

const ANDROID: Abilities = Abilities {
    subtree: true,
    addresses: Addresses::Ipv4,
    off: true,
    expires: true,
    local_roots: true,
    require_ct: true,
    one_entry_a_name: true,
    ..LEAST
};

/// It throws where a host has only one.
const TRUST_KIT: Abilities =
    Abilities { subtree: true, flag: true, off: true, expires: true, least_pins: 2, one_entry_a_name: true, ..LEAST };

const APP_TRANSPORT: Abilities =
    Abilities { one_label: OneLabel::WithName, matching: Matching::LeafOrAuthorities, ..LEAST };

/// An entry must have pins. There may be none in its set, beside those that are denied.
const CHROMIUM: Abilities = Abilities { subtree: true, least_pins: 0, one_entry_a_name: true, denied: true, ..LEAST };

const OK_HTTP: Abilities = Abilities { subtree: true, ..APACHE };

const APACHE: Abilities =
    Abilities { one_label: OneLabel::Yes, addresses: Addresses::Ipv4, adds_wider_pins: true, ..LEAST };

/// RFC 7469 section 2.5: without a backup pin a browser did not note it.
const HPKP: Abilities = Abilities { subtree: true, flag: true, host: false, least_pins: 2, ..LEAST };

const CURL: Abilities = Abilities { ports: Ports::Both, addresses: Addresses::All, matching: Matching::Leaf, ..LEAST };

const TLSA: Abilities = Abilities { ports: Ports::One, matching: Matching::Both, ..LEAST };

impl Abilities {
    /// Why nothing of a rule can be written. `folded` are those that another one has with it.
    fn refuses(&self, rule: &Rule, folded: &HashSet<&str>) -> Option<Lost> {
        let host = rule.host();
        let scope = match host.scope() {
            PatternScope::Exact => true,
            PatternScope::OneLabel => self.one_label == OneLabel::Yes,
            PatternScope::Subtree => self.subtree,
        };
        let is_folded = self.one_label == OneLabel::WithName && folded.contains(rule.id());
        let address = match host.base() {
            Host::Name(_) => true,
            Host::Ipv4(_) => self.addresses != Addresses::None,
            Host::Ipv6(_) => self.addresses == Addresses::All,
        };
        let has_port = host.port().is_none() || self.ports != Ports::Every;
        let checks = [
            (scope || is_folded, Lost::RuleOfWildcard),
            (address, Lost::RuleOfAddress),
            (has_port, Lost::RuleOfPort),
            (rule.mode() != Mode::Off || self.off, Lost::RuleOff),
            (rule.mode() == Mode::Off || !rule.pins().is_empty() || self.denied, Lost::RuleWithoutPins),
        ];
        checks.into_iter().find(|(can, _)| !can).map(|(_, lost)| lost)
    }

    /// What of a rule that is written is not in the file.
    fn losses(&self, rule: &Rule) -> impl Iterator<Item = Lost> {
        let is_judged = rule.mode() != Mode::Off;
        let matching = match (self.matching, rule.match_scope()) {
            (Matching::Chain, MatchScope::Leaf) => Some(Lost::Leaf),
            (Matching::Leaf, MatchScope::Chain) => Some(Lost::Chain),
            (Matching::LeafOrAuthorities, MatchScope::Chain) => Some(Lost::ServersOwn),
            _ => None,
        };
        let own = !self.everything;
        let lost = [
            (!self.host, Lost::Host),
            (self.ports == Ports::One && rule.host().port().is_none(), Lost::EveryPort),
            (!self.flag && rule.mode() == Mode::Flag, Lost::Flag),
            (!self.denied && !rule.denied().is_empty(), Lost::Denied),
            (!self.expires && rule.expires().is_some(), Lost::Expires),
            (!self.local_roots && rule.local_roots() == LocalRoots::Exempt, Lost::LocalRoots),
            (!self.require_ct && rule.require_ct(), Lost::RequireCt),
            (own && rule.preflight() != Preflight::default(), Lost::Preflight),
            (own && rule.report_uri().is_some(), Lost::ReportUri),
            (is_judged && rule.pins().len() < self.least_pins, Lost::BackupPin),
            (own && rule.words().any(|words| !words.is_empty()), Lost::Words),
        ];
        let lost = lost.into_iter().filter(|(is_lost, _)| *is_lost).map(|(_, lost)| lost);
        matching.filter(|_| is_judged).into_iter().chain(lost)
    }
}

/// The ids of rules for one more label that say the same as the rule for the name itself: where a format has the two together, the one
/// of the name stands for both.
fn one_label_twins<'a>(rules: &[(String, &'a Rule)]) -> HashSet<&'a str> {
    let is_plain = |rule: &&Rule| rule.host().port().is_none() && rule.mode() != Mode::Off && !rule.pins().is_empty();
    let pins = |rule: &Rule| rule.pins().iter().map(|pin| pin.sha256).collect::<Vec<_>>();
    let of_scope =
        |scope| rules.iter().map(|(_, rule)| *rule).filter(is_plain).filter(move |rule| rule.host().scope() == scope);
    let names: HashMap<&Host, &Rule> = of_scope(PatternScope::Exact).map(|rule| (rule.host().base(), rule)).collect();
    of_scope(PatternScope::OneLabel)
        .filter(|below| {
            names.get(below.host().base()).is_some_and(|name| {
                name.mode() == below.mode() && name.match_scope() == below.match_scope() && pins(name) == pins(below)
            })
        })
        .map(Rule::id)
        .collect()
}
