//! What all errors have in common: a code for each, and the same form as JSON.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use serde::de::Error as _;

use crate::fields::{Fields, Json, Read};

/// The errors of one area, each with its stable code behind it: the one place where that stands.
macro_rules! area {
    (
        $(#[$about:meta])*
        pub enum $area:ident {
            $($(#[$doc:meta])* $error:ident
                $({ $($(#[$about_fact:meta])* $fact:ident: $type:ty,)+ })? = $code:literal,)+
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, PartialEq, Eq, serde::Serialize)]
        #[non_exhaustive]
        pub enum $area {
            $($(#[$doc])* #[serde(rename = $code)] $error $({ $($(#[$about_fact])* $fact: $type,)+ })?,)+
        }

        impl $area {
            pub(super) const CODES: &[&str] = &[$($code),+];

            /// The stable name of this kind of error. It never changes; tests, pages and other programs may rely on it.
            #[must_use]
            pub const fn code(&self) -> &'static str {
                match self { $(Self::$error { .. } => $code,)+ }
            }

            /// None where no error of this area has this code.
            pub(super) fn read(json: &mut $crate::error::area::Coded<'_>) -> Result<Option<Self>, serde_json::Error> {
                let error = match json.code() {
                    $($code => Self::$error $({ $($fact: json.fact(stringify!($fact))?,)+ })?,)+
                    _ => return Ok(None),
                };
                Ok(Some(error))
            }
        }

        $crate::error::area::shown_as_json!($area);
    };
}

/// All areas together. As JSON an error looks the same alone and in the sum, so its code says to which area it belongs.
macro_rules! sum {
    (
        $(#[$about:meta])*
        pub enum $sum:ident { $($(#[$doc:meta])* $variant:ident($area:ident),)+ }
        where $where:meta { $(#[$there_doc:meta])* $there:ident($there_area:ident) }
    ) => {
        $(#[$about])*
        #[derive(Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $sum {
            $($(#[$doc])* $variant($area),)+
            $(#[$there_doc])*
            #[cfg($where)]
            $there($there_area),
        }

        $(impl From<$area> for $sum {
            fn from(error: $area) -> Self {
                Self::$variant(error)
            }
        })+

        #[cfg($where)]
        impl From<$there_area> for $sum {
            fn from(error: $there_area) -> Self {
                Self::$there(error)
            }
        }

        impl $sum {
            /// The codes of all errors that there are.
            pub const CODES: &[&[&str]] = &[$($area::CODES,)+ #[cfg($where)] $there_area::CODES];

            /// The stable name of this kind of error. It never changes; tests, pages and other programs may rely on it.
            #[must_use]
            pub const fn code(&self) -> &'static str {
                match self {
                    $(Self::$variant(error) => error.code(),)+
                    #[cfg($where)]
                    Self::$there(error) => error.code(),
                }
            }
        }

        /// Every error is read in one place: a reader of its own for each of them was a twelfth of what the pages load.
        impl $crate::fields::Read<'_> for $sum {
            fn read(json: $crate::fields::Json<'_>) -> Result<Self, serde_json::Error> {
                let mut json = $crate::error::area::Coded::of(json)?;
                $(if let Some(error) = $area::read(&mut json)? {
                    return Ok(Self::$variant(error));
                })+
                #[cfg($where)]
                if let Some(error) = $there_area::read(&mut json)? {
                    return Ok(Self::$there(error));
                }
                Err(serde::de::Error::unknown_variant(json.code(), &[]))
            }
        }

        impl serde::Serialize for $sum {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $(Self::$variant(error) => error.serialize(serializer),)+
                    #[cfg($where)]
                    Self::$there(error) => error.serialize(serializer),
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $sum {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let json = serde::Deserialize::deserialize(deserializer)?;
                $crate::fields::Read::read(json).map_err(serde::de::Error::custom)
            }
        }

        $crate::error::area::shown_as_json!($sum);
    };
}

/// For logs and tests: the code and the facts. People get [`crate::view`]'s sentence.
macro_rules! shown_as_json {
    ($errors:ident) => {
        impl std::fmt::Display for $errors {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::error::area::write_json(self, self.code(), formatter)
            }
        }

        impl std::fmt::Debug for $errors {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, formatter)
            }
        }

        impl std::error::Error for $errors {}
    };
}

pub(super) use {area, shown_as_json, sum};

pub(super) fn write_json(error: &impl Serialize, code: &str, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    // Nothing in the browser logs errors, so the module does without a second writer of JSON.
    if cfg!(target_arch = "wasm32") {
        return formatter.write_str(code);
    }
    formatter.write_str(&serde_json::to_string(error).map_err(|_| fmt::Error)?)
}

/// The JSON of an error that has not been read further than to its code.
pub(super) struct Coded<'a> {
    code: Cow<'a, str>,
    /// None where the code stands alone.
    facts: Option<Fields<'a, Json<'a>>>,
}

impl<'a> Coded<'a> {
    pub(super) fn of(json: Json<'a>) -> Result<Self, serde_json::Error> {
        let (code, facts) = json.variant()?;
        Ok(Self { code, facts: facts.map(Json::object).transpose()? })
    }

    pub(super) fn code(&self) -> &str {
        &self.code
    }

    pub(super) fn fact<T: Read<'a>>(&mut self, name: &'static str) -> Result<T, serde_json::Error> {
        self.facts.as_mut().ok_or_else(|| serde_json::Error::missing_field(name))?.part(name)
    }
}
