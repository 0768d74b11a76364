//! Brings a record of an earlier format version into the form of this one.

use serde_json::{Map, Value};

use super::POLICY_VERSION;
use crate::error::PolicyError;

/// Makes the fields of a record of one version those of the next; `version` itself is not its matter.
type Step = fn(&mut Map<String, Value>);

/// The steps, in the order of the versions: the first leads from version 1 to version 2. Whoever raises
/// [`POLICY_VERSION`] adds one, with `tests/data/policy-<version>.json` for the version that it leads to.
const STEPS: [Step; 0] = [];

/// The record as this version has it, or none where it is of this version already.
///
/// # Errors
/// [`PolicyError::Syntax`] for a version that there has never been.
pub(super) fn migrated(json: &str, version: u64) -> Result<Option<String>, PolicyError> {
    let done = version.checked_sub(1).and_then(|done| usize::try_from(done).ok());
    match done.and_then(|done| STEPS.get(done..)) {
        Some([]) => Ok(None),
        Some(steps) => apply(json, steps).map(Some),
        None => Err(PolicyError::Syntax { detail: format!("there has never been a version {version}") }),
    }
}

fn apply(json: &str, steps: &[Step]) -> Result<String, PolicyError> {
    let syntax = |error: serde_json::Error| PolicyError::Syntax { detail: error.to_string() };
    let mut fields: Map<String, Value> = serde_json::from_str(json).map_err(syntax)?;
    for step in steps {
        step(&mut fields);
    }
    fields.insert("version".to_owned(), POLICY_VERSION.into());
    serde_json::to_string(&fields).map_err(syntax)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn there_is_a_step_to_every_version() {
        assert_eq!(u64::try_from(STEPS.len()).unwrap() + 1, POLICY_VERSION);
    }

    #[test]
    fn steps_are_taken_in_their_order_from_the_records_version_on() {
        let first: Step = |fields| {
            let rules = fields.remove("rules").unwrap_or_default();
            fields.insert("entries".to_owned(), rules);
        };
        let second: Step = |fields| {
            fields.insert("count".to_owned(), fields["entries"].as_array().unwrap().len().into());
        };
        let old = json!({"version": 0, "rules": [1, 2]}).to_string();
        let new: Value = serde_json::from_str(&apply(&old, &[first, second]).unwrap()).unwrap();
        assert_eq!(new, json!({"version": POLICY_VERSION, "entries": [1, 2], "count": 2}));
    }

    #[test]
    fn a_version_that_never_was_has_no_steps() {
        assert!(migrated("{}", 0).is_err());
        assert_eq!(migrated("{}", POLICY_VERSION), Ok(None));
    }
}
