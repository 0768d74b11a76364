//! Files and texts that the person chooses, drops or pastes, and the public keys in them.

use js_sys::Uint8Array;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{DataTransfer, DragEvent, Event, EventTarget, File, FileList, HtmlElement};

use super::dom::{JsResult, document, listen};
use crate::error::InputError;
use crate::formats::{self, Reading};
use crate::limits::MAX_INSPECT_BYTES;
use crate::view::source::{Problem, Source};

/// What was found in one source.
pub(super) struct Found {
    pub(super) source: Source,
    /// What is in it, or why there is nothing.
    pub(super) reading: Result<Reading, Problem>,
}

/// Reads a text.
pub(super) fn read_text(source: Source, text: &str) -> Found {
    Found { source, reading: formats::read(text.as_bytes()).map_err(Problem::Content) }
}

/// Reads files, each by itself: one that is bad spoils no other.
pub(super) async fn read_files(files: Vec<File>) -> Vec<Found> {
    let mut found = Vec::with_capacity(files.len());
    for file in files {
        found.push(Found { source: Source::File(file.name()), reading: read_file(&file).await });
    }
    found
}

async fn read_file(file: &File) -> Result<Reading, Problem> {
    formats::read(&read_bytes(file).await?).map_err(Problem::Content)
}

/// What is in a file.
pub(super) async fn read_bytes(file: &File) -> Result<Vec<u8>, Problem> {
    let bytes = size(file);
    if bytes > MAX_INSPECT_BYTES {
        return Err(Problem::Content(InputError::TooLarge { bytes, limit: MAX_INSPECT_BYTES }.into()));
    }
    // Rejects for a folder, and for a file that has gone since it was chosen.
    let read = JsFuture::from(file.array_buffer()).await.map_err(|_| Problem::Unreadable)?;
    Ok(Uint8Array::new(&read).to_vec())
}

/// The files of an input or of a drop.
pub(super) fn of_list(list: Option<FileList>) -> Vec<File> {
    let Some(list) = list else {
        return Vec::new();
    };
    (0..list.length()).filter_map(|index| list.item(index)).collect()
}

/// Calls the handler with whatever is dropped on the element, and marks it while something is held over it.
pub(super) fn accept_drops(zone: &HtmlElement, handler: impl Fn(DataTransfer) -> JsResult + 'static) -> JsResult {
    let marked = zone.clone();
    listen(zone, "dragover", move |event| {
        event.prevent_default();
        Ok(marked.dataset().set("over", "true")?)
    })?;
    let marked = zone.clone();
    listen(zone, "dragleave", move |_| {
        marked.dataset().delete("over");
        Ok(())
    })?;
    let marked = zone.clone();
    listen(zone, "drop", move |event| {
        marked.dataset().delete("over");
        let Some(data) = event.dyn_ref::<DragEvent>().and_then(DragEvent::data_transfer) else {
            return Ok(());
        };
        event.prevent_default();
        handler(data)
    })
}

/// Firefox would leave the page for a file that is dropped beside the zone.
pub(super) fn ignore_stray_drops() -> JsResult {
    let document: EventTarget = document()?.into();
    let ignore = |event: Event| {
        let has_files = |data: DataTransfer| data.types().includes(&"Files".into(), 0);
        if event.dyn_ref::<DragEvent>().and_then(DragEvent::data_transfer).is_some_and(has_files) {
            event.prevent_default();
        }
        Ok(())
    };
    listen(&document, "dragover", ignore)?;
    listen(&document, "drop", ignore)
}

/// Bytes of a file. Sizes are whole numbers far below 2^53; one that did not fit would be too large in any case.
pub(super) fn size(file: &File) -> usize {
    format!("{:.0}", file.size()).parse().unwrap_or(usize::MAX)
}
