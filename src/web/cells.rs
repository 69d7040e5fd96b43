//! Rows of CSV files that leave Keyrack.

pub(super) fn push_row(piece: &mut String, cells: &[String]) {
    let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
    piece.push_str(&cells.join(","));
    piece.push_str("\r\n");
}

/// A cell that no spreadsheet takes for a formula, quoted where it must be. Some divide rows at semicolons or tabs, and
/// do not heed quotes around more than one of their own cells.
fn cell(text: &str) -> String {
    let mut guarded = String::with_capacity(text.len() + 1);
    let mut begins = true;
    for sign in text.chars() {
        if begins && matches!(sign, '=' | '+' | '-' | '@' | '\t' | '\r') {
            guarded.push('\'');
        }
        guarded.push(sign);
        begins = matches!(sign, ';' | '\t' | '\r' | '\n') || (begins && matches!(sign, ' ' | '"'));
    }
    if guarded.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", guarded.replace('"', "\"\"")) } else { guarded }
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn no_cell_is_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)"] {
            assert_eq!(cell(text), format!("'{text}"));
        }
        assert_eq!(cell("\t=1"), "'\t'=1");
        assert_eq!(cell("\r=1"), "\"'\r'=1\"");
        assert_eq!(cell("x;=cmd|'/C calc'!A0;y"), "x;'=cmd|'/C calc'!A0;y");
        assert_eq!(cell("x; \"=1"), "\"x; \"\"'=1\"");
        assert_eq!(cell("=HYPERLINK(\"a\",\"b\")"), "\"'=HYPERLINK(\"\"a\"\",\"\"b\"\")\"");
        assert_eq!(cell("a, b"), "\"a, b\"");
        assert_eq!(cell("Ada = Bob"), "Ada = Bob");
    }
}
