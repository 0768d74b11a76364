//! What is kept of the sockets of private windows: in memory alone, among the others, and gone with the last window.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sockpin_e2e::demo::{FLAGGED, PINNED};
use sockpin_e2e::firefox::Firefox;
use sockpin_e2e::page::Page;
use sockpin_e2e::wait;
use sockpin_e2e::world::{Installation, World};
use thirtyfour::WindowHandle;

/// A pin that no key has.
const NOBODYS: &str = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB=";

/// The rule names no host, so that whatever has the host of a socket in it has it from the socket. Whoever can be told is.
async fn world() -> Result<World> {
    let world = World::start(Installation::Temporary).await?;
    world.firefox.allow_in_private_windows(true).await?;
    world.firefox.open(&world.demo.site.blank()).await?;
    let rule = json!({
        "host": "*.sockpin.test", "preflight": "off", "pins": [{ "sha256": NOBODYS }], "reportUri": "https://reports.invalid/",
    });
    world.firefox.save_rule(rule).await?;
    world.firefox.run_in_extension("localStorage.setItem('notifications', 'true')", Vec::new()).await?;
    Ok(world)
}

/// Opens a private window, in which one socket is stopped.
async fn private_window(world: &World) -> Result<WindowHandle> {
    world.firefox.open_private_window(&world.demo.site.blank()).await?;
    let window = world.firefox.driver()?.window().await?;
    stopped(world, "attacker").await?;
    Ok(window)
}

async fn stopped(world: &World, socket: &str) -> Result<()> {
    let seen = world.socket(socket).await?;
    ensure!(seen.refused(), "{socket} is not stopped: {seen:?}");
    Ok(())
}

async fn show(firefox: &Firefox, window: &WindowHandle) -> Result<()> {
    Ok(firefox.driver()?.switch_to_window(window.clone()).await?)
}

/// The popup over the page of the current tab.
async fn popup(firefox: &Firefox) -> Result<Page<'_>> {
    firefox.page(&firefox.popup_over_tab().await?).await
}

/// In which of all that the extension can store a text stands.
async fn stored(firefox: &Firefox, text: &str) -> Result<Value> {
    firefox.run_in_extension(STORED, vec![json!(text)]).await
}

const STORED: &str = r"
const settled = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
});
const readAll = async ({ name }) => {
    const database = await settled(indexedDB.open(name));
    const stores = [...database.objectStoreNames].map((store) => settled(database.transaction(store).objectStore(store).getAll()));
    const all = await Promise.all(stores);
    database.close();
    return all;
};
const [text] = arguments;
return (async () => {
    const all = {
        database: await Promise.all((await indexedDB.databases()).map(readAll)),
        local: await browser.storage.local.get(null),
        localStorage: { ...localStorage },
        session: await browser.storage.session.get(null),
    };
    return Object.keys(all).filter((name) => JSON.stringify(all[name]).includes(text));
})();
";

/// Waits until these have the host of the sockets in them, and nothing else has.
async fn is_in(firefox: &Firefox, places: Value) -> Result<()> {
    let mut found = Value::Null;
    let waited = wait::until("what is stored", async || {
        found = stored(firefox, PINNED).await?;
        Ok((found == places).then_some(()))
    })
    .await;
    waited.with_context(|| format!("{PINNED} is in {found}, not in {places}"))
}

/// Of how many hosts it is kept that they were notified of: by digests, so that none can be looked for.
async fn notified(firefox: &Firefox) -> Result<usize> {
    let kept = firefox.run_in_extension("return localStorage.getItem('notified') ?? ''", Vec::new()).await?;
    Ok(kept.as_str().context("no text")?.lines().count())
}

/// The time until which somebody has looked at what is stored of the log, and that of its newest entry.
async fn read_until(firefox: &Firefox) -> Result<[Option<u64>; 2]> {
    let log = firefox.stored_log().await?;
    let read = log.counts.iter().find_map(|count| count.get("until")?.as_u64());
    Ok([read, log.violations.first().map(|entry| entry.tally.last)])
}

