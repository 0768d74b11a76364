//! To whom a violation is reported, and when nobody may be told.

use std::sync::Arc;

use super::Engine;
use crate::connection::{Connection, Scheme, Target};
use crate::engine::decision::judge_without_facts;
use crate::policy::{Layer, Layers};
use crate::preflight::{Probe, ProbeAnswer};
use crate::report::queue::Report;
use crate::report::rfc7469::is_about_certificates;
use crate::rule::ReportUri;
use crate::time::UnixMillis;
use crate::verdict::{Verdict, judge};
use crate::violation::Violation;

/// What is to be known before a report is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BeforeReport {
    /// Nothing.
    Nothing,
    /// A rule is for the collector's own host: whether its pins hold there now. Send this, then ask [`Engine::may_be_told`].
    Pins(Probe),
    /// Nothing can be known: the rules cannot be read.
    Wait,
    /// The rule names that collector no longer.
    Drop,
}

impl Engine {
    /// Where a violation is reported: where its rule says, else where the settings of its layer say.
    #[must_use]
    pub fn collector(&self, violation: &Violation) -> Option<Arc<ReportUri>> {
        let rule = violation.rule.as_ref().filter(|_| is_about_certificates(violation.reason))?;
        collector(self.policy.as_ref().ok()?, rule.layer, &rule.id).cloned()
    }

    /// What is to be known before this report is sent.
    #[must_use]
    pub fn before_report(&self, report: &Report, now: UnixMillis) -> BeforeReport {
        let Ok(layers) = &self.policy else {
            return BeforeReport::Wait;
        };
        if collector(layers, report.layer, &report.rule) != Some(&report.collector) {
            return BeforeReport::Drop;
        }
        let (host, port) = (report.collector.host().clone(), report.collector.port());
        match judge_without_facts(layers, Target { scheme: Scheme::Wss, host, port }, now) {
            (Verdict::NotPinned(_), _) => BeforeReport::Nothing,
            (_, Connection { target, .. }) => BeforeReport::Pins(Probe::without_socket(target)),
        }
    }

    /// Whether the pins of a collector's own host hold: a report would tell whoever is in the way what it has been caught at.
    #[must_use]
    pub fn may_be_told(&self, probe: Probe, answer: ProbeAnswer, now: UnixMillis) -> bool {
        match (&self.policy, answer) {
            (Ok(layers), ProbeAnswer::Server(facts)) => {
                let verdict = judge(layers, &Connection { target: probe.target, facts, now });
                !matches!(verdict, Verdict::Violation(_))
            }
            _ => false,
        }
    }
}

fn collector<'a>(layers: &'a Layers, layer: Layer, rule: &str) -> Option<&'a Arc<ReportUri>> {
    let policy = match layer {
        Layer::Managed => layers.managed.as_ref(),
        Layer::User => &layers.user,
    };
    policy.rule(rule)?.report_uri().or(policy.settings().report_uri.as_ref())
}
