//! The log page, used as a person uses it, with logs of every size and with whatever a server or a damaged disk may put there.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sockpin_e2e::demo::PINNED;
use sockpin_e2e::firefox::{ColorScheme, Firefox};
use sockpin_e2e::page::Page;
use sockpin_e2e::servers::Server;
use sockpin_e2e::wait;
use sockpin_e2e::world::{Installation, World};

/// A world whose log has these entries, each `{host, page, outcome, reason, daysAgo, …}`, and as many more of one page.
async fn world(entries: Value, more: usize) -> Result<World> {
    let world = World::start(Installation::Temporary).await?;
    fill(&world, entries, more).await?;
    Ok(world)
}

async fn fill(world: &World, entries: Value, more: usize) -> Result<()> {
    let answer = world.firefox.ask_extension(json!({ "type": "prepareLog" })).await?;
    ensure!(answer == json!({ "type": "done" }), "there is no log: {answer}");
    world.firefox.run_in_extension(FILL, vec![entries, json!(more)]).await?;
    Ok(())
}

fn few() -> Value {
    json!([
        { "host": "chat.example.com", "page": "https://news.example", "count": 3 },
        { "host": "mail.example.com", "page": "https://news.example", "outcome": "flag", "daysAgo": 2 },
        { "host": "games.example", "page": "https://play.example", "reason": "deadline", "daysAgo": 5 },
        { "host": "games.example", "page": "https://play.example", "reason": "cleartext", "daysAgo": 100 },
    ])
}

async fn focused(page: &Page<'_>, id: &str) -> Result<()> {
    page.has_focus(&format!("#{id}")).await
}

#[tokio::test]
async fn a_socket_is_new_until_the_log_page_has_been_in_sight() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    world.load_policy().await?;
    ensure!(world.socket("attacker").await?.refused(), "the socket was not blocked");
    let popup = world.firefox.page("popup.html").await?;
    popup.wait_for_count("#log .violation", 1).await?;
    assert_eq!(popup.text("#log .violation-new").await?, "New", "the popup says it");
    popup.click("#open-log").await?;
    let opened =
        "return browser.tabs.query({ url: browser.runtime.getURL('log.html') }).then((tabs) => tabs.length === 1)";
    world.firefox.wait_for("the log page", opened, Vec::new()).await?;
    let until = "return new Promise((resolve) => { const open = indexedDB.open('sockpin', 2); open.onsuccess = () => { \
                 const request = open.result.transaction('counts').objectStore('counts').get('read'); \
                 request.onsuccess = () => { open.result.close(); resolve(request.result !== undefined); }; }; })";
    world.firefox.wait_for("the time of looking to be kept", until, Vec::new()).await?;

    // One that is open goes on marking what was new, and what comes.
    let log = world.firefox.page("log.html").await?;
    log.wait_for_count("#log .violation", 1).await?;
    log.wait_for_presence("#log .violation-new", false).await?;
    world.firefox.open_tab(&world.demo.site.blank()).await?;
    ensure!(world.socket("attacker").await?.refused(), "the socket was not blocked");
    log.show().await?;
    log.wait_for_presence("#log .violation-new", true).await?;
    log.wait_for_text("#log .violation-times-short", "× 2").await?;
    log.click("#filter-unread").await?;
    log.wait_for_text("#search-outcome", "1 of 1 entries is shown.").await?;
    world.firefox.quit().await
}

