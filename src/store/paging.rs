//! Pages of a list that goes from the newest to the oldest.
//!
//! Invariant: a page begins at a key and not at a number of rows, so that what is added or deleted between two pages
//! neither hides a row nor shows one twice.

use super::error::Error;

/// Rows on a page.
pub const PAGE: usize = 50;

/// Ids in one question: a database takes only so many.
pub const IDS_AT_ONCE: usize = 500;

/// Which page is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Turn<K> {
    #[default]
    Newest,
    OlderThan(K),
    NewerThan(K),
}

/// A page, the newest row first.
pub struct Page<T> {
    pub rows: Vec<T>,
    pub has_newer: bool,
    pub has_older: bool,
}

impl<T> Page<T> {
    /// Of a list that holds nothing.
    pub fn empty() -> Self {
        Self { rows: Vec::new(), has_newer: false, has_older: false }
    }
}

/// What a machine reads at once of a list: so many after a place, in the list's own order.
#[derive(Clone, Debug)]
pub struct Stretch<K> {
    pub after: Option<K>,
    pub limit: usize,
}

/// What was read, and whether the list goes on.
pub struct Part<T> {
    pub rows: Vec<T>,
    pub has_more: bool,
}

impl<K> Stretch<K> {
    /// One too many, which tells that there are more.
    pub(super) fn fetch(&self) -> i64 {
        i64::try_from(self.limit).unwrap_or(i64::MAX).saturating_add(1)
    }

    pub fn cut<T>(&self, mut rows: Vec<T>) -> Part<T> {
        let has_more = rows.len() > self.limit;
        rows.truncate(self.limit);
        Part { rows, has_more }
    }
}

/// Orders and bounds a query by its key, beginning next to the place that is turned from.
macro_rules! turned {
    ($query:expr, $key:expr, $turn:expr, $limit:expr) => {{
        let query = $query.limit($limit);
        match $turn {
            Turn::Newest => query.order($key.desc()),
            Turn::OlderThan(key) => query.filter($key.lt(key.clone())).order($key.desc()),
            Turn::NewerThan(key) => query.filter($key.gt(key.clone())).order($key.asc()),
        }
    }};
}

pub(super) use turned;

/// Answers with at most so many keys, the nearest to the place that is turned from first.
type Fetch<'f, K> = dyn FnMut(&Turn<K>, i64) -> Result<Vec<K>, Error> + 'f;

/// The keys of a page.
pub(super) fn page_of_keys<K: Clone>(turn: &Turn<K>, fetch: &mut Fetch<'_, K>) -> Result<Page<K>, Error> {
    let one_too_many = i64::try_from(PAGE).unwrap_or(i64::MAX).saturating_add(1);
    let mut rows = fetch(turn, one_too_many)?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    match turn {
        Turn::Newest => Ok(Page { rows, has_newer: false, has_older: more }),
        // The end is reached: a first page that is whole says more than what is left above.
        Turn::NewerThan(_) if !more => page_of_keys(&Turn::Newest, fetch),
        Turn::NewerThan(_) => {
            rows.reverse();
            let has_older = match rows.last() {
                Some(last) => !fetch(&Turn::OlderThan(last.clone()), 1)?.is_empty(),
                None => false,
            };
            Ok(Page { rows, has_newer: true, has_older })
        }
        Turn::OlderThan(_) => {
            let has_newer = match rows.first() {
                Some(first) => !fetch(&Turn::NewerThan(first.clone()), 1)?.is_empty(),
                // Everything older is gone by now: there is still a way back to the newest.
                None => true,
            };
            Ok(Page { rows, has_newer, has_older: more })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The page of the numbers 1 to `most` that is turned to.
    fn page(most: usize, turn: &Turn<usize>) -> Page<usize> {
        let mut fetch = |turn: &Turn<usize>, limit: i64| {
            let limit = usize::try_from(limit).unwrap();
            Ok(match turn {
                Turn::Newest => (1..=most).rev().take(limit).collect(),
                Turn::OlderThan(key) => (1..*key).rev().take(limit).collect(),
                Turn::NewerThan(key) => (*key + 1..=most).take(limit).collect(),
            })
        };
        page_of_keys(turn, &mut fetch).unwrap()
    }

    #[test]
    fn a_list_of_exactly_one_page_has_no_other() {
        let only = page(PAGE, &Turn::Newest);
        assert_eq!((only.rows.len(), only.has_newer, only.has_older), (PAGE, false, false));
    }

    #[test]
    fn newer_pages_stand_next_to_where_one_was_and_the_first_is_whole() {
        let next = page(200, &Turn::NewerThan(20));
        assert_eq!((next.rows.first(), next.rows.last()), (Some(&70), Some(&21)));
        assert!(next.has_newer && next.has_older);
        let first = page(200, &Turn::NewerThan(190));
        assert_eq!((first.rows.first(), first.rows.last()), (Some(&200), Some(&151)));
        assert!(!first.has_newer && first.has_older);
    }

    #[test]
    fn a_page_whose_rows_are_gone_leads_back() {
        let gone = page(60, &Turn::OlderThan(1));
        assert!(gone.rows.is_empty() && gone.has_newer && !gone.has_older);
    }
}
