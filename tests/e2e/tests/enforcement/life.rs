//! The life of the background: it sleeps, is killed and updated.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use sockpin_e2e::connecting::{ConnectingPages, Plan};
use sockpin_e2e::demo::{FLAGGED, PINNED};
use sockpin_e2e::doctored::Doctored;
use sockpin_e2e::firefox::{Options, Update};
use sockpin_e2e::socket::Sighting;
use sockpin_e2e::wait;
use sockpin_e2e::world::{Installation, World};

use crate::crowd::Crowd;
use crate::matrix::{Expect, Group, PREFLIGHTS, Scenario, Tally, wrong_pin};

/// One third of this group of the table, for a browser of its own: see [`crate::starts`] and [`crate::load`].
pub(crate) const GROUP: Group = Group {
    name: "Life cycle",
    scenarios: &[
        blocked("the event page suspended 20 times", |_| Box::pin(suspended())),
        blocked("sockets that come just as the event page is suspended", |_| Box::pin(colliding())),
        blocked("the extension process killed 20 times under a steady load", |_| Box::pin(killed())),
        blocked("the extension process killed while a socket with `preflight` `off` is being judged", |_| {
            Box::pin(killed_while_judging())
        }),
        blocked("after six crashes of the extension process within 30 s, when Firefox gives up", |_| {
            Box::pin(given_up())
        }),
        blocked("the extension updated 4 times under a steady load", |_| Box::pin(updated())),
    ],
};

const fn blocked(name: &'static str, run: crate::matrix::Run) -> Scenario {
    Scenario { name, expect: Expect::Blocked, run }
}

/// The Firefox of the tests may crash as often as they like.
const CRASH_THRESHOLD: &str = "extensions.webextensions.crash.threshold";
/// How often what happens by chance is tried.
const TIMES: usize = 20;
/// How many sockets at a time the process is killed under.
const KILLED_LINES: usize = 6;
/// Each is a start of the browser.
const UPDATES: usize = 4;

async fn suspended() -> Result<Tally> {
    let world = World::start(Installation::ForGood).await?;
    let (firefox, servers) = (&world.firefox, &world.demo.servers);
    let (wrong, right) = (servers.url("attacker")?, servers.url("pinned")?);
    let mut tally = Tally::default();
    firefox.suspend_background().await?;
    tally.control(&servers.attacker, firefox.socket(&wrong)).await?;
    for preflight in PREFLIGHTS {
        let mut rule = wrong_pin(&world, PINNED, preflight);
        rule["pins"] = json!([{ "sha256": world.demo.pinned_key.pin() }]);
        let rule = firefox.save_rule(rule).await?;
        for _ in 0..TIMES / PREFLIGHTS.len() {
            firefox.suspend_background().await?;
            tally.attack(&servers.attacker, firefox.socket(&wrong)).await?;
            let log = firefox.violations().await?.len();
            ensure!(
                log == tally.tried,
                "{log} entries in the log of {} sockets, the last with {preflight}",
                tally.tried
            );
        }
        // It wakes for a socket that it lets go, too.
        firefox.suspend_background().await?;
        tally.control(&servers.pinned, firefox.socket(&right)).await?;
        firefox.delete_rule(&rule).await?;
    }
    world.firefox.quit().await?;
    Ok(tally)
}

/// Pauses about as long as the time after which the page is suspended: before, while and after it is.
const COLLIDING: &str = r"
const [url, text, pauses] = arguments;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const open = () => new Promise((resolve) => {
    const seen = { events: [], closeCode: 0, echoed: null, url };
    const socket = new WebSocket(url);
    for (const type of ['open', 'message', 'error', 'close']) socket.addEventListener(type, () => seen.events.push(type));
    socket.addEventListener('open', () => { socket.send(text); socket.close(); });
    socket.addEventListener('close', ({ code }) => { seen.closeCode = code; resolve(seen); });
});
return (async () => {
    const all = [];
    for (const ms of pauses) { await pause(ms); all.push(await open()); }
    return all;
})();
";

/// Counts the sockets that are held while the page ends: there is no time left to write those down.
const COUNTING_CUT: &str = r"
let held = 0;
for (const name of ['onBeforeRequest', 'onBeforeSendHeaders', 'onHeadersReceived']) {
    const event = browser.webRequest[name];
    const { addListener } = event;
    Object.defineProperty(event, 'addListener', { value: (listener, filter, ...rest) => {
        const counted = (details) => {
            held += 1;
            return Promise.resolve(listener(details)).finally(() => { held -= 1; });
        };
        addListener.call(event, filter.types.includes('websocket') ? counted : listener, filter, ...rest);
    } });
}
addEventListener('pagehide', () => { localStorage.cut = Number(localStorage.cut ?? 0) + held; });
";