#[tokio::test]
async fn the_log_is_searched_filtered_and_ordered_also_after_the_page_is_loaded_again() -> Result<()> {
    let world = world(few(), 0).await?;
    let page = world.firefox.page("log.html").await?;
    page.wait_for_count("#log .violation", 4).await?;
    assert_eq!(
        page.texts("#log .violation-host").await?,
        ["chat.example.com", "mail.example.com", "games.example", "games.example"]
    );
    page.type_into("#search", "PLAY.example").await?;
    page.wait_for_count("#log .violation", 2).await?;
    page.select("#filter-reason", "cleartext").await?;
    page.wait_for_count("#log .violation", 1).await?;
    page.wait_for_text("#search-outcome", "1 of 4 entries is shown.").await?;
    page.select("#filter-outcome", "flagged").await?;
    page.wait_for_count("#log .violation", 0).await?;
    page.wait_for_text("#search-outcome", "No entry fits what is searched for and chosen.").await?;
    page.click("#reset-filters").await?;
    page.wait_for_count("#log .violation", 4).await?;
    focused(&page, "search").await?;
    page.select("#filter-outcome", "flagged").await?;
    page.wait_for_count("#log .violation", 1).await?;
    page.click("#reset-filters").await?;
    let day = world.firefox.run(THREE_DAYS_AGO, Vec::new()).await?;
    page.paste("#filter-to", day.as_str().context("a day is a text")?).await?;
    page.wait_for_count("#log .violation", 2).await?;
    page.select("#sort", "oldest").await?;
    page.wait_until("the oldest first", "document.querySelector('.violation').dataset.reason === 'cleartext'").await?;

    page.reload().await?;
    page.wait_for_count("#log .violation", 2).await?;
    page.wait_until("the oldest first", "document.querySelector('.violation').dataset.reason === 'cleartext'").await?;
    let rows = "[...document.querySelectorAll('#day-rows tr')].map((row) => row.children[1].textContent + row.children[2].textContent)";
    page.wait_until("the days of the picture", &format!("{rows}.join() === '10,01,10'")).await?;
    page.wait_for_count("#days .day", 90).await?;
    world.firefox.quit().await
}

#[tokio::test]
async fn the_entries_of_a_host_are_deleted_once_that_is_confirmed() -> Result<()> {
    let world = world(few(), 0).await?;
    let page = world.firefox.page("log.html").await?;
    page.wait_for_count("#log .violation", 4).await?;
    page.click("#log .log-line:nth-child(3) summary").await?;
    page.wait_for_presence("#log .log-line:nth-child(3) [data-part=clear-host]", true).await?;
    world.firefox.run(BRING_UP, vec![json!("[data-part=clear-host]")]).await?;
    page.click("[data-part=clear-host]").await?;
    assert_eq!(page.text("#clear-host-title").await?, "Delete the entries of games.example?");
    assert_eq!(page.text("#clear-host-text").await?, "2 entries are deleted for good. Your rules stay as they are.");
    page.click("#cancel-clear-host").await?;
    page.wait_for_presence("#clear-host-dialog", false).await?;
    page.wait_for_count("#log .violation", 4).await?;
    page.click("[data-part=clear-host]").await?;
    page.wait_for_presence("#clear-host-dialog", true).await?;
    page.click("#confirm-clear-host").await?;
    page.wait_for_count("#log .violation", 2).await?;
    focused(&page, "log-heading").await?;
    page.wait_for_text("#announcement", "The entries of the host have been deleted.").await?;
    assert_eq!(page.texts("#log .violation-host").await?, ["chat.example.com", "mail.example.com"]);
    let log = world.firefox.stored_log().await?;
    assert_eq!(log.violations.len(), 2);
    let all = log.counts.iter().find(|count| count["share"] == "all");
    assert_eq!(all.map(|all| &all["total"]), Some(&json!(2)));

    page.click("#clear-log").await?;
    page.click("#confirm-clear").await?;
    page.wait_for_presence("#no-violations", true).await?;
    focused(&page, "log-heading").await?;
    assert_eq!(world.firefox.stored_log().await?.violations.len(), 0);
    world.firefox.quit().await
}

