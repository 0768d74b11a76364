//! What can be read out of a [`Json`].

use std::borrow::Cow;

use serde::de::value::StrDeserializer;
use serde::de::{Deserialize, Error as _};

use super::Json;
use super::json::Value;

/// A type that is read out of JSON field by field.
pub(crate) trait Read<'a>: Sized {
    /// # Errors
    /// A value that is none of this type.
    fn read(json: Json<'a>) -> Result<Self, serde_json::Error>;
}

/// Reads a whole text.
///
/// # Errors
/// Text that is not JSON, or a value that is none of this type.
pub(crate) fn read<'a, T: Read<'a>>(json: &'a str) -> Result<T, serde_json::Error> {
    T::read(serde_json::from_str(json)?)
}

/// One of an enum's words, by the names that serde knows.
///
/// # Errors
/// A value that is no text, or another word.
pub(crate) fn word<T: for<'a> Deserialize<'a>>(json: Json<'_>) -> Result<T, serde_json::Error> {
    named(&json.text()?)
}

/// The one with this name.
///
/// # Errors
/// Another word.
pub(crate) fn named<T: for<'a> Deserialize<'a>>(name: &str) -> Result<T, serde_json::Error> {
    T::deserialize(StrDeserializer::new(name))
}

/// Enums whose values are words.
macro_rules! words {
    ($($word:ty),+ $(,)?) => {
        $(impl crate::fields::Read<'_> for $word {
            fn read(json: crate::fields::Json<'_>) -> Result<Self, serde_json::Error> {
                crate::fields::word(json)
            }
        })+
    };
}

pub(crate) use words;

/// For what is mostly written in the program.
impl Read<'_> for Cow<'static, str> {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        String::read(json).map(Self::Owned)
    }
}

impl Read<'_> for String {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        json.text().map(Cow::into_owned)
    }
}

impl Read<'_> for char {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        let text = json.text()?;
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(character), None) => Ok(character),
            _ => Err(serde_json::Error::custom("expected a character")),
        }
    }
}

impl Read<'_> for bool {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        match json.0 {
            Value::Truth(truth) => Ok(truth),
            other => Err(other.instead_of("a boolean")),
        }
    }
}

impl Read<'_> for u64 {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        match json.0 {
            Value::Whole(number) => Ok(number),
            other => Err(other.instead_of("u64")),
        }
    }
}

/// A smaller number.
macro_rules! smaller {
    ($($number:ty),+) => {
        $(impl Read<'_> for $number {
            fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
                let number = u64::read(json)?;
                Self::try_from(number).map_err(|_| {
                    let expected = stringify!($number);
                    serde_json::Error::custom(format_args!("invalid value: integer `{number}`, expected {expected}"))
                })
            }
        })+
    };
}

smaller!(u16, u32, usize);

impl<'a, T: Read<'a>> Read<'a> for Option<T> {
    fn read(json: Json<'a>) -> Result<Self, serde_json::Error> {
        match json.0 {
            Value::Null => Ok(None),
            value => T::read(Json(value)).map(Some),
        }
    }
}

impl<'a, T: Read<'a>> Read<'a> for Box<T> {
    fn read(json: Json<'a>) -> Result<Self, serde_json::Error> {
        T::read(json).map(Self::new)
    }
}

