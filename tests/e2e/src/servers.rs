//! WebSocket servers on loopback, with TLS or without, that echo text and record what reaches them.

mod http;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use rustls::{HandshakeKind, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::authority::Identity;
use crate::traffic::{Recorder, Traffic};
use http::{Http, Version};

/// A running server; it ends when this is dropped.
pub struct Server {
    address: SocketAddr,
    recorder: Recorder,
    answering: watch::Sender<Answering>,
    accepting: JoinHandle<()>,
}

/// What a server speaks; by default HTTP/1.1 over TLS 1.2 or 1.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Speech {
    /// HTTP/1.1 over TLS 1.2 or 1.3.
    #[default]
    Http1,
    /// HTTP/1.1 over TLS 1.2 alone.
    Tls12,
    /// HTTP/2 with the extended CONNECT of RFC 8441, and HTTP/1.1 for whoever does not ask for it.
    Http2,
}

/// How a server answers the handshake of a WebSocket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Answering {
    /// It takes it; any other request is not found.
    #[default]
    Accepting,
    /// It takes it, and drops the connection of any other request without an answer.
    NothingElse,
    /// It refuses every request with this status, and a `Location` where there is one.
    Refusing(u16, Option<String>),
    /// It takes the handshake of whoever brings a name and a password, asks all others for them (RFC 7617), and ends the
    /// connection by which it has asked.
    Challenging,
    /// It takes whoever brings a name and a password, and asks all others for them, whatever they want; there are no pages, but an
    /// empty answer.
    Guarded,
    /// It answers every request that is for no WebSocket with this file.
    Serving(String),
    /// It answers every request that is for no WebSocket with one byte after the other, this long apart, and comes to no end.
    Dripping(Duration),
    /// It says nothing until it is to answer otherwise; then, that.
    Later,
}

impl Server {
    /// Starts a server that speaks TLS with this identity, on a port that the system chooses.
    pub async fn tls(identity: Identity) -> Result<Self> {
        Self::speaking(Speech::default(), identity).await
    }

    /// Starts a server that speaks like this, over TLS with this identity.
    pub async fn speaking(speech: Speech, identity: Identity) -> Result<Self> {
        Self::at(Ipv4Addr::LOCALHOST, Some((speech, identity))).await
    }

    /// Starts a server at this address of loopback, on a port that the system chooses; without TLS where it has no identity.
    pub async fn at(address: Ipv4Addr, tls: Option<(Speech, Identity)>) -> Result<Self> {
        let tls = tls.map(|(speech, identity)| Tls::new(speech, identity)).transpose()?;
        Self::start(address.into(), tls).await
    }

    /// Starts a server with another identity from the moment on when it has been asked for a WebSocket.
    pub async fn turning(first: Identity, then: Identity) -> Result<Self> {
        let tls = Tls { first: acceptor(Speech::default(), first)?, then: Some(acceptor(Speech::default(), then)?) };
        Self::start(Ipv4Addr::LOCALHOST.into(), Some(tls)).await
    }

    /// Starts a server on the loopback address of IPv6.
    pub async fn on_ipv6(identity: Identity) -> Result<Self> {
        Self::start(Ipv6Addr::LOCALHOST.into(), Some(Tls::new(Speech::default(), identity)?)).await
    }

    /// Starts a server without TLS, on a port that the system chooses.
    pub async fn clear() -> Result<Self> {
        Self::at(Ipv4Addr::LOCALHOST, None).await
    }

    async fn start(address: IpAddr, tls: Option<Tls>) -> Result<Self> {
        let listener =
            TcpListener::bind((address, 0)).await.with_context(|| format!("could not open a port on {address}"))?;
        let address = listener.local_addr()?;
        let recorder = Recorder::new();
        let (answering, asked) = watch::channel(Answering::default());
        let service = Service { tls, recorder: recorder.clone(), answering: asked };
        let accepting = tokio::spawn(accept(listener, service));
        Ok(Self { address, recorder, answering, accepting })
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// From now on it answers like this.
    pub fn answer(&self, answering: Answering) {
        self.answering.send_replace(answering);
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

pub(crate) fn acceptor(speech: Speech, identity: Identity) -> Result<TlsAcceptor> {
    let versions = match speech {
        Speech::Tls12 => &[&rustls::version::TLS12][..],
        Speech::Http1 | Speech::Http2 => rustls::ALL_VERSIONS,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)?
        .with_no_client_auth()
        .with_single_cert_with_ocsp(identity.chain, identity.key, identity.ocsp)
        .context("the certificate and the key of a server do not fit together")?;
    config.alpn_protocols = match speech {
        Speech::Http1 | Speech::Tls12 => vec![b"http/1.1".to_vec()],
        Speech::Http2 => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
    };
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// As whom a server presents itself.
#[derive(Clone)]
struct Tls {
    first: TlsAcceptor,
    /// Once it has been asked for a WebSocket, if that makes a difference.
    then: Option<TlsAcceptor>,
}

impl Tls {
    fn new(speech: Speech, identity: Identity) -> Result<Self> {
        Ok(Self { first: acceptor(speech, identity)?, then: None })
    }

    fn acceptor(self, recorder: &Recorder) -> TlsAcceptor {
        let asked = || recorder.snapshot().requests.iter().any(|request| request.websocket);
        self.then.filter(|_| asked()).unwrap_or(self.first)
    }
}

#[derive(Clone)]
struct Service {
    tls: Option<Tls>,
    recorder: Recorder,
    answering: watch::Receiver<Answering>,
}

async fn accept(listener: TcpListener, service: Service) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        // Else the answer to a handshake waits until Firefox has acknowledged what TLS has sent before: 40 ms on Linux.
        stream.set_nodelay(true).ok();
        let number = service.recorder.connection();
        connections.spawn(serve(stream, number, service.clone()));
        while connections.try_join_next().is_some() {}
    }
}

/// One connection. Its errors are the client's to notice: what matters here is what arrived before.
async fn serve(stream: TcpStream, number: usize, service: Service) {
    let http = Http::new(service.recorder.clone(), number, service.answering);
    match service.tls {
        None => {
            let mut first = [0];
            if let Ok(1) = stream.peek(&mut first).await {
                service.recorder.first_byte_without_tls(first[0]);
                http.serve(stream, Version::Http1).await;
            }
        }
        Some(tls) => {
            if let Ok(stream) = tls.acceptor(&service.recorder).accept(stream).await {
                let version = match stream.get_ref().1.alpn_protocol() {
                    Some(b"h2") => Version::Http2,
                    _ => Version::Http1,
                };
                let resumed = stream.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed);
                service.recorder.tls_handshake(resumed);
                http.serve(stream, version).await;
            }
        }
    }
}
