//! Every size, count and time limit of the core, with its unit and its source.
//!
//! The one limit that stands elsewhere is the guard's deadline in `extension/background.js`: it must hold before this
//! code has loaded.

/// Bytes of a pin: a SHA-256 digest (RFC 7469 section 2.4, FIPS 180-4 section 1).
pub const PIN_BYTES: usize = 32;

/// Bytes of the nonce in `Sec-WebSocket-Key` (RFC 6455 section 4.1, item 7).
pub const WEBSOCKET_NONCE_BYTES: usize = 16;

/// Handshakes under way that are remembered for their later events. Firefox opens at most 200 sockets at a time
/// (`network.websocket.max-connections`). Past this the oldest is forgotten: its socket does not open.
pub const MAX_HANDSHAKES: usize = 2_000;

/// Bytes of one label of a domain name (RFC 1035 section 2.3.4).
pub const MAX_LABEL_BYTES: usize = 63;

/// Bytes of a whole domain name as text, without the trailing dot (RFC 1035 section 2.3.4: 255 octets on the wire).
pub const MAX_HOST_BYTES: usize = 253;

/// Certificates of one chain that are looked at. Firefox builds paths of at most 8; anything past this is no chain.
pub const MAX_CHAIN_CERTIFICATES: usize = 32;

/// Bytes of one certificate that is still parsed. The largest in use, with some hundred names, have about 50 KiB.
pub const MAX_CERTIFICATE_BYTES: usize = 256 * 1024;

/// Bytes of a file or text from which pins are read: a bundle of every public root has about 250 KiB.
pub const MAX_INSPECT_BYTES: usize = 1024 * 1024;

/// Bytes of the files from which rules are imported at once. A layer with [`MAX_RULES`] rules of two pins has about 20 MB as JSON,
/// and so has Chromium's list of all preloaded hosts.
pub const MAX_IMPORT_BYTES: usize = 20 * 1024 * 1024;

/// Milliseconds for which a server from which rules are read may say nothing.
pub const LINK_DEADLINE_MS: i32 = 20_000;

/// Milliseconds after which it must have said all: [`MAX_IMPORT_BYTES`] come over a line of 3 Mbit/s by then.
pub const LINK_WHOLE_DEADLINE_MS: i32 = 60_000;

/// Levels of elements, objects and lists in a file of rules. Android's configurations and property lists use about ten; each
/// level costs room on the stack.
pub const MAX_IMPORT_DEPTH: usize = 32;

/// Values in a file of rules: JSON's and a property list's are held in memory at once, with about 50 bytes each. In
/// [`MAX_IMPORT_BYTES`] of real rules there are at most 1.7 million.
pub const MAX_IMPORT_VALUES: usize = 2_000_000;

/// Bytes that imported rules may take in memory. A few thousand bytes of pins that are meant for each of 100,000 hosts would
/// otherwise become gigabytes; [`MAX_RULES`] rules with two pins take about 60 MB.
pub const MAX_IMPORT_MEMORY_BYTES: usize = 128 * 1024 * 1024;

/// Attributes of one XML element. Those that are read have at most three.
pub const MAX_XML_ATTRIBUTES: usize = 32;

/// Rules of one layer. So many are read within a second when the background starts; ten times as many would outlast the
/// guard's deadline, and every socket would fail.
pub const MAX_RULES: usize = 100_000;

/// Rules that an administrator gives as a list of objects; as JSON text they may give [`MAX_RULES`]. Firefox clones each object
/// several times before an extension has it: a start with 100,000 takes five times as long as with their text, and on a slow
/// computer would outlast the guard's deadline.
pub const MAX_LISTED_MANAGED_RULES: usize = 20_000;

/// Pins, and separately denied keys, of one rule.
pub const MAX_PINS_PER_RULE: usize = 64;

/// Characters of a pin's label.
pub const MAX_LABEL_CHARACTERS: usize = 200;

/// Characters of a rule's note.
pub const MAX_NOTE_CHARACTERS: usize = 2_000;

/// Characters of the address to which a rule's reports are sent; what servers are asked to take at least (RFC 9110 section 4.1: 8,000
/// octets) is more than any collector needs.
pub const MAX_REPORT_URI_CHARACTERS: usize = 2_000;

/// Characters of a rule's identifier.
pub const MAX_RULE_ID_CHARACTERS: usize = 64;

/// Characters of a certificate's subject or issuer that are kept for people to read.
pub const MAX_NAME_CHARACTERS: usize = 500;

