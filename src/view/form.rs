//! A rule while it is being typed: what is wrong, what may be a mistake, and where it is to be said.

use super::error::sentence;
use super::notice::{Notice, NoticeKind};
use super::text::{Text, plural, text};
use super::{rule as rule_view, warning as warning_view};
use crate::error::{Error, Excerpt, HostError, ImportError, ImportPart, PinError, RuleError, TimeError};
use crate::formats::{self, LeftOut};
use crate::host::{HostPattern, UrlHostParser};
use crate::policy::{Layer, Policy};
use crate::rule::{Field, FieldError, PinDocument, RuleDocument, RuleStamp};
use crate::warnings::{self, Surroundings, Warning};

/// Where a notice stands. Rows are counted as they stand in the form, empty ones included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FormPlace {
    /// At a field, or below a list.
    Field(Field),
    /// At one row of a list.
    Row(Field, usize),
}

impl FormPlace {
    /// Beside the button that saves.
    pub const RULE: Self = Self::Field(Field::Id);

    /// Whether it is at one row of a list.
    #[must_use]
    pub const fn is_row(self) -> bool {
        matches!(self, Self::Row(..))
    }
}

/// What the field of a date holds. The browser gives a date that is half typed as none at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DateInput {
    /// A date, or nothing.
    Whole,
    /// A part of a date.
    Partial,
}

/// How a rule that is open in the form stands to the stored ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditState {
    /// It is new, or as it was when it was opened.
    Current,
    /// It has been changed since; this is what is stored.
    Outdated(Box<RuleDocument>),
    /// It has been deleted since.
    Deleted,
}

/// The outcome of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Everything to be said.
    pub notices: Vec<(FormPlace, Notice)>,
    /// The rule without its empty rows, if it can be stored.
    pub rule: Option<RuleDocument>,
}

/// Checks what has been typed so far. `typed` may have rows that are still empty: they are no part of the rule.
/// `stored` are the user's rules that there are.
#[must_use]
pub fn check(
    typed: &RuleDocument,
    expiry: DateInput,
    stored: &Policy,
    url_host: UrlHostParser<'_>,
    around: Surroundings<'_>,
) -> Checked {
    let rule = without_empty_rows(typed);
    let stamp = RuleStamp { id: "new".to_owned(), time: around.now };
    let mut errors = stored.check(&rule, &stamp, url_host).err().unwrap_or_default();
    if expiry == DateInput::Partial {
        errors.push(FieldError::whole(Field::Expires, TimeError::Date { text: String::new() }));
    }
    let mut notices = refusals(&errors, typed);
    let pattern = HostPattern::parse(&rule.host, url_host).ok();
    notices.extend(
        pattern
            .as_ref()
            .and_then(|typed| host_note(&rule.host, &typed.pattern, typed.taken_from_url))
            .map(|note| (FormPlace::Field(Field::Host), note)),
    );
    let warnings = warnings::of(&rule, pattern.as_ref().map(|typed| &typed.pattern), around);
    notices.extend(
        warnings.iter().map(|warning| {
            (place_of(warning, typed), warning_view::notice(warning, rule.mode, Layer::User, around.now))
        }),
    );
    notices.extend(summary(&errors).map(|note| (FormPlace::RULE, note)));
    Checked { rule: errors.is_empty().then_some(rule), notices }
}

/// What the background found wrong, with its places in the form.
#[must_use]
pub fn refusals(errors: &[FieldError], typed: &RuleDocument) -> Vec<(FormPlace, Notice)> {
    errors
        .iter()
        .map(|error| {
            let place = place(error, typed);
            let notice = match (place, &error.error) {
                (FormPlace::Row(list, row), Error::Pin(PinError::Encoding { .. })) => {
                    pem_error(rows(list, typed).get(row))
                }
                _ => None,
            };
            (place, notice.unwrap_or_else(|| Notice::from(&error.error)))
        })
        .collect()
}

/// How the rule in the form stands to the stored ones.
#[must_use]
pub fn edit_state(opened: &RuleDocument, stored: &Policy) -> EditState {
    let Some(id) = &opened.id else {
        return EditState::Current;
    };
    match stored.rule(id) {
        None => EditState::Deleted,
        Some(rule) if opened.updated != Some(rule.updated()) => {
            EditState::Outdated(Box::new(RuleDocument::from(rule.as_ref())))
        }
        Some(_) => EditState::Current,
    }
}

