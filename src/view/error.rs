//! What was wrong, where, and what to do.

use crate::error::{self, Container, Error, Excerpt, PemLabel, visible};
use crate::limits::{MAX_HOST_BYTES, MAX_LABEL_BYTES, PIN_BYTES};

/// One to three sentences for people.
#[must_use]
pub fn sentence(error: &Error) -> String {
    pin_or_key(error).or_else(|| host(error)).or_else(|| rule(error)).unwrap_or_else(|| stored(error))
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
        | Error::Storage { detail } => Some(error::detail(detail)),
        Error::PolicyRule { problem, .. } => detail(problem),
        _ => None,
    }
}

fn pin_or_key(error: &Error) -> Option<String> {
    Some(match error {
        Error::PinEmpty => "There is no pin here yet. Enter one, or remove this row.".to_owned(),
        Error::PinLength { bytes } => format!(
            "This has {}; a pin has {PIN_BYTES}: 44 characters in base64, or 64 in hexadecimal. Check that it was \
             copied whole.",
            bytes_of(*bytes)
        ),
        Error::PinAlgorithm { algorithm } => {
            format!(
                "This is a value of {}. A pin is SHA-256: compute it anew from the certificate or key.",
                algorithm.to_ascii_uppercase()
            )
        }
        Error::PinEncoding { text } => format!(
            "{} is neither base64 nor hexadecimal. A pin looks like sha256/ with 44 characters behind it.",
            quoted(text)
        ),
        Error::PinCharacter { character } => format!(
            "A pin cannot contain “{}”, even if it looks like another character. Copy the pin again, or type that character \
             anew.",
            visible(character.encode_utf8(&mut [0; 4]))
        ),
        Error::PinOfNothing => {
            "This is the SHA-256 of nothing: the command that printed it got no key, so no server can ever \
                                match it. Run it again and look for its error message."
                .to_owned()
        }
        Error::PinStandIn => {
            "This stands for a pin in examples and belongs to no key, so no server can ever match it. Enter \
                              the pin of a key of your own."
                .to_owned()
        }
        Error::PinOfCertificate => {
            "This is the SHA-256 of a whole certificate, and a pin is that of its key alone. Use a \
                                    record with selector 1, or the certificate itself."
                .to_owned()
        }
        Error::PrivateKey => {
            "This is a private key. Keep it secret and paste it nowhere: Sockpin needs the public key \
                              or the certificate. Nothing of it was stored."
                .to_owned()
        }
        Error::Pkcs1PublicKey => "This RSA public key has an old form (PKCS #1), of which no pin is made. Convert it \
                                  first: openssl rsa -RSAPublicKey_in -in key.pem -pubout"
            .to_owned(),
        Error::PemKind { label, line } => format!(
            "{} on line {line} holds no public key. Use a certificate, a certificate request or a block named PUBLIC KEY.",
            block(*label)
        ),
        Error::PemEnd { label, line } => match label.name() {
            Some(name) => format!(
                "{} that begins on line {line} has no end. Copy it whole, with its last line, -----END {name}-----.",
                block(*label)
            ),
            None => {
                format!("{} that begins on line {line} has no end. Copy it whole, with its last line.", block(*label))
            }
        },
        Error::PemEncoding { label, line } => format!(
            "{} that begins on line {line} is damaged: it is not base64. Copy it again from where it came.",
            block(*label)
        ),
        Error::Container { container } => exported_from(*container).to_owned(),
        Error::NothingRecognised => "There is no certificate and no public key in this. Use PEM text, which starts \
                                     with -----BEGIN, or a DER file."
            .to_owned(),
        Error::InputTooLarge { bytes, limit } => format!(
            "This has {}, and at most {} are read. Choose a file with no more than the certificates or public keys \
             that you mean.",
            megabytes(*bytes),
            megabytes(*limit)
        ),
        Error::Der { field } => {
            format!("This certificate or key is damaged: its {field} cannot be read. Export it again.")
        }
        _ => return None,
    })
}

/// What a container is, and how to get the certificates out of it.
const fn exported_from(container: Container) -> &'static str {
    match container {
        Container::Pkcs12 => {
            "This is a PKCS #12 file, which as a rule holds a private key as well: keep it secret. Export the certificates \
             alone: openssl pkcs12 -in file.p12 -nokeys -out certificates.pem"
        }
        Container::Pkcs7 => {
            "This is a PKCS #7 file of a kind that is not read here. Export the certificates from it: openssl pkcs7 -inform der \
             -in file.p7b -print_certs -out certificates.pem"
        }
        Container::JavaKeyStore => {
            "This is a key store of Java, which may hold a private key as well: keep it secret. Export the certificate alone: \
             keytool -exportcert -rfc -keystore file.jks -alias name -file certificate.pem"
        }
        Container::SerializedStore => {
            "This is a certificate store of Windows. Export the certificate from it again, as “Base-64 encoded X.509”."
        }
        Container::Zip => "This is a ZIP archive. Unpack it, and choose the certificate files in it.",
        Container::Gzip => "This file is compressed. Unpack it, and choose the certificate files in it.",
    }
}

