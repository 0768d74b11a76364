//! A module in which one function traps, by the binary format of WebAssembly (core specification, section 5).

use anyhow::{Context, Result, bail};

/// The module's bytes with `unreachable` for the body of the exported function.
pub fn with_trap_in(module: &[u8], function: &str) -> Result<Vec<u8>> {
    let index = exported_function(module, function)?
        .with_context(|| format!("the module exports no function {function}"))?
        .checked_sub(imported_functions(module)?)
        .with_context(|| format!("{function} is an import"))?;
    let mut code = section(module, CODE)?;
    let bodies = code.number()?;
    if index >= bodies {
        bail!("{function} has no body");
    }
    for _ in 0..index {
        let size = code.number()?;
        code.skip(size)?;
    }
    let size = code.number()?;
    let (start, body) = (code.at, code.take(size)?);
    // No locals, then the trap, filled up to the size that stands before it.
    let mut trap = vec![NOP; body.len()];
    let [locals, instruction, .., end] = trap.as_mut_slice() else {
        bail!("{function} is too short for a trap");
    };
    (*locals, *instruction, *end) = (0, UNREACHABLE, END);
    let mut bytes = module.to_vec();
    bytes.splice(start..start + body.len(), trap);
    Ok(bytes)
}

fn exported_function(module: &[u8], function: &str) -> Result<Option<usize>> {
    let mut exports = section(module, EXPORTS)?;
    for _ in 0..exports.number()? {
        let name = exports.name()?;
        let (kind, index) = (exports.byte()?, exports.number()?);
        if kind == FUNCTION && name == function.as_bytes() {
            return Ok(Some(index));
        }
    }
    Ok(None)
}

fn imported_functions(module: &[u8]) -> Result<usize> {
    let mut imports = section(module, IMPORTS)?;
    let mut functions = 0;
    for _ in 0..imports.number()? {
        let (_module, _name) = (imports.name()?, imports.name()?);
        // wasm-bindgen imports nothing else.
        if imports.byte()? != FUNCTION {
            bail!("the module imports something that is no function");
        }
        let _type = imports.number()?;
        functions += 1;
    }
    Ok(functions)
}

/// A reader at the start of a section's content.
fn section(module: &[u8], wanted: u8) -> Result<Reader<'_>> {
    let mut reader = Reader { bytes: module, at: HEADER_BYTES };
    loop {
        let (id, size) =
            (reader.byte().with_context(|| format!("the module has no section {wanted}"))?, reader.number()?);
        if id == wanted {
            return Ok(reader);
        }
        reader.skip(size)?;
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(count).context("a size is too large")?;
        let taken = self.bytes.get(self.at..end).context("the module ends too soon")?;
        self.at = end;
        Ok(taken)
    }

    fn skip(&mut self, count: usize) -> Result<()> {
        self.take(count).map(drop)
    }

    fn byte(&mut self) -> Result<u8> {
        self.take(1)?.first().copied().context("the module ends too soon")
    }

    fn name(&mut self) -> Result<&'a [u8]> {
        let length = self.number()?;
        self.take(length)
    }

    /// LEB128, unsigned.
    fn number(&mut self) -> Result<usize> {
        let mut value = 0;
        for shift in (0..usize::BITS).step_by(7) {
            let byte = self.byte()?;
            value |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        bail!("a number has too many bytes")
    }
}

const HEADER_BYTES: usize = 8;
const IMPORTS: u8 = 2;
const EXPORTS: u8 = 7;
const CODE: u8 = 10;
const FUNCTION: u8 = 0;
const UNREACHABLE: u8 = 0x00;
const NOP: u8 = 0x01;
const END: u8 = 0x0b;