/// The rule in the form, once the stored one is deleted: what was typed is not lost, and may be stored anew.
#[must_use]
pub fn as_new(opened: &RuleDocument) -> RuleDocument {
    RuleDocument { id: None, created: None, updated: None, ..opened.clone() }
}

/// The form's title.
#[must_use]
pub fn title(opened: &RuleDocument) -> Text {
    match opened.id {
        Some(_) => rule_view::edit(opened),
        None => text!("form_new_rule"),
    }
}

/// Why the form is not opened for another rule.
#[must_use]
pub fn unsaved() -> Notice {
    Notice::new(NoticeKind::Warning, "unsaved", text!("form_unsaved"))
}

/// What became of a rule that was changed in the form while it was deleted elsewhere.
#[must_use]
pub fn deleted_meanwhile() -> Notice {
    Notice::new(NoticeKind::Warning, "rule-deleted", text!("form_rule_deleted"))
}

/// What keeps a text from being a rule, each with its line.
#[must_use]
pub fn json_problems(parts: &[LeftOut]) -> Vec<Notice> {
    let why = |why: &Error| match why {
        Error::Import(ImportError::Part { part: ImportPart::Field, name }) => {
            Excerpt::of(name).shown().map(|name| text!("form_json_field", name = name))
        }
        Error::Import(ImportError::Part { part: ImportPart::Value, name }) => {
            Excerpt::of(name).shown().map(|name| text!("form_json_value", name = name))
        }
        Error::Import(ImportError::JsonSyntax { line, column, .. }) => {
            Some(text!("form_json_syntax", line = *line, column = *column))
        }
        _ => None,
    };
    let notice = |part: &LeftOut| {
        let why = why(&part.why).unwrap_or_else(|| sentence(&part.why));
        let text = match part.line {
            Some(line) => text!("form_json_line", line = line, why = why),
            None => why,
        };
        Notice::new(NoticeKind::Error, part.why.code(), text)
    };
    parts.iter().map(notice).collect()
}

/// Why the rule can be neither tested nor saved while there is something wrong with its JSON.
#[must_use]
pub fn json_is_wrong() -> Notice {
    Notice::new(NoticeKind::Error, "json-wrong", text!("form_json_wrong"))
}

/// Said once the JSON is in the clipboard.
#[must_use]
pub fn json_copied() -> Text {
    text!("form_json_copied")
}

/// Said where the browser does not let it in.
#[must_use]
pub fn json_not_copied() -> Text {
    text!("form_json_not_copied")
}

fn without_empty_rows(typed: &RuleDocument) -> RuleDocument {
    let filled = |rows: &[PinDocument]| rows.iter().filter(|row| !is_empty(row)).cloned().collect();
    RuleDocument { pins: filled(&typed.pins), denied: filled(&typed.denied), ..typed.clone() }
}

fn is_empty(row: &PinDocument) -> bool {
    row.sha256.trim().is_empty() && row.label.trim().is_empty()
}

fn place(error: &FieldError, typed: &RuleDocument) -> FormPlace {
    let row = error.index.and_then(|index| row_of(rows(error.field, typed), index));
    row.map_or(FormPlace::Field(error.field), |row| FormPlace::Row(error.field, row))
}

/// Where a warning stands.
fn place_of(warning: &Warning, typed: &RuleDocument) -> FormPlace {
    let row = warning_view::pin(warning).and_then(|pin| row_of(&typed.pins, pin));
    match (row, warning) {
        (Some(row), _) => FormPlace::Row(Field::Pins, row),
        (None, Warning::AboveSuffix { .. }) => FormPlace::Field(Field::Host),
        (None, Warning::Expired { .. } | Warning::ExpiresSoon { .. }) => FormPlace::Field(Field::Expires),
        (None, _) => FormPlace::Field(Field::Pins),
    }
}

/// The row of a key of the rule, which has no empty ones.
fn row_of(rows: &[PinDocument], key: usize) -> Option<usize> {
    rows.iter().enumerate().filter(|(_, row)| !is_empty(row)).nth(key).map(|(row, _)| row)
}

/// The rows of a field that is a list.
fn rows(field: Field, typed: &RuleDocument) -> &[PinDocument] {
    match field {
        Field::Pins => &typed.pins,
        Field::Denied => &typed.denied,
        _ => &[],
    }
}

