//! The sockets of a tab, as its popup lists them and its button sums them up, by clicking and typing as a person does.

use std::net::Ipv4Addr;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sockpin_e2e::demo::{FLAGGED, PINNED, UNPINNED};
use sockpin_e2e::firefox::Firefox;
use sockpin_e2e::opener::OPENERS;
use sockpin_e2e::tab::Tab;
use sockpin_e2e::wait;
use sockpin_e2e::world::{Installation, World};
use thirtyfour::Key;
use tokio::net::TcpSocket;

/// Opens a socket from the web page of a tab, and shows the popup again.
async fn socket(world: &World, tab: &Tab<'_>, id: &str) -> Result<()> {
    tab.web.show().await?;
    world.socket(id).await?;
    tab.popup.show().await
}

/// Waits until the popup lists these rows in whatever order: the state, the address, how many sockets.
async fn lists(firefox: &Firefox, rows: &[String]) -> Result<()> {
    let mut rows = rows.to_vec();
    rows.sort();
    let listed = || async { firefox.run(ROWS, Vec::new()).await };
    let listed_at_last = wait::until("the rows", async || Ok((listed().await? == json!(rows)).then_some(()))).await;
    if listed_at_last.is_err() {
        ensure!(listed().await? == json!(rows), "the rows are {}, not {rows:?}", listed().await?);
    }
    Ok(())
}

async fn sums_up(tab: &Tab<'_>, state: &str) -> Result<()> {
    tab.popup.wait_for_presence(&format!("#tab-summary[data-state={state}]"), true).await
}

async fn is_accessible(firefox: &Firefox, state: &str) -> Result<()> {
    let violations = firefox.accessibility_violations().await?;
    ensure!(violations.is_empty(), "{state}: {violations:?}");
    Ok(())
}

const ROWS: &str = r"
return [...document.querySelectorAll('#tab-sockets .tab-row')].map((row) => {
    const text = (part) => row.querySelector(`[data-part=${part}]`).textContent;
    return [row.dataset.state, text('tab-host'), text('tab-facts').split(' · ')[0]].join(' | ');
}).sort();
";

fn row(state: &str, host: &str, port: u16, sockets: &str) -> String {
    format!("{state} | {host}:{port} | {sockets}")
}

#[tokio::test]
async fn each_state_is_listed_as_it_comes_and_what_can_be_done_is_one_click_away() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    world.load_policy().await?;
    let servers = &world.demo.servers;
    let port = |name: &str| servers.behind(name).map(sockpin_e2e::servers::Server::port);
    let tab = Tab::with_popup(&world.firefox).await?;
    sums_up(&tab, "none").await?;
    is_accessible(&world.firefox, "no socket").await?;

    let mut rows = Vec::new();
    for (id, state, host) in [
        ("unpinned", "not-pinned", UNPINNED),
        ("pinned", "matched", PINNED),
        ("flagged", "flagged", FLAGGED),
        ("attacker", "blocked", PINNED),
    ] {
        socket(&world, &tab, id).await?;
        rows.push(row(state, host, port(id)?, "1 socket"));
        lists(&world.firefox, &rows).await?;
    }
    sums_up(&tab, "blocked").await?;
    assert!(tab.popup.text("[data-state=matched] .tab-text").await?.contains("“The server's key”"));

    // What Sockpin has not stopped.
    tab.web.show().await?;
    let (closed, _closed) = closed_port()?;
    assert!(world.firefox.socket(&format!("wss://{UNPINNED}:{closed}/")).await?.refused());
    assert!(world.firefox.socket("wss://nowhere.invalid/").await?.refused());
    tab.popup.show().await?;
    rows.push(row("failed", UNPINNED, closed, "1 socket"));
    rows.push("failed | nowhere.invalid | 1 socket".to_owned());
    lists(&world.firefox, &rows).await?;
    let texts = tab.popup.text("#tab-sockets").await?;
    assert!(
        texts.contains("accepts no connection at port")
            && texts.contains("Firefox found no address for nowhere.invalid.")
    );

    world.firefox.ask_extension(json!({ "type": "pause", "length": "ten-minutes" })).await?;
    socket(&world, &tab, "attacker").await?;
    rows.push(row("paused", PINNED, port("attacker")?, "1 socket"));
    lists(&world.firefox, &rows).await?;
    world.firefox.look("tab-every-state").await?;
    world.firefox.ask_extension(json!({ "type": "resume" })).await?;
    rows.pop();
    rows.push(row("not-judged", PINNED, port("attacker")?, "1 socket"));
    lists(&world.firefox, &rows).await?;

    // From "blocked" to its explanation.
    tab.popup.click("#tab-sockets [data-state=blocked] .tab-action").await?;
    tab.popup.wait_for_presence("#log [data-outcome=block][open] .certificate", true).await?;
    assert!(tab.popup.is_true("document.activeElement.matches('#log [data-outcome=block] summary')").await?);

    // From "not pinned" to the picker, by keyboard alone.
    world.firefox.run("document.querySelector('[data-state=not-pinned] .tab-action').focus()", Vec::new()).await?;
    world.firefox.open_by(world.firefox.press(Key::Enter + "")).await?;
    world.firefox.page_is_ready("the options page").await?;
    let title = world.firefox.run("return document.querySelector('#picker[open] h2')?.textContent", Vec::new()).await?;
    let title = title.as_str().context("the picker is not open")?;
    assert!(title.contains(&format!("{UNPINNED}:{}", port("unpinned")?)), "{title}");
    world.firefox.quit().await
}

