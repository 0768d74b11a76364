//! Finished texts for the pages: severity, wording, dates. Plain functions from the core's types to text, tested on the
//! host; the only place where sentences for people are made.
//!
//! - [`error`]: what was wrong, where, and what to do, for every [`crate::error::Error`].
//! - `violation`: the sentence for every [`crate::verdict::Reason`], the title of an entry, what to do next.
//! - `rule`: mode, pins and expiry of a rule in words.

pub mod error;
