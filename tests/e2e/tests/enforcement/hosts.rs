//! Sockets of every kind at the same time, beside another extension: with the wrong key and with the right one, with each
//! pre-flight, over each route, and without a rule; and what has come of each, as page, servers and log tell it.

use std::net::Ipv4Addr;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};
use sockpin_e2e::authority::{Authority, Key};
use sockpin_e2e::extension;
use sockpin_e2e::firefox::{Firefox, Options};
use sockpin_e2e::other_extension::OtherExtension;
use sockpin_e2e::servers::{Answering, Server, Speech};
use sockpin_e2e::socket::Sighting;
use sockpin_e2e::traffic::{Request, Traffic};
use sockpin_e2e::world::{Installation, World};

/// By which way a handshake travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    Http1,
    Http2,
    /// `ws://`, to a port without TLS.
    Clear,
}

/// What the host's rule and its server have to do with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The rule names a key that the server does not have; or one without TLS has none at all.
    Wrong,
    /// The rule names the server's key.
    Right,
    /// There is no rule.
    Free,
    /// Nor is there here, but the address has [`MARK`] in it.
    Marked,
}

/// One host with a server of its own at an address of its own: to one address Firefox opens sockets one after the other.
pub(crate) struct Host {
    pub(crate) kind: Kind,
    pub(crate) route: Route,
    /// The rule's.
    pub(crate) preflight: &'static str,
    name: String,
    address: Ipv4Addr,
    server: Server,
}

/// The browser with both extensions, the hosts and their rules.
pub(crate) struct Hosts {
    pub(crate) world: World,
    each: Vec<Host>,
    other: OtherExtension,
    rounds: u32,
}

/// One socket, and what has come of it.
#[derive(Debug)]
pub(crate) struct Tried {
    pub(crate) kind: Kind,
    pub(crate) route: Route,
    pub(crate) preflight: &'static str,
    pub(crate) host: String,
    /// Its address, which has a secret of its own in its query.
    pub(crate) url: String,
    pub(crate) seen: Sighting,
    /// The requests with that secret at its server.
    pub(crate) handshakes: Vec<Request>,
    /// The frames at its server.
    pub(crate) frames: usize,
    /// At a server without TLS: requests, or whatever else came in clear.
    pub(crate) in_clear: usize,
    /// What the log says of its host.
    pub(crate) entries: Vec<Value>,
}

impl Tried {
    pub(crate) fn has_rule(&self) -> bool {
        matches!(self.kind, Kind::Wrong | Kind::Right)
    }
}

/// A host in clear has no key that could be the right one.
const HOSTS: [(Kind, Route, &[&str]); 9] = [
    (Kind::Wrong, Route::Http1, &PREFLIGHTS),
    (Kind::Wrong, Route::Http2, &PREFLIGHTS),
    (Kind::Wrong, Route::Clear, &PREFLIGHTS),
    (Kind::Right, Route::Http1, &PREFLIGHTS),
    (Kind::Right, Route::Http2, &PREFLIGHTS),
    (Kind::Free, Route::Http1, &["none"]),
    (Kind::Free, Route::Http2, &["none"]),
    (Kind::Free, Route::Clear, &["none"]),
    (Kind::Marked, Route::Http1, &["none"]),
];
const PREFLIGHTS: [&str; 3] = ["off", "prefer", "require"];
/// What rules of another extension may look for in an address.
pub(crate) const MARK: &str = "&fbclid=1";
const COOKIE: &str = "secret=cookie";

impl Hosts {
    /// Starts it. Without a rule every socket brings its secret, its cookie and its frame to its server: what is counted
    /// later can be counted.
    pub(crate) async fn start() -> Result<Self> {
        let options = Options { preferences: preferences(), ..Options::default() };
        let world = World::with(Installation::Temporary, options).await?;
        let right = Key::new()?;
        let hosts = hosts(&world.demo.authority, &right).await?;
        let names: Vec<_> = hosts.iter().map(|host| (host.name.clone(), host.address)).collect();
        world.firefox.lead(&names).await?;
        let names: Vec<_> = hosts.iter().map(|host| &host.name).collect();
        world.firefox.privileged(SET_COOKIES, vec![json!(names)]).await.context("could not set cookies")?;

        let mut all = Self { world, each: hosts, other: OtherExtension::make()?, rounds: 0 };
        all.firefox().install(all.other.folder()).await?;
        for tried in all.round().await? {
            ensure!(tried.seen.delivered(), "without a rule {} saw {:?}", tried.url, tried.seen);
            let cookies: Vec<_> = tried.handshakes.iter().map(|request| request.header("cookie")).collect();
            ensure!(cookies == [Some(COOKIE)], "the handshakes of {} brought the cookies {cookies:?}", tried.url);
            ensure!(tried.frames > 0, "{} delivered nothing", tried.url);
            ensure!(
                (tried.in_clear > 0) == (tried.route == Route::Clear),
                "{} in clear: {}",
                tried.url,
                tried.in_clear
            );
        }
        for host in all.each.iter().filter(|host| matches!(host.kind, Kind::Wrong | Kind::Right)) {
            let key = if host.kind == Kind::Right { right.pin() } else { all.world.demo.unused_key.pin() };
            let pins = json!([{ "sha256": key }]);
            let rule = json!({ "host": host.name, "mode": "block", "preflight": host.preflight, "pins": pins });
            all.firefox().save_rule(rule).await?;
        }
        Ok(all)
    }

    pub(crate) fn firefox(&self) -> &Firefox {
        &self.world.firefox
    }