fn pem_error(row: Option<&PinDocument>) -> Option<Notice> {
    formats::typed_block(&row?.sha256)?.err().as_ref().map(Notice::from)
}

fn host_note(typed: &str, pattern: &HostPattern, taken_from_url: bool) -> Option<Notice> {
    if taken_from_url {
        let text = text!("form_host_from_url", host = pattern.to_string());
        return Some(Notice::new(NoticeKind::Note, "host-from-url", text));
    }
    let canonical = pattern.to_string();
    (canonical != typed.trim())
        .then(|| Notice::new(NoticeKind::Note, "host-canonical", text!("form_host_canonical", host = canonical)))
}

/// Why the rule cannot be saved yet, in one line: the fields may be out of sight.
fn summary(errors: &[FieldError]) -> Option<Notice> {
    // What is wrong with the rule as a whole is said in the same place.
    if errors.iter().any(|error| error.field == Field::Id) {
        return None;
    }
    let lacks = |wanted: Error| errors.iter().any(|error| error.error == wanted);
    let (host, pin) = (lacks(HostError::Empty.into()), lacks(RuleError::PinsMissing.into()));
    let is_missing =
        |error: &Error| matches!(error, Error::Host(HostError::Empty) | Error::Rule(RuleError::PinsMissing));
    let mistakes = errors.iter().filter(|error| !is_missing(&error.error)).count();
    let text = match (mistakes, host, pin) {
        (0, true, true) => text!("form_needs_host_and_pin"),
        (0, true, false) => text!("form_needs_host"),
        (0, false, true) => text!("form_needs_pin"),
        (0, false, false) => return None,
        (mistakes, ..) => return Some(Notice::new(NoticeKind::Error, "mistakes", plural!("form_mistakes", mistakes))),
    };
    Some(Notice::new(NoticeKind::Note, "incomplete", text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::UnixMillis;
    use crate::warnings::SeenKeys;

    const NOW: UnixMillis = UnixMillis::new(1_795_305_600_000); // 2026-11-22T00:00:00Z
    // `printf one | openssl dgst -sha256 -binary | openssl enc -base64`, and of `two`: keys of nobody.
    const A: &str = "dpLDrTVAu4A8Ags67mbNiIcSMjTqDG5xQ8Ct1z/0Me0=";
    const B: &str = "P8TM/nRYcOLA2Z9x8w/wZWyN7dQcwdfT03aw2+aF4vM=";
    /// ISRG Root X1.
    const ROOT: &str = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";
    const STAND_IN: &str = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB=";

    fn typed(host: &str, pins: &[&str], denied: &[&str]) -> RuleDocument {
        let rows = |pins: &[&str]| {
            pins.iter().map(|pin| PinDocument { sha256: (*pin).to_owned(), label: String::new() }).collect()
        };
        RuleDocument { host: host.to_owned(), pins: rows(pins), denied: rows(denied), ..RuleDocument::default() }
    }

    fn policy(rules: &[RuleDocument]) -> Policy {
        let mut policy = Policy::default();
        for rule in rules {
            policy.save(rule, &RuleStamp { id: "1".to_owned(), time: NOW }, &|_| None).unwrap();
        }
        policy
    }

    fn checked(typed: &RuleDocument, expiry: DateInput, stored: &Policy) -> Checked {
        let around = Surroundings {
            seen: &SeenKeys::default(),
            now: NOW,
            is_registry_suffix: &|name| matches!(name, "co.uk" | "github.io"),
        };
        check(typed, expiry, stored, &|_| None, around)
    }

    fn codes(checked: &Checked) -> Vec<(FormPlace, &'static str)> {
        checked.notices.iter().map(|(place, notice)| (*place, notice.code)).collect()
    }

    #[test]
    fn every_mistake_has_its_place() {
        use FormPlace::Row;
        let others = policy(&[typed("*.example.com", &[A], &[])]);
        for (rule, storable, expected) in [
            (
                typed("", &[""], &[]),
                false,
                vec![
                    (FormPlace::Field(Field::Host), "host-empty"),
                    (FormPlace::Field(Field::Pins), "rule-pins-missing"),
                    (FormPlace::RULE, "incomplete"),
                ],
            ),
            (typed("chat.example.com", &["", A, "", B, ""], &[]), true, vec![]),
            (typed("chat.example.com", &["", A], &[]), true, vec![(FormPlace::Field(Field::Pins), "single-pin")]),
            (
                typed("chat.example.com", &["", "", "a?", A], &[""]),
                false,
                vec![(Row(Field::Pins, 2), "pin-encoding"), (FormPlace::RULE, "mistakes")],
            ),
            (
                typed("chat.example.com", &[A, B], &["", A]),
                false,
                vec![(Row(Field::Denied, 1), "rule-pin-repeated"), (FormPlace::RULE, "mistakes")],
            ),
            (typed("chat.example.com", &[], &[A]), true, vec![(FormPlace::Field(Field::Pins), "denied-only")]),
            (typed("chat.example.com", &[A, "", STAND_IN], &[]), true, vec![(Row(Field::Pins, 2), "placeholder-pin")]),
            (
                typed("chat.example.com", &["", ROOT, A], &[]),
                true,
                vec![(FormPlace::Field(Field::Pins), "set-incomplete")],
            ),
            (
                RuleDocument { expires: Some("2026-12-01".to_owned()), ..typed("*.co.uk", &[ROOT], &[]) },
                true,
                vec![
                    (FormPlace::Field(Field::Host), "wildcard-above-suffix"),
                    (FormPlace::Field(Field::Pins), "single-pin"),
                    (FormPlace::Field(Field::Pins), "set-incomplete"),
                    (FormPlace::Field(Field::Pins), "roots-only"),
                    (FormPlace::Field(Field::Expires), "expires-soon"),
                ],
            ),
            (
                typed("https://chat.example.com/x", &[A, B], &[]),
                true,
                vec![(FormPlace::Field(Field::Host), "host-from-url")],
            ),
            (typed("Chat.Example.COM", &[A, B], &[]), true, vec![(FormPlace::Field(Field::Host), "host-canonical")]),
            (
                typed("*.EXAMPLE.com", &[A, B], &[]),
                false,
                vec![
                    (FormPlace::Field(Field::Host), "rule-host-taken"),
                    (FormPlace::Field(Field::Host), "host-canonical"),
                    (FormPlace::RULE, "mistakes"),
                ],
            ),
            (
                typed("addons.mozilla.org:8443", &[A, B], &[]),
                false,
                vec![(FormPlace::Field(Field::Host), "host-never-shown"), (FormPlace::RULE, "mistakes")],
            ),
            // Of other names below it Firefox shows the sockets.
            (typed("**.addons.mozilla.org", &[A, B], &[]), true, vec![]),
            (
                typed("a..b", &[A, B], &["x"]),
                false,
                vec![
                    (FormPlace::Field(Field::Host), "host-empty-label"),
                    (Row(Field::Denied, 0), "pin-encoding"),
                    (FormPlace::RULE, "mistakes"),
                ],
            ),
            (
                typed("chat.example.com", &[A, B], &vec![A; 100]),
                false,
                vec![(FormPlace::Field(Field::Denied), "rule-pin-count"), (FormPlace::RULE, "mistakes")],
            ),
            (
                typed("chat.example.com", &["-----BEGIN CERTIFICATE-----MIIB", A], &[]),
                false,
                vec![(Row(Field::Pins, 0), "pem-end"), (FormPlace::RULE, "mistakes")],
            ),
        ] {
            let checked = checked(&rule, DateInput::Whole, &others);
            assert_eq!(checked.rule.is_some(), storable, "{rule:?}");
            let mut found = codes(&checked);
            let mut expected = expected;
            found.sort_by_key(|entry| format!("{entry:?}"));
            expected.sort_by_key(|entry| format!("{entry:?}"));
            assert_eq!(found, expected, "{rule:?}");
        }
    }

    #[test]
    fn why_a_rule_cannot_be_saved_yet_is_one_sentence() {
        for (rule, expected) in [
            (typed("", &[], &[]), Some("A host and a pin are still needed.")),
            (typed("", &[A, B], &[]), Some("A host is still needed.")),
            (typed("chat.example.com", &[""], &[]), Some("A pin is still needed.")),
            // What is wrong comes before what is missing.
            (typed("a..b", &[], &[]), Some("Correct one mistake first.")),
            (typed("a..b", &["x"], &[]), Some("Correct 2 mistakes first.")),
            (typed("chat.example.com", &[A, B], &[]), None),
        ] {
            let checked = checked(&rule, DateInput::Whole, &Policy::default());
            let said = checked.notices.iter().find(|(place, _)| *place == FormPlace::RULE);
            assert_eq!(said.map(|(_, notice)| notice.text.english()).as_deref(), expected, "{rule:?}");
        }
    }

    #[test]
    fn a_wildcard_for_names_of_anybody_is_warned_of_and_may_be_stored() {
        for (host, is_warned_of) in [
            ("*.co.uk", true),
            ("**.github.io:8443", true),
            ("co.uk", false),
            ("*.example.co.uk", false),
            ("*.home.arpa", false),
        ] {
            let checked = checked(&typed(host, &[A, B], &[]), DateInput::Whole, &Policy::default());
            let warned = codes(&checked).contains(&(FormPlace::Field(Field::Host), "wildcard-above-suffix"));
            assert_eq!((warned, checked.rule.is_some()), (is_warned_of, true), "{host}");
        }
    }

    #[test]
    fn a_rule_may_keep_its_own_host() {
        let typed = typed("chat.example.com", &[A, B], &[]);
        let own = RuleDocument { id: Some("1".to_owned()), updated: Some(NOW), ..typed };
        let stored = policy(std::slice::from_ref(&own));
        assert_eq!(checked(&own, DateInput::Whole, &stored).notices, []);
    }

    #[test]
    fn a_date_that_is_half_typed_is_no_date() {
        let rule = typed("chat.example.com", &[A, B], &[]);
        for (expiry, storable, expected) in [
            (DateInput::Whole, true, vec![]),
            (
                DateInput::Partial,
                false,
                vec![(FormPlace::Field(Field::Expires), "invalid-date"), (FormPlace::RULE, "mistakes")],
            ),
        ] {
            let checked = checked(&rule, expiry, &Policy::default());
            assert_eq!((checked.rule.is_some(), codes(&checked)), (storable, expected));
        }
    }

    #[test]
    fn a_rule_that_was_changed_elsewhere_is_not_overwritten() {
        let version = |id: &str, updated| RuleDocument {
            id: Some(id.to_owned()),
            created: Some(UnixMillis::new(0)),
            updated: Some(UnixMillis::new(updated)),
            ..typed("chat.example.com", &[A, B], &[])
        };
        let newer = || EditState::Outdated(Box::new(version("1", 2)));
        for (opened, stored, expected, storable) in [
            (typed("chat.example.com", &[A, B], &[]), vec![], EditState::Current, true),
            (version("1", 1), vec![version("1", 1)], EditState::Current, true),
            (version("1", 1), vec![version("1", 2)], newer(), false),
            // A clock that was set back makes no difference.
            (version("1", 3), vec![version("1", 2)], newer(), false),
            (version("1", 1), vec![], EditState::Deleted, true),
            (as_new(&version("1", 1)), vec![], EditState::Current, true),
        ] {
            let stored = policy(&stored);
            assert_eq!(edit_state(&opened, &stored), expected);
            let checked = checked(&opened, DateInput::Whole, &stored);
            assert_eq!(checked.rule.is_some(), storable);
            if !storable {
                assert_eq!(codes(&checked), [(FormPlace::RULE, "rule-changed")]);
            }
        }
    }

    #[test]
    fn what_is_wrong_with_the_json_of_a_rule_is_said_with_its_place() {
        for (json, expected) in [
            ("{\n\"host\": \"a\",\n\"mode\": \"deny\"}", "Line 3: “mode” cannot have this value."),
            ("{\n\"hots\": \"a\"}", "Line 2: A rule has no field “hots”."),
            ("{\n\"host\" \"a\"}", "This is no JSON: look at line 2, column 8."),
        ] {
            let parts = formats::rule_json::read(json).unwrap_err();
            let said: Vec<_> = json_problems(&parts).iter().map(|notice| notice.text.english()).collect();
            assert_eq!(said, [expected]);
        }
    }

    #[test]
    fn the_title_tells_a_new_rule_from_a_stored_one() {
        let new = typed("chat.example.com", &[], &[]);
        assert_eq!(title(&new).english(), "Add a rule");
        let stored = RuleDocument { id: Some("1".to_owned()), ..new };
        assert_eq!(title(&stored).english(), "Edit the rule for chat.example.com");
        assert_eq!(title(&as_new(&stored)).english(), "Add a rule");
    }
}