/// A port of this computer at which nobody listens, nor will: it is taken.
fn closed_port() -> Result<(u16, TcpSocket)> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    Ok((socket.local_addr()?.port(), socket))
}

#[tokio::test]
async fn a_tab_shows_the_sockets_of_its_page_alone_and_each_empty_state_is_said() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    world.load_policy().await?;
    let servers = &world.demo.servers;
    let (unpinned, pinned) = (servers.unpinned.port(), servers.pinned.port());
    let tab = Tab::with_popup(&world.firefox).await?;
    sums_up(&tab, "none").await?;
    for sockets in ["1 socket", "2 sockets"] {
        socket(&world, &tab, "unpinned").await?;
        lists(&world.firefox, &[row("not-pinned", UNPINNED, unpinned, sockets)]).await?;
    }
    sums_up(&tab, "not-pinned").await?;
    is_accessible(&world.firefox, "none is pinned").await?;

    // Another tab has its own.
    world.firefox.open_tab(&world.demo.site.url("/")).await?;
    let other = Tab::with_popup(&world.firefox).await?;
    sums_up(&other, "none").await?;
    socket(&world, &other, "backup").await?;
    lists(&world.firefox, &[row("matched", PINNED, servers.backup.port(), "1 socket")]).await?;
    sums_up(&other, "matched").await?;
    is_accessible(&world.firefox, "all are pinned").await?;

    // Another page in the same tab begins anew, with what its frames open.
    tab.web.show().await?;
    world.firefox.open(&format!("{}?again", world.demo.site.blank())).await?;
    tab.popup.show().await?;
    sums_up(&tab, "none").await?;
    tab.web.show().await?;
    let frame = OPENERS.first().context("no opener")?;
    assert!(world.firefox.socket_from(frame, &servers.url("pinned")?).await?.delivered());
    assert!(world.socket("unpinned").await?.delivered());
    tab.popup.show().await?;
    lists(
        &world.firefox,
        &[row("matched", PINNED, pinned, "1 socket"), row("not-pinned", UNPINNED, unpinned, "1 socket")],
    )
    .await?;
    assert!(tab.popup.text("[data-state=matched] .tab-facts").await?.contains("http://localhost:"));
    sums_up(&tab, "mixed").await?;

    // A new background goes on where the last one has stopped.
    world.firefox.end_background().await?;
    socket(&world, &tab, "unpinned").await?;
    lists(
        &world.firefox,
        &[row("matched", PINNED, pinned, "1 socket"), row("not-pinned", UNPINNED, unpinned, "2 sockets")],
    )
    .await?;

    // Back at the page before, what that page had opened once is gone.
    tab.web.show().await?;
    world.firefox.back().await?;
    tab.popup.show().await?;
    sums_up(&tab, "none").await?;
    socket(&world, &tab, "pinned").await?;
    lists(&world.firefox, &[row("matched", PINNED, pinned, "1 socket")]).await?;
    other.popup.show().await?;
    lists(&world.firefox, &[row("matched", PINNED, servers.backup.port(), "1 socket")]).await?;
    world.firefox.quit().await
}

