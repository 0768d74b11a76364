//! The endpoints that sockets of this session were seen at, each with the chains that it has shown: what a person pins
//! from, without typing a host or a hash.
//!
//! Nothing waits for any of this, and nothing is decided by it. It is kept in memory and ends with the browser; a private
//! window's sockets are not noted. What is full loses the endpoint that was not seen for the longest time.

mod certificates;
mod chain;

use std::fmt::Write as _;

pub use certificates::{SeenCertificate, SeenCertificates};
pub use chain::SeenChain;

use crate::fields::Line;
use crate::limits::{
    MAX_CHAINS_PER_ENDPOINT, MAX_PAGES_PER_ENDPOINT, MAX_SEEN_CHAINS, MAX_SEEN_ENDPOINTS, SEEN_CHAIN_INTERVAL_MS,
};
use crate::time::UnixMillis;
use crate::violation::ChainDigest;

/// The key in `storage.session` of the endpoints: the text of a [`Seen`].
pub const SEEN: &str = "seen";

/// Under which the text of a [`SeenChain`] is kept, by its digest.
#[must_use]
pub fn chain_key(digest: &ChainDigest) -> String {
    format!("chain/{}", digest.as_str())
}

/// One socket, as far as it is noted, or a look at a server without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// The host in canonical form.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The origin of the document that opened it, if the browser told.
    pub page: Option<String>,
    /// When.
    pub time: UnixMillis,
    /// How many sockets it is: none where a person has only had the server asked for its chain.
    pub sockets: u64,
}

/// A host and port, and what was seen there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenEndpoint {
    /// The host in canonical form.
    pub host: String,
    /// The port.
    pub port: u16,
    /// How many sockets; 0 where there was only a look at it.
    pub count: u64,
    /// When the first of them was seen.
    pub first: UnixMillis,
    /// When the last of them was.
    pub last: UnixMillis,
    /// The origins of the documents that opened them, the latest first; at most [`MAX_PAGES_PER_ENDPOINT`].
    pub pages: Vec<String>,
    /// The chains, the latest first; at most [`MAX_CHAINS_PER_ENDPOINT`].
    pub chains: Vec<SeenAt>,
}

/// A chain of an endpoint, and when it was seen there. Not every socket's chain is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenAt {
    /// The name under which the chain itself is kept.
    pub digest: ChainDigest,
    /// First.
    pub first: UnixMillis,
    /// Last.
    pub last: UnixMillis,
}

/// All of it, the endpoint that was seen last at the end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    endpoints: Vec<SeenEndpoint>,
}

impl Seen {
    /// As [`Seen::to_text`] wrote it. A line that cannot be read is passed over: it is a note, not a setting.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self { endpoints: text.lines().filter_map(SeenEndpoint::from_line).collect() }
    }

    /// As it is kept: a line for each endpoint, its fields between tabs, and what is a list between spaces. Neither is in a
    /// host, an origin or a digest. JSON would take a twentieth of the background's module.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for endpoint in &self.endpoints {
            endpoint.write_line(&mut text);
        }
        text
    }

    /// The endpoints, the one that was seen first in front.
    #[must_use]
    pub fn endpoints(&self) -> &[SeenEndpoint] {
        &self.endpoints
    }

    /// The names of the chains that are to be kept.
    #[must_use]
    pub fn chains(&self) -> Vec<ChainDigest> {
        let mut chains: Vec<ChainDigest> = Vec::new();
        for chain in self.endpoints.iter().flat_map(|endpoint| &endpoint.chains) {
            if !chains.contains(&chain.digest) {
                chains.push(chain.digest.clone());
            }
        }
        chains
    }

    /// Notes a socket, or a look.
    pub fn note(&mut self, sighting: &Sighting) {
        let known = self.place(sighting);
        let mut endpoint = known.map_or_else(|| SeenEndpoint::new(sighting), |place| self.endpoints.remove(place));
        endpoint.add(sighting);
        self.endpoints.push(endpoint);
        let surplus = self.endpoints.len().saturating_sub(MAX_SEEN_ENDPOINTS);
        self.endpoints.drain(..surplus);
    }

    /// Notes the chain of a socket that was noted.
    pub fn note_chain(&mut self, sighting: &Sighting, digest: ChainDigest) {
        let Some(endpoint) = self.place(sighting).and_then(|place| self.endpoints.get_mut(place)) else {
            return;
        };
        let known = endpoint.chains.iter().position(|chain| chain.digest == digest);
        let first = known.map_or(sighting.time, |place| endpoint.chains.remove(place).first);
        endpoint.chains.insert(0, SeenAt { digest, first, last: sighting.time });
        endpoint.chains.truncate(MAX_CHAINS_PER_ENDPOINT);
        let surplus = self.endpoints.iter().map(|endpoint| endpoint.chains.len()).sum::<usize>();
        for _ in MAX_SEEN_CHAINS..surplus {
            // Of the endpoint that was not seen for the longest time, its oldest.
            if let Some(endpoint) = self.endpoints.iter_mut().find(|endpoint| !endpoint.chains.is_empty()) {
                endpoint.chains.pop();
            }
        }
    }

    fn place(&self, sighting: &Sighting) -> Option<usize> {
        let is_same = |endpoint: &SeenEndpoint| endpoint.port == sighting.port && endpoint.host == sighting.host;
        // Mostly it is the one of the socket before.
        self.endpoints.iter().rposition(is_same)
    }
}

