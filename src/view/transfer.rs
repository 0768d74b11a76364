//! Import and export: what a file was taken for, what would become of each of its rules, and what a format does not say.

use super::error::sentence;
use super::foreign::foreign;
use super::notice::{Notice, NoticeKind, Tag, Tone};
use super::source::{Source, names_its_line};
use super::text::{Argument, Text, plural, present, text};
use crate::error::name_of_file;
use crate::formats::export::{Export, Loss, Lost};
use crate::formats::{Format, LeftOut};
use crate::import_plan::{Conflict, Counts, Item, ItemFinding, ItemOutcome, Laxity, Taking};
use crate::time::UnixMillis;

/// What a source was taken for.
#[must_use]
pub fn recognised(source: &Source, format: Format) -> Text {
    let format = match format {
        Format::Sockpin => text!("format_sockpin"),
        Format::AndroidNetworkSecurityConfig => text!("format_android"),
        Format::TrustKit => text!("format_trust_kit"),
        Format::AppTransportSecurity => text!("format_app_transport"),
        Format::ChromiumJson => text!("format_chromium_json"),
        Format::ChromiumPins => text!("format_chromium_pins"),
        Format::Hpkp => text!("format_hpkp"),
        Format::OkHttp => text!("format_ok_http"),
        Format::ApacheHttpClient => text!("format_apache"),
        Format::Tlsa => text!("format_tlsa"),
        Format::Curl => text!("format_curl"),
        Format::OkHttpFailure => text!("format_ok_http_failure"),
        Format::PinList => text!("format_pin_list"),
        Format::Der => text!("format_der"),
        Format::Pem => text!("format_pem"),
        Format::Pkcs7 => text!("format_pkcs7"),
        Format::Base64 => text!("format_base64"),
    };
    match source {
        Source::File(name) => text!("import_recognised_file", file = name_of_file(name), format = format),
        Source::Pasted => text!("import_recognised_pasted", format = format),
        Source::Dropped => text!("import_recognised_dropped", format = format),
    }
}

/// What is done with a rule of the file.
#[must_use]
pub fn outcome(item: &Item, conflict: Conflict) -> Tag {
    match item.outcome(conflict) {
        ItemOutcome::Add if item.taking().is_some() => Tag::new(text!("import_outcome_add"), Tone::Warning),
        ItemOutcome::Add => Tag::new(text!("import_outcome_add"), Tone::Good),
        ItemOutcome::Replace => Tag::new(text!("import_outcome_replace"), Tone::Warning),
        ItemOutcome::AddPins => Tag::new(text!("import_outcome_add_pins"), Tone::Warning),
        ItemOutcome::Keep => Tag::new(text!("import_outcome_keep"), Tone::Neutral),
        ItemOutcome::Same => Tag::new(text!("import_outcome_same"), Tone::Neutral),
        ItemOutcome::Repeated => Tag::new(text!("import_outcome_repeated"), Tone::Neutral),
        ItemOutcome::HostMissing => Tag::new(text!("import_outcome_host_missing"), Tone::Warning),
        ItemOutcome::Unusable => Tag::new(text!("import_outcome_unusable"), Tone::Bad),
    }
}

/// Why something is done with a rule, where the tag does not say it; and to whom its violations are told from then on.
#[must_use]
pub fn reasons(item: &Item, conflict: Conflict) -> Vec<Notice> {
    let mut reasons = why(item, conflict);
    reasons.extend(collector(item, conflict));
    reasons
}

fn why(item: &Item, conflict: Conflict) -> Vec<Notice> {
    match &item.finding {
        ItemFinding::Unusable(errors) => errors.iter().map(|error| Notice::from(&error.error)).collect(),
        ItemFinding::New(Some(taking)) => vec![taken(taking)],
        ItemFinding::HostMissing => {
            vec![Notice::new(NoticeKind::Warning, "host-missing", text!("import_host_missing"))]
        }
        ItemFinding::Differs { with_pins: Err(why), .. } if item.chosen.unwrap_or(conflict) == Conflict::AddPins => {
            let sentences = vec![text!("import_pins_not_added"), sentence(why)];
            vec![Notice::new(NoticeKind::Warning, why.code(), Text::Sentences(sentences))]
        }
        _ => Vec::new(),
    }
}

fn taken(taking: &Taking) -> Notice {
    let (hosts, from) = (foreign(&taking.hosts), foreign(&taking.from.to_string()));
    let text = match taking.laxity {
        Laxity::Blocking => text!("import_takes_blocking", hosts = hosts, pattern = from),
        Laxity::Accepting => text!("import_takes_accepting", hosts = hosts, pattern = from),
    };
    Notice::new(NoticeKind::Warning, "takes-hosts", text)
}

/// Whoever gets reports learns which hosts are used, and with which certificates: a new address is warned of.
fn collector(item: &Item, conflict: Conflict) -> Option<Notice> {
    let (kind, text) = match item.collectors(conflict) {
        (before, after) if before == after => return None,
        (None, Some(uri)) => (NoticeKind::Warning, text!("import_reports", uri = uri)),
        (Some(before), Some(uri)) => (NoticeKind::Warning, text!("import_reports_instead", before = before, uri = uri)),
        (Some(uri), None) => (NoticeKind::Note, text!("import_reports_no_longer", uri = uri)),
        (None, None) => return None,
    };
    Some(Notice::new(kind, "collector", text))
}

/// That rules of the file bring addresses to which violations are told.
#[must_use]
pub fn collectors(counts: &Counts) -> Option<Notice> {
    let text = || plural!("import_collectors", counts.collectors);
    (counts.collectors > 0).then(|| Notice::new(NoticeKind::Warning, "collectors", text()))
}

