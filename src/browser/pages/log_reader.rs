//! The log as pages read it: from the database itself, and what is of private windows from `storage.session`; never to write.

use std::collections::HashSet;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    IdbCursor, IdbCursorDirection, IdbCursorWithValue, IdbDatabase, IdbIndex, IdbKeyRange, IdbObjectStore, IdbRequest,
    IdbTransaction,
};

use super::messages;
use crate::browser::api::{long_text, session_get};
use crate::browser::convert::{property, read_js, storage_error, to_js};
use crate::browser::indexed_db::{answer, answer_if_any, answers};
use crate::browser::log_database::{
    self, ALL, BY_HOST, BY_LAST, CHAINS, COUNTS, DROPPED, Opened, PAUSES, READ, SINCE, TOTAL, TransactionMode, UNTIL,
    VIOLATIONS, store,
};
use crate::error::{Error, ProgramError, StorageError};
use crate::fields::Read;
use crate::log::private::{PRIVATE_LOG, PrivateLog};
use crate::log::{AllDropped, Dropped, Entry, Line, ReadUntil, newest_first};
use crate::message::PageRequest;
use crate::pause::PauseEntry;
use crate::time::UnixMillis;
use crate::violation::ChainDigest;

/// The log, to read.
pub(super) struct LogReader {
    database: Opened,
}

/// What is known of the log as a whole.
#[derive(Default)]
pub(super) struct Overview {
    pub(super) entries: u64,
    pub(super) dropped: AllDropped,
    /// See [`crate::log::is_unread`].
    pub(super) read_until: ReadUntil,
}

/// A piece of the log; what is stored of it is newest first.
#[derive(Default)]
pub(super) struct Piece {
    pub(super) entries: Vec<Entry>,
    /// Records that another version has written in another shape, or that are damaged.
    pub(super) unreadable: usize,
    /// Before which the next piece ends; none where this is the last.
    pub(super) next: Option<UnixMillis>,
}

impl Overview {
    fn with(self, private: &PrivateLog) -> Self {
        Self {
            entries: self.entries.saturating_add(count(&private.entries())),
            dropped: AllDropped { private: private.dropped(), ..self.dropped },
            read_until: ReadUntil { private: private.read_until(), ..self.read_until },
        }
    }
}

impl Piece {
    fn with(mut self, private: &PrivateLog, before: Option<UnixMillis>) -> Self {
        let mut entries = private.entries();
        entries.retain(|entry| {
            let last = entry.tally.last;
            self.next.is_none_or(|next| last >= next) && before.is_none_or(|before| last < before)
        });
        self.entries.extend(entries);
        self
    }
}

impl LogReader {
    pub(super) const fn new() -> Self {
        Self { database: Opened::none() }
    }

    /// The newest lines, newest first, how many there are in all, and what is known of the log as a whole. What an older or
    /// newer version wrote in another shape is passed over, not lost.
    pub(super) async fn newest(&self, limit: usize) -> Result<(Vec<Line>, u64, Overview), Error> {
        let private = private_log();
        let overview = self.stored_overview().await?;
        let (mut entries, pauses, number_of_pauses) = self.newest_stored(limit).await?;
        let private = private.await?;
        let overview = overview.with(&private);
        entries.extend(private.entries());
        let mut lines = newest_first(entries, pauses);
        lines.truncate(limit);
        Ok((lines, overview.entries.saturating_add(number_of_pauses), overview))
    }

    async fn newest_stored(&self, limit: usize) -> Result<(Vec<Entry>, Vec<PauseEntry>, u64), Error> {
        let Some(transaction) = self.begin(&[VIOLATIONS, PAUSES]).await? else {
            return Ok(Default::default());
        };
        let (violations, pauses) = (store(&transaction, VIOLATIONS)?, store(&transaction, PAUSES)?);
        let (all, backwards) = (&JsValue::NULL, IdbCursorDirection::Prev);
        let by_last = violations.index(BY_LAST).map_err(|thrown| storage_error(&thrown))?;
        let entries = from_cursor(by_last.open_cursor_with_range_and_direction(all, backwards), limit).await?;
        let newest_pauses = pauses.open_cursor_with_range_and_direction(all, backwards);
        let pauses_read = from_cursor(newest_pauses, limit).await?;
        Ok((entries, pauses_read, read_js(&answer(pauses.count()).await?)?))
    }

