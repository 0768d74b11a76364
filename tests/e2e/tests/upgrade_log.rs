//! The log of the version before: a database of version 1, in which every socket had a record of its own, with its chain
//! described.
//!
//! `tests/data/log-version-1.json` is what that version wrote (commit 55db0eb, Firefox ESR 153): the demo's rules, a socket
//! to the attacker's server, to the flagged one's and to the attacker's again, one to `wss://a..b.example/`, a pause, one
//! socket in it, its end.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sockpin_e2e::wait;
use sockpin_e2e::world::{Installation, World};

/// Its database is as the version before left it: nothing of this one has opened it yet.
async fn world() -> Result<World> {
    let world = World::start(Installation::Temporary).await?;
    let records: Value = serde_json::from_str(include_str!("../../data/log-version-1.json"))?;
    world.firefox.run_in_extension(WRITE_VERSION_1, vec![records]).await.context("the database exists already")?;
    Ok(world)
}

#[tokio::test]
async fn the_popup_shows_what_the_version_before_wrote_down() -> Result<()> {
    let world = world().await?;
    let popup = world.firefox.page("popup.html").await?;
    popup.wait_for_count("#log .violation", 5).await?;
    popup.wait_for_count("#log .pause", 2).await?;
    popup.wait_for_presence("#problem", false).await?;
    popup.wait_for_presence(".violation-times-short", false).await?;
    let order = "[...document.querySelectorAll('#log > *')].map(({ className }) => className.split(' ')[0]).join()";
    let expected = "pause,violation,pause,violation,violation,violation,violation";
    assert!(popup.is_true(&format!("{order} === '{expected}'")).await?);
    popup.click("#log .violation:last-child summary").await?;
    popup.wait_for_count("#log .violation:last-child .certificate", 3).await?;
    for (place, text) in [
        (".certificate:first-child .certificate-subject", "pinned.sockpin.test"),
        (".certificate:first-child .certificate-validity", "Valid from November 24, 2026 to February 22, 2027"),
        (".certificate:last-child .certificate-subject", "Sockpin Demo Root"),
        (".certificate:last-child .certificate-root", "Not built into Firefox"),
        (".certificate:first-child .certificate-pin", "sha256/tamksEtbyOyse/ZjPQttOdoNooINBnIys8PzlHvZFdg="),
    ] {
        assert_eq!(popup.text(&format!("#log .violation:last-child {place}")).await?, text);
    }
    world.firefox.quit().await
}

#[tokio::test]
async fn the_first_violation_is_written_beside_what_the_version_before_wrote_down() -> Result<()> {
    let world = world().await?;
    world.load_policy().await?;
    assert!(world.socket("attacker").await?.refused());
    assert!(world.socket("attacker").await?.refused());
    let log = world.firefox.stored_log().await?;
    let keys: Vec<_> = log.violations.iter().map(|entry| (entry.key.as_str(), entry.tally.count)).collect();
    let before = [6, 4, 3, 2, 1].map(|id| format!("version-1-{id}"));
    assert_eq!(keys[0].1, 2, "equal ones of this version are one");
    assert_eq!(keys[1..], before.each_ref().map(|key| (key.as_str(), 1)));
    assert_eq!((log.pauses.len(), log.chains.len()), (2, 1));
    let totals: Vec<_> = log.counts.iter().filter_map(|count| count["total"].as_u64()).collect();
    assert_eq!(totals, [6]);
    // Repeats of that version stay entries of their own.
    assert_eq!(world.firefox.violations().await?.len(), 7);
    world.firefox.quit().await
}

#[tokio::test]
async fn a_log_that_another_version_has_made_newer_is_left_alone() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    world.load_policy().await?;
    world.firefox.run_in_extension(MAKE_NEWER, Vec::new()).await?;
    assert!(world.socket("attacker").await?.refused());
    wait::until("the failure to be known", async || {
        Ok(world.firefox.status().await?["logProblem"]["storage"].is_object().then_some(()))
    })
    .await?;
    let version = world.firefox.run_in_extension(DATABASE_VERSION, Vec::new()).await?;
    assert_eq!(version, json!(99));
    world.firefox.quit().await
}

const WRITE_VERSION_1: &str = r"
const [records] = arguments;
return new Promise((resolve, reject) => {
    const opening = indexedDB.open('sockpin', 1);
    opening.onerror = () => reject(opening.error);
    opening.onupgradeneeded = () => {
        const store = opening.result.createObjectStore('violations', { keyPath: 'id', autoIncrement: true });
        store.createIndex('time', 'time');
        store.createIndex('host', 'host');
        for (const record of records) store.add(record);
    };
    opening.onsuccess = () => {
        opening.result.close();
        resolve();
    };
});
";

const MAKE_NEWER: &str = r"
return new Promise((resolve, reject) => {
    const opening = indexedDB.open('sockpin', 99);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
        opening.result.close();
        resolve();
    };
});
";

const DATABASE_VERSION: &str = "return indexedDB.databases().then(([{ version }]) => version)";
