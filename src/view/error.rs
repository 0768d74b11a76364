//! What was wrong, where, and what to do.

use super::text::{Text, plural, text};
use crate::error::{self, Container, Error, Excerpt, ImportLimit, ImportPart, visible};
use crate::limits::{MAX_HOST_BYTES, MAX_LABEL_BYTES};

/// One to three sentences for people.
#[must_use]
#[expect(clippy::too_many_lines, reason = "a table: a new error does not compile without its sentence")]
pub fn sentence(error: &Error) -> Text {
    match error {
        Error::PinEmpty => text!("error_pin_empty"),
        Error::PinLength { bytes } => plural!("error_pin_length", *bytes),
        Error::PinAlgorithm { algorithm } => text!("error_pin_algorithm", algorithm = algorithm.to_ascii_uppercase()),
        Error::PinEncoding { text } => match text.shown() {
            Some(text) => text!("error_pin_encoding_named", text = text),
            None => text!("error_pin_encoding"),
        },
        Error::PinCharacter { character } => text!("error_pin_character", character = seen(*character)),
        Error::PinOfNothing => text!("error_pin_of_nothing"),
        Error::PinStandIn => text!("error_pin_stand_in"),
        Error::PinOfCertificate => text!("error_pin_of_certificate"),
        Error::PrivateKey => text!("error_private_key"),
        Error::Pkcs1PublicKey => text!("error_pkcs1_public_key"),
        Error::PemKind { label, line } => match label.name() {
            Some(label) => text!("error_pem_kind_named", label = label, line = *line),
            None => text!("error_pem_kind", line = *line),
        },
        Error::PemEnd { label, line } => match label.name() {
            Some(label) => text!("error_pem_end_named", label = label, line = *line),
            None => text!("error_pem_end", line = *line),
        },
        Error::PemEncoding { label, line } => match label.name() {
            Some(label) => text!("error_pem_encoding_named", label = label, line = *line),
            None => text!("error_pem_encoding", line = *line),
        },
        Error::Container { container } => exported_from(*container),
        Error::NothingRecognised => text!("error_nothing_recognised"),
        Error::InputTooLarge { bytes, limit } => {
            text!("error_input_too_large", size = kilobytes(*bytes), limit = kilobytes(*limit))
        }
        Error::Der { field } => text!("error_der", field = &**field),
        Error::HostEmpty => text!("error_host_empty"),
        Error::HostCharacter { character } => host_character(*character),
        Error::HostEmptyLabel => text!("error_host_empty_label"),
        Error::HostLabelLength { .. } => text!("error_host_label_length", limit = MAX_LABEL_BYTES),
        Error::HostLength { bytes } => text!("error_host_length", length = *bytes, limit = MAX_HOST_BYTES),
        Error::HostWildcardPosition => text!("error_host_wildcard_position"),
        Error::HostWildcardTopLevel { base } if base.is_empty() => text!("error_host_wildcard_alone"),
        Error::HostWildcardTopLevel { base } => match Excerpt::of(base).shown() {
            Some(base) => text!("error_host_wildcard_top_level_named", base = base),
            None => text!("error_host_wildcard_top_level"),
        },
        Error::HostWildcardAddress => text!("error_host_wildcard_address"),
        Error::HostAddress { text } => match Excerpt::of(text).shown() {
            Some(text) => text!("error_host_address_named", text = text),
            None => text!("error_host_address"),
        },
        Error::HostPort { text } if text.is_empty() => text!("error_host_port_missing"),
        Error::HostPort { text } => match Excerpt::of(text).shown() {
            Some(text) => text!("error_host_port_named", text = text),
            None => text!("error_host_port"),
        },
        Error::HostScheme { scheme } => match Excerpt::of(scheme).shown() {
            Some(scheme) => text!("error_host_scheme_named", scheme = scheme),
            None => text!("error_host_scheme"),
        },
        Error::HostInternationalised { text } => match Excerpt::of(text).shown() {
            Some(text) => text!("error_host_internationalised_named", text = text),
            None => text!("error_host_internationalised"),
        },
        Error::HostPrefixed { host } => match Excerpt::of(host).shown() {
            Some(host) => text!("error_host_prefixed_named", host = host),
            None => text!("error_host_prefixed"),
        },
        Error::HostSeveral => text!("error_host_several"),
        Error::SocketUrl => text!("error_socket_url"),
        Error::HostNeverShown { host } => text!("error_host_never_shown", host = host),
        Error::RulePinsMissing => text!("error_rule_pins_missing"),
        Error::RulePinRepeated => text!("error_rule_pin_repeated"),
        Error::RuleHostTaken { pattern } => text!("error_rule_host_taken", pattern = pattern),
        Error::RuleCount { limit } => text!("error_rule_count", limit = *limit),
        Error::RulePinCount { limit } => text!("error_rule_pin_count", limit = *limit),
        Error::TextLength { limit } => text!("error_text_length", limit = *limit),
        Error::RuleId => text!("error_rule_id"),
        Error::RuleChanged => text!("error_rule_changed"),
        Error::RuleUnknown { .. } => text!("error_rule_unknown"),
        Error::RuleIdTaken { id } => text!("error_rule_id_taken", id = &*visible(id)),
        Error::InvalidDate { text } if text.is_empty() => text!("error_invalid_date_incomplete"),
        Error::InvalidDate { text } => match Excerpt::of(text).shown() {
            Some(text) => text!("error_invalid_date_named", text = text),
            None => text!("error_invalid_date"),
        },
        Error::PolicyNewer { version } => text!("error_policy_newer", version = *version),
        Error::PolicyFieldNewer { name } => match Excerpt::of(name).shown() {
            Some(name) => text!("error_policy_field_newer_named", name = name),
            None => text!("error_policy_field_newer"),
        },
        Error::PolicySyntax { .. } => text!("error_policy_syntax"),
        Error::PolicyLost => text!("error_policy_lost"),
        Error::PolicyInForce => text!("error_policy_in_force"),
        Error::PolicyRule { index, problem } => {
            Text::Sentences(vec![text!("error_policy_rule", number = index.saturating_add(1)), sentence(problem)])
        }
        Error::ManagedShape { .. } => text!("error_managed_shape"),
        Error::ManagedField { name, .. } => match Excerpt::of(name).shown() {
            Some(name) => text!("error_managed_field_named", name = name),
            None => text!("error_managed_field"),
        },
        Error::ManagedVersion => text!("error_managed_version"),
        Error::SettingUnknown { name } => match Excerpt::of(name).shown() {
            Some(name) => text!("error_setting_unknown_named", name = name),
            None => text!("error_setting_unknown"),
        },
        Error::PauseForbidden => text!("error_pause_forbidden"),
        Error::InvalidTime => text!("error_invalid_time"),
        // Only a program can get this wrong.
        Error::Argument { .. } => text!("error_argument"),
        Error::CoreFailed { .. } => text!("error_core_failed"),
        Error::Storage { detail } => text!("error_storage", detail = error::detail(detail)),
        Error::JsonSyntax { line, column, .. } => text!("error_json_syntax", line = *line, column = *column),
        Error::XmlSyntax { line, column, .. } => text!("error_xml_syntax", line = *line, column = *column),
        Error::FileRepeated { name, line, column } => match Excerpt::of(name).shown() {
            Some(name) => text!("error_file_repeated_named", name = name, line = *line, column = *column),
            None => text!("error_file_repeated", line = *line, column = *column),
        },
        Error::XmlDoctype { line } => text!("error_xml_doctype", line = *line),
        Error::BinaryPlist => text!("error_binary_plist"),
        Error::ImportLimit { what, limit, line } => past_limit(*what, *limit, *line),
        Error::ImportNewer { version } => text!("error_import_newer", version = *version),
        Error::ImportPart { part, name } => not_imported(*part, &Excerpt::of(name)),
        Error::ImportPinless { count } => plural!("error_import_pinless", *count),
    }
}

