//! From the popup and from a notification to an entry of the log, however old it is; what an entry says of a key that is denied;
//! and the log of one host or one page. By clicking and typing as a person does.

use anyhow::{Result, bail, ensure};
use serde_json::json;
use sockpin_e2e::demo::{PINNED, UNPINNED};
use sockpin_e2e::extension;
use sockpin_e2e::firefox::Firefox;
use sockpin_e2e::page::Page;
use sockpin_e2e::wait;
use sockpin_e2e::world::{Installation, World};
use thirtyfour::Key as Press;

async fn pick(firefox: &Firefox, selector: &str) -> Result<()> {
    firefox.tab_to(selector).await?;
    firefox.press(Press::Enter + "").await
}

#[tokio::test]
async fn an_old_entry_is_one_click_away_and_the_log_is_that_of_one_host_or_one_page() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let firefox = &world.firefox;
    world.load_policy().await?;
    let port = world.demo.servers.attacker.port();
    let web = firefox.this_page().await?;
    ensure!(world.socket("attacker").await?.refused(), "the attacker's socket was not blocked");
    firefox.run_in_extension(ADD_NEWER, vec![json!(25)]).await?;

    // Behind the newest twenty, of which it is none.
    let page = firefox.page(&firefox.popup_over_tab().await?).await?;
    page.wait_for_count("#log .violation", 20).await?;
    ensure!(!page.text("#log").await?.contains(PINNED), "the entry is among the newest");
    page.wait_for_presence("#tab-sockets [data-state=blocked] .tab-action", true).await?;
    page.click("#tab-sockets [data-state=blocked] .tab-action").await?;
    page.wait_for_presence("#log .violation[open] [data-part=explanation]", true).await?;
    page.has_focus("#log .violation[open] > summary").await?;
    page.wait_for_count("#log .violation", 21).await?;
    ensure!(page.text("#log .violation[open] .violation-host").await?.starts_with(PINNED));
    assert_eq!(page.text("#log-more").await?, "The 20 newest of 26 entries.");
    firefox.look("popup-old-entry").await?;
    // It stays there, and open, while the log goes on.
    web.show().await?;
    ensure!(world.socket("flagged").await?.delivered(), "the flagged socket was not let through");
    page.show().await?;
    page.wait_until("the new entry", "document.querySelectorAll('#log [data-outcome=flag]').length === 1").await?;
    page.wait_for_presence("#log .violation[open] [data-part=explanation]", true).await?;
    page.wait_for_count("#log .violation", 21).await?;

    // Time goes on by itself.
    firefox.run(TAKE_TIME, Vec::new()).await?;
    web.show().await?;
    wait::until("the popup to be out of sight", async || {
        let hidden = firefox.run_in_extension("return localStorage.getItem('hidden')", Vec::new()).await?;
        Ok((hidden == json!("true")).then_some(()))
    })
    .await?;
    page.show().await?;
    let newest = "#log .violation .entry-time";
    page.wait_until("the page to be in sight", "window.minute !== undefined").await?;
    assert_eq!(page.text(newest).await?, "just now");
    firefox.run("window.later = 125_000; window.minute()", Vec::new()).await?;
    page.wait_for_text(newest, "2 minutes ago").await?;
    ensure!(page.text("#tab-sockets .tab-facts").await?.contains("2 minutes ago"), "a row stands still");
    ensure!(page.is_true("document.querySelector('#log .violation[open]') !== null").await?, "the entry was closed");
    firefox.close_tab().await?;

    // A notification leads there as well, or says that there is nothing any longer.
    web.show().await?;
    let page = firefox.page(&format!("popup.html#{PINNED}:{port}")).await?;
    page.wait_for_presence("#log .violation[open] [data-part=explanation]", true).await?;
    page.has_focus("#log .violation[open] > summary").await?;
    page.wait_for_count("#log .violation", 21).await?;
    firefox.close_tab().await?;
    web.show().await?;
    let page = firefox.page("popup.html#gone.example:443").await?;
    assert_eq!(
        page.text("#entry-gone").await?,
        "No recent entry about gone.example:443 was found. All entries are on the log page."
    );
    assert_eq!(
        page.text("#announcement").await?,
        "No recent entry about gone.example:443 was found. All entries are on the log page."
    );
    firefox.look("popup-entry-gone").await?;
    firefox.close_tab().await?;

    web.show().await?;
    one_host_and_one_page(firefox).await?;
    web.show().await?;
    what_was_there_before_is_said(&world).await?;
    an_entry_behind_many_of_its_host_is_found(&world).await?;
    world.firefox.quit().await
}

