//! The log of private windows. It is kept in memory alone, apart from the other, and goes with the last private window.
//!
//! - What is one entry is the same as in the log, and so is what goes first, but for the bounds: [`MAX_PRIVATE_ENTRIES`] and
//!   [`MAX_PRIVATE_LOG_BYTES`]. The entry that has just been made stays.
//! - How many have gone because there was no room is counted as there, and forgotten when all is deleted.
//! - `storage.session` has all of it under [`PRIVATE_LOG`], so that it outlives the sleep of the event page: a line for what is
//!   known of the whole and one for each entry, with tabs between the fields. JSON as it is written here has neither tabs nor
//!   line ends in it.

use std::cmp::Reverse;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Dropped, Entry, Tally, rank};
use crate::error::ProgramError;
use crate::fields::{self, Line};
use crate::limits::{MAX_PRIVATE_ENTRIES, MAX_PRIVATE_LOG_BYTES, MAX_SEEN_CHAIN_BYTES};
use crate::time::UnixMillis;
use crate::violation::{ChainDigest, Violation};

/// The key in `storage.session` of the text of [`PrivateLog`].
pub const PRIVATE_LOG: &str = "private-log";

/// Identifiers of private entries begin here. `IndexedDB` counts those of the others from 1; both can be told exactly by a
/// number of JavaScript's.
const FIRST_ID: u64 = 1 << 52;

/// Whether an identifier is that of a private entry.
pub(super) const fn is_private(id: u64) -> bool {
    id >= FIRST_ID
}

/// All entries of private windows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PrivateLog {
    read_until: UnixMillis,
    dropped: Option<Dropped>,
    /// The one that was counted last at the end.
    entries: Vec<PrivateEntry>,
}

/// What is to be changed.
#[derive(Debug, Clone, Copy)]
pub enum PrivateChange<'a> {
    /// Count a violation.
    Enter {
        /// As which it counts.
        violation: &'a Violation,
        /// As which the socket was counted before, and counts no longer.
        before: Option<&'a Violation>,
    },
    /// Delete all entries.
    Clear,
    /// Delete the entries of a host.
    ClearHost(&'a str),
    /// Delete the entries whose last socket was before this time.
    LetGoFromBefore(UnixMillis),
    /// Somebody has looked at it.
    MarkRead {
        /// Until then.
        until: UnixMillis,
    },
}

/// An entry, as far as it must be known to find it and to count one more.
#[derive(Debug, Clone, PartialEq, Eq)]
struct PrivateEntry {
    id: u64,
    host: String,
    rank: u8,
    tally: Tally,
    /// As JSON.
    violation: String,
    /// The DER of each certificate in base64, with spaces between them; empty where that is too much.
    certificates: String,
}

