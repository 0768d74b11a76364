//! The reports that wait to be sent to a collector, and those that are not sent again.
//!
//! - At most one a day is sent to a collector about the same host, chain and reason: [`ReportQueue::is_known`].
//! - One that could not be sent is tried again after a minute, and then after longer and longer: `WAITS_MS`. After
//!   [`REPORT_KEPT_MS`] it is dropped.
//! - [`MAX_WAITING_REPORTS`] of each layer wait at most, and [`MAX_WAITING_REPORT_BYTES`]. What waits stays, and a further one is not
//!   taken: a page that breaks a rule again and again must not push out what came before.
//! - What has failed least goes first, so that what is new does not wait behind all that a dead collector has not taken.
//!
//! All of it is lines of text, with tabs between the fields of each; what cannot be read is passed over.

use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::fields::{self, Line};
use crate::host::UrlHostParser;
use crate::limits::{
    MAX_KNOWN_REPORTS, MAX_WAITING_REPORT_BYTES, MAX_WAITING_REPORTS, REPORT_INTERVAL_MS, REPORT_KEPT_MS,
};
use crate::policy::Layer;
use crate::report::rfc7469;
use crate::rule::ReportUri;
use crate::time::UnixMillis;
use crate::violation::{ChainDigest, Violation};

/// The key in `storage.local` of the text of [`ReportQueue`].
pub const REPORTS: &str = "reports-1";

/// What is told once a day: the same for the same collector, host, chain and reason.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReportKey(String);

impl ReportKey {
    /// The key of a violation, as it is told to this collector.
    #[must_use]
    pub fn of(violation: &Violation, collector: &ReportUri) -> Self {
        let chain = violation.chain_digest.as_ref().map_or("", ChainDigest::as_str);
        let mut told = Sha256::new();
        // None of them has a line end in it.
        for part in [collector.as_str(), &violation.host, chain, &to_json(&violation.reason)] {
            told.update(part);
            told.update("\n");
        }
        Self(URL_SAFE_NO_PAD.encode(told.finalize()))
    }
}

/// A report, and by whose wish it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What it tells.
    pub key: ReportKey,
    /// Where the rule that was violated comes from.
    pub layer: Layer,
    /// The rule's identifier.
    pub rule: String,
    /// To whom it is sent.
    pub collector: Arc<ReportUri>,
    /// The JSON that is sent.
    pub body: String,
}

impl Report {
    /// The report of a violation; none where no rule was violated.
    #[must_use]
    pub fn of(violation: &Violation, collector: Arc<ReportUri>) -> Option<Self> {
        let rule = violation.rule.as_ref()?;
        let body = rfc7469::report(violation, &violation.certificates, violation.time)?;
        Some(Self {
            key: ReportKey::of(violation, &collector),
            layer: rule.layer,
            rule: rule.id.clone(),
            collector,
            body,
        })
    }
}

/// A report that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Which.
    pub report: Arc<Report>,
    made: UnixMillis,
    /// When it is to be tried.
    due: UnixMillis,
    /// How often that has failed.
    failures: usize,
}

/// All that is kept of reports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportQueue {
    waiting: Vec<Waiting>,
    /// What was told, and when; the latest last.
    told: Vec<(ReportKey, UnixMillis)>,
}

impl ReportQueue {
    /// Whether this has been told within a day, or is about to be.
    #[must_use]
    pub fn is_known(&self, key: &ReportKey, now: UnixMillis) -> bool {
        self.waiting.iter().any(|waiting| waiting.report.key == *key)
            || self.told.iter().any(|(told, time)| told == key && is_within(*time, now, REPORT_INTERVAL_MS))
    }

    /// Takes a report to be sent now. Whether there was room for it, and it was not known yet.
    pub fn add(&mut self, report: Report, now: UnixMillis) -> bool {
        self.forget_old(now);
        let of_layer = self.waiting.iter().filter(|waiting| waiting.report.layer == report.layer);
        let (count, bytes) = of_layer.fold((0, report.body.len()), |(count, bytes), waiting| {
            (count + 1, bytes.saturating_add(waiting.report.body.len()))
        });
        let has_room = count < MAX_WAITING_REPORTS && bytes <= MAX_WAITING_REPORT_BYTES;
        if !has_room || self.is_known(&report.key, now) {
            return false;
        }
        self.waiting.push(Waiting { report: Arc::new(report), made: now, due: now, failures: 0 });
        true
    }

