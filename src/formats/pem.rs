//! PEM: blocks of base64 between two frames ([RFC 7468 section 2](https://www.rfc-editor.org/rfc/rfc7468#section-2)), with any
//! text around them.
//!
//! The RFC has each frame on a line of its own. In the field the line ends get lost: files are joined without one, a field of
//! one line drops them, JSON writes them as `\n`. So a frame is known by its dashes, wherever it stands.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::container;
use super::key::{Key, KeyKind};
use super::{Format, Reading};
use crate::certificate::{certificates_of_pkcs7, trusted_certificate};
use crate::error::{Container, Error, InputError, PemError, PemLabel};

/// Every block of a text; nothing at all where there is none.
pub(super) fn read(text: &str) -> Reading {
    let mut reading = Reading::of(Format::Pem);
    for block in Blocks::of(text) {
        let label = PemLabel::of(block.label);
        // Only a label that is known may be shown.
        let what = label.name().unwrap_or_default();
        let line = Some(block.line);
        match block.contents(label) {
            Ok(Contents::Key(kind, der)) => reading.take(Key::of(kind, &der), what, line),
            Ok(Contents::Pkcs7(der)) => match container::pkcs7(&der) {
                Some(Ok(bundle)) => {
                    reading.keys.extend(bundle.keys);
                    reading.left_out.extend(bundle.left_out);
                }
                Some(Err(why)) => reading.leave_out(what, line, why),
                None => reading.leave_out(what, line, InputError::Container { container: Container::Pkcs7 }),
            },
            Err(why) => reading.leave_out(what, line, why),
        }
    }
    reading
}

/// The DER of every certificate in a text.
pub(super) fn certificates(text: &str) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for block in Blocks::of(text) {
        match block.contents(PemLabel::of(block.label)) {
            Ok(Contents::Key(KeyKind::Certificate, der)) => found.push(der),
            Ok(Contents::Pkcs7(der)) => {
                found.extend(certificates_of_pkcs7(&der).unwrap_or_default().into_iter().map(<[u8]>::to_vec));
            }
            Ok(Contents::Key(..)) | Err(_) => {}
        }
    }
    found
}

/// Whether a block begins in a text.
pub(super) fn begins_in(text: &str) -> bool {
    text.contains(BEGIN)
}

/// What was between the frames, and how it is read.
enum Contents {
    Key(KeyKind, Vec<u8>),
    Pkcs7(Vec<u8>),
}

/// One block, or the beginning of one.
struct Block<'a> {
    label: &'a str,
    /// Line of the `BEGIN`, from 1.
    line: usize,
    /// What is between the frames; none where the second is missing.
    body: Option<&'a str>,
}

impl Block<'_> {
    fn contents(&self, label: PemLabel) -> Result<Contents, Error> {
        let line = self.line;
        let body = self.body.ok_or(PemError::End { label, line })?;
        let der = || STANDARD.decode(base64_of(body)).map_err(|_| PemError::Encoding { label, line });
        // RFC 7468 sections 5 to 13; "TRUSTED CERTIFICATE" is OpenSSL's.
        Ok(match self.label {
            "CERTIFICATE" | "X509 CERTIFICATE" => Contents::Key(KeyKind::Certificate, der()?),
            "TRUSTED CERTIFICATE" => Contents::Key(KeyKind::Certificate, trusted_certificate(&der()?)?.to_vec()),
            "PUBLIC KEY" => Contents::Key(KeyKind::PublicKey, der()?),
            "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => Contents::Key(KeyKind::CertificateRequest, der()?),
            "PKCS7" | "PKCS #7 SIGNED DATA" | "CMS" => Contents::Pkcs7(der()?),
            "PKCS12" => return Err(InputError::Container { container: Container::Pkcs12 }.into()),
            "RSA PUBLIC KEY" => return Err(InputError::Pkcs1PublicKey.into()),
            _ => return Err(PemError::Kind { label, line }.into()),
        })
    }
}

/// The blocks of a text, in order.
struct Blocks<'a> {
    rest: &'a str,
    /// The line on which the rest begins, from 1.
    line: usize,
}

impl<'a> Blocks<'a> {
    const fn of(text: &'a str) -> Self {
        Self { rest: text, line: 1 }
    }

    /// Goes on behind this many bytes, and gives what is passed over.
    fn pass(&mut self, bytes: usize) -> &'a str {
        let (passed, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.line = self.line.saturating_add(line_ends(passed));
        self.rest = rest;
        passed
    }
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Block<'a>;

    fn next(&mut self) -> Option<Block<'a>> {
        loop {
            self.pass(self.rest.find(BEGIN)?);
            let line = self.line;
            self.pass(BEGIN.len());
            // A frame that is still being typed has no closing dashes on its line; those of a later frame are not its own.
            let Some(label) = self.rest.split_once(DASHES).map(|(label, _)| label).filter(|label| is_label(label))
            else {
                continue;
            };
            self.pass(label.len() + DASHES.len());
            let end = format!("{END}{label}{DASHES}");
            // A block that is not closed before the next begins has no end.
            let room = self.rest.find(BEGIN).unwrap_or(self.rest.len());
            let body = self.rest.get(..room).and_then(|room| room.find(&end)).map(|length| self.pass(length));
            return Some(Block { label, line, body });
        }
    }
}

/// On one line and without dashes in it ([RFC 7468 section 3](https://www.rfc-editor.org/rfc/rfc7468#section-3), `labelchar`).
fn is_label(text: &str) -> bool {
    !text.contains(['\n', '\r'])
}

fn line_ends(text: &str) -> usize {
    let alone =
        text.bytes().zip(text.bytes().skip(1).chain([0])).filter(|(byte, next)| *byte == b'\r' && *next != b'\n');
    text.matches('\n').count().saturating_add(alone.count())
}

/// Without white space, and without line ends as JSON and many programs write them.
fn base64_of(body: &str) -> String {
    body.replace("\\r", "").replace("\\n", "").replace("\\/", "/").split_whitespace().collect()
}

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