#[tokio::test]
async fn entries_go_when_they_are_older_than_somebody_has_chosen() -> Result<()> {
    let world = world(few(), 45).await?;
    let page = world.firefox.page("log.html").await?;
    page.wait_for_count("#log .violation", 49).await?;
    // It is read beside the log, and then the choice works.
    page.wait_for_presence("#keep:enabled", true).await?;
    page.wait_until("how long they are kept", "document.querySelector('#keep').value === '90'").await?;
    world.firefox.run(BRING_UP, vec![json!("#keep")]).await?;
    page.select("#keep", "30").await?;
    assert_eq!(
        page.text("#shorten-text").await?,
        "46 entries are older than 30 days. They are deleted for good, at once."
    );
    page.click("#cancel-shorten").await?;
    page.wait_until("what is stored", "document.querySelector('#keep').value === '90'").await?;
    page.wait_for_count("#log .violation", 49).await?;

    // At the next wake on another day, what is older than the ninety days that hold.
    world.firefox.run_in_extension("localStorage.setItem('log-day', '1')", Vec::new()).await?;
    world.firefox.suspend_background().await?;
    world.firefox.status().await?;
    page.wait_for_count("#log .violation", 48).await?;
    wait::until("the day to be kept", async || {
        let today = world.firefox.run_in_extension("return Number(localStorage.getItem('log-day'))", Vec::new());
        Ok(today.await?.as_u64().is_some_and(|day| day > 20_000).then_some(()))
    })
    .await?;
    page.show().await?;

    page.select("#keep", "30").await?;
    page.wait_for_presence("#shorten-dialog", true).await?;
    page.click("#confirm-shorten").await?;
    page.wait_for_count("#log .violation", 3).await?;
    kept_for(&world, 30).await?;
    page.wait_for_presence("#shorten-dialog", false).await?;
    // A longer age deletes nothing and asks nothing.
    page.select("#keep", "0").await?;
    kept_for(&world, 0).await?;
    page.wait_for_presence("#shorten-dialog", false).await?;
    assert_eq!(world.firefox.stored_log().await?.violations.len(), 3);
    world.firefox.quit().await
}

/// Waits until it is stored that entries are kept for so many days.
async fn kept_for(world: &World, days: u32) -> Result<()> {
    let script = "return browser.storage.local.get('logDays')";
    wait::until(&format!("{days} days to be stored"), async || {
        let stored = world.firefox.run_in_extension(script, Vec::new()).await?;
        Ok((stored == json!({ "logDays": days })).then_some(()))
    })
    .await
}

#[tokio::test]
async fn a_full_log_is_searched_as_a_whole_and_says_what_it_has_dropped() -> Result<()> {
    let oldest = json!([{ "host": "needle.example", "page": "https://quiet.example", "daysAgo": 80 }]);
    let folder = tempfile::tempdir()?;
    let world = world(oldest, 9_999).await?;
    world.firefox.save_in(folder.path()).await?;
    world.load_policy().await?;
    ensure!(world.socket("attacker").await?.refused(), "the socket was not blocked");
    let page = world.firefox.page("log.html").await?;
    page.wait_for_count("#log .violation", 100).await?;
    let said = page.text("#log-dropped").await?;
    assert!(said.starts_with("1 entry has been dropped since"), "{said}");
    world.firefox.look("log-dropped").await?;
    page.type_into("#search", "needle").await?;
    page.wait_for_count("#log .violation", 1).await?;
    page.wait_for_text("#search-outcome", "1 of 10,000 entries is shown.").await?;
    assert_eq!(page.texts("#log .violation-host").await?, ["needle.example"]);
    // A name that stands in a certificate alone.
    page.type_into("#search", "\"Sockpin Demo Intermediate\"").await?;
    page.wait_for_count("#log .violation", 0).await?;
    page.type_into("#search", "demo intermediate").await?;
    page.wait_for_count("#log .violation", 1).await?;
    assert!(page.texts("#log .violation-host").await?.iter().all(|host| host.starts_with(PINNED)));

    // All of it is saved, with turns for everything else between the portions.
    page.click("#reset-filters").await?;
    page.wait_for_text("#save-about", "Saves all 10,000 entries.").await?;
    let done = "10,000 entries have been written into a file.";
    world.firefox.run(COUNT_TURNS, vec![json!(done)]).await?;
    page.click("#save-json-lines").await?;
    page.wait_for_text("#log-saved", done).await?;
    let turns = world.firefox.run("return window.turns", Vec::new()).await?;
    assert!(
        turns.as_u64().is_some_and(|turns| turns >= 100),
        "anything else was done {turns} times between 200 portions"
    );
    let file = wait::until("the file", async || {
        let text = fs::read_dir(folder.path())?.flatten().find_map(|file| fs::read_to_string(file.path()).ok());
        Ok(text.filter(|text| text.lines().count() == 10_000))
    })
    .await?;
    assert!(file.lines().last().is_some_and(|line| line.contains("\"needle.example\"")), "the oldest is not the last");
    page.wait_for_presence("#failure", false).await?;
    world.firefox.quit().await
}

