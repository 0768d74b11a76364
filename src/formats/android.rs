//! [Android's Network Security Configuration](https://developer.android.com/privacy-and-security/security-config), with what
//! `TrustKit` for Android adds.
//!
//! | there | here |
//! |---|---|
//! | `domain` | that host; each of several is a rule of its own |
//! | `includeSubdomains="true"` | `**.`: the domain and every name below it, there as here |
//! | `pin-set`, also one inherited from the configuration around it | `pins`, of which one must match anywhere in the chain |
//! | `base-config` | what the configurations inherit of it |
//! | an empty `pin-set`, or none beside a wider configuration | mode `off` |
//! | `expiration` | `expires`: the first day without; there nothing is pinned then, here the rule still flags |
//! | `trustkit-config` | mode `block` if it says `enforcePinning="true"`, else `flag`; without the element, `block` |
//! | `certificates src="user" overridePins="true"` | `localRoots: exempt` |
//! | `certificateTransparency enabled="true"` | `requireCt` |
//!
//! The most specific configuration alone applies, there as here.

use super::plist::Comments;
use super::taking::{Pinless, Reach, Taking, no_part, pattern, size_of_pins};
use super::xml::{Node, Tag, Xml};
use crate::error::{Error, ImportError, ImportPart};
use crate::rule::{LocalRoots, Mode, PinDocument, RuleDocument};

/// The element that holds all of it.
pub(super) const ROOT: &str = "network-security-config";

/// The element that holds domains with their pins.
pub(super) const CONFIG: &str = "domain-config";

/// Reads what is in the root, which has been opened, up to the end of the text.
///
/// # Errors
/// Those of [`Xml::next`] and [`Taking::rule`].
pub(super) fn read(xml: &mut Xml<'_>, taking: &mut Taking<'_>) -> Result<(), Error> {
    let (mut base, mut configs, mut pinless) = (None, Vec::new(), Vec::new());
    while let Some(part) = xml.next()? {
        match part {
            Node::Open(tag) => match tag.name() {
                CONFIG => configs.push(Config::read(&tag, xml, taking)?),
                // What it inherits may stand behind it, as below.
                "base-config" => {
                    let mut read = Config::read(&tag, xml, taking)?;
                    // Android has none of these here.
                    if read.own.pins.take().is_some() {
                        taking.no_counterpart("pin-set", tag.at)?;
                    }
                    for (_, at) in &read.domains {
                        taking.no_counterpart("domain", at)?;
                    }
                    configs.append(&mut read.nested);
                    if base.is_some() {
                        taking.repeated(tag.name(), tag.at)?;
                    } else {
                        base = Some(read.own);
                    }
                }
                "debug-overrides" => {
                    xml.skip()?;
                    taking.leave_out(tag.name(), tag.at, no_part(ImportPart::Debug, tag.name()))?;
                }
                name => {
                    xml.skip()?;
                    taking.no_counterpart(name, tag.at)?;
                }
            },
            Node::Text(_) | Node::Comment(_) => {}
            Node::Close => break,
        }
    }
    xml.end()?;
    let base = base.unwrap_or_default();
    let inherited = base.over(&Inherited::default());
    configs.into_iter().try_for_each(|config| config.take(&inherited, taking, &mut pinless))?;
    for Pinless { host, at } in taking.exclude(pinless)? {
        taking.leave_out(&host, at, ImportError::Pinless { count: 1 })?;
    }
    Ok(())
}

/// A `domain-config`. What it inherits may stand behind it, so it is read whole first.
#[derive(Default)]
struct Config<'a> {
    domains: Vec<(String, &'a str)>,
    own: Own,
    nested: Vec<Self>,
}

/// What it says itself.
#[derive(Default)]
struct Own {
    pins: Option<PinSet>,
    mode: Option<Mode>,
    local_roots: Option<LocalRoots>,
    require_ct: Option<bool>,
}

