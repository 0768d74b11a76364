//! The chain that each endpoint has shown last and that its rule has matched: what a key is compared with once it has changed,
//! also after the browser was started again. Nothing is decided by it.
//!
//! An entry for each endpoint, the latest in front: time, chain, endpoint, with tabulators between them. Sockets of private windows
//! are not in it.

use crate::connection::{Connection, Facts};
use crate::limits::{LAST_CHAIN_INTERVAL_MS, MAX_LAST_CHAINS};
use crate::seen::SeenChain;
use crate::time::UnixMillis;

/// The key in `storage.local` of all entries. Another form of them gets another key.
pub const LAST_CHAINS: &str = "last-chains-1";

/// What is kept, with what a connection has shown; none where there is a chain of this endpoint that is young enough, and where
/// the connection has none.
#[must_use]
pub fn with_chain(kept: &str, connection: &Connection) -> Option<String> {
    let Connection { target, facts, now } = connection;
    let endpoint = format!("{}:{}", target.host, target.port);
    let (_, chain) = SeenChain::write(facts)?;
    let mut after = format!("{}\t{chain}\t{endpoint}", now.as_millis());
    let mut count = 1;
    for entry in kept.split(BETWEEN) {
        match read(entry) {
            Some((time, _, of)) if of == endpoint => {
                if now.as_millis().saturating_sub(time.as_millis()) < LAST_CHAIN_INTERVAL_MS {
                    return None;
                }
            }
            Some(_) if count < MAX_LAST_CHAINS => {
                count += 1;
                after.push(BETWEEN);
                after.push_str(entry);
            }
            Some(_) | None => {}
        }
    }
    Some(after)
}

/// The chain of an endpoint, and when it was shown.
#[must_use]
pub fn last_chain(kept: &str, host: &str, port: u16) -> Option<(UnixMillis, Facts)> {
    let endpoint = format!("{host}:{port}");
    let (time, chain, _) = kept.split(BETWEEN).filter_map(read).find(|(_, _, of)| *of == endpoint)?;
    Some((time, SeenChain::read(chain)?))
}

fn read(entry: &str) -> Option<(UnixMillis, &str, &str)> {
    let (time, rest) = entry.split_once('\t')?;
    let (chain, endpoint) = rest.split_once('\t')?;
    Some((UnixMillis::from_millis_text(time)?, chain, endpoint))
}

/// Chains have lines themselves.
const BETWEEN: char = '\u{1e}';

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::{Chain, Scheme, Target};
    use crate::host::Host;

    fn shown(host: &str, leaf: &[u8], now: u64) -> Connection {
        let certificates = [leaf.to_vec(), b"root".to_vec()].into();
        Connection {
            target: Target { scheme: Scheme::Wss, host: Host::parse(host, &|_| None).unwrap(), port: 443 },
            facts: Facts::Validated(Chain { certificates, root_is_built_in: Some(true), ct_compliant: false }),
            now: UnixMillis::new(now),
        }
    }

    #[test]
    fn each_endpoint_has_the_chain_that_it_has_shown_last() {
        let text = with_chain("", &shown("a.test", b"one", 0)).unwrap();
        let text = with_chain(&text, &shown("b.test", b"two", 1)).unwrap();
        assert_eq!(
            with_chain(&text, &shown("a.test", b"three", LAST_CHAIN_INTERVAL_MS - 1)),
            None,
            "it is young enough"
        );
        let text = with_chain(&text, &shown("a.test", b"three", LAST_CHAIN_INTERVAL_MS)).unwrap();
        let leaf = |host| last_chain(&text, host, 443).map(|(time, facts)| (time, facts.certificates().0[0].clone()));
        assert_eq!(leaf("a.test"), Some((UnixMillis::new(LAST_CHAIN_INTERVAL_MS), b"three".to_vec())));
        assert_eq!(leaf("b.test"), Some((UnixMillis::new(1), b"two".to_vec())));
        assert_eq!((leaf("c.test"), last_chain(&text, "a.test", 8443)), (None, None));
        assert_eq!(last_chain("nonsense\u{1e}1\ta.test:443", "a.test", 443), None);
    }

    #[test]
    fn the_endpoint_that_was_not_reached_for_the_longest_time_goes() {
        let mut text = String::new();
        for number in 0..=MAX_LAST_CHAINS {
            text = with_chain(&text, &shown(&format!("host-{number}.test"), b"leaf", 0)).unwrap();
        }
        assert_eq!(text.split(BETWEEN).count(), MAX_LAST_CHAINS);
        assert_eq!(last_chain(&text, "host-0.test", 443), None);
        assert!(last_chain(&text, "host-1.test", 443).is_some());
    }
}