impl SeenEndpoint {
    fn new(sighting: &Sighting) -> Self {
        Self {
            host: sighting.host.clone(),
            port: sighting.port,
            count: 0,
            first: sighting.time,
            last: sighting.time,
            pages: Vec::new(),
            chains: Vec::new(),
        }
    }

    fn from_line(line: &str) -> Option<Self> {
        let mut line = Line::new(line, '\t');
        let endpoint = Self {
            host: line.text()?.to_owned(),
            port: line.number()?,
            count: line.number()?,
            first: line.time()?,
            last: line.time()?,
            pages: line.list()?,
            chains: Vec::new(),
        };
        let mut words = Line::new(line.text()?, ' ');
        let mut chains = Vec::new();
        while let Some(digest) = words.text().filter(|digest| !digest.is_empty()) {
            chains.push(SeenAt { digest: ChainDigest::named(digest), first: words.time()?, last: words.time()? });
        }
        Some(Self { chains, ..endpoint })
    }

    fn write_line(&self, text: &mut String) {
        let Self { host, port, count, first, last, pages, chains } = self;
        // Writing to a text cannot fail.
        let _ =
            write!(text, "{host}\t{port}\t{count}\t{}\t{}\t{}\t", first.as_millis(), last.as_millis(), pages.join(" "));
        for SeenAt { digest, first, last } in chains {
            let _ = write!(text, "{} {} {} ", digest.as_str(), first.as_millis(), last.as_millis());
        }
        text.push('\n');
    }

    fn add(&mut self, sighting: &Sighting) {
        self.count = self.count.saturating_add(sighting.sockets);
        self.first = self.first.min(sighting.time);
        // A look is no socket; an endpoint that was only looked at has no other time.
        if sighting.sockets > 0 || self.count == 0 {
            self.last = self.last.max(sighting.time);
        }
        let Some(page) = &sighting.page else {
            return;
        };
        self.pages.retain(|known| known != page);
        self.pages.insert(0, page.clone());
        self.pages.truncate(MAX_PAGES_PER_ENDPOINT);
    }
}

/// Of which endpoints a chain was asked for a moment ago.
#[derive(Debug, Default)]
pub struct AskedChains(Vec<(String, u16, UnixMillis)>);

