//! What a scenario is, what it has to show, and the table of them all.

use std::fmt::Write as _;
use std::future::Future;
use std::pin::Pin;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use sockpin_e2e::servers::Server;
use sockpin_e2e::socket::Sighting;
use sockpin_e2e::world::{Installation, World};

use crate::hosts::Hosts;

/// Scenarios that share a browser where they can.
pub(crate) struct Group {
    pub(crate) name: &'static str,
    pub(crate) scenarios: &'static [Scenario],
}

/// One row of the table.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) expect: Expect,
    pub(crate) run: Run,
}

pub(crate) type Run = for<'a> fn(&'a mut Stage) -> Pin<Box<dyn Future<Output = Result<Tally>> + 'a>>;

/// What has to come of the sockets to the server with the wrong key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expect {
    /// Every one is stopped.
    Blocked,
    /// Every one opens: no extension is shown it. That is said in `SECURITY.md`.
    NotProtected,
}

/// `scenarios![ "name" => function, … ]`
macro_rules! scenarios {
    ($($name:literal => $function:path),* $(,)?) => {
        &[$($crate::matrix::Scenario {
            name: $name,
            expect: $crate::matrix::Expect::Blocked,
            run: |stage| Box::pin($function(stage)),
        }),*]
    };
}
pub(crate) use scenarios;

/// What the scenarios of a group share.
#[derive(Default)]
pub(crate) struct Stage {
    world: Option<World>,
    hosts: Option<Box<Hosts>>,
}

impl Stage {
    /// A browser with Sockpin and without a rule, started when it is first needed.
    pub(crate) async fn world(&mut self) -> Result<&World> {
        if self.world.is_none() {
            self.world = Some(World::start(Installation::Temporary).await?);
        }
        let world = self.world.as_ref().ok_or_else(|| anyhow::anyhow!("there is no world"))?;
        for rule in world.firefox.rules().await? {
            world.firefox.delete_rule(&rule).await?;
        }
        world.firefox.clear_log().await?;
        Ok(world)
    }

    /// A browser with another extension beside Sockpin, started when it is first needed.
    pub(crate) async fn hosts(&mut self) -> Result<&mut Hosts> {
        if self.hosts.is_none() {
            self.hosts = Some(Box::new(Box::pin(Hosts::start()).await?));
        }
        self.hosts.as_deref_mut().ok_or_else(|| anyhow::anyhow!("there are no hosts"))
    }

    /// What an error has left behind is not for the next scenario.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) async fn end(self) -> Result<()> {
        for world in self.world.into_iter().chain(self.hosts.map(|hosts| hosts.world)) {
            world.firefox.quit().await?;
        }
        Ok(())
    }
}

/// The counts of one scenario.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Sockets to the server with the wrong key.
    pub(crate) tried: usize,
    /// Those of them that the page saw open.
    pub(crate) opened: usize,
    /// Those that it saw refused.
    pub(crate) blocked: usize,
    /// Frames that the server with the wrong key received meanwhile.
    pub(crate) leaked: usize,
    /// Frames of the control.
    pub(crate) control: usize,
    /// Handshakes at the server with the wrong key that a pre-flight should have kept from it, where they were counted.
    pub(crate) handshakes: Option<usize>,
    /// Requests that were sent in clear, where they were counted.
    pub(crate) in_clear: Option<usize>,
}

impl Tally {
    /// A socket that has to deliver its frame: what the attack would do if nothing were in its way.
    pub(crate) async fn control(
        &mut self,
        server: &Server,
        socket: impl Future<Output = Result<Sighting>>,
    ) -> Result<()> {
        let before = server.settled_traffic().await?.all_frames();
        let seen = socket.await?;
        ensure!(seen.delivered(), "control: the page saw {seen:?}");
        self.control += server.settled_traffic().await?.all_frames() - before;
        Ok(())
    }

