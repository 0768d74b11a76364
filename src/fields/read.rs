//! What can be read out of a [`Json`].

use std::borrow::Cow;

use serde::de::value::StrDeserializer;
use serde::de::{Deserialize, Error as _};

use super::Json;
use super::json::Value;
use crate::time::UnixMillis;

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
    T::deserialize(StrDeserializer::new(&json.text()?))
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

impl<'a> Read<'a> for Cow<'a, str> {
    fn read(json: Json<'a>) -> Result<Self, serde_json::Error> {
        json.text()
    }
}

impl Read<'_> for String {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        json.text().map(Cow::into_owned)
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

impl Read<'_> for UnixMillis {
    fn read(json: Json<'_>) -> Result<Self, serde_json::Error> {
        u64::read(json).map(Self::new)
    }
}

impl<'a, T: Read<'a>> Read<'a> for Option<T> {
    fn read(json: Json<'a>) -> Result<Self, serde_json::Error> {
        match json.0 {
            Value::Null => Ok(None),
            value => T::read(Json(value)).map(Some),
        }
    }
}

impl<'a, T: Read<'a>> Read<'a> for Vec<T> {
    fn read(json: Json<'a>) -> Result<Self, serde_json::Error> {
        json.0.list()?.into_iter().map(T::read).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use serde::de::DeserializeOwned;

    use super::*;
    use crate::log::Tally;
    use crate::overruling::Overruling;
    use crate::pause::{Pause, PauseLength};
    use crate::rule::RuleDocument;
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
