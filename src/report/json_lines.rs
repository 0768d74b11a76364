//! The log as JSON lines, for programs that watch over many browsers: one flat object a line, the newest first.
//!
//! Every line has every field of its event; what is not known is `null` or an empty list. A name, once given, keeps its meaning;
//! new fields may come. `README.md` has the table.

use serde::Serialize;

use crate::certificate::Certificate;
use crate::log::{Entry, Line};
use crate::overruling::Overruled;
use crate::pause::{PauseEntry, PauseEvent};
use crate::policy::Layer;
use crate::preflight::ProbeFailure;
use crate::rule::{LabelledPin, MatchScope, Mode};
use crate::verdict::{Outcome, Reason};
use crate::violation::{ChainDigest, ChainEntry, Stage};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ViolationLine<'a> {
    event: &'static str,
    time: Option<String>,
    first_time: Option<String>,
    count: u64,
    host: &'a str,
    port: Option<u16>,
    outcome: Outcome,
    reason: Reason,
    stage: Stage,
    paused: bool,
    exception: bool,
    overruled: Option<Overruled>,
    preflight_failure: Option<ProbeFailure>,
    pages: Vec<Option<&'a str>>,
    further_pages_count: u64,
    rule_id: Option<&'a str>,
    rule_layer: Option<Layer>,
    rule_host: Option<&'a str>,
    rule_mode: Option<Mode>,
    rule_match: Option<MatchScope>,
    rule_expires: Option<String>,
    rule_expired: Option<bool>,
    rule_pins: Vec<String>,
    rule_denied: Vec<String>,
    matched_pin: Option<String>,
    chain_digest: Option<&'a ChainDigest>,
    chain_pins: Vec<Option<String>>,
    chain_subjects: Vec<Option<String>>,
    root_is_built_in: Option<bool>,
}

#[derive(Serialize)]
struct PauseLine {
    event: &'static str,
    time: Option<String>,
    pause: PauseEvent,
}

/// A line of the log as a line of text, without its end. `certificates` is the DER of its chain, where that is stored.
///
/// # Errors
/// None that is known of: every part has a form in JSON.
pub fn json_line(line: &Line, certificates: &[Vec<u8>]) -> Result<String, serde_json::Error> {
    match line {
        Line::Violation(entry) => of_violation(entry, certificates),
        Line::Pause(PauseEntry { time, pause, .. }) => {
            serde_json::to_string(&PauseLine { event: "pause", time: time.to_rfc3339(), pause: *pause })
        }
    }
}

fn of_violation(entry: &Entry, certificates: &[Vec<u8>]) -> Result<String, serde_json::Error> {
    let Entry { tally, violation, .. } = entry;
    let rule = violation.rule.as_ref();
    let texts = |pins: &[LabelledPin]| pins.iter().map(|pin| pin.sha256.to_string()).collect();
    let subject = |(index, shown): (usize, &ChainEntry)| match (&shown.description, certificates.get(index)) {
        (Some(description), _) => description.subject.clone(),
        (None, Some(der)) => Certificate::from_der(der).ok()?.describe().subject,
        (None, None) => None,
    };
    serde_json::to_string(&ViolationLine {
        event: "violation",
        time: tally.last.to_rfc3339(),
        first_time: tally.first.to_rfc3339(),
        count: tally.count,
        host: &violation.host,
        port: violation.port,
        outcome: violation.outcome,
        reason: violation.reason,
        stage: violation.stage,
        paused: violation.paused,
        exception: violation.exception,
        overruled: violation.overruled,
        preflight_failure: violation.probe_failure,
        pages: tally.pages.iter().map(|opened| opened.page.as_deref()).collect(),
        further_pages_count: tally.elsewhere,
        rule_id: rule.map(|rule| rule.id.as_str()),
        rule_layer: rule.map(|rule| rule.layer),
        rule_host: rule.map(|rule| rule.host.as_str()),
        rule_mode: rule.map(|rule| rule.mode),
        rule_match: rule.map(|rule| rule.match_scope),
        rule_expires: rule.and_then(|rule| rule.expires).map(|date| date.to_string()),
        rule_expired: rule.map(|rule| rule.expired),
        rule_pins: rule.map(|rule| texts(&rule.pins)).unwrap_or_default(),
        rule_denied: rule.map(|rule| texts(&rule.denied)).unwrap_or_default(),
        matched_pin: violation.matched.as_ref().map(|matched| matched.sha256.to_string()),
        chain_digest: violation.chain_digest.as_ref(),
        chain_pins: violation.chain.iter().map(|entry| entry.sha256.map(|pin| pin.to_string())).collect(),
        chain_subjects: violation.chain.iter().enumerate().map(subject).collect(),
        root_is_built_in: violation.chain.last().and_then(|root| root.built_in_root),
    })
}