/// What a program said about the error, for a report: nothing that a person needs in order to go on. What it quotes of
/// the input is left out where that may hold a key.
#[must_use]
pub fn detail(error: &Error) -> Option<&str> {
    match error {
        Error::PolicySyntax { detail }
        | Error::ManagedShape { detail }
        | Error::ManagedField { detail, .. }
        | Error::CoreFailed { detail }
        | Error::Argument { detail }
        | Error::JsonSyntax { detail, .. }
        | Error::XmlSyntax { detail, .. }
        | Error::Storage { detail } => Some(error::detail(detail)),
        Error::PolicyRule { problem, .. } => detail(problem),
        _ => None,
    }
}

/// What a container is, and how to get the certificates out of it.
fn exported_from(container: Container) -> Text {
    match container {
        Container::Pkcs12 => text!("error_container_pkcs12"),
        Container::Pkcs7 => text!("error_container_pkcs7"),
        Container::JavaKeyStore => text!("error_container_java_key_store"),
        Container::SerializedStore => text!("error_container_serialized_store"),
        Container::Zip => text!("error_container_zip"),
        Container::Gzip => text!("error_container_gzip"),
    }
}

/// Which limit a file of rules is past, and where.
fn past_limit(what: ImportLimit, limit: usize, line: usize) -> Text {
    match what {
        ImportLimit::Depth => text!("error_import_depth", line = line, limit = limit),
        ImportLimit::Parts => text!("error_import_parts", limit = limit, line = line),
        ImportLimit::Count => text!("error_import_count", limit = limit, line = line),
        ImportLimit::Memory => text!("error_import_memory", limit = megabytes(limit), line = line),
    }
}

