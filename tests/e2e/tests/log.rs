//! The log: what is one entry, what is kept with it, and what goes when it is full.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use sockpin_e2e::demo::PINNED;
use sockpin_e2e::doctored::Doctored;
use sockpin_e2e::firefox::Options;
use sockpin_e2e::wait;
use sockpin_e2e::world::{Installation, World};

/// A world with a rule in this mode for the host of the attacker's server.
async fn world(mode: &str) -> Result<World> {
    let world = World::start(Installation::Temporary).await?;
    save_rule(&world, mode).await?;
    Ok(world)
}

async fn save_rule(world: &World, mode: &str) -> Result<Value> {
    let pins = json!([{ "sha256": world.demo.pinned_key.pin() }]);
    world.firefox.save_rule(json!({ "host": PINNED, "mode": mode, "preflight": "off", "pins": pins })).await
}

async fn blocked(world: &World, times: usize) -> Result<()> {
    for _ in 0..times {
        ensure!(world.socket("attacker").await?.refused());
    }
    Ok(())
}

#[tokio::test]
async fn a_page_that_tries_again_and_again_is_one_entry_and_an_open_popup_counts_along() -> Result<()> {
    let world = world("block").await?;
    blocked(&world, 3).await?;
    let popup = world.firefox.page("popup.html").await?;
    popup.wait_for_count("#log .violation", 1).await?;
    assert_eq!(popup.text("#log .violation-times-short").await?, "× 3");
    popup.click("#log .violation summary").await?;
    popup.wait_for_count("#log .violation[open] .certificate", 3).await?;
    assert!(popup.text("#log .certificate-subject").await?.contains(PINNED), "what a person reads comes from the DER");

    world.firefox.open_tab(&world.demo.site.blank()).await?;
    blocked(&world, 2).await?;
    popup.show().await?;
    popup.wait_for_text("#log .violation-times-short", "× 5").await?;
    popup.wait_for_count("#log .violation[open] .certificate", 3).await?;
    for place in [".violation-times-in-words", ".violation-when"] {
        let words = "textContent.startsWith('5 times, first ')";
        assert!(popup.is_true(&format!("document.querySelector('#log {place}').{words}")).await?, "{place}");
    }

    let log = world.firefox.stored_log().await?;
    let [entry] = log.violations.as_slice() else { panic!("{} entries", log.violations.len()) };
    assert_eq!(entry.tally.count, 5);
    assert!(entry.tally.first < entry.tally.last);
    let page = world.demo.site.blank().trim_end_matches("/blank").to_owned();
    assert_eq!((&entry.share, &entry.tally.pages), (&page, &vec![json!({ "page": page, "count": 5 })]));
    assert_eq!(world.firefox.violations().await?.len(), 5, "each socket counts");
    // The background has stored certificates, and read none of them.
    assert_eq!(log.chains.len(), 1);
    assert_eq!(log.chains[0]["certificates"].as_array().map(Vec::len), Some(3));
    assert!(entry.violation["chain"][0].get("description").is_none());
    world.firefox.quit().await
}

#[tokio::test]
async fn a_chain_is_stored_once_for_all_entries_that_show_it() -> Result<()> {
    let world = world("block").await?;
    blocked(&world, 1).await?;
    replace_rule(&world, "flag").await?;
    assert!(world.socket("attacker").await?.delivered());
    let log = world.firefox.stored_log().await?;
    assert_eq!((log.violations.len(), log.chains.len()), (2, 1));
    assert_eq!(log.chains[0]["entries"], 2);
    assert_eq!(log.violations[0].violation["chainDigest"], log.chains[0]["digest"]);
    world.firefox.clear_log().await?;
    let log = world.firefox.stored_log().await?;
    assert_eq!((log.violations.len(), log.chains.len(), log.counts.len()), (0, 0, 0));
    world.firefox.quit().await
}

/// Ten thousand entries, all of one page but one, which is the oldest: whose place do new ones take?
#[tokio::test]
async fn a_full_log_lets_go_of_what_the_page_that_fills_it_has_opened() -> Result<()> {
    let world = world("block").await?;
    blocked(&world, 1).await?;
    world.firefox.clear_log().await?;
    world.firefox.run_in_extension(FILL, Vec::new()).await?;
    blocked(&world, 3).await?;
    replace_rule(&world, "flag").await?;
    assert!(world.socket("attacker").await?.delivered());

    let log = world.firefox.stored_log().await?;
    assert_eq!(log.violations.len(), 10_000);
    let hosts: Vec<_> = log.violations.iter().filter_map(|entry| entry.violation["host"].as_str()).collect();
    assert_eq!(hosts.iter().filter(|host| **host == PINNED).count(), 2, "one for each mode of the rule");
    assert!(hosts.contains(&"quiet.example"), "the other page's entry has gone");
    // Of the page with most entries: what it was let through, though that came last; then the oldest.
    assert!(!hosts.contains(&"storm9998.example"), "the one that was let through is still there");
    assert!(!hosts.contains(&"storm0.example") && hosts.contains(&"storm1.example"), "the oldest goes next");
    // The chain of the one went with it, that of the other has an entry left.
    let chains: Vec<_> =
        log.chains.iter().filter_map(|chain| Some((chain["digest"].as_str()?, &chain["entries"]))).collect();
    assert!(chains.iter().all(|(digest, _)| *digest != "of one"), "{chains:?}");
    assert!(chains.contains(&("of two", &json!(1))), "{chains:?}");
    let all = log.counts.iter().find(|count| count["share"] == "all");
    assert_eq!(all.map(|all| &all["total"]), Some(&json!(10_000)));
    world.firefox.quit().await
}