impl PrivateLog {
    /// As [`PrivateLog::to_text`] wrote it. A line that cannot be read is passed over.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        let (head, entries) = text.split_once('\n').unwrap_or_default();
        let mut head = Line::new(head, '\t');
        Self {
            read_until: head.time().unwrap_or_default(),
            dropped: head.number().zip(head.time()).map(|(entries, since)| Dropped { entries, since }),
            entries: entries.lines().filter_map(PrivateEntry::from_line).collect(),
        }
    }

    /// As it is kept; empty where nothing is known of any entry.
    #[must_use]
    pub fn to_text(&self) -> String {
        if self.is_empty() {
            return String::new();
        }
        let mut text = self.read_until.as_millis().to_string();
        if let Some(Dropped { entries, since }) = self.dropped {
            // Writing to a text cannot fail.
            let _ = write!(text, "\t{entries}\t{}", since.as_millis());
        }
        text.push('\n');
        for entry in &self.entries {
            text.push_str(&entry.to_line());
        }
        text
    }

    /// Changes it in this way. Whether there was anything to change.
    ///
    /// # Errors
    /// None that is known: what is written as JSON always can be.
    pub fn change(&mut self, change: &PrivateChange<'_>) -> Result<bool, ProgramError> {
        let goes: &dyn Fn(&PrivateEntry) -> bool = match change {
            PrivateChange::Enter { violation, before } => {
                self.enter(violation, *before)?;
                return Ok(true);
            }
            PrivateChange::MarkRead { until } => {
                self.read_until = *until;
                return Ok(!self.entries.is_empty());
            }
            PrivateChange::Clear => return Ok(!std::mem::take(self).is_empty()),
            PrivateChange::ClearHost(host) => &|entry| entry.host == *host,
            PrivateChange::LetGoFromBefore(time) => &|entry| entry.tally.last < *time,
        };
        let before = self.entries.len();
        self.entries.retain(|entry| !goes(entry));
        Ok(self.entries.len() < before)
    }

    fn enter(&mut self, violation: &Violation, before: Option<&Violation>) -> Result<(), ProgramError> {
        // Pages know an entry by its identifier: none comes twice, also after the entry has gone.
        let after_others = self.entries.iter().map(|entry| entry.id.saturating_add(1)).max().unwrap_or_default();
        let id = after_others.max(FIRST_ID.saturating_add(violation.time.as_millis()));
        if let Some(before) = before
            && let Some(mut entry) = self.take(&before.to_json()?)
            && entry.tally.subtract(before)
        {
            self.entries.push(entry);
        }
        let json = violation.to_json()?;
        let entry = match self.take(&json) {
            Some(mut entry) => {
                entry.tally.add(violation);
                entry
            }
            None => PrivateEntry::new(id, violation, json),
        };
        self.entries.push(entry);
        while let Some(place) = self.first_to_go() {
            self.entries.remove(place);
            let dropped = self.dropped.get_or_insert(Dropped { entries: 0, since: violation.time });
            dropped.entries = dropped.entries.saturating_add(1);
        }
        Ok(())
    }

    const fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.dropped.is_none()
    }

    fn take(&mut self, violation: &str) -> Option<PrivateEntry> {
        let place = self.entries.iter().position(|entry| entry.violation == violation)?;
        Some(self.entries.remove(place))
    }

    /// Where there are too many: one of the largest share but the last, by rank and age.
    fn first_to_go(&self) -> Option<usize> {
        let (_, others) = self.entries.split_last()?;
        let bytes: usize = self.entries.iter().map(PrivateEntry::bytes).sum();
        if self.entries.len() <= MAX_PRIVATE_ENTRIES && bytes <= MAX_PRIVATE_LOG_BYTES {
            return None;
        }
        let mut first = None;
        for (place, entry) in others.iter().enumerate() {
            let share = entry.tally.share();
            let of_share = others.iter().filter(|other| other.tally.share() == share).count();
            // The oldest of those that are alike comes first.
            let order = (of_share, Reverse(entry.rank));
            if first.is_none_or(|(_, known)| order > known) {
                first = Some((place, order));
            }
        }
        first.map(|(place, _)| place)
    }

    /// Until when somebody has looked at it. See [`super::is_unread`].
    #[must_use]
    pub const fn read_until(&self) -> UnixMillis {
        self.read_until
    }

    /// How many have gone because there was no room for them.
    #[must_use]
    pub const fn dropped(&self) -> Option<Dropped> {
        self.dropped
    }

    /// The entries, newest first.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries: Vec<_> = self.entries.iter().filter_map(PrivateEntry::entry).collect();
        entries.sort_by_cached_key(|entry| Reverse(entry.tally.last));
        entries
    }

    /// The chains that entries show, each with its name; those that are not kept are none of them.
    pub fn chains(&self) -> impl Iterator<Item = (ChainDigest, Vec<Vec<u8>>)> {
        self.entries.iter().filter_map(|entry| {
            let digest = entry.entry()?.violation.chain_digest?;
            let certificates = entry.certificates.split_whitespace().map(|der| STANDARD.decode(der).ok());
            certificates.collect::<Option<Vec<_>>>().filter(|chain| !chain.is_empty()).map(|chain| (digest, chain))
        })
    }
}

impl PrivateEntry {
    fn new(id: u64, violation: &Violation, json: String) -> Self {
        let bytes: usize = violation.certificates.iter().map(Vec::len).sum();
        let mut certificates = String::new();
        for der in violation.certificates.iter().filter(|_| bytes <= MAX_SEEN_CHAIN_BYTES) {
            STANDARD.encode_string(der, &mut certificates);
            certificates.push(' ');
        }
        Self {
            id,
            host: violation.host.clone(),
            rank: rank(violation.outcome),
            tally: Tally::of(violation),
            violation: json,
            certificates,
        }
    }

    fn from_line(line: &str) -> Option<Self> {
        let mut line = Line::new(line, '\t');
        Some(Self {
            id: line.number()?,
            host: line.text()?.to_owned(),
            rank: line.number()?,
            tally: fields::read(line.text()?).ok()?,
            violation: line.text()?.to_owned(),
            certificates: line.text()?.to_owned(),
        })
    }

    fn to_line(&self) -> String {
        let Self { id, host, rank, tally, violation, certificates } = self;
        let tally = serde_json::to_string(tally).unwrap_or_default();
        let mut line = String::with_capacity(self.bytes());
        // Writing to a text cannot fail.
        let _ = writeln!(line, "{id}\t{host}\t{rank}\t{tally}\t{violation}\t{certificates}");
        line
    }

