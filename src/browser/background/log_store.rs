//! The log as the background writes it. What is one entry and what goes first is [`crate::log`]'s to say.
//!
//! Whatever the log holds, an entry costs the same few look-ups by key: nothing is counted, and of the entries that are
//! there none is read but the one that counts one more.

use js_sys::{Array, JSON, Object, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{IdbCursorDirection, IdbIndex, IdbKeyRange, IdbObjectStore, IdbTransaction};

use super::log_upgrade;
use crate::browser::convert::{property, read_js, storage_error, to_js};
use crate::browser::indexed_db::{answer, answer_if_any, answers, completed};
use crate::browser::log_database::{
    self, ALL, BY_ENTRIES, BY_HOST, BY_KEY, BY_LAST, BY_SHARE, CHAINS, COUNTS, DROPPED, ENTRIES, Opened, PAUSES, READ,
    SINCE, STORES, TOTAL, TransactionMode, UNTIL, VIOLATIONS, counted, set, store,
};
use crate::error::{Error, StorageError};
use crate::limits::{LOG_ENTRIES_AT_ONCE, MAX_LOG_ENTRIES, MAX_LOGGED_PAUSES};
use crate::log::{EntryKey, Tally, rank};
use crate::pause::PauseEntry;
use crate::time::UnixMillis;
use crate::violation::{ChainDigest, Violation};

/// The log.
pub(super) struct Log {
    database: Opened,
}

impl Log {
    pub(super) const fn new() -> Self {
        Self { database: Opened::none() }
    }

    /// Opens the database anew, which brings it into the form of this version.
    pub(super) async fn prepare(&self) -> Result<(), StorageError> {
        self.database.renew(log_database::open(log_upgrade::run).await?);
        Ok(())
    }

    /// Counts a violation; when this returns it is on disk. A socket that was counted as `before` is counted as this one
    /// instead.
    pub(super) async fn enter(&self, violation: &Violation, before: Option<&Violation>) -> Result<Room, Error> {
        self.write(async |transaction| {
            let stores = Stores::of(transaction)?;
            if let Some(before) = before {
                stores.subtract(before).await?;
            }
            stores.add(violation).await
        })
        .await
    }

    /// Does some of it, so little that nobody waits for it for long. Whether anything has gone of which there may be more.
    pub(super) async fn keep_up(&self, what: &Upkeep) -> Result<Gone, Error> {
        self.write(async |transaction| {
            let stores = Stores::of(transaction)?;
            let (by, range) = match what {
                Upkeep::Clear => {
                    for name in STORES {
                        answer(store(transaction, name)?.clear()).await?;
                    }
                    return Ok(Gone::None);
                }
                Upkeep::MarkRead { until } => {
                    answer(stores.counts.put(&counted(READ, UNTIL, until.as_millis())?)).await?;
                    return Ok(Gone::None);
                }
                Upkeep::MakeRoom { now } => {
                    while stores.total().await? > MAX_LOG_ENTRIES && stores.let_one_go().await? == Gone::Some {
                        if stores.step(DROPPED, DROPPED, Step::Up).await? == 1 {
                            answer(stores.counts.put(&counted(SINCE, SINCE, now.as_millis())?)).await?;
                        }
                    }
                    return Ok(Gone::None);
                }
                Upkeep::LetGoFromBefore(time) => {
                    (BY_LAST, IdbKeyRange::upper_bound_with_open(&to_js(&time.as_millis())?, true))
                }
                Upkeep::ClearHost(host) => (BY_HOST, IdbKeyRange::only(&JsValue::from_str(host))),
            };
            let range = range.map_err(|thrown| storage_error(&thrown))?;
            let entries = index(&stores.violations, by)?.get_all_with_key_and_limit(&range, LOG_ENTRIES_AT_ONCE);
            let mut gone = Gone::None;
            for record in answers(entries).await? {
                stores.remove(&record).await?;
                gone = Gone::Some;
            }
            if let (Upkeep::LetGoFromBefore(time), Gone::None) = (what, gone) {
                let pauses = store(transaction, PAUSES)?;
                for record in answers(pauses.get_all_with_key_and_limit(&JsValue::NULL, LOG_ENTRIES_AT_ONCE)).await? {
                    let is_old = read_js::<u64>(&property(&record, "time")).is_ok_and(|its| its < time.as_millis());
                    if is_old {
                        answer(pauses.delete(&property(&record, "id"))).await?;
                        gone = Gone::Some;
                    }
                }
            }
            Ok(gone)
        })
        .await
    }

    /// Writes down a pause; when this returns it is on disk. The oldest go where there are too many.
    pub(super) async fn add_pause(&self, pause: &PauseEntry) -> Result<(), Error> {
        self.write(async |transaction| {
            let pauses = store(transaction, PAUSES)?;
            answer(pauses.add(&to_js(pause)?)).await?;
            let count: u32 = read_js(&answer(pauses.count()).await?)?;
            if let Some(surplus) = count.checked_sub(MAX_LOGGED_PAUSES).filter(|surplus| *surplus > 0) {
                let oldest = pauses.get_all_keys_with_key_and_limit(&JsValue::UNDEFINED, surplus);
                for id in answers(oldest).await? {
                    answer(pauses.delete(&id)).await?;
                }
            }
            Ok(())
        })
        .await
    }

    /// All of it or nothing; when this returns it is on disk.
    async fn write<T>(&self, work: impl AsyncFnOnce(&IdbTransaction) -> Result<T, Error>) -> Result<T, Error> {
        let open = async || Ok(log_database::open(log_upgrade::run).await?);
        let transaction = self.database.begin(&STORES, TransactionMode::Write, open).await?;
        let done = match work(&transaction).await {
            Ok(done) => done,
            Err(error) => {
                // It may have been aborted already, which was then the error.
                let _ = transaction.abort();
                return Err(error);
            }
        };
        completed(&transaction).await?;
        Ok(done)
    }
}

/// What is left to be done once an entry is on disk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// Nothing.
    Enough,
    /// [`Upkeep::MakeRoom`]: no socket waits for that.
    TooLittle,
}