#[derive(Default)]
struct PinSet {
    pins: Vec<PinDocument>,
    expires: Option<String>,
    /// Whether no pin is written in it, readable or not.
    is_empty: bool,
}

/// What the configurations around it say.
#[derive(Default, Clone, Copy)]
struct Inherited<'c> {
    pins: Option<&'c PinSet>,
    mode: Mode,
    local_roots: LocalRoots,
    require_ct: bool,
}

impl<'a> Config<'a> {
    fn read(tag: &Tag<'a>, xml: &mut Xml<'a>, taking: &mut Taking<'_>) -> Result<Self, Error> {
        taking.spend(size_of::<Self>(), tag.at)?;
        let mut config = Self::default();
        for (name, value) in xml.attributes(tag)? {
            match (name.as_str(), value.as_str()) {
                // A rule never allows it.
                ("cleartextTrafficPermitted", "false") => {}
                ("cleartextTrafficPermitted", _) => {
                    taking.leave_out(&name, tag.at, no_part(ImportPart::Cleartext, &name))?;
                }
                _ => taking.no_counterpart(&name, tag.at)?,
            }
        }
        while let Some(part) = xml.next()? {
            match part {
                Node::Open(tag) => config.read_child(&tag, xml, taking)?,
                Node::Text(_) | Node::Comment(_) => {}
                Node::Close => break,
            }
        }
        Ok(config)
    }

    fn read_child(&mut self, tag: &Tag<'a>, xml: &mut Xml<'a>, taking: &mut Taking<'_>) -> Result<(), Error> {
        match tag.name() {
            "domain" => {
                let reach = match truth(tag, "includeSubdomains", xml, taking)? {
                    Some(true) => Reach::Subtree,
                    Some(false) | None => Reach::Host,
                };
                let host = pattern(&xml.text()?, reach);
                taking.spend(size_of::<(String, &str)>().saturating_add(host.len()), tag.at)?;
                self.domains.push((host, tag.at));
            }
            "pin-set" => {
                let set = PinSet::read(tag, xml, taking)?;
                // Android refuses a second one.
                if self.own.pins.is_some() {
                    taking.repeated(tag.name(), tag.at)?;
                } else {
                    self.own.pins = Some(set);
                }
            }
            CONFIG => self.nested.push(Self::read(tag, xml, taking)?),
            "trustkit-config" => {
                let is_enforced = truth(tag, "enforcePinning", xml, taking)?;
                self.own.mode = Some(if is_enforced == Some(true) { Mode::Block } else { Mode::Flag });
                each_child(xml, |tag, _| taking.no_counterpart(tag.name(), tag.at))?;
            }
            "trust-anchors" => {
                let mut exempt = LocalRoots::Enforce;
                each_child(xml, |tag, xml| {
                    let attributes = xml.attributes(tag)?;
                    let value = |name: &str| {
                        attributes.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
                    };
                    match (value("src"), value("overridePins")) {
                        // What Firefox trusts is Firefox's matter.
                        ("system", "" | "false") => Ok(()),
                        ("user", "true") => {
                            exempt = LocalRoots::Exempt;
                            Ok(())
                        }
                        _ => taking.no_counterpart("trust-anchors", tag.at),
                    }
                })?;
                self.own.local_roots = Some(exempt);
            }
            "certificateTransparency" => {
                self.own.require_ct = truth(tag, "enabled", xml, taking)?;
                xml.skip()?;
            }
            name => {
                xml.skip()?;
                taking.no_counterpart(name, tag.at)?;
            }
        }
        Ok(())
    }

