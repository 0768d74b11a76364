//! The background ends while Firefox holds a socket for its answer.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use sockpin_e2e::connecting::{ConnectingPages, Plan};
use sockpin_e2e::demo::PINNED;
use sockpin_e2e::doctored::Doctored;
use sockpin_e2e::firefox::{ABORTED, Options};
use sockpin_e2e::opener::{OPENERS, Opener};
use sockpin_e2e::servers::Answering;
use sockpin_e2e::wait;
use sockpin_e2e::world::{Installation, World};

use crate::matrix::{Expect, Group, PREFLIGHTS, Scenario, Tally, wrong_pin};

/// Beside the rest of the same group: see [`crate::life`].
pub(crate) const GROUP: Group = Group {
    name: "Life cycle",
    scenarios: &[
        Scenario {
            name: "the event page taken away while it judges a socket",
            expect: Expect::Blocked,
            run: |_| Box::pin(taken_away()),
        },
        Scenario {
            name: "Firefox quits while a service worker's socket is being judged",
            expect: Expect::Blocked,
            run: |_| Box::pin(quitting()),
        },
        Scenario {
            name: "Firefox quits while a service worker's handshake with `preflight` `off` is on its way",
            expect: Expect::Blocked,
            run: |_| Box::pin(quitting_on_the_way()),
        },
    ],
};

/// A judgement that takes for ever, a sign that it is under way, and a way to keep its end from the background: what then
/// comes of the socket is the control.
const JUDGING: &str = r"
Object.defineProperty(browser.webRequest, 'getSecurityInfo', { value: () => {
    localStorage.judging = true;
    return new Promise(() => {});
} });
addEventListener('pagehide', (event) => { if (localStorage.deaf) event.stopImmediatePropagation(); });
";

async fn start(extension: &Path) -> Result<World> {
    let options = Options { install_for_good: Some(extension.to_owned()), ..Options::default() };
    World::with(Installation::ForGood, options).await
}

/// What a background that ends has in its hands.
struct Round {
    mode: &'static str,
    preflight: &'static str,
    /// Whether the background is deaf to its end, so that Firefox lets go what it has held for it.
    deaf: bool,
}

/// The control first: a rule that does not lock. Then what the background says as it ends, and last what holds where it
/// says nothing.
const ROUNDS: [Round; 4] = [
    Round { mode: "flag", preflight: "off", deaf: true },
    Round { mode: "block", preflight: PREFLIGHTS[0], deaf: false },
    Round { mode: "block", preflight: PREFLIGHTS[1], deaf: false },
    Round { mode: "block", preflight: "off", deaf: true },
];

impl Round {
    /// Stores its rule.
    async fn prepare(&self, world: &World) -> Result<()> {
        store(world, self.mode, self.preflight).await?;
        let set =
            "delete localStorage.judging; if (arguments[0]) localStorage.deaf = 1; else delete localStorage.deaf;";
        world.firefox.run_in_extension(set, vec![json!(self.deaf)]).await.map(drop)
    }

    fn is_control(&self) -> bool {
        self.mode == "flag"
    }
}

/// Puts a rule that the attacker's server does not meet in place of all others.
async fn store(world: &World, mode: &str, preflight: &str) -> Result<()> {
    for rule in world.firefox.rules().await? {
        world.firefox.delete_rule(&rule).await?;
    }
    let mut rule = wrong_pin(world, PINNED, preflight);
    rule["mode"] = json!(mode);
    world.firefox.save_rule(rule).await.map(drop)
}

async fn judging(world: &World) -> Result<()> {
    wait::until("a socket that is being judged", async || {
        let judging = world.firefox.run_in_extension("return localStorage.judging", Vec::new()).await?;
        Ok((judging == json!("true")).then_some(()))
    })
    .await
}

