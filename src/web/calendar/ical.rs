//! A calendar as calendars elsewhere read it: RFC 5545, days without times, names and no values.

use crate::domain::Moment;

/// A line is at most so long, in bytes, without its end.
const WIDTH: usize = 75;

/// One day on which something ends or is due.
pub struct Event {
    /// The same at each reading.
    pub id: String,
    pub day: Moment,
    pub summary: String,
    pub url: String,
}

/// The whole file.
pub fn written(name: &str, now: Moment, events: &[Event]) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| fold(&mut text, &format!("{name}:{value}"));
    line("BEGIN", "VCALENDAR");
    line("VERSION", "2.0");
    line("PRODID", "-//Keyrack//Keyrack//EN");
    line("CALSCALE", "GREGORIAN");
    line("METHOD", "PUBLISH");
    line("X-WR-CALNAME", &escaped(name));
    line("REFRESH-INTERVAL;VALUE=DURATION", "PT6H");
    line("X-PUBLISHED-TTL", "PT6H");
    for event in events {
        line("BEGIN", "VEVENT");
        line("UID", &escaped(&event.id));
        line("DTSTAMP", &stamp(now));
        line("DTSTART;VALUE=DATE", &day(event.day));
        line("SUMMARY", &escaped(&event.summary));
        line("URL", &without_breaks(&event.url));
        line("TRANSP", "TRANSPARENT");
        line("END", "VEVENT");
    }
    line("END", "VCALENDAR");
    text
}

/// `20261205`
fn day(at: Moment) -> String {
    at.day().replace('-', "")
}

/// `20261205T104200Z`
fn stamp(at: Moment) -> String {
    let wire = at.wire();
    let whole = wire.split('.').next().unwrap_or_default();
    format!("{}Z", whole.replace(['-', ':'], ""))
}

/// A text with what the format gives a meaning to marked, and without anything that is not to be seen.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

fn without_breaks(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// One line of the file; a long one goes on after a line end and a space. No character is cut in two.
fn fold(text: &mut String, line: &str) {
    let mut taken = 0;
    for c in line.chars() {
        if taken + c.len_utf8() > WIDTH {
            text.push_str("\r\n ");
            taken = 1;
        }
        text.push(c);
        taken += c.len_utf8();
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(summary: &str) -> Event {
        let day = Moment::of_rfc3339("2026-12-05T23:59:59Z").unwrap();
        Event { id: "sec_1-ends@keyrack".to_owned(), day, summary: summary.to_owned(), url: "https://k/x".to_owned() }
    }

    fn of(summary: &str) -> String {
        written("Acme", Moment::of_rfc3339("2026-11-21T10:42:00Z").unwrap(), &[event(summary)])
    }

    #[test]
    fn a_file_has_its_parts_in_lines_that_end_as_they_must() {
        let text = of("Orders expires");
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert_eq!(
            (lines[0], lines[lines.len() - 2], lines[lines.len() - 1]),
            ("BEGIN:VCALENDAR", "END:VCALENDAR", "")
        );
        for wanted in [
            "UID:sec_1-ends@keyrack",
            "DTSTAMP:20261121T104200Z",
            "DTSTART;VALUE=DATE:20261205",
            "SUMMARY:Orders expires",
        ] {
            assert!(lines.contains(&wanted), "{wanted}: {text}");
        }
        assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
    }

    #[test]
    fn nothing_in_a_name_ends_its_line_or_has_a_meaning() {
        let text = of("A;B,C\\D\r\nEND:VEVENT\nX\u{2028}Y\u{7}");
        assert!(text.contains("SUMMARY:A\\;B\\,C\\\\D\\nEND:VEVENT\\nX\\nY\r\n"), "{text}");
        assert_eq!(text.matches("\r\nEND:VEVENT\r\n").count(), 1);
    }

    #[test]
    fn long_lines_are_folded_between_characters() {
        let name = "ä€𝄞".repeat(40);
        let text = of(&name);
        assert!(text.split("\r\n").all(|line| line.len() <= WIDTH), "{text}");
        assert!(text.replace("\r\n ", "").contains(&format!("SUMMARY:{name}\r\n")));
    }
}
