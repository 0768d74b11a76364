//! What pages are made of, whatever they show.

pub(super) mod address;
pub(super) mod list;
pub(super) mod live_region;
pub(super) mod minutes;
pub(super) mod notices;
