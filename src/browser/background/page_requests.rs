//! What pages ask for.

use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;

use super::api;
use super::log_store::Upkeep;
use super::notifications;
use super::session_store::{self, OVERRULING};
use super::state::{State, tell_pages};
use crate::browser::convert::storage_error;
use crate::browser::url_host::url_host;
use crate::browser::{clock, history_store, policy_store};
use crate::connection::{Scheme, Target};
use crate::engine::{Change, Refusal};
use crate::error::{Error, StorageError};
use crate::history::{ChangedBy, continued};
use crate::host::Host;
use crate::log::private::PrivateChange;
use crate::message::{Announcement, PageRequest, Response, Status};
use crate::preflight::{Probe, ProbeAnswer, ProbeFailure};
use crate::rule::{RuleDocument, RuleStamp};
use crate::seen::{SeenChain, Sighting};
use crate::time::UnixMillis;

/// A change of the rules, with by what it is made.
enum Edit {
    Save(Box<RuleDocument>, ChangedBy),
    Delete(String),
    Several { save: Vec<RuleDocument>, delete: Vec<String>, by: ChangedBy },
    ResetPolicy,
}

impl State {
    pub(super) async fn answer(self: &Rc<Self>, request: PageRequest) -> Response {
        let answer = match request {
            PageRequest::Status => {
                self.refresh_access().await;
                clock::now().map(|now| Response::Status(self.status(now))).map_err(Error::from)
            }
            PageRequest::SaveRule { rule, by } => self.edit(Edit::Save(Box::new(rule), by)).await,
            PageRequest::DeleteRule { id } => self.edit(Edit::Delete(id)).await,
            PageRequest::ChangeRules { save, delete, by } => self.edit(Edit::Several { save, delete, by }).await,
            PageRequest::ResetPolicy => self.edit(Edit::ResetPolicy).await,
            PageRequest::Pause { length } => self.changes.run(self.pause(length)).await,
            PageRequest::Resume => {
                self.end_pause();
                self.changes.run(self.resume()).await
            }
            PageRequest::DismissOverruling => {
                self.engine.borrow_mut().forget_overruling();
                self.say_what_has_changed();
                session_store::remove(OVERRULING).await.map(|()| Response::Done)
            }
            PageRequest::PrepareLog => self.log.prepare().await.map(|()| Response::Done).map_err(Error::from),
            PageRequest::ClearLog => self.keep_up(Upkeep::Clear).await,
            PageRequest::ClearLogOf { host } => self.keep_up(Upkeep::ClearHost(host)).await,
            PageRequest::ReadLog { until } => self.keep_up(Upkeep::MarkRead { until }).await,
            PageRequest::ReadPrivateLog { until } => {
                self.private_log.change(PrivateChange::MarkRead { until }).await.map(|_| Response::Done)
            }
            PageRequest::KeepLog { days } => self.keep_log(days).await,
            PageRequest::SetNotifications { on } => notifications::want(on),
            PageRequest::Look { host, port, private } => self.look(&host, port, private).await,
            PageRequest::Prove { id, host, port, wrong_pin } => self.prove(id, &host, port, wrong_pin).await,
        };
        answer.unwrap_or_else(|problem| Response::Failed { problem })
    }

    /// Asks a server for its chain. What it shows is noted as what a socket shows is.
    async fn look(&self, host: &str, port: u16, private: bool) -> Result<Response, Error> {
        let host = Host::parse(host, &url_host)?;
        let sighting = Sighting { host: host.to_string(), port, page: None, time: clock::now()?, sockets: 0 };
        let probe = Probe::without_socket(Target { scheme: Scheme::Wss, host, port });
        let facts = match self.prober.send(&probe).await {
            ProbeAnswer::Server(facts) => facts,
            ProbeAnswer::Ambiguous(_) => return Ok(Response::Unanswered { failure: ProbeFailure::ProxyPassword }),
            ProbeAnswer::None(failure) => return Ok(Response::Unanswered { failure }),
        };
        let Some((_, chain)) = SeenChain::write(&facts) else {
            return Ok(Response::Unanswered { failure: ProbeFailure::Failed });
        };
        if !private {
            self.sightings.add_soon(sighting, Some(facts));
        }
        Ok(Response::Looked { chain })
    }

    /// How things are, as far as it has been found out.
    pub(super) fn status(&self, now: UnixMillis) -> Status {
        let engine = self.engine.borrow();
        Status {
            problem: engine.policy().err().cloned(),
            log_problem: self.log_problem.borrow().clone(),
            seal_problem: self.seal_problem.borrow().clone(),
            rules: engine.policy().map_or(0, |layers| layers.managed.rules().len() + layers.user.rules().len()),
            pause: engine.pause(now),
            pausing: engine.pausing(),
            administrator: engine.managed().and_then(|managed| managed.policy.settings().administrator.clone()),
            refused: engine.managed().map_or(0, |managed| managed.problems.len()),
            overruling: engine.overruling().cloned(),
            access: self.access.get(),
        }
    }

    /// Changes are made one after the other, in the order of their coming.
    async fn edit(self: &Rc<Self>, edit: Edit) -> Result<Response, Error> {
        match self.changes.run(self.make_change(edit)).await {
            Ok(response) => Ok(response),
            Err(Refusal::Rule(errors)) => Ok(Response::Refused { errors }),
            Err(Refusal::Rules(refusals)) => Ok(Response::RulesRefused { refusals }),
            Err(Refusal::Policy(problem)) => Err(problem),
        }
    }

    /// Makes a change of the rules, stores it, and only then puts it in force.
    async fn make_change(self: &Rc<Self>, edit: Edit) -> Result<Response, Refusal> {
        let now = clock::now()?;
        let resets_policy = matches!(edit, Edit::ResetPolicy);
        let is_single = matches!(edit, Edit::Save(..));
        let by = match &edit {
            Edit::Save(_, by) | Edit::Several { by, .. } => *by,
            Edit::Delete(_) | Edit::ResetPolicy => ChangedBy::default(),
        };
        let change: Change = {
            let engine = self.engine.borrow();
            match edit {
                Edit::Save(document, _) => {
                    engine.save_rule(&document, &RuleStamp { id: new_id()?, time: now }, &url_host)?
                }
                Edit::Delete(id) => engine.delete_rule(&id)?,
                Edit::Several { mut save, delete, .. } => {
                    for document in save.iter_mut().filter(|document| document.id.is_none()) {
                        document.id = Some(new_id()?);
                    }
                    engine.change_rules(&save, &delete, now, &url_host)?
                }
                Edit::ResetPolicy => engine.reset_policy()?,
            }
        };
        if resets_policy {
            policy_store::set_aside(now).await?;
        }
        // The history is nothing that a change has to wait for: where it cannot be read it stays as it is.
        let history = history_store::load().await.ok();
        let history = history.map(|kept| continued(&kept, &change.replaced, by, now, &|id| change.has_rule(id)));
        self.mark_seal_outdated().await;
        policy_store::store(&change.stored, history.as_deref()).await?;
        let response = match change.saved.as_slice() {
            [rule] if is_single => Response::Saved { rule: RuleDocument::from(rule.as_ref()) },
            _ => Response::Done,
        };
        self.engine.borrow_mut().adopt(change);
        self.seal_soon();
        self.draw_button();
        spawn_local(tell_pages(Announcement::RulesChanged));
        Ok(response)
    }
}

fn new_id() -> Result<String, StorageError> {
    api::random_uuid().map_err(|thrown| storage_error(&thrown))
}