/// The log has an entry of each of 25 hosts, by two pages in turn, and those of the demo.
async fn one_host_and_one_page(firefox: &Firefox) -> Result<()> {
    let page = firefox.page("log.html").await?;
    page.wait_for_count("#log .violation", 27).await?;
    // With the keyboard, in an entry of its own.
    let of_host = "#log .violation[open] [data-part=only][data-only=host]";
    let of_page = "#log .violation[open] [data-part=only][data-only=page]";
    pick(firefox, "#log .log-line:nth-child(2) .violation > summary").await?;
    assert_eq!(page.text(of_host).await?, "Only entries of newer-0.example");
    assert_eq!(page.text(of_page).await?, "Only entries with sockets opened by https://even.example");
    firefox.look("log-only-offered").await?;
    pick(firefox, of_page).await?;
    page.wait_for_count("#log .violation", 13).await?;
    page.has_focus("#only-page-remove").await?;
    assert_eq!(page.text("#only-page-text").await?, "Only entries with sockets opened by https://even.example");
    page.wait_for_text("#search-outcome", "13 of 27 entries are shown.").await?;
    pick(firefox, of_host).await?;
    page.wait_for_count("#log .violation", 1).await?;
    page.has_focus("#only-host-remove").await?;
    assert_eq!(page.texts("#log .violation-host").await?, ["newer-0.example"]);
    firefox.look("log-only-host-and-page").await?;

    // Still there when the page is loaded again.
    page.reload().await?;
    page.wait_for_count("#log .violation", 1).await?;
    assert_eq!(page.text("#only-host-text").await?, "Only entries of newer-0.example");
    page.click("#only-host-remove").await?;
    page.wait_for_count("#log .violation", 13).await?;
    page.has_focus("#search").await?;
    page.wait_for_presence("#only-host", false).await?;
    page.click("#reset-filters").await?;
    page.wait_for_count("#log .violation", 27).await?;
    page.wait_for_presence("#only-page", false).await?;
    firefox.close_tab().await
}

/// Sockpin comes in another version, while a page has a socket.
async fn what_was_there_before_is_said(world: &World) -> Result<()> {
    let firefox = &world.firefox;
    let url = json!(world.demo.servers.url("pinned")?);
    firefox.run(KEEP_OPEN, vec![url.clone()]).await?;
    let web = firefox.this_page().await?;
    firefox.install(&extension::folder()?).await?;
    firefox.status().await?;
    let page = firefox.page(&firefox.popup_over_tab().await?).await?;
    page.wait_for_presence("#tab-earlier", true).await?;
    let said = "If this page opened sockets before Sockpin was started, they are not listed here and were not judged.";
    assert_eq!(page.text("#tab-earlier-text").await?, said);
    assert_eq!(page.text("#tab-summary").await?, "This tab has opened no socket since Sockpin was started.");
    firefox.look("popup-earlier-page").await?;
    // The first socket that it sees does not make it forget those that it has not seen.
    web.show().await?;
    firefox.run(KEEP_OPEN, vec![url]).await?;
    page.show().await?;
    page.wait_for_count("#tab-sockets [data-state=matched]", 1).await?;
    page.wait_for_presence("#tab-earlier", true).await?;
    page.wait_for_presence("#tab-summary[data-state=mixed]", true).await?;
    page.click("#tab-reload").await?;
    page.has_focus("#tab-heading").await?;
    page.wait_for_presence("#tab-earlier", false).await?;
    page.wait_for_presence("#tab-summary[data-state=none]", true).await?;
    assert_eq!(page.text("#tab-summary").await?, "This tab has opened no socket.");

    // Enabled again, of which Firefox tells by no event; a background that has slept is woken by one.
    web.show().await?;
    firefox.suspend_background().await?;
    firefox.status().await?;
    let page = firefox.page(&firefox.popup_over_tab().await?).await?;
    page.wait_for_presence("#tab-summary[data-state=none]", true).await?;
    page.wait_for_presence("#tab-earlier", false).await?;
    web.show().await?;
    firefox.enable_again().await?;
    let page = firefox.page(&firefox.popup_over_tab().await?).await?;
    page.wait_for_presence("#tab-earlier", true).await?;
    assert_eq!(page.text("#tab-summary").await?, "This tab has opened no socket since Sockpin was started.");
    Ok(())
}

