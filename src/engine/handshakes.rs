//! The handshakes under way: what the later events of one request must know of the earlier ones.
//!
//! The browser asks about a socket three times or more, and another extension can keep any answer from counting.
//! What was decided and logged is therefore kept for each request until the request has ended. So one socket is one
//! entry of the log, and the entry can say what really became of the socket.

use std::collections::{HashMap, VecDeque};

use sha2::{Digest as _, Sha256};

use super::{Effect, Socket};
use crate::connection::Scheme;
use crate::limits::MAX_HANDSHAKES;
use crate::lock::Lock;
use crate::tab_sockets::{SocketPlace, SocketState, TabSocket};
use crate::verdict::Outcome;
use crate::violation::Violation;

/// What is known of one handshake.
#[derive(Debug, Clone, Default)]
pub(crate) struct Handshake {
    /// The SHA-256 of its address. A page chooses the address and its length, and what is kept here may outlast the request, so
    /// the address itself is not kept.
    address: [u8; 32],
    /// None where the address cannot be read.
    scheme: Option<Scheme>,
    pub(crate) private: bool,
    pub(crate) tab: Option<i32>,
    pub(crate) locked: Option<Locked>,
    /// Set while the server's answer is being judged.
    pub(crate) while_judging: Option<WhileJudging>,
    /// Its entry in the log.
    entry: Option<Violation>,
}

/// What the browser has done while the server's answer is being judged: once it has taken the answer of another
/// extension, it does not wait for Sockpin's.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct WhileJudging {
    pub(crate) continued: Option<Continued>,
    pub(crate) ended: bool,
}

/// The browser has gone on with an answer that opens a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Continued {
    /// The socket cannot open: it is still locked.
    Shut,
    Open,
}

/// What is known of a locked handshake.
#[derive(Debug, Clone)]
pub(crate) struct Locked {
    pub(crate) lock: Lock,
    /// The entry to be logged if the lock does not open as it should.
    pub(crate) otherwise: Violation,
}

impl Handshake {
    pub(crate) fn entry(&self) -> Option<&Violation> {
        self.entry.as_ref()
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.entry().is_some_and(|entry| entry.outcome == Outcome::Block)
    }

    /// What its entry makes of the socket, for its tab; none where it belongs to no tab, or where it was to go cannot be read.
    pub(crate) fn in_tab(&self) -> Option<Effect> {
        let entry = self.entry()?;
        let place = SocketPlace {
            scheme: self.scheme?,
            host: entry.host.clone(),
            port: entry.port?,
            state: SocketState::of(entry),
        };
        let (private, page) = (self.private, entry.page.clone());
        Some(Effect::NoteInTab(Box::new(TabSocket { tab: self.tab?, private, place, page, time: entry.time })))
    }

    /// Logs the first entry of a request; each later one takes its place.
    pub(crate) fn write_down(&mut self, violation: Violation) -> Effect {
        let before = self.entry.replace(violation.clone()).map(Box::new);
        let now = Box::new(violation);
        match before {
            before if self.private => Effect::LogPrivately { before, now },
            Some(before) => Effect::Amend { before, now },
            None => Effect::Log(now),
        }
    }
}

/// All handshakes under way, by `requestId`.
#[derive(Debug, Default)]
pub(crate) struct Handshakes {
    by_request: HashMap<String, Handshake>,
    /// In the order in which they began; some may have ended.
    order: VecDeque<String>,
}

impl Handshakes {
    pub(crate) fn of(&self, request: &str) -> Option<&Handshake> {
        self.by_request.get(request)
    }

    pub(crate) fn of_mut(&mut self, request: &str) -> Option<&mut Handshake> {
        self.by_request.get_mut(request)
    }

    /// An upgrade keeps the request and changes its address: what is known belongs to another socket and is forgotten.
    /// With the same address it is the same socket, which is requested again after a password (401, 407).
    pub(crate) fn forget_if_address_changed(&mut self, socket: &Socket) {
        if self.of(&socket.request).is_some_and(|handshake| handshake.address != digest(socket)) {
            self.forget(&socket.request);
        }
    }

    /// What is known of a socket's request: nothing yet where it is new.
    pub(crate) fn enter(&mut self, socket: &Socket) -> &mut Handshake {
        if !self.by_request.contains_key(&socket.request) {
            self.make_room();
            self.order.push_back(socket.request.clone());
        }
        let begun = || Handshake {
            address: digest(socket),
            scheme: socket.address.target.as_ref().ok().map(|target| target.scheme),
            private: socket.route.private,
            tab: socket.tab,
            ..Handshake::default()
        };
        self.by_request.entry(socket.request.clone()).or_insert_with(begun)
    }

    /// The request has ended. One that is being judged is kept until it has been.
    pub(crate) fn end(&mut self, request: &str) {
        match self.of_mut(request).and_then(|handshake| handshake.while_judging.as_mut()) {
            Some(while_judging) => while_judging.ended = true,
            None => self.forget(request),
        }
    }

    pub(crate) fn forget(&mut self, request: &str) {
        self.by_request.remove(request);
    }

    fn make_room(&mut self) {
        if self.order.len() < MAX_HANDSHAKES {
            return;
        }
        self.order.retain(|request| self.by_request.contains_key(request));
        while self.order.len() >= MAX_HANDSHAKES {
            if let Some(oldest) = self.order.pop_front() {
                self.by_request.remove(&oldest);
            }
        }
    }
}

fn digest(socket: &Socket) -> [u8; 32] {
    Sha256::digest(&socket.address.url).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Address;
    use crate::preflight::Route;
    use crate::time::UnixMillis;

    fn socket(request: usize) -> Socket {
        Socket {
            request: request.to_string(),
            address: Address::read("wss://chat.example.com/".to_owned(), &|_| None),
            page: None,
            tab: None,
            route: Route::default(),
            status: None,
            now: UnixMillis::new(0),
        }
    }

    #[test]
    fn the_oldest_goes_where_there_are_too_many() {
        let mut handshakes = Handshakes::default();
        for number in 0..=MAX_HANDSHAKES {
            handshakes.enter(&socket(number));
        }
        let known = |number: usize| handshakes.of(&number.to_string()).is_some();
        assert_eq!([known(0), known(1), known(MAX_HANDSHAKES)], [false, true, true]);
        assert_eq!(handshakes.by_request.len(), MAX_HANDSHAKES);
    }

    #[test]
    fn those_that_have_ended_take_no_place() {
        let mut handshakes = Handshakes::default();
        handshakes.enter(&socket(0));
        for number in 1..3 * MAX_HANDSHAKES {
            handshakes.enter(&socket(number));
            handshakes.forget(&number.to_string());
        }
        assert!(handshakes.of("0").is_some());
        assert!(handshakes.order.len() <= MAX_HANDSHAKES);
    }
}