/// As Firefox does when a judgement takes longer than it lets an event page be idle.
async fn taken_away() -> Result<Tally> {
    let judge = judge()?;
    let world = start(judge.folder()).await?;
    let (attacker, url) = (&world.demo.servers.attacker, world.demo.servers.url("attacker")?);
    let pages = ConnectingPages::start().await?;
    let mut tally = Tally::default();
    for round in ROUNDS {
        round.prepare(&world).await?;
        let before = attacker.settled_traffic().await?.all_frames();
        let known = pages.reports().len();
        world.firefox.open(&pages.page(Plan::once(&url))).await?;
        judging(&world).await?;
        world.firefox.end_background().await?;
        let seen = &pages.reported(known + 1).await?[known].seen;
        let frames = attacker.settled_traffic().await?.all_frames() - before;
        if round.is_control() {
            ensure!(seen.delivered(), "control: the page saw {seen:?}");
            tally.control += frames;
        } else {
            tally.saw(seen);
            tally.leaked += frames;
        }
    }
    world.firefox.quit().await?;
    Ok(tally)
}

/// Firefox closes its windows and then ends its extensions. A service worker outlives the windows by a moment.
async fn quitting() -> Result<Tally> {
    let judge = judge()?;
    let mut world = start(judge.folder()).await?;
    let mut tally = Tally::default();
    for round in ROUNDS {
        round.prepare(&world).await?;
        let url = world.demo.servers.url("attacker")?;
        let attacker = &world.demo.servers.attacker;
        let before = attacker.settled_traffic().await?;
        world.firefox.begin_from(service_worker()?, &url).await?;
        judging(&world).await?;
        let mut blocked = false;
        // The request of one that is let go ends with its upgrade. Whether Firefox takes that for an opening shows after it: by
        // a frame, or by the end of the connection without one.
        let came_to_something = |status: Option<&str>| {
            let now = attacker.traffic();
            blocked = if round.deaf { now.ended > before.ended } else { status == Some(ABORTED) };
            now.frames > before.frames || blocked || (status.is_some() && !round.deaf)
        };
        world.firefox.close_over(&url.replace("wss:", "https:"), came_to_something).await?;
        let frames = attacker.settled_traffic().await?.all_frames() - before.all_frames();
        if round.is_control() {
            tally.control += frames;
        } else {
            // There is no page any more that could tell.
            tally.tried += 1;
            tally.opened += frames.min(1);
            tally.blocked += usize::from(blocked && frames == 0);
            tally.leaked += frames;
        }
        world.firefox.start_again().await?;
        world.firefox.open(&world.demo.site.blank()).await?;
    }
    world.firefox.quit().await?;
    Ok(tally)
}

/// Nobody is left to judge what the server answers. The control first: a rule that does not lock.
async fn quitting_on_the_way() -> Result<Tally> {
    let mut world = World::start(Installation::ForGood).await?;
    let mut tally = Tally::default();
    for mode in ["flag", "block"] {
        store(&world, mode, "off").await?;
        let url = world.demo.servers.url("attacker")?;
        let attacker = &world.demo.servers.attacker;
        let before = attacker.settled_traffic().await?;
        attacker.answer(Answering::Later);
        world.firefox.begin_from(service_worker()?, &url).await?;
        wait::until("the handshake", async || {
            let asked = attacker.traffic().requests.into_iter().skip(before.requests.len());
            Ok(asked.into_iter().any(|request| request.websocket).then_some(()))
        })
        .await?;
        let came_to_something = |_: Option<&str>| {
            attacker.answer(Answering::Accepting);
            let now = attacker.traffic();
            now.frames > before.frames || now.ended > before.ended
        };
        world.firefox.close_over(&url.replace("wss:", "https:"), came_to_something).await?;
        let frames = attacker.settled_traffic().await?.all_frames() - before.all_frames();
        if mode == "flag" {
            tally.control += frames;
        } else {
            // There is no page any more that could tell; the server has taken it, and it has ended.
            tally.tried += 1;
            tally.opened += frames.min(1);
            tally.blocked += usize::from(frames == 0);
            tally.leaked += frames;
        }
        world.firefox.start_again().await?;
        world.firefox.open(&world.demo.site.blank()).await?;
    }
    world.firefox.quit().await?;
    Ok(tally)
}

fn judge() -> Result<Doctored> {
    let judge = Doctored::copy()?;
    judge.before_background(JUDGING)?;
    Ok(judge)
}

fn service_worker() -> Result<&'static Opener> {
    OPENERS.iter().find(|opener| opener.name == "a service worker").context("there is no such opener")
}