/// More of them than are looked through.
async fn an_entry_behind_many_of_its_host_is_found(world: &World) -> Result<()> {
    let firefox = &world.firefox;
    firefox.clear_log().await?;
    firefox.open_tab(&world.demo.site.blank()).await?;
    ensure!(world.socket("attacker").await?.refused(), "the attacker's socket was not blocked");
    firefox.run_in_extension(ADD_NEWER, vec![json!(60), json!(PINNED)]).await?;
    let page = firefox.page(&firefox.popup_over_tab().await?).await?;
    page.wait_for_count("#log .violation", 20).await?;
    page.click("#tab-sockets [data-state=blocked] .tab-action").await?;
    page.wait_for_presence("#log .violation[open] [data-part=explanation]", true).await?;
    page.wait_for_count("#log .violation", 21).await?;

    // The last of the newest stays where somebody has opened it, although a newer one comes.
    let name = "return document.querySelectorAll('#log .violation')[19].dataset.entry";
    let opened = firefox.run(name, Vec::new()).await?;
    page.click(&format!("#log .violation[data-entry={opened}] > summary")).await?;
    let body =
        format!("document.querySelector('#log .violation[data-entry={opened}] [data-part=body]').hasChildNodes()");
    page.wait_until("what the entry says", &body).await?;
    firefox.open_tab(&world.demo.site.blank()).await?;
    ensure!(world.socket("attacker").await?.refused(), "the attacker's socket was not blocked");
    page.show().await?;
    let is_kept = format!(
        "((kept) => kept?.open && kept.dataset.entry === {opened})(document.querySelectorAll('#log .violation')[20])"
    );
    page.wait_until("the opened entry below the newest", &is_kept).await
}

const KEEP_OPEN: &str = r"
const socket = new WebSocket(arguments[0]);
window.kept = [...(window.kept ?? []), socket];
return new Promise((resolve, reject) => Object.assign(socket, { onopen: () => resolve(), onerror: reject }));
";

/// Catches what the page does each minute once it is in sight again; the clock stands still from now on, until it is set forward.
const TAKE_TIME: &str = r"
// Firefox tells a page a little later that another one is in front of it.
document.addEventListener('visibilitychange', () => localStorage.setItem('hidden', document.hidden));
const clock = window.Date;
const stopped = clock.now();
window.later = 0;
clock.now = () => stopped + window.later;
const setInterval = window.setInterval.bind(window);
window.setInterval = (callback, span, ...rest) => {
    if (span === 60_000) window.minute = callback;
    return setInterval(callback, span, ...rest);
};
";

