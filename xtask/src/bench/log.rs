//! How long a page waits for the end of a socket that is stopped and written down, with an empty log and a full one.

use anyhow::{Result, ensure};
use serde_json::json;
use sockpin_e2e::demo::{Demo, PINNED};

use super::Bench;
use super::browser::{Browser, Came, in_turn, quit_all, start_all};
use super::report::{Compared, Goal, Measurements, Unit};
use super::table::{Section, thousands};
use super::variant::{AGAINST, SOCKPIN, names};

const EMPTY: &str = "a blocked socket, an empty log";
const FULL: &str = "a blocked socket, a full log";
/// `MAX_LOG_ENTRIES` of `src/limits.rs`.
const ENTRIES: usize = 10_000;
/// In each round, of each variant and case.
const TURNS: usize = 8;
/// In each turn.
const SOCKETS: usize = 5;

pub(super) async fn measure(bench: &Bench) -> Result<Section> {
    let variants = bench.variants.named(&[SOCKPIN, AGAINST]);
    let mut measured = Measurements::default();
    for _ in 0..bench.rounds {
        let demo = Demo::start().await?;
        let url = demo.servers.url("attacker")?;
        let (empty, full) = (start_all(&variants, &demo).await?, start_all(&variants, &demo).await?);
        let mut browsers = Vec::new();
        for (case, browser) in
            empty.into_iter().map(|browser| (EMPTY, browser)).chain(full.into_iter().map(|browser| (FULL, browser)))
        {
            block(&browser, &demo).await?;
            if case == FULL {
                fill(&browser).await?;
            }
            browsers.push((case, browser));
        }
        for turn in 0..TURNS {
            for (case, browser) in in_turn(&browsers, turn) {
                // While the others had their turns it may have fallen asleep: the first one wakes it.
                let samples = browser.sockets(&url, SOCKETS + 1, Came::Error).await?;
                let samples = samples.map(|samples| samples.into_iter().skip(1).collect());
                measured.record(case, browser.variant.name, samples);
            }
        }
        quit_all(browsers.into_iter().map(|(_, browser)| browser).collect()).await?;
    }

    let variants = names(&variants);
    let (compared, unit) = (Compared::Times(EMPTY.to_owned()), Unit::Times);
    let goal = Goal { text: "a full log, to an empty one", case: FULL.to_owned(), compared, at_most: 1.2, unit };
    Ok(Section {
        title: "Log",
        about: format!(
            "Milliseconds from `new WebSocket` to `error` of a socket that is stopped at its handshake (`preflight` `off`) \
             and written down. The full log begins with {} entries, the empty one with one. Samples of each: {}.",
            thousands(ENTRIES),
            bench.rounds * TURNS * SOCKETS
        ),
        lines: [EMPTY, FULL].map(|case| measured.line(case, &variants, Unit::Milliseconds)).into(),
        goals: vec![measured.goal(&goal)],
        variants,
    })
}

/// Stores a rule that the server does not meet, and lets it be violated once.
pub(super) async fn block(browser: &Browser<'_>, demo: &Demo) -> Result<()> {
    let pins = json!([{ "sha256": demo.pinned_key.pin(), "label": "The server's key" }]);
    browser.save_rule(json!({ "host": PINNED, "preflight": "off", "pins": pins })).await?;
    let blocked = browser.sockets(&demo.servers.url("attacker")?, 1, Came::Error).await?;
    blocked.map(drop).map_err(anyhow::Error::msg)
}

/// Fills the log with copies of its one entry, each of another host and time.
pub(super) async fn fill(browser: &Browser<'_>) -> Result<()> {
    let count = browser.in_extension(FILL, vec![json!(ENTRIES), json!(PINNED)]).await?;
    ensure!(count == json!(ENTRIES), "the log of {} was filled with {count} entries", browser.variant.name);
    browser.suspend().await.map_err(anyhow::Error::msg)
}

/// The store with the entries is known by its name; how they are shaped and keyed is taken from the one that is there.
const FILL: &str = r"
const [entries, host] = arguments;
const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
});
const elsewhere = (value, index) => {
    if (typeof value === 'string') return value.replaceAll(host, `host-${index}.example`);
    if (Array.isArray(value)) return value.map((item) => elsewhere(item, index));
    if (value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, elsewhere(item, index)]));
};
return (async () => {
    const [{ name }] = await indexedDB.databases();
    const database = await done(indexedDB.open(name));
    const counters = ['counts', 'chains'].filter((counter) => database.objectStoreNames.contains(counter));
    const transaction = database.transaction(['violations', ...counters], 'readwrite');
    const store = transaction.objectStore('violations');
    const [model] = await done(store.getAll(null, 1));
    const [key] = await done(store.getAllKeys(null, 1));
    for (let index = 1; index < entries; index++) {
        const entry = elsewhere(model, index);
        const times = entry.tally ?? entry;
        for (const time of ['time', 'first', 'last']) if (typeof times[time] === 'number') times[time] -= entries - index;
        // A key may be a digest of what is in the entry: then it is not another one by itself.
        let other = elsewhere(key, index);
        if (other === key && typeof key === 'string') other = `${key}-${index}`;
        if (typeof entry.key === 'string') entry.key += `-${index}`;
        if (store.autoIncrement) delete entry[store.keyPath];
        else if (typeof store.keyPath === 'string') entry[store.keyPath] = other;
        if (store.keyPath === null && !store.autoIncrement) store.add(entry, other);
        else store.add(entry);
    }
    // All are the same page's, and show the same chain.
    for (const counter of counters) {
        for (const record of await done(transaction.objectStore(counter).getAll())) {
            for (const number of ['entries', 'total']) if (number in record) record[number] = entries;
            transaction.objectStore(counter).put(record);
        }
    }
    await new Promise((resolve, reject) => {
        transaction.oncomplete = resolve;
        transaction.onabort = () => reject(transaction.error);
    });
    const count = await done(database.transaction('violations').objectStore('violations').count());
    database.close();
    return count;
})();
";
