//! The catalogues against each other and against what uses them: code, html, manifest and JavaScript.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use sockpin::view::catalogue::{Catalogue, Message};

use crate::{files, root};

/// The plural categories of each language (CLDR), in which `Intl.PluralRules` answers for whole numbers.
const LANGUAGES: [(&str, &[&str]); 2] = [("en", &["one", "other"]), ("de", &["one", "other"])];

/// Where messages are used: the id, and the names of what is put in, in their order, where the place says them.
#[derive(Debug, PartialEq, Eq)]
struct Use {
    place: String,
    id: String,
    arguments: Arguments,
}

#[derive(Debug, PartialEq, Eq)]
enum Arguments {
    Named(Vec<String>),
    /// Elements within the text.
    Counted(usize),
}

fn catalogue(language: &str) -> Catalogue {
    let path = root().join("extension/_locales").join(language).join("messages.json");
    Catalogue::parse(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Every `text!` and `plural!` below `src`; a plural's categories are not chosen yet.
fn in_code() -> (Vec<Use>, Vec<Use>) {
    let (mut texts, mut plurals) = (Vec::new(), Vec::new());
    for path in files("src", "rs") {
        let place = path.strip_prefix(root()).unwrap().display().to_string();
        let source: TokenStream = fs::read_to_string(&path).unwrap().parse().unwrap();
        collect(&place, source, &mut texts, &mut plurals);
    }
    (texts, plurals)
}

fn collect(place: &str, stream: TokenStream, texts: &mut Vec<Use>, plurals: &mut Vec<Use>) {
    let trees: Vec<TokenTree> = stream.into_iter().collect();
    for window in trees.windows(3) {
        let [TokenTree::Ident(name), TokenTree::Punct(bang), TokenTree::Group(group)] = window else { continue };
        if bang.as_char() != '!' || group.delimiter() != Delimiter::Parenthesis {
            continue;
        }
        let found = match name.to_string().as_str() {
            "text" => &mut *texts,
            "plural" => &mut *plurals,
            _ => continue,
        };
        let parts = split(group.stream());
        let [TokenTree::Literal(id), ..] = parts[0].as_slice() else { panic!("{place}: {name}!({group})") };
        let names = parts.iter().filter_map(|part| match part.as_slice() {
            [TokenTree::Ident(name), TokenTree::Punct(equals), ..] if equals.as_char() == '=' => Some(name.to_string()),
            _ => None,
        });
        let id = id.to_string().trim_matches('"').to_owned();
        found.push(Use { place: place.to_owned(), id, arguments: Arguments::Named(names.collect()) });
    }
    for tree in trees {
        if let TokenTree::Group(group) = tree {
            collect(place, group.stream(), texts, plurals);
        }
    }
}

/// What stands between commas.
fn split(stream: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut parts = vec![Vec::new()];
    for tree in stream {
        match tree {
            TokenTree::Punct(comma) if comma.as_char() == ',' => parts.push(Vec::new()),
            tree => parts.last_mut().unwrap().push(tree),
        }
    }
    parts
}

fn in_html() -> Vec<Use> {
    let mut uses = Vec::new();
    for path in files("extension", "html").into_iter().chain(files("www", "html")) {
        let place = path.strip_prefix(root()).unwrap().display().to_string();
        let html = fs::read_to_string(&path).unwrap();
        let document = tl::parse(&html, tl::ParserOptions::default()).unwrap();
        for tag in document.nodes().iter().filter_map(tl::Node::as_tag) {
            for (name, id) in tag.attributes().iter().filter(|(name, _)| name.starts_with("data-i18n")) {
                let children = tag.children();
                let elements = children.top().iter().filter_map(|child| child.get(document.parser())?.as_tag()).count();
                let elements = if name == "data-i18n" { elements } else { 0 };
                let id = id.unwrap_or_default().into_owned();
                uses.push(Use { place: place.clone(), id, arguments: Arguments::Counted(elements) });
            }
        }
    }
    uses
}

/// What is wrong with the texts of a page: words that no catalogue has, or that differ from the English one. Where the page
/// `stands_alone`, without its module, the English words are in it; else there are none.
fn wrong_words(html: &str, english: &BTreeMap<&str, &Message>, stands_alone: bool) -> Vec<String> {
    let document = tl::parse(html, tl::ParserOptions::default()).unwrap();
    let parser = document.parser();
    let mut wrong = Vec::new();
    for tag in document.nodes().iter().filter_map(tl::Node::as_tag) {
        let attribute = |name: &str| {
            let value = tag.attributes().get(name).flatten()?;
            Some(value.as_utf8_str().into_owned())
        };
        let id = attribute("data-i18n");
        let message = id.as_ref().and_then(|id| english.get(id.as_str()));
        let mut names = message.map(|message| message.names()).unwrap_or_default().into_iter();
        let mut words = String::new();
        for child in tag.children().top().iter().filter_map(|child| child.get(parser)) {
            match child {
                tl::Node::Raw(text) => words.push_str(&text.as_utf8_str()),
                tl::Node::Tag(_) if stands_alone && id.is_some() => {
                    words.extend(["$", &names.next().unwrap_or_default().to_uppercase(), "$"]);
                }
                tl::Node::Tag(_) | tl::Node::Comment(_) => {}
            }
        }
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        let fits = match message.filter(|_| stands_alone) {
            Some(message) => words == message.message,
            None if id.is_some() => words.is_empty(),
            None => {
                let is_code = ["code", "pre"].contains(&tag.name().as_utf8_str().as_ref());
                is_code || words == "Sockpin" || !words.contains(char::is_alphabetic)
            }
        };
        if !fits {
            wrong.push(format!("{}: {words}", id.unwrap_or_else(|| tag.name().as_utf8_str().into_owned())));
        }
        for name in ["aria-label", "title", "placeholder", "alt"] {
            let id = attribute(&format!("data-i18n-{name}"));
            let expected = id.as_ref().and_then(|id| english.get(id.as_str())).filter(|_| stands_alone);
            let value = attribute(name).unwrap_or_default();
            let is_code = id.is_none() && (value.is_empty() || CODE.contains(&value.as_str()));
            if !is_code && value != expected.map_or("", |message| message.message.as_str()) {
                wrong.push(format!("{name}: {value}"));
            }
        }
    }
    wrong
}

/// What fields show as examples, the same in every language.
const CODE: [&str; 4] = ["chat.example.com", "wss://chat.example.com/", "sha256/…", "-----BEGIN CERTIFICATE-----"];

/// `__MSG_name__` of the manifest, the button's titles, and `getMessage("name"` of JavaScript.
fn elsewhere() -> BTreeSet<String> {
    let between = |text: &str, start: &str, end: char| -> Vec<String> {
        text.split(start).skip(1).filter_map(|rest| Some(rest.split_once(end)?.0.to_owned())).collect()
    };
    let manifest = fs::read_to_string(root().join("extension/manifest.json")).unwrap();
    let mut ids: BTreeSet<String> = between(&manifest, "__MSG_", '_').into_iter().collect();
    for path in files("extension", "js") {
        ids.extend(between(&fs::read_to_string(path).unwrap(), "getMessage(\"", '"'));
    }
    // Asked for by the layer that chooses the words.
    ids.extend(["language", "direction"].map(str::to_owned));
    // The background hands on the ids of the button's titles and of its notifications.
    for (file, prefix) in [("src/button.rs", "button_"), ("src/report/notified.rs", "notification_")] {
        let code = fs::read_to_string(root().join(file)).unwrap();
        let rests = between(&code, &format!("\"{prefix}"), '"');
        ids.extend(rests.into_iter().map(|rest| format!("{prefix}{rest}")));
    }
    ids
}

fn with_categories(plural: &Use, categories: &[&str]) -> Vec<String> {
    categories.iter().map(|category| format!("{}_{category}", plural.id)).collect()
}

fn check(used: &Use, id: &str, messages: &BTreeMap<&str, &Message>, count: bool) -> Result<(), String> {
    let message = messages.get(id).ok_or_else(|| format!("{}: there is no message {id}", used.place))?;
    let names = message.names();
    let fits = match &used.arguments {
        Arguments::Named(arguments) => {
            let first = count.then_some("count");
            first.into_iter().chain(arguments.iter().map(String::as_str)).eq(names.iter().copied())
        }
        Arguments::Counted(elements) => *elements == names.len(),
    };
    if fits { Ok(()) } else { Err(format!("{}: {id} has {names:?}, and is given {:?}", used.place, used.arguments)) }
}

#[test]
fn every_text_is_in_every_catalogue_with_its_arguments() {
    let (texts, plurals) = in_code();
    let html = in_html();
    assert!(!texts.is_empty() && !html.is_empty());
    for (language, categories) in LANGUAGES {
        let catalogue = catalogue(language);
        let messages: BTreeMap<_, _> = catalogue.messages().collect();
        let mut wrong: Vec<String> =
            texts.iter().chain(&html).filter_map(|used| check(used, &used.id, &messages, false).err()).collect();
        for plural in &plurals {
            let ids = with_categories(plural, categories);
            wrong.extend(ids.iter().filter_map(|id| check(plural, id, &messages, true).err()));
        }
        assert!(wrong.is_empty(), "{language}:\n{}", wrong.join("\n"));
    }
}

#[test]
fn nothing_is_in_a_catalogue_that_nobody_says() {
    let (texts, plurals) = in_code();
    let mut said = elsewhere();
    said.extend(texts.into_iter().chain(in_html()).map(|used| used.id));
    for (language, categories) in LANGUAGES {
        let mut said = said.clone();
        said.extend(plurals.iter().flat_map(|plural| with_categories(plural, categories)));
        let catalogue = catalogue(language);
        let unsaid: Vec<_> = catalogue.messages().map(|(id, _)| id).filter(|id| !said.contains(*id)).collect();
        assert!(unsaid.is_empty(), "{language}: {unsaid:?}");
    }
}

/// A message uses each of its arguments, but for a number that one category says in words: "one rule".
#[test]
fn messages_and_placeholders_agree() {
    for (language, _) in LANGUAGES {
        let catalogue = catalogue(language);
        for (id, message) in catalogue.messages() {
            let names = message.names();
            let places: Vec<_> =
                message.placeholders.values().filter_map(sockpin::view::catalogue::Placeholder::place).collect();
            assert_eq!(
                places.iter().collect::<BTreeSet<_>>().len(),
                names.len(),
                "{language}: {id}: a place is taken twice"
            );
            assert!(places.iter().all(|place| *place < names.len()) && names.len() <= 9, "{language}: {id}");
            let parts = message.message.split('$').enumerate();
            let used: BTreeSet<_> = parts
                .filter(|(at, part)| at % 2 == 1 && !part.is_empty())
                .map(|(_, part)| part.to_lowercase())
                .collect();
            let unused: Vec<_> = names.iter().filter(|name| !used.contains(**name)).collect();
            let is_count_of_one = id.ends_with("_one") && unused == [&"count"];
            assert!(unused.is_empty() || is_count_of_one, "{language}: {id} does not use {unused:?}");
            let unknown: Vec<_> = used.iter().filter(|name| !names.contains(&name.as_str())).collect();
            assert!(unknown.is_empty(), "{language}: {id} uses {unknown:?}");
        }
    }
}

/// Names and order of the arguments are the same in each language, and so is the file's order: by id.
#[test]
fn catalogues_agree_with_each_other() {
    let english = catalogue("en");
    let arguments = |catalogue: &Catalogue| -> BTreeMap<String, Vec<String>> {
        let owned =
            |(id, message): (&str, &Message)| (id.to_owned(), message.names().into_iter().map(str::to_owned).collect());
        catalogue.messages().map(owned).collect()
    };
    for (language, _) in LANGUAGES {
        assert_eq!(arguments(&catalogue(language)), arguments(&english), "{language}");
        let path = root().join("extension/_locales").join(language).join("messages.json");
        let json = fs::read_to_string(path).unwrap();
        let ids: Vec<_> =
            json.lines().filter_map(|line| line.strip_prefix("  \"")?.split_once("\": {")).map(|(id, _)| id).collect();
        assert!(ids.is_sorted(), "{language}: sort by id");
        assert_eq!(ids.len(), arguments(&english).len());
        let languages: BTreeSet<_> =
            fs::read_dir(root().join("extension/_locales")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(languages.contains(std::ffi::OsStr::new(language)) && languages.len() == LANGUAGES.len());
    }
}

#[test]
fn no_page_has_words_of_its_own() {
    let catalogue = catalogue("en");
    let english: BTreeMap<_, _> = catalogue.messages().collect();
    for (folder, stands_alone) in [("extension", false), ("www", true)] {
        let pages = files(folder, "html");
        assert!(!pages.is_empty());
        for page in pages {
            let wrong = wrong_words(&fs::read_to_string(&page).unwrap(), &english, stands_alone);
            assert!(wrong.is_empty(), "{}:\n{}", page.display(), wrong.join("\n"));
        }
    }
}

/// The check above can fail.
#[test]
fn words_that_no_catalogue_has_are_found() {
    let catalogue = Catalogue::parse(
        r#"{"a": {"message": "One $CODE$ two.", "placeholders": {"code": {"content": "$1"}}}, "b": {"message": "Three"}}"#,
    )
    .unwrap();
    let english: BTreeMap<_, _> = catalogue.messages().collect();
    for (html, alone, in_extension) in [
        ("<p data-i18n=\"a\">One <code>x y</code>\n  two.</p>", 0, 1),
        (r#"<p data-i18n="a"><code>x y</code></p>"#, 1, 0),
        (r#"<p data-i18n="a"><code>x</code> One two.</p>"#, 1, 1),
        (r#"<p data-i18n="b">Four</p>"#, 1, 1),
        ("<p>Three</p>", 1, 1),
        ("<h1>Sockpin</h1> <p>…</p> <pre>ls</pre>", 0, 0),
        (r#"<input data-i18n-title="b" title="Three">"#, 0, 1),
        (r#"<input data-i18n-title="b">"#, 1, 0),
        (r#"<input title="Three">"#, 1, 1),
        (r#"<input placeholder="sha256/…"><img alt="">"#, 0, 0),
    ] {
        assert_eq!(wrong_words(html, &english, true).len(), alone, "{html}");
        assert_eq!(wrong_words(html, &english, false).len(), in_extension, "{html}");
    }
}

/// The checks above can fail.
#[test]
fn a_use_that_does_not_fit_is_found() {
    let source = r#"fn f() { g(text!("a", host = h(1, 2), port = p)); plural!("b", n, name = x) }"#;
    let (mut texts, mut plurals) = (Vec::new(), Vec::new());
    collect("here", source.parse().unwrap(), &mut texts, &mut plurals);
    let named = |names: &[&str]| Arguments::Named(names.iter().map(|name| (*name).to_owned()).collect());
    assert_eq!(texts, [Use { place: "here".to_owned(), id: "a".to_owned(), arguments: named(&["host", "port"]) }]);
    assert_eq!(plurals, [Use { place: "here".to_owned(), id: "b".to_owned(), arguments: named(&["name"]) }]);
    let catalogue = Catalogue::parse(
        r#"{"a": {"message": "$PORT$ $HOST$", "placeholders": {"port": {"content": "$1"}, "host": {"content": "$2"}}}}"#,
    )
    .unwrap();
    let messages: BTreeMap<_, _> = catalogue.messages().collect();
    assert!(check(&texts[0], "a", &messages, false).is_err(), "the order is another");
    assert!(check(&plurals[0], "b_one", &messages, true).is_err(), "there is no such message");
}