    /// The entry with this identifier; none where it has gone.
    pub(super) async fn entry(&self, id: u64) -> Result<Option<Entry>, Error> {
        if let Some(transaction) = self.begin(&[VIOLATIONS]).await?
            && let Some(record) = answer_if_any(store(&transaction, VIOLATIONS)?.get(&to_js(&id)?)).await?
        {
            return Ok(Some(read_js(&record)?));
        }
        Ok(private_log().await?.entries().into_iter().find(|entry| entry.id == id))
    }

    /// Entries of a host, the one with the newest socket first: of those that are stored at most a few, the ones that were made
    /// last. And all private ones.
    pub(super) fn of_host(&self, host: &str) -> impl Future<Output = Result<Vec<Line>, Error>> {
        self.a_few(BY_HOST, to_js(host), IdbKeyRange::only, IdbCursorDirection::Prev)
    }

    /// The same of entries whose newest socket is of this time or later: those that are next to it.
    pub(super) fn next_to(&self, time: UnixMillis) -> impl Future<Output = Result<Vec<Line>, Error>> {
        self.a_few(BY_LAST, to_js(&time), IdbKeyRange::lower_bound, IdbCursorDirection::Next)
    }

    async fn a_few(
        &self,
        by: &str,
        key: Result<JsValue, ProgramError>,
        range: fn(&JsValue) -> Result<IdbKeyRange, JsValue>,
        direction: IdbCursorDirection,
    ) -> Result<Vec<Line>, Error> {
        const A_FEW: usize = 50;
        let range = range(&key?).map_err(|thrown| storage_error(&thrown))?;
        let mut entries = private_log().await?.entries();
        if let Some(transaction) = self.begin(&[VIOLATIONS]).await? {
            let by = index(&store(&transaction, VIOLATIONS)?, by)?;
            let cursor = by.open_cursor_with_range_and_direction(&range, direction);
            entries.append(&mut from_cursor(cursor, A_FEW).await?);
        }
        Ok(newest_first(entries, Vec::new()))
    }

    /// The DER of a chain's certificates, the server's own first; none where the chain has gone with its last entry.
    pub(super) async fn chain(&self, digest: &ChainDigest) -> Result<Vec<Vec<u8>>, Error> {
        if let Some(transaction) = self.begin(&[CHAINS]).await? {
            let chain = answer(store(&transaction, CHAINS)?.get(&JsValue::from_str(digest.as_str()))).await?;
            let stored = certificates(&chain);
            if !stored.is_empty() {
                return Ok(stored);
            }
        }
        let private = private_log().await?.chains().find(|(name, _)| name == digest);
        Ok(private.map(|(_, certificates)| certificates).unwrap_or_default())
    }

    pub(super) async fn overview(&self) -> Result<Overview, Error> {
        let private = private_log();
        Ok(self.stored_overview().await?.with(&private.await?))
    }

    /// The newest entries, about so many, and what is known of the log as a whole.
    pub(super) async fn first(&self, about: u32) -> Result<(Overview, Piece), Error> {
        let private = private_log();
        let (overview, piece) = (self.stored_overview().await?, self.stored_piece(None, about).await?);
        let private = private.await?;
        Ok((overview.with(&private), piece.with(&private, None)))
    }

    async fn stored_overview(&self) -> Result<Overview, Error> {
        let Some(transaction) = self.begin(&[COUNTS]).await? else {
            return Ok(Overview::default());
        };
        let counts = store(&transaction, COUNTS)?;
        let number = async |name: &str, field| -> Result<Option<u64>, Error> {
            let record = answer_if_any(counts.get(&JsValue::from_str(name))).await?;
            Ok(record.map(|record| read_js(&property(&record, field))).transpose()?)
        };
        let entries = number(ALL, TOTAL).await?.unwrap_or_default();
        let stored = UnixMillis::new(number(READ, UNTIL).await?.unwrap_or_default());
        let read_until = ReadUntil { stored, ..ReadUntil::default() };
        let dropped = match (number(DROPPED, DROPPED).await?, number(SINCE, SINCE).await?) {
            (Some(entries), Some(since)) => Some(Dropped { entries, since: UnixMillis::new(since) }),
            _ => None,
        };
        Ok(Overview { entries, dropped: AllDropped { stored: dropped, private: None }, read_until })
    }

    /// About so many entries whose last socket was before this time; all that have their last socket at the same moment come
    /// together.
    pub(super) async fn piece(&self, before: Option<UnixMillis>, about: u32) -> Result<Piece, Error> {
        let private = private_log();
        Ok(self.stored_piece(before, about).await?.with(&private.await?, before))
    }

