//! A rule tried on chains before it is trusted, in words.

use super::notice::{Notice, Tag};
use super::source::{Problem, Source, refused};
use super::text::{Text, text};
use super::{certificate, notice::NoticeKind};
use crate::certificate::Certificate;
use crate::error::name_of_file;
use crate::formats::NoChain;
use crate::policy::Layer;
use crate::rule::{Rule, RuleDocument};
use crate::time::UnixMillis;
use crate::violation::{ChainEntry, RuleSnapshot, mark};

/// The title, with the rule's host.
#[must_use]
pub fn title(rule: &RuleDocument) -> Text {
    match rule.host.trim() {
        "" => text!("tester_title_no_host"),
        host => text!("tester_title", host = host),
    }
}

/// What the button does, for those who do not see the card around it.
#[must_use]
pub fn label(rule: &RuleDocument) -> Text {
    text!("rule_test", host = &rule.host)
}

/// Of a chain out of a file: what the verdict is about.
#[must_use]
pub fn as_if(source: &Source) -> Text {
    match source {
        Source::File(name) => text!("tester_as_if_file", file = name_of_file(name)),
        Source::Pasted | Source::Dropped => text!("tester_as_if_text"),
    }
}

/// What the rule says of the certificate at this place of a chain.
#[must_use]
pub fn certificate_mark(rule: &Rule, place: usize, der: &[u8], now: UnixMillis) -> Tag {
    let key = Certificate::from_der(der).ok().map(|certificate| certificate.pin());
    let entry = ChainEntry { sha256: key, built_in_root: None, mark: mark(Some(rule), place, key), description: None };
    certificate::mark(&entry, Some(&RuleSnapshot::of(Layer::User, rule, now)))
}

/// Why there is no chain in a source.
#[must_use]
pub fn no_chain(source: &Source, why: &NoChain) -> Notice {
    let (code, said) = match why {
        NoChain::Content(error) => return refused(source, &Problem::Content(error.clone())),
        NoChain::NoCertificate => ("no-certificate", text!("tester_no_certificate")),
        NoChain::Several => ("several-chains", text!("tester_several")),
        NoChain::TooLong => ("chain-too-long", text!("tester_too_long")),
    };
    let said = match source.file() {
        Some(file) => text!("source_refused", file = name_of_file(file), why = said),
        None => said,
    };
    Notice::new(NoticeKind::Error, code, said)
}

/// Where several files are chosen: a chain is one.
#[must_use]
pub fn one_file() -> Notice {
    Notice::new(NoticeKind::Error, "several-files", text!("tester_one_file"))
}