    /// Makes its rules, and those of the configurations within it.
    fn take(
        self,
        inherited: &Inherited<'_>,
        taking: &mut Taking<'_>,
        pinless: &mut Vec<Pinless<'a>>,
    ) -> Result<(), Error> {
        let own = self.own.over(inherited);
        for (host, at) in self.domains {
            match own.pins {
                Some(set) if set.is_empty => {
                    taking.rule(RuleDocument { host, mode: Mode::Off, ..RuleDocument::default() }, at)?;
                }
                Some(set) => {
                    let rule = RuleDocument {
                        host,
                        mode: own.mode,
                        pins: set.pins.clone(),
                        expires: set.expires.clone(),
                        local_roots: own.local_roots,
                        require_ct: own.require_ct,
                        ..RuleDocument::default()
                    };
                    taking.rule(rule, at)?;
                }
                None => pinless.push(Pinless { host, at }),
            }
        }
        self.nested.into_iter().try_for_each(|nested| nested.take(&own, taking, pinless))
    }
}

impl Own {
    /// This, and what it does not say itself.
    fn over<'c>(&'c self, inherited: &Inherited<'c>) -> Inherited<'c> {
        Inherited {
            pins: self.pins.as_ref().or(inherited.pins),
            mode: self.mode.unwrap_or(inherited.mode),
            local_roots: self.local_roots.unwrap_or(inherited.local_roots),
            require_ct: self.require_ct.unwrap_or(inherited.require_ct),
        }
    }
}

impl PinSet {
    fn read(tag: &Tag<'_>, xml: &mut Xml<'_>, taking: &mut Taking<'_>) -> Result<Self, Error> {
        let mut set = Self { is_empty: true, ..Self::default() };
        for (name, value) in xml.attributes(tag)? {
            match name.as_str() {
                "expiration" => set.expires = Some(value),
                _ => taking.no_counterpart(&name, tag.at)?,
            }
        }
        let mut comments = Comments::default();
        let mut has_room = true;
        while let Some(part) = xml.next()? {
            match part {
                Node::Open(tag) if tag.name() == "pin" => {
                    set.is_empty = false;
                    let attributes = xml.attributes(&tag)?;
                    let digest = attributes.iter().find(|(name, _)| name == "digest").map_or("", |(_, value)| value);
                    let text = xml.text()?;
                    let named = if digest.is_empty() { text.into_owned() } else { format!("{digest}/{}", text.trim()) };
                    let label = comments.before_item();
                    if has_room {
                        has_room = taking.pin(&mut set.pins, &named, label, tag.at)?;
                    }
                }
                Node::Open(tag) => {
                    xml.skip()?;
                    taking.no_counterpart(tag.name(), tag.at)?;
                }
                Node::Comment(comment) => match set.pins.last_mut().filter(|_| comments.is_of_last()) {
                    Some(pin) if pin.label.is_empty() => pin.label = super::pin_list::label_of(comment),
                    Some(_) | None => comments.note(comment),
                },
                Node::Text(text) => comments.pass(&text),
                Node::Close => break,
            }
        }
        taking.spend(size_of_pins(&set.pins), tag.at)?;
        Ok(set)
    }
}

/// The one attribute that says something of an element, as a truth value. All others are left out.
fn truth(tag: &Tag<'_>, name: &str, xml: &Xml<'_>, taking: &mut Taking<'_>) -> Result<Option<bool>, Error> {
    let mut truth = None;
    for (known, value) in xml.attributes(tag)? {
        match (known.as_str(), value.as_str()) {
            (known, "true") if known == name => truth = Some(true),
            (known, "false") if known == name => truth = Some(false),
            (known, _) if known == name => taking.wrong_value(name, tag.at)?,
            // Sockpin reports to nobody.
            ("disableDefaultReportUri", _) => {}
            (known, _) => taking.no_counterpart(known, tag.at)?,
        }
    }
    Ok(truth)
}

/// Calls for each element within the one that is open, up to its end.
fn each_child<'a>(
    xml: &mut Xml<'a>,
    mut child: impl FnMut(&Tag<'a>, &Xml<'a>) -> Result<(), Error>,
) -> Result<(), Error> {
    while let Some(part) = xml.next()? {
        match part {
            Node::Open(tag) => {
                child(&tag, xml)?;
                xml.skip()?;
            }
            Node::Text(_) | Node::Comment(_) => {}
            Node::Close => break,
        }
    }
    Ok(())
}
