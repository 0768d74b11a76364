//! What the chains of this session say of keys.

use std::collections::HashMap;

use crate::certificate::Certificate;
use crate::connection::Facts;
use crate::host::{Host, HostPattern};
use crate::picking::{Role, choices};
use crate::pin::Pin;

/// The keys of the chains that were seen, and which of them each endpoint shows now.
#[derive(Debug, Default)]
pub struct SeenKeys {
    roles: HashMap<Pin, Role>,
    current: Vec<CurrentChain>,
}

/// The latest chain of an endpoint.
#[derive(Debug, PartialEq, Eq)]
struct CurrentChain {
    host: Host,
    port: u16,
    keys: Vec<Pin>,
}

impl SeenKeys {
    /// Adds what an endpoint has shown, the latest chain first.
    pub fn add<'a>(&mut self, host: Host, port: u16, chains: impl IntoIterator<Item = &'a Facts>) {
        let mut chains = chains.into_iter().peekable();
        if let Some(current) = chains.peek() {
            self.current.push(CurrentChain { host, port, keys: keys(current) });
        }
        for choice in chains.flat_map(choices) {
            let known = self.roles.entry(choice.key).or_insert(choice.role);
            // A root that has been signed by another stands between two certificates in some chains.
            if *known == Role::Issuing {
                *known = choice.role;
            }
        }
    }

    /// What a key is to the servers that have shown it.
    #[must_use]
    pub fn role(&self, key: Pin) -> Option<Role> {
        self.roles.get(&key).copied()
    }

    /// The first of the endpoints that a rule is for whose chain has all of these keys now, as a rule is written.
    pub(super) fn endpoint_with_all(&self, pattern: &HostPattern, keys: &[Pin]) -> Option<String> {
        let has_all = |chain: &&CurrentChain| {
            pattern.matches(&chain.host, chain.port) && keys.iter().all(|key| chain.keys.contains(key))
        };
        self.current.iter().find(has_all).map(|chain| format!("{}:{}", chain.host, chain.port))
    }
}

fn keys(facts: &Facts) -> Vec<Pin> {
    let (certificates, _) = facts.certificates();
    certificates.iter().filter_map(|der| Some(Certificate::from_der(der).ok()?.pin())).collect()
}