/// Why a part of a file of rules is not taken over as it is.
fn not_imported(part: ImportPart, name: &Excerpt) -> Text {
    match (part, name.shown()) {
        (ImportPart::Field, Some(name)) => text!("error_import_field_named", name = name),
        (ImportPart::Field, None) => text!("error_import_field"),
        (ImportPart::Value, Some(name)) => text!("error_import_value_named", name = name),
        (ImportPart::Value, None) => text!("error_import_value"),
        (ImportPart::Debug, _) => text!("error_import_debug"),
        (ImportPart::Cleartext, _) => text!("error_import_cleartext"),
        (ImportPart::BothIdentities, _) => text!("error_import_both_identities"),
        (ImportPart::KeyMissing, Some(name)) => text!("error_import_key_missing_named", name = name),
        (ImportPart::KeyMissing, None) => text!("error_import_key_missing"),
        (ImportPart::PinsetMissing, Some(name)) => text!("error_import_pinset_missing_named", name = name),
        (ImportPart::PinsetMissing, None) => text!("error_import_pinset_missing"),
    }
}

/// A character that would not be seen between quotation marks is named.
fn host_character(character: char) -> Text {
    match character {
        ' ' | '\u{a0}' => text!("error_host_space"),
        '\t' => text!("error_host_tab"),
        '\n' | '\r' => text!("error_host_line_break"),
        character if character.is_control() => text!("error_host_control_character"),
        character => text!("error_host_character", character = seen(character)),
    }
}

fn seen(character: char) -> String {
    visible(character.encode_utf8(&mut [0; 4])).into_owned()
}

/// Rounded up, so that what is past a limit is never shown as within it.
const fn kilobytes(bytes: usize) -> usize {
    const KILOBYTE: usize = 1024;
    bytes.div_ceil(KILOBYTE)
}

