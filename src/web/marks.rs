//! The marks of the catalogue's node types, from Simple Icons: one drawing that holds them all, and one sheet with the
//! colours of their tiles. Both are made once and kept by browsers for a year.
//!
//! A page shows a mark as an `<img>` of a part of the drawing: `img-src` lets every browser load that, whereas `<use>`
//! into another file falls under `default-src 'none'` in some.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::LazyLock;

use crate::catalog::{Catalog, NodeType};

use super::assets;

const DRAWING: &str = "marks.svg";
const SHEET: &str = "css/brands.css";
/// The side of a mark.
const SIDE: usize = 24;

/// What the drawings of the providers that people sign in with begin with, and those that there are.
pub const DOOR: &str = "sign-in-";
const DOORS: [&str; 2] = ["google", "github"];

#[derive(Default)]
struct Marks {
    drawing: String,
    sheet: String,
    drawn: BTreeSet<String>,
}

static MARKS: LazyLock<Marks> = LazyLock::new(|| Catalog::load().map(|all| Marks::of(all.all())).unwrap_or_default());

/// The files that are made of them, by their paths among the assets.
pub fn files() -> [(&'static str, String); 2] {
    [(DRAWING, MARKS.drawing.clone()), (SHEET, MARKS.sheet.clone())]
}

/// Where the mark of a node type is drawn; none where a letter stands for it.
pub fn address(slug: &str) -> Option<String> {
    MARKS.drawn.contains(slug).then(|| format!("{}#{slug}", assets::url(DRAWING)))
}

impl Marks {
    fn of<'a>(all: impl Iterator<Item = &'a NodeType>) -> Self {
        let mut marks = Self::default();
        let mut shapes = String::new();
        let nodes = all.map(|node| (node.slug.clone(), node.icon.as_deref(), node.color.clone()));
        let doors = DOORS.iter().map(|name| (format!("{DOOR}{name}"), Some(*name), None));
        for (slug, icon, color) in nodes.chain(doors) {
            let icon = icon.and_then(simpleicons_rs::slug);
            let color = color.or_else(|| icon.map(|icon| format!("#{}", icon.hex.to_ascii_lowercase())));
            let Some(color) = color else { continue };
            let ink = ink_on(&color);
            let _infallible = writeln!(marks.sheet, ".brand-{slug}{{--brand:{color};--brand-ink:{ink}}}");
            let Some(shape) = icon.and_then(|icon| shape(icon.svg)) else { continue };
            let top = marks.drawn.len() * SIDE;
            let _infallible = write!(
                shapes,
                "<view id=\"{slug}\" viewBox=\"0 {top} {SIDE} {SIDE}\"/>\
                 <g transform=\"translate(0 {top})\" fill=\"{ink}\">{shape}</g>"
            );
            marks.drawn.insert(slug);
        }
        let height = marks.drawn.len().max(1) * SIDE;
        marks.drawing =
            format!("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {SIDE} {height}\">{shapes}</svg>");
        marks
    }
}

/// What is drawn of an icon, without its frame and title.
fn shape(svg: &str) -> Option<&str> {
    let from = svg.find("<path")?;
    svg.get(from..)?.strip_suffix("</svg>")
}

/// Black or white, whichever is read better on the colour: at least 4.5 to 1, whatever the colour is.
fn ink_on(color: &str) -> &'static str {
    let light = luminance(color);
    if (light + 0.05) / 0.05 > 1.05 / (light + 0.05) { "#000000" } else { "#ffffff" }
}

/// As WCAG measures it.
fn luminance(color: &str) -> f64 {
    let part = |from: usize| {
        let digits = color.get(from..from + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let share = f64::from(digits.unwrap_or_default()) / 255.0;
        if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_icon_that_a_file_names_is_drawn_once() {
        let catalog = Catalog::load().unwrap();
        let named = || catalog.all().filter(|node| node.icon.is_some());
        let missing: Vec<_> = named().filter(|node| !MARKS.drawn.contains(&node.slug)).map(|node| &node.slug).collect();
        assert!(missing.is_empty(), "Simple Icons has no such icon: {missing:?}");
        for node in named() {
            assert_eq!(MARKS.drawing.matches(&format!("id=\"{}\"", node.slug)).count(), 1);
        }
        assert!(!MARKS.drawing.contains("<script") && !MARKS.drawing.contains("style="));
    }

    #[test]
    fn a_mark_can_be_read_on_its_tile() {
        assert_eq!((ink_on("#635bff"), ink_on("#ffe01b"), ink_on("#000000")), ("#ffffff", "#000000", "#ffffff"));
        for red in (0..=255).step_by(5) {
            for green in (0..=255).step_by(5) {
                let color = format!("#{red:02x}{green:02x}{:02x}", (red + green) / 2);
                let (light, ink) = (luminance(&color), luminance(ink_on(&color)));
                let contrast = (light.max(ink) + 0.05) / (light.min(ink) + 0.05);
                assert!(contrast >= 4.5, "{color}: {contrast}");
            }
        }
    }
}
