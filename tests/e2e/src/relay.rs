//! The port of a server at other addresses of loopback.
//!
//! Firefox opens sockets to one address one after the other. Those that are to be under way at the same time need
//! addresses of their own, of which 127.0.0.0/8 has plenty.

use std::net::{Ipv4Addr, SocketAddrV4};

use anyhow::{Context, Result};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Forwards until it is dropped.
pub struct Relay {
    _accepting: JoinSet<()>,
}

impl Relay {
    /// Forwards this port of each of these addresses to the same port of 127.0.0.1.
    pub async fn start(addresses: &[Ipv4Addr], port: u16) -> Result<Self> {
        let mut accepting = JoinSet::new();
        for &address in addresses {
            let own = SocketAddrV4::new(address, port);
            let listener = TcpListener::bind(own).await.with_context(|| format!("could not listen on {own}"))?;
            accepting.spawn(accept(listener, SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)));
        }
        Ok(Self { _accepting: accepting })
    }
}

async fn accept(listener: TcpListener, target: SocketAddrV4) {
    let mut connections = JoinSet::new();
    while let Ok((mut client, _)) = listener.accept().await {
        connections.spawn(async move {
            if let Ok(mut server) = TcpStream::connect(target).await {
                // Either end may go away at any time; the other one is told by the end of its connection.
                copy_bidirectional(&mut client, &mut server).await.ok();
            }
        });
        while connections.try_join_next().is_some() {}
    }
}
