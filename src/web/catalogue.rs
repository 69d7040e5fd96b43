//! The catalogue as tiles, by category: on the page of node types, and where a key begins.

use std::collections::BTreeMap;

use crate::catalog::NodeType;
use crate::store::node_types::NodeTypeRow;

use super::view::NodeMark;

pub struct Category {
    /// By which the page names it.
    pub id: String,
    pub name: String,
    pub tiles: Vec<Tile>,
}

pub struct Tile {
    pub node_type: NodeMark,
    pub benefit: String,
    /// Where it leads; nowhere for what this person may not choose.
    pub url: Option<String>,
    /// What is to be known of it: that it is there already, or disabled, or not this person's to add.
    pub note: Option<&'static str>,
}

pub fn mark_of(node_type: &NodeType) -> NodeMark {
    NodeMark { slug: node_type.slug.clone(), name: node_type.name.clone() }
}

pub fn mark_of_row(row: &NodeTypeRow) -> NodeMark {
    NodeMark { slug: row.slug.to_string(), name: row.name.to_string() }
}

/// Whether a search, in lower case, finds this.
pub fn is_found(wanted: &str, words: [&str; 3]) -> bool {
    words.iter().any(|text| text.to_lowercase().contains(wanted)) || words.join(" ").to_lowercase().contains(wanted)
}

/// Those that a search finds, by category and name.
pub fn by_category<'a>(
    all: impl Iterator<Item = &'a NodeType>,
    wanted: &str,
    tile: impl Fn(&NodeType) -> Tile,
) -> Vec<Category> {
    let mut found: BTreeMap<&str, Vec<Tile>> = BTreeMap::new();
    for node in all.filter(|node| is_found(wanted, [&node.name, &node.category, &node.benefit])) {
        found.entry(&node.category).or_default().push(tile(node));
    }
    let category = |(at, (name, mut tiles)): (usize, (&str, Vec<Tile>))| {
        tiles.sort_by_key(|tile| tile.node_type.name.to_lowercase());
        Category { id: format!("category-{at}"), name: name.to_owned(), tiles }
    };
    found.into_iter().enumerate().map(category).collect()
}