impl AskedChains {
    /// Whether the chain of a socket is to be asked for; then it counts as asked for.
    pub fn is_due(&mut self, sighting: &Sighting) -> bool {
        let is_same = |(host, port, _): &(String, u16, UnixMillis)| *port == sighting.port && *host == sighting.host;
        let known = self.0.iter().rposition(is_same);
        let last = known.and_then(|place| self.0.get(place)).map(|(_, _, last)| last.as_millis());
        let age = last.and_then(|last| sighting.time.as_millis().checked_sub(last));
        if age.is_some_and(|age| age < SEEN_CHAIN_INTERVAL_MS) {
            return false;
        }
        match known {
            Some(place) => drop(self.0.remove(place)),
            None if self.0.len() >= MAX_SEEN_ENDPOINTS => drop(self.0.remove(0)),
            None => {}
        }
        self.0.push((sighting.host.clone(), sighting.port, sighting.time));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sighting(host: &str, time: u64) -> Sighting {
        Sighting { host: host.to_owned(), port: 443, page: None, time: UnixMillis::new(time), sockets: 1 }
    }

    fn digest(byte: u8) -> ChainDigest {
        ChainDigest::of(&[vec![byte]]).unwrap()
    }

    fn hosts(seen: &Seen) -> Vec<&str> {
        seen.endpoints().iter().map(|endpoint| endpoint.host.as_str()).collect()
    }

    #[test]
    fn an_endpoint_counts_its_sockets_and_names_the_pages_that_came_last() {
        let mut seen = Seen::default();
        for number in 0..100_u64 {
            let page = Some(format!("https://{}.example", number % 30));
            seen.note(&Sighting { page, ..sighting("a.test", 1_000 + number) });
        }
        seen.note(&Sighting { port: 8443, ..sighting("a.test", 5) });
        // A look at it is none of its sockets.
        seen.note(&Sighting { sockets: 0, ..sighting("a.test", 2_000) });
        let [other, first] = seen.endpoints() else { panic!("two ports are two endpoints") };
        assert_eq!((first.count, first.first, first.last), (100, UnixMillis::new(1_000), UnixMillis::new(1_099)));
        assert_eq!((first.pages.len(), first.pages[0].as_str()), (MAX_PAGES_PER_ENDPOINT, "https://9.example"));
        assert_eq!((other.port, other.count, other.pages.len()), (8443, 1, 0));
    }

    #[test]
    fn the_endpoint_that_was_not_seen_for_the_longest_time_goes_with_its_chains() {
        let mut seen = Seen::default();
        for number in 0..MAX_SEEN_ENDPOINTS {
            seen.note(&sighting(&format!("{number}.test"), 0));
        }
        for (host, byte) in [("0.test", 1), ("0.test", 2), ("1.test", 1)] {
            seen.note_chain(&sighting(host, 1), digest(byte));
        }
        seen.note(&sighting("1.test", 1));
        assert_eq!(seen.chains(), [digest(2), digest(1)]);
        seen.note(&sighting("new.test", 2));
        assert_eq!(seen.endpoints().len(), MAX_SEEN_ENDPOINTS);
        assert!(!hosts(&seen).contains(&"0.test") && hosts(&seen).contains(&"1.test"), "the latter was seen again");
        assert_eq!(seen.chains(), [digest(1)], "which the other host has shown as well");
    }

    #[test]
    fn the_newest_chains_of_an_endpoint_are_kept() {
        let mut seen = Seen::default();
        seen.note(&sighting("a.test", 0));
        let kept = u8::try_from(MAX_CHAINS_PER_ENDPOINT).unwrap();
        for byte in 0..kept {
            seen.note_chain(&sighting("a.test", u64::from(byte)), digest(byte));
        }
        seen.note_chain(&sighting("a.test", 100), digest(0));
        seen.note_chain(&sighting("a.test", 101), digest(kept));
        let chains = &seen.endpoints()[0].chains;
        assert_eq!(chains.len(), MAX_CHAINS_PER_ENDPOINT);
        assert_eq!(chains[1], SeenAt { digest: digest(0), first: UnixMillis::new(0), last: UnixMillis::new(100) });
        assert!(!seen.chains().contains(&digest(1)), "the others were seen later");
        seen.note_chain(&sighting("never.test", 102), digest(9));
        assert!(!seen.chains().contains(&digest(9)));
    }

    /// Whatever servers a page chooses.
    #[test]
    fn chains_are_kept_up_to_a_bound() {
        let mut seen = Seen::default();
        for number in 0..2 * MAX_SEEN_CHAINS {
            let host = format!("{}.test", number / 2);
            seen.note(&sighting(&host, 1));
            seen.note_chain(&sighting(&host, 1), ChainDigest::named(&number.to_string()));
        }
        assert_eq!(seen.chains().len(), MAX_SEEN_CHAINS);
        let newest = ChainDigest::named(&(2 * MAX_SEEN_CHAINS - 1).to_string());
        assert!(seen.chains().contains(&newest));
        let with_chains = seen.endpoints().iter().position(|endpoint| !endpoint.chains.is_empty());
        assert!(with_chains > Some(0), "those that were not seen for the longest time have none left");
    }

    #[test]
    fn a_chain_is_asked_for_where_none_was_a_moment_ago() {
        for (time, is_due) in [
            (1_000 + SEEN_CHAIN_INTERVAL_MS - 1, false),
            (1_000 + SEEN_CHAIN_INTERVAL_MS, true),
            // The clock was set back.
            (999, true),
        ] {
            let mut asked = AskedChains::default();
            assert!(asked.is_due(&sighting("a.test", 1_000)));
            assert_eq!(asked.is_due(&sighting("a.test", time)), is_due, "{time}");
            assert!(asked.is_due(&sighting("b.test", time)));
            assert!(asked.is_due(&Sighting { port: 8443, ..sighting("a.test", time) }));
        }
        let mut asked = AskedChains::default();
        for number in 0..10 * MAX_SEEN_ENDPOINTS {
            assert!(asked.is_due(&sighting(&format!("{number}.test"), 0)));
        }
        assert!(asked.0.len() <= MAX_SEEN_ENDPOINTS);
    }

    #[test]
    fn what_is_kept_is_read_again() {
        let mut seen = Seen::default();
        let socket = Sighting { page: Some("https://page.example".to_owned()), ..sighting("a.test", 7) };
        seen.note(&socket);
        seen.note_chain(&socket, digest(1));
        seen.note_chain(&sighting("a.test", 8), digest(2));
        seen.note(&sighting("[2001:db8::1]", 9));
        let text = seen.to_text();
        assert_eq!(Seen::from_text(&text), seen);
        assert_eq!(Seen::from_text(&format!("{text}nonsense\n\t\n")), seen, "nothing else is lost to a line");
        assert_eq!(Seen::from_text(""), Seen::default());
    }
}
