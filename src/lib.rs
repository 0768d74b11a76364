//! Sockpin pins TLS public keys for WebSocket connections.
//!
//! The decision path: the browser hands over a handshake's certificate chain ([`connection`]); the most specific rule
//! of each layer is looked up by host and port ([`policy`]); each certificate's original `SubjectPublicKeyInfo` is cut
//! out of its DER ([`certificate`]) and hashed ([`pin`]); the keys are compared with the rule's pins ([`verdict`]); the
//! strictest layer wins. What cannot be judged is never allowed. A violation alone becomes a log entry
//! ([`violation`]); [`engine`] strings these together as a state machine without I/O; `browser` (wasm32 only) feeds it
//! with Firefox's events and carries out what it says.
//!
//! Dependencies point up this list, never down:
//!
//! | module | subject |
//! |---|---|
//! | [`limits`], `fields` | numbers; stored JSON field by field |
//! | [`error`], [`time`] | what can be wrong, points in time |
//! | [`pin`], [`host`], [`certificate`] | pins, hosts and patterns, DER to key |
//! | [`rule`], [`policy`], [`settings`] | checked rules, lookup, what the user sets |
//! | [`connection`], [`verdict`] | facts in, verdict out |
//! | [`managed`], [`pause`], [`preflight`] | the administrator's rules; a while without protection; the check ahead of a handshake |
//! | [`lock`], [`seal`], [`overruling`] | what keeps a socket closed without Sockpin's "yes"; for which hosts; what another extension has done |
//! | [`failure`] | why a socket failed without Sockpin, as far as the browser tells |
//! | [`violation`], [`log`], [`seen`] | a violation as it is written down; the entries of the log; what sockets were seen |
//! | [`tab_sockets`] | what has become of the sockets of each tab |
//! | [`last_chain`], [`record`], [`history`] | the chain that was matched last; what each rule has decided; who has changed it |
//! | [`trial`], [`proof`] | what a rule would have decided; what one decides of sockets that are opened to prove it |
//! | [`query`] | what is looked for among rules and in the log, and in which order |
//! | [`known_keys`], [`picking`], [`changed_key`] | keys of public authorities, and who keeps a server's; from a chain to what can be pinned of it; a key that has changed |
//! | [`explanation`] | what was expected, what came, and what has most likely happened |
//! | [`report`] | what goes out of the log: to files, to a collector, to notifications of the system |
//! | [`warnings`] | what may go wrong with a rule that can be stored |
//! | [`formats`], [`import_plan`] | pins as other tools write them; what an import would do to the rules |
//! | [`engine`], [`message`] | the program as a state machine; what pages and background say to each other |
//! | [`button`] | what the toolbar button shows, as ids of messages |
//! | [`view`] | finished texts for the pages; no part of the background |
//! | `browser` | the extension API, storage and pages |

pub mod button;
pub mod certificate;
#[cfg(any(not(target_arch = "wasm32"), feature = "pages", feature = "lab"))]
pub mod changed_key;
pub mod connection;
pub mod engine;
pub mod error;
#[cfg(any(not(target_arch = "wasm32"), feature = "pages", feature = "lab"))]
pub mod explanation;
#[cfg(any(not(target_arch = "wasm32"), feature = "pages", feature = "lab"))]
pub mod failure;
mod fields;
#[cfg(any(not(target_arch = "wasm32"), feature = "pages", feature = "lab"))]
pub mod formats;
pub mod history;
pub mod host;
#[cfg(any(not(target_arch = "wasm32"), feature = "pages", feature = "lab"))]
pub mod import_plan;
pub mod known_keys;
pub mod last_chain;
pub mod limits;
pub mod lock;
pub mod log;
pub mod managed;
pub mod message;
pub mod overruling;
pub mod pause;
pub mod picking;
pub mod pin;
pub mod policy;
pub mod preflight;
pub mod proof;
pub mod query;
pub mod record;
pub mod report;
pub mod rule;
pub mod seal;
pub mod seen;
pub mod settings;
pub mod tab_sockets;
pub mod time;
pub mod trial;
pub mod verdict;
#[cfg(any(not(target_arch = "wasm32"), feature = "pages", feature = "lab"))]
pub mod view;
pub mod violation;
#[cfg(any(not(target_arch = "wasm32"), feature = "pages", feature = "lab"))]
pub mod warnings;

#[cfg(target_arch = "wasm32")]
mod browser;
