//! Records of the log's first version, in which every socket had a record of its own: `{id, time, host, …, chain}` with
//! each certificate described, and no DER; a pause was `{id, time, pause}` in the same store.

use serde_json::{Map, Value, json};

use super::{EntryKey, Share, rank};
use crate::verdict::Outcome;

/// What becomes of a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Upgraded {
    /// An entry of one socket.
    Entry {
        /// Whose part of a full log it is taken from.
        share: String,
        /// To be stored under the id that it had.
        record: Value,
    },
    /// A pause, for the store of pauses.
    Pause {
        /// The id that it had.
        id: u64,
        /// Without one.
        record: Value,
    },
}

/// A record in the form of this version; none of one that has not the form of that one.
#[must_use]
pub fn upgrade(record: Value) -> Option<Upgraded> {
    let Value::Object(mut record) = record else {
        return None;
    };
    let id = record.remove("id").as_ref().and_then(Value::as_u64)?;
    let time = record.get("time").and_then(Value::as_u64)?;
    if record.contains_key("pause") {
        return Some(Upgraded::Pause { id, record: Value::Object(record) });
    }
    record.remove("time");
    let page = record.remove("page").unwrap_or_default();
    let outcome: Outcome = serde_json::from_value(record.get("outcome")?.clone()).ok()?;
    if let Some(Value::Array(chain)) = record.get_mut("chain") {
        chain.iter_mut().filter_map(Value::as_object_mut).for_each(describe_apart);
    }
    let share = page.as_str().map_or(Share::Untold, Share::Page).as_str().to_owned();
    let record = json!({
        "id": id,
        "key": EntryKey::of_version_1(id),
        "share": share,
        "rank": rank(outcome),
        "tally": {
            "count": 1, "first": time, "last": time, "beforeLast": null,
            "pages": [{ "page": page, "count": 1 }], "elsewhere": 0,
        },
        "violation": record,
    });
    Some(Upgraded::Entry { share, record })
}

/// What stood beside pin and mark stands below `description`.
fn describe_apart(certificate: &mut Map<String, Value>) {
    let mut description = Map::new();
    for field in ["subject", "issuer", "notBefore", "notAfter", "serial"] {
        if let Some(value) = certificate.remove(field) {
            description.insert(field.to_owned(), value);
        }
    }
    certificate.insert("description".to_owned(), Value::Object(description));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Entry;
    use crate::pause::{PauseEntry, PauseEvent};

    /// Written by the version before, in Firefox; taken out of its database.
    const RECORDS: &str = include_str!("../../tests/data/log-version-1.json");

    fn records() -> Vec<Value> {
        serde_json::from_str(RECORDS).unwrap()
    }

    #[test]
    fn every_entry_of_the_version_before_is_one_of_its_own_with_its_chain_described() {
        let mut kinds = [0, 0];
        for record in records() {
            match upgrade(record.clone()).unwrap() {
                Upgraded::Entry { share, record: upgraded } => {
                    kinds[0] += 1;
                    assert_eq!(upgraded["key"], json!(format!("version-1-{}", record["id"])));
                    assert_eq!((json!(share), &upgraded["share"]), (record["page"].clone(), &record["page"]));
                    assert_eq!(upgraded["rank"] == json!(1), record["outcome"] == json!("block"));
                    let entry: Entry = serde_json::from_value(upgraded).unwrap();
                    assert_eq!(json!(entry.id), record["id"]);
                    let tally = serde_json::to_value(&entry.tally).unwrap();
                    let pages = json!([{ "page": record["page"], "count": 1 }]);
                    assert_eq!((&tally["count"], &tally["pages"]), (&json!(1), &pages));
                    assert_eq!([&tally["first"], &tally["last"]], [&record["time"]; 2]);
                    let violation = serde_json::to_value(&entry.violation).unwrap();
                    for field in
                        ["host", "port", "outcome", "reason", "stage", "paused", "exception", "rule", "noAnswer"]
                    {
                        assert_eq!(violation[field], record[field], "{field}");
                    }
                    for (certificate, before) in entry.violation.chain.iter().zip(record["chain"].as_array().unwrap()) {
                        let description = serde_json::to_value(certificate.description.as_ref().unwrap()).unwrap();
                        for field in ["subject", "issuer", "notBefore", "notAfter", "serial"] {
                            assert_eq!(description[field], before[field], "{field}");
                        }
                        let kept = serde_json::to_value(certificate).unwrap();
                        for field in ["sha256", "match", "builtInRoot"] {
                            assert_eq!(kept[field], before[field], "{field}");
                        }
                    }
                    assert_eq!(json!(entry.violation.chain.len()), json!(record["chain"].as_array().unwrap().len()));
                }
                Upgraded::Pause { id, record: upgraded } => {
                    kinds[1] += 1;
                    assert_eq!(json!(id), record["id"]);
                    let pause: PauseEntry = serde_json::from_value(upgraded).unwrap();
                    assert_eq!((pause.id, json!(pause.time)), (None, record["time"].clone()));
                    assert!(matches!(pause.pause, PauseEvent::BegunForTenMinutes | PauseEvent::Ended));
                }
            }
        }
        assert_eq!(kinds, [5, 2]);
    }

    #[test]
    fn what_is_no_record_of_that_version_is_left_alone() {
        let good = records().swap_remove(0);
        let without = |field: &str| {
            let mut record = good.clone();
            record.as_object_mut().unwrap().remove(field);
            record
        };
        for record in [json!(null), json!([]), json!({}), without("id"), without("time"), without("outcome")] {
            assert_eq!(upgrade(record.clone()), None, "{record}");
        }
        let mut other = good;
        other["outcome"] = json!("celebrate");
        assert_eq!(upgrade(other), None);
    }
}
