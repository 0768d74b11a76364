//! Many rules added, replaced and taken out in one step: all of it or nothing.

use std::sync::Arc;

use super::{Policy, mistakes_of_entry};
use crate::error::RuleError;
use crate::host::UrlHostParser;
use crate::rule::{Field, FieldError, Rule, RuleDocument, RuleRefusal, RuleStamp};
use crate::time::UnixMillis;

impl Policy {
    /// This policy, once the rules with the ids of `delete` are taken out, and those of `save` are in: each in the place of the one
    /// with its id, or as another one. A rule that takes nobody's place keeps the times that it has, as it may have been here
    /// before. The policy, and the rules of `save` as they are in it.
    ///
    /// # Errors
    /// All rules of `save` that cannot be stored. That no rule has an id of `delete` is for the caller to know.
    pub fn changed(
        &self,
        save: &[RuleDocument],
        delete: &[String],
        now: UnixMillis,
        url_host: UrlHostParser<'_>,
    ) -> Result<(Self, Vec<Arc<Rule>>), Vec<RuleRefusal>> {
        // What is replaced goes first: hosts may be exchanged.
        let replaced = save.iter().filter_map(|document| document.id.as_deref());
        let mut after = self.clone();
        for id in replaced.chain(delete.iter().map(String::as_str)) {
            after.index.take(id);
        }
        after.rules.retain(|rule| after.index.by_id(rule.id()).is_some());
        let mut saved = Vec::with_capacity(save.len());
        let mut refusals = Vec::new();
        for (place, document) in save.iter().enumerate() {
            match after.check_change(self, document, now, url_host) {
                Ok(rule) => {
                    let rule = Arc::new(rule);
                    after.put(Arc::clone(&rule));
                    saved.push(rule);
                }
                Err(errors) => refusals.push(RuleRefusal { place, errors }),
            }
        }
        if !refusals.is_empty() {
            return Err(refusals);
        }
        // What has been replaced stands where it stood.
        let old = self.rules.iter().filter_map(|rule| after.rule(rule.id()));
        let new = saved.iter().filter(|rule| !self.has_rule(rule.id()));
        after.rules = old.chain(new).cloned().collect();
        Ok((after, saved))
    }

    /// Checks a rule beside those that are here by now; `before` has the one that it replaces.
    fn check_change(
        &self,
        before: &Self,
        document: &RuleDocument,
        now: UnixMillis,
        url_host: UrlHostParser<'_>,
    ) -> Result<Rule, Vec<FieldError>> {
        if let Some(id) = document.id.as_ref().filter(|id| self.has_rule(id)) {
            return Err(vec![FieldError::whole(Field::Id, RuleError::IdTaken { id: id.clone() })]);
        }
        let old = before.own(document);
        let stamp = RuleStamp { id: String::new(), time: now };
        let rule = self.check_with(old, document, &stamp, url_host, mistakes_of_entry(document, url_host))?;
        Ok(if old.is_some() {
            rule
        } else {
            let created = document.created.unwrap_or(now);
            rule.with_times(created, document.updated.unwrap_or(created))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{Mode, PinDocument};

    const NOW: UnixMillis = UnixMillis::new(100);

    fn document(id: &str, host: &str) -> RuleDocument {
        let pin =
            PinDocument { sha256: "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=".to_owned(), label: String::new() };
        RuleDocument { id: Some(id.to_owned()), host: host.to_owned(), pins: vec![pin], ..RuleDocument::default() }
    }

    /// As it is stored: whoever changes it has to say when it was changed last.
    fn stored(policy: &Policy, id: &str) -> RuleDocument {
        RuleDocument::from(policy.rule(id).unwrap().as_ref())
    }

    fn policy() -> Policy {
        let save = ["a", "b", "c"].map(|id| document(id, &format!("{id}.test")));
        Policy::default().changed(&save, &[], UnixMillis::new(1), &|_| None).unwrap().0
    }

    fn hosts(policy: &Policy) -> Vec<(String, String)> {
        policy.rules().iter().map(|rule| (rule.id().to_owned(), rule.host().to_string())).collect()
    }

    fn pairs<const N: usize>(expected: [(&str, &str); N]) -> Vec<(String, String)> {
        expected.map(|(id, host)| (id.to_owned(), host.to_owned())).into()
    }

    #[test]
    fn all_is_done_in_one_step_and_the_places_stay() {
        let before = policy();
        let exchanged = [("a", "b.test"), ("b", "a.test")].map(|(id, host)| RuleDocument {
            host: host.to_owned(),
            mode: Mode::Flag,
            ..stored(&before, id)
        });
        let save = [exchanged[0].clone(), document("d", "d.test"), exchanged[1].clone()];
        let (after, saved) = before.changed(&save, &["c".to_owned()], NOW, &|_| None).unwrap();
        assert_eq!(hosts(&after), pairs([("a", "b.test"), ("b", "a.test"), ("d", "d.test")]));
        assert_eq!(saved.iter().map(|rule| rule.id()).collect::<Vec<_>>(), ["a", "d", "b"]);
        assert_eq!((saved[0].created(), saved[0].updated()), (UnixMillis::new(1), NOW));
        assert_eq!((saved[1].created(), saved[1].updated()), (NOW, NOW));
        let read = Policy::from_json(&after.to_json().unwrap(), NOW, &|_| None).unwrap();
        assert_eq!(hosts(&read), hosts(&after));
        assert_eq!(hosts(&before), hosts(&policy()), "it is another one");
    }

    #[test]
    fn what_was_taken_out_comes_back_as_it_was() {
        let before = policy();
        let taken = [stored(&before, "a"), stored(&before, "c")];
        let ids = ["a".to_owned(), "c".to_owned()];
        let (without, _) = before.changed(&[], &ids, NOW, &|_| None).unwrap();
        assert_eq!(hosts(&without), pairs([("b", "b.test")]));
        let (again, _) = without.changed(&taken, &[], NOW, &|_| None).unwrap();
        assert_eq!(taken, ["a", "c"].map(|id| stored(&again, id)));
    }

    #[test]
    fn nothing_is_done_where_a_rule_is_refused_and_each_of_them_is_said() {
        let before = policy();
        let outdated = RuleDocument { updated: Some(UnixMillis::new(7)), ..stored(&before, "a") };
        let save = [
            document("d", "d.test"),
            document("e", "*.com"),
            document("f", "d.test"),
            document("g", "c.test"),
            outdated,
            document("d", "other.test"),
        ];
        let refusals = before.changed(&save, &["b".to_owned()], NOW, &|_| None).unwrap_err();
        let codes: Vec<_> = refusals.iter().map(|refusal| (refusal.place, refusal.errors[0].error.code())).collect();
        assert_eq!(
            codes,
            [
                (1, "host-wildcard-top-level"),
                (2, "rule-host-taken"),
                (3, "rule-host-taken"),
                (4, "rule-changed"),
                (5, "rule-id-taken")
            ]
        );
    }
}
