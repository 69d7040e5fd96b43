use proptest::prelude::*;

use super::dotenv::{self, Variable};
use super::types::{leading, words};
use super::{FileFault, Parsed, dotenv::looks_like_one, parse, table, text_of};

fn read(text: &str) -> Vec<(String, String)> {
    let found: Vec<Variable> = dotenv::parse(text).ok().unwrap();
    found.into_iter().map(|variable| (variable.name, variable.value.to_string())).collect()
}

fn pair(name: &str, value: &str) -> Vec<(String, String)> {
    vec![(name.to_owned(), value.to_owned())]
}

#[test]
fn variables_are_read_as_they_are_written() {
    assert_eq!(read("A=b"), pair("A", "b"));
    assert_eq!(read("  export\tA_1.b-c = b c  # not this\r\n"), pair("A_1.b-c", "b c"));
    assert_eq!(read("# A=1\n\n\r\nA=b#c\n"), pair("A", "b#c"));
    assert_eq!(read("A= # nothing"), pair("A", ""));
    assert_eq!(read("A='b\\n$c # d' # e"), pair("A", "b\\n$c # d"));
    assert_eq!(read("A=\"b\\n\\\"c\\\"\\\\ \\$d\""), pair("A", "b\n\"c\"\\ $d"));
    assert_eq!(read("A=\"-----BEGIN\r\nxyz\r\n-----END\"\nB=1").len(), 2);
    assert_eq!(read("A=\"one\r\ntwo\""), pair("A", "one\ntwo"));
    assert_eq!(read("A=`b'\"c`"), pair("A", "b'\"c"));
    assert_eq!(read("export=1"), pair("export", "1"));
}

#[test]
fn what_is_no_variable_names_its_line_and_nothing_else() {
    let line = |text: &str| match dotenv::parse(text) {
        Err(FileFault::Line { line, .. }) => line,
        _ => 0,
    };
    assert_eq!(line("A=1\nsk live secret\n"), 2);
    assert_eq!(line("A=1\n=b"), 2);
    assert_eq!(line("A=1\n\nB"), 3);
    assert_eq!(line("A=\"b\nc\nd"), 1, "where the quote was opened");
    assert_eq!(line("A='b' c"), 1);
    assert_eq!(line("A=\"b\nc\\q\""), 2);
    assert_eq!(line("A\0=1"), 1);
    assert_eq!(line(&format!("{}=1", "A".repeat(10_000))), 1);
    assert!(dotenv::parse("A=${B}").ok().unwrap()[0].refers && !dotenv::parse("A='${B}'").ok().unwrap()[0].refers);
}

#[test]
fn tables_are_read_whatever_separates_their_cells() {
    for text in ["a,b\n1,\"x,\"\"y\"\n", "a;b\r\n1;\"x,\"\"y\"\r\n", "a\tb\n1\t\"x,\"\"y\""] {
        let table = table::parse(text).ok().unwrap();
        assert_eq!((table.columns, table.rows.len()), (2, 1), "{text:?}");
        assert_eq!((table.rows[0].cell(0), table.rows[0].cell(1)), ("1", "x,\"y"), "{text:?}");
        assert_eq!(table.rows[0].line, 2);
    }
    assert_eq!(
        table::parse("a,b\n1,2,3\n").err(),
        Some(FileFault::Line { line: 2, why: "It has more cells than the first row." })
    );
    assert_eq!(table::parse("\n,,\n").err(), Some(FileFault::Empty));
}

#[test]
fn every_bound_has_its_own_words() {
    let bytes = |text: String| text_of(text.into_bytes()).err();
    assert_eq!(bytes("x".repeat(1_048_577)), Some(FileFault::TooLarge));
    assert_eq!(bytes("\u{feff} \n".to_owned()), Some(FileFault::Empty));
    assert_eq!(text_of(vec![b'A', b'=', 0xff]).err(), Some(FileFault::NoText));
    let of = |text: String, variables| parse(&text_of(text.into_bytes()).ok().unwrap(), variables).err();
    assert_eq!(of(vec!["x"; 1_000].join(","), false), Some(FileFault::TooManyColumns));
    assert_eq!(of("name,value\n".to_owned() + &"a,b\n".repeat(2_001), false), Some(FileFault::TooManyRows));
    assert_eq!(of("name,value\n".to_owned() + &"a,b\n".repeat(2_000), false), None);
    assert_eq!(of("A=b\n".repeat(2_001), true), Some(FileFault::TooManyRows));
    assert_eq!(of("A=b\n".repeat(2_000), true), None);
}