/// Two pages of one site cannot displace what another has opened first by opening the same, and more, together.
#[tokio::test]
async fn an_entry_of_several_pages_is_in_the_share_of_the_first_also_where_the_version_before_wrote_another()
-> Result<()> {
    let world = world("block").await?;
    let page = world.demo.site.blank();
    blocked(&world, 1).await?;
    world.firefox.open(&page.replace("127.0.0.1", "localhost")).await?;
    blocked(&world, 1).await?;
    let share = format!("several {}", page.trim_end_matches("/blank"));
    for sockets in [2, 3] {
        let log = world.firefox.stored_log().await?;
        let [entry] = log.violations.as_slice() else { panic!("{} entries", log.violations.len()) };
        assert_eq!((&entry.share, entry.tally.count), (&share, sockets));
        let counts = [json!({ "share": "all", "total": 1 }), json!({ "share": share, "entries": 1 })];
        assert_eq!(log.counts, counts);
        world.firefox.run_in_extension(AS_BEFORE, Vec::new()).await?;
        blocked(&world, 1).await?;
    }
    world.firefox.quit().await
}

/// The one entry as it was when all those of several pages were in one share.
const AS_BEFORE: &str = r"
return new Promise((resolve, reject) => {
    const opening = indexedDB.open('sockpin', 2);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
        const database = opening.result;
        const transaction = database.transaction(['violations', 'counts'], 'readwrite');
        const [violations, counts] = ['violations', 'counts'].map((name) => transaction.objectStore(name));
        violations.getAll().onsuccess = ({ target: { result: [entry] } }) => {
            counts.delete(entry.share);
            counts.put({ share: 'several', entries: 1 });
            violations.put({ ...entry, share: 'several' });
        };
        transaction.oncomplete = () => {
            database.close();
            resolve();
        };
        transaction.onabort = () => reject(transaction.error);
    };
});
";

/// The rule in this mode, in place of the one that there is.
async fn replace_rule(world: &World, mode: &str) -> Result<()> {
    for rule in world.firefox.rules().await? {
        world.firefox.delete_rule(&rule).await?;
    }
    save_rule(world, mode).await.map(drop)
}

/// The browser takes another extension's answer in place of a stop: here that of a copy that keeps its own to itself.
#[tokio::test]
async fn a_socket_that_becomes_another_entry_counts_there_alone() -> Result<()> {
    let copy = Doctored::copy()?;
    copy.before_background(STOP_IS_OVERRULED)?;
    let options = Options { install_for_good: Some(copy.folder().to_owned()), ..Options::default() };
    let world = World::with(Installation::ForGood, options).await?;
    save_rule(&world, "block").await?;
    blocked(&world, 2).await?;
    let log = wait::until("both to be known as overruled", async || {
        let log = world.firefox.stored_log().await?;
        let counts: Vec<_> = log.violations.iter().map(|entry| entry.tally.count).collect();
        Ok((counts == [2]).then_some(log))
    })
    .await?;
    assert_eq!(log.violations[0].violation["overruled"], "held");
    assert_eq!((log.chains.len(), &log.chains[0]["entries"]), (1, &json!(1)));
    world.firefox.quit().await
}

const STOP_IS_OVERRULED: &str = r"
const event = browser.webRequest.onHeadersReceived;
const real = event.addListener.bind(event);
Object.defineProperty(event, 'addListener', { value: (listener, ...rest) => real(async (details) => {
    await listener(details);
    return {};
}, ...rest) });
";

const FILL: &str = r"
return new Promise((resolve, reject) => {
    const opening = indexedDB.open('sockpin', 2);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
        const database = opening.result;
        const transaction = database.transaction(['violations', 'chains', 'counts'], 'readwrite');
        const [violations, chains, counts] = ['violations', 'chains', 'counts'].map((name) => transaction.objectStore(name));
        const add = (host, share, outcome, time, chainDigest) => violations.add({
            key: host, share, rank: outcome === 'block' ? 1 : 0,
            tally: { count: 1, first: time, last: time, beforeLast: null, pages: [{ page: share, count: 1 }], elsewhere: 0 },
            violation: {
                host, port: 443, outcome, reason: 'pin-mismatch', exception: false, paused: false, stage: 'handshake',
                noAnswer: null, rule: null, matched: null, chain: [], chainDigest,
            },
        });
        add('quiet.example', 'https://quiet.example', 'flag', 1, null);
        for (let i = 0; i < 9_999; i++) {
            const chain = i === 9_998 ? 'of one' : i < 2 ? 'of two' : null;
            add(`storm${i}.example`, 'https://storm.example', i === 9_998 ? 'flag' : 'block', 2 + i, chain);
        }
        chains.add({ digest: 'of one', certificates: [], entries: 1 });
        chains.add({ digest: 'of two', certificates: [], entries: 2 });
        counts.put({ share: 'all', total: 10_000 });
        counts.put({ share: 'https://quiet.example', entries: 1 });
        counts.put({ share: 'https://storm.example', entries: 9_999 });
        transaction.oncomplete = () => {
            database.close();
            resolve();
        };
        transaction.onabort = () => reject(transaction.error);
    };
});
";
