//! What pages are made of, whatever they show.

pub(super) mod list;