    async fn stored_piece(&self, before: Option<UnixMillis>, about: u32) -> Result<Piece, Error> {
        let Some(transaction) = self.begin(&[VIOLATIONS]).await? else {
            return Ok(Piece::default());
        };
        let by_last = index(&store(&transaction, VIOLATIONS)?, BY_LAST)?;
        let upper = before.map(|time| to_js(&time)).transpose()?;
        let range = upper.as_ref().map(|upper| IdbKeyRange::upper_bound_with_open(upper, true)).transpose();
        let range = range.map_err(|thrown| storage_error(&thrown))?.map_or(JsValue::NULL, JsValue::from);
        let request = by_last.open_key_cursor_with_range_and_direction(&range, IdbCursorDirection::Prev);
        let request = request.map_err(|thrown| storage_error(&thrown))?;
        let mut cursor = answer_if_any(Ok(request.clone())).await?;
        if let Some(first) = cursor.as_ref().filter(|_| about > 1) {
            let first: &IdbCursor = first.unchecked_ref();
            first.advance(about - 1).map_err(|thrown| storage_error(&thrown))?;
            cursor = answer_if_any(Ok(request)).await?;
        }
        let lower = cursor.map(|last| last.unchecked_into::<IdbCursor>().key()).transpose();
        let lower = lower.map_err(|thrown| storage_error(&thrown))?;
        let range = match (&lower, &upper) {
            (Some(lower), Some(upper)) => IdbKeyRange::bound_with_lower_open_and_upper_open(lower, upper, false, true),
            (Some(lower), None) => IdbKeyRange::lower_bound(lower),
            (None, Some(upper)) => IdbKeyRange::upper_bound_with_open(upper, true),
            (None, None) => IdbKeyRange::lower_bound(&JsValue::from(0)),
        };
        let range = range.map_err(|thrown| storage_error(&thrown))?;
        let (mut entries, unreadable) = entries(&answers(by_last.get_all_with_key(&range)).await?);
        entries.reverse();
        let next = lower.map(|lower| read_js(&lower)).transpose()?;
        Ok(Piece { entries, unreadable, next })
    }

    /// The entries whose last socket was then or later: those that are stored, and those of private windows. What is stored comes
    /// to be seen later than what is kept in memory.
    pub(super) async fn since(&self, [stored, private]: [UnixMillis; 2]) -> Result<Vec<Entry>, Error> {
        let mut entries = private_log().await?.entries();
        entries.retain(|entry| entry.tally.last >= private);
        let Some(transaction) = self.begin(&[VIOLATIONS]).await? else {
            return Ok(entries);
        };
        let by_last = index(&store(&transaction, VIOLATIONS)?, BY_LAST)?;
        let range = IdbKeyRange::lower_bound(&to_js(&stored)?).map_err(|thrown| storage_error(&thrown))?;
        entries.extend(self::entries(&answers(by_last.get_all_with_key(&range)).await?).0);
        Ok(entries)
    }

    /// Which entries there are.
    pub(super) async fn ids(&self) -> Result<HashSet<u64>, Error> {
        let mut ids: HashSet<u64> = private_log().await?.entries().iter().map(|entry| entry.id).collect();
        if let Some(transaction) = self.begin(&[VIOLATIONS]).await? {
            let stored: Vec<u64> = read_js(&answer(store(&transaction, VIOLATIONS)?.get_all_keys()).await?)?;
            ids.extend(stored);
        }
        Ok(ids)
    }

    pub(super) async fn pauses(&self) -> Result<Vec<PauseEntry>, Error> {
        let Some(transaction) = self.begin(&[PAUSES]).await? else {
            return Ok(Vec::new());
        };
        let records = answers(store(&transaction, PAUSES)?.get_all()).await?;
        Ok(records.iter().filter_map(|record| read_js(&record).ok()).collect())
    }

    /// How many entries are older than this.
    pub(super) async fn number_from_before(&self, time: UnixMillis) -> Result<u64, Error> {
        let range = IdbKeyRange::upper_bound_with_open(&to_js(&time)?, true);
        self.number(BY_LAST, range, |entry| entry.tally.last < time).await
    }

    /// How many entries are of a host.
    pub(super) async fn number_of_host(&self, host: &str) -> Result<u64, Error> {
        self.number(BY_HOST, IdbKeyRange::only(&JsValue::from_str(host)), |entry| entry.violation.host == host).await
    }

