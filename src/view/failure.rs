//! Why a socket failed without Sockpin, in a sentence or two, and what can be done.

use super::foreign::foreign;
use super::text::{Text, present, text};
use crate::failure::{CertificateProblem, FailureCause};
use crate::tab_sockets::{Detail, SocketPlace};

/// A socket that did not open, as far as the sentence needs it.
#[derive(Debug, Clone, Copy)]
pub struct FailedSocket<'a> {
    /// The host in canonical form.
    pub host: &'a str,
    /// The port.
    pub port: u16,
    /// The origin of the page that wanted it, if the browser told.
    pub page: Option<&'a str>,
    /// Why.
    pub cause: FailureCause,
    /// What the browser says itself.
    pub error: &'a str,
    /// A rule that is in force now would judge such a socket.
    pub is_ruled: bool,
}

impl<'a> FailedSocket<'a> {
    /// One that has gone there from this page and has come to this.
    #[must_use]
    pub fn new(place: &'a SocketPlace, page: Option<&'a str>, failure: &'a Detail, is_ruled: bool) -> Self {
        let error = failure.as_str();
        let cause = failure.status().map_or_else(|| FailureCause::of(error), FailureCause::Answered);
        Self { host: &place.host, port: place.port, page, cause, error, is_ruled }
    }

    /// What happened and what to do, and what the browser says of it where that is a sentence.
    #[must_use]
    pub fn sentence(&self) -> Text {
        let cause = self.cause;
        let exception = if cause.can_be_decided() { self.exception() } else { None };
        let is_about_tls = matches!(cause, FailureCause::Certificate(_) | FailureCause::Tls | FailureCause::NoTls);
        let said = is_about_tls.then(|| text!("socket_failure_as_firefox_says", error = foreign(self.error)));
        let is_unprotected = self.is_ruled && cause.can_be_decided();
        let unprotected = is_unprotected.then(|| text!("socket_failure_page_unprotected"));
        Text::Sentences(present(vec![Some(self.why()), unprotected, exception, said]))
    }

    fn why(&self) -> Text {
        let second = match self.cause {
            FailureCause::Answered(status) => status.to_string(),
            FailureCause::Other => foreign(self.error),
            _ => self.port.to_string(),
        };
        let (id, count) = self.cause.sentence();
        let arguments = [self.host.into(), second.into()];
        Text::Message { id, arguments: arguments.into_iter().take(count).collect() }
    }

    /// Whether a page of the browser shows what it does not accept, and nothing speaks against opening that page.
    #[must_use]
    pub fn can_be_decided(&self) -> bool {
        self.cause.can_be_decided() && !self.may_be_wrong_key()
    }

    /// Who stands in the way with a key that the rule would refuse may break TLS off instead, and serve the page once it is opened:
    /// no rule judges that.
    fn may_be_wrong_key(&self) -> bool {
        self.is_ruled && self.cause == FailureCause::Tls
    }

    /// A page whose own certificate rests on an exception is the usual reason for a socket that fails beside it: an exception
    /// holds for one host and one port.
    fn exception(&self) -> Option<Text> {
        let address = self.page?.strip_prefix("https://")?;
        let same_host = address.strip_prefix(self.host).filter(|rest| rest.is_empty() || rest.starts_with(':'));
        let port = same_host?.strip_prefix(':').unwrap_or("443");
        if port == self.port.to_string() {
            return None;
        }
        Some(text!("socket_failure_exception_of_page", page_port = port, port = self.port.to_string()))
    }
}

