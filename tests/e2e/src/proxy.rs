//! Proxies on loopback: whatever host they are asked for, they connect to this machine's own port of that number.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// Which protocol a proxy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `CONNECT` of HTTP/1.1 (RFC 9110 section 9.3.6).
    Http,
    /// SOCKS 5 without authentication (RFC 1928).
    Socks,
}

/// A running proxy; it ends when this is dropped.
pub struct Proxy {
    port: u16,
    tunnels: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Starts one on a port that the system chooses.
    pub async fn start(kind: Kind) -> Result<Self> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("could not open a port on loopback")?;
        let port = listener.local_addr()?.port();
        let tunnels = Arc::new(AtomicUsize::new(0));
        let accepting = tokio::spawn(accept(listener, kind, Arc::clone(&tunnels)));
        Ok(Self { port, tunnels, accepting })
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How many connections have gone through it.
    #[must_use]
    pub fn tunnels(&self) -> usize {
        self.tunnels.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, kind: Kind, tunnels: Arc<AtomicUsize>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let tunnels = Arc::clone(&tunnels);
        // Its errors are the client's to notice.
        connections.spawn(async move { tunnel(client, kind, &tunnels).await.ok() });
        while connections.try_join_next().is_some() {}
    }
}

async fn tunnel(mut client: TcpStream, kind: Kind, tunnels: &AtomicUsize) -> Result<()> {
    let (port, welcome) = match kind {
        Kind::Http => (http_port(&mut client).await?, &b"HTTP/1.1 200 OK\r\n\r\n"[..]),
        Kind::Socks => (socks_port(&mut client).await?, &[5, 0, 0, 1, 127, 0, 0, 1, 0, 0][..]),
    };
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    tunnels.fetch_add(1, Ordering::SeqCst);
    client.write_all(welcome).await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

/// `CONNECT host:port HTTP/1.1` and whatever headers follow.
async fn http_port(client: &mut TcpStream) -> Result<u16> {
    const MOST: usize = 8192;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > MOST {
            bail!("a request without an end");
        }
        head.push(client.read_u8().await?);
    }
    let head = String::from_utf8(head)?;
    let target = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()).context("no CONNECT")?;
    let (_, port) = target.rsplit_once(':').context("no port")?;
    Ok(port.parse()?)
}

/// The greeting, the answer that no authentication is needed, and the request (RFC 1928 sections 3 and 4).
async fn socks_port(client: &mut TcpStream) -> Result<u16> {
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

async fn read<const N: usize>(client: &mut TcpStream) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    client.read_exact(&mut bytes).await?;
    Ok(bytes)
}
