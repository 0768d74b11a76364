//! A chain as it is kept: what a rule judges by, so that any rule can be tried on it later.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::connection::{Chain, Facts};
use crate::limits::MAX_SEEN_CHAIN_BYTES;
use crate::violation::ChainDigest;

/// The facts of a socket that have certificates, as text: a line of words about the whole, and a line in base64 for the DER
/// of each certificate, the server's own first.
pub struct SeenChain;

const VALIDATED: &str = "validated";
const BUILT_IN_ROOT: &str = "built-in-root";
const LOCAL_ROOT: &str = "local-root";
const CT_COMPLIANT: &str = "ct-compliant";
const EXCEPTION: &str = "exception";

impl SeenChain {
    /// The name of the text, and the text; none where there are no certificates, or more bytes of them than are kept. The same
    /// certificates have another name where something else is known of them: one that rested on an exception may be trusted by now.
    #[must_use]
    pub fn write(facts: &Facts) -> Option<(ChainDigest, String)> {
        let (certificates, root_is_built_in) = facts.certificates();
        let bytes: usize = certificates.iter().map(Vec::len).sum();
        if certificates.is_empty() || bytes > MAX_SEEN_CHAIN_BYTES {
            return None;
        }
        let (is_validated, ct_compliant, exception) = match facts {
            Facts::Validated(chain) => (true, chain.ct_compliant, false),
            Facts::LeafOnly { exception, .. } => (false, false, *exception),
            Facts::Missing(_) => return None,
        };
        let mut text = String::new();
        for (word, holds) in [
            (VALIDATED, is_validated),
            (BUILT_IN_ROOT, root_is_built_in == Some(true)),
            (LOCAL_ROOT, root_is_built_in == Some(false)),
            (CT_COMPLIANT, ct_compliant),
            (EXCEPTION, exception),
        ] {
            if holds {
                text.push_str(word);
                text.push(' ');
            }
        }
        for certificate in certificates.iter() {
            text.push('\n');
            STANDARD.encode_string(certificate, &mut text);
        }
        Some((ChainDigest::of_text(&text), text))
    }

    /// The facts that such a text holds; none where it is no such text.
    #[must_use]
    pub fn read(text: &str) -> Option<Facts> {
        let (words, certificates) = text.split_once('\n')?;
        let holds = |word| words.split_whitespace().any(|other| other == word);
        let certificates: Vec<_> =
            certificates.lines().map(|line| STANDARD.decode(line)).collect::<Result<_, _>>().ok()?;
        if holds(VALIDATED) {
            let root_is_built_in = if holds(BUILT_IN_ROOT) { Some(true) } else { holds(LOCAL_ROOT).then_some(false) };
            let ct_compliant = holds(CT_COMPLIANT);
            return Some(Facts::Validated(Chain { certificates: certificates.into(), root_is_built_in, ct_compliant }));
        }
        Some(Facts::LeafOnly { leaf: certificates.into_iter().next()?, exception: holds(EXCEPTION) })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::connection::MissingFacts;

    fn validated(certificates: &[&[u8]], root_is_built_in: Option<bool>, ct_compliant: bool) -> Facts {
        let certificates = certificates.iter().map(|der| der.to_vec()).collect::<Arc<[_]>>();
        Facts::Validated(Chain { certificates, root_is_built_in, ct_compliant })
    }

    #[test]
    fn the_facts_come_back_as_they_were() {
        let chain: &[&[u8]] = &[b"leaf", b"", b"root"];
        for facts in [
            validated(chain, Some(false), true),
            validated(chain, Some(true), false),
            validated(chain, None, false),
            Facts::LeafOnly { leaf: b"leaf".to_vec(), exception: true },
            Facts::LeafOnly { leaf: b"leaf".to_vec(), exception: false },
        ] {
            let (_, text) = SeenChain::write(&facts).unwrap();
            assert_eq!(SeenChain::read(&text).as_ref(), Some(&facts), "{text}");
        }
        for other in ["", "validated", "validated\n%%%%", "exception \n"] {
            assert_eq!(SeenChain::read(other), None, "{other}");
        }
    }

    #[test]
    fn the_same_certificates_have_another_name_where_something_else_is_known_of_them() {
        let leaf = b"leaf".to_vec();
        let all = [
            validated(&[&leaf], Some(false), false),
            validated(&[&leaf], Some(true), false),
            validated(&[&leaf], Some(true), true),
            validated(&[&leaf], None, false),
            Facts::LeafOnly { leaf: leaf.clone(), exception: true },
            Facts::LeafOnly { leaf: leaf.clone(), exception: false },
        ];
        let name = |facts: &Facts| SeenChain::write(facts).unwrap().0;
        for (place, facts) in all.iter().enumerate() {
            assert_eq!(name(facts), name(&facts.clone()));
            assert!(all.iter().skip(place + 1).all(|other| name(other) != name(facts)), "{facts:?}");
        }
    }

    #[test]
    fn what_has_no_certificates_or_too_many_bytes_is_not_kept() {
        let large = vec![0; MAX_SEEN_CHAIN_BYTES + 1];
        for facts in [
            Facts::Missing(MissingFacts::ChainTooLong),
            validated(&[], None, false),
            validated(&[large.as_slice()], None, false),
        ] {
            assert_eq!(SeenChain::write(&facts), None);
        }
    }
}
