//! The pages of the list of data integrations.

use serde::Deserialize;

use crate::api::error::Error;
use crate::domain::NodeTypeId;
use crate::store::node_types::NodeTypeRow;

use super::Ownership;

/// Which of them a list shows.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Listed {
    limit: String,
    before: String,
    after: String,
    order: String,
    ownership: String,
}

/// A page of the list.
pub(super) struct Page {
    limit: usize,
    before: Option<NodeTypeId>,
    after: Option<NodeTypeId>,
    newest_first: bool,
    pub ownership: Ownership,
}

const LIMIT: usize = 10;
const MOST: usize = 100;

impl Listed {
    pub(super) fn page(&self) -> Result<Page, Error> {
        let limit = match self.limit.as_str() {
            "" => LIMIT,
            text => {
                let number = text.parse().ok().filter(|number| (1..=MOST).contains(number));
                number.ok_or_else(|| Error::invalid("limit is a number from 1 to 100."))?
            }
        };
        let id = |text: &str, wrong| match text {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| Error::invalid(wrong)),
        };
        let before = id(&self.before, "before is an id as list_metadata says it.")?;
        let after = id(&self.after, "after is an id as list_metadata says it.")?;
        if before.is_some() && after.is_some() {
            return Err(Error::invalid("Name before or after, not both."));
        }
        let newest_first = match self.order.as_str() {
            "" | "desc" | "normal" => true,
            "asc" => false,
            _ => return Err(Error::invalid("order is asc, desc or normal.")),
        };
        let ownership = match self.ownership.as_str() {
            "" => Ownership::User,
            text => Ownership::read(text).ok_or_else(|| Error::invalid("ownership is user or organization."))?,
        };
        Ok(Page { limit, before, after, newest_first, ownership })
    }
}

impl Page {
    /// The rows of this page, with whether there are others before and behind them. An id that is gone still has its place.
    pub fn cut(&self, mut rows: Vec<NodeTypeRow>) -> (Vec<NodeTypeRow>, bool, bool) {
        let order = |one: &NodeTypeId, other: &NodeTypeId| {
            let order = one.as_str().cmp(other.as_str());
            if self.newest_first { order.reverse() } else { order }
        };
        rows.sort_by(|one, other| order(&one.id, &other.id));
        let (from, to) = match (&self.after, &self.before) {
            (Some(after), _) => (rows.partition_point(|row| order(&row.id, after).is_le()), rows.len()),
            (None, Some(before)) => {
                let to = rows.partition_point(|row| order(&row.id, before).is_lt());
                (to.saturating_sub(self.limit), to)
            }
            (None, None) => (0, rows.len()),
        };
        let to = to.min(from + self.limit);
        let (has_before, has_after) = (from > 0, to < rows.len());
        (rows.into_iter().skip(from).take(to - from).collect(), has_before, has_after)
    }
}
