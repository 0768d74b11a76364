//! What was wrong, where, and what to do.

use super::text::{Text, plural, text};
use crate::error::{
    self, Container, Error, Excerpt, HostError, ImportError, ImportLimit, ImportPart, InputError, ManagedError,
    PemError, PinError, PolicyError, ProgramError, RuleError, StorageError, TimeError, visible,
};
use crate::limits::{MAX_HOST_BYTES, MAX_LABEL_BYTES};

/// One to three sentences for people.
#[must_use]
pub fn sentence(error: &Error) -> Text {
    match error {
        Error::Pin(error) => pin(error),
        Error::Pem(error) => pem(error),
        Error::Input(error) => input(error),
        Error::Import(error) => import(error),
        Error::Host(error) => host(error),
        Error::Time(error) => time(error),
        Error::Rule(error) => rule(error),
        Error::Policy(error) => policy(error),
        Error::Managed(error) => managed(error),
        Error::Storage(error) => storage(error),
        Error::Program(error) => program(error),
    }
}

/// What a program said about the error, for a report: nothing that a person needs in order to go on. What it quotes of
/// the input is left out where that may hold a key.
#[must_use]
pub fn detail(error: &Error) -> Option<&str> {
    let said = match error {
        Error::Pin(_) | Error::Pem(_) | Error::Input(_) | Error::Host(_) | Error::Time(_) | Error::Rule(_) => {
            return None;
        }
        Error::Policy(error) => match error {
            PolicyError::Syntax { detail } => detail,
            PolicyError::Rule { problem, .. } => return detail(problem),
            PolicyError::Newer { .. } | PolicyError::FieldNewer { .. } | PolicyError::Lost | PolicyError::InForce => {
                return None;
            }
        },
        Error::Managed(error) => match error {
            ManagedError::Shape { detail } | ManagedError::Field { detail, .. } => detail,
            ManagedError::Version | ManagedError::SettingUnknown { .. } | ManagedError::PauseForbidden => return None,
        },
        Error::Import(error) => match error {
            ImportError::JsonSyntax { detail, .. } | ImportError::XmlSyntax { detail, .. } => detail,
            _ => return None,
        },
        Error::Storage(StorageError::Failed { detail })
        | Error::Program(ProgramError::Argument { detail } | ProgramError::CoreFailed { detail }) => detail,
    };
    Some(error::detail(said))
}

fn pin(error: &PinError) -> Text {
    match error {
        PinError::Empty => text!("error_pin_empty"),
        PinError::Length { bytes } => plural!("error_pin_length", *bytes),
        PinError::Algorithm { algorithm } => text!("error_pin_algorithm", algorithm = algorithm.to_ascii_uppercase()),
        PinError::Encoding { text } => match text.shown() {
            Some(text) => text!("error_pin_encoding_named", text = text),
            None => text!("error_pin_encoding"),
        },
        PinError::Character { character } => text!("error_pin_character", character = seen(*character)),
        PinError::OfNothing => text!("error_pin_of_nothing"),
        PinError::Placeholder => text!("error_pin_placeholder"),
        PinError::OfCertificate => text!("error_pin_of_certificate"),
        PinError::PrivateKey => text!("error_private_key"),
    }
}

fn pem(error: &PemError) -> Text {
    match error {
        PemError::Kind { label, line } => match label.name() {
            Some(label) => text!("error_pem_kind_named", label = label, line = *line),
            None => text!("error_pem_kind", line = *line),
        },
        PemError::End { label, line } => match label.name() {
            Some(label) => text!("error_pem_end_named", label = label, line = *line),
            None => text!("error_pem_end", line = *line),
        },
        PemError::Encoding { label, line } => match label.name() {
            Some(label) => text!("error_pem_encoding_named", label = label, line = *line),
            None => text!("error_pem_encoding", line = *line),
        },
    }
}

fn input(error: &InputError) -> Text {
    match error {
        InputError::Pkcs1PublicKey => text!("error_pkcs1_public_key"),
        InputError::Container { container } => exported_from(*container),
        InputError::NothingRecognised => text!("error_nothing_recognised"),
        InputError::TooLarge { bytes, limit } => {
            text!("error_input_too_large", size = kilobytes(*bytes), limit = kilobytes(*limit))
        }
        InputError::Der { field } => text!("error_der", field = &**field),
    }
}

