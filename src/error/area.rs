//! What all errors have in common: a code for each, and the same form as JSON.

use std::fmt;

use serde::Serialize;
use serde::de::{DeserializeSeed, EnumAccess, IntoDeserializer, VariantAccess, value};

/// The errors of one area, each with its stable code behind it: the one place where that stands.
macro_rules! area {
    (
        $(#[$about:meta])*
        pub enum $area:ident {
            $($(#[$doc:meta])* $error:ident $({ $($facts:tt)* })? = $code:literal,)+
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[non_exhaustive]
        pub enum $area {
            $($(#[$doc])* #[serde(rename = $code)] $error $({ $($facts)* })?,)+
        }

        impl $area {
            pub(super) const CODES: &[&str] = &[$($code),+];

            /// The stable name of this kind of error. It never changes; tests, pages and other programs may rely on it.
            #[must_use]
            pub const fn code(&self) -> &'static str {
                match self { $(Self::$error { .. } => $code,)+ }
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
                struct Coded;

                impl<'de> serde::de::Visitor<'de> for Coded {
                    type Value = $sum;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        formatter.write_str("the code of an error")
                    }

                    fn visit_enum<A: serde::de::EnumAccess<'de>>(self, access: A) -> Result<$sum, A::Error> {
                        let (code, facts) = access.variant::<String>()?;
                        $(if $area::CODES.contains(&code.as_str()) {
                            return $crate::error::area::read(&code, facts).map($sum::$variant);
                        })+
                        #[cfg($where)]
                        if $there_area::CODES.contains(&code.as_str()) {
                            return $crate::error::area::read(&code, facts).map($sum::$there);
                        }
                        Err(serde::de::Error::unknown_variant(&code, &[]))
                    }
                }

                deserializer.deserialize_enum(stringify!($sum), &[], Coded)
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

/// Reads the facts of an error whose code has been read already.
pub(super) fn read<'de, T, A>(code: &str, facts: A) -> Result<T, A::Error>
where
    T: serde::Deserialize<'de>,
    A: VariantAccess<'de>,
{
    T::deserialize(value::EnumAccessDeserializer::new(Coded { code, facts }))
}

struct Coded<'a, A> {
    code: &'a str,
    facts: A,
}

impl<'de, A: VariantAccess<'de>> EnumAccess<'de> for Coded<'_, A> {
    type Error = A::Error;
    type Variant = A;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, A), A::Error> {
        let code: value::StrDeserializer<'_, A::Error> = self.code.into_deserializer();
        Ok((seed.deserialize(code)?, self.facts))
    }
}