#[tokio::test]
async fn a_socket_that_was_open_before_its_rule_is_not_judged_until_the_tab_is_reloaded() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let (url, port) = (world.demo.servers.url("pinned")?, world.demo.servers.pinned.port());
    world.firefox.run(KEEP_OPEN, vec![json!(url)]).await?;
    let tab = Tab::with_popup(&world.firefox).await?;
    lists(&world.firefox, &[row("not-pinned", PINNED, port, "1 socket")]).await?;
    world.load_policy().await?;
    lists(&world.firefox, &[row("not-judged", PINNED, port, "1 socket")]).await?;
    sums_up(&tab, "not-judged").await?;
    assert_eq!(tab.popup.text("[data-state=not-judged] .tab-state").await?, "Not judged");
    world.firefox.look("tab-not-judged").await?;

    // The new page is there once it knows nothing of the old one's socket.
    tab.popup.click("[data-state=not-judged] .tab-action").await?;
    sums_up(&tab, "none").await?;
    assert!(tab.popup.is_true("document.activeElement.id === 'tab-heading'").await?, "the focus is lost");
    tab.web.show().await?;
    world.firefox.wait_for("the page anew", "return window.kept === undefined", Vec::new()).await?;
    world.firefox.run(KEEP_OPEN, vec![json!(url)]).await?;
    tab.popup.show().await?;
    lists(&world.firefox, &[row("matched", PINNED, port, "1 socket")]).await?;
    world.firefox.quit().await
}

const KEEP_OPEN: &str = r"
window.kept = new WebSocket(arguments[0]);
return new Promise((resolve, reject) => Object.assign(window.kept, { onopen: () => resolve(), onerror: reject }));
";

#[tokio::test]
async fn nothing_of_a_tab_outlives_it_least_of_all_of_a_private_window() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    world.firefox.allow_in_private_windows(true).await?;
    world.load_policy().await?;
    let here = world.firefox.this_page().await?;
    world.socket("unpinned").await?;
    kept(&world.firefox, 1, 0).await?;

    for sleeps in [false, true] {
        world.firefox.open_private_window(&world.demo.site.url("/opener.html")).await?;
        for socket in ["unpinned", "attacker"] {
            world.socket(socket).await?;
        }
        kept(&world.firefox, 2, 1).await?;
        let tab = Tab::with_popup(&world.firefox).await?;
        tab.popup.wait_for_count("#tab-sockets .tab-row", 2).await?;
        // Once the popup has read the log.
        tab.popup.wait_for_count("[data-state=blocked] .tab-action:not([hidden])", 1).await?;
        let text = tab.popup.text("[data-state=blocked] .tab-text").await?;
        assert_eq!(text, "Kept in memory only, until the last private window is closed.");
        world.firefox.close_tab().await?;
        tab.web.show().await?;
        if sleeps {
            world.firefox.suspend_background().await?;
        }
        world.firefox.close_tab().await?;
        here.show().await?;
        kept(&world.firefox, 1, 0).await?;
    }

    // A private tab beside another of its window, while the background sleeps: with whatever wakes it.
    world.firefox.open_private_window(&world.demo.site.blank()).await?;
    let beside = world.firefox.this_page().await?;
    world.firefox.open_tab(&world.demo.site.url("/opener.html")).await?;
    world.socket("unpinned").await?;
    kept(&world.firefox, 2, 1).await?;
    world.firefox.suspend_background().await?;
    world.firefox.close_tab().await?;
    here.show().await?;
    world.socket("unpinned").await?;
    kept(&world.firefox, 1, 0).await?;
    beside.show().await?;
    world.firefox.close_tab().await?;
    here.show().await?;

    // Closed as by a person: Firefox lists a tab for as long as it is seen to close.
    let page = world.demo.site.url("/");
    world.firefox.open_tab(&page).await?;
    world.socket("unpinned").await?;
    kept(&world.firefox, 2, 0).await?;
    let is_seen = world.firefox.privileged(CLOSE_AS_A_PERSON, vec![json!(page)]).await?;
    ensure!(is_seen == json!(true), "it is gone at once: {is_seen}");
    here.show().await?;
    kept(&world.firefox, 1, 0).await?;
    world.firefox.quit().await
}

