//! WebSocket servers on loopback, with TLS or without, that echo text and record what reaches them.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use futures_util::{SinkExt, StreamExt};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    CONNECTION, COOKIE, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    UPGRADE,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::authority::Identity;
use crate::traffic::{self, OpenSocket, Recorder, Traffic};

/// A running server; it ends when this is dropped.
pub struct Server {
    address: SocketAddr,
    recorder: Recorder,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Starts a server that speaks TLS with this identity, on a port that the system chooses.
    pub async fn tls(identity: Identity) -> Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(identity.chain, identity.key)
            .context("the certificate and the key of a server do not fit together")?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self::start(Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    /// Starts a server without TLS, on a port that the system chooses.
    pub async fn clear() -> Result<Self> {
        Self::start(None).await
    }

    async fn start(tls: Option<TlsAcceptor>) -> Result<Self> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("could not open a port on loopback")?;
        let address = listener.local_addr()?;
        let recorder = Recorder::new();
        let accepting = tokio::spawn(accept(listener, tls, recorder.clone()));
        Ok(Self { address, recorder, accepting })
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What it has received until now.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.recorder.snapshot()
    }

    /// What it has received once every WebSocket has ended. After a page has seen the end of its socket this is
    /// the final count.
    pub async fn settled_traffic(&self) -> Result<Traffic> {
        self.recorder.settled().await?;
        Ok(self.traffic())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The connections belong to the set that the accepting task owns, and end with it.
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, recorder: Recorder) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        recorder.connection();
        connections.spawn(serve(stream, tls.clone(), recorder.clone()));
        while connections.try_join_next().is_some() {}
    }
}

/// One connection. Its errors are the client's to notice: what matters here is what arrived before.
async fn serve(stream: TcpStream, tls: Option<TlsAcceptor>, recorder: Recorder) {
    match tls {
        None => serve_http(stream, recorder).await,
        Some(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                recorder.tls_handshake();
                serve_http(stream, recorder).await;
            }
        }
    }
}

async fn serve_http<S>(stream: S, recorder: Recorder)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let upgrade = Upgrade::default();
    let service = service_fn(|request| {
        let response = answer(request, &recorder, &upgrade);
        async { Ok::<_, Infallible>(response) }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades();
    let ended = connection.await;
    if ended.is_ok()
        && let Some((upgraded, _open)) = upgrade.take()
        && let Ok(upgraded) = upgraded.await
    {
        echo(TokioIo::new(upgraded), &recorder).await;
    }
}

/// The WebSocket that a connection is to become, handed from the request to the connection.
#[derive(Default)]
struct Upgrade(Mutex<Option<(OnUpgrade, OpenSocket)>>);

impl Upgrade {
    fn set(&self, upgrade: OnUpgrade, socket: OpenSocket) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((upgrade, socket));
    }

    fn take(self) -> Option<(OnUpgrade, OpenSocket)> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Records the request and answers it: a WebSocket handshake with 101, all else with 404.
fn answer(mut request: Request<Incoming>, recorder: &Recorder, upgrade: &Upgrade) -> Response<Full<Bytes>> {
    let key = request.headers().get(SEC_WEBSOCKET_KEY).cloned();
    recorder.request(traffic::Request {
        line: format!("{} {}", request.method(), request.uri()),
        cookie: header(&request, &COOKIE),
        subprotocols: header(&request, &SEC_WEBSOCKET_PROTOCOL),
        websocket: key.is_some(),
    });
    let mut response = Response::new(Full::default());
    let accepted = key.and_then(|key| HeaderValue::try_from(derive_accept_key(key.as_bytes())).ok());
    let Some(accepted) = accepted else {
        *response.status_mut() = StatusCode::NOT_FOUND;
        return response;
    };
    upgrade.set(hyper::upgrade::on(&mut request), recorder.open_socket());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accepted);
    response
}

fn header(request: &Request<Incoming>, name: &HeaderName) -> Option<String> {
    let value = request.headers().get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Sends every text frame back, until the other side closes or goes.
async fn echo<S>(stream: S, recorder: &Recorder)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
    while let Some(Ok(message)) = socket.next().await {
        match &message {
            Message::Close(_) => recorder.closing_frame(),
            Message::Text(_) | Message::Binary(_) => recorder.frame(Some(&message.clone().into_data())),
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => recorder.frame(None),
        }
        if message.is_text() && socket.send(message).await.is_err() {
            return;
        }
    }
}