    /// A socket that has to be stopped.
    pub(crate) async fn attack(
        &mut self,
        server: &Server,
        socket: impl Future<Output = Result<Sighting>>,
    ) -> Result<()> {
        let before = server.settled_traffic().await?.all_frames();
        let seen = socket.await?;
        self.saw(&seen);
        self.leaked += server.settled_traffic().await?.all_frames() - before;
        Ok(())
    }

    /// A socket that its rule has to stop, for this reason. To the page any failure looks like that; the log knows.
    pub(crate) async fn judged(
        &mut self,
        world: &World,
        reason: &str,
        server: &Server,
        socket: impl Future<Output = Result<Sighting>>,
    ) -> Result<()> {
        let (entries, opened) = (world.firefox.violations().await?.len(), self.opened);
        let before = handshakes(server);
        self.attack(server, socket).await?;
        if self.opened > opened {
            // The counts say what is wrong.
            return Ok(());
        }
        let log = world.firefox.violations().await?;
        if log.first().is_some_and(|entry| entry["stage"] == "preflight") {
            self.handshakes = sum(self.handshakes, Some(handshakes(server) - before));
        }
        ensure!(log.len() == entries + 1, "{} entries in the log instead of {}", log.len(), entries + 1);
        let said = json!([log[0]["port"], log[0]["outcome"], log[0]["reason"]]);
        let due = json!([server.port(), "block", reason]);
        ensure!(said == due, "the newest entry in the log says {said} instead of {due}");
        Ok(())
    }

    pub(crate) fn saw(&mut self, seen: &Sighting) {
        self.tried += 1;
        self.opened += usize::from(seen.events.iter().any(|event| event == "open"));
        self.blocked += usize::from(seen.refused());
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.tried += other.tried;
        self.opened += other.opened;
        self.blocked += other.blocked;
        self.leaked += other.leaked;
        self.control += other.control;
        self.handshakes = sum(self.handshakes, other.handshakes);
        self.in_clear = sum(self.in_clear, other.in_clear);
    }

    /// As they stand in the table; a dash where nothing was counted.
    fn cells(&self) -> String {
        let Self { tried, opened, blocked, leaked, control, .. } = self;
        let [handshakes, in_clear] = [self.handshakes, self.in_clear]
            .map(|count| count.map_or_else(|| "–".to_owned(), |count| count.to_string()));
        format!("{tried} | {opened} | {blocked} | {leaked} | {handshakes} | {in_clear} | {control}")
    }

    /// What is wrong with these counts, if anything is.
    fn fault(&self, expect: Expect) -> Option<&'static str> {
        match expect {
            _ if self.tried == 0 => Some("nothing was tried"),
            _ if self.control == 0 => Some("the control delivered nothing"),
            Expect::Blocked if self.leaked != 0 => Some("the server with the wrong key received frames"),
            Expect::Blocked if self.handshakes.is_some_and(|count| count != 0) => {
                Some("the server with the wrong key received a handshake in spite of a pre-flight")
            }
            Expect::Blocked if self.in_clear.is_some_and(|count| count != 0) => Some("something was sent in clear"),
            Expect::Blocked if self.opened != 0 => Some("a socket to the wrong key opened"),
            Expect::Blocked if self.blocked != self.tried => Some("not every socket was seen to be blocked"),
            Expect::NotProtected if self.opened != self.tried => Some("it is protected after all: say so"),
            Expect::Blocked | Expect::NotProtected => None,
        }
    }
}

fn handshakes(server: &Server) -> usize {
    server.traffic().requests.iter().filter(|request| request.websocket).count()
}

/// Of what was counted in at least one of the two.
fn sum(one: Option<usize>, other: Option<usize>) -> Option<usize> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one + other),
        _ => one.or(other),
    }
}

/// The rule of the matrix for a host: block, with a key that no server has.
pub(crate) fn wrong_pin(world: &World, host: &str, preflight: &str) -> Value {
    json!({
        "host": host, "mode": "block", "preflight": preflight, "pins": [{ "sha256": world.demo.unused_key.pin() }],
    })
}