/// Popup and log page in the private window itself: Firefox opens no database there, and what is not shown is not deleted.
async fn in_the_private_window(firefox: &Firefox, private: &WindowHandle) -> Result<()> {
    let own = popup(firefox).await?;
    own.wait_for_count("#log .violation", 1).await?;
    own.wait_for_presence("#log-private-only", true).await?;
    for hidden in ["#problem", "#clear-log"] {
        own.wait_for_presence(hidden, false).await?;
    }
    let text = own.text("[data-state=blocked] .tab-text").await?;
    let said = [text, own.text("#log .violation-private").await?];
    ensure!(said == ["Kept in memory only, until the last private window is closed.", "Private window"], "{said:?}");
    own.click("[data-state=blocked] .tab-action").await?;
    own.wait_for_presence("#log .violation[open] .private-kept", true).await?;
    own.wait_for_count("#log .violation[open] .chain > *", 3).await?;
    firefox.look("private-popup").await?;
    firefox.close_tab().await?;
    show(firefox, private).await?;
    let own = firefox.page("log.html").await?;
    own.wait_for_count("#log .violation", 1).await?;
    own.wait_for_presence("#log-private-only", true).await?;
    for hidden in ["#clear-log", "#save-log", "#keeping"] {
        own.wait_for_presence(hidden, false).await?;
    }
    firefox.look("private-log-there").await?;
    firefox.close_tab().await?;
    Ok(())
}

/// What goes into a file outlives the window.
async fn no_file_has_it(firefox: &Firefox) -> Result<()> {
    let log = firefox.page("log.html").await?;
    log.wait_for_presence("#save-json-lines:enabled", true).await?;
    ensure!(log.text("#save-about").await? == "Saves the only entry.", "what is private is counted");
    log.click("#save-json-lines").await?;
    log.wait_for_presence("#log-saved-without-private", true).await?;
    log.wait_for_text("#log-saved", "1 entry has been written into a file.").await?;
    let said = log.text("#log-saved-without-private").await?;
    ensure!(said == "Entries of private windows are left out.", "{said}");
    let found = firefox.accessibility_violations().await?;
    ensure!(found.is_empty(), "{found:#?}");
    firefox.close_tab().await?;
    Ok(())
}

/// More entries than there is room for: what was let through goes before what was stopped.
async fn overfill(world: &World, log: &Page<'_>, private: &WindowHandle) -> Result<()> {
    const ROOM: usize = 100;
    let firefox = &world.firefox;
    let rule = json!({ "host": "*.flood.invalid", "mode": "flag", "pins": [{ "sha256": NOBODYS }] });
    firefox.save_rule(rule).await?;
    log.wait_for_presence("#log-private-dropped", false).await?;
    show(firefox, private).await?;
    let urls: Vec<_> = (0..ROOM + 5).map(|number| format!("ws://{number}.flood.invalid/")).collect();
    firefox.sockets(&urls.iter().map(String::as_str).collect::<Vec<_>>()).await?;
    // The one that was stopped before is there as well.
    let said = "document.querySelector('#log-private-dropped').textContent.startsWith(\
        '6 entries of private windows have been dropped since ')";
    let own = firefox.page("popup.html").await?;
    own.wait_until("the popup there to say what has gone", said).await?;
    own.wait_for_presence("#log-private-dropped", true).await?;
    firefox.look("private-dropped-popup").await?;
    firefox.close_tab().await?;
    log.show().await?;
    log.wait_until("the log page to say what has gone", said).await?;
    log.wait_for_presence("#log-dropped", false).await?;
    firefox.look("private-dropped-log").await?;
    is_in(firefox, json!(["session"])).await
}

