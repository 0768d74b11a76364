//! Why a socket failed without Sockpin, as far as Firefox tells.
//!
//! All that it tells is the `error` of `webRequest.onErrorOccurred`, or the status of an answer that opened nothing: at that
//! time `getSecurityInfo` shows nothing, not even the certificate that was refused. For the network the error is the name of an
//! `nsresult` (`NS_ERROR_UNKNOWN_HOST`), the same in every language. For TLS it is a sentence in the language of the browser
//! (`nsserrors.properties`), so an English or a German one tells its cause, and in any other it tells that it was TLS. Of a socket that was given up while it
//! was connecting (by its page, or by Firefox after `network.websocket.timeout.open` seconds), of one to a port that Firefox blocks,
//! and of an unencrypted one that a page over https may not open, it tells nothing at all.

/// Why the socket did not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureCause {
    /// The name has no address.
    UnknownHost,
    /// Nobody listens at the port.
    Refused,
    /// No answer in time.
    Timeout,
    /// The connection broke off.
    Broken,
    /// The browser works offline.
    Offline,
    /// Firefox did not let the page reach a device of the local network.
    LocalNetwork,
    /// The proxy cannot be reached.
    NoProxy,
    /// The proxy did not connect to the server.
    ProxyRefused,
    /// Stopped by the page, by another extension, or since the tab went elsewhere.
    Stopped,
    /// The server answered the handshake, and with another status than 101.
    Answered(u16),
    /// The server sent the socket to another address, which a socket does not follow.
    Redirected,
    /// The port speaks no TLS.
    NoTls,
    /// Firefox does not accept the certificate.
    Certificate(CertificateProblem),
    /// Something else about TLS, or about the certificate in a language that is not known here.
    Tls,
    /// Something else; the name says it.
    Other,
}

/// What Firefox does not accept about a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CertificateProblem {
    /// No authority that the browser trusts has issued it.
    UnknownIssuer,
    /// It has issued itself.
    SelfSigned,
    /// It is for other names.
    OtherName,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// It was revoked.
    Revoked,
}

impl FailureCause {
    /// The cause of an `error`.
    #[must_use]
    pub fn of(error: &str) -> Self {
        if let Some((_, cause)) = NAMES.iter().find(|(name, _)| *name == error) {
            return *cause;
        }
        if error.starts_with("NS_ERROR_PROXY_") {
            return Self::ProxyRefused;
        }
        let is_name = |text: &str| text.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_'));
        if is_name(error) {
            return Self::Other;
        }
        SENTENCES.iter().find(|(part, _)| error.contains(part)).map_or(Self::Tls, |(_, cause)| *cause)
    }

    /// Whether a person can decide about it on a page of the browser, at `https://` and the same host and port: there Firefox
    /// shows what it does not accept, and offers an exception where there can be one.
    #[must_use]
    pub const fn can_be_decided(self) -> bool {
        match self {
            // For that there is no exception.
            Self::Certificate(problem) => !matches!(problem, Revoked),
            Self::Tls => true,
            _ => false,
        }
    }
}

use CertificateProblem::{Expired, NotYetValid, OtherName, Revoked, SelfSigned, UnknownIssuer};

/// `nsresult`s, by name.
const NAMES: [(&str, FailureCause); 17] = [
    ("NS_ERROR_UNKNOWN_HOST", FailureCause::UnknownHost),
    ("NS_ERROR_DNS_LOOKUP_QUEUE_FULL", FailureCause::UnknownHost),
    ("NS_ERROR_CONNECTION_REFUSED", FailureCause::Refused),
    ("NS_ERROR_NET_TIMEOUT", FailureCause::Timeout),
    ("NS_ERROR_NET_TIMEOUT_EXTERNAL", FailureCause::Timeout),
    ("NS_ERROR_NET_RESET", FailureCause::Broken),
    ("NS_ERROR_NET_INTERRUPT", FailureCause::Broken),
    ("NS_ERROR_NET_PARTIAL_TRANSFER", FailureCause::Broken),
    ("NS_ERROR_NET_EMPTY_RESPONSE", FailureCause::Broken),
    ("NS_ERROR_OFFLINE", FailureCause::Offline),
    ("NS_ERROR_LOCAL_NETWORK_ACCESS_DENIED", FailureCause::LocalNetwork),
    ("NS_ERROR_UNKNOWN_PROXY_HOST", FailureCause::NoProxy),
    ("NS_ERROR_PROXY_CONNECTION_REFUSED", FailureCause::NoProxy),
    ("NS_ERROR_ABORT", FailureCause::Stopped),
    ("NS_BINDING_ABORTED", FailureCause::Stopped),
    // What became of a redirect, measured: the address of the event is already the new one.
    ("NS_ERROR_NET_ON_RECEIVING_FROM", FailureCause::Redirected),
    ("NS_ERROR_REDIRECT_LOOP", FailureCause::Redirected),
];

