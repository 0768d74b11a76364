//! What pages are made of, whatever they show.

pub(super) mod announcement;
pub(super) mod list;
pub(super) mod notices;
