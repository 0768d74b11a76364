//! What a server has received. A leak test asks this, not the page.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::watch;
use tokio::time::timeout;

/// Everything that reached one server, from its TCP accept to the last frame.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traffic {
    /// TCP connections that were accepted.
    pub connections: usize,
    /// TLS handshakes that were completed by both ends.
    pub tls_handshakes: usize,
    /// Those of them that resumed an earlier session.
    pub resumed: usize,
    /// Connections to a port without TLS on which the client began to speak TLS.
    pub client_hellos: usize,
    /// Connections to a port without TLS on which anything else was sent.
    pub in_clear: usize,
    /// HTTP requests, WebSocket handshakes among them.
    pub requests: Vec<Request>,
    /// Handshakes of a WebSocket that it has accepted and whose connection has ended.
    pub ended: usize,
    /// WebSocket messages of any kind, pings and pongs included, except closing ones.
    pub frames: usize,
    /// WebSocket closing frames.
    pub closing_frames: usize,
    /// What the text and binary frames said.
    pub payloads: Vec<String>,
}

/// One HTTP request as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Method and target: `GET /path?query`.
    pub line: String,
    /// Which of the TCP connections it came by, from 1.
    pub connection: usize,
    /// Names, in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// Whether it asked for a WebSocket.
    pub websocket: bool,
}

impl Request {
    /// The first header of this name, in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

impl Traffic {
    /// Messages of every kind, closing ones included: where nothing may arrive, none of them may.
    #[must_use]
    pub fn all_frames(&self) -> usize {
        self.frames + self.closing_frames
    }
}

/// The server's side of [`Traffic`]: shared between its connections.
#[derive(Clone)]
pub(crate) struct Recorder {
    traffic: Arc<Mutex<Traffic>>,
    open_sockets: watch::Sender<usize>,
}

impl Recorder {
    pub(crate) fn new() -> Self {
        Self { traffic: Arc::default(), open_sockets: watch::Sender::new(0) }
    }

    /// A copy of what has been received until now.
    pub(crate) fn snapshot(&self) -> Traffic {
        self.lock().clone()
    }

    /// One more; its number.
    pub(crate) fn connection(&self) -> usize {
        let mut traffic = self.lock();
        traffic.connections += 1;
        traffic.connections
    }

    pub(crate) fn tls_handshake(&self, resumed: bool) {
        let mut traffic = self.lock();
        traffic.tls_handshakes += 1;
        traffic.resumed += usize::from(resumed);
    }

    /// On a port without TLS: the first byte that has come.
    pub(crate) fn first_byte_without_tls(&self, byte: u8) {
        let mut traffic = self.lock();
        if byte == TLS_HANDSHAKE {
            traffic.client_hellos += 1;
        } else {
            traffic.in_clear += 1;
        }
    }

    pub(crate) fn request(&self, request: Request) {
        self.lock().requests.push(request);
    }

    pub(crate) fn frame(&self, payload: Option<&[u8]>) {
        let mut traffic = self.lock();
        traffic.frames += 1;
        traffic.payloads.extend(payload.map(|bytes| String::from_utf8_lossy(bytes).into_owned()));
    }

    pub(crate) fn closing_frame(&self) {
        self.lock().closing_frames += 1;
    }

    /// Counts a WebSocket as open until the returned guard is dropped.
    pub(crate) fn open_socket(&self) -> OpenSocket {
        self.open_sockets.send_modify(|count| *count += 1);
        OpenSocket { recorder: self.clone() }
    }

    /// Waits until no WebSocket is open any more, so that nothing can arrive on one.
    pub(crate) async fn settled(&self) -> Result<()> {
        let mut count = self.open_sockets.subscribe();
        timeout(SETTLE, count.wait_for(|&open| open == 0))
            .await
            .with_context(|| format!("a WebSocket was still open after {SETTLE:?}"))?
            .context("the server has gone")?;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Traffic> {
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A WebSocket that is being served.
pub(crate) struct OpenSocket {
    recorder: Recorder,
}

impl Drop for OpenSocket {
    fn drop(&mut self) {
        self.recorder.lock().ended += 1;
        self.recorder.open_sockets.send_modify(|count| *count = count.saturating_sub(1));
    }
}

/// With this begins what a client sends that speaks TLS (RFC 8446 section 5.1, `ContentType`).
const TLS_HANDSHAKE: u8 = 22;
/// How long the last connection may take to end after the page has seen its end.
const SETTLE: Duration = Duration::from_secs(20);