impl FailureCause {
    /// The id of the sentence, and how much is put in: the host first, if any, and then what else the sentence says of it.
    const fn sentence(self) -> (&'static str, usize) {
        /// Stands in for the crate's `text!`, so that the test which compares placeholders with the catalogues finds these ids as
        /// well. One [`Text::Message`] built in one place makes the module smaller than twenty would.
        macro_rules! text {
            ($id:literal $(, $name:ident = $place:literal)*) => { ($id, <[u8]>::len(&[$($place),*])) };
        }
        match self {
            Self::UnknownHost => text!("socket_failure_unknown_host", host = 1),
            Self::Refused => text!("socket_failure_refused", host = 1, port = 2),
            Self::Timeout => text!("socket_failure_timeout", host = 1, port = 2),
            Self::Broken => text!("socket_failure_broken", host = 1),
            Self::Offline => text!("socket_failure_offline"),
            Self::LocalNetwork => text!("socket_failure_local_network", host = 1),
            Self::NoProxy => text!("socket_failure_no_proxy"),
            Self::ProxyRefused => text!("socket_failure_proxy_refused", host = 1),
            Self::Stopped => text!("socket_failure_stopped"),
            Self::Answered(_) => text!("socket_failure_answered", host = 1, status = 2),
            Self::Redirected => text!("socket_failure_redirected"),
            Self::NoTls => text!("socket_failure_no_tls", host = 1, port = 2),
            Self::Certificate(CertificateProblem::UnknownIssuer) => text!("socket_failure_unknown_issuer", host = 1),
            Self::Certificate(CertificateProblem::SelfSigned) => text!("socket_failure_self_signed", host = 1),
            Self::Certificate(CertificateProblem::OtherName) => text!("socket_failure_other_name", host = 1),
            Self::Certificate(CertificateProblem::Expired) => text!("socket_failure_expired", host = 1),
            Self::Certificate(CertificateProblem::NotYetValid) => text!("socket_failure_not_yet_valid", host = 1),
            Self::Certificate(CertificateProblem::Revoked) => text!("socket_failure_revoked", host = 1),
            Self::Tls => text!("socket_failure_tls", host = 1),
            Self::Other => text!("socket_failure_other", host = 1, error = 2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Scheme;
    use crate::tab_sockets::SocketState;

    fn place() -> SocketPlace {
        let state = SocketState::NotPinned;
        SocketPlace { scheme: Scheme::Wss, host: "nas.test".to_owned(), port: 8443, state }
    }

    fn failed(error: &str, page: Option<&str>) -> String {
        FailedSocket::new(&place(), page, &Detail::new(error), false).sentence().english()
    }

    #[test]
    fn each_cause_is_said_with_what_to_do() {
        for (error, start) in [
            ("NS_ERROR_UNKNOWN_HOST", "Firefox found no address for nas.test."),
            ("NS_ERROR_CONNECTION_REFUSED", "nas.test accepts no connection at port 8443."),
            ("NS_ERROR_NET_TIMEOUT", "nas.test did not answer at port 8443 in time."),
            ("NS_ERROR_NET_RESET", "The connection to nas.test broke off"),
            ("NS_ERROR_OFFLINE", "Firefox works offline."),
            ("NS_ERROR_LOCAL_NETWORK_ACCESS_DENIED", "Firefox did not let the page connect to nas.test"),
            ("NS_ERROR_PROXY_CONNECTION_REFUSED", "The proxy that Firefox uses cannot be reached."),
            ("NS_ERROR_PROXY_GATEWAY_TIMEOUT", "The proxy did not connect to nas.test."),
            ("NS_ERROR_ABORT", "The socket was stopped before it opened"),
            ("NS_ERROR_NET_ON_RECEIVING_FROM", "The server sent the socket to another address"),
            (
                "SSL received a record that exceeded the maximum permissible length.",
                "nas.test does not speak TLS at port 8443.",
            ),
            ("Peer’s Certificate issuer is not recognized.", "Firefox does not trust the issuer"),
            ("The certificate is not trusted because it is self-signed.", "The certificate of nas.test is self-signed"),
            (
                "… does not match the server’s certificate.",
                "The certificate that the server showed is not for nas.test.",
            ),
            ("Peer’s Certificate has expired.", "The certificate of nas.test has expired."),
            (
                "The server presented a certificate that is not yet valid.",
                "The certificate of nas.test is not valid yet.",
            ),
            ("Peer’s Certificate has been revoked.", "The certificate of nas.test was revoked"),
            ("Le certificat du pair a expiré.", "Firefox does not accept the certificate or the TLS of nas.test."),
            ("NS_ERROR_OF_LATER_YEARS", "The socket to nas.test failed, and Firefox says no more than"),
            (Detail::of_status(403).as_str(), "nas.test answered with status 403"),
        ] {
            let said = failed(error, None);
            assert!(said.starts_with(start), "{error}: {said}");
            // A name is no sentence: it is shown only where there is no other.
            let is_shown = said.contains(error);
            assert_eq!(
                is_shown,
                !error.starts_with("NS_") && !error.starts_with("HTTP") || error.ends_with("YEARS"),
                "{said}"
            );
        }
    }

    #[test]
    fn what_firefox_says_stays_in_its_place() {
        let said = failed("<b>\u{202e}evil\u{2069} issuer is not recognized", None);
        assert!(said.ends_with("Firefox says: “<b>\\u{202e}evil\\u{2069} issuer is not recognized”"), "{said}");
    }

    #[test]
    fn an_exception_of_the_page_is_not_one_of_the_socket() {
        let error = "The certificate is not trusted because it is self-signed.";
        for (page, said) in [
            (None, false),
            (Some("https://nas.test"), true),
            (Some("https://nas.test:5001"), true),
            (Some("https://nas.test:8443"), false),
            (Some("http://nas.test"), false),
            (Some("https://nas.test.evil.test"), false),
            (Some("https://other.test"), false),
        ] {
            assert_eq!(failed(error, page).contains("does not count for port 8443"), said, "{page:?}");
        }
        for error in
            ["NS_ERROR_CONNECTION_REFUSED", "SSL received a record that exceeded the maximum permissible length."]
        {
            assert!(!failed(error, Some("https://nas.test")).contains("exception"), "{error}");
        }
    }

    #[test]
    fn a_rule_speaks_against_the_page_of_what_may_be_a_wrong_key() {
        let (french, expired) = ("Le certificat du pair a expiré.", "Peer’s Certificate has expired.");
        for (error, is_ruled, can_be_decided) in [
            (french, false, true),
            (french, true, false),
            (expired, false, true),
            (expired, true, true),
            ("NS_ERROR_CONNECTION_REFUSED", false, false),
            ("NS_ERROR_CONNECTION_REFUSED", true, false),
        ] {
            let error = Detail::new(error);
            let place = place();
            let failed = FailedSocket::new(&place, None, &error, is_ruled);
            assert_eq!(failed.can_be_decided(), can_be_decided, "{error:?} {is_ruled}");
            let said = failed.sentence().english();
            // Also where the page is offered: whoever shows the expired certificate may show another by then.
            let is_said = said.contains("not protected by its rule");
            assert_eq!(is_said, is_ruled && failed.cause.can_be_decided(), "{said}");
        }
    }
}