    /// Installs Sockpin anew: its listeners are behind all others then.
    pub(crate) async fn install_sockpin(&self) -> Result<()> {
        self.firefox().install(&extension::folder()?).await?;
        self.firefox().rules().await.map(drop)
    }

    /// From now on every server over HTTP/1.1 answers handshakes like this.
    pub(crate) fn answer(&self, answering: &Answering) {
        for host in self.each.iter().filter(|host| host.route == Route::Http1) {
            host.server.answer(answering.clone());
        }
    }

    /// The address of a socket to a host without a rule.
    pub(crate) fn elsewhere(&self) -> Result<String> {
        let free = self.each.iter().find(|host| host.kind == Kind::Free).context("there is no host without a rule")?;
        Ok(free.url("elsewhere"))
    }

    /// Opens a socket to each host at the same time, and returns when every one has ended.
    pub(crate) async fn round(&mut self) -> Result<Vec<Tried>> {
        self.rounds += 1;
        // With an end, so that none of them begins as another one does.
        let secret = |place: usize| format!("secret-{}-{place}-", self.rounds);
        let wanted = self.each.iter().zip(0..).map(|(host, place)| (host, host.url(&secret(place)), secret(place)));
        let wanted: Vec<_> = wanted.collect();
        let urls: Vec<&str> = wanted.iter().map(|(_, url, _)| url.as_str()).collect();
        let over_http2 = self.each.iter().filter(|host| host.route == Route::Http2);
        let met: Vec<_> = over_http2.map(|host| host.url("met").replace("wss:", "https:")).collect();

        self.forget().await?;
        let before = self.traffic().await?;
        let seen = self.firefox().sockets_after(&met, &urls).await?;
        // Over HTTP/2 Firefox does not reset what it stops, so the server knows its end only from that of the connection.
        self.firefox().end_connections().await?;
        let after = self.traffic().await?;
        let log = self.firefox().violations().await?;
        let tried = wanted.into_iter().zip(seen).zip(before.iter().zip(&after));
        let tried = tried.map(|(((host, url, secret), seen), (before, after))| {
            let new = &after.requests[before.requests.len()..];
            let in_clear = (after.in_clear - before.in_clear).max(new.len());
            Tried {
                kind: host.kind,
                route: host.route,
                preflight: host.preflight,
                host: host.name.clone(),
                url,
                seen,
                handshakes: new.iter().filter(|request| request.line.contains(&secret)).cloned().collect(),
                frames: after.all_frames() - before.all_frames(),
                in_clear: if host.route == Route::Clear { in_clear } else { 0 },
                entries: log.iter().filter(|entry| entry["host"] == json!(host.name)).cloned().collect(),
            }
        });
        Ok(tried.collect())
    }

    /// Empties the log and the page's count, dismisses what the button says, and changes the rules, so that no answer to a pre-flight of an earlier round
    /// holds any more.
    async fn forget(&self) -> Result<()> {
        let rule = json!({ "host": format!("round-{}.test", self.rounds), "mode": "off" });
        self.firefox().run_in_extension(FORGET, vec![rule]).await.context("the earlier round is not forgotten")?;
        self.firefox().open(&self.world.demo.site.blank()).await
    }

    async fn traffic(&self) -> Result<Vec<Traffic>> {
        let mut all = Vec::new();
        for host in &self.each {
            all.push(host.server.settled_traffic().await?);
        }
        Ok(all)
    }
}

impl Host {
    fn url(&self, query: &str) -> String {
        let scheme = if self.route == Route::Clear { "ws" } else { "wss" };
        let mark = if self.kind == Kind::Marked { MARK } else { "" };
        format!("{scheme}://{}:{}/?{query}{mark}", self.name, self.server.port())
    }
}

/// Who is told nothing does not fall asleep, and no cookie is kept from a third party.
fn preferences() -> Map<String, Value> {
    let preferences = [
        ("extensions.background.idle.timeout", json!(60 * 60 * 1_000)),
        ("extensions.dnr.feedback", json!(true)),
        ("network.cookie.cookieBehavior", json!(0)),
    ];
    preferences.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()
}

async fn hosts(authority: &Authority, right: &Key) -> Result<Vec<Host>> {
    let mut hosts = Vec::new();
    let all = HOSTS
        .iter()
        .flat_map(|(kind, route, preflights)| preflights.iter().map(move |preflight| (*kind, *route, *preflight)));
    for ((kind, route, preflight), last) in all.zip(1..) {
        let name = format!("{kind:?}-{route:?}-{preflight}.sockpin.test").to_lowercase();
        let address = Ipv4Addr::new(127, 0, 2, last);
        let other = Key::new()?;
        let identity = authority.issue(&[&name], if kind == Kind::Right { right } else { &other })?;
        let tls = match route {
            Route::Http1 => Some((Speech::Http1, identity)),
            Route::Http2 => Some((Speech::Http2, identity)),
            Route::Clear => None,
        };
        hosts.push(Host { kind, route, preflight, name, address, server: Server::at(address, tls).await? });
    }
    Ok(hosts)
}

const FORGET: &str = r"
const tell = (message) => browser.runtime.sendMessage(message);
return tell({ type: 'clearLog' })
    .then(() => tell({ type: 'saveRule', rule: arguments[0] }))
    .then(({ rule }) => tell({ type: 'deleteRule', id: rule.id }))
    .then(() => tell({ type: 'dismissOverruling' }));
";

const SET_COOKIES: &str = r"
for (const name of arguments[0]) {
    const expiry = Date.now() + 24 * 3600 * 1000;
    Services.cookies.add(name, '/', 'secret', 'cookie', false, false, true, expiry, {}, Ci.nsICookie.SAMESITE_UNSET, Ci.nsICookie.SCHEME_UNSET);
}
";
