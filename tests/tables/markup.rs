//! The names by which code looks for elements, against those that the pages have: `part!` against `data-part`, `id!` against
//! ids. Of each page it is the code that this page runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use proc_macro2::{TokenStream, TokenTree};

use crate::{files, root};

/// A page, and the modules that begin it.
const PAGES: [(&str, &[&str]); 4] = [
    ("extension/options.html", &["browser/pages/options"]),
    ("extension/popup.html", &["browser/pages/popup"]),
    ("extension/log.html", &["browser/pages/log_page"]),
    ("www/index.html", &["browser/lab/calculator", "browser/lab/attempts"]),
];

/// What makes a name. They stand in the macros alone, with the lookups that take any selector.
const LOOKUPS: [&str; 5] =
    ["in_markup", "get_element_by_id", "query_selector", "query_selector_all", "get_elements_by_class_name"];
const LOOKUP_FILES: [&str; 2] = ["browser/dom", "browser/part"];

#[derive(Debug, Default, PartialEq, Eq)]
struct Names {
    parts: BTreeSet<String>,
    ids: BTreeSet<String>,
}

/// What a file says.
#[derive(Debug, Default)]
struct Source {
    names: Names,
    /// Every path that it writes, as it writes it.
    paths: Vec<Vec<String>>,
    /// Every other word, and what is in quotation marks.
    words: BTreeSet<String>,
    literals: Vec<String>,
}

impl Source {
    fn read(text: &str) -> Self {
        let mut source = Self::default();
        source.collect(text.parse().unwrap(), &[]);
        source
    }

    /// `prefix` is the path before a brace of `use`.
    fn collect(&mut self, stream: TokenStream, prefix: &[String]) {
        let trees: Vec<TokenTree> = stream.into_iter().collect();
        for window in trees.windows(3) {
            let [TokenTree::Ident(name), TokenTree::Punct(bang), TokenTree::Group(group)] = window else { continue };
            let names = match name.to_string().as_str() {
                "part" if bang.as_char() == '!' => &mut self.names.parts,
                "id" if bang.as_char() == '!' => &mut self.names.ids,
                _ => continue,
            };
            names.insert(group.stream().to_string().trim_matches('"').to_owned());
        }
        let mut rest = trees.as_slice();
        while let Some((first, after)) = rest.split_first() {
            rest = after;
            match first {
                TokenTree::Ident(first) => {
                    self.words.insert(first.to_string());
                    let mut path = prefix.to_vec();
                    path.push(first.to_string());
                    while let [TokenTree::Punct(one), TokenTree::Punct(two), next, after @ ..] = rest
                        && (one.as_char(), two.as_char()) == (':', ':')
                    {
                        rest = after;
                        match next {
                            TokenTree::Ident(next) => {
                                self.words.insert(next.to_string());
                                path.push(next.to_string());
                            }
                            TokenTree::Group(group) => self.collect(group.stream(), &path),
                            TokenTree::Punct(_) | TokenTree::Literal(_) => break,
                        }
                    }
                    self.paths.push(path);
                }
                TokenTree::Group(group) => self.collect(group.stream(), &[]),
                TokenTree::Literal(literal) => self.literals.push(literal.to_string()),
                TokenTree::Punct(_) => {}
            }
        }
    }
}

/// The files of `src/browser` by their modules: `browser/pages/popup`.
fn sources() -> BTreeMap<String, Source> {
    let module =
        |path: &PathBuf| path.strip_prefix(root().join("src")).unwrap().with_extension("").display().to_string();
    files("src/browser", "rs")
        .iter()
        .map(|path| (module(path), Source::read(&fs::read_to_string(path).unwrap())))
        .collect()
}