    /// Of those that are to be tried by now the one that has failed least, and of these the first.
    #[must_use]
    pub fn due(&self, now: UnixMillis) -> Option<&Arc<Report>> {
        let due = self.waiting.iter().filter(|waiting| waiting.due <= now);
        due.min_by_key(|waiting| waiting.failures).map(|waiting| &waiting.report)
    }

    /// When the next is to be tried; none where none waits.
    #[must_use]
    pub fn next_due(&self) -> Option<UnixMillis> {
        self.waiting.iter().map(|waiting| waiting.due).min()
    }

    /// The collector has taken it.
    pub fn sent(&mut self, key: &ReportKey, now: UnixMillis) {
        self.drop(key);
        self.told.push((key.clone(), now));
        self.forget_old(now);
    }

    /// Nobody wants it sent any more.
    pub fn drop(&mut self, key: &ReportKey) {
        self.waiting.retain(|waiting| waiting.report.key != *key);
    }

    /// It could not be sent.
    pub fn failed(&mut self, key: &ReportKey, now: UnixMillis) {
        for waiting in self.waiting.iter_mut().filter(|waiting| waiting.report.key == *key) {
            let wait = WAITS_MS.get(waiting.failures).or(WAITS_MS.last()).copied().unwrap_or_default();
            waiting.failures = waiting.failures.saturating_add(1);
            waiting.due = UnixMillis::new(now.as_millis().saturating_add(wait));
        }
        self.forget_old(now);
    }

    /// A clock that was set back makes nothing wait for longer than it would have.
    fn forget_old(&mut self, now: UnixMillis) {
        self.waiting.retain(|waiting| is_within(waiting.made, now, REPORT_KEPT_MS));
        self.told.retain(|(_, time)| is_within(*time, now, REPORT_INTERVAL_MS));
        let surplus = self.told.len().saturating_sub(MAX_KNOWN_REPORTS);
        self.told.drain(..surplus);
    }

    /// As it is stored.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for Waiting { report, made, due, failures } in &self.waiting {
            let Report { key, layer, rule, collector, body } = &**report;
            let (made, due, collector, rule) = (made.as_millis(), due.as_millis(), collector.as_str(), to_json(rule));
            let layer = if *layer == Layer::Managed { MANAGED } else { USER };
            // Neither JSON nor an address has a tab or a line end in it. Writing to a String cannot fail.
            let _ =
                writeln!(text, "{WAITS}\t{}\t{made}\t{due}\t{failures}\t{layer}\t{rule}\t{collector}\t{body}", key.0);
        }
        for (key, time) in &self.told {
            let _ = writeln!(text, "{TOLD}\t{}\t{}", key.0, time.as_millis());
        }
        text
    }

    /// Reads what was stored.
    #[must_use]
    pub fn from_text(text: &str, url_host: UrlHostParser<'_>) -> Self {
        let mut queue = Self::default();
        for line in text.lines() {
            // Where a line is none of these, nothing is added.
            let _ = queue.add_line(&mut Line::new(line, '\t'), url_host);
        }
        queue
    }

    fn add_line(&mut self, line: &mut Line<'_>, url_host: UrlHostParser<'_>) -> Option<()> {
        let (kind, key) = (line.text()?, ReportKey(line.text()?.to_owned()));
        let time = line.time()?;
        if kind == TOLD {
            self.told.push((key, time));
            return Some(());
        }
        let (due, failures) = (line.time()?, line.number()?);
        let layer = if line.text()? == MANAGED { Layer::Managed } else { Layer::User };
        let rule = fields::read(line.text()?).ok()?;
        let collector = Arc::new(ReportUri::parse(line.text()?, url_host).ok()?);
        let report = Arc::new(Report { key, layer, rule, collector, body: line.text()?.to_owned() });
        self.waiting.push(Waiting { report, made: time, due, failures });
        Some(())
    }
}

/// What is written has a form in JSON.
fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn is_within(time: UnixMillis, now: UnixMillis, span: u64) -> bool {
    time.as_millis().abs_diff(now.as_millis()) < span
}

const MANAGED: &str = "managed";
const USER: &str = "user";
const WAITS: &str = "waits";
const TOLD: &str = "told";

/// After each failure, in milliseconds: a minute, five, half an hour, two hours, six, and from then on every twelve.
const WAITS_MS: [u64; 6] = [60_000, 300_000, 1_800_000, 7_200_000, 21_600_000, 43_200_000];
