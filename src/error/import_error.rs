//! What can be wrong with a file of rules.

use super::{ImportLimit, ImportPart, area, excerpt};

area! {
    /// Why a file of rules, or a part of it, is not taken over.
    pub enum ImportError {
        /// JSON that ends early or is none.
        JsonSyntax {
            /// Line, from 1.
            line: usize,
            /// Column, from 1.
            column: usize,
            /// What the reader says.
            #[serde(serialize_with = "excerpt::serialize_detail")]
            detail: String,
        } = "json-syntax",
        /// XML that ends early or is none.
        XmlSyntax {
            /// Line, from 1.
            line: usize,
            /// Column, from 1.
            column: usize,
            /// What the reader says.
            #[serde(serialize_with = "excerpt::serialize_detail")]
            detail: String,
        } = "xml-syntax",
        /// A name that stands twice in one object or dictionary: nobody can tell which value is meant.
        Repeated {
            /// The name.
            #[serde(serialize_with = "excerpt::serialize")]
            name: String,
            /// Line of the second, from 1.
            line: usize,
            /// Column of the second, from 1.
            column: usize,
        } = "file-repeated",
        /// A document type declaration with entities, or with a reference to another file than Apple's for property lists.
        XmlDoctype {
            /// Line, from 1.
            line: usize,
        } = "xml-doctype",
        /// A property list in Apple's binary form.
        BinaryPlist = "binary-plist",
        /// A file of rules that is past a limit.
        Limit {
            /// Which.
            what: ImportLimit,
            /// The most.
            limit: usize,
            /// Line of what is past it, from 1.
            line: usize,
        } = "import-limit",
        /// More bytes, of all files together, than are imported at once.
        TooLarge {
            /// How many.
            bytes: usize,
            /// The most.
            limit: usize,
        } = "import-too-large",
        /// Rules of a newer version.
        Newer {
            /// Its version.
            version: u64,
        } = "import-newer",
        /// A part of a foreign format that is not taken over as it is.
        Part {
            /// What kind of part.
            part: ImportPart,
            /// Its name.
            #[serde(serialize_with = "excerpt::serialize")]
            name: String,
        } = "import-part",
        /// Hosts that are named without a pin, and that no wider rule covers.
        Pinless {
            /// How many.
            count: usize,
        } = "import-pinless",
    }
}