const fn megabytes(bytes: usize) -> usize {
    kilobytes(kilobytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::PemLabel;

    #[test]
    fn says_what_was_wrong_and_what_to_do() {
        for (error, expected) in [
            (
                Error::PinLength { bytes: 31 },
                "This has 31 bytes, but a pin has 32: 44 characters in base64, or 64 in hexadecimal. Check that all of it \
                 was copied.",
            ),
            (
                Error::PinAlgorithm { algorithm: "SHA-1".into() },
                "This hash was made with SHA-1. A pin is a SHA-256 hash: compute it from the certificate or the key.",
            ),
            (
                Error::PrivateKey,
                "This is a private key. Keep it secret and paste it nowhere: Sockpin needs the public key or the \
                 certificate. No part of it was stored.",
            ),
            (
                Error::PemEnd { label: PemLabel::of("CERTIFICATE"), line: 3 },
                "The block “CERTIFICATE” that begins on line 3 has no end. Copy all of it, with its last line, \
                 -----END CERTIFICATE-----.",
            ),
            (
                Error::InputTooLarge { bytes: 10 * 1024 * 1024 + 300 * 1024, limit: 1024 * 1024 },
                "This is 10,540 KB long, and at most 1,024 KB are read. Choose a file that contains only the certificates or \
                 public keys that you mean.",
            ),
            (Error::HostCharacter { character: ' ' }, "A host cannot contain a space. Remove it."),
            (Error::HostCharacter { character: '%' }, "A host cannot contain “%”. Remove it."),
            (Error::HostEmptyLabel, "There is one dot too many: it has nothing before it. Remove it."),
            (
                Error::HostWildcardTopLevel { base: "com".to_owned() },
                "A wildcard directly above .com would cover far too many sites. Name a domain below it: \
                 *.example.com.",
            ),
            (
                Error::HostWildcardTopLevel { base: String::new() },
                "A * alone would cover every host there is. Name a domain: *.example.com.",
            ),
            (
                Error::HostPort { text: "99999".to_owned() },
                "“99999” is not a port. Write a number from 1 to 65535, or leave it out for every port.",
            ),
            (
                Error::HostNeverShown { host: "addons.mozilla.org".to_owned() },
                "Firefox shows no extension what is sent to addons.mozilla.org, one of Mozilla’s own sites, so a rule for it \
                 would protect nothing. Enter another host.",
            ),
            (
                Error::SettingUnknown { name: "pauseing".to_owned() },
                "There is no “pauseing”; it may be misspelt. Correct it in the policy, or remove it.",
            ),
            (
                Error::RulePinsMissing,
                "A rule that blocks or flags needs at least one pin or one denied key. Add one, or let the rule do \
                 nothing.",
            ),
            (
                Error::RuleCount { limit: 100_000 },
                "There can be at most 100,000 rules. Delete some first, or let one rule with a wildcard stand for many hosts.",
            ),
            (
                Error::RuleHostTaken { pattern: "*.example.com".to_owned() },
                "There is already a rule for *.example.com. Edit that one instead.",
            ),
            (
                Error::InvalidDate { text: String::new() },
                "This date is not complete. Fill in year, month and day, or clear the field.",
            ),
            (
                Error::InvalidDate { text: "2027-02-30".to_owned() },
                "“2027-02-30” is not a date. Write year, month and day, for example 2027-03-01.",
            ),
            (
                Error::RuleChanged,
                "This rule was changed in the meantime, perhaps in another tab, so nothing in this form was stored. The \
                 newer version is in the list below: load it here and make your changes again.",
            ),
            (
                Error::PolicyFieldNewer { name: "reportUri".to_owned() },
                "The stored rules were written by a newer version of Sockpin (this one does not know “reportUri”) and are left \
                 as they are. Update Sockpin.",
            ),
            (
                Error::PolicyRule { index: 1, problem: Box::new(Error::HostEmptyLabel) },
                "Stored rule number 2 cannot be used. There is one dot too many: it has nothing before it. Remove it.",
            ),
        ] {
            assert_eq!(sentence(&error).english(), expected);
        }
    }

    #[test]
    fn a_readers_own_words_stand_apart() {
        let error = Error::ManagedShape { detail: "unknown field `pin`".to_owned() };
        assert_eq!(detail(&error), Some("unknown field `pin`"));
        assert!(!sentence(&error).english().contains("`pin`"));
    }

    #[test]
    fn nothing_that_a_person_can_cause_is_called_a_fault_of_the_program() {
        for error in [
            Error::HostNeverShown { host: String::new() },
            Error::RuleIdTaken { id: String::new() },
            Error::ManagedShape { detail: String::new() },
            Error::ManagedVersion,
            Error::SettingUnknown { name: String::new() },
            Error::PauseForbidden,
        ] {
            assert!(!sentence(&error).english().contains("Sockpin itself"), "{error}");
        }
    }
}
