//! What can be wrong with a host, a pattern or the URL of a socket.

use super::{area, excerpt};

area! {
    /// Why a text is no host, no pattern of hosts or no URL of a socket, or is one that no rule can protect.
    pub enum HostError {
        /// No host where one is needed.
        Empty = "host-empty",
        /// A character that cannot stand in a host name.
        Character {
            /// The character.
            character: char,
        } = "host-character",
        /// Two dots in a row, or one in front.
        EmptyLabel = "host-empty-label",
        /// A label over 63 bytes.
        LabelLength {
            /// The label.
            #[serde(serialize_with = "excerpt::serialize")]
            label: String,
        } = "host-label-length",
        /// A name over 253 bytes.
        Length {
            /// Its length in bytes.
            bytes: usize,
        } = "host-length",
        /// A `*` anywhere but as the whole first label.
        WildcardPosition = "host-wildcard-position",
        /// A wildcard directly above a top-level domain.
        WildcardTopLevel {
            /// What the wildcard stands above.
            #[serde(serialize_with = "excerpt::serialize")]
            base: String,
        } = "host-wildcard-top-level",
        /// A wildcard with an IP address.
        WildcardAddress = "host-wildcard-address",
        /// A text in the place of an IP address that is not one.
        Address {
            /// The text.
            #[serde(serialize_with = "excerpt::serialize")]
            text: String,
        } = "host-address",
        /// A port that is not a number from 1 to 65535.
        Port {
            /// The text after the colon.
            #[serde(serialize_with = "excerpt::serialize")]
            text: String,
        } = "host-port",
        /// A URL that is not of the web: neither `wss`, `ws`, `https` nor `http`.
        Scheme {
            /// The scheme.
            #[serde(serialize_with = "excerpt::serialize")]
            scheme: String,
        } = "host-scheme",
        /// An internationalised name that IDNA (UTS #46) refuses.
        Internationalised {
            /// The name.
            #[serde(serialize_with = "excerpt::serialize")]
            text: String,
        } = "host-internationalised",
        /// The host has something in front of it that belongs to no URL: `wss:`, `http//`, `DNS:`.
        Prefixed {
            /// The host alone, as far as it can be told.
            #[serde(serialize_with = "excerpt::serialize")]
            host: String,
        } = "host-prefixed",
        /// Several hosts where one is wanted.
        Several = "host-several",
        /// A URL that is not that of a socket.
        SocketUrl = "socket-url",
        /// A host whose requests Firefox shows to no extension.
        NeverShown {
            /// The host.
            #[serde(serialize_with = "excerpt::serialize_checked")]
            host: String,
        } = "host-never-shown",
    }
}