async fn colliding() -> Result<Tally> {
    const PAUSES_MS: [u32; 15] =
        [1440, 1450, 1460, 1470, 1480, 1490, 1495, 1500, 1505, 1510, 1520, 1530, 1540, 1550, 1570];
    // Longer than it takes to wake up on a busy machine, or it would be suspended before it has been asked.
    const SHORT_MS: u32 = 1_500;
    // Firefox's own. A question of the test's must not collide with the end.
    const USUAL_MS: u32 = 30_000;
    let world = World::start(Installation::Temporary).await?;
    let counting = Doctored::copy()?;
    counting.before_background(COUNTING_CUT)?;
    world.firefox.install(counting.folder()).await?;
    let (firefox, attacker, url) = (&world.firefox, &world.demo.servers.attacker, world.demo.servers.url("attacker")?);
    // A timer that runs keeps the time with which it was begun.
    let idle_after = async |ms: u32| {
        firefox.set_preference("extensions.background.idle.timeout", json!(ms)).await?;
        firefox.suspend_background().await
    };
    let mut tally = Tally::default();
    tally.control(attacker, firefox.socket(&url)).await?;
    for preflight in PREFLIGHTS {
        let rule = firefox.save_rule(wrong_pin(&world, PINNED, preflight)).await?;
        let before = attacker.settled_traffic().await?.all_frames();
        idle_after(SHORT_MS).await?;
        let seen = firefox.run(COLLIDING, vec![json!(url), json!("a frame"), json!(PAUSES_MS)]).await?;
        let seen: Vec<Sighting> = serde_json::from_value(seen).context("the page told something else")?;
        for seen in &seen {
            tally.saw(seen);
        }
        tally.leaked += attacker.settled_traffic().await?.all_frames() - before;
        idle_after(USUAL_MS).await?;
        firefox.delete_rule(&rule).await?;
    }
    let log = firefox.violations().await?.len();
    let cut = firefox.run_in_extension("return Number(localStorage.cut ?? 0)", Vec::new()).await?;
    let cut = cut.as_u64().and_then(|cut| usize::try_from(cut).ok()).context("nobody has counted")?;
    let tried = tally.tried;
    ensure!(log <= tried && tried <= log + cut, "{log} entries in the log of {tried} sockets, {cut} of them cut off");
    world.firefox.quit().await?;
    Ok(tally)
}

/// With the pre-flight a socket is held before its handshake and judged after it as well, so that none is lost with the
/// process that was judging it. One could be with the next, so each kill waits until no socket has lived through the last.
async fn killed() -> Result<Tally> {
    let crowd = Crowd::start([(CRASH_THRESHOLD, json!(1_000))]).await?;
    let mut tally = Tally::default();
    crowd.control_without_rule(&mut tally).await?;
    crowd.world.firefox.save_rule(crowd.rule("prefer")).await?;
    let (known, frames) = (crowd.pages.reports().len(), crowd.frames().await?);
    crowd.world.firefox.open(&crowd.steady_page(KILLED_LINES)).await?;
    for _ in 0..TIMES {
        crowd.two_of_each(KILLED_LINES).await?;
        crowd.world.firefox.kill_extension_process().await?;
    }
    crowd.two_of_each(KILLED_LINES).await?;
    crowd.leave().await?;
    crowd.count(&mut tally, known, frames).await?;
    crowd.control_with_rule(&mut tally).await?;
    crowd.world.firefox.quit().await?;
    Ok(tally)
}

/// To Firefox a listener that died has no objection, and nothing else is left to judge the handshake. The control first: a
/// rule that does not lock.
async fn killed_while_judging() -> Result<Tally> {
    let world = World::start(Installation::Temporary).await?;
    let slow = Doctored::copy()?;
    slow.before_background(JUDGING)?;
    world.firefox.install(slow.folder()).await?;
    let (attacker, url) = (&world.demo.servers.attacker, world.demo.servers.url("attacker")?);
    let mut tally = Tally::default();
    // The page opens the socket by itself: the browser must be free to be asked.
    let pages = ConnectingPages::start().await?;
    for (mode, reports) in [("flag", 1), ("block", 2)] {
        let mut rule = wrong_pin(&world, PINNED, "off");
        rule["mode"] = json!(mode);
        let rule = world.firefox.save_rule(rule).await?;
        let before = attacker.settled_traffic().await?;
        world.firefox.open(&pages.page(Plan::once(&url))).await?;
        wait::until("a socket that is being judged", async || {
            let judging = world.firefox.run_in_extension("return localStorage.judging", Vec::new()).await?;
            Ok((judging == json!("true")).then_some(()))
        })
        .await?;
        world.firefox.kill_extension_process().await?;
        let seen = &pages.reported(reports).await?[reports - 1].seen;
        let after = attacker.settled_traffic().await?;
        ensure!(after.requests.len() == before.requests.len() + 1, "it was not judged at its handshake");
        let frames = after.all_frames() - before.all_frames();
        if mode == "flag" {
            ensure!(seen.delivered(), "control: the page saw {seen:?}");
            tally.control += frames;
        } else {
            tally.saw(seen);
            tally.leaked += frames;
        }
        world.firefox.delete_rule(&rule).await?;
    }
    world.firefox.quit().await?;
    Ok(tally)
}