/// Of Firefox's sentences in English and in German, what tells one from the others: those about an issuer's certificate are
/// no sentences about the server's.
const SENTENCES: [(&str, FailureCause); 18] = [
    ("issuer is not recognized", FailureCause::Certificate(UnknownIssuer)),
    ("Zertifikat-Aussteller der Gegenstelle wurde nicht erkannt", FailureCause::Certificate(UnknownIssuer)),
    // A certificate of an authority that has the name of a trusted one, and another key.
    ("certificate has an invalid signature", FailureCause::Certificate(UnknownIssuer)),
    ("Zertifikat der Gegenstelle hat eine ungültige Signatur", FailureCause::Certificate(UnknownIssuer)),
    ("certificate issuer has been marked as not trusted", FailureCause::Certificate(UnknownIssuer)),
    ("Zertifikat-Aussteller der Gegenstelle wurde vom Benutzer", FailureCause::Certificate(UnknownIssuer)),
    ("self-signed", FailureCause::Certificate(SelfSigned)),
    ("vom Aussteller selbst signiert", FailureCause::Certificate(SelfSigned)),
    ("does not match the server", FailureCause::Certificate(OtherName)),
    ("stimmt nicht mit dem Zertifikat des Servers überein", FailureCause::Certificate(OtherName)),
    ("Peer’s Certificate has expired", FailureCause::Certificate(Expired)),
    ("Zertifikat der Gegenstelle ist abgelaufen", FailureCause::Certificate(Expired)),
    ("presented a certificate that is not yet valid", FailureCause::Certificate(NotYetValid)),
    ("Zertifikat vorgezeigt, das noch nicht gültig ist", FailureCause::Certificate(NotYetValid)),
    ("Peer’s Certificate has been revoked", FailureCause::Certificate(Revoked)),
    ("Zertifikat der Gegenstelle wurde widerrufen", FailureCause::Certificate(Revoked)),
    ("record that exceeded the maximum permissible length", FailureCause::NoTls),
    ("die maximal erlaubte Länge überschritten", FailureCause::NoTls),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_browser_has_its_cause() {
        for (error, cause) in [
            ("NS_ERROR_UNKNOWN_HOST", FailureCause::UnknownHost),
            ("NS_ERROR_CONNECTION_REFUSED", FailureCause::Refused),
            ("NS_ERROR_NET_RESET", FailureCause::Broken),
            ("NS_ERROR_LOCAL_NETWORK_ACCESS_DENIED", FailureCause::LocalNetwork),
            ("NS_ERROR_PROXY_BAD_GATEWAY", FailureCause::ProxyRefused),
            ("NS_ERROR_PROXY_CONNECTION_REFUSED", FailureCause::NoProxy),
            ("NS_ERROR_NET_ON_RECEIVING_FROM", FailureCause::Redirected),
            ("NS_ERROR_OF_LATER_YEARS", FailureCause::Other),
            ("", FailureCause::Other),
            ("Peer’s Certificate issuer is not recognized.", FailureCause::Certificate(UnknownIssuer)),
            ("Peer’s certificate has an invalid signature.", FailureCause::Certificate(UnknownIssuer)),
            ("The certificate is not trusted because it is self-signed.", FailureCause::Certificate(SelfSigned)),
            (
                "Unable to communicate securely with peer: requested domain name does not match the server’s certificate.",
                FailureCause::Certificate(OtherName),
            ),
            ("Peer’s Certificate has expired.", FailureCause::Certificate(Expired)),
            ("The server presented a certificate that is not yet valid.", FailureCause::Certificate(NotYetValid)),
            ("Peer’s Certificate has been revoked.", FailureCause::Certificate(Revoked)),
            ("SSL received a record that exceeded the maximum permissible length.", FailureCause::NoTls),
            ("Cannot communicate securely with peer: no common encryption algorithm(s).", FailureCause::Tls),
            // As Firefox 153 says the same in German.
            (
                "Der Zertifikat-Aussteller der Gegenstelle wurde nicht erkannt.",
                FailureCause::Certificate(UnknownIssuer),
            ),
            ("Das Zertifikat der Gegenstelle hat eine ungültige Signatur.", FailureCause::Certificate(UnknownIssuer)),
            (
                "Dem Zertifikat wird nicht vertraut, weil es vom Aussteller selbst signiert wurde.",
                FailureCause::Certificate(SelfSigned),
            ),
            (
                "Sichere Kommunikation mit der Gegenstelle ist nicht möglich: Angeforderter Domainname stimmt nicht mit dem \
                 Zertifikat des Servers überein.",
                FailureCause::Certificate(OtherName),
            ),
            ("Das Zertifikat der Gegenstelle ist abgelaufen.", FailureCause::Certificate(Expired)),
            (
                "Der Server hat ein Zertifikat vorgezeigt, das noch nicht gültig ist.",
                FailureCause::Certificate(NotYetValid),
            ),
            ("Das Zertifikat der Gegenstelle wurde widerrufen.", FailureCause::Certificate(Revoked)),
            ("SSL hat einen Eintrag erhalten, der die maximal erlaubte Länge überschritten hat.", FailureCause::NoTls),
            // About the certificate of an issuer, and in a language that is not known here.
            ("The certificate issuer’s certificate has expired. Check your system date and time.", FailureCause::Tls),
            ("A certificate that is not yet valid was used to issue the server’s certificate.", FailureCause::Tls),
            ("Le certificat du pair a expiré.", FailureCause::Tls),
        ] {
            assert_eq!(FailureCause::of(error), cause, "{error}");
        }
    }

    #[test]
    fn only_what_is_shown_on_a_page_of_the_browser_can_be_decided_there() {
        assert!(FailureCause::Certificate(SelfSigned).can_be_decided() && FailureCause::Tls.can_be_decided());
        assert!(!FailureCause::Certificate(Revoked).can_be_decided() && !FailureCause::UnknownHost.can_be_decided());
        assert!(!FailureCause::NoTls.can_be_decided() && !FailureCause::Answered(403).can_be_decided());
    }
}
