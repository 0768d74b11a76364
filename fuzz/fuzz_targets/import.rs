//! A file of pins: whatever is read out of it can be stored, and written in every format; from Sockpin's own the same comes back.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sockpin::formats::export::{ExportFormat, export};
use sockpin::formats::{chain, import, inspect, pasted};
use sockpin::import_plan::Plan;
use sockpin::policy::Policy;
use sockpin::rule::RuleDocument;
use sockpin_fuzz::{NOW, check_storing, url_host};

fuzz_target!(|file: &[u8]| {
    let policy = imported(file);
    check_storing(&policy);
    if !policy.rules().is_empty() {
        let rules = || policy.rules().iter().map(AsRef::as_ref);
        for format in ExportFormat::ALL {
            let written = export(format, rules(), NOW);
            if format == ExportFormat::Sockpin {
                let again = imported(written.text.as_bytes());
                assert_eq!(bare(&again), bare(&policy));
            } else if written.rules > 0 {
                let readings = import(&[written.text.as_bytes()]);
                assert!(readings.iter().all(Result::is_ok), "{format:?} is not read again:\n{}", written.text);
            }
        }
    }
    let _ = inspect(file);
    let _ = chain(file);
    if let Ok(text) = str::from_utf8(file) {
        let _ = pasted(text);
    }
});

/// What comes of it where there is no rule yet.
fn imported(file: &[u8]) -> Policy {
    let stored = Policy::default();
    let rules = import(&[file]).into_iter().flatten().flat_map(|reading| reading.rules);
    let mut plan = Plan::of(rules.collect());
    plan.advance(usize::MAX, &stored, NOW, &url_host);
    for place in 0..plan.items().len() {
        if plan.items()[place].asks_for_host() {
            plan.set_host(place, "given.example", &stored, NOW, &url_host);
        }
    }
    let (changes, undo) = plan.changes(&stored, UNIQUE);
    let (policy, ..) =
        stored.changed(&changes.save, &changes.delete, NOW, &url_host).expect("what is offered is valid");
    let undone = undo.changes(&policy);
    let (before, ..) = policy.changed(&undone.save, &undone.delete, NOW, &url_host).expect("it can be undone");
    assert!(before.rules().is_empty());
    policy
}

/// What is in no id of any file.
const UNIQUE: &str = "0d8cfe6c-6c0d-4ac6-a9a5-2f4f8a3c7f10";

/// Without what every import makes anew; sorted.
fn bare(policy: &Policy) -> Vec<RuleDocument> {
    let bare = |rule: &_| RuleDocument { id: None, created: None, updated: None, ..RuleDocument::from(rule) };
    let mut rules: Vec<_> = policy.rules().iter().map(|rule| bare(rule.as_ref())).collect();
    rules.sort_by(|one, other| one.host.cmp(&other.host));
    rules
}