/// A judgement that takes for ever, and a sign that it is under way.
const JUDGING: &str = r"
delete localStorage.judging;
Object.defineProperty(browser.webRequest, 'getSecurityInfo', { value: () => {
    localStorage.judging = true;
    return new Promise(() => {});
} });
";

/// It starts no process for extensions then, and asks none: handshakes are sent in spite of the pre-flight, and what is
/// not locked opens.
async fn given_up() -> Result<Tally> {
    // However slow the machine is, six crashes are within that time.
    let preferences = [("extensions.webextensions.crash.timeframe".to_owned(), json!(10 * 60 * 1_000))];
    let options = Options { preferences: preferences.into_iter().collect(), ..Options::default() };
    let mut world = World::with(Installation::ForGood, options).await?;
    let (attacker, url) = (&world.demo.servers.attacker, world.demo.servers.url("attacker")?);
    let mut tally = Tally::default();
    tally.control(attacker, world.firefox.socket(&url)).await?;
    world.firefox.save_rule(wrong_pin(&world, PINNED, "prefer")).await?;
    let mut flag = wrong_pin(&world, FLAGGED, "prefer");
    flag["mode"] = json!("flag");
    world.firefox.save_rule(flag).await?;
    let before = attacker.settled_traffic().await?.all_frames();
    for crashes in 0..6 {
        let seen = world.firefox.socket(&url).await?;
        ensure!(seen.refused(), "after {crashes} crashes the page saw {seen:?}");
        world.firefox.kill_extension_process().await?;
    }
    ensure!(attacker.settled_traffic().await?.all_frames() == before, "a frame arrived before the last crash");
    let requests = attacker.traffic().requests.len();
    for _ in 0..3 {
        tally.attack(attacker, world.firefox.socket(&url)).await?;
    }
    let sent = attacker.traffic().requests.split_off(requests);
    ensure!(sent.len() == 3 && sent.iter().all(|request| request.websocket), "somebody was asked: {sent:?}");
    tally.control(&world.demo.servers.flagged, world.socket("flagged")).await?;
    // It lasts until the next start.
    world.restart_firefox().await?;
    ensure!(world.firefox.socket(&url).await?.refused(), "it is not protected after a new start either");
    world.firefox.quit().await?;
    Ok(tally)
}

/// Firefox keeps an update for its next start, since Sockpin listens for them. Put in place at once, a new version would
/// listen a moment after the old one has gone.
async fn updated() -> Result<Tally> {
    let mut crowd = Crowd::start([]).await?;
    let mut tally = Tally::default();
    crowd.control_without_rule(&mut tally).await?;
    crowd.world.firefox.save_rule(crowd.rule("off")).await?;
    let (known, frames) = (crowd.pages.reports().len(), crowd.frames().await?);
    let page = crowd.steady_page(12);
    crowd.world.firefox.set_home_page(&page);
    crowd.world.firefox.open(&page).await?;
    for update in 1..=UPDATES {
        let newer = Doctored::copy()?;
        let version = format!("0.1.{}", 100 + update);
        newer.set_version(&version)?;
        crowd.more(12).await?;
        if update == UPDATES {
            // It listens asleep as well.
            crowd.leave().await?;
            crowd.world.firefox.suspend_background().await?;
        }
        let came_to = crowd.world.firefox.update(newer.folder()).await?;
        if update < UPDATES {
            crowd.more(12).await?;
            // What is open while Firefox quits is a scenario of its own.
            crowd.leave().await?;
        }
        ensure!(came_to == Update::PutOff, "the update has not waited for the next start");
        crowd.world.firefox.restart().await?;
        crowd.more(12).await?;
        let running = crowd.world.firefox.running_version().await?;
        ensure!(running == version, "{running} runs instead of {version}");
    }
    crowd.leave().await?;
    crowd.count(&mut tally, known, frames).await?;
    crowd.control_with_rule(&mut tally).await?;
    crowd.world.firefox.quit().await?;
    Ok(tally)
}