fn host(error: &Error) -> Option<String> {
    Some(match error {
        Error::HostEmpty => "Enter the host that the socket connects to, for example chat.example.com.".to_owned(),
        Error::HostCharacter { character } => match named(*character) {
            Some(name) => format!("A host cannot contain {name}. Remove it."),
            None => format!("A host cannot contain “{}”. Remove it.", visible(character.encode_utf8(&mut [0; 4]))),
        },
        Error::HostEmptyLabel => "A dot is too many: there is nothing before it. Remove it.".to_owned(),
        Error::HostLabelLength { .. } => format!(
            "A part of this name is too long: between two dots it has at most {MAX_LABEL_BYTES} characters. Check its \
             spelling."
        ),
        Error::HostLength { bytes } => format!(
            "This name has {bytes} characters, and no name has more than {MAX_HOST_BYTES}. Check what was pasted."
        ),
        Error::HostWildcardPosition => {
            "A * can only stand at the very front, with a dot behind it: *.example.com or **.example.com.".to_owned()
        }
        Error::HostWildcardTopLevel { base } if base.is_empty() => {
            "A * alone would be for every host there is. Name a domain: *.example.com.".to_owned()
        }
        Error::HostWildcardTopLevel { base } => match Excerpt::of(base).shown() {
            Some(base) => format!(
                "A wildcard directly above .{base} would be for far too many sites. Name a domain below it: \
                 *.example.{base}."
            ),
            None => {
                "A wildcard directly above a top-level domain would be for far too many sites. Name a domain below \
                     it: *.example.com."
                    .to_owned()
            }
        },
        Error::HostWildcardAddress => {
            "An IP address cannot have a wildcard. Write the address alone, one rule for each.".to_owned()
        }
        Error::HostAddress { text } => {
            format!("{} is not an IP address. Write it like 192.0.2.7 or [2001:db8::1].", quoted(&Excerpt::of(text)))
        }
        Error::HostPort { text } if text.is_empty() => {
            "The port is missing. Write a number from 1 to 65535, or remove the colon for every port.".to_owned()
        }
        Error::HostPort { text } => {
            let text = quoted(&Excerpt::of(text));
            format!("{text} is not a port. Write a number from 1 to 65535, or leave it out for every port.")
        }
        Error::HostScheme { scheme } => format!(
            "{} is not that of a WebSocket. Enter the host alone, or an address that begins with wss://.",
            match Excerpt::of(scheme).shown() {
                Some(scheme) => format!("An address that begins with {scheme}://"),
                None => "This address".to_owned(),
            }
        ),
        Error::HostInternationalised { text } => {
            let text = quoted(&Excerpt::of(text));
            format!("{text} is not a valid name. Check its spelling, or enter its form that begins with xn--.")
        }
        Error::HostNeverShown { host } => format!(
            "Firefox shows no extension what is sent to {host}, one of Mozilla’s own sites, so a rule for it would protect \
             nothing. Enter another host."
        ),
        Error::HostPrefixed { host } => match Excerpt::of(host).shown() {
            Some(host) => format!("Enter the host alone, without what stands in front of it: {host}."),
            None => {
                "Enter the host alone, without what stands in front of it, for example chat.example.com.".to_owned()
            }
        },
        Error::HostSeveral => {
            "These are several hosts, and a rule is for one, or for one domain with a wildcard. Make a rule \
                               for each."
                .to_owned()
        }
        Error::SocketUrl => {
            "This is not the address of a WebSocket. Enter one that begins with wss:// or ws://.".to_owned()
        }
        _ => return None,
    })
}

