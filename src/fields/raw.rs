//! A value as it stands in the text.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

/// The text of one value. It is what `serde_json` gives to its own `RawValue`, whose reader can say what it has met instead: 20 KB of
/// the pages' module, for what is never met.
pub(crate) struct Raw<'a>(pub(super) &'a str);

impl<'de: 'a, 'a> Deserialize<'de> for Raw<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> Visitor<'de> for Text {
            type Value = Raw<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("JSON")
            }

            /// One field, whose value is the text.
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw<'de>, A::Error> {
                map.next_key::<IgnoredAny>()?;
                map.next_value().map(Raw)
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(self, _: D) -> Result<Raw<'de>, D::Error> {
                Err(D::Error::custom("not the text of JSON"))
            }
        }

        deserializer.deserialize_newtype_struct(RAW_VALUE, Text)
    }
}

/// The name by which `serde_json` knows that the text is wanted.
const RAW_VALUE: &str = "$serde_json::private::RawValue";
