//! The import of rules: from files, dropped or pasted, to a preview, and from there, when the person says so, into the policy.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Uint8Array;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DataTransfer, Element, Event, EventTarget, File, HtmlButtonElement, HtmlInputElement, HtmlTextAreaElement,
};

use super::import_items::{ItemRow, PartRow, choice_of, conflict_named, name_of};
use super::import_link::ImportLink;
use super::messages;
use super::rule_store::{RuleStore, current_time};
use super::ui::list::List;
use super::ui::live_region::announce;
use super::ui::notices::set_notices;
use crate::browser::dom::{JsResult, by_id, focus, id, listen, listen_at, show, shown, spawn};
use crate::browser::files::{accept_drops, of_list, size};
use crate::browser::part::{Part, part, part_around, say_in};
use crate::browser::url_host::url_host;
use crate::error::{Error, ImportError, RuleError};
use crate::formats::{self, LeftOut, Reading};
use crate::history::ChangedBy;
use crate::import_plan::{Conflict, Plan, RuleChanges, Undo};
use crate::limits::{MAX_IMPORT_BYTES, MAX_PINS_PER_RULE};
use crate::message::{PageRequest, Response};
use crate::rule::RuleDocument;
use crate::view::error::sentence;
use crate::view::notice::{Notice, NoticeKind};
use crate::view::source::{Problem, Source, refused, rows};
use crate::view::text::Text;
use crate::view::transfer as words;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = crypto, js_name = randomUUID)]
    fn random_uuid() -> Result<String, JsValue>;
}

pub(super) struct ImportSection {
    store: Rc<RuleStore>,
    preview: RefCell<Preview>,
    items: Rc<List<ItemRow>>,
    parts: Rc<List<PartRow>>,
    undo: RefCell<Undo>,
    /// Which preview it is: what is under way for an earlier one ends.
    round: Cell<u64>,
    is_importing: Cell<bool>,
}

/// What was read last.
#[derive(Default)]
struct Preview {
    plan: Plan,
    recognised: Vec<Text>,
    left_out: Vec<(Rc<Source>, LeftOut)>,
}

/// A source, and its bytes or why it has none.
pub(super) type Input = (Source, Result<Vec<u8>, Problem>);

impl ImportSection {
    /// Starts the section, which lives as long as the page. Gives the part that asks about links: call its `open_from_address` once
    /// the page is ready.
    pub(super) fn start(store: Rc<RuleStore>) -> JsResult<Rc<ImportLink>> {
        let section = Rc::new(Self {
            store,
            preview: RefCell::default(),
            items: List::new(by_id(id!("import-items"))?)?,
            parts: List::new(by_id(id!("import-parts"))?)?,
            undo: RefCell::default(),
            round: Cell::new(0),
            is_importing: Cell::new(false),
        });
        let this = Rc::clone(&section);
        let link = ImportLink::new(move |input| this.read(vec![input]))?;
        section.listen_to_sources(&link)?;
        section.listen_to_preview()?;
        let this = Rc::clone(&section);
        section.store.subscribe(move || {
            this.rules_changed();
            Ok(())
        });
        Ok(link)
    }

    fn listen_to_sources(self: &Rc<Self>, link: &Rc<ImportLink>) -> JsResult {
        let input: HtmlInputElement = by_id(id!("import-file"))?;
        let (this, offered) = (Rc::clone(self), Rc::clone(link));
        listen(&input.clone(), "change", move |_| {
            let files = of_list(input.files());
            // The same file can be chosen again once it has been mended.
            input.set_value("");
            this.read_files(files, &offered);
            Ok(())
        })?;
        let (this, offered) = (Rc::clone(self), Rc::clone(link));
        accept_drops(&by_id(id!("import-drop"))?, move |data| {
            let files = of_list(data.files());
            if let Some(address) = dropped_link(&data).filter(|_| files.is_empty()) {
                return offered.offer(&address);
            }
            if files.is_empty() {
                let text = data.get_data("text/plain").unwrap_or_default();
                return this.read_instead(vec![(Source::Dropped, Ok(text.into_bytes()))], &offered);
            }
            this.read_files(files, &offered);
            Ok(())
        })?;
        let (this, offered) = (Rc::clone(self), Rc::clone(link));
        listen_at(id!("import-read"), "click", move |_| {
            let text = by_id::<HtmlTextAreaElement>(id!("import-text"))?.value();
            this.read_instead(vec![(Source::Pasted, Ok(text.into_bytes()))], &offered)
        })
    }