fn rule(error: &Error) -> Option<String> {
    Some(match error {
        Error::RulePinsMissing => {
            "A rule that blocks or flags needs at least one pin or one denied key. Add one, or let the rule do nothing."
                .to_owned()
        }
        Error::RulePinRepeated => {
            "This key is already in the rule, as a pin or as a denied key. Remove one of the two.".to_owned()
        }
        Error::RuleHostTaken { pattern } => format!("There is a rule for {pattern} already. Edit that one instead."),
        Error::RuleCount { limit } => format!(
            "There can be at most {} rules. Delete some first, or let one rule with a wildcard stand for many hosts.",
            grouped(*limit)
        ),
        Error::RulePinCount { limit } => format!("A rule has at most {limit} keys in one list. Remove some."),
        Error::TextLength { limit } => format!("This is too long. At most {limit} characters are kept: shorten it."),
        Error::RuleId => "The rule’s identifier is empty or too long. Make it a new rule.".to_owned(),
        Error::RuleIdTaken { id } => {
            let id = visible(id);
            format!("Another rule has the identifier “{id}” already. Give this one another, or leave it out.")
        }
        Error::RuleChanged => {
            "This rule was changed in the meantime, perhaps in another tab, so nothing of this form was stored. The newer \
             version is in the list below: load it here and make your changes again."
                .to_owned()
        }
        Error::RuleUnknown { .. } => {
            "This rule no longer exists: it was deleted in the meantime. Reload the page to see the rules that there are."
                .to_owned()
        }
        Error::InvalidDate { text } if text.is_empty() => {
            "This date is not complete. Fill in year, month and day, or empty the field.".to_owned()
        }
        Error::InvalidDate { text } => {
            let text = quoted(&Excerpt::of(text));
            format!("{text} is not a date. Write year, month and day, for example 2027-03-01.")
        }
        _ => return None,
    })
}

/// The rest: what is stored, and what only a program can get wrong.
fn stored(error: &Error) -> String {
    match error {
        Error::PolicyNewer { version } => format!(
            "The stored rules were written by a newer version of Sockpin (format {version}) and are left as they are. \
             Update Sockpin."
        ),
        Error::PolicyFieldNewer { name } => match Excerpt::of(name).shown() {
            Some(name) => format!(
                "The stored rules were written by a newer version of Sockpin (this one does not know “{name}”) and are left \
                 as they are. Update Sockpin."
            ),
            None => "The stored rules were written by a newer version of Sockpin and are left as they are. Update Sockpin."
                .to_owned(),
        },
        Error::PolicySyntax { .. } => "The stored rules are damaged and cannot be read.".to_owned(),
        Error::PolicyLost => {
            "The stored rules are gone: Firefox has found its storage damaged and thrown it away, or a program that cleans up has \
             removed it."
                .to_owned()
        }
        Error::PolicyInForce => {
            "The stored rules are in order, so they are kept. Delete rules one by one instead.".to_owned()
        }
        Error::PolicyRule { index, problem } => {
            format!("Number {} of the stored rules cannot be used. {}", index.saturating_add(1), sentence(problem))
        }
        Error::ManagedShape { .. } => {
            "It has not the shape that the README describes: a field may be misspelt, or hold the wrong kind of value. Correct \
             it in the policy."
                .to_owned()
        }
        Error::ManagedField { name, .. } => match Excerpt::of(name).shown() {
            Some(name) => format!("Its field “{name}” holds the wrong kind of value. Correct it in the policy."),
            None => "One of its fields holds the wrong kind of value. Correct it in the policy.".to_owned(),
        },
        Error::ManagedVersion => {
            "Its version must be the number 1. Correct it, or leave it out.".to_owned()
        }
        Error::SettingUnknown { name } => {
            match Excerpt::of(name).shown() {
                Some(name) => format!("There is no “{name}”; it may be misspelt. Correct it in the policy, or take it out."),
                None => "There is no field or setting of this name. Correct it in the policy, or take it out.".to_owned(),
            }
        }
        Error::PauseForbidden => {
            "Your administrator has turned pausing off. Ask whoever has set the rules to change them.".to_owned()
        }
        Error::InvalidTime => "The time is not valid. Check this computer’s clock.".to_owned(),
        Error::Storage { detail } => {
            let detail = error::detail(detail);
            format!("Firefox could not read or write what Sockpin stores ({detail}). Check for a full disk.")
        }
        Error::CoreFailed { .. } => {
            "The part of Sockpin that checks connections does not run. Turn Sockpin off and on \
                                     again under Add-ons and themes."
                .to_owned()
        }
        other => format!("Something is wrong in Sockpin itself ({}). Please report it.", other.code()),
    }
}

/// A text in quotation marks at the beginning of a sentence; where it is withheld, the person has it before them.
fn quoted(text: &Excerpt) -> String {
    text.shown().map_or_else(|| "This".to_owned(), |text| format!("“{text}”"))
}

