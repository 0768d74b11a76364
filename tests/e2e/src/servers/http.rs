//! HTTP/1.1 and HTTP/2 on one connection, and the sockets that come of it.

use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt, stream};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::ext::Protocol;
use hyper::header::{
    AUTHORIZATION, CONNECTION, HeaderName, HeaderValue, LOCATION, PROXY_AUTHENTICATE, SEC_WEBSOCKET_ACCEPT,
    SEC_WEBSOCKET_KEY, UPGRADE, WWW_AUTHENTICATE,
};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::Answering;
use crate::proxy;
use crate::traffic::{self, OpenSocket, Recorder};

/// What client and server have agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    Http1,
    Http2,
}

/// One connection's requests.
#[derive(Clone)]
pub(super) struct Http {
    recorder: Recorder,
    /// Its number, from 1.
    connection: usize,
    answering: watch::Receiver<Answering>,
    /// The `WebSocket`s of this connection; they end with it.
    sockets: Arc<Mutex<JoinSet<()>>>,
}

impl Http {
    pub(super) fn new(recorder: Recorder, connection: usize, answering: watch::Receiver<Answering>) -> Self {
        Self { recorder, connection, answering, sockets: Arc::default() }
    }

    pub(super) async fn serve<S>(self, stream: S, version: Version)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let http = self.clone();
        let service = service_fn(move |request| {
            let http = http.clone();
            async move { http.answer(request).await }
        });
        let stream = TokioIo::new(stream);
        match version {
            Version::Http1 => {
                http1::Builder::new().serve_connection(stream, service).with_upgrades().await.ok();
            }
            Version::Http2 => {
                let mut builder = http2::Builder::new(TokioExecutor::new());
                builder.enable_connect_protocol().serve_connection(stream, service).await.ok();
            }
        }
        // Over HTTP/1.1 the connection has become a WebSocket, and goes on as one.
        let mut sockets = std::mem::take(&mut *self.sockets.lock().unwrap_or_else(PoisonError::into_inner));
        while sockets.join_next().await.is_some() {}
    }

    /// Records the request and answers it; an error drops the connection.
    async fn answer(mut self, mut request: Request<Incoming>) -> io::Result<Response<Body>> {
        let key = request.headers().get(SEC_WEBSOCKET_KEY).cloned();
        // RFC 8441 section 4: the same over HTTP/2, without a key.
        let extended = request.extensions().get::<Protocol>().is_some_and(|protocol| protocol.as_str() == "websocket")
            && request.method() == Method::CONNECT;
        let websocket = key.is_some() || extended;
        self.recorder.request(traffic::Request {
            line: format!("{} {}", request.method(), request.uri()),
            connection: self.connection,
            headers: headers(&request),
            websocket,
        });
        let answering = self.answering.wait_for(|answering| *answering != Answering::Later).await;
        let answering = answering.map_err(io::Error::other)?.clone();
        let mut response = Response::new(Full::default().boxed());
        match answering {
            Answering::Refusing(status, location) => {
                *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN);
                let location = location.and_then(|location| HeaderValue::try_from(location).ok());
                location.map(|location| response.headers_mut().insert(LOCATION, location));
                if response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
                    // It passes itself off as the proxy, and asks as that does.
                    let challenge =
                        HeaderValue::try_from(proxy::challenge("server", false)).map_err(io::Error::other)?;
                    response.headers_mut().insert(PROXY_AUTHENTICATE, challenge);
                }
                return Ok(response);
            }
            Answering::Challenging | Answering::Guarded
                if (websocket || answering == Answering::Guarded) && !request.headers().contains_key(AUTHORIZATION) =>
            {
                *response.status_mut() = StatusCode::UNAUTHORIZED;
                let headers = response.headers_mut();
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"server\""));
                headers.insert(CONNECTION, HeaderValue::from_static("close"));
                return Ok(response);
            }
            Answering::NothingElse if !websocket => return Err(io::Error::other("not a WebSocket")),
            Answering::Guarded if !websocket => return Ok(response),
            Answering::Serving(file) if !websocket => {
                *response.body_mut() = Full::new(file.into()).boxed();
                return Ok(response);
            }
            Answering::Dripping(pause) if !websocket => {
                *response.body_mut() = dripping(pause);
                return Ok(response);
            }
            Answering::NothingElse
            | Answering::Accepting
            | Answering::Challenging
            | Answering::Guarded
            | Answering::Serving(_)
            | Answering::Dripping(_)
            | Answering::Later => {}
        }
        if !websocket {
            *response.status_mut() = StatusCode::NOT_FOUND;
            return Ok(response);
        }
        self.open(hyper::upgrade::on(&mut request));
        let accepted =
            key.filter(|_| !extended).and_then(|key| HeaderValue::try_from(derive_accept_key(key.as_bytes())).ok());
        if let Some(accepted) = accepted {
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            let headers = response.headers_mut();
            headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(SEC_WEBSOCKET_ACCEPT, accepted);
        }
        Ok(response)
    }

    fn open(&self, upgrade: OnUpgrade) {
        let (recorder, open) = (self.recorder.clone(), self.recorder.open_socket());
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        sockets.spawn(async move {
            if let Ok(upgraded) = upgrade.await {
                echo(TokioIo::new(upgraded), &recorder, open).await;
            }
        });
    }
}

type Body = BoxBody<Bytes, Infallible>;

fn dripping(pause: Duration) -> Body {
    let drops = stream::unfold((), move |()| async move {
        sleep(pause).await;
        Some((Ok(Frame::data(Bytes::from_static(b" "))), ()))
    });
    BodyExt::boxed(StreamBody::new(drops))
}

fn headers(request: &Request<Incoming>) -> Vec<(String, String)> {
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    request.headers().iter().map(text).collect()
}

/// Sends every text frame back, until the other side closes or goes.
async fn echo<S>(stream: S, recorder: &Recorder, _open: OpenSocket)
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