impl<'a, T: Read<'a>> Read<'a> for Vec<T> {
    fn read(json: Json<'a>) -> Result<Self, serde_json::Error> {
        let list = json.0.list()?;
        let mut read = Self::with_capacity(list.len());
        for element in list {
            read.push(T::read(element)?);
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use serde::de::DeserializeOwned;
    use serde_json::json;

    use super::*;
    use crate::log::{Entry, Tally};
    use crate::message::{Broadcast, Status};
    use crate::overruling::Overruling;
    use crate::pause::{Pause, PauseEntry, PauseLength};
    use crate::proof::Proved;
    use crate::rule::{RuleDocument, RuleRefusal};
    use crate::settings::Pausing;
    use crate::verdict::{Outcome, Reason};

    /// Both readers give the same, or both refuse.
    fn agree<T: for<'a> Read<'a> + DeserializeOwned + PartialEq + Debug>(json: &str, is_read: bool) {
        let (here, serde) = (read::<T>(json).ok(), serde_json::from_str::<T>(json).ok());
        assert_eq!((&here, here.is_some()), (&serde, is_read), "{json}");
    }

    #[test]
    fn what_is_read_here_is_what_serde_reads() {
        for (json, is_read) in [
            ("{}", true),
            (r#" { "host" : "a.test" , "mode" : "flag" } "#, true),
            (
                r#"{"id":"1","host":"a.test","mode":"off","pins":[],"denied":[{"sha256":"x","label":"\u00e4\n"},{}]}"#,
                true,
            ),
            (r#"{"match":"leaf","expires":"2030-01-01","localRoots":"exempt","requireCt":true}"#, true),
            (
                r#"{"preflight":"require","note":"\"","reportUri":"https://a.test/","created":0,"updated":18446744073709551615}"#,
                true,
            ),
            (r#"{"id":null,"expires":null,"created":null,"updated":null}"#, true),
            (r#"{"\u0068ost":"a.test"}"#, true),
            (r#"{"host":null}"#, false),
            (r#"{"host":5}"#, false),
            (r#"{"mode":"celebrate"}"#, false),
            (r#"{"mode":null}"#, false),
            (r#"{"mode":["block"]}"#, false),
            (r#"{"pins":{}}"#, false),
            (r#"{"pins":["x"]}"#, false),
            (r#"{"pins":[{"sha":""}]}"#, false),
            (r#"{"requireCt":1}"#, false),
            (r#"{"created":1.5}"#, false),
            (r#"{"created":-1}"#, false),
            (r#"{"created":18446744073709551616}"#, false),
            (r#"{"host":"a.test","host":"b.test"}"#, false),
            (r#"{"pinz":[]}"#, false),
            (r#"{"host":"a.test"} x"#, false),
            (r#"{"host":"a.test""#, false),
            (r#"{"host":"\ud800"}"#, false),
            ("null", false),
            ("", false),
        ] {
            agree::<RuleDocument>(json, is_read);
        }
        agree::<Pause>(r#"{"began":1,"until":2}"#, true);
        agree::<Pause>(r#"{"began":1,"more":[{}]}"#, true);
        agree::<Pause>(r#"{"until":2}"#, false);
        agree::<Overruling>(r#"{"how":"sent","time":1,"host":"a.test"}"#, true);
        agree::<Overruling>(r#"{"how":"sent","time":1,"host":null}"#, true);
        agree::<Overruling>(r#"{"how":"never","time":1}"#, false);
        let tally = r#"{"count":3,"first":1,"last":9,"beforeLast":null,"pages":[{"page":null,"count":1},{"page":"p","count":1}],"elsewhere":1}"#;
        agree::<Tally>(tally, true);
        agree::<Tally>(&tally.replace("null,\"count\":1", "null"), false);
        for (json, is_read) in [("7", true), ("65535", true), ("65536", false), ("7.0", false), ("\"7\"", false)] {
            agree::<u16>(json, is_read);
        }
    }

    /// Both readers say the same of it, and of it with any field left out or with another value.
    fn agree_whatever_is_wrong<T: for<'a> Read<'a> + DeserializeOwned + PartialEq + Debug>(json: &str) {
        agree::<T>(json, true);
        let whole: serde_json::Value = serde_json::from_str(json).unwrap();
        for path in paths(&whole) {
            let (parent, name) = path.rsplit_once('/').unwrap();
            for value in [None, Some(json!(null)), Some(json!(5)), Some(json!("x")), Some(json!(true)), Some(json!({}))]
            {
                let mut other = whole.clone();
                match (value, other.pointer_mut(parent).unwrap()) {
                    (Some(value), place) => place[name] = value,
                    (None, place) => drop(place.as_object_mut().unwrap().remove(name)),
                }
                let other = other.to_string();
                assert_eq!(read::<T>(&other).ok(), serde_json::from_str(&other).ok(), "{other}");
            }
        }
    }

    /// Of every field.
    fn paths(value: &serde_json::Value) -> Vec<String> {
        let below = |name: &str, value| paths(value).into_iter().map(move |path| format!("/{name}{path}")).collect();
        match value {
            serde_json::Value::Object(fields) => fields
                .iter()
                .flat_map(|(name, value)| {
                    let mut all: Vec<String> = below(name, value);
                    all.push(format!("/{name}"));
                    all
                })
                .collect(),
            serde_json::Value::Array(elements) => elements
                .iter()
                .enumerate()
                .flat_map(|(place, value)| -> Vec<String> { below(&place.to_string(), value) })
                .collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn what_pages_read_is_what_serde_reads() {
        const KEY: &str = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";
        let pin = json!({ "sha256": KEY, "label": "a key" });
        let found = json!({ "certificate": 1, "sha256": KEY, "label": "a key" });
        let rule = json!({
            "id": "1", "layer": "managed", "host": "a.test", "mode": "block", "match": "leaf", "expires": "2030-01-01",
            "expired": false, "localRoots": "exempt", "requireCt": true, "pins": [pin], "denied": [pin],
        });
        let description =
            json!({ "subject": "CN=a", "issuer": "CN=b", "notBefore": "1", "notAfter": "2", "serial": "3" });
        let violation = json!({
            "host": "a.test", "port": 443, "outcome": "flag", "reason": "denied-key", "exception": true, "paused": true,
            "stage": "preflight", "overruled": "held", "noAnswer": "container", "rule": rule, "matched": found,
            "chain": [{ "sha256": KEY, "builtInRoot": true, "match": "denied", "description": description }],
            "chainDigest": "d",
        });
        let tally = json!({ "count": 1, "first": 1, "last": 1, "beforeLast": 1, "pages": [], "elsewhere": 0 });
        agree_whatever_is_wrong::<Entry>(&json!({ "id": 7, "tally": tally, "violation": violation }).to_string());
        agree_whatever_is_wrong::<PauseEntry>(r#"{"id":1,"time":2,"pause":"ran-out"}"#);
        for conclusion in [
            json!("unjudged"),
            json!({ "allowed": { "rule": "1", "how": { "pin-matched": found } } }),
            json!({ "allowed": { "rule": "1", "how": "no-denied-key" } }),
            json!({ "allowed": { "rule": "1", "how": "local-root-exempt" } }),
            json!({ "violation": violation }),
        ] {
            let proved = json!({ "ending": "opened", "error": "NS_ERROR", "conclusion": conclusion });
            agree_whatever_is_wrong::<Proved>(&proved.to_string());
        }
        let error = json!({ "pin-length": { "bytes": 31 } });
        let refusal = json!({ "place": 1, "errors": [{ "field": "pins", "index": 2, "error": error }] });
        agree_whatever_is_wrong::<RuleRefusal>(&refusal.to_string());
        let status = json!({
            "problem": "policy-lost", "logProblem": error, "sealProblem": error, "rules": 1,
            "pause": { "began": 1, "until": 2 }, "pausing": "forbidden", "administrator": "them", "refused": 1,
            "overruling": { "how": "sent", "time": 1, "host": "a.test" },
            "access": { "everySite": true, "privateWindows": false },
        });
        agree_whatever_is_wrong::<Status>(&status.to_string());
        agree_whatever_is_wrong::<Broadcast>(r#"{"type":"rulesChanged"}"#);
    }

    #[test]
    fn every_word_is_known() {
        for word in ["allowed", "forbidden"] {
            agree::<Pausing>(&format!("\"{word}\""), true);
        }
        for word in ["flag", "block"] {
            agree::<Outcome>(&format!("\"{word}\""), true);
        }
        for word in ["ten-minutes", "until-restart"] {
            agree::<PauseLength>(&format!("\"{word}\""), true);
        }
        for word in ["cleartext", "no-certificates", "deadline", "internal-error"] {
            agree::<Reason>(&format!("\"{word}\""), true);
        }
        agree::<Reason>("\"Deadline\"", false);
        agree::<Reason>("5", false);
    }
}