    /// About as many as its line has.
    fn bytes(&self) -> usize {
        const OTHERS: usize = 1_000;
        let pages = self.tally.pages.iter().filter_map(|opened| opened.page.as_ref());
        pages.map(String::len).chain([self.violation.len(), self.certificates.len(), OTHERS]).sum()
    }

    fn entry(&self) -> Option<Entry> {
        let violation = fields::read(&self.violation).ok()?;
        Some(Entry { id: self.id, tally: self.tally.clone(), violation })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::limits::{
        MAX_NOTED_TABS, MAX_PAGES_PER_ENDPOINT, MAX_SEEN_CHAINS, MAX_SEEN_ENDPOINTS, MAX_TAB_TEXT_BYTES,
    };
    use crate::verdict::{Outcome, Reason};

    fn violation(host: &str, page: &str, time: u64) -> Violation {
        let certificates: Arc<[Vec<u8>]> = Arc::from([host.as_bytes().to_vec(), b"root".to_vec()]);
        Violation {
            host: host.to_owned(),
            chain_digest: ChainDigest::of(&certificates),
            certificates,
            ..Violation::unjudged(Reason::PinMismatch, UnixMillis::new(time), None, Some(page.to_owned()))
        }
    }

    const A: &str = "https://a.example";
    const B: &str = "https://b.example";

    fn enter(log: &mut PrivateLog, violation: &Violation, before: Option<&Violation>) {
        log.change(&PrivateChange::Enter { violation, before }).unwrap();
    }

    fn log(violations: &[Violation]) -> PrivateLog {
        let mut log = PrivateLog::default();
        for violation in violations {
            enter(&mut log, violation, None);
        }
        log
    }

    fn hosts(log: &PrivateLog) -> Vec<(String, u64)> {
        log.entries().into_iter().map(|entry| (entry.violation.host, entry.tally.count)).collect()
    }

    #[test]
    fn equal_ones_are_one_entry_and_what_becomes_another_is_counted_once() {
        let (first, again) = (violation("a.test", A, 5), violation("a.test", B, 7));
        let mut log = log(&[first.clone(), violation("b.test", A, 6), again.clone()]);
        assert_eq!(hosts(&log), [("a.test".to_owned(), 2), ("b.test".to_owned(), 1)]);
        let amended = Violation { reason: Reason::AnswerDiscarded, ..again.clone() };
        enter(&mut log, &amended, Some(&again));
        let counts: Vec<_> = log.entries().iter().map(|entry| (entry.violation.reason, entry.tally.count)).collect();
        let [mismatch, discarded] = [Reason::PinMismatch, Reason::AnswerDiscarded];
        assert!(counts.contains(&(discarded, 1)) && counts.contains(&(mismatch, 1)), "{counts:?}");
        enter(&mut log, &Violation { reason: Reason::AnswerDiscarded, ..first.clone() }, Some(&first));
        assert_eq!(hosts(&log).len(), 2, "the first has nothing left");
    }

    #[test]
    fn what_is_kept_is_read_again_with_its_chains() {
        let mut log = log(&[violation("a.test", A, 5), violation("b.test", "a\tpage\n", 6)]);
        enter(&mut log, &Violation { certificates: Arc::default(), chain_digest: None, ..violation("", A, 9) }, None);
        log.change(&PrivateChange::MarkRead { until: UnixMillis::new(8) }).unwrap();
        let again = PrivateLog::from_text(&log.to_text());
        assert_eq!(again, log);
        assert_eq!((again.read_until(), again.dropped()), (UnixMillis::new(8), None));
        let chains: Vec<_> = again.chains().collect();
        let shown = ["a.test", "b.test"].map(|host| violation(host, A, 5));
        assert_eq!(chains, shown.map(|shown| (shown.chain_digest.unwrap(), shown.certificates.to_vec())));
        assert!(again.entries().iter().all(Entry::is_private));
        assert_eq!(PrivateLog::from_text(&format!("{}nonsense\n\t\n", log.to_text())), log);
        assert_eq!(PrivateLog::from_text(""), PrivateLog::default());
    }

    #[test]
    fn whoever_fills_it_pays_for_it() {
        let rare = violation("rare.test", B, 0);
        let flagged = Violation { outcome: Outcome::Flag, ..violation("flagged.test", A, 1) };
        let mut log = log(&[rare, violation("oldest.test", A, 0), flagged]);
        let has = |log: &PrivateLog, host: &str| hosts(log).iter().any(|(known, _)| known == host);
        let fill = |log: &mut PrivateLog, number: usize| {
            enter(log, &violation(&format!("{number}.test"), A, 2), None);
        };
        (3..MAX_PRIVATE_ENTRIES).for_each(|number| fill(&mut log, number));
        assert_eq!(log.entries().len(), MAX_PRIVATE_ENTRIES);
        fill(&mut log, 1_000);
        assert!(!has(&log, "flagged.test") && has(&log, "oldest.test"));
        (1_001..2_000).for_each(|number| fill(&mut log, number));
        assert!(has(&log, "rare.test") && has(&log, "1999.test") && !has(&log, "oldest.test"));
        assert_eq!(log.entries().len(), MAX_PRIVATE_ENTRIES);
        let mut ids: Vec<_> = log.entries().iter().map(|entry| entry.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), MAX_PRIVATE_ENTRIES);
    }

