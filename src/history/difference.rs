//! What differs between a rule and what it has become.

use crate::rule::{LocalRoots, MatchScope, Mode, PinDocument, Preflight, RuleDocument};

/// A difference, with what there was and what there is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each says what it is about")]
pub enum Difference {
    Host(String, String),
    Mode(Mode, Mode),
    PinAdded(PinDocument),
    PinRemoved(PinDocument),
    DeniedAdded(PinDocument),
    DeniedRemoved(PinDocument),
    /// The same keys, called otherwise or in another order.
    Labels,
    Match(MatchScope),
    Expires(Option<String>),
    LocalRoots(LocalRoots),
    RequireCt(bool),
    Preflight(Preflight),
    Note,
    ReportUri(Option<String>),
}

/// Everything that differs, but for the times.
#[must_use]
pub fn differences(before: &RuleDocument, after: &RuleDocument) -> Vec<Difference> {
    let mut found = Vec::new();
    if before.host != after.host {
        found.push(Difference::Host(before.host.clone(), after.host.clone()));
    }
    if before.mode != after.mode {
        found.push(Difference::Mode(before.mode, after.mode));
    }
    found.extend(missing(&after.pins, &before.pins).map(Difference::PinAdded));
    found.extend(missing(&before.pins, &after.pins).map(Difference::PinRemoved));
    found.extend(missing(&after.denied, &before.denied).map(Difference::DeniedAdded));
    found.extend(missing(&before.denied, &after.denied).map(Difference::DeniedRemoved));
    if found.is_empty() && (&before.pins, &before.denied) != (&after.pins, &after.denied) {
        found.push(Difference::Labels);
    }
    if before.match_scope != after.match_scope {
        found.push(Difference::Match(after.match_scope));
    }
    if before.expires != after.expires {
        found.push(Difference::Expires(after.expires.clone()));
    }
    if before.local_roots != after.local_roots {
        found.push(Difference::LocalRoots(after.local_roots));
    }
    if before.require_ct != after.require_ct {
        found.push(Difference::RequireCt(after.require_ct));
    }
    if before.preflight != after.preflight {
        found.push(Difference::Preflight(after.preflight));
    }
    if before.note != after.note {
        found.push(Difference::Note);
    }
    if before.report_uri != after.report_uri {
        found.push(Difference::ReportUri(after.report_uri.clone()));
    }
    found
}

/// The keys of a list that the other one has not.
fn missing<'a>(of: &'a [PinDocument], other: &'a [PinDocument]) -> impl Iterator<Item = PinDocument> + 'a {
    of.iter().filter(|key| !other.iter().any(|known| known.sha256 == key.sha256)).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(sha256: &str, label: &str) -> PinDocument {
        PinDocument { sha256: sha256.to_owned(), label: label.to_owned() }
    }

    #[test]
    fn each_difference_is_told_by_itself() {
        let before = RuleDocument {
            host: "a.test".to_owned(),
            pins: vec![pin("one", "One"), pin("two", "Two")],
            ..RuleDocument::default()
        };
        let with = |change: fn(&mut RuleDocument)| {
            let mut after = before.clone();
            change(&mut after);
            differences(&before, &after)
        };
        for (found, expected) in [
            (with(|_| ()), vec![]),
            (with(|rule| rule.updated = Some(crate::time::UnixMillis::new(5))), vec![]),
            (
                with(|rule| rule.host = "b.test".to_owned()),
                vec![Difference::Host("a.test".to_owned(), "b.test".to_owned())],
            ),
            (with(|rule| rule.mode = Mode::Off), vec![Difference::Mode(Mode::Block, Mode::Off)]),
            (
                with(|rule| rule.pins = vec![pin("three", ""), pin("one", "Renamed")]),
                vec![Difference::PinAdded(pin("three", "")), Difference::PinRemoved(pin("two", "Two"))],
            ),
            (with(|rule| rule.pins.reverse()), vec![Difference::Labels]),
            (with(|rule| rule.denied = vec![pin("bad", "")]), vec![Difference::DeniedAdded(pin("bad", ""))]),
            (with(|rule| rule.match_scope = MatchScope::Leaf), vec![Difference::Match(MatchScope::Leaf)]),
            (
                with(|rule| rule.expires = Some("2030-01-01".to_owned())),
                vec![Difference::Expires(Some("2030-01-01".to_owned()))],
            ),
            (with(|rule| rule.local_roots = LocalRoots::Exempt), vec![Difference::LocalRoots(LocalRoots::Exempt)]),
            (with(|rule| rule.require_ct = true), vec![Difference::RequireCt(true)]),
            (with(|rule| rule.preflight = Preflight::Require), vec![Difference::Preflight(Preflight::Require)]),
            (with(|rule| rule.note = "new".to_owned()), vec![Difference::Note]),
            (
                with(|rule| rule.report_uri = Some("https://reports.test/".to_owned())),
                vec![Difference::ReportUri(Some("https://reports.test/".to_owned()))],
            ),
        ] {
            assert_eq!(found, expected);
        }
    }
}
