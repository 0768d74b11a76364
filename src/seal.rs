//! Whose answers are sealed ([`crate::lock`]): the hosts of every rule that blocks, in groups.
//!
//! Firefox looks at each name that it is told, in the process in which sockets are answered: for many hosts that takes long.
//! So it is told only of the groups that have changed, and what it has been told is known by a fingerprint for each group, without
//! reading all of it again.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::host::Host;
use crate::limits::{HOSTS_PER_SEALED_GROUP, MAX_SEALED_GROUPS};
use crate::lock::{SEAL, SEC_WEBSOCKET_EXTENSIONS};
use crate::rule::{Mode, Rule};
use crate::time::UnixMillis;

/// All hosts whose answers are to be sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedHosts {
    groups: Vec<HostGroup>,
}

/// Some of these hosts. A host stays in its group whatever others there are, as long as there are as many groups; where they are
/// doubled, each is split in two.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HostGroup {
    rules: Vec<Arc<Rule>>,
}

impl SealedHosts {
    /// The hosts of the rules that block now.
    #[must_use]
    pub fn of<'a>(rules: impl Iterator<Item = &'a Arc<Rule>>, now: UnixMillis) -> Self {
        let rules: Vec<_> = rules.filter(|rule| rule.mode() == Mode::Block && !rule.is_expired(now)).collect();
        if rules.is_empty() {
            return Self { groups: Vec::new() };
        }
        let count = rules.len().div_ceil(HOSTS_PER_SEALED_GROUP).next_power_of_two().min(MAX_SEALED_GROUPS);
        let mut groups = vec![HostGroup::default(); count];
        for rule in rules {
            let mut hasher = DefaultHasher::new();
            rule.host().base().hash(&mut hasher);
            let place = usize::try_from(hasher.finish() & LOW_BITS).unwrap_or_default().checked_rem(count);
            if let Some(group) = place.and_then(|place| groups.get_mut(place)) {
                group.rules.push(Arc::clone(rule));
            }
        }
        Self { groups }
    }

    /// The groups: none where there is nobody.
    #[must_use]
    pub fn groups(&self) -> &[HostGroup] {
        &self.groups
    }
}

impl HostGroup {
    /// The names that are given to Firefox, each also with a trailing dot, which makes it another name there. One may come twice.
    pub fn domains(&self) -> impl Iterator<Item = String> {
        self.rules.iter().flat_map(|rule| {
            let base = rule.host().base();
            let dotted = matches!(base, Host::Name(_)).then(|| format!("{base}."));
            [Some(base.to_string()), dotted].into_iter().flatten()
        })
    }

    /// A digest of the hosts and of what is done with them, as a name below `invalid`, which no server has (RFC 6761
    /// section 6.4).
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut digest = Sha256::new();
        for text in [SEC_WEBSOCKET_EXTENSIONS, SEAL] {
            digest.update(text);
            digest.update("\n");
        }
        for rule in &self.rules {
            match rule.host().base() {
                Host::Name(name) => digest.update(name),
                address => digest.update(address.to_string()),
            }
            digest.update("\n");
        }
        let digest: [u8; 32] = digest.finalize().into();
        let fingerprint = digest.first_chunk().map_or(0, |bytes| u128::from_be_bytes(*bytes));
        format!("{fingerprint:032x}.sealed.invalid")
    }
}

/// So that a host's group is the same where a `usize` has 32 bits.
const LOW_BITS: u64 = 0xffff_ffff;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::rule::{RuleDocument, RuleStamp};

    const NOW: UnixMillis = UnixMillis::new(1_700_000_000_000);

    fn rules(hosts: impl IntoIterator<Item = String>) -> Vec<Arc<Rule>> {
        let rule = |host: String| {
            let document: RuleDocument =
                serde_json::from_value(serde_json::json!({"host": host, "pins": [{"sha256": "A".repeat(43)}]}))
                    .unwrap();
            Arc::new(Rule::new(&document, &RuleStamp { id: host, time: NOW }, &|_| None).unwrap())
        };
        hosts.into_iter().map(rule).collect()
    }

    fn many(count: usize) -> Vec<Arc<Rule>> {
        rules((0..count).map(|number| format!("host-{number}.test")))
    }

    fn fingerprints(rules: &[Arc<Rule>]) -> Vec<String> {
        SealedHosts::of(rules.iter(), NOW).groups().iter().map(HostGroup::fingerprint).collect()
    }

    #[test]
    fn every_host_is_in_one_part() {
        for (count, groups) in [(0, 0), (1, 1), (HOSTS_PER_SEALED_GROUP, 1), (2 * HOSTS_PER_SEALED_GROUP + 1, 4)] {
            let sealed = SealedHosts::of(many(count).iter(), NOW);
            assert_eq!(sealed.groups().len(), groups, "{count}");
            let domains: Vec<_> = sealed.groups().iter().flat_map(HostGroup::domains).collect();
            assert_eq!(domains.len(), 2 * count);
            assert_eq!(domains.iter().collect::<BTreeSet<_>>().len(), 2 * count);
            assert!(sealed.groups().iter().all(|group| group.domains().count() < 4 * HOSTS_PER_SEALED_GROUP));
        }
    }

    #[test]
    fn one_host_more_or_less_changes_one_part() {
        let before = many(3 * HOSTS_PER_SEALED_GROUP);
        let mut more = before.clone();
        more.extend(rules(["another.test".to_owned()]));
        for after in [&more[..], &before[1..]] {
            let changed =
                fingerprints(&before).into_iter().zip(fingerprints(after)).filter(|(before, after)| before != after);
            assert_eq!(changed.count(), 1);
        }
        assert_eq!(fingerprints(&before), fingerprints(&before.clone()));
    }

    #[test]
    fn where_the_parts_are_doubled_each_is_split_in_two() {
        let few = many(2 * HOSTS_PER_SEALED_GROUP);
        let mut more = few.clone();
        more.extend(rules(["another.test".to_owned()]));
        let (few, more) = (SealedHosts::of(few.iter(), NOW), SealedHosts::of(more.iter(), NOW));
        assert_eq!((few.groups().len(), more.groups().len()), (2, 4));
        for (place, group) in few.groups().iter().enumerate() {
            let after: BTreeSet<_> =
                [place, place + 2].iter().flat_map(|place| more.groups()[*place].domains()).collect();
            assert!(group.domains().all(|domain| after.contains(&domain)));
        }
    }

    #[test]
    fn a_fingerprint_is_a_name_of_nobody() {
        let [fingerprint] = &fingerprints(&many(3))[..] else { panic!("one group") };
        assert!(fingerprint.ends_with(".sealed.invalid") && fingerprint.len() == 47, "{fingerprint}");
        assert_ne!(*fingerprint, fingerprints(&many(4))[0]);
        assert_ne!(fingerprints(&rules(["a.b.test".into()])), fingerprints(&rules(["a.test".into(), "b.test".into()])));
    }
}
