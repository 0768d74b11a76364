//! A static web server on loopback for the pages of `www/`, with the demo's sockets and a blank page.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use crate::opener;

/// A socket of the demo, as the lab page reads it from `demo.json`.
#[derive(Debug, Clone, Serialize)]
pub struct DemoSocket {
    /// Names the socket in the page.
    pub id: String,
    /// A few words for the terminal; the page has its own for this name.
    #[serde(skip)]
    pub label: String,
    /// Where it connects to.
    pub url: String,
    /// What the demo's policy makes of it.
    pub expect: Expectation,
}

/// What is to come of a socket of the demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Expectation {
    /// It opens and nothing is logged.
    Opens,
    /// It never opens, and is logged.
    Blocked,
    /// It never opens, since the server does not speak TLS, and nothing is sent in clear.
    Unreachable,
    /// It opens and is logged.
    Flagged,
}

/// A running web server; it ends when this is dropped.
pub struct Site {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

#[derive(Serialize)]
struct Demo {
    sockets: Vec<DemoSocket>,
}

struct Content {
    folder: PathBuf,
    demo: Bytes,
}

impl Site {
    /// Serves the files of `folder`, these sockets as `/demo.json`, an empty page as `/blank`, and what [`opener`]
    /// needs.
    pub async fn start(folder: PathBuf, sockets: Vec<DemoSocket>) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("could not open a port on loopback for the lab page")?;
        let address = listener.local_addr()?;
        let demo = serde_json::to_vec(&Demo { sockets })?.into();
        let content = Arc::new(Content { folder, demo });
        let accepting = tokio::spawn(accept(listener, content));
        Ok(Self { address, accepting })
    }

    /// The address of a page: `path` starts with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The address of the empty page.
    #[must_use]
    pub fn blank(&self) -> String {
        self.url("/blank")
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, content: Arc<Content>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let content = Arc::clone(&content);
        connections.spawn(async move {
            let service = service_fn(|request: Request<Incoming>| {
                let response = content.answer(request.uri().path());
                async { Ok::<_, Infallible>(response) }
            });
            // A browser that goes away in the middle of an answer is not an error of the site.
            http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
        });
        while connections.try_join_next().is_some() {}
    }
}

impl Content {
    fn answer(&self, path: &str) -> Response<Full<Bytes>> {
        match path {
            "/blank" => page("text/html", Bytes::from_static(BLANK)),
            "/opener.html" => page("text/html", Bytes::from_static(OPENER_PAGE)),
            "/opener.js" => page("text/javascript", opener::on_request().into()),
            "/demo.json" => page("application/json", self.demo.clone()),
            "/" => self.file("index.html"),
            path => self.file(path.trim_start_matches('/')),
        }
    }

    fn file(&self, name: &str) -> Response<Full<Bytes>> {
        let name = Path::new(name);
        let inside = name.components().all(|part| matches!(part, Component::Normal(_)));
        match std::fs::read(self.folder.join(name)) {
            Ok(bytes) if inside => page(content_type(name), bytes.into()),
            _ => not_found(),
        }
    }
}

fn page(content_type: &'static str, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn not_found() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// The types of the files in `www/`. A browser compiles wasm while it loads only under its own type.
fn content_type(name: &Path) -> &'static str {
    match name.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    }
}

const OPENER_PAGE: &[u8] =
    b"<!doctype html><meta charset=\"utf-8\"><title>Opener</title><script src=opener.js></script>";
const BLANK: &[u8] = b"<!doctype html><meta charset=\"utf-8\"><title>Blank</title>";