/// What is to be done with the log beside writing entries.
pub(super) enum Upkeep {
    /// Lets go what is beyond [`MAX_LOG_ENTRIES`], all of it. What cannot go now goes with the next entry.
    MakeRoom {
        /// Kept as the time of the first that went, where none has gone before.
        now: UnixMillis,
    },
    /// Lets go entries and pauses from before that time.
    LetGoFromBefore(UnixMillis),
    /// Deletes entries of a host.
    ClearHost(String),
    /// Empties the log.
    Clear,
    /// Keeps that somebody has looked at the log.
    MarkRead {
        /// Until then.
        until: UnixMillis,
    },
}

/// Whether there was anything that could go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Gone {
    Some,
    None,
}

/// The stores of one transaction.
struct Stores {
    violations: IdbObjectStore,
    chains: IdbObjectStore,
    counts: IdbObjectStore,
}

impl Stores {
    fn of(transaction: &IdbTransaction) -> Result<Self, Error> {
        Ok(Self {
            violations: store(transaction, VIOLATIONS)?,
            chains: store(transaction, CHAINS)?,
            counts: store(transaction, COUNTS)?,
        })
    }

    async fn add(&self, violation: &Violation) -> Result<Room, Error> {
        let json = violation.to_json()?;
        let key = EntryKey::of_json(&json);
        if let Some(record) = self.find(&key).await? {
            let mut tally: Tally = read_js(&property(&record, "tally"))?;
            tally.add(violation);
            self.put(&record, &tally).await?;
            Ok(Room::Enough)
        } else {
            let tally = Tally::of(violation);
            let share = tally.share().to_text();
            let record = Object::new();
            set(&record, "key", &key.as_str().into())?;
            set(&record, "share", &share.as_str().into())?;
            set(&record, "rank", &rank(violation.outcome).into())?;
            set(&record, "tally", &to_js(&tally)?)?;
            set(&record, "violation", &JSON::parse(&json).map_err(|thrown| storage_error(&thrown))?)?;
            answer(self.violations.add(&record)).await?;
            if let Some(digest) = &violation.chain_digest {
                self.keep_chain(digest, &violation.certificates).await?;
            }
            self.count(&share, Step::Up).await?;
            let total = self.count_in_all(Step::Up).await?;
            Ok(if total > MAX_LOG_ENTRIES { Room::TooLittle } else { Room::Enough })
        }
    }

    /// One socket less. An entry that has gone meanwhile has taken it along.
    async fn subtract(&self, violation: &Violation) -> Result<(), Error> {
        let key = EntryKey::of_json(&violation.to_json()?);
        let Some(record) = self.find(&key).await? else {
            return Ok(());
        };
        let mut tally: Tally = read_js(&property(&record, "tally"))?;
        if tally.subtract(violation) { self.put(&record, &tally).await } else { self.remove(&record).await }
    }

    async fn find(&self, key: &EntryKey) -> Result<Option<JsValue>, StorageError> {
        answer_if_any(index(&self.violations, BY_KEY)?.get(&JsValue::from_str(key.as_str()))).await
    }

