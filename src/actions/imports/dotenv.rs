//! Variables as `.env` files hold them: `export`, quotes, escapes, comments, values of several lines.
//!
//! Invariant: nothing is ever put in for a `$NAME`: a file from outside must not read what this process knows. What a
//! fault says names a line and never quotes it, because there is a key on it.

use zeroize::Zeroizing;

use super::{FileFault, MOST_ROWS};

/// The longest name that is taken for one.
const LONGEST_NAME: usize = 200;

pub struct Variable {
    /// On which line it begins.
    pub line: usize,
    pub name: String,
    pub value: Zeroizing<String>,
    /// Whether another variable was meant to be put in.
    pub refers: bool,
}

/// What is left of the text, and on which line it begins.
struct Reader<'a> {
    rest: &'a str,
    line: usize,
}

pub fn parse(text: &str) -> Result<Vec<Variable>, FileFault> {
    let mut reader = Reader { rest: text, line: 1 };
    let mut found = Vec::new();
    loop {
        reader.skip_blanks();
        if reader.rest.is_empty() {
            return Ok(found);
        }
        if reader.rest.starts_with(['#', '\n', '\r']) {
            reader.skip_line();
            continue;
        }
        if found.len() == MOST_ROWS {
            return Err(FileFault::TooManyRows);
        }
        found.push(reader.variable()?);
    }
}

/// Whether the text begins as such a file does.
pub fn looks_like_one(text: &str) -> bool {
    let first = text.lines().map(str::trim_start).find(|line| !line.is_empty() && !line.starts_with('#'));
    let mut reader = Reader { rest: first.unwrap_or_default(), line: 1 };
    reader.skip_export();
    reader.name().is_ok() && reader.rest.trim_start_matches([' ', '\t']).starts_with('=')
}

impl<'a> Reader<'a> {
    fn fault(&self, why: &'static str) -> FileFault {
        FileFault::Line { line: self.line, why }
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn skip_line(&mut self) {
        let end = self.rest.find('\n').map_or(self.rest.len(), |at| at + 1);
        self.take(end);
        self.line += 1;
    }

    fn skip_export(&mut self) {
        let after = self.rest.strip_prefix("export").filter(|after| after.starts_with([' ', '\t']));
        self.rest = after.unwrap_or(self.rest);
        self.skip_blanks();
    }

    fn name(&mut self) -> Result<&'a str, FileFault> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let begins = self.rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !begins || end > LONGEST_NAME {
            return Err(self.fault("A variable looks like NAME=value, its name made of letters, digits and _."));
        }
        Ok(self.take(end))
    }

    fn variable(&mut self) -> Result<Variable, FileFault> {
        self.skip_export();
        let line = self.line;
        let name = self.name()?.to_owned();
        self.skip_blanks();
        if !self.rest.starts_with('=') {
            return Err(self.fault("There is no = after the variable’s name."));
        }
        self.take(1);
        self.skip_blanks();
        let (value, refers) = match self.rest.chars().next() {
            Some(quote @ ('"' | '\'' | '`')) => {
                self.take(1);
                let quoted = self.quoted(quote)?;
                self.skip_blanks();
                if !self.rest.is_empty() && !self.rest.starts_with(['#', '\n', '\r']) {
                    return Err(self.fault("Something stands after the closing quote."));
                }
                self.skip_line();
                quoted
            }
            _ => self.plain(),
        };
        Ok(Variable { line, name, value, refers })
    }

    /// To the end of the line, or to a comment: a `#` after a blank.
    fn plain(&mut self) -> (Zeroizing<String>, bool) {
        let end = self.rest.find('\n').unwrap_or(self.rest.len());
        let whole = self.rest.get(..end).unwrap_or_default();
        let comment = whole.match_indices('#').find(|(at, _)| {
            let before = whole.get(..*at).unwrap_or_default();
            before.is_empty() || before.ends_with([' ', '\t'])
        });
        let value = whole.get(..comment.map_or(end, |(at, _)| at)).unwrap_or_default().trim_end();
        self.skip_line();
        (Zeroizing::new(value.to_owned()), refers(value))
    }

    /// To the closing quote, over as many lines as it takes. Only double quotes know escapes.
    fn quoted(&mut self, quote: char) -> Result<(Zeroizing<String>, bool), FileFault> {
        const OPEN: &str = "The quote that begins here is not closed.";
        let began = self.line;
        // Reserved at once: growing would leave copies of the value behind.
        let reserved = self.rest.find(quote).unwrap_or_default() + 64;
        let mut value = Zeroizing::new(String::with_capacity(reserved));
        let mut refers_to_another = false;
        loop {
            let Some(c) = self.rest.chars().next() else {
                return Err(FileFault::Line { line: began, why: OPEN });
            };
            refers_to_another |= quote == '"' && self.rest.starts_with("${");
            self.take(c.len_utf8());
            match c {
                c if c == quote => return Ok((value, refers_to_another)),
                '\\' if quote == '"' => value.extend(self.escaped()?),
                // Lines end as they do in the file's own format, and one way in a value.
                '\r' if self.rest.starts_with('\n') => {}
                c => {
                    self.line += usize::from(c == '\n');
                    value.push(c);
                }
            }
        }
    }

    /// What stands for the character after a backslash; nothing for the end of a line.
    fn escaped(&mut self) -> Result<Option<char>, FileFault> {
        if self.rest.starts_with("\r\n") {
            self.take(1);
        }
        let c = self.rest.chars().next().unwrap_or_default();
        self.take(c.len_utf8().min(self.rest.len()));
        match c {
            'n' => Ok(Some('\n')),
            'r' => Ok(Some('\r')),
            't' => Ok(Some('\t')),
            '\\' | '"' | '\'' | '$' | '`' => Ok(Some(c)),
            '\n' => {
                self.line += 1;
                Ok(None)
            }
            _ => Err(self.fault("A backslash in double quotes is written \\\\; or use single quotes.")),
        }
    }
}

/// Whether `${NAME}` stands in it.
fn refers(value: &str) -> bool {
    value.contains("${")
}
