//! The demo: servers that differ in their keys, the rules that judge them, and what is promised of each socket.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::authority::{Authority, Key};
use crate::extension;
use crate::servers::Server;
use crate::site::{DemoSocket, Expectation, Site};

/// The host with a rule in mode `block`.
pub const PINNED: &str = "pinned.sockpin.test";
/// The host with a rule in mode `flag` that its server does not meet.
pub const FLAGGED: &str = "flagged.sockpin.test";
/// The host without a rule: the control of everything else.
pub const UNPINNED: &str = "unpinned.sockpin.test";

/// A host whose server shows a certificate for another name; the tests make one.
pub const EXCEPTION: &str = "exception.sockpin.test";

/// One label below [`PINNED`].
pub const BELOW: &str = "below.pinned.sockpin.test";
/// Two labels below [`PINNED`].
pub const FAR_BELOW: &str = "far.below.pinned.sockpin.test";
/// `bücher.sockpin.test`, as it is in the DNS.
pub const INTERNATIONAL: &str = "xn--bcher-kva.sockpin.test";
/// A domain whose requests Firefox shows to no extension.
pub const RESTRICTED: &str = "addons.mozilla.org";

/// The servers of the demo, their authority, and the lab page that lists them.
pub struct Demo {
    /// Signs for every server, the attacker's too: each of them is trusted by the browser.
    pub authority: Authority,
    /// The key that the rule names.
    pub pinned_key: Key,
    /// The backup key that the rule names beside it.
    pub backup_key: Key,
    /// The attacker's key.
    pub attacker_key: Key,
    /// A key that the flagged host's rule names and no server has.
    pub unused_key: Key,
    /// Who answers.
    pub servers: Servers,
    /// The lab page and a blank one.
    pub site: Site,
}

impl Demo {
    /// Makes a new authority and new keys, and starts every server.
    pub async fn start() -> Result<Self> {
        let authority = Authority::new()?;
        let (pinned_key, backup_key, attacker_key) = (Key::new()?, Key::new()?, Key::new()?);
        let pinned = Server::tls(authority.issue(&[PINNED], &pinned_key)?).await?;
        let backup = Server::tls(authority.issue(&[PINNED], &backup_key)?).await?;
        let attacker = Server::tls(authority.issue(&[PINNED], &attacker_key)?).await?;
        let clear = Server::clear().await?;
        let flagged = Server::tls(authority.issue(&[FLAGGED], &Key::new()?)?).await?;
        let unpinned = Server::tls(authority.issue(&[UNPINNED], &Key::new()?)?).await?;
        let servers = Servers { unpinned, pinned, backup, attacker, clear, flagged };
        let site = Site::start(extension::lab(), servers.sockets()).await?;
        let unused_key = Key::new()?;
        Ok(Self { authority, pinned_key, backup_key, attacker_key, unused_key, servers, site })
    }

    /// The names that must lead to loopback, those that only tests use among them.
    #[must_use]
    pub fn names() -> Vec<String> {
        let dotted = format!("{PINNED}.");
        [PINNED, FLAGGED, UNPINNED, EXCEPTION, BELOW, FAR_BELOW, INTERNATIONAL, RESTRICTED, &dotted]
            .map(str::to_owned)
            .into()
    }

    /// The rules of the demo's policy.
    #[must_use]
    pub fn rules(&self) -> Vec<Value> {
        let pinned = json!({
            "host": PINNED,
            "mode": "block",
            "match": "leaf",
            "pins": [
                { "sha256": self.pinned_key.pin(), "label": "The server's key" },
                { "sha256": self.backup_key.pin(), "label": "Backup key" },
            ],
        });
        let flagged = json!({
            "host": FLAGGED,
            "mode": "flag",
            "match": "leaf",
            "pins": [{ "sha256": self.unused_key.pin(), "label": "A key that the server does not have" }],
        });
        vec![pinned, flagged]
    }
}

/// The servers of the demo.
pub struct Servers {
    /// [`UNPINNED`].
    pub unpinned: Server,
    /// [`PINNED`] with the pinned key.
    pub pinned: Server,
    /// [`PINNED`] with the backup key.
    pub backup: Server,
    /// [`PINNED`] with a key of the attacker's.
    pub attacker: Server,
    /// [`PINNED`] without TLS.
    pub clear: Server,
    /// [`FLAGGED`] with a key that its rule does not name.
    pub flagged: Server,
}

impl Servers {
    /// The sockets of the lab page, in the order in which they are shown.
    #[must_use]
    pub fn sockets(&self) -> Vec<DemoSocket> {
        PROMISES
            .iter()
            .map(|promise| DemoSocket {
                id: promise.id.to_owned(),
                label: promise.label.to_owned(),
                url: format!("{}://{}:{}/", promise.scheme, promise.host, (promise.server)(self).port()),
                expect: promise.expect,
            })
            .collect()
    }

    /// The server behind a socket of the lab page.
    pub fn behind(&self, socket: &str) -> Result<&Server> {
        let promise = PROMISES
            .iter()
            .find(|promise| promise.id == socket)
            .with_context(|| format!("the demo has no socket `{socket}`"))?;
        Ok((promise.server)(self))
    }

    /// The address of a socket of the lab page.
    pub fn url(&self, socket: &str) -> Result<String> {
        let found = self.sockets().into_iter().find(|candidate| candidate.id == socket);
        found.map(|socket| socket.url).with_context(|| format!("the demo has no socket `{socket}`"))
    }
}

/// A socket of the lab page before its port is known.
struct Promise {
    id: &'static str,
    label: &'static str,
    scheme: &'static str,
    host: &'static str,
    server: fn(&Servers) -> &Server,
    expect: Expectation,
}

/// In the order of the page.
const PROMISES: &[Promise] = &[
    Promise {
        id: "unpinned",
        label: "No rule",
        scheme: "wss",
        host: UNPINNED,
        server: |servers| &servers.unpinned,
        expect: Expectation::Opens,
    },
    Promise {
        id: "pinned",
        label: "The pinned key",
        scheme: "wss",
        host: PINNED,
        server: |servers| &servers.pinned,
        expect: Expectation::Opens,
    },
    Promise {
        id: "backup",
        label: "The backup key",
        scheme: "wss",
        host: PINNED,
        server: |servers| &servers.backup,
        expect: Expectation::Opens,
    },
    Promise {
        id: "attacker",
        label: "Somebody else's key",
        scheme: "wss",
        host: PINNED,
        server: |servers| &servers.attacker,
        expect: Expectation::Blocked,
    },
    Promise {
        id: "clear",
        label: "No encryption",
        scheme: "ws",
        host: PINNED,
        server: |servers| &servers.clear,
        expect: Expectation::Unreachable,
    },
    Promise {
        id: "flagged",
        label: "A wrong key in flag mode",
        scheme: "wss",
        host: FLAGGED,
        server: |servers| &servers.flagged,
        expect: Expectation::Flagged,
    },
];
