//! Many sockets at a time. To one address Firefox opens them one after the other, so they go to hosts with addresses of
//! their own, all below one name with one rule.

use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sockpin_e2e::authority::Key;
use sockpin_e2e::connecting::{ConnectingPages, Plan, Report};
use sockpin_e2e::firefox::Options;
use sockpin_e2e::relay::Relay;
use sockpin_e2e::servers::Server;
use sockpin_e2e::world::{Installation, World};

use crate::matrix::Tally;

/// The pattern of the rule.
const PATTERN: &str = "*.crowd.sockpin.test";

/// A browser, pages that open sockets by themselves, and a server that all their hosts lead to.
pub(crate) struct Crowd {
    pub(crate) world: World,
    pub(crate) pages: ConnectingPages,
    /// The key that the rule names.
    pub(crate) right: Server,
    /// Another.
    pub(crate) wrong: Server,
    right_key: Key,
    _relays: [Relay; 2],
}

impl Crowd {
    /// With Sockpin installed for good and without a rule.
    pub(crate) async fn start(preferences: impl IntoIterator<Item = (&'static str, Value)>) -> Result<Self> {
        let preferences = preferences.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self::with(Options { preferences, ..Options::default() }).await
    }

    /// The same in a browser of another kind.
    pub(crate) async fn with(mut options: Options) -> Result<Self> {
        // Every name leads to loopback; no list could hold them all.
        options.preferences.insert("network.dns.native-is-localhost".to_owned(), json!(true));
        // Else Firefox itself refuses sockets beyond the 200th.
        options.preferences.insert("network.websocket.max-connections".to_owned(), json!(MOST_SOCKETS));
        let world = World::with(Installation::ForGood, options).await?;
        let (right_key, wrong_key) = (Key::new()?, Key::new()?);
        let right = Server::tls(world.demo.authority.issue(&[PATTERN], &right_key)?).await?;
        let wrong = Server::tls(world.demo.authority.issue(&[PATTERN], &wrong_key)?).await?;
        let addresses: Vec<_> = (0..LINES).map(address).collect();
        let relays = [Relay::start(&addresses, right.port()).await?, Relay::start(&addresses, wrong.port()).await?];
        let pages = ConnectingPages::start().await?;
        let crowd = Self { world, pages, right, wrong, right_key, _relays: relays };
        crowd.spread("").await?;
        Ok(crowd)
    }

    /// Gives each of the hosts `{prefix}l{line}` an address of its own. They all have the same at a start of the browser.
    pub(crate) async fn spread(&self, prefix: &str) -> Result<()> {
        let name = |line| (format!("{prefix}l{line}.crowd.sockpin.test"), address(line));
        self.world.firefox.lead(&(0..LINES).map(name).collect::<Vec<_>>()).await
    }

    /// The rule that the wrong key does not meet.
    pub(crate) fn rule(&self, preflight: &str) -> Value {
        let pins = json!([{ "sha256": self.right_key.pin() }]);
        json!({ "host": PATTERN, "mode": "block", "preflight": preflight, "pins": pins })
    }

    /// What the page sees without any rule: the wrong key's server receives its frame.
    pub(crate) async fn control_without_rule(&self, tally: &mut Tally) -> Result<()> {
        let url = url("control", &self.wrong);
        tally.control(&self.wrong, self.world.firefox.socket(&url)).await
    }

    /// Under the rule the right key's server receives its frame.
    pub(crate) async fn control_with_rule(&self, tally: &mut Tally) -> Result<()> {
        let url = url("control", &self.right);
        tally.control(&self.right, self.world.firefox.socket(&url)).await
    }

    /// A page with sockets to the wrong key's server, this many at a time, until it is left.
    pub(crate) fn steady_page(&self, at_once: usize) -> String {
        self.pages.page(Plan { at_once, ..Plan::steadily(url("l{line}", &self.wrong)) })
    }

    /// Adds what came of the sockets reported since there were `known`, and the frames since there were `frames`.
    pub(crate) async fn count(&self, tally: &mut Tally, known: usize, frames: usize) -> Result<()> {
        self.pages.reports().iter().skip(known).for_each(|report| tally.saw(&report.seen));
        tally.leaked += self.frames().await? - frames;
        Ok(())
    }

    /// The frames that the wrong key's server has received.
    pub(crate) async fn frames(&self) -> Result<usize> {
        Ok(self.wrong.settled_traffic().await?.all_frames())
    }

    /// Lets the open page go on until so many more sockets have been reported.
    pub(crate) async fn more(&self, count: usize) -> Result<Vec<Report>> {
        self.pages.reported(self.pages.reports().len() + count).await
    }

    /// Lets the open page go on until each of its lines has begun and ended a socket.
    pub(crate) async fn two_of_each(&self, lines: usize) -> Result<()> {
        // The first may have been under way already.
        self.pages.of_each_line(lines, 2, self.pages.reports().len(), |_| true).await
    }

    /// Leaves the page; what it has begun is reported or gone.
    pub(crate) async fn leave(&self) -> Result<()> {
        self.world.firefox.run("window.enough()", Vec::new()).await.context("the page does not stop")?;
        self.world.firefox.wait_for("the last report", "return window.pending === 0", Vec::new()).await?;
        self.world.firefox.open(&self.world.demo.site.blank()).await
    }
}

/// `host` may hold the placeholders of a [`Plan`].
pub(crate) fn url(host: &str, server: &Server) -> String {
    format!("wss://{host}.crowd.sockpin.test:{}/", server.port())
}

fn address(line: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 1, line)
}

/// As many sockets as a page has at a time.
pub(crate) const LINES: u8 = 50;
/// More than any scenario opens.
const MOST_SOCKETS: u32 = 5_000;