#[test]
fn a_file_is_told_by_how_it_begins() {
    for variables in ["A=b", "# A, b\n\nexport STRIPE_KEY = 1", "a.b-c=1"] {
        assert!(looks_like_one(variables), "{variables:?}");
    }
    for table in ["name,value\nA=1,2", "\"A\"=1", "", "name;value"] {
        assert!(!looks_like_one(table), "{table:?}");
    }
}

#[test]
fn words_before_a_services_name_do_not_hide_it() {
    assert_eq!(words("NEXT_PUBLIC_STRIPE_KEY"), ["stripe", "key"]);
    assert_eq!(words("PROD_OPENAI_API_KEY"), ["openai", "api", "key"]);
    let catalog = crate::catalog::Catalog::load().ok().unwrap();
    let spec = catalog.get("google-maps").unwrap();
    let known = super::types::Known {
        id: None,
        slug: spec.slug.clone(),
        name: spec.name.clone(),
        spec: std::borrow::Cow::Borrowed(spec),
        bar: None,
        revision: 0,
    };
    assert_eq!(leading(&known, &words("GOOGLE_MAPS_API_KEY")), Some(2));
    assert_eq!(leading(&known, &words("GOOGLEMAPS_KEY")), Some(1));
    assert_eq!(leading(&known, &words("MAPS_KEY")), None);
}

fn quoted(value: &str) -> String {
    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$").replace('\r', "\\r");
    format!("\"{escaped}\"")
}

proptest! {
    /// Whatever is sent is read or refused; what is refused is refused without quoting it.
    #[test]
    fn no_text_breaks_the_readers(text in "(?s).{0,400}", marked in "[A-Za-z0-9=\"'`\\\\#,;\t\r\n $]{0,200}") {
        for text in [text, marked] {
            let _ = looks_like_one(&text);
            for variables in [false, true] {
                let Ok(entered) = text_of(text.clone().into_bytes()) else { continue };
                match parse(&entered, variables) {
                    Ok(Parsed::Variables(found)) => prop_assert!(found.iter().all(|v| !v.name.is_empty())),
                    Ok(Parsed::Table(table)) => {
                        prop_assert!(table.rows.iter().all(|row| row.cells.len() <= table.columns));
                    }
                    Err(FileFault::Line { line, .. }) => prop_assert!(line <= text.matches('\n').count() + 1),
                    Err(_) => {}
                }
            }
        }
    }

    /// What is written in double quotes is read back, line by line.
    #[test]
    fn quoted_values_come_back(values in prop::collection::vec("(?s).{0,60}", 1..20)) {
        let lines: Vec<String> = values.iter().enumerate().map(|(at, v)| format!("export V{at} = {} # c", quoted(v))).collect();
        let found = read(&lines.join("\r\n"));
        prop_assert_eq!(found.len(), values.len());
        for (at, (name, value)) in found.into_iter().enumerate() {
            prop_assert_eq!(name, format!("V{at}"));
            prop_assert_eq!(&value, &values[at]);
        }
    }

    /// So is what the csv crate itself has written.
    #[test]
    fn written_tables_come_back(rows in prop::collection::vec(prop::collection::vec("(?s)[^\0]{1,40}", 3), 1..20)) {
        let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
        writer.write_record(["name", "type", "value"]).ok().unwrap();
        for row in &rows {
            writer.write_record(row).ok().unwrap();
        }
        let text = String::from_utf8(writer.into_inner().ok().unwrap()).ok().unwrap();
        let table = table::parse(&text).ok().unwrap();
        let blank = |row: &&Vec<String>| row.iter().all(|cell| cell.trim().is_empty());
        let written: Vec<&Vec<String>> = rows.iter().filter(|row| !blank(row)).collect();
        prop_assert_eq!(table.rows.len(), written.len());
        for (read, written) in table.rows.iter().zip(written) {
            let cells: Vec<&str> = read.cells.iter().map(|cell| cell.as_str()).collect();
            prop_assert_eq!(cells, written.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
}