/// By a real handshake as far as one can bring it, and by the database where it cannot.
#[tokio::test]
async fn nothing_that_a_server_is_called_breaks_the_page_or_is_taken_for_words_of_ours() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    world.load_policy().await?;
    let key = sockpin_e2e::authority::Key::new()?;
    let identity = world.demo.authority.issue_called(&[PINNED], HOSTILE, &"<b>long</b> ".repeat(1_000), &key)?;
    let server = Server::tls(identity).await?;
    // A label as long as a rule may have.
    let label: String = format!("{HOSTILE_LABEL}{}", "x".repeat(200)).chars().take(200).collect();
    let rule = world.firefox.rules().await?.into_iter().find(|rule| rule.get("host") == Some(&json!(PINNED)));
    let mut rule = rule.context("the demo has no rule for its pinned host")?;
    let pins = json!([{ "sha256": world.demo.pinned_key.pin(), "label": label }]);
    rule.as_object_mut().context("a rule is an object")?.insert("pins".to_owned(), pins);
    world.firefox.save_rule(rule).await?;
    let long = format!("wss://{PINNED}:{}/?{}", server.port(), "x".repeat(900_000));
    ensure!(world.firefox.socket(&long).await?.refused(), "the socket was not blocked");
    let chain: Vec<_> = (0..100).map(|_| json!({ "sha256": null, "builtInRoot": null, "match": "none" })).collect();
    let damaged = json!([
        { "host": "<img src=x onerror=alert(1)>", "page": "https://a.example/\u{202e}gnp.exe" },
        { "host": "a".repeat(10_000), "page": format!("https://b.example/{}", "x".repeat(2_000_000)) },
        { "host": "\u{5d0}\u{5d1}\u{5d2}.example\u{2069}\u{0}\u{7}", "page": "https://c.example" },
        { "host": "chain.example", "page": "https://d.example", "chain": chain },
        { "host": "surrogate.example", "page": "https://e.example", "isBroken": true },
        { "host": "label.example", "page": "https://f.example", "label": format!("{HOSTILE_LABEL}{}", "y".repeat(10_000)) },
        { "host": "label-surrogate.example", "page": "https://g.example", "label": "", "isBroken": true },
    ]);
    fill(&world, damaged, 0).await?;
    let page = world.firefox.page("log.html").await?;
    page.wait_for_count("#log .violation", 6).await?;
    let said = page.text("#log-unreadable").await?;
    assert!(said.starts_with("2 entries cannot be shown"), "half a character is none: {said}");
    world.firefox.run(OPEN_ALL, Vec::new()).await?;
    page.wait_for_count("#log [data-part=clear-host]", 6).await?;
    page.wait_for_count("#log .violation .certificate", 103).await?;
    // What is cut is opened: a host, a page and a label.
    page.wait_for_count("#log .whole-text", 3).await?;
    page.click("#log .whole-text summary").await?;
    page.wait_for_presence("#log .whole-text p", true).await?;
    world.firefox.run(OPEN_ALL, Vec::new()).await?;
    let texts = page.texts("#log [data-part=whole-text]").await?;
    let lengths: Vec<_> = texts.iter().map(|text| text.encode_utf16().count()).collect();
    assert!(lengths.len() == 3 && lengths.iter().all(|length| (10_000..10_100).contains(length)), "{lengths:?}");
    assert_eq!(
        page.texts("#log [data-part=whole-opener]").await?,
        [
            "Show the whole host: 10,000 characters",
            "Show the whole address of the page: 2,000,018 characters",
            "Show the whole name of a key: 10,015 characters",
        ]
    );
    let shown = world.firefox.run("return document.querySelector('#log').textContent", Vec::new()).await?;
    let shown = shown.as_str().context("the log has no text")?;
    for (what, expected) in [
        ("markup", "<img src=x onerror=alert(1)>"),
        ("an override", "\\u{202e}gnp.exe"),
        ("a control character", "\\u{0}\\u{7}"),
        ("a certificate's markup", "<script>document.title='taken'</script>\\u{202e}\\u{7}"),
        ("a label in the explanation", "The key of the pin “<i>label</i>\\u{202e}\\u{7}\\u{2069}xxx"),
        ("a label beside the chain", "<i>label</i>\\u{202e}\\u{7}\\u{2069}xxx"),
        ("a label of a damaged disk", "<i>label</i>\\u{202e}\\u{7}\\u{2069}yyy"),
    ] {
        assert!(shown.contains(expected), "{what} is not shown as it is");
    }
    let unseen =
        |character: char| matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}' | '\u{2067}' | '\0'..='\u{8}');
    assert!(!shown.contains(unseen), "a character that changes others reaches the page");
    assert!(shown.len() < 100_000, "{} bytes are shown", shown.len());
    page.wait_for_count("#log :is(img, script, b, i)", 0).await?;
    assert!(page.is_true("document.title === 'Sockpin log'").await?);
    assert_eq!(objections(&world.firefox, "hostile").await?, [""; 0]);
    page.wait_for_presence("#failure", false).await?;
    world.firefox.quit().await
}

