//! Finished texts for the pages: severity, wording, dates. Plain functions from the core's types to text, tested on the
//! host; the only place where sentences for people are made.
//!
//! - [`text`]: a text before it is put into words, and how it is; [`catalogue`]: the words of one language.
//! - [`notice`]: tags and notices, what every other module makes.
//! - [`error`]: what was wrong, where, and what to do, for every [`crate::error::Error`].
//! - [`violation`]: the sentence for every [`crate::verdict::Reason`], the title of an entry, what to do next.
//! - [`log`]: the log as a whole; [`foreign`]: texts from outside within sentences of ours.
//! - [`certificate`]: names, roles and marks of the certificates of a chain.
//! - [`changed_key`]: a certificate then and now, what has most likely happened, and what can be done.
//! - [`rule`]: mode, pins and expiry of a rule in words; [`rule_facts`]: what its other fields say, and what a change has made of them.
//! - [`warning`]: what may go wrong with a rule.
//! - [`record`]: what a rule has decided; [`history`]: who has changed it; [`changed_rules`]: what came of changes of rules.
//! - [`search`]: what a search in the rules has found.
//! - [`managed`]: what an administrator has set.
//! - [`seen`]: what was seen in this session, and what a rule makes of it; [`picking`]: what can be pinned of a chain.
//! - [`failure`]: why a socket failed without Sockpin.
//! - [`proof`]: what came of sockets that prove a rule; [`tester`]: a rule tried on chains before it is trusted.
//! - [`tab`]: what has become of the sockets of the current tab.
//! - [`form`]: what is wrong with a rule while it is being typed, and what stands beside each field.
//! - [`source`]: keys taken from files and from pasted or dropped texts.
//! - [`transfer`]: what an import would do, and what an export does not say.
//! - [`status`]: whether Sockpin is at work, in a line, and what to do where it is not.
//! - [`demo`]: the sockets of the demo, which the lab lists; [`attempt`]: what came of one that it opened.
//! - [`date`]: dates and spans of time.

pub mod attempt;
pub mod catalogue;
pub mod certificate;
pub mod changed_key;
pub mod changed_rules;
pub mod date;
pub mod demo;
#[cfg(not(target_arch = "wasm32"))]
pub mod english;
pub mod error;
pub mod explanation;
pub mod failure;
pub mod foreign;
pub mod form;
pub mod history;
pub mod log;
pub mod managed;
pub mod notice;
pub mod picking;
pub mod proof;
pub mod record;
pub mod rule;
pub mod rule_facts;
pub mod search;
pub mod seen;
pub mod source;
pub mod status;
pub mod tab;
pub mod tester;
pub mod text;
pub mod transfer;
pub mod violation;
pub mod warning;