/// A block of PEM at the beginning of a sentence.
fn block(label: PemLabel) -> String {
    label.name().map_or_else(|| "The block".to_owned(), |name| format!("The block “{name}”"))
}

fn bytes_of(count: usize) -> String {
    if count == 1 { "1 byte".to_owned() } else { format!("{count} bytes") }
}

/// With a comma between thousands.
fn grouped(number: usize) -> String {
    match (number / 1000, number % 1000) {
        (0, rest) => rest.to_string(),
        (thousands, rest) => format!("{},{rest:03}", grouped(thousands)),
    }
}

/// With one decimal, rounded down; no floating point.
fn megabytes(bytes: usize) -> String {
    const MEGABYTE: usize = 1024 * 1024;
    let whole = bytes / MEGABYTE;
    match bytes % MEGABYTE * 10 / MEGABYTE {
        0 => format!("{whole} MB"),
        tenths => format!("{whole}.{tenths} MB"),
    }
}

/// A character that would not be seen between quotation marks.
fn named(character: char) -> Option<&'static str> {
    match character {
        ' ' | '\u{a0}' => Some("a space"),
        '\t' => Some("a tab"),
        '\n' | '\r' => Some("a line break"),
        character if character.is_control() => Some("a control character"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_was_wrong_and_what_to_do() {
        for (error, expected) in [
            (
                Error::PinLength { bytes: 31 },
                "This has 31 bytes; a pin has 32: 44 characters in base64, or 64 in hexadecimal. Check that it was \
                 copied whole.",
            ),
            (
                Error::PinAlgorithm { algorithm: "SHA-1".into() },
                "This is a value of SHA-1. A pin is SHA-256: compute it anew from the certificate or key.",
            ),
            (
                Error::PrivateKey,
                "This is a private key. Keep it secret and paste it nowhere: Sockpin needs the public key or the \
                 certificate. Nothing of it was stored.",
            ),
            (
                Error::PemEnd { label: PemLabel::of("CERTIFICATE"), line: 3 },
                "The block “CERTIFICATE” that begins on line 3 has no end. Copy it whole, with its last line, \
                 -----END CERTIFICATE-----.",
            ),
            (
                Error::InputTooLarge { bytes: 10 * 1024 * 1024 + 300 * 1024, limit: 1024 * 1024 },
                "This has 10.2 MB, and at most 1 MB are read. Choose a file with no more than the certificates or \
                 public keys that you mean.",
            ),
            (Error::HostCharacter { character: ' ' }, "A host cannot contain a space. Remove it."),
            (Error::HostCharacter { character: '%' }, "A host cannot contain “%”. Remove it."),
            (Error::HostEmptyLabel, "A dot is too many: there is nothing before it. Remove it."),
            (
                Error::HostWildcardTopLevel { base: "com".to_owned() },
                "A wildcard directly above .com would be for far too many sites. Name a domain below it: \
                 *.example.com.",
            ),
            (
                Error::HostWildcardTopLevel { base: String::new() },
                "A * alone would be for every host there is. Name a domain: *.example.com.",
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
                "There is no “pauseing”; it may be misspelt. Correct it in the policy, or take it out.",
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
                "There is a rule for *.example.com already. Edit that one instead.",
            ),
            (
                Error::InvalidDate { text: String::new() },
                "This date is not complete. Fill in year, month and day, or empty the field.",
            ),
            (
                Error::InvalidDate { text: "2027-02-30".to_owned() },
                "“2027-02-30” is not a date. Write year, month and day, for example 2027-03-01.",
            ),
            (
                Error::RuleChanged,
                "This rule was changed in the meantime, perhaps in another tab, so nothing of this form was stored. The \
                 newer version is in the list below: load it here and make your changes again.",
            ),
            (
                Error::PolicyFieldNewer { name: "reportUri".to_owned() },
                "The stored rules were written by a newer version of Sockpin (this one does not know “reportUri”) and are left \
                 as they are. Update Sockpin.",
            ),
            (
                Error::PolicyRule { index: 1, problem: Box::new(Error::HostEmptyLabel) },
                "Number 2 of the stored rules cannot be used. A dot is too many: there is nothing before it. Remove it.",
            ),
        ] {
            assert_eq!(sentence(&error), expected);
        }
    }

    #[test]
    fn a_readers_own_words_stand_apart() {
        let error = Error::ManagedShape { detail: "unknown field `pin`".to_owned() };
        assert_eq!(detail(&error), Some("unknown field `pin`"));
        assert!(!sentence(&error).contains("`pin`"));
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
            assert!(!sentence(&error).contains("Sockpin itself"), "{error}");
        }
    }
}