#[tokio::test]
async fn every_state_of_the_page_is_accessible_and_fits() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let firefox = &world.firefox;
    let mut wrong = Vec::new();
    let mut look = async |state: &str| {
        wrong.extend(objections(firefox, state).await?.into_iter().map(|objection| format!("{state}: {objection}")));
        anyhow::Ok(())
    };
    let page = firefox.page("log.html").await?;
    page.wait_for_presence("#no-violations", true).await?;
    look("empty").await?;
    fill(&world, few(), 9_990).await?;
    page.reload().await?;
    page.wait_for_count("#log .violation", 100).await?;
    page.wait_for_presence(".days-table summary", true).await?;
    firefox.run("document.querySelector('.days-table').open = true", Vec::new()).await?;
    page.click("#log .violation summary").await?;
    page.wait_for_presence("[data-part=clear-host]", true).await?;
    look("full").await?;
    firefox.run(BRING_UP, vec![json!("[data-part=clear-host]")]).await?;
    page.click("[data-part=clear-host]").await?;
    page.wait_for_presence("#clear-host-dialog", true).await?;
    look("the question about a host").await?;
    page.click("#cancel-clear-host").await?;
    firefox.run(BRING_UP, vec![json!("#keep")]).await?;
    page.wait_for_presence("#keep:enabled", true).await?;
    page.select("#keep", "30").await?;
    page.wait_for_presence("#shorten-dialog", true).await?;
    look("the question about an age").await?;
    page.click("#cancel-shorten").await?;
    firefox.run(BRING_UP, vec![json!("#search")]).await?;
    page.type_into("#search", "nobody").await?;
    page.wait_for_count("#log .violation", 0).await?;
    look("nothing found").await?;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    world.firefox.quit().await
}

/// What is wrong with the current page; with `SOCKPIN_PICTURES` pictures of it go into that folder.
async fn objections(firefox: &Firefox, state: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for (width, height) in [(360, 740), (1280, 800)] {
        firefox.set_viewport(width, height).await?;
        let wide: Vec<String> = serde_json::from_value(firefox.run(TOO_WIDE, Vec::new()).await?)?;
        found.extend(wide.into_iter().map(|element| format!("{width} px wide: {element} does not fit")));
    }
    for scheme in [ColorScheme::Dark, ColorScheme::Light] {
        firefox.prefer(scheme).await?;
        let violations = firefox.accessibility_violations().await?;
        found.extend(violations.into_iter().map(|violation| format!("{scheme:?}: {violation}")));
        for width in [360, 1280] {
            if let Some(folder) = std::env::var_os("SOCKPIN_PICTURES") {
                firefox.set_viewport(width, 800).await?;
                firefox.screenshot(&Path::new(&folder).join(format!("log-{state}-{scheme:?}-{width}.png"))).await?;
            }
        }
    }
    Ok(found)
}

