//! What may go wrong with a rule, in words: what it is, what then happens, what to do.

use super::date::days_until;
use super::foreign::key_name;
use super::notice::{Notice, NoticeKind};
use super::rule::full_pin;
use super::text::{Text, plural, text};
use crate::policy::Layer;
use crate::rule::{Mode, RuleDocument};
use crate::time::UnixMillis;
use crate::warnings::Warning;

/// What is said of a warning beside the field or the pin that it is about. `mode` and `layer` are those of the rule.
#[must_use]
pub fn notice(warning: &Warning, mode: Mode, layer: Layer, now: UnixMillis) -> Notice {
    let text = match warning {
        Warning::AboveSuffix { base } => text!("form_wildcard_above_suffix", base = base),
        Warning::Placeholder { .. } => text!("form_placeholder_pin"),
        Warning::Fingerprint { .. } => text!("form_fingerprint"),
        Warning::Issuing { .. } => text!("warning_issuing"),
        Warning::SinglePin => text!("rule_single_pin"),
        Warning::BackupInChain { endpoint } => text!("warning_backup_in_chain", endpoint = endpoint),
        Warning::SetIncomplete { set, missing } => {
            let labels: Vec<_> = missing.iter().map(|key| key.label).collect();
            plural!("warning_set_incomplete", missing.len(), name = set.name, keys = labels.join(", "))
        }
        Warning::RootsOnly => text!("warning_roots_only"),
        Warning::DeniedOnly => text!("form_denied_only"),
        Warning::Expired { date } => match (mode, layer) {
            (Mode::Block, Layer::User) => {
                Text::Sentences(vec![text!("rule_expired_block", date = *date), text!("rule_expired_edit")])
            }
            (Mode::Block, Layer::Managed) => {
                Text::Sentences(vec![text!("rule_expired_block", date = *date), text!("rule_expired_managed")])
            }
            (Mode::Flag | Mode::Off, _) => text!("rule_expired_flag", date = *date),
        },
        Warning::ExpiresSoon { date } => plural!("rule_expires_soon", days_until(*date, now).unwrap_or_default()),
    };
    Notice::new(kind(warning), code(warning), text)
}

/// What is said of all of them on the rule's card, where no pin is beside its warning.
#[must_use]
pub fn on_card(rule: &RuleDocument, layer: Layer, warnings: &[Warning], now: UnixMillis) -> Vec<Notice> {
    let of_card = |warning: &Warning| {
        let notice = notice(warning, rule.mode, layer, now);
        let pin = pin(warning).and_then(|place| rule.pins.get(place));
        let Some(pin) = pin else { return notice };
        let name = key_name(&pin.label, &full_pin(&pin.sha256));
        Notice { text: text!("warning_of_pin", pin = name, warning = notice.text), ..notice }
    };
    warnings.iter().filter(|warning| is_for(warning, layer)).map(of_card).collect()
}

/// Whether anything on the rule's card is more than a note.
#[must_use]
pub fn is_warned_of(layer: Layer, warnings: &[Warning]) -> bool {
    warnings.iter().any(|warning| is_for(warning, layer) && kind(warning) == NoticeKind::Warning)
}

/// The place of the pin that a warning is about.
#[must_use]
pub const fn pin(warning: &Warning) -> Option<usize> {
    match warning {
        Warning::Placeholder { pin } | Warning::Fingerprint { pin } | Warning::Issuing { pin } => Some(*pin),
        _ => None,
    }
}

/// Which keys are pinned is for whoever made the rule to know; what no longer blocks is for everybody to see.
const fn is_for(warning: &Warning, layer: Layer) -> bool {
    matches!(layer, Layer::User) || matches!(warning, Warning::Expired { .. } | Warning::ExpiresSoon { .. })
}

const fn kind(warning: &Warning) -> NoticeKind {
    match warning {
        Warning::SinglePin | Warning::RootsOnly | Warning::DeniedOnly => NoticeKind::Note,
        Warning::AboveSuffix { .. }
        | Warning::Placeholder { .. }
        | Warning::Fingerprint { .. }
        | Warning::Issuing { .. }
        | Warning::BackupInChain { .. }
        | Warning::SetIncomplete { .. }
        | Warning::Expired { .. }
        | Warning::ExpiresSoon { .. } => NoticeKind::Warning,
    }
}