    /// The share that it has been part of is what is stored: other versions have had others.
    async fn put(&self, record: &JsValue, tally: &Tally) -> Result<(), Error> {
        let (before, share) = (property(record, "share").as_string().unwrap_or_default(), tally.share().to_text());
        set(record, "tally", &to_js(tally)?)?;
        set(record, "share", &share.as_str().into())?;
        answer(self.violations.put(record)).await?;
        if share != before {
            self.count(&before, Step::Down).await?;
            self.count(&share, Step::Up).await?;
        }
        Ok(())
    }

    /// The first that goes of the largest share.
    async fn let_one_go(&self) -> Result<Gone, Error> {
        let by_entries = index(&self.counts, BY_ENTRIES)?;
        let largest = by_entries.open_cursor_with_range_and_direction(&JsValue::NULL, IdbCursorDirection::Prev);
        let Some(largest) = answer_if_any(largest).await? else {
            return Ok(Gone::None);
        };
        let share = property(&property(&largest, "value"), "share");
        // An array comes after every number, so that this is all of the share.
        let whole_share = IdbKeyRange::bound(&Array::of1(&share), &Array::of2(&share, &Array::new()))
            .map_err(|thrown| storage_error(&thrown))?;
        match answer_if_any(index(&self.violations, BY_SHARE)?.get(&whole_share)).await? {
            Some(record) => self.remove(&record).await.map(|()| Gone::Some),
            None => Ok(Gone::None),
        }
    }

    async fn remove(&self, record: &JsValue) -> Result<(), Error> {
        let id = property(record, "id");
        answer(self.violations.delete(&id)).await?;
        let digest = property(&property(record, "violation"), "chainDigest");
        if digest.is_string() {
            self.let_chain_go(&digest).await?;
        }
        if let Some(share) = property(record, "share").as_string() {
            self.count(&share, Step::Down).await?;
        }
        self.count_in_all(Step::Down).await.map(drop)
    }

    async fn keep_chain(&self, digest: &ChainDigest, certificates: &[Vec<u8>]) -> Result<(), Error> {
        let name = JsValue::from_str(digest.as_str());
        let stored = answer_if_any(self.chains.get(&name)).await?;
        let chain = if let Some(chain) = stored {
            let entries = Step::Up.from(read_js(&property(&chain, ENTRIES))?);
            set(&chain, ENTRIES, &to_js(&entries)?)?;
            chain
        } else {
            let chain = Object::new();
            let certificates: Array = certificates.iter().map(|der| Uint8Array::from(der.as_slice())).collect();
            set(&chain, "digest", &name)?;
            set(&chain, "certificates", &certificates)?;
            set(&chain, ENTRIES, &to_js(&1)?)?;
            chain.into()
        };
        answer(self.chains.put(&chain)).await?;
        Ok(())
    }

    /// A chain that no entry shows any more goes.
    async fn let_chain_go(&self, digest: &JsValue) -> Result<(), Error> {
        let Some(chain) = answer_if_any(self.chains.get(digest)).await? else {
            return Ok(());
        };
        match Step::Down.from(read_js(&property(&chain, ENTRIES))?) {
            0 => answer(self.chains.delete(digest)).await?,
            entries => {
                set(&chain, ENTRIES, &to_js(&entries)?)?;
                answer(self.chains.put(&chain)).await?
            }
        };
        Ok(())
    }

    async fn count(&self, share: &str, step: Step) -> Result<(), Error> {
        self.step(share, ENTRIES, step).await.map(drop)
    }

    async fn count_in_all(&self, step: Step) -> Result<u64, Error> {
        self.step(ALL, TOTAL, step).await
    }

    async fn total(&self) -> Result<u64, Error> {
        self.counted(ALL, TOTAL).await
    }

    async fn counted(&self, name: &str, field: &'static str) -> Result<u64, Error> {
        let record = answer_if_any(self.counts.get(&JsValue::from_str(name))).await?;
        Ok(record.map_or(Ok(0), |record| read_js(&property(&record, field)))?)
    }

    async fn step(&self, name: &str, field: &'static str, step: Step) -> Result<u64, Error> {
        let now = step.from(self.counted(name, field).await?);
        if now == 0 {
            answer(self.counts.delete(&JsValue::from_str(name))).await?;
        } else {
            let record = counted(name, field, now)?;
            answer(self.counts.put(&record)).await?;
        }
        Ok(now)
    }
}

fn index(store: &IdbObjectStore, name: &str) -> Result<IdbIndex, StorageError> {
    store.index(name).map_err(|thrown| storage_error(&thrown))
}

/// One more, or one less.
#[derive(Clone, Copy)]
enum Step {
    Up,
    Down,
}

impl Step {
    const fn from(self, number: u64) -> u64 {
        match self {
            Self::Up => number.saturating_add(1),
            Self::Down => number.saturating_sub(1),
        }
    }
}