fn import(error: &ImportError) -> Text {
    match error {
        ImportError::JsonSyntax { line, column, .. } => text!("error_json_syntax", line = *line, column = *column),
        ImportError::XmlSyntax { line, column, .. } => text!("error_xml_syntax", line = *line, column = *column),
        ImportError::Repeated { name, line, column } => match Excerpt::of(name).shown() {
            Some(name) => text!("error_file_repeated_named", name = name, line = *line, column = *column),
            None => text!("error_file_repeated", line = *line, column = *column),
        },
        ImportError::XmlDoctype { line } => text!("error_xml_doctype", line = *line),
        ImportError::BinaryPlist => text!("error_binary_plist"),
        ImportError::Limit { what, limit, line } => past_limit(*what, *limit, *line),
        ImportError::TooLarge { bytes, limit } => {
            text!("error_import_too_large", limit = kilobytes(*limit), size = kilobytes(*bytes))
        }
        ImportError::Newer { version } => text!("error_import_newer", version = *version),
        ImportError::Part { part, name } => not_imported(*part, &Excerpt::of(name)),
        ImportError::Pinless { count } => plural!("error_import_pinless", *count),
    }
}

fn host(error: &HostError) -> Text {
    match error {
        HostError::Empty => text!("error_host_empty"),
        HostError::Character { character } => host_character(*character),
        HostError::EmptyLabel => text!("error_host_empty_label"),
        HostError::LabelLength { .. } => text!("error_host_label_length", limit = MAX_LABEL_BYTES),
        HostError::Length { bytes } => text!("error_host_length", length = *bytes, limit = MAX_HOST_BYTES),
        HostError::WildcardPosition => text!("error_host_wildcard_position"),
        HostError::WildcardTopLevel { base } if base.is_empty() => text!("error_host_wildcard_alone"),
        HostError::WildcardTopLevel { base } => match Excerpt::of(base).shown() {
            Some(base) => text!("error_host_wildcard_top_level_named", base = base),
            None => text!("error_host_wildcard_top_level"),
        },
        HostError::WildcardAddress => text!("error_host_wildcard_address"),
        HostError::Address { text } => match Excerpt::of(text).shown() {
            Some(text) => text!("error_host_address_named", text = text),
            None => text!("error_host_address"),
        },
        HostError::Port { text } if text.is_empty() => text!("error_host_port_missing"),
        HostError::Port { text } => match Excerpt::of(text).shown() {
            Some(text) => text!("error_host_port_named", text = text),
            None => text!("error_host_port"),
        },
        HostError::Scheme { scheme } => match Excerpt::of(scheme).shown() {
            Some(scheme) => text!("error_host_scheme_named", scheme = scheme),
            None => text!("error_host_scheme"),
        },
        HostError::Internationalised { text } => match Excerpt::of(text).shown() {
            Some(text) => text!("error_host_internationalised_named", text = text),
            None => text!("error_host_internationalised"),
        },
        HostError::Prefixed { host } => match Excerpt::of(host).shown() {
            Some(host) => text!("error_host_prefixed_named", host = host),
            None => text!("error_host_prefixed"),
        },
        HostError::Several => text!("error_host_several"),
        HostError::SocketUrl => text!("error_socket_url"),
        HostError::NeverShown { host } => text!("error_host_never_shown", host = host),
    }
}

fn time(error: &TimeError) -> Text {
    match error {
        TimeError::Date { text } if text.is_empty() => text!("error_invalid_date_incomplete"),
        TimeError::Date { text } => match Excerpt::of(text).shown() {
            Some(text) => text!("error_invalid_date_named", text = text),
            None => text!("error_invalid_date"),
        },
        TimeError::Time => text!("error_invalid_time"),
    }
}

fn rule(error: &RuleError) -> Text {
    match error {
        RuleError::PinsMissing => text!("error_rule_pins_missing"),
        RuleError::PinRepeated => text!("error_rule_pin_repeated"),
        RuleError::HostTaken { pattern } => text!("error_rule_host_taken", pattern = pattern),
        RuleError::Count { limit } => text!("error_rule_count", limit = *limit),
        RuleError::PinCount { limit } => text!("error_rule_pin_count", limit = *limit),
        RuleError::TextLength { limit } => text!("error_text_length", limit = *limit),
        RuleError::ReportUri => text!("error_rule_report_uri"),
        RuleError::Id => text!("error_rule_id"),
        RuleError::Changed => text!("error_rule_changed"),
        RuleError::Unknown { .. } => text!("error_rule_unknown"),
        RuleError::IdTaken { id } => text!("error_rule_id_taken", id = &*visible(id)),
    }
}