/// The same, and the end of an isolate.
const HOSTILE_LABEL: &str = "<i>label</i>\u{202e}\u{7}\u{2069}";

/// Markup, an override of the direction, control characters.
const HOSTILE: &str = "<script>document.title='taken'</script>\u{202e}\u{7}";

const OPEN_ALL: &str = "for (const details of document.querySelectorAll('#log details')) details.open = true;";

/// How often something else was done while the file was being written.
const COUNT_TURNS: &str = r"
const [done] = arguments;
const said = document.querySelector('#log-saved');
window.turns = 0;
setInterval(() => { if (![done, ''].includes(said.textContent)) window.turns += 1; }, 0);
";

const BRING_UP: &str = "document.querySelector(arguments[0]).scrollIntoView({ block: 'center' })";

const THREE_DAYS_AGO: &str = "return new Date(Date.now() - 3 * 86400000).toISOString().slice(0, 10)";

const TOO_WIDE: &str = r"
const wide = document.scrollingElement.scrollWidth > innerWidth ? [`the page, ${document.scrollingElement.scrollWidth} px,`] : [];
for (const element of document.querySelectorAll('body *')) {
    if (!element.checkVisibility() || element.closest('.visually-hidden, svg')) continue;
    const { left, right } = element.getBoundingClientRect();
    if (left < -1 || right > innerWidth + 1) wide.push(`${element.tagName} ${element.id} ${element.className}`);
}
return wide;
";

/// Beside the entries that are given, so many of one page, a minute apart, the newest forty days old.
const FILL: &str = r"
const [given, more] = arguments;
return new Promise((resolve, reject) => {
    const opening = indexedDB.open('sockpin', 2);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
        const database = opening.result;
        const transaction = database.transaction(['violations', 'counts'], 'readwrite');
        const [violations, counts] = ['violations', 'counts'].map((name) => transaction.objectStore(name));
        const shares = new Map();
        const now = Date.now();
        const rule = (label) => ({
            id: 'gone', layer: 'user', host: '*.example', mode: 'block', match: 'chain', expires: null, expired: false,
            localRoots: 'enforce', requireCt: false, denied: [],
            pins: [{ sha256: 'C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=', label }],
        });
        const add = (key, { host, page, outcome = 'block', reason = 'pin-mismatch', time, count = 1, chain = [], label, isBroken }) => {
            shares.set(page, (shares.get(page) ?? 0) + 1);
            violations.add({
                key, share: page, rank: outcome === 'block' ? 1 : 0,
                tally: { count, first: time, last: time, beforeLast: null, pages: [{ page: isBroken && label === undefined ? '\ud800' : page, count }], elsewhere: 0 },
                violation: {
                    host, port: 443, outcome, reason, exception: false, paused: false, stage: 'handshake',
                    noAnswer: null, rule: label === undefined ? null : rule(isBroken ? '\ud800' : label), matched: null, chain, chainDigest: null,
                },
            });
        };
        given.forEach((entry, i) => add(`given-${i}`, { ...entry, time: now - (entry.daysAgo ?? 0) * 86_400_000 - i }));
        for (let i = 0; i < more; i++) {
            add(`more-${i}`, { host: `host-${i}.example`, page: 'https://storm.example', time: now - 40 * 86_400_000 - i * 60_000 });
        }
        const all = counts.get('all');
        all.onsuccess = () => {
            counts.put({ share: 'all', total: (all.result?.total ?? 0) + given.length + more });
            for (const [share, entries] of shares) counts.put({ share, entries });
        };
        transaction.oncomplete = () => {
            database.close();
            resolve();
        };
        transaction.onabort = () => reject(transaction.error);
    };
});
";
