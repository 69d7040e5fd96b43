//! A table as CSV files hold it: separated by commas, semicolons or tabs, with or without quotes.

use zeroize::Zeroizing;

use super::{FileFault, MOST_COLUMNS, MOST_ROWS};

pub struct Table {
    /// Of the first line: headings, or the first secret.
    pub first: TableRow,
    pub rows: Vec<TableRow>,
    /// As many as the first line has.
    pub columns: usize,
}

pub struct TableRow {
    /// On which line of the file it begins.
    pub line: usize,
    pub cells: Vec<Zeroizing<String>>,
}

impl TableRow {
    pub fn cell(&self, at: usize) -> &str {
        self.cells.get(at).map_or("", |cell| cell.as_str())
    }
}

pub fn parse(text: &str) -> Result<Table, FileFault> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(text))
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    let mut record = csv::StringRecord::new();
    let mut lines = Lines { text: text.as_bytes(), counted: 0, line: 1 };
    loop {
        let more = reader.read_record(&mut record);
        let line = lines.at(record.position().map_or(0, csv::Position::byte));
        if !more.map_err(|_| FileFault::Line { line, why: "It cannot be read as a row of a table." })? {
            break;
        }
        if record.len() > MOST_COLUMNS {
            return Err(FileFault::TooManyColumns);
        }
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if rows.len() > MOST_ROWS {
            return Err(FileFault::TooManyRows);
        }
        let cells = record.iter().map(|cell| Zeroizing::new(cell.to_owned())).collect();
        rows.push(TableRow { line, cells });
    }
    if rows.is_empty() {
        return Err(FileFault::Empty);
    }
    let first = rows.remove(0);
    let columns = first.cells.len();
    match rows.iter().find(|row| row.cells.len() > columns) {
        Some(row) => Err(FileFault::Line { line: row.line, why: "It has more cells than the first row." }),
        None => Ok(Table { first, rows, columns }),
    }
}

/// Counts lines from one row to the next: the reader's own count is off where lines end in two characters.
struct Lines<'a> {
    text: &'a [u8],
    counted: usize,
    line: usize,
}

impl Lines<'_> {
    fn at(&mut self, byte: u64) -> usize {
        let byte = usize::try_from(byte).unwrap_or_default();
        let rest = self.text.get(byte..).unwrap_or_default();
        // A row begins after the ends of lines that the reader has left before it.
        let begins = byte + rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let between = self.text.get(self.counted..begins).unwrap_or_default();
        self.line += between.iter().filter(|byte| **byte == b'\n').count();
        self.counted = begins.max(self.counted);
        self.line
    }
}

/// What separates the cells: whichever stands most often in the first line, outside of quotes.
fn delimiter(text: &str) -> u8 {
    let (mut quoted, mut counts) = (false, [(b'\t', 0_usize), (b';', 0), (b',', 0)]);
    for byte in text.trim_start_matches(['\r', '\n']).bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            byte if !quoted => {
                if let Some((_, count)) = counts.iter_mut().find(|(candidate, _)| *candidate == byte) {
                    *count += 1;
                }
            }
            _ => {}
        }
    }
    // The last of equals is taken, so a comma where there is none of them.
    counts.iter().max_by_key(|(_, count)| *count).map_or(b',', |(byte, _)| *byte)
}
