//! `www/index.html`: the lab.

use super::dom::{Fallible, ready};
use super::{calculator, sockets};

pub(super) async fn start() -> Fallible {
    calculator::start()?;
    sockets::start().await?;
    ready()
}