    fn listen_to_preview(self: &Rc<Self>) -> JsResult {
        let this = Rc::clone(self);
        listen_at(id!("import-conflict"), "change", move |event| {
            this.preview.borrow_mut().plan.set_conflict(conflict_of(&event));
            this.draw()
        })?;
        let items: EventTarget = by_id(id!("import-items"))?;
        let this = Rc::clone(self);
        listen(&items, "change", move |event| match place_of(&event) {
            Some(place) if part_around(&event, part!("import-choice")).is_some() => {
                this.preview.borrow_mut().plan.choose(place, conflict_of(&event));
                this.draw()
            }
            _ => Ok(()),
        })?;
        let this = Rc::clone(self);
        listen(&items, "input", move |event| {
            let Some(field) = part_around(&event, part!("import-host-input")) else { return Ok(()) };
            let host = field.root().unchecked_ref::<HtmlInputElement>().value();
            if let Some(place) = place_of(&event) {
                this.preview.borrow_mut().plan.set_host(place, &host, &this.store.user(), current_time(), &url_host);
            }
            this.draw()
        })?;
        let this = Rc::clone(self);
        listen_at(id!("import-confirm"), "click", move |_| {
            let this = Rc::clone(&this);
            spawn(async move { this.import().await });
            Ok(())
        })?;
        let this = Rc::clone(self);
        listen_at(id!("import-cancel"), "click", move |_| {
            this.close()?;
            focus(id!("import-file"))
        })?;
        let this = Rc::clone(self);
        listen_at(id!("import-undo"), "click", move |_| {
            let this = Rc::clone(&this);
            spawn(async move { this.take_back().await });
            Ok(())
        })
    }

    fn read_files(self: &Rc<Self>, files: Vec<File>, offered: &Rc<ImportLink>) {
        let (this, offered) = (Rc::clone(self), Rc::clone(offered));
        spawn(async move {
            let mut inputs: Vec<Input> = Vec::with_capacity(files.len());
            for file in files {
                inputs.push((Source::File(file.name()), bytes_of(&file).await));
            }
            this.read_instead(inputs, &offered)
        });
    }

    /// As [`Self::read`], in the place of a link: what is still being read from that must not take the place of this one later.
    fn read_instead(self: &Rc<Self>, inputs: Vec<Input>, offered: &ImportLink) -> JsResult {
        if !inputs.is_empty() {
            offered.close()?;
        }
        self.read(inputs)
    }

    /// Reads everything together, and shows what it would do.
    fn read(self: &Rc<Self>, inputs: Vec<Input>) -> JsResult {
        if inputs.is_empty() || self.is_importing.get() {
            return Ok(());
        }
        // What was said of something else does not hold for this.
        self.preview.take();
        self.draw()?;
        let mut notices = Vec::new();
        let mut readable = Vec::new();
        for (source, bytes) in inputs {
            match bytes {
                Ok(bytes) => readable.push((source, bytes)),
                Err(problem) => notices.push(refused(&source, &problem)),
            }
        }
        let bytes: Vec<&[u8]> = readable.iter().map(|(_, bytes)| bytes.as_slice()).collect();
        let mut preview = Preview::default();
        let mut rules = Vec::new();
        for (reading, (source, _)) in formats::import(&bytes).into_iter().zip(&readable) {
            match reading {
                Ok(reading) => preview.add(reading, source, &mut rules),
                Err(error) => notices.push(refused(source, &Problem::Content(error))),
            }
        }
        preview.plan = Plan::of(rules);
        let has_any = !preview.recognised.is_empty();
        self.preview.replace(preview);
        show(id!("import-done"), false)?;
        set_notices(&by_id(id!("import-message"))?, &notices)?;
        show(id!("import-preview"), has_any)?;
        if has_any {
            focus(id!("import-preview-heading"))?;
        }
        self.look_through();
        Ok(())
    }