    #[test]
    fn what_finds_no_room_is_counted_until_all_is_deleted() {
        let mut log = PrivateLog::default();
        let fill = |log: &mut PrivateLog, numbers: std::ops::Range<usize>| {
            for number in numbers {
                enter(log, &violation(&format!("{number}.test"), A, u64::try_from(number).unwrap()), None);
            }
        };
        fill(&mut log, 0..MAX_PRIVATE_ENTRIES);
        assert_eq!(log.dropped(), None);
        fill(&mut log, MAX_PRIVATE_ENTRIES..MAX_PRIVATE_ENTRIES + 3);
        let since = UnixMillis::new(u64::try_from(MAX_PRIVATE_ENTRIES).unwrap());
        let dropped = Some(Dropped { entries: 3, since });
        assert_eq!(log.dropped(), dropped);
        // What is let go for another reason is not counted, and takes nothing back.
        log.change(&PrivateChange::LetGoFromBefore(UnixMillis::new(u64::MAX))).unwrap();
        assert_eq!((log.entries().len(), log.dropped()), (0, dropped));
        log = PrivateLog::from_text(&log.to_text());
        assert_eq!(log.dropped(), dropped);
        fill(&mut log, 0..MAX_PRIVATE_ENTRIES + 1);
        assert_eq!(log.dropped(), Some(Dropped { entries: 4, since }));
        assert_eq!(log.change(&PrivateChange::Clear), Ok(true));
        assert_eq!((log.to_text().as_str(), log.change(&PrivateChange::Clear)), ("", Ok(false)));
    }

    /// Of a server whose chain is so large.
    fn showing(byte: u8, bytes: usize) -> Violation {
        let certificates: Arc<[Vec<u8>]> = Arc::from([vec![byte; bytes]]);
        Violation { chain_digest: ChainDigest::of(&certificates), certificates, ..violation("a.test", A, 1) }
    }

    /// Servers choose how large a chain is.
    #[test]
    fn chains_together_leave_room_for_what_else_is_stored() {
        const QUOTA: usize = 10 * 1024 * 1024;
        /// A host with scheme and port, or a host with numbers and names of chains.
        const MAX_ENDPOINT_NAME_BYTES: usize = 300;
        /// A pause, a warning.
        const OTHERS: usize = 100 * 1024;
        let mut log = log(&[showing(0, MAX_SEEN_CHAIN_BYTES), showing(1, MAX_SEEN_CHAIN_BYTES + 1)]);
        assert_eq!((log.entries().len(), log.chains().count()), (2, 1), "one is too large");
        for number in 2..250 {
            enter(&mut log, &showing(number, MAX_SEEN_CHAIN_BYTES), None);
        }
        assert!(log.to_text().len() <= MAX_PRIVATE_LOG_BYTES && log.entries().len() > 10);
        let chains = MAX_SEEN_CHAINS * MAX_SEEN_CHAIN_BYTES.div_ceil(3) * 4;
        let endpoints = MAX_SEEN_ENDPOINTS * (MAX_PAGES_PER_ENDPOINT + 1) * MAX_ENDPOINT_NAME_BYTES;
        // Two bytes for each character where one is beyond Latin-1: the name of a key, or an error.
        let wide = 2 * (MAX_NOTED_TABS * MAX_TAB_TEXT_BYTES + MAX_PRIVATE_LOG_BYTES);
        assert!(chains + endpoints + wide < QUOTA - OTHERS);
    }

    #[test]
    fn entries_go_by_age_and_by_host() {
        let mut log = log(&[violation("a.test", A, 5), violation("b.test", A, 6), violation("c.test", A, 7)]);
        log.change(&PrivateChange::LetGoFromBefore(UnixMillis::new(6))).unwrap();
        assert_eq!(hosts(&log), [("c.test".to_owned(), 1), ("b.test".to_owned(), 1)]);
        log.change(&PrivateChange::ClearHost("c.test")).unwrap();
        assert_eq!(hosts(&log), [("b.test".to_owned(), 1)]);
        log.change(&PrivateChange::Clear).unwrap();
        assert_eq!(log.to_text(), "");
    }
}
