//! Pages that open sockets by themselves, as soon as they are shown, and tell their server what came of each.
//!
//! A page that a test must ask to do something cannot be there at the start of the browser, and does not know of a
//! moment at which the test is busy with something else. What these pages report is known here without asking the
//! browser, which may not run any more.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use crate::firefox::Firefox;
use crate::socket::{FRAME, OPEN_SOCKET, Sighting};

/// What a page does as soon as it is shown, and once more each time it comes out of the back-forward cache.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Where its sockets go. `{line}` is replaced by which of those at a time the socket is, from 0; `{n}` by its number;
    /// `{phase}` by what the page's `window.phase` was when the socket was made. What is sent ends with that text, too.
    pub url: String,
    /// How many sockets it opens in all; none for as many as there is time for, until the page's `window.enough()` is called.
    pub count: Option<u64>,
    /// How many of them at a time. The next follows when one has ended and that has been reported.
    pub at_once: usize,
    /// After how many milliseconds it opens no more.
    pub for_ms: Option<u64>,
    /// When it begins.
    pub begin: Begin,
}

/// When a page begins to open sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Begin {
    /// As soon as it is shown.
    AtOnce,
    /// With all others that wait, after [`Firefox::begin`].
    WhenTold,
}

impl Plan {
    /// One socket.
    pub fn once(url: impl Into<String>) -> Self {
        Self { url: url.into(), count: Some(1), at_once: 1, for_ms: None, begin: Begin::AtOnce }
    }

    /// One after the other, until the page's `window.enough()` is called.
    pub fn steadily(url: impl Into<String>) -> Self {
        Self { count: None, ..Self::once(url) }
    }
}

/// What came of one socket of such a page.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The page, by its number.
    pub page: usize,
    /// Which of the sockets at a time it was, from 0.
    pub line: usize,
    /// The number of the socket within the page's life, from 0.
    pub number: u64,
    /// The phase in which the socket was made.
    pub phase: String,
    /// Whether it was opened because the page came out of the back-forward cache.
    pub persisted: bool,
    /// What the page saw of it.
    #[serde(flatten)]
    pub seen: Sighting,
}

/// The server of such pages; it ends when this is dropped.
pub struct ConnectingPages {
    address: SocketAddr,
    content: Arc<Content>,
    accepting: JoinHandle<()>,
}

#[derive(Default)]
struct Content {
    plans: Mutex<Vec<Plan>>,
    reports: Mutex<Vec<Report>>,
    known: watch::Sender<Known>,
}

#[derive(Debug, Default)]
struct Known {
    reports: usize,
    ended: usize,
}

impl ConnectingPages {
    /// Starts the server, on a port of loopback that the system chooses.
    pub async fn start() -> Result<Self> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("could not open a port on loopback")?;
        let address = listener.local_addr()?;
        let content = Arc::new(Content::default());
        let accepting = tokio::spawn(accept(listener, Arc::clone(&content)));
        Ok(Self { address, content, accepting })
    }

    /// The address of a new page with this plan.
    #[must_use]
    pub fn page(&self, plan: Plan) -> String {
        let mut plans = lock(&self.content.plans);
        plans.push(plan);
        format!("http://{}/{}", self.address, plans.len() - 1)
    }

    /// Everything that has been reported until now, in order.
    #[must_use]
    pub fn reports(&self) -> Vec<Report> {
        lock(&self.content.reports).clone()
    }

    /// Waits until so many sockets have been reported in all, and returns the reports.
    pub async fn reported(&self, count: usize) -> Result<Vec<Report>> {
        self.wait(|known| known.reports >= count).await.with_context(|| format!("{count} reports are wanted"))
    }

    /// Waits until each of so many lines has reported at least `count` sockets of which `wanted` holds, beginning with the
    /// report number `known`. A line opens its sockets one after the other: its last one but these has ended by then.
    pub async fn of_each_line(
        &self,
        lines: usize,
        count: usize,
        known: usize,
        wanted: impl Fn(&Report) -> bool,
    ) -> Result<()> {
        let has_enough = |line| {
            let reports = lock(&self.content.reports);
            reports.iter().skip(known).filter(|report| report.line == line && wanted(report)).count() >= count
        };
        let all = self.wait(|_| (0..lines).all(has_enough)).await;
        all.map(drop).with_context(|| format!("{count} reports of each of {lines} lines are wanted"))
    }

    /// Waits until so many pages have opened and reported all that they are to open, and returns the reports.
    pub async fn ended(&self, pages: usize) -> Result<Vec<Report>> {
        self.wait(|known| known.ended >= pages).await.with_context(|| format!("{pages} pages have to end"))
    }

    async fn wait(&self, enough: impl Fn(&Known) -> bool) -> Result<Vec<Report>> {
        let mut known = self.content.known.subscribe();
        while !enough(&known.borrow_and_update()) {
            let changed = timeout(SILENCE, known.changed()).await;
            changed.with_context(|| format!("{:?}, then nothing in {SILENCE:?}", *known.borrow()))??;
        }
        Ok(self.reports())
    }
}