    /// Holds the rules of the file against the stored ones, so many at a time.
    fn look_through(self: &Rc<Self>) {
        let round = self.round.get().wrapping_add(1);
        self.round.set(round);
        let this = Rc::clone(self);
        spawn(async move {
            loop {
                this.preview.borrow_mut().plan.advance(AT_ONCE, &this.store.user(), current_time(), &url_host);
                this.draw()?;
                if this.preview.borrow().plan.is_complete() {
                    return Ok(());
                }
                shown().await?;
                if this.round.get() != round {
                    return Ok(());
                }
            }
        });
    }

    /// Other rules are stored now, so each finding may be another.
    fn rules_changed(self: &Rc<Self>) {
        if self.preview.borrow().recognised.is_empty() || self.is_importing.get() {
            return;
        }
        self.preview.borrow_mut().plan.begin_again();
        self.look_through();
    }

    fn draw(&self) -> JsResult {
        let preview = self.preview.borrow();
        let plan = &preview.plan;
        let (done, all) = (plan.looked_at(), plan.items().len());
        let progress: Element = by_id(id!("import-progress"))?;
        progress.set_attribute("max", &all.to_string())?;
        progress.set_attribute("value", &done.to_string())?;
        say_in(id!("import-progress-text"), &words::progress(done, all))?;
        show(id!("import-progress-area"), !plan.is_complete())?;
        let counts = plan.counts();
        by_id::<HtmlButtonElement>(id!("import-confirm"))?
            .set_disabled(!plan.is_complete() || counts.of_changes() == 0 || self.is_importing.get());
        // What is not known yet is not said, nor shown in part.
        if !plan.is_complete() {
            return Ok(());
        }
        if preview.recognised.is_empty() {
            by_id::<Element>(id!("import-counts"))?.set_text_content(None);
        } else {
            say_in(id!("import-counts"), &words::counts(&counts, preview.left_out.len()))?;
        }
        let warnings = [words::collectors(&counts), words::takings(&counts)];
        set_notices(&by_id(id!("import-warning"))?, &warnings.into_iter().flatten().collect::<Vec<_>>())?;
        show(id!("import-conflict-field"), plan.conflicts() > 0)?;
        Part::with_id(id!("import-sources"))?.fill(preview.recognised.iter().map(|text| {
            let line = Part::copy(id!("import-source-template"))?;
            line.root().set_text_content(Some(&crate::browser::words::say(text)));
            Ok(line)
        }))?;
        show(id!("import-parts-section"), !preview.left_out.is_empty())?;
        let parts = preview.left_out.iter().enumerate();
        self.parts.show(parts.map(|(place, (source, part))| PartRow::left_out(place, source, part)).collect())?;
        let items = plan.items().iter().enumerate();
        let row = |(place, item)| ItemRow::new(place, item, plan.conflict(), current_time());
        self.items.show(items.map(row).collect())
    }

    async fn import(self: &Rc<Self>) -> JsResult {
        if self.is_importing.replace(true) {
            return Ok(());
        }
        let unique = random_uuid()?;
        let (changes, undo, counts) = {
            let preview = self.preview.borrow();
            let (changes, undo) = preview.plan.changes(&self.store.user(), &unique);
            (changes, undo, preview.plan.counts())
        };
        wait()?;
        let done = change(changes, ChangedBy::Import).await;
        self.is_importing.set(false);
        match done {
            Ok(()) => {
                self.undo.replace(undo);
                self.close()?;
                self.store.read().await?;
                say_done(&words::done(&counts), true)
            }
            Err(notice) => {
                set_notices(&by_id(id!("import-message"))?, &[notice])?;
                self.draw()
            }
        }
    }

    async fn take_back(self: &Rc<Self>) -> JsResult {
        let button: HtmlButtonElement = by_id(id!("import-undo"))?;
        button.set_disabled(true);
        let changes = self.undo.borrow().changes(&self.store.user());
        let done = change(changes, ChangedBy::Undo).await;
        button.set_disabled(false);
        match done {
            Ok(()) => {
                self.undo.take();
                self.store.read().await?;
                say_done(&words::undone(), false)
            }
            Err(notice) => set_notices(&by_id(id!("import-message"))?, &[notice]),
        }
    }