fn policy(error: &PolicyError) -> Text {
    match error {
        PolicyError::Newer { version } => text!("error_policy_newer", version = *version),
        PolicyError::FieldNewer { name } => match Excerpt::of(name).shown() {
            Some(name) => text!("error_policy_field_newer_named", name = name),
            None => text!("error_policy_field_newer"),
        },
        PolicyError::Syntax { .. } => text!("error_policy_syntax"),
        PolicyError::Lost => text!("error_policy_lost"),
        PolicyError::InForce => text!("error_policy_in_force"),
        PolicyError::Rule { index, problem } => {
            Text::Sentences(vec![text!("error_policy_rule", number = index.saturating_add(1)), sentence(problem)])
        }
    }
}

fn managed(error: &ManagedError) -> Text {
    match error {
        ManagedError::Shape { .. } => text!("error_managed_shape"),
        ManagedError::Field { name, .. } => match Excerpt::of(name).shown() {
            Some(name) => text!("error_managed_field_named", name = name),
            None => text!("error_managed_field"),
        },
        ManagedError::Version => text!("error_managed_version"),
        ManagedError::SettingUnknown { name } => match Excerpt::of(name).shown() {
            Some(name) => text!("error_setting_unknown_named", name = name),
            None => text!("error_setting_unknown"),
        },
        ManagedError::PauseForbidden => text!("error_pause_forbidden"),
    }
}

fn storage(error: &StorageError) -> Text {
    match error {
        StorageError::Failed { detail } => text!("error_storage", detail = error::detail(detail)),
    }
}

