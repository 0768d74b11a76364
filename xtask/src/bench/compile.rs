//! How long Firefox takes to compile what Sockpin consists of, and how large it is.

use std::fs;

use anyhow::{Context, Result};
use serde_json::json;
use sockpin_e2e::demo::Demo;

use super::Bench;
use super::browser::{in_turn, quit_all, start_all};
use super::report::{Compared, Goal, Measurements, Unit};
use super::table::Section;
use super::variant::{AGAINST, SOCKPIN, Variant, names};

/// In each round, of each module.
const TURNS: usize = 6;

pub(super) async fn measure(bench: &Bench) -> Result<Section> {
    let variants = bench.variants.named(&[SOCKPIN, AGAINST]);
    let mut measured = Measurements::default();
    let mut roles = Vec::new();
    for variant in &variants {
        for module in modules(variant)? {
            measured.record(&size(&module.role), variant.name, Ok(vec![module.kilobytes]));
            if !roles.contains(&module.role) {
                roles.push(module.role);
            }
        }
    }
    for _ in 0..bench.rounds {
        let demo = Demo::start().await?;
        let browsers = start_all(&variants, &demo).await?;
        for turn in 0..TURNS {
            for browser in in_turn(&browsers, turn) {
                for module in modules(browser.variant)? {
                    let ms = browser.in_extension(COMPILE, vec![json!(module.path)]).await?;
                    let ms = ms.as_f64().with_context(|| format!("{} was not compiled", module.path))?;
                    measured.record(&time(&module.role), browser.variant.name, Ok(vec![ms]));
                }
            }
        }
        quit_all(browsers).await?;
    }

    let variants = names(&variants);
    let lines = roles.iter().flat_map(|role| {
        [
            measured.line(&time(role), &variants, Unit::Milliseconds),
            measured.line(&size(role), &variants, Unit::Kilobytes),
        ]
    });
    let goal =
        |text, case, at_most, unit| measured.goal(&Goal { text, case, compared: Compared::WithNothing, at_most, unit });
    Ok(Section {
        title: "Compile",
        about: format!(
            "Milliseconds of `WebAssembly.compile` in a page of the extension, each time in a new one. \
             Kilobytes of 1,000 bytes, not compressed. Samples of each: {}.",
            bench.rounds * TURNS
        ),
        lines: lines.collect(),
        goals: vec![
            goal("compiling what the background loads", time(BACKGROUND), 25.0, Unit::Milliseconds),
            goal("size of what the background loads", size(BACKGROUND), 550.0, Unit::Kilobytes),
            goal("size of what the pages load", size(PAGES), 900.0, Unit::Kilobytes),
        ],
        variants,
    })
}

/// A WebAssembly module in an unpacked extension.
struct Module {
    /// Who loads it.
    role: String,
    /// From the extension's root.
    path: String,
    kilobytes: f64,
}

const BACKGROUND: &str = "the background's module";
const PAGES: &str = "the pages' module";

fn modules(variant: &Variant) -> Result<Vec<Module>> {
    let folder = variant.folder().context("there is no extension")?.join("pkg");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("could not list {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            names.extend(path.file_name().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    let read = |name: &String| {
        let bytes = fs::metadata(folder.join(name))?.len();
        let kilobytes = f64::from(u32::try_from(bytes)?) / 1_000.0;
        Ok(Module { role: role(name, names.len()), path: format!("/pkg/{name}"), kilobytes })
    };
    names.iter().map(read).collect()
}

/// By its name; a single one is everybody's.
fn role(name: &str, count: usize) -> String {
    match name {
        name if name.contains("background") || count == 1 => BACKGROUND.to_owned(),
        name if name.contains("pages") => PAGES.to_owned(),
        other => format!("`{other}`"),
    }
}

fn time(role: &str) -> String {
    format!("{role}, compiling")
}

fn size(role: &str) -> String {
    format!("{role}, size")
}

const COMPILE: &str = r"
const [path] = arguments;
return (async () => {
    const bytes = await (await fetch(path)).arrayBuffer();
    const begun = performance.now();
    await WebAssembly.compile(bytes);
    return performance.now() - begun;
})();
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_known_by_its_name_and_a_single_one_is_everybodys() {
        let table = [
            ("sockpin_bg.wasm", 1, BACKGROUND),
            ("background_bg.wasm", 2, BACKGROUND),
            ("pages_bg.wasm", 2, PAGES),
            ("other_bg.wasm", 2, "`other_bg.wasm`"),
        ];
        for (name, count, expected) in table {
            assert_eq!(role(name, count), expected);
        }
    }
}
