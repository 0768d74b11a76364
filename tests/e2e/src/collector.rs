//! A collector of reports over TLS, which keeps what it is sent and answers as it is told.

use std::convert::Infallible;
use std::future::pending;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use crate::authority::Identity;
use crate::servers::{Speech, acceptor};
use crate::wait;

/// A running collector; it ends when this is dropped.
pub struct Collector {
    address: SocketAddr,
    content: Arc<Content>,
    accepting: JoinHandle<()>,
}

/// A report as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The path with its query.
    pub target: String,
    /// Names, in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Delivery {
    /// The first header of this name, in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

struct Content {
    deliveries: Mutex<Vec<Delivery>>,
    /// None: it does not answer.
    status: Mutex<Option<StatusCode>>,
}

impl Collector {
    /// Starts a collector that takes every report, on a port of loopback that the system chooses. Who wants anything else of it is asked
    /// for a name and a password (RFC 7617).
    pub async fn start(identity: Identity) -> Result<Self> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("could not open a port on loopback")?;
        let address = listener.local_addr()?;
        let tls = acceptor(Speech::default(), identity)?;
        let content = Arc::new(Content { deliveries: Mutex::default(), status: Mutex::new(Some(StatusCode::OK)) });
        let shared = Arc::clone(&content);
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, content) = (tls.clone(), Arc::clone(&shared));
                connections.spawn(async move {
                    let service = service_fn(|request| {
                        let content = Arc::clone(&content);
                        async move { Ok::<_, Infallible>(content.answer(request).await) }
                    });
                    if let Ok(stream) = tls.accept(stream).await {
                        // Whoever has no interest in the rest of an answer ends the connection.
                        http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
                    }
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self { address, content, accepting })
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// From now on it answers with this status, or takes what it is sent and never answers.
    pub fn answer(&self, status: impl Into<Option<StatusCode>>) {
        *self.content.status.lock().unwrap_or_else(PoisonError::into_inner) = status.into();
    }

    /// What has been sent to it until now, taken or not.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.content.deliveries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until so many have been sent to it in all, and returns them.
    pub async fn delivered(&self, count: usize) -> Result<Vec<Delivery>> {
        wait::until(&format!("{count} reports"), async || {
            let deliveries = self.deliveries();
            Ok((deliveries.len() >= count).then_some(deliveries))
        })
        .await
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Content {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map(|body| String::from_utf8_lossy(&body.to_bytes()).into_owned());
        let mut response = Response::new(Full::default());
        if let (&Method::POST, Ok(body)) = (&head.method, body) {
            let headers = head.headers.iter();
            let headers = headers
                .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
                .collect();
            let delivery = Delivery { target: head.uri.to_string(), headers, body };
            self.deliveries.lock().unwrap_or_else(PoisonError::into_inner).push(delivery);
            let status = *self.status.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(status) = status else { return pending().await };
            *response.status_mut() = status;
        } else if head.headers.contains_key(AUTHORIZATION) {
            *response.status_mut() = StatusCode::NOT_FOUND;
        } else {
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"collector\""));
        }
        response
    }
}
