//! Keeps the seal in step with the rules. No socket waits for it: until it is on, the key holds alone.

use super::super::session_store::{self, SEALED};
use super::super::{clock, seal};
use super::{State, tell_pages};
use crate::error::Error;
use crate::message::Notice;

impl State {
    /// Once a session, and after a change that was cut off: the administrator's rules may be others than at the last start.
    pub(super) async fn seal_in_turn(&self) {
        self.changes.run(self.seal()).await;
    }

    /// A change of the rules begins. If it is cut off, the next start compares.
    pub(super) async fn break_seal(&self) {
        // Where this fails, the next start of the browser compares.
        let _ = session_store::store(SEALED, None::<bool>).await;
    }

    /// Seals the answers of the hosts that have a rule that blocks now.
    pub(super) async fn seal(&self) {
        let Ok(now) = clock::now() else {
            return;
        };
        // While the rules cannot be read, every socket is stopped, and what was sealed stays so.
        if self.engine.borrow().policy().is_err() {
            return;
        }
        let hosts = self.engine.borrow().sealed_hosts(now);
        let sealed = if seal::is_on(&hosts).await { Ok(()) } else { seal::put_on(&hosts).await };
        if sealed.is_ok() {
            let _ = session_store::store(SEALED, Some(true)).await;
        }
        self.say_whether_sealed(sealed.err()).await;
    }

    async fn say_whether_sealed(&self, problem: Option<Error>) {
        let before = self.seal_problem.replace(problem.clone());
        if before != problem {
            tell_pages(Notice::StatusChanged).await;
        }
    }
}