fn program(error: &ProgramError) -> Text {
    match error {
        // Only a program can get this wrong.
        ProgramError::Argument { .. } => text!("error_argument"),
        ProgramError::CoreFailed { .. } => text!("error_core_failed"),
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
        (ImportPart::Repeated, name) => text!("error_import_part_repeated", name = name.unwrap_or_default()),
        (ImportPart::Debug, _) => text!("error_import_debug"),
        (ImportPart::Cleartext, _) => text!("error_import_cleartext"),
        (ImportPart::BothIdentities, _) => text!("error_import_both_identities"),
        (ImportPart::KeyMissing, Some(name)) => text!("error_import_key_missing_named", name = name),
        (ImportPart::KeyMissing, None) => text!("error_import_key_missing"),
        (ImportPart::PinsetMissing, Some(name)) => text!("error_import_pinset_missing_named", name = name),
        (ImportPart::PinsetMissing, None) => text!("error_import_pinset_missing"),
        (ImportPart::DirectiveMissing, name) => {
            text!("error_import_directive_missing", name = name.unwrap_or_default())
        }
        (ImportPart::DirectiveRepeated, Some(name)) => text!("error_import_directive_repeated_named", name = name),
        (ImportPart::DirectiveRepeated, None) => text!("error_import_directive_repeated"),
        (ImportPart::DirectiveValue, name) => text!("error_import_directive_value", name = name.unwrap_or_default()),
        (ImportPart::PinsWithdrawn, _) => text!("error_import_pins_withdrawn"),
        (ImportPart::NotLiteral, Some(name)) => text!("error_import_not_literal_named", name = name),
        (ImportPart::NotLiteral, None) => text!("error_import_not_literal"),
        (ImportPart::WiderPins, Some(name)) => text!("error_import_wider_pins_named", name = name),
        (ImportPart::WiderPins, None) => text!("error_import_wider_pins"),
        (ImportPart::RecordName, _) => text!("error_import_record_name"),
        (ImportPart::RecordProtocol, _) => text!("error_import_record_protocol"),
        (ImportPart::RecordMixed, _) => text!("error_import_record_mixed"),
        (ImportPart::RecordWhole, _) => text!("error_import_record_whole"),
        (ImportPart::PinFile, _) => text!("error_import_pin_file"),
        (ImportPart::CleartextUrl, _) => text!("error_import_cleartext_url"),
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
                PinError::Length { bytes: 31 }.into(),
                "This has 31 bytes, but a pin has 32: 44 characters in base64, or 64 in hexadecimal. Check that all of it \
                 was copied.",
            ),
            (
                PinError::Algorithm { algorithm: "SHA-1".into() }.into(),
                "This hash was made with SHA-1. A pin is a SHA-256 hash: compute it from the certificate or the key.",
            ),
            (
                PinError::PrivateKey.into(),
                "This is a private key. Keep it secret and paste it nowhere: Sockpin needs the public key or the \
                 certificate. No part of it was stored.",
            ),
            (
                PemError::End { label: PemLabel::of("CERTIFICATE"), line: 3 }.into(),
                "The block “CERTIFICATE” that begins on line 3 has no end. Copy all of it, with its last line, \
                 -----END CERTIFICATE-----.",
            ),
            (
                InputError::TooLarge { bytes: 10 * 1024 * 1024 + 300 * 1024, limit: 1024 * 1024 }.into(),
                "This is 10,540 KB long, and at most 1,024 KB are read. Choose a file that contains only the certificates or \
                 public keys that you mean.",
            ),
            (
                ImportError::TooLarge { bytes: 25 * 1024 * 1024, limit: 20 * 1024 * 1024 }.into(),
                "At most 20,480 KB are imported at once, and this comes to 25,600 KB. Import it in several parts, one after \
                 the other.",
            ),
            (HostError::Character { character: ' ' }.into(), "A host cannot contain a space. Remove it."),
            (HostError::Character { character: '%' }.into(), "A host cannot contain “%”. Remove it."),
            (HostError::EmptyLabel.into(), "There is one dot too many: it has nothing before it. Remove it."),
            (
                HostError::WildcardTopLevel { base: "com".to_owned() }.into(),
                "A wildcard directly above .com would cover far too many sites. Name a domain below it: \
                 *.example.com.",
            ),
            (
                HostError::WildcardTopLevel { base: String::new() }.into(),
                "A * alone would cover every host there is. Name a domain: *.example.com.",
            ),
            (
                HostError::Port { text: "99999".to_owned() }.into(),
                "“99999” is not a port. Write a number from 1 to 65535, or leave it out for every port.",
            ),
            (
                HostError::NeverShown { host: "addons.mozilla.org".to_owned() }.into(),
                "Firefox shows no extension what is sent to addons.mozilla.org, one of Mozilla’s own sites, so a rule for it \
                 would protect nothing. Enter another host.",
            ),
            (
                ManagedError::SettingUnknown { name: "pauseing".to_owned() }.into(),
                "There is no “pauseing”; it may be misspelt. Correct it in the policy, or remove it.",
            ),
            (
                RuleError::PinsMissing.into(),
                "A rule that blocks or flags needs at least one pin or one denied key. Add one, or let the rule do \
                 nothing.",
            ),
            (
                RuleError::Count { limit: 100_000 }.into(),
                "There can be at most 100,000 rules. Delete some first, or let one rule with a wildcard stand for many hosts.",
            ),
            (
                RuleError::HostTaken { pattern: "*.example.com".to_owned() }.into(),
                "There is already a rule for *.example.com. Edit that one instead.",
            ),
            (
                TimeError::Date { text: String::new() }.into(),
                "This date is not complete. Fill in year, month and day, or clear the field.",
            ),
            (
                TimeError::Date { text: "2027-02-30".to_owned() }.into(),
                "“2027-02-30” is not a date. Write year, month and day, for example 2027-03-01.",
            ),
            (
                RuleError::Changed.into(),
                "This rule was changed in the meantime, perhaps in another tab, so nothing in this form was stored. The \
                 newer version is in the list below: load it here and make your changes again.",
            ),
            (
                PolicyError::FieldNewer { name: "reportUri".to_owned() }.into(),
                "The stored rules were written by a newer version of Sockpin (this one does not know “reportUri”) and are left \
                 as they are. Update Sockpin.",
            ),
            (
                PolicyError::Rule { index: 1, problem: Box::new(HostError::EmptyLabel.into()) }.into(),
                "Stored rule number 2 cannot be used. There is one dot too many: it has nothing before it. Remove it.",
            ),
        ] {
            assert_eq!(sentence(&error).english(), expected);
        }
    }

    #[test]
    fn a_readers_own_words_stand_apart() {
        let error = ManagedError::Shape { detail: "unknown field `pin`".to_owned() }.into();
        assert_eq!(detail(&error), Some("unknown field `pin`"));
        assert!(!sentence(&error).english().contains("`pin`"));
    }

    #[test]
    fn nothing_that_a_person_can_cause_is_called_a_fault_of_the_program() {
        for error in [
            HostError::NeverShown { host: String::new() }.into(),
            RuleError::IdTaken { id: String::new() }.into(),
            ManagedError::Shape { detail: String::new() }.into(),
            ManagedError::Version.into(),
            ManagedError::SettingUnknown { name: String::new() }.into(),
            ManagedError::PauseForbidden.into(),
        ] {
            assert!(!sentence(&error).english().contains("Sockpin itself"), "{error}");
        }
    }
}