/// Characters of somebody's input that a message repeats, the name of a file for instance. An IPv6 address has at most
/// 45; what is longer than this is not what it claims to be.
pub const MAX_EXCERPT_CHARACTERS: usize = 60;

/// Characters of a program's own words about an error that are shown. The longest of serde's list every field of a rule.
pub const MAX_DETAIL_CHARACTERS: usize = 300;

/// Entries kept in the log, each of any number of equal violations. What goes first: [`crate::log`].
pub const MAX_LOG_ENTRIES: u64 = 10_000;

/// Entries of private windows that are kept, in memory. What goes first: [`crate::log::private`].
pub const MAX_PRIVATE_ENTRIES: usize = 100;

/// Bytes of all of them with their chains. One with three certificates has about 8 KB.
pub const MAX_PRIVATE_LOG_BYTES: usize = 512 * 1024;

/// Entries that are deleted in one go where they are too old, or of a host that is cleared. A socket whose entry is to be written
/// meanwhile waits for one go.
pub const LOG_ENTRIES_AT_ONCE: u32 = 20;

/// Entries that the log page reads in one go, with a turn for everything else after it: sockets are judged in the same thread.
pub const LOG_ENTRIES_READ_AT_ONCE: u32 = 200;

/// Lines of the log that are written into a file in one go, with a turn for everything else after it: of each certificate the name
/// is read.
pub const LOG_LINES_WRITTEN_AT_ONCE: usize = 50;

/// Characters of a text from the log that are shown in one place: a host has at most 253, an origin some more. What is longer was
/// written by nobody but a damaged disk.
pub const MAX_FOREIGN_CHARACTERS: usize = 300;

/// Characters of such a text that an opened entry shows of it where somebody wants all of it: some hundred lines.
pub const MAX_WHOLE_CHARACTERS: usize = 10_000;

/// Texts of an entry that can be seen whole. One that was written by Sockpin has none: its texts are shorter than what is cut.
pub const MAX_WHOLE_TEXTS: usize = 20;

/// Pauses, beginnings and ends, kept in the log beside its entries; the oldest go first.
pub const MAX_LOGGED_PAUSES: u32 = 1_000;

/// Pages that are named in one entry of the log. The sockets of further pages are only counted.
pub const MAX_PAGES_PER_ENTRY: usize = 20;

/// Bytes of all certificates of a chain that is kept for people to look at; of a larger one the pins alone are. Firefox
/// takes no handshake message of more than 128 KiB (NSS, `MAX_HANDSHAKE_MSG_LEN`); it adds the root.
pub const MAX_LOGGED_CHAIN_BYTES: usize = 256 * 1024;

/// Milliseconds that a blocked or flagged socket waits for its log entry to be on disk. After that it is answered all
/// the same.
pub const LOG_WRITE_DEADLINE_MS: i32 = 3_000;

/// Milliseconds that Firefox may take to put the seal on. For 100,000 hosts it takes one to two seconds.
pub const SEAL_DEADLINE_MS: i32 = 8_000;

/// Hosts of a part of the seal, before there are twice as many parts.
pub const HOSTS_PER_SEALED_GROUP: usize = 1_000;

/// Groups of sealed hosts: enough for the hosts of two layers of [`MAX_RULES`].
pub const MAX_SEALED_GROUPS: usize = 256;

/// Groups of sealed hosts that Firefox is told of at once: some 60 ms, in which it answers no socket.
pub const SEALED_GROUPS_AT_ONCE: usize = 8;

/// Milliseconds of a pause that is not "until restart".
pub const PAUSE_MS: u64 = 10 * 60 * 1000;

/// Milliseconds for which the answer of a pre-flight is kept.
pub const PREFLIGHT_KEPT_MS: u64 = 60 * 1000;

/// Answers of pre-flights that are kept.
pub const MAX_PREFLIGHT_ANSWERS: usize = 1_000;

/// Milliseconds after which a pre-flight has no answer. The guard's deadline must leave time for the rest.
pub const PREFLIGHT_DEADLINE_MS: i32 = 5_000;

/// Milliseconds for which a socket that proves a rule is waited for. The guard's deadline must leave time for the rest.
pub const PROOF_DEADLINE_MS: i32 = 8_000;

/// Days before its end from which on a rule says that it ends.
pub const EXPIRES_SOON_DAYS: u64 = 30;

/// Rules for which a record of their decisions is kept. With two pins each, some 400 KB of text.
pub const MAX_RULE_RECORDS: usize = 2_000;