const fn code(warning: &Warning) -> &'static str {
    match warning {
        Warning::AboveSuffix { .. } => "wildcard-above-suffix",
        Warning::Placeholder { .. } => "placeholder-pin",
        Warning::Fingerprint { .. } => "fingerprint",
        Warning::Issuing { .. } => "issuing-pin",
        Warning::SinglePin => "single-pin",
        Warning::BackupInChain { .. } => "backup-in-chain",
        Warning::SetIncomplete { .. } => "set-incomplete",
        Warning::RootsOnly => "roots-only",
        Warning::DeniedOnly => "denied-only",
        Warning::Expired { .. } => "expired",
        Warning::ExpiresSoon { .. } => "expires-soon",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::known_keys::CA_SETS;
    use crate::rule::PinDocument;
    use crate::time::Date;

    const NOW: UnixMillis = UnixMillis::new(1_795_305_600_000); // 2026-11-22T00:00:00Z

    fn date(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    #[test]
    fn a_warning_says_what_can_go_wrong() {
        let set = &CA_SETS[0];
        let lacks = |labels: &[usize]| Warning::SetIncomplete {
            set,
            missing: labels.iter().map(|place| &set.keys[*place]).collect(),
        };
        for (warning, mode, expected) in [
            (
                Warning::ExpiresSoon { date: date("2026-11-23") },
                Mode::Block,
                "This rule expires in 1 day. After that it no longer blocks.",
            ),
            (
                Warning::ExpiresSoon { date: date("2026-12-01") },
                Mode::Block,
                "This rule expires in 9 days. After that it no longer blocks.",
            ),
            (
                Warning::Expired { date: date("2026-11-01") },
                Mode::Block,
                "This rule expired on 1 November 2026 and no longer blocks: a wrong key is let through and only logged. Edit \
                 the rule to set a later date or none.",
            ),
            (
                Warning::Expired { date: date("2026-11-01") },
                Mode::Flag,
                "This rule expired on 1 November 2026. It flags as before.",
            ),
            (
                lacks(&[2]),
                Mode::Flag,
                "Let's Encrypt also issues under a key that this rule does not have: ISRG Root YE. Once the server’s \
                 certificate comes from there, no pin matches. Add it.",
            ),
            (
                lacks(&[2, 3]),
                Mode::Flag,
                "Let's Encrypt also issues under 2 keys that this rule does not have: ISRG Root YE, ISRG Root YR. Once the \
                 server’s certificate comes from one of them, no pin matches. Add them.",
            ),
            (
                Warning::BackupInChain { endpoint: "chat.example.com:443".to_owned() },
                Mode::Block,
                "All pins of this rule are in the chain that chat.example.com:443 shows now, so none of them is a backup: if \
                 that chain is replaced, nobody can connect until the rule is changed. Add a key that is kept elsewhere.",
            ),
        ] {
            assert_eq!(notice(&warning, mode, Layer::User, NOW).text.english(), expected);
        }
    }

    #[test]
    fn a_card_names_the_pin_that_a_warning_is_about() {
        let pin = |label: &str| PinDocument { sha256: "A".repeat(43) + "=", label: label.to_owned() };
        let rule = RuleDocument { pins: vec![pin(""), pin("Backup")], ..RuleDocument::default() };
        let said = |warning| on_card(&rule, Layer::User, &[warning], NOW).remove(0).text.english();
        assert!(said(Warning::Placeholder { pin: 1 }).starts_with("Backup: This is a placeholder"));
        assert!(said(Warning::Issuing { pin: 0 }).starts_with("sha256/AAAA"));
        assert!(said(Warning::SinglePin).starts_with("This rule has only one pin."));
    }

    #[test]
    fn nobody_is_told_to_edit_what_only_an_administrator_can() {
        let rule = RuleDocument::default();
        let text = |layer| -> String {
            let warnings = [Warning::Expired { date: date("2026-11-22") }, Warning::SinglePin];
            on_card(&rule, layer, &warnings, NOW).iter().map(|notice| notice.text.english()).collect()
        };
        assert!(text(Layer::User).contains("Edit the rule") && text(Layer::User).contains("only one pin"));
        assert!(!text(Layer::Managed).contains("Edit the rule") && !text(Layer::Managed).contains("only one pin"));
        for (warning, layer, expected) in [
            (Warning::SinglePin, Layer::User, false),
            (Warning::Placeholder { pin: 0 }, Layer::User, true),
            (Warning::Placeholder { pin: 0 }, Layer::Managed, false),
            (Warning::Expired { date: date("2026-11-22") }, Layer::Managed, true),
        ] {
            assert_eq!(is_warned_of(layer, std::slice::from_ref(&warning)), expected, "{warning:?} {layer:?}");
        }
    }
}