/// Whether the tab is still among the others when it is being closed.
const CLOSE_AS_A_PERSON: &str = r"
const tab = gBrowser.tabs.find(({ linkedBrowser }) => linkedBrowser.currentURI.spec === arguments[0]);
gBrowser.removeTab(tab, { animate: true });
return tab.closing && gBrowser.tabs.includes(tab);
";

/// Waits until so many tabs are kept, so many private ones among them.
async fn kept(firefox: &Firefox, all: usize, private: usize) -> Result<()> {
    let expected = json!([all, private]);
    let mut found = Value::Null;
    let waited = wait::until("what is kept", async || {
        found = firefox.run_in_extension(KEPT, Vec::new()).await?;
        Ok((found == expected).then_some(()))
    })
    .await;
    waited.with_context(|| format!("{found} tabs are kept, not {expected}"))
}

const KEPT: &str = r"
return browser.storage.session.get(null).then((all) => {
    const tabs = Object.keys(all).filter((key) => key.startsWith('tab/'));
    return [tabs.length, tabs.filter((key) => all[key].startsWith('private')).length];
});
";

#[tokio::test]
async fn the_button_says_of_each_tab_what_has_become_of_its_sockets() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    world.load_policy().await?;
    let (page, other) = (world.demo.site.blank(), world.demo.site.url("/opener.html"));
    let shows = async |badge: &str, title: &str| {
        let mut found = String::new();
        let waited = wait::until("the button", async || {
            let button = world.firefox.button(&page).await?;
            found = format!("{button:?}");
            Ok((button.badge == badge && button.title.contains(title)).then_some(()))
        })
        .await;
        waited.with_context(|| format!("it is {found}, not {badge}, {title}"))
    };
    shows("", "Sockpin").await?;
    for (socket, badge, title) in [
        ("unpinned", "", "Sockpin"),
        ("pinned", "✓", "match their pins: 1"),
        ("flagged", "⚑1", "flagged sockets of this tab: 1"),
        ("flagged", "⚑2", "flagged sockets of this tab: 2"),
        ("attacker", "1", "blocked sockets of this tab: 1"),
        ("attacker", "2", "blocked sockets of this tab: 2"),
        ("pinned", "2", "blocked sockets of this tab: 2"),
    ] {
        world.socket(socket).await?;
        shows(badge, title).await?;
    }
    // A pause is said on every tab; after it each says again what it said.
    world.firefox.ask_extension(json!({ "type": "pause", "length": "until-restart" })).await?;
    shows("off", "paused").await?;
    world.firefox.ask_extension(json!({ "type": "resume" })).await?;
    shows("2", "blocked sockets of this tab: 2").await?;
    world.firefox.open(&other).await?;
    world.firefox.open(&page).await?;
    shows("", "Sockpin").await?;
    world.socket("pinned").await?;
    shows("✓", "match their pins: 1").await?;
    world.firefox.quit().await
}