    /// Forgets what was read.
    fn close(&self) -> JsResult {
        self.round.set(self.round.get().wrapping_add(1));
        self.preview.replace(Preview::default());
        by_id::<HtmlTextAreaElement>(id!("import-text"))?.set_value("");
        set_notices(&by_id(id!("import-message"))?, &[])?;
        show(id!("import-preview"), false)?;
        self.draw()
    }
}

impl Preview {
    fn add(&mut self, reading: Reading, source: &Source, rules: &mut Vec<RuleDocument>) {
        let shared = Rc::new(source.clone());
        self.recognised.push(words::recognised(source, reading.format));
        rules.extend(reading.rules);
        self.left_out.extend(reading.left_out.into_iter().map(|part| (Rc::clone(&shared), part)));
        // Keys without a host are one rule that waits for one.
        let mut pins = rows(&reading.keys, source);
        pins.sort_by(|first, second| first.sha256.cmp(&second.sha256));
        pins.dedup_by(|first, second| first.sha256 == second.sha256);
        if pins.len() > MAX_PINS_PER_RULE {
            let why = Error::from(RuleError::PinCount { limit: MAX_PINS_PER_RULE });
            let what = crate::error::Excerpt::of("");
            self.left_out.push((shared, LeftOut { what, line: None, why }));
        } else if !pins.is_empty() {
            rules.push(RuleDocument { pins, ..RuleDocument::default() });
        }
    }
}

/// While the background stores it, nobody can know how far it is.
fn wait() -> JsResult {
    by_id::<HtmlButtonElement>(id!("import-confirm"))?.set_disabled(true);
    by_id::<Element>(id!("import-progress"))?.remove_attribute("value")?;
    show(id!("import-progress-area"), true)
}

fn say_done(text: &Text, can_undo: bool) -> JsResult {
    set_notices(&by_id(id!("import-message"))?, &[])?;
    say_in(id!("import-done-text"), text)?;
    show(id!("import-undo"), can_undo)?;
    show(id!("import-done"), true)?;
    announce(text)?;
    if can_undo { focus(id!("import-undo")) } else { focus(id!("import-file")) }
}

/// Has the background make a change; why it did not.
async fn change(changes: RuleChanges, by: ChangedBy) -> Result<(), Notice> {
    let RuleChanges { save, delete } = changes;
    let hosts: Vec<String> = save.iter().map(|rule| rule.host.clone()).collect();
    match messages::ask(&PageRequest::ChangeRules { save, delete, by }).await {
        Ok(Response::Done) => Ok(()),
        Ok(Response::RulesRefused { refusals }) => {
            let first = refusals.into_iter().next();
            let error = first.as_ref().and_then(|refusal| refusal.errors.first()).map(|error| &error.error);
            let host = first.as_ref().and_then(|refusal| hosts.get(refusal.place)).cloned().unwrap_or_default();
            Err(match error {
                Some(error) => {
                    Notice::new(NoticeKind::Error, error.code(), words::rule_refused(&host, sentence(error)))
                }
                None => Notice::from(&messages::unexpected()),
            })
        }
        Ok(_) => Err(Notice::from(&messages::unexpected())),
        Err(error) => Err(Notice::from(&error)),
    }
}

async fn bytes_of(file: &File) -> Result<Vec<u8>, Problem> {
    let bytes = size(file);
    if bytes > MAX_IMPORT_BYTES {
        return Err(Problem::Content(ImportError::TooLarge { bytes, limit: MAX_IMPORT_BYTES }.into()));
    }
    // Rejects for a folder, and for a file that has gone since it was chosen.
    let read = JsFuture::from(file.array_buffer()).await.map_err(|_| Problem::Unreadable)?;
    Ok(Uint8Array::new(&read).to_vec())
}

/// The first address of a link that is dropped (RFC 2483 section 5); a text that is selected has none.
fn dropped_link(data: &DataTransfer) -> Option<String> {
    let list = data.get_data("text/uri-list").ok()?;
    list.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned)
}

fn place_of(event: &Event) -> Option<usize> {
    part_around(event, part!("import-item")).and_then(|row| row.root().dataset().get(name_of())?.parse().ok())
}

fn conflict_of(event: &Event) -> Conflict {
    event.target().and_then(|target| choice_of(&target)).map(|name| conflict_named(&name)).unwrap_or_default()
}

/// Rules that are looked at before the page is shown again: some 20 ms.
const AT_ONCE: usize = 500;