/// Milliseconds until a decision of a rule is stored, together with those made meanwhile.
pub const RECORDS_DELAY_MS: i32 = 3_000;

/// Endpoints whose last chain is kept beyond the session: some 500 KB.
pub const MAX_LAST_CHAINS: usize = 100;

/// Milliseconds until the chain of an endpoint takes the place of the one before.
pub const LAST_CHAIN_INTERVAL_MS: u64 = 60 * 60 * 1000;

/// Changes that are kept of a rule.
pub const MAX_CHANGES_PER_RULE: usize = 50;

/// Bytes of the changes that are kept of all rules together: some 2,500, or 15,000 where rules were only added.
pub const MAX_HISTORY_BYTES: usize = 1_000_000;

/// Milliseconds for which the changes of a rule are kept once it was deleted: longer than it can be brought back by a click.
pub const DELETED_KEPT_MS: u64 = 60 * 60 * 1000;

/// Endpoints that are noted as seen in this session.
pub const MAX_SEEN_ENDPOINTS: usize = 200;

/// Chains that are kept of all endpoints together. In base64 they take at most 6 of the 10 MB that Firefox gives to
/// `storage.session`: pages choose the servers, and must not keep a pause or a warning from being stored there.
pub const MAX_SEEN_CHAINS: usize = 180;

/// Bytes of a chain that is kept. Three certificates with the longest signatures in use have less.
pub const MAX_SEEN_CHAIN_BYTES: usize = 24 * 1024;

/// Milliseconds after which a socket that was seen is added to the others, with all that have come meanwhile.
pub const SIGHTINGS_DELAY_MS: i32 = 500;

/// Sockets that wait to be noted together. Those of a larger burst are not counted.
pub const MAX_BATCH: usize = 5_000;

/// Chains that are kept of one endpoint: the one before a renewal and after it, for two ways of validating each.
pub const MAX_CHAINS_PER_ENDPOINT: usize = 4;

/// Pages that are named of one endpoint.
pub const MAX_PAGES_PER_ENDPOINT: usize = 10;

/// Milliseconds for which no further chain of an endpoint without a rule is asked for.
pub const SEEN_CHAIN_INTERVAL_MS: u64 = 10 * 1000;

/// Milliseconds within which a collector is told once of the same host, chain and reason: a day.
pub const REPORT_INTERVAL_MS: u64 = 24 * 60 * 60 * 1000;

/// Milliseconds after which a report that could not be sent is dropped: a week.
pub const REPORT_KEPT_MS: u64 = 7 * REPORT_INTERVAL_MS;

/// Reports of one layer's rules that wait to be sent: those of the user's rules take no room from the administrator's.
pub const MAX_WAITING_REPORTS: usize = 50;

/// Bytes of all of these. One with three certificates has about 6 KB.
pub const MAX_WAITING_REPORT_BYTES: usize = 1024 * 1024;

/// Reports of which it is known that they have been sent within a day.
pub const MAX_KNOWN_REPORTS: usize = 500;

/// Milliseconds that a collector may take to answer.
pub const REPORT_DEADLINE_MS: i32 = 20_000;

/// Milliseconds for which no further notification tells of the same host: an hour.
pub const NOTIFICATION_INTERVAL_MS: u64 = 60 * 60 * 1000;

/// Hosts of which notifications tell within an hour.
pub const MAX_NOTIFIED_HOSTS: usize = 20;
/// Tabs whose sockets are kept; past this, those of the tab that was noted first go.
pub const MAX_NOTED_TABS: usize = 100;

/// Bytes of the text about one tab. All tabs together take at most 2.5 of the 10 MB of `storage.session`: two bytes for each
/// character where one of them is beyond Latin-1, as in some of Firefox's errors.
pub const MAX_TAB_TEXT_BYTES: usize = 12 * 1024;

/// Rows of one tab. What a person reads in a popup is much less.
pub const MAX_TAB_ROWS: usize = 100;

/// Pages that are named in one row.
pub const MAX_PAGES_PER_TAB_ROW: usize = 5;

/// Documents of one page that are told apart from those of the page before.
pub const MAX_DOCUMENTS_PER_TAB: usize = 20;

/// Characters of the name of a key or of an error in a row. A pin's label has as many.
pub const MAX_TAB_DETAIL_CHARACTERS: usize = MAX_LABEL_CHARACTERS;

/// Sockets of which it is remembered what was noted, for what is found out later. Firefox has at most 200 under way.
pub const MAX_KNOWN_SOCKETS: usize = 400;
