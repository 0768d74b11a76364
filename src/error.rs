//! What can be wrong, by area. Each error carries the facts; its code is stable and crosses the wasm boundary; the sentence for
//! people is made in [`crate::view`]. A function says which area its errors are of, and [`Error`] is all of them together.
//!
//! | area | of |
//! |---|---|
//! | [`PinError`] | a pin, and a private key in the place of anything |
//! | [`PemError`], [`InputError`] | a block of PEM; a file or a certificate |
//! | [`ImportError`] | a file of rules |
//! | [`HostError`] | a host, a pattern, the URL of a socket |
//! | [`TimeError`] | a date, a time |
//! | [`RuleError`] | a rule as a whole, and beside the others |
//! | [`PolicyError`], [`ManagedError`] | the stored policy; what an administrator has set |
//! | [`StorageError`], [`ProgramError`] | what the browser keeps; the parts of Sockpin among themselves |
//!
//! People give private keys where public ones are wanted, so no text is repeated unless it has been checked. A fact that
//! is somebody's text is an [`Excerpt`] or a [`PemLabel`], or is written as one: `Debug` and `Display` are made of the
//! JSON, so that no text leaves by another way, and a test holds that every text has its check.

mod area;
mod container_kind;
mod excerpt;
mod host_error;
#[cfg(any(not(target_arch = "wasm32"), feature = "pages", feature = "lab"))]
mod import_error;
mod import_part;
mod input_error;
mod managed_error;
mod pem_error;
mod pem_label;
mod pin_error;
mod policy_error;
mod program_error;
mod rule_error;
mod storage_error;
mod time_error;

use area::{area, sum};
pub use container_kind::Container;
pub(crate) use excerpt::is_unseen;
pub use excerpt::{Excerpt, detail, name_of_file, visible};
pub use host_error::HostError;
#[cfg(any(not(target_arch = "wasm32"), feature = "pages", feature = "lab"))]
pub use import_error::ImportError;
pub use import_part::{ImportLimit, ImportPart};
pub use input_error::InputError;
pub use managed_error::ManagedError;
pub use pem_error::PemError;
pub use pem_label::PemLabel;
pub use pin_error::PinError;
pub use policy_error::PolicyError;
pub use program_error::ProgramError;
pub use rule_error::RuleError;
pub use storage_error::StorageError;
pub use time_error::TimeError;

sum! {
    /// Why a text, a file, a rule or a policy was refused. As JSON: `{"code": {facts}}`, or the code alone where there are none.
    /// A code that stood beside the facts would have to be looked for before they can be read.
    pub enum Error {
        /// With a pin.
        Pin(PinError),
        /// With a block of PEM.
        Pem(PemError),
        /// With a file or a certificate.
        Input(InputError),
        /// With a host.
        Host(HostError),
        /// With a date or a time.
        Time(TimeError),
        /// With a rule.
        Rule(RuleError),
        /// With a stored policy.
        Policy(PolicyError),
        /// With what an administrator has set.
        Managed(ManagedError),
        /// With what the browser keeps.
        Storage(StorageError),
        /// Within Sockpin.
        Program(ProgramError),
    }
    // The background reads no such file.
    where any(not(target_arch = "wasm32"), feature = "pages", feature = "lab") {
        /// With a file of rules.
        Import(ImportError)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// A new error's text is checked before it leaves, or this fails. Whatever is no text must be of a type that this test
    /// knows to be none, or to be checked by itself.
    #[test]
    fn every_text_has_its_check() {
        const KNOWN: [&str; 11] = [
            "usize",
            "u64",
            "char",
            "Container",
            "Excerpt",
            "ImportLimit",
            "ImportPart",
            "PemLabel",
            "Box<Error>",
            "Cow<'static, str>",
            "String",
        ];
        let (mut areas, mut texts) = (0, 0);
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/error")).unwrap() {
            let path = entry.unwrap().path();
            let source = fs::read_to_string(&path).unwrap();
            let Some((_, errors)) = source.split_once("\narea! {\n") else { continue };
            areas += 1;
            let lines: Vec<_> = errors.lines().map(str::trim).filter(|line| !line.starts_with("//")).collect();
            for pair in lines.windows(2) {
                let Some((_, fact)) = pair[1].trim_end_matches(',').split_once(": ") else { continue };
                assert!(KNOWN.contains(&fact), "{}: {}", path.display(), pair[1]);
                if fact == "String" {
                    texts += 1;
                    assert!(pair[0].starts_with("#[serde(serialize_with = \"excerpt::"), "{pair:?}");
                }
            }
        }
        assert_eq!(areas, super::Error::CODES.len());
        assert!(texts > 10);
    }
}