/// The module that a path leads to, where there is one: the innermost.
fn target(from: &str, path: &[String], sources: &BTreeMap<String, Source>) -> Option<String> {
    let mut place: Vec<&str> = from.split('/').collect();
    let mut path = path.iter().map(String::as_str).peekable();
    match path.peek().copied()? {
        "crate" => place.clear(),
        "super" => {}
        _ => return None,
    }
    for step in path {
        match step {
            "crate" => {}
            "super" => drop(place.pop()),
            step => place.push(step),
        }
    }
    (1..=place.len()).rev().map(|length| place[..length].join("/")).find(|module| sources.contains_key(module))
}

/// The names in a page's modules, and in all that those use. What holds modules runs no page.
fn names_of(begins: &[&str], sources: &BTreeMap<String, Source>) -> Names {
    let holds = |module: &str| sources.keys().any(|other| other.starts_with(&format!("{module}/")));
    let mut waiting: Vec<String> = begins.iter().map(|module| (*module).to_owned()).collect();
    let mut seen = BTreeSet::new();
    let mut names = Names::default();
    while let Some(module) = waiting.pop() {
        if holds(&module) || !seen.insert(module.clone()) {
            continue;
        }
        let source = &sources[&module];
        names.parts.extend(source.names.parts.iter().cloned());
        names.ids.extend(source.names.ids.iter().cloned());
        waiting.extend(source.paths.iter().filter_map(|path| target(&module, path, sources)));
    }
    names
}

/// What a page and its code do not agree about.
fn differences(html: &str, used: &Names) -> Vec<String> {
    let document = tl::parse(html, tl::ParserOptions::default()).unwrap();
    let attribute = |name: &str| -> Vec<String> {
        let tags = document.nodes().iter().filter_map(tl::Node::as_tag);
        tags.filter_map(|tag| Some(tag.attributes().get(name)??.as_utf8_str().into_owned())).collect()
    };
    let mut wrong = Vec::new();
    let (parts, mut ids): (BTreeSet<_>, _) = (attribute("data-part").into_iter().collect(), attribute("id"));
    wrong.extend(used.parts.difference(&parts).map(|name| format!("there is no part {name}")));
    wrong.extend(parts.difference(&used.parts).map(|name| format!("nobody uses the part {name}")));
    wrong.extend(used.ids.iter().filter(|id| !ids.contains(id)).map(|id| format!("there is no id {id}")));
    ids.sort();
    wrong.extend(ids.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| format!("two have the id {}", pair[0])));
    wrong
}

/// Ways around `part!` and `id!`.
fn detours(module: &str, source: &Source) -> Vec<String> {
    let is_selector = |literal: &&String| {
        let text = literal.trim_matches('"');
        text.starts_with(['.', '#']) && text[1..].starts_with(|c: char| c.is_ascii_lowercase())
            || ["data-part", "[id"].iter().any(|name| text.contains(name))
    };
    let mut found: Vec<String> = source.literals.iter().filter(is_selector).cloned().collect();
    found.extend(LOOKUPS.iter().filter(|lookup| source.words.contains(**lookup)).map(|lookup| (*lookup).to_owned()));
    if LOOKUP_FILES.contains(&module) { Vec::new() } else { found }
}

#[test]
fn a_page_has_what_its_code_looks_for_and_nothing_that_it_does_not() {
    let sources = sources();
    for (page, begins) in PAGES {
        let used = names_of(begins, &sources);
        assert!(!used.parts.is_empty() && !used.ids.is_empty(), "{page}");
        let wrong = differences(&fs::read_to_string(root().join(page)).unwrap(), &used);
        assert!(wrong.is_empty(), "{page}: {wrong:#?}");
    }
}

/// Whatever is looked for is looked for by a name that the test above knows.
#[test]
fn no_name_is_made_elsewhere() {
    let sources = sources();
    for (module, source) in &sources {
        assert_eq!(detours(module, source), [""; 0], "{module}");
    }
    for module in LOOKUP_FILES {
        assert!(sources.contains_key(module));
    }
    let pages: BTreeSet<_> = names_of(&PAGES.map(|(_, begins)| begins).concat(), &sources).parts;
    let all: BTreeSet<_> = sources.values().flat_map(|source| source.names.parts.iter().cloned()).collect();
    assert_eq!(pages, all, "a file with parts that no page runs");
}