#[tokio::test]
async fn an_entry_of_a_private_window_is_in_memory_alone_and_goes_with_the_last_of_them() -> Result<()> {
    let world = world().await?;
    let firefox = &world.firefox;
    let here = firefox.driver()?.window().await?;
    stopped(&world, "flagged").await?;

    let private = private_window(&world).await?;
    stopped(&world, "attacker").await?;
    is_in(firefox, json!(["session"])).await?;

    in_the_private_window(firefox, &private).await?;

    // The popup of any other window has both.
    show(firefox, &here).await?;
    let other = firefox.page("popup.html").await?;
    other.wait_for_count("#log .violation", 2).await?;
    other.wait_for_presence("#log > :first-child .violation-private", true).await?;
    other.wait_for_presence("#log .violation:last-child .violation-private", false).await?;
    other.wait_for_presence("#log-private-only", false).await?;
    firefox.close_tab().await?;

    // A core that begins anew goes on with it.
    firefox.end_background().await?;
    show(firefox, &private).await?;
    stopped(&world, "attacker").await?;
    is_in(firefox, json!(["session"])).await?;

    show(firefox, &here).await?;
    let log = firefox.page("log.html").await?;
    log.wait_for_count("#log .violation", 2).await?;
    log.wait_for_text("#log > :first-child .violation-times-short", "× 3").await?;
    log.wait_for_presence("#log > :first-child .violation-new", true).await?;
    log.type_into("#search", "private window").await?;
    log.wait_for_count("#log .violation", 1).await?;
    log.wait_for_text("#search-outcome", "1 of 2 entries is shown.").await?;
    ensure!(log.text("#log .violation-host").await?.starts_with(PINNED));
    log.type_into("#search", "Sockpin").await?;
    log.wait_for_text("#search-outcome", "2 of 2 entries are shown.").await?;
    log.click("#log > :first-child summary").await?;
    log.wait_for_presence("#log .violation[open] .private-kept", true).await?;
    firefox.look("private-log").await?;
    // That somebody has looked is known of both, and on disk is nothing of when the private one was.
    wait::until("the time of looking to be kept", async || {
        let [read, newest] = read_until(firefox).await?;
        Ok((read.is_some() && read == newest).then_some(()))
    })
    .await?;
    log.reload().await?;
    log.wait_for_count("#log .violation", 2).await?;
    log.wait_for_presence("#log .violation-new", false).await?;

    no_file_has_it(firefox).await?;

    // It is deleted as every other is.
    log.show().await?;
    firefox.run("document.querySelector('#log .violation summary').click()", Vec::new()).await?;
    log.wait_for_presence("#log > :first-child [data-part=clear-host]", true).await?;
    firefox
        .run("document.querySelector('[data-part=clear-host]').scrollIntoView({ block: 'center' })", Vec::new())
        .await?;
    log.click("[data-part=clear-host]").await?;
    assert_eq!(log.text("#clear-host-text").await?, "1 entry is deleted for good. Your rules stay as they are.");
    log.click("#confirm-clear-host").await?;
    log.wait_for_count("#log .violation", 1).await?;
    show(firefox, &private).await?;
    stopped(&world, "attacker").await?;
    log.show().await?;
    log.wait_for_count("#log .violation", 2).await?;
    overfill(&world, &log, &private).await?;

    // With one of two windows it stays, and it goes with the last, also while the background sleeps.
    firefox.open_private_window(&world.demo.site.blank()).await?;
    firefox.close_tab().await?;
    show(firefox, &private).await?;
    stopped(&world, "attacker").await?;
    is_in(firefox, json!(["session"])).await?;
    for sleeps in [false, true] {
        if sleeps {
            show(firefox, &here).await?;
            private_window(&world).await?;
            log.show().await?;
            log.wait_for_count("#log .violation", 2).await?;
            firefox.suspend_background().await?;
        }
        close_private_windows(firefox).await?;
        log.show().await?;
        log.wait_for_count("#log .violation", 1).await?;
        log.wait_for_presence("#log-private-dropped", false).await?;
        is_in(firefox, json!([])).await?;
    }
    ensure!(log.text("#log .violation-host").await?.starts_with(FLAGGED));

    ensure!(notified(firefox).await? == 1, "somebody was notified of a private window");

    // The control: of an ordinary window all of them have it. Nothing else was counted for the rule.
    show(firefox, &here).await?;
    stopped(&world, "attacker").await?;
    is_in(firefox, json!(["database", "local", "session"])).await?;
    wait::until("the control to be notified of", async || Ok((notified(firefox).await? == 2).then_some(()))).await?;
    let counted = "return browser.storage.local.get('records-1').then((all) => all['records-1'] ?? '')";
    wait::until("the rule's record of two sockets", async || {
        let records = firefox.run_in_extension(counted, Vec::new()).await?;
        let judged = records.as_str().and_then(|records| records.split(' ').nth(2));
        Ok((judged == Some("2")).then_some(()))
    })
    .await?;
    world.firefox.quit().await
}

/// All that are open.
async fn close_private_windows(firefox: &Firefox) -> Result<()> {
    firefox.privileged(CLOSE_PRIVATE_WINDOWS, Vec::new()).await.map(drop)
}

const CLOSE_PRIVATE_WINDOWS: &str = r"
for (const window of Services.wm.getEnumerator('navigator:browser')) {
    if (window.gBrowser.selectedBrowser.contentPrincipal.privateBrowsingId > 0) window.close();
}
";