impl Firefox {
    /// Tells every page that waits to begin. The current tab must show a page of the same server.
    pub async fn begin(&self) -> Result<()> {
        self.run("new BroadcastChannel('begin').postMessage(null)", Vec::new()).await.map(drop)
    }
}

impl Drop for ConnectingPages {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, content: Arc<Content>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let content = Arc::clone(&content);
        connections.spawn(async move {
            let service = service_fn(|request| {
                let content = Arc::clone(&content);
                async move { Ok::<_, Infallible>(content.answer(request).await) }
            });
            // A browser that goes away in the middle of an answer is not an error of the site.
            http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
        });
        while connections.try_join_next().is_some() {}
    }
}

impl Content {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        if request.method() == Method::POST {
            if request.uri().path() == "/ended" {
                self.known.send_modify(|known| known.ended += 1);
                return Response::new(Full::default());
            }
            return match self.take_report(request).await {
                Ok(()) => Response::new(Full::default()),
                Err(_) => status(StatusCode::BAD_REQUEST),
            };
        }
        let page = request.uri().path().trim_start_matches('/').parse().ok();
        page.and_then(|page| self.page(page)).unwrap_or_else(|| status(StatusCode::NOT_FOUND))
    }

    async fn take_report(&self, request: Request<Incoming>) -> Result<()> {
        let body = request.into_body().collect().await?.to_bytes();
        let report = serde_json::from_slice(&body)?;
        lock(&self.reports).push(report);
        self.known.send_modify(|known| known.reports += 1);
        Ok(())
    }

    /// Without a word about caches: a page that must not be stored is not kept for going back, either.
    fn page(&self, page: usize) -> Option<Response<Full<Bytes>>> {
        let plan = json!({ "page": page, "text": FRAME, "plan": lock(&self.plans).get(page)? });
        let html = format!(
            "<!doctype html><meta charset=utf-8><title>Page {page}</title><link rel=icon href=data:,>\
             <script>const settings = {plan};\n{OPEN_SOCKET}\n{SCRIPT}</script>"
        );
        let mut response = Response::new(Full::new(html.into()));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
        Some(response)
    }
}

fn status(code: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = code;
    response
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `pending` is how many sockets have not been reported yet. What a test uses belongs to the window: a script of
/// `WebDriver` sees no variable of the page's own.
const SCRIPT: &str = r"
const { page, text, plan } = settings;
const told = plan.begin === 'atOnce' ? undefined : new Promise((resolve) => {
    new BroadcastChannel('begin').addEventListener('message', resolve);
});
let begun = performance.now();
let [number, stopped, posted, ended] = [0, false, 0, false];
window.pending = 0;
window.phase = '';
window.enough = () => { stopped = true; };
// The text of an answer may be read before Firefox has put its request aside. When it has, it writes down how long that took.
window.isIdle = () => ended
    && performance.getEntriesByType('resource').filter(({ initiatorType }) => initiatorType === 'fetch').length === posted;

// To its end: a request whose answer has only begun is still under way.
async function post(path, body) {
    posted += 1;
    const answer = await fetch(path, { method: 'POST', body });
    await answer.arrayBuffer();
}

async function connect(line, persisted) {
    window.pending += 1;
    const made = { page, line, number: number++, phase: window.phase, persisted };
    const url = plan.url.replace(/\{(line|n|phase)\}/g, (_, name) => made[name === 'n' ? 'number' : name]);
    const seen = await openSocket(url, `${text} ${made.phase}`.trim());
    await post('/', JSON.stringify({ ...made, ...seen }));
    window.pending -= 1;
}

function goesOn() {
    return !stopped && number < (plan.count ?? Infinity) && performance.now() - begun < (plan.forMs ?? Infinity);
}

async function oneAfterTheOther(_, line) {
    while (goesOn()) await connect(line, false);
}

async function all() {
    await told;
    begun = performance.now();
    await Promise.all(Array.from({ length: plan.atOnce }, oneAfterTheOther));
    await post('/ended');
    ended = true;
}

all();
addEventListener('pageshow', ({ persisted }) => { if (persisted) connect(0, true); });
";

/// Far beyond what one socket takes on a slow machine, the guard's deadline included.
const SILENCE: Duration = Duration::from_secs(30);
