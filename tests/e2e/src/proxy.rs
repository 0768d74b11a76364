//! Proxies on loopback: whatever host they are asked for, they connect to this machine's own port of that number.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::authority::Identity;
use crate::servers::{Speech, acceptor};

/// Which protocol a proxy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `CONNECT` of HTTP/1.1 (RFC 9110 section 9.3.6).
    Http,
    /// The same for whoever answers a challenge, a new one in each connection (RFC 9110 section 11.7.1, RFC 7616).
    HttpWithDigest,
    /// SOCKS 5 without authentication (RFC 1928).
    Socks,
}

const OVER_TLS: &str = "HTTPS";

/// A running proxy; it ends when this is dropped.
pub struct Proxy {
    scheme: &'static str,
    port: u16,
    tunnels: Arc<Tunnels>,
    accepting: JoinHandle<()>,
}

#[derive(Default)]
struct Tunnels {
    begun: AtomicUsize,
    ending: Notify,
}

impl Proxy {
    /// Starts one on a port that the system chooses.
    pub async fn start(kind: Kind) -> Result<Self> {
        let scheme = match kind {
            Kind::Http | Kind::HttpWithDigest => "PROXY",
            Kind::Socks => "SOCKS5",
        };
        Self::listen(scheme, kind, None).await
    }

    /// Starts one to which the way itself goes over TLS, with this identity.
    pub async fn over_tls(kind: Kind, identity: Identity) -> Result<Self> {
        Self::listen(OVER_TLS, kind, Some(acceptor(Speech::Http1, identity)?)).await
    }

    async fn listen(scheme: &'static str, kind: Kind, tls: Option<TlsAcceptor>) -> Result<Self> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("could not open a port on loopback")?;
        let port = listener.local_addr()?.port();
        let tunnels = Arc::<Tunnels>::default();
        let accepting = tokio::spawn(accept(listener, kind, tls, Arc::clone(&tunnels)));
        Ok(Self { scheme, port, tunnels, accepting })
    }

    /// The address of a script (proxy auto-configuration) by which the requests of which `condition` holds, an
    /// expression of `url` and `host`, go through this, and all others directly.
    #[must_use]
    pub(crate) fn script(&self, condition: &str) -> String {
        let Self { scheme, port, .. } = self;
        let script = format!(
            "function FindProxyForURL(url, host) {{ return ({condition}) ? '{scheme} 127.0.0.1:{port}' : 'DIRECT'; }}"
        );
        format!("data:application/x-ns-proxy-autoconfig,{}", script.replace('%', "%25").replace(' ', "%20"))
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the way to it goes over TLS.
    #[must_use]
    pub fn is_over_tls(&self) -> bool {
        self.scheme == OVER_TLS
    }

    /// How many connections have gone through it.
    #[must_use]
    pub fn tunnels(&self) -> usize {
        self.tunnels.begun.load(Ordering::SeqCst)
    }

    /// Ends those that there are. What had reached this proxy before has been sent on.
    pub fn end_tunnels(&self) {
        self.tunnels.ending.notify_waiters();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, kind: Kind, tls: Option<TlsAcceptor>, tunnels: Arc<Tunnels>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let (tls, tunnels) = (tls.clone(), Arc::clone(&tunnels));
        // Its errors are the client's to notice.
        connections.spawn(async move {
            match tls {
                None => tunnel(client, kind, &tunnels).await.ok(),
                Some(tls) => tunnel(tls.accept(client).await.ok()?, kind, &tunnels).await.ok(),
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn tunnel(mut client: impl AsyncRead + AsyncWrite + Unpin, kind: Kind, tunnels: &Tunnels) -> Result<()> {
    const TAKEN: &[u8] = b"HTTP/1.1 200 OK\r\n\r\n";
    let (port, welcome) = match kind {
        Kind::Http => (http_port(&head(&mut client).await?)?, TAKEN),
        Kind::HttpWithDigest => (http_port(&answered(&mut client).await?)?, TAKEN),
        Kind::Socks => (socks_port(&mut client).await?, &[5, 0, 0, 1, 127, 0, 0, 1, 0, 0][..]),
    };
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    tunnels.begun.fetch_add(1, Ordering::SeqCst);
    let ending = tunnels.ending.notified();
    client.write_all(welcome).await?;
    tokio::select! {
        biased;
        copied = copy_bidirectional(&mut client, &mut server) => copied.map(drop)?,
        () = ending => {}
    }
    Ok(())
}

/// What comes first in a connection is refused; what comes next has to answer the challenge. Of the answer only the
/// nonce is looked at: what the password was is not this proxy's concern.
async fn answered(client: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Result<String> {
    static CHALLENGES: AtomicUsize = AtomicUsize::new(0);
    // An answer to an earlier challenge is not wrong, only too old.
    let stale = authorization(&head(client).await?).is_some();
    let nonce = format!("nonce{:08}", CHALLENGES.fetch_add(1, Ordering::Relaxed));
    let refusal = format!(
        "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: {}\r\nContent-Length: 0\r\n\r\n",
        challenge(&nonce, stale)
    );
    client.write_all(refusal.as_bytes()).await?;
    let head = head(client).await?;
    let is_answer = authorization(&head).is_some_and(|answer| answer.contains(&nonce));
    if is_answer { Ok(head) } else { bail!("the challenge was not answered") }
}

/// The `Proxy-Authenticate` of one.
pub(crate) fn challenge(nonce: &str, stale: bool) -> String {
    format!("Digest realm=\"{REALM}\", nonce=\"{nonce}\", qop=\"auth\", stale={stale}")
}

/// What a [`Kind::HttpWithDigest`] says that the password is for.
pub(crate) const REALM: &str = "proxy";

fn authorization(head: &str) -> Option<&str> {
    head.lines().find_map(|line| line.strip_prefix("Proxy-Authorization: "))
}

/// A request without a body: its line and its headers.
async fn head(client: &mut (impl AsyncRead + Unpin)) -> Result<String> {
    const MOST: usize = 8192;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > MOST {
            bail!("a request without an end");
        }
        head.push(client.read_u8().await?);
    }
    Ok(String::from_utf8(head)?)
}

/// Of `CONNECT host:port HTTP/1.1` and whatever headers follow.
fn http_port(head: &str) -> Result<u16> {
    let target = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()).context("no CONNECT")?;
    let (_, port) = target.rsplit_once(':').context("no port")?;
    Ok(port.parse()?)
}

/// The greeting, the answer that no authentication is needed, and the request (RFC 1928 sections 3 and 4).
async fn socks_port(client: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Result<u16> {
    let [_version, methods] = read(client).await?;
    for _ in 0..methods {
        client.read_u8().await?;
    }
    client.write_all(&[5, 0]).await?;
    let [_version, _command, _reserved, address_type] = read(client).await?;
    let address_bytes = match address_type {
        1 => 4,
        3 => client.read_u8().await?,
        4 => 16,
        other => bail!("no address type {other}"),
    };
    for _ in 0..address_bytes {
        client.read_u8().await?;
    }
    Ok(client.read_u16().await?)
}

async fn read<const N: usize>(client: &mut (impl AsyncRead + Unpin)) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    client.read_exact(&mut bytes).await?;
    Ok(bytes)
}
