//! What was noted of the sockets that came last, for what is found out about them later.

use super::{SocketPlace, SocketState};
use crate::limits::MAX_KNOWN_SOCKETS;

/// The sockets that came last, by their requests: what was noted of each.
#[derive(Debug, Default)]
pub struct KnownSockets(Vec<(String, SocketPlace)>);

impl KnownSockets {
    /// Takes in what is found out about a socket of this request. None where something graver is known of it, or as much;
    /// else where it was before. A redirected socket that fails is shown at the address its page asked for, so `place` is
    /// changed to that.
    pub fn take_in(&mut self, request: &str, place: &mut SocketPlace) -> Option<Option<SocketPlace>> {
        match self.0.iter_mut().rev().find(|(known, _)| known == request) {
            Some((_, known)) if known.state.gravity() >= place.state.gravity() => None,
            Some((_, known)) => {
                if matches!(place.state, SocketState::Failed(_)) {
                    *place = SocketPlace { state: place.state.clone(), ..known.clone() };
                }
                Some(Some(std::mem::replace(known, place.clone())))
            }
            None => {
                if self.0.len() >= MAX_KNOWN_SOCKETS {
                    self.0.drain(..MAX_KNOWN_SOCKETS / 2);
                }
                self.0.push((request.to_owned(), place.clone()));
                Some(None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Scheme;
    use crate::tab_sockets::Detail;
    use crate::verdict::Reason;

    fn place(host: &str, state: SocketState) -> SocketPlace {
        SocketPlace { scheme: Scheme::Wss, host: host.to_owned(), port: 443, state }
    }

    #[test]
    fn many_requests_are_known_and_no_more() {
        let mut known = KnownSockets::default();
        let mut same = place("a.test", SocketState::NotPinned);
        for number in 0..3 * MAX_KNOWN_SOCKETS {
            assert_eq!(known.take_in(&number.to_string(), &mut same), Some(None));
            assert_eq!(known.take_in(&number.to_string(), &mut same), None);
        }
        assert!(known.0.len() <= MAX_KNOWN_SOCKETS);
    }

    #[test]
    fn what_was_sent_elsewhere_has_failed_where_it_was_to_go() {
        let mut known = KnownSockets::default();
        let failed = || SocketState::Failed(Detail::new("NS_ERROR_NET_ON_RECEIVING_FROM"));
        known.take_in("1", &mut place("a.test", SocketState::NotPinned));
        let mut failed_there = place("elsewhere.test", failed());
        let was = known.take_in("1", &mut failed_there);
        assert_eq!(was, Some(Some(place("a.test", SocketState::NotPinned))));
        assert_eq!(failed_there, place("a.test", failed()));
        // What another address has done stands there.
        known.take_in("2", &mut place("a.test", SocketState::NotPinned));
        let mut blocked_there = place("elsewhere.test", SocketState::Blocked(Reason::PinMismatch.into()));
        assert!(known.take_in("2", &mut blocked_there).is_some_and(|was| was.is_some()));
        assert_eq!(blocked_there.host, "elsewhere.test");
    }
}