/// Both ways to find out: at the handshake alone, and ahead of it.
pub(crate) const PREFLIGHTS: [&str; 2] = ["off", "prefer"];

/// The same socket without a rule, then twice with one that its server does not meet; each stop has to be in the log for what it is.
pub(crate) async fn wrong_key<S>(world: &World, host: &str, server: &Server, open: S) -> Result<Tally>
where
    S: AsyncFn() -> Result<Sighting>,
{
    let mut tally = Tally::default();
    tally.control(server, open()).await?;
    for preflight in PREFLIGHTS {
        let rule = world.firefox.save_rule(wrong_pin(world, host, preflight)).await?;
        tally.judged(world, "pin-mismatch", server, open()).await?;
        world.firefox.delete_rule(&rule).await?;
    }
    Ok(tally)
}

/// What has come of a scenario.
pub(crate) struct Row {
    pub(crate) group: &'static str,
    pub(crate) name: &'static str,
    pub(crate) expect: Expect,
    pub(crate) outcome: Result<Tally>,
}

impl Row {
    /// Why it does not stand, if it does not.
    pub(crate) fn fault(&self) -> Option<String> {
        match &self.outcome {
            Ok(tally) => tally.fault(self.expect).map(str::to_owned),
            Err(error) => Some(format!("{error:#}")),
        }
    }

    /// One line of the table, in Markdown.
    pub(crate) fn line(&self) -> String {
        let counts = match &self.outcome {
            Ok(tally) => tally.cells(),
            Err(_) => ["–"; 7].join(" | "),
        };
        let remark = match (self.fault(), self.expect) {
            (Some(fault), _) => format!(" **FAILED: {}**", fault.replace(['|', '\n'], " ")),
            (None, Expect::NotProtected) => " (not protected, as said above)".to_owned(),
            (None, Expect::Blocked) => String::new(),
        };
        format!("| {} | {}{remark} | {counts} |", self.group, self.name)
    }
}

/// The whole table, in Markdown, with its sums.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| group | scenario | sockets tried | opened | blocked | frames at the wrong key's server \
         | handshakes there in spite of a pre-flight | requests in clear | frames of the control |\n\
         |---|---|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    let mut sum = Tally::default();
    for row in rows {
        text.push_str(&row.line());
        text.push('\n');
        if let (Ok(tally), Expect::Blocked) = (&row.outcome, row.expect) {
            sum.add(tally);
        }
    }
    let _ = writeln!(text, "| | **all that are protected** | {} |", sum.cells());
    text
}

/// A row that does not show what it claims must not pass: run before anything else, since this is no test of cargo's.
pub(crate) fn check_the_checks() -> Result<()> {
    let good = Tally { tried: 2, opened: 0, blocked: 2, leaked: 0, control: 1, handshakes: Some(0), in_clear: None };
    let bad = [
        Tally { tried: 0, blocked: 0, ..good.clone() },
        Tally { opened: 1, blocked: 1, ..good.clone() },
        Tally { opened: 1, ..good.clone() },
        Tally { blocked: 1, ..good.clone() },
        Tally { leaked: 1, ..good.clone() },
        Tally { control: 0, ..good.clone() },
        Tally { handshakes: Some(1), ..good.clone() },
        Tally { in_clear: Some(1), ..good.clone() },
    ];
    ensure!(good.fault(Expect::Blocked).is_none(), "a good row is refused");
    for tally in bad {
        ensure!(tally.fault(Expect::Blocked).is_some(), "{tally:?} passes");
        let mut added = good.clone();
        added.add(&tally);
        let one_is_lost = tally.tried == 0 || tally.control == 0;
        ensure!(one_is_lost || added.fault(Expect::Blocked).is_some(), "{tally:?} passes in company");
    }
    ensure!(sum(None, None).is_none(), "what was not counted is shown as counted");
    ensure!(good.fault(Expect::NotProtected).is_some(), "a protected row passes as one that is not");
    Ok(())
}
