//! What is said beside a field or on a card.

use web_sys::Element;

use crate::browser::dom::{JsResult, id};
use crate::browser::part::{Part, part};
use crate::browser::words::say;
use crate::view::notice::Notice;

/// Says these notices in a message area. One that says them already is left alone, so that nothing is read out twice.
pub(in crate::browser::pages) fn set_notices(area: &Element, notices: &[Notice]) -> JsResult {
    let area = Part::of(area);
    let text: String = notices.iter().map(|notice| say(&notice.text)).collect();
    let is_said = area.root().text_content().unwrap_or_default() == text && !kind_changed(&area, notices)?;
    if is_said {
        return Ok(());
    }
    area.fill(notices.iter().map(|notice| {
        let element = Part::copy(id!("notice-template"))?;
        element.root().dataset().set("kind", notice.kind.as_str())?;
        element.root().dataset().set("code", notice.code)?;
        element.root().set_text_content(Some(&say(&notice.text)));
        Ok(element)
    }))
}

fn kind_changed(area: &Part, notices: &[Notice]) -> JsResult<bool> {
    let said = area.all(part!("said"))?;
    Ok(said.len() != notices.len()
        || said
            .iter()
            .zip(notices)
            .any(|(said, notice)| said.root().dataset().get("kind").as_deref() != Some(notice.kind.as_str())))
}
