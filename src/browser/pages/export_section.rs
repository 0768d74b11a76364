//! The export of rules as a file, of all or of those that are selected in the list, and policies that were set aside.

use std::rc::Rc;
use std::sync::Arc;

use web_sys::{Element, HtmlSelectElement};

use super::download::Download;
use super::import_items::PartRow;
use super::rule_list::RuleList;
use super::rule_store::{RuleStore, current_time};
use super::ui::list::List;
use crate::browser::dom::{JsResult, by_id, id, listen, listen_at, show, spawn};
use crate::browser::part::{Part, part, part_around, say_in};
use crate::browser::policy_store;
use crate::formats::export::{ExportFormat, export, losses};
use crate::rule::Rule;
use crate::time::UnixMillis;
use crate::view::transfer as words;

pub(super) struct ExportSection {
    store: Rc<RuleStore>,
    list: Rc<RuleList>,
    which: HtmlSelectElement,
    format: HtmlSelectElement,
    losses: Rc<List<PartRow>>,
    download: Download,
}

impl ExportSection {
    pub(super) fn new(store: Rc<RuleStore>, list: Rc<RuleList>) -> JsResult<Rc<Self>> {
        let section = Rc::new(Self {
            store,
            list,
            which: by_id(id!("export-which"))?,
            format: by_id(id!("export-format"))?,
            losses: List::new(by_id(id!("export-losses"))?)?,
            download: Download::default(),
        });
        let this = Rc::clone(&section);
        listen(&section.format, "change", move |_| this.draw())?;
        let this = Rc::clone(&section);
        listen(&section.which, "change", move |_| this.draw())?;
        let this = Rc::clone(&section);
        listen_at(id!("export-selected"), "click", move |_| this.begin_with_selected())?;
        let this = Rc::clone(&section);
        section.list.on_selection(move || this.selection_changed());
        let this = Rc::clone(&section);
        listen_at(id!("export-save"), "click", move |_| this.save())?;
        let this = Rc::clone(&section);
        listen_at(id!("set-aside"), "click", move |event| {
            let button = part_around(&event, part!("set-aside-button"));
            let time = button.and_then(|button| button.root().dataset().get("time")?.parse().ok());
            if let Some(time) = time {
                let this = Rc::clone(&this);
                spawn(async move { this.save_set_aside(UnixMillis::new(time)).await });
            }
            Ok(())
        })?;
        let this = Rc::clone(&section);
        section.store.subscribe(move || {
            this.draw()?;
            let this = Rc::clone(&this);
            spawn(async move { this.draw_set_aside().await });
            Ok(())
        });
        Ok(section)
    }

    fn format(&self) -> ExportFormat {
        ExportFormat::named(&self.format.value()).unwrap_or(ExportFormat::Sockpin)
    }

    fn rules(&self) -> Vec<Arc<Rule>> {
        let user = self.store.user();
        if self.which.value() == SELECTED {
            self.list.selected().iter().filter_map(|id| user.rule(id)).cloned().collect()
        } else {
            user.rules().to_vec()
        }
    }

    /// Goes on where the format is chosen and what it loses is said.
    fn begin_with_selected(&self) -> JsResult {
        self.which.set_value(SELECTED);
        self.draw()?;
        by_id::<Element>(id!("export-card"))?.scroll_into_view();
        Ok(self.format.focus()?)
    }

    fn selection_changed(&self) -> JsResult {
        let count = self.list.selected().len();
        show(id!("export-which-field"), count > 0)?;
        say_in(id!("export-which-selected"), &words::selected(count))?;
        if count == 0 {
            self.which.set_value(ALL);
        }
        self.draw()
    }

    /// What the file would not say is said before there is one. It is not written for that: the page would be held up.
    fn draw(&self) -> JsResult {
        let losses = losses(self.format(), self.rules().iter().map(AsRef::as_ref));
        say_in(id!("export-losses-text"), &words::losses(&losses))?;
        by_id::<Element>(id!("export-done"))?.set_text_content(None);
        let losses = losses.iter().enumerate();
        self.losses.show(losses.map(|(place, loss)| PartRow::lost(place, loss)).collect())
    }

    fn save(&self) -> JsResult {
        let format = self.format();
        let export = export(format, self.rules().iter().map(AsRef::as_ref), current_time());
        self.download.offer(&export.text, format.file_name())?;
        say_in(id!("export-done"), &words::exported(&export))
    }

    async fn draw_set_aside(&self) -> JsResult {
        // A browser that does not list them has none to offer; the policy itself is not touched by that.
        let times = policy_store::times_of_set_aside().await.unwrap_or_default();
        Part::with_id(id!("set-aside"))?.fill(times.into_iter().map(|time| {
            let row = Part::copy(id!("set-aside-template"))?;
            row.say(part!("set-aside-button"), &words::set_aside(time))?;
            let button: web_sys::HtmlElement = row.get(part!("set-aside-button"))?;
            button.dataset().set("time", &time.as_millis().to_string())?;
            Ok(row)
        }))
    }

    async fn save_set_aside(&self, time: UnixMillis) -> JsResult {
        match policy_store::load_set_aside(time).await {
            Ok(text) => self.download.offer(&text, &words::set_aside_file(time)),
            Err(error) => say_in(id!("export-done"), &crate::view::error::sentence(&error.into())),
        }
    }
}

/// Which rules are exported, as the page calls it.
const ALL: &str = "all";
const SELECTED: &str = "selected";