/// The templates of a page, by their ids.
fn templates(html: &str) -> Vec<(&str, &str)> {
    let of = |text| -> Option<(&str, &str)> { str::split_once(text, "</template>")?.0.split_once("\">") };
    html.split("<template id=\"").skip(1).filter_map(of).collect()
}

/// What several pages show in the same way has the same markup on each.
#[test]
fn a_template_of_two_pages_is_the_same_on_both() {
    let pages = PAGES.map(|(page, _)| fs::read_to_string(root().join(page)).unwrap());
    let mut known = BTreeMap::new();
    let mut shared = 0;
    for (id, markup) in pages.iter().flat_map(|page| templates(page)) {
        if let Some(before) = known.insert(id, markup) {
            shared += 1;
            assert_eq!(markup, before, "{id}");
        }
    }
    assert!(shared > 0, "no template was compared");
}

/// The checks above can fail.
#[test]
fn a_name_that_one_side_lacks_is_found() {
    let used = Source::read(r#"fn f() -> R { a.text(part!("host"), &b)?; by_id(id!("rules")) }"#).names;
    for (html, expected) in [
        (r#"<ul id="rules"><li data-part="host"></ul>"#, vec![]),
        (r#"<ul id="rules"><li class="host"></ul>"#, vec!["there is no part host"]),
        (r#"<ul id="rule"><li data-part="host"></ul>"#, vec!["there is no id rules"]),
        (r#"<ul id="rules"><li data-part="host"><li data-part="port"></ul>"#, vec!["nobody uses the part port"]),
        (r#"<ul id="rules" data-part="host"><li id="rules"></ul>"#, vec!["two have the id rules"]),
    ] {
        assert_eq!(differences(html, &used), expected, "{html}");
    }
    for (code, expected) in [
        (r#"a.get(part!("host"))"#, vec![]),
        (r#"all(&root, "[data-message-for]")"#, vec![]),
        (r#"all(&root, ".host")"#, vec![r#"".host""#]),
        (r#"all(&root, "[data-part=host]")"#, vec![r#""[data-part=host]""#]),
        ("Name::in_markup(computed)", vec!["in_markup"]),
        ("root.query_selector(&computed)", vec!["query_selector"]),
    ] {
        assert_eq!(detours("browser/pages/popup", &Source::read(code)), expected, "{code}");
    }
}

/// What a page runs is found by what its modules name.
#[test]
fn names_are_those_of_all_modules_that_a_page_runs() {
    let sources: BTreeMap<_, _> = [
        ("browser/part", "macro_rules! part { () => {} }"),
        ("browser/pages", "mod a; use super::part; fn f() { c::start() }"),
        ("browser/pages/a", r#"use super::{ui::list::{self, Item}, b}; fn f() { part!("a") }"#),
        ("browser/pages/b", r#"fn f() { crate::browser::part::g(part!("b")) }"#),
        ("browser/pages/c", r#"fn f() { part!("c") }"#),
        ("browser/pages/ui", "pub mod list; pub mod other;"),
        ("browser/pages/ui/list", r#"use super::super::b; fn f() { part!("list") }"#),
        ("browser/pages/ui/other", r#"fn f() { part!("other") }"#),
    ]
    .into_iter()
    .map(|(module, text)| (module.to_owned(), Source::read(text)))
    .collect();
    let names = |begins: &[&str]| names_of(begins, &sources).parts.into_iter().collect::<Vec<_>>();
    assert_eq!(names(&["browser/pages/a"]), ["a", "b", "list"]);
    assert_eq!(names(&["browser/pages/c"]), ["c"]);
}
