//! A WebSocket as a page opens it, and what the page gets to see.

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::json;

use crate::firefox::Firefox;

/// What a page saw of a socket from its opening to its end.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sighting {
    /// The events `open`, `message`, `error` and `close`, in order.
    pub events: Vec<String>,
    /// The code of the `close` event; 1006 without a closing handshake, 1015 without TLS.
    pub close_code: u16,
    /// The text that came back.
    pub echoed: Option<String>,
    /// The address of the socket object, which an upgrade does not change.
    pub url: String,
}

impl Sighting {
    /// The socket opened and the server answered.
    #[must_use]
    pub fn delivered(&self) -> bool {
        self.events == ["open", "message", "close"]
            && self.echoed.as_deref().is_some_and(|text| text.starts_with(FRAME))
    }

    /// The socket never opened.
    #[must_use]
    pub fn refused(&self) -> bool {
        self.events == ["error", "close"] && matches!(self.close_code, 1006 | 1015)
    }
}

impl Firefox {
    /// Opens several sockets at the same time, as [`Firefox::socket`] does.
    pub async fn sockets(&self, urls: &[&str]) -> Result<Vec<Sighting>> {
        self.sockets_after(&[], urls).await
    }

    /// The same, once the page has fetched these addresses: only over HTTP/2 that it has met does Firefox open a socket.
    pub async fn sockets_after(&self, fetched: &[String], urls: &[&str]) -> Result<Vec<Sighting>> {
        let script = format!(
            "{OPEN_SOCKET} const [fetched, urls, text] = arguments;
            const fetchOne = (url) => fetch(url, {{ mode: 'no-cors', credentials: 'include' }}).catch(() => {{}});
            return Promise.all(fetched.map(fetchOne)).then(() => Promise.all(urls.map((url) => openSocket(url, text))));"
        );
        let seen = self
            .run(&script, vec![json!(fetched), json!(urls), json!(FRAME)])
            .await
            .with_context(|| format!("the page saw no end of the sockets to {urls:?}"))?;
        serde_json::from_value(seen).context("the script in the page returned something else")
    }

    /// Opens a socket from the current page, sends [`FRAME`] once it is open, closes it on the answer, and returns
    /// once it has ended.
    pub async fn socket(&self, url: &str) -> Result<Sighting> {
        let seen = self
            .run(&format!("{OPEN_SOCKET} return openSocket(...arguments);"), vec![json!(url), json!(FRAME)])
            .await
            .with_context(|| format!("the page saw no end of the socket to {url}"))?;
        serde_json::from_value(seen).context("the script in the page returned something else")
    }
}

/// What the page sends. No server may receive it where the policy forbids the socket.
pub const FRAME: &str = "a frame that must not leak";

/// A JavaScript function, for a page or a worker: `openSocket(url, text)` gives a promise of a [`Sighting`].
pub(crate) const OPEN_SOCKET: &str = r"
function openSocket(url, text) {
    return new Promise((resolve) => {
        const seen = { events: [], closeCode: 0, echoed: null, url };
        const socket = new WebSocket(url);
        seen.url = socket.url;
        socket.addEventListener('open', () => socket.send(text));
        socket.addEventListener('message', ({ data }) => {
            seen.echoed = data;
            socket.close(1000);
        });
        socket.addEventListener('close', ({ code }) => { seen.closeCode = code; });
        for (const type of ['open', 'message', 'error', 'close']) {
            socket.addEventListener(type, () => seen.events.push(type));
        }
        socket.addEventListener('close', () => resolve(seen));
    });
}
";