/// That rules of the file take hosts from rules that block.
#[must_use]
pub fn takings(counts: &Counts) -> Option<Notice> {
    let text = || plural!("import_takings", counts.takings);
    (counts.takings > 0).then(|| Notice::new(NoticeKind::Warning, "takings", text()))
}

/// How many pins a rule of the file has.
#[must_use]
pub fn pins(item: &Item) -> Text {
    plural!("import_pins", item.rule.pins.len().saturating_add(item.rule.denied.len()))
}

/// The name of a rule whose file has no host.
#[must_use]
pub fn nameless() -> Text {
    text!("import_nameless")
}

/// What an import would do, in numbers.
#[must_use]
pub fn counts(counts: &Counts, left_out: usize) -> Text {
    let of = |count: usize, say: fn(usize) -> Text| (count > 0).then(|| say(count));
    let sentences = present(vec![
        of(counts.added, |count| plural!("import_count_added", count)),
        of(counts.changed, |count| plural!("import_count_changed", count)),
        of(counts.kept, |count| plural!("import_count_kept", count)),
        of(counts.same, |count| plural!("import_count_same", count)),
        of(counts.repeated, |count| plural!("import_count_repeated", count)),
        of(counts.host_missing, |count| plural!("import_count_host_missing", count)),
        of(counts.unusable, |count| plural!("import_count_unusable", count)),
        of(left_out, |count| plural!("import_count_left_out", count)),
    ]);
    if sentences.is_empty() { text!("import_count_none") } else { Text::Sentences(sentences) }
}

/// How far the preview is.
#[must_use]
pub fn progress(looked_at: usize, all: usize) -> Text {
    text!("import_progress", done = looked_at, all = all)
}

/// A part that is not taken over as it is, and why.
#[must_use]
pub fn left_out(source: &Source, part: &LeftOut) -> Text {
    let line = part.line.filter(|_| !names_its_line(&part.why));
    let place = match (source.file().map(name_of_file), line) {
        (Some(file), Some(line)) => text!("import_part_file_line", file = file, line = line),
        (Some(file), None) => text!("import_part_file", file = file),
        (None, Some(line)) => text!("import_part_line", line = line),
        (None, None) => text!("import_part"),
    };
    Text::Sentences(vec![place, sentence(&part.why)])
}

/// The import is made.
#[must_use]
pub fn done(counts: &Counts) -> Text {
    let added = (counts.added > 0).then(|| plural!("import_done_added", counts.added));
    let changed = (counts.changed > 0).then(|| plural!("import_done_changed", counts.changed));
    Text::Sentences(present(vec![added, changed]))
}

/// What is asked about a link to a file on this host.
#[must_use]
pub fn link(host: &str) -> Text {
    text!("import_link_about", host = host)
}

/// The file is asked for.
#[must_use]
pub fn link_reading() -> Notice {
    Notice::new(NoticeKind::Note, "link-reading", text!("import_link_reading"))
}

/// A link that is not followed.
#[must_use]
pub fn link_refused() -> Notice {
    Notice::new(NoticeKind::Error, "link-refused", text!("import_link_refused"))
}

/// One rule keeps the whole from being stored.
#[must_use]
pub fn rule_refused(host: &str, why: Text) -> Text {
    text!("import_rule_refused", host = foreign(host), why = why)
}

/// The import is taken back.
#[must_use]
pub fn undone() -> Text {
    text!("import_undone")
}

/// What is exported, where it is not all.
#[must_use]
pub fn selected(count: usize) -> Text {
    plural!("export_which_selected", count)
}

/// A file has been handed to the browser.
#[must_use]
pub fn exported(export: &Export) -> Text {
    plural!("export_done", export.rules)
}

/// How much of the rules a format does not say.
#[must_use]
pub fn losses(losses: &[Loss]) -> Text {
    match losses.len() {
        0 => text!("export_lossless"),
        count => plural!("export_losses", count),
    }
}

/// What of a rule is not in the file.
#[must_use]
pub fn loss(loss: &Loss) -> Text {
    match loss.lost {
        Lost::RuleOfWildcard => text!("export_lost_rule_of_wildcard"),
        Lost::RuleOfPort => text!("export_lost_rule_of_port"),
        Lost::RuleOfAddress => text!("export_lost_rule_of_address"),
        Lost::RuleOff => text!("export_lost_rule_off"),
        Lost::RuleWithoutPins => text!("export_lost_rule_without_pins"),
        Lost::RuleOfSameName => text!("export_lost_rule_of_same_name"),
        Lost::EveryPort => text!("export_lost_every_port"),
        Lost::Host => text!("export_lost_host"),
        Lost::Flag => text!("export_lost_flag"),
        Lost::Leaf => text!("export_lost_leaf"),
        Lost::Chain => text!("export_lost_chain"),
        Lost::ServersOwn => text!("export_lost_servers_own"),
        Lost::WiderPins => text!("export_lost_wider_pins"),
        Lost::Denied => text!("export_lost_denied"),
        Lost::Expires => text!("export_lost_expires"),
        Lost::LocalRoots => text!("export_lost_local_roots"),
        Lost::RequireCt => text!("export_lost_require_ct"),
        Lost::Preflight => text!("export_lost_preflight"),
        Lost::BackupPin => text!("export_lost_backup_pin"),
        Lost::ReportUri => text!("export_lost_report_uri"),
        Lost::Words => text!("export_lost_words"),
    }
}

/// A policy that was set aside as unreadable on that day.
#[must_use]
pub fn set_aside(time: UnixMillis) -> Text {
    text!("export_set_aside", time = Argument::Time(time))
}

/// The name of its file.
#[must_use]
pub fn set_aside_file(time: UnixMillis) -> String {
    format!("sockpin-policy-{}.json", time.as_millis())
}
