//! The pre-flight: the key is checked on a bare request before the handshake sends URL, cookies and subprotocols.
//!
//! This module says when a socket gets one, and how long the answer holds; `browser` sends it. The request, the probe,
//! leaves from the extension's own background page. Where it would not take the same route as the socket, none is sent.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::connection::{Facts, MissingFacts, Target};
use crate::fields::words;
use crate::limits::{MAX_PREFLIGHT_ANSWERS, PREFLIGHT_KEPT_MS};
use crate::policy::{Layer, Layers};
use crate::rule::{Mode, Preflight, Rule};
use crate::time::UnixMillis;

/// The route by which a request travels.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Route {
    /// From a private window.
    pub private: bool,
    /// From a tab of another container than the default one.
    pub container: bool,
    /// Through this proxy; none for a direct connection.
    pub proxy: Option<Proxy>,
}

/// The proxy that a request goes through.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Proxy {
    /// Everything that the browser says of it, compared as a whole.
    pub description: String,
    /// Whether the proxy itself is reached over TLS.
    pub over_tls: bool,
}

impl Route {
    /// Whether an answer may come from the proxy, which wants a password first (407, RFC 9110 section 15.5.8). The
    /// browser shows such an answer as if the server had given it: without certificates, or with those of a proxy that
    /// is reached over TLS. It opens no socket (RFC 6455 section 4.1, RFC 8441 section 5), and the browser shows the
    /// next request as well.
    #[must_use]
    pub fn may_come_from_proxy(&self, status: Option<u16>, facts: &Facts) -> bool {
        let shows_nothing = matches!(facts, Facts::Missing(MissingFacts::NoCertificates));
        status == Some(407) && self.proxy.as_ref().is_some_and(|proxy| shows_nothing || proxy.over_tls)
    }
}

/// Why a pre-flight has no answer that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProbeFailure {
    /// None was sent: the socket belongs to a private window.
    PrivateWindow,
    /// None was sent: the socket belongs to a tab of another container.
    Container,
    /// None was sent: it would not have gone through the same proxy as the socket.
    Proxy,
    /// The proxy wanted a password that nobody had entered yet.
    ProxyPassword,
    /// This computer was connected to no network.
    Offline,
    /// The server answered over HTTP/3, by which no WebSocket travels: another connection, perhaps with another key.
    Http3,
    /// The server gave no answer over TLS.
    Failed,
    /// The server's answer took too long.
    Deadline,
}

words!(ProbeFailure);

/// What came of a probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProbeAnswer {
    /// From the server.
    Server(Facts),
    /// From the server or from a proxy ([`Route::may_come_from_proxy`]): it may stop a socket, and vouches for none.
    Ambiguous(Facts),
    /// There is none.
    None(ProbeFailure),
}

/// A probe to be sent. Sockets to one target by one route share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The server whose key is asked for.
    pub target: Target,
    /// The proxy that the socket takes, and that the probe must take as well.
    pub proxy: Option<Proxy>,
    /// The state of the policy for which it is sent: the answer is not kept once the policy has changed.
    pub(crate) generation: u64,
}

impl Probe {
    /// One that is sent for no socket, so that its answer is not kept for any.
    #[must_use]
    pub const fn without_socket(target: Target) -> Self {
        Self { target, proxy: None, generation: 0 }
    }

    /// The address to which it is sent. Of the socket's URL it has host and port only.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://{}:{}/", self.target.host, self.target.port)
    }
}

/// The rule that asks for a pre-flight of a socket to this target; where several do, one that requires it.
#[must_use]
pub fn asked_for<'a>(layers: &'a Layers, target: &Target, now: UnixMillis) -> Option<(Layer, &'a Arc<Rule>)> {
    let asking = |(_, rule): &(Layer, &Arc<Rule>)| {
        rule.mode() == Mode::Block && !rule.is_expired(now) && rule.preflight() != Preflight::Off
    };
    let rules = layers.lookup(&target.host, target.port).filter(asking);
    rules.min_by_key(|(_, rule)| rule.preflight() != Preflight::Require)
}

/// Why a probe cannot take the socket's route, where that is known beforehand.
#[must_use]
pub const fn obstacle(route: &Route) -> Option<ProbeFailure> {
    if route.private {
        Some(ProbeFailure::PrivateWindow)
    } else if route.container {
        Some(ProbeFailure::Container)
    } else {
        None
    }
}

/// The answers of the last minute. However often a page reconnects, one probe is sent for each target and route.
#[derive(Debug, Default)]
pub struct Answers {
    generation: u64,
    kept: Vec<Kept>,
}

/// The answer to a probe, and when it came.
#[derive(Debug)]
struct Kept {
    target: Target,
    proxy: Option<Proxy>,
    time: UnixMillis,
    answer: ProbeAnswer,
}

impl Answers {
    /// A probe for this target, to be sent if [`Answers::fresh`] has nothing.
    #[must_use]
    pub fn probe(&self, target: &Target, route: &Route) -> Probe {
        Probe { target: target.clone(), proxy: route.proxy.clone(), generation: self.generation }
    }

    /// The answer to such a probe, if there is one from the last minute. A probe that did not reach the server, for
    /// want of a network or because of the proxy, is sent again: that may be different the next moment.
    #[must_use]
    pub fn fresh(&self, probe: &Probe, now: UnixMillis) -> Option<&ProbeAnswer> {
        self.last(probe, now).filter(|answer| {
            !matches!(
                answer,
                ProbeAnswer::None(ProbeFailure::Proxy | ProbeFailure::ProxyPassword | ProbeFailure::Offline)
            )
        })
    }

    /// Why the last such probe vouches for no socket, if it does not.
    #[must_use]
    pub fn probe_failure(&self, probe: &Probe, now: UnixMillis) -> Option<ProbeFailure> {
        match self.last(probe, now)? {
            ProbeAnswer::Server(_) => None,
            ProbeAnswer::Ambiguous(_) => Some(ProbeFailure::ProxyPassword),
            ProbeAnswer::None(probe_failure) => Some(*probe_failure),
        }
    }

    fn last(&self, probe: &Probe, now: UnixMillis) -> Option<&ProbeAnswer> {
        let kept = self.kept.iter().find(|kept| kept.is_of(probe))?;
        is_fresh(kept.time, now).then_some(&kept.answer)
    }

    /// Keeps an answer, unless the policy has changed since the probe was made.
    pub fn keep(&mut self, probe: &Probe, answer: ProbeAnswer, now: UnixMillis) {
        if probe.generation != self.generation {
            return;
        }
        if self.kept.len() >= MAX_PREFLIGHT_ANSWERS {
            self.kept.retain(|kept| is_fresh(kept.time, now));
        }
        if self.kept.len() >= MAX_PREFLIGHT_ANSWERS {
            self.kept.clear();
        }
        let (target, proxy) = (probe.target.clone(), probe.proxy.clone());
        self.kept.retain(|kept| !kept.is_of(probe));
        self.kept.push(Kept { target, proxy, time: now, answer });
    }

    /// Forgets every answer: the policy has changed.
    pub fn forget(&mut self) {
        self.generation = self.generation.wrapping_add(1);
        self.kept.clear();
    }
}

/// A clock that was set back makes an answer stale.
fn is_fresh(time: UnixMillis, now: UnixMillis) -> bool {
    now.as_millis().checked_sub(time.as_millis()).is_some_and(|age| age < PREFLIGHT_KEPT_MS)
}

impl Kept {
    fn is_of(&self, probe: &Probe) -> bool {
        self.target.host == probe.target.host && self.target.port == probe.target.port && self.proxy == probe.proxy
    }
}