/// Entries that are newer than all others, the first the newest, by two pages in turn; of this host, or each of one of its own.
const ADD_NEWER: &str = r"
const [number, host] = arguments;
return new Promise((resolve, reject) => {
    const opening = indexedDB.open('sockpin', 2);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
        const database = opening.result;
        const transaction = database.transaction(['violations', 'counts'], 'readwrite');
        const [violations, counts] = ['violations', 'counts'].map((name) => transaction.objectStore(name));
        const time = Date.now();
        const shares = new Map();
        for (let i = 0; i < number; i++) {
            const page = `https://${i % 2 ? 'odd' : 'even'}.example`;
            shares.set(page, (shares.get(page) ?? 0) + 1);
            violations.add({
                key: `newer-${i}`, share: page, rank: 1,
                tally: { count: 1, first: time - i, last: time - i, beforeLast: null, pages: [{ page, count: 1 }], elsewhere: 0 },
                violation: {
                    host: host ?? `newer-${i}.example`, port: 443, outcome: 'block', reason: 'deadline', exception: false, paused: false,
                    stage: 'handshake', noAnswer: null, rule: null, matched: null, chain: [], chainDigest: null,
                },
            });
        }
        const all = counts.get('all');
        all.onsuccess = () => {
            counts.put({ share: 'all', total: (all.result?.total ?? 0) + number });
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

/// Opens the only entry of the log, as a person does.
async fn open_entry(firefox: &Firefox) -> Result<Page<'_>> {
    let popup = firefox.page("popup.html").await?;
    popup.wait_for_count("#log .violation", 1).await?;
    popup.click("#log .violation summary").await?;
    popup.wait_for_presence("#log .violation-body [data-part=explanation]", true).await?;
    Ok(popup)
}

#[tokio::test]
async fn of_a_denied_key_and_of_too_few_logs_it_is_said_what_came_and_what_can_be_done() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let firefox = &world.firefox;
    let authority = &world.demo.authority;
    let web = firefox.this_page().await?;
    let server = &world.demo.servers.unpinned;
    let host = format!("{UNPINNED}:{}", server.port());
    let url = world.demo.servers.url("unpinned")?;
    let denied = json!([{ "sha256": authority.intermediate_pin(), "label": "Stolen in May" }]);
    firefox.save_rule(json!({ "host": host, "mode": "block", "pins": [], "denied": denied })).await?;
    ensure!(firefox.socket(&url).await?.refused(), "a denied key was let through");

    let popup = open_entry(firefox).await?;
    popup.wait_for_presence("[data-part=likely][data-code=denied-key]", true).await?;
    let said = "This key was denied on purpose. Do not use the server until whoever runs it has replaced the key.";
    assert_eq!(popup.text("[data-part=likely]").await?, said);
    assert_eq!(popup.text("[data-part=explanation-heading]").await?, "What to do");
    popup.wait_for_presence(".advice", false).await?;
    let facts = popup.text(".explanation-facts").await?;
    for fact in [
        "No key that the rule denies",
        "Sockpin Demo Intermediate, issued by Sockpin Demo Root",
        "At the latest since ",
    ] {
        ensure!(facts.contains(fact), "{fact}: {facts}");
    }
    ensure!(!facts.contains("Certificate that differs"), "there is nothing that it differs from: {facts}");
    // Nobody is led to trust it.
    popup.wait_for_presence("[data-part=compare-link]", false).await?;
    firefox.look("explanation-denied-key").await?;

    // By keyboard alone.
    popup.let_notices_stay().await?;
    firefox.press(Press::Tab + "").await?;
    popup.has_focus("[data-part=keep]").await?;
    assert_eq!(popup.text("[data-part=keep]").await?, "Keep blocking");
    firefox.press(Press::Tab + "").await?;
    popup.has_focus("[data-part=flag-only]").await?;
    firefox.press(Press::Enter + "").await?;
    popup.has_focus("#undo").await?;
    assert_eq!(firefox.only_rule().await?["mode"], "flag");
    web.show().await?;
    ensure!(firefox.socket(&url).await?.delivered(), "a rule that flags has blocked");
    popup.show().await?;
    popup.wait_for_count("#log .violation", 2).await?;
    popup.has_focus("#undo").await?;
    firefox.press(Press::Enter + "").await?;
    popup.has_focus("[data-part=flag-only]").await?;
    assert_eq!(firefox.only_rule().await?["mode"], "block");
    firefox.press(Press::Shift + Press::Tab).await?;
    popup.has_focus("[data-part=keep]").await?;
    firefox.press(Press::Enter + "").await?;
    popup.wait_for_presence(".violation-body", false).await?;
    firefox.close_tab().await?;
    web.show().await?;
    ensure!(firefox.socket(&url).await?.refused(), "the rule does not block again");

    // A certificate that is in no public log.
    firefox.clear_log().await?;
    let Some(rule) = firefox.rules().await?.into_iter().next() else { bail!("the rule has gone") };
    firefox.delete_rule(&rule).await?;
    let pins = json!([{ "sha256": authority.intermediate_pin(), "label": "Intermediate" }]);
    firefox.save_rule(json!({ "host": host, "mode": "block", "pins": pins, "requireCt": true })).await?;
    ensure!(firefox.socket(&url).await?.refused(), "a certificate in no log was let through");
    let popup = open_entry(firefox).await?;
    popup.wait_for_presence("[data-part=likely][data-code=ct]", true).await?;
    let facts = popup.text(".explanation-facts").await?;
    let came = format!("{UNPINNED}, issued by Sockpin Demo Intermediate");
    for fact in ["A certificate that is in enough public logs (Certificate Transparency)", &came] {
        ensure!(facts.contains(fact), "{fact}: {facts}");
    }
    popup.wait_for_presence("[data-part=flag-only]", true).await?;
    popup.wait_for_presence("[data-part=compare-link]", false).await?;
    firefox.look("explanation-ct").await?;
    world.firefox.quit().await
}
