//! Records of the log's first version, in which every socket had a record of its own: `{id, time, host, …, chain}` with
//! each certificate described, and no DER; a pause was `{id, time, pause}` in the same store.

use super::{EntryKey, Share, rank};
use crate::fields::{Fields, elements, read};
use crate::verdict::Outcome;

/// What becomes of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upgraded {
    /// An entry of one socket.
    Entry {
        /// [`Share`], as it is stored.
        share: String,
        /// JSON, to be stored under the id that it had.
        record: String,
    },
    /// A pause, for the store of pauses.
    Pause {
        /// The id that it had.
        id: u64,
        /// JSON without one.
        record: String,
    },
}

/// A record of the first version in the form of this one; none if it does not have the form of the first.
#[must_use]
pub fn upgrade(record: &str) -> Option<Upgraded> {
    let mut record = Fields::from_json(record).ok()?;
    let id: u64 = record.read("id").ok()??;
    let time: u64 = read(record.get("time")?).ok()?;
    if record.get("pause").is_some() {
        return Some(Upgraded::Pause { id, record: object(record.iter().collect()) });
    }
    record.take("time");
    let page: Option<String> = record.read("page").ok().flatten();
    let outcome: Outcome = read(record.get("outcome")?).ok()?;
    let chain = record.take("chain").map(|chain| elements(chain).map_or_else(|_| chain.to_owned(), describe_all));
    let violation = object(record.iter().chain(chain.as_deref().map(|chain| ("chain", chain))).collect());
    let share = page.as_deref().map_or(Share::Unreported, Share::Page).to_text();
    let page = page.as_deref().map_or_else(|| "null".to_owned(), text);
    let (key, rank) = (text(EntryKey::of_version_1(id).as_str()), rank(outcome));
    let tally = format!(
        r#"{{"count":1,"first":{time},"last":{time},"beforeLast":null,"pages":[{{"page":{page},"count":1}}],"elsewhere":0}}"#
    );
    let record = format!(
        r#"{{"id":{id},"key":{key},"share":{},"rank":{rank},"tally":{tally},"violation":{violation}}}"#,
        text(&share)
    );
    Some(Upgraded::Entry { share, record })
}

fn describe_all(chain: Vec<&str>) -> String {
    let chain: Vec<_> = chain.into_iter().map(describe_apart).collect();
    format!("[{}]", chain.join(","))
}

/// Moves what stood beside pin and mark into `description`.
fn describe_apart(certificate: &str) -> String {
    let Ok(mut certificate) = Fields::from_json(certificate) else {
        return certificate.to_owned();
    };
    let fields = ["subject", "issuer", "notBefore", "notAfter", "serial"];
    let description = object(fields.into_iter().filter_map(|name| Some((name, certificate.take(name)?))).collect());
    object(certificate.iter().chain([("description", description.as_str())]).collect())
}

/// An object with these names and values; the values are JSON texts.
fn object(fields: Vec<(&str, &str)>) -> String {
    let fields: Vec<_> = fields.into_iter().map(|(name, value)| text(name) + ":" + value).collect();
    "{".to_owned() + &fields.join(",") + "}"
}

/// A text as JSON, which has a form for every text.
fn text(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

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
            match upgrade(&record.to_string()).unwrap() {
                Upgraded::Entry { share, record: upgraded } => {
                    let upgraded: Value = serde_json::from_str(&upgraded).unwrap();
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
                    let pause: PauseEntry = serde_json::from_str(&upgraded).unwrap();
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
            assert_eq!(upgrade(&record.to_string()), None, "{record}");
        }
        for outcome in ["celebrate", "allow"] {
            let mut other = good.clone();
            other["outcome"] = json!(outcome);
            assert_eq!(upgrade(&other.to_string()), None, "{outcome}");
        }
    }
}