    /// How many entries are in a range of an index, and how many private ones are so.
    async fn number(
        &self,
        by: &str,
        range: Result<IdbKeyRange, JsValue>,
        is_it: impl Fn(&Entry) -> bool,
    ) -> Result<u64, Error> {
        let range = range.map_err(|thrown| storage_error(&thrown))?;
        let Some(transaction) = self.begin(&[VIOLATIONS]).await? else {
            return Err(StorageError::Failed { detail: "no database is opened in a private window".to_owned() }.into());
        };
        let by = index(&store(&transaction, VIOLATIONS)?, by)?;
        let stored: u64 = read_js(&answer(by.count_with_key(&range)).await?)?;
        let mut private = private_log().await?.entries();
        private.retain(is_it);
        Ok(stored.saturating_add(count(&private)))
    }

    /// The chains of private entries.
    pub(super) async fn private_chains(&self) -> Result<Vec<(ChainDigest, Vec<Vec<u8>>)>, Error> {
        Ok(private_log().await?.chains().collect())
    }

    /// A few chains, by their digests in order, after this one; none where there is no other.
    pub(super) async fn chains_after(
        &self,
        digest: Option<&ChainDigest>,
    ) -> Result<Vec<(ChainDigest, Vec<Vec<u8>>)>, Error> {
        const A_FEW: u32 = 50;
        let after = JsValue::from_str(digest.map_or("", ChainDigest::as_str));
        let range = IdbKeyRange::lower_bound_with_open(&after, true).map_err(|thrown| storage_error(&thrown))?;
        let Some(transaction) = self.begin(&[CHAINS]).await? else {
            return Ok(Vec::new());
        };
        let chains = answers(store(&transaction, CHAINS)?.get_all_with_key_and_limit(&range, A_FEW)).await?;
        let read = |chain: JsValue| Ok((read_js(&property(&chain, "digest"))?, certificates(&chain)));
        chains.iter().map(read).collect()
    }

    /// None in a private window, where Firefox opens no database.
    async fn begin(&self, stores: &[&str]) -> Result<Option<IdbTransaction>, Error> {
        if messages::is_private() {
            return Ok(None);
        }
        self.database.begin(stores, TransactionMode::Read, open).await.map(Some)
    }
}

/// A database that is still to be made, or of the version before, is the background's to write.
async fn open() -> Result<IdbDatabase, Error> {
    if let Ok(database) = log_database::open(log_database::abort).await {
        return Ok(database);
    }
    messages::ask(&PageRequest::PrepareLog).await?;
    Ok(log_database::open(log_database::abort).await?)
}

/// What is of private windows. Asks when it is called; not to be awaited within a transaction, which ends meanwhile.
fn private_log() -> impl Future<Output = Result<PrivateLog, Error>> + use<> {
    let asked = session_get(&[PRIVATE_LOG]);
    async move {
        let items = asked.await.map_err(|thrown| storage_error(&thrown))?;
        Ok(PrivateLog::from_text(&long_text(&property(&items, PRIVATE_LOG)).unwrap_or_default()))
    }
}

fn count(entries: &[Entry]) -> u64 {
    u64::try_from(entries.len()).unwrap_or(u64::MAX)
}

fn index(violations: &IdbObjectStore, name: &str) -> Result<IdbIndex, Error> {
    Ok(violations.index(name).map_err(|thrown| storage_error(&thrown))?)
}

/// What can be read of these records, and how many cannot.
fn entries(records: &Array) -> (Vec<Entry>, usize) {
    let entries: Vec<Entry> = records.iter().filter_map(|record| read_js(&record).ok()).collect();
    let unreadable = usize::try_from(records.length()).unwrap_or_default().saturating_sub(entries.len());
    (entries, unreadable)
}

fn certificates(chain: &JsValue) -> Vec<Vec<u8>> {
    let certificates = property(chain, "certificates").dyn_into::<Array>().unwrap_or_default();
    certificates.iter().filter_map(|der| Some(der.dyn_into::<Uint8Array>().ok()?.to_vec())).collect()
}

async fn from_cursor<T: for<'a> Read<'a>>(request: Result<IdbRequest, JsValue>, limit: usize) -> Result<Vec<T>, Error> {
    let request = request.map_err(|thrown| storage_error(&thrown))?;
    let mut read = Vec::new();
    for _ in 0..limit {
        // Each step is one more answer to the same request.
        let Some(cursor) = answer_if_any(Ok(request.clone())).await? else {
            break;
        };
        let cursor: IdbCursorWithValue = cursor.unchecked_into();
        read.extend(read_js(&cursor.value().map_err(|thrown| storage_error(&thrown))?));
        cursor.continue_().map_err(|thrown| storage_error(&thrown))?;
    }
    Ok(read)
}
