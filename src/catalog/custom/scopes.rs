//! What can be asked for, as it is typed: one permission on each line, its name and then what it means.
//!
//! A line that begins with a star and a space is asked for where nobody chooses. One that begins with a dash and a space
//! is not, as is one without either; with it a name may be a star itself.

use crate::catalog::spec::Scope;
use crate::domain::name::is_hidden;

const MOST: usize = 200;
const LONGEST_NAME: usize = 200;
const LONGEST_MEANING: usize = 200;
const LONGEST: usize = 16_000;

/// The permissions, or what is wrong with them and in which line.
pub(super) fn read(text: &str) -> Result<Vec<Scope>, String> {
    if text.len() > LONGEST {
        return Err(format!("Use at most {LONGEST} characters. Name those that your workflows need."));
    }
    let mut found: Vec<Scope> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let in_line = |fault: &str| format!("In line {}: {fault}", at + 1);
        let Some(scope) = scope(line.trim()).map_err(|fault| in_line(&fault))? else { continue };
        if found.iter().any(|other| other.name == scope.name) {
            return Err(in_line(&format!("{} stands there twice.", scope.name)));
        }
        if found.len() == MOST {
            return Err(format!("Name at most {MOST} permissions: those that your workflows need."));
        }
        found.push(scope);
    }
    Ok(found)
}

/// Nothing of an empty line.
fn scope(line: &str) -> Result<Option<Scope>, String> {
    let (usual, rest) = match (line.strip_prefix("* "), line.strip_prefix("- ")) {
        (Some(rest), _) => (true, rest.trim_start()),
        (_, Some(rest)) => (false, rest.trim_start()),
        _ if line.starts_with('*') && line.chars().nth(1).is_some_and(|next| next.is_ascii_alphanumeric()) => {
            return Err("leave a space after the star.".to_owned());
        }
        _ => (false, line),
    };
    let (name, means) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    if name.is_empty() {
        return Ok(None);
    }
    if name.len() > LONGEST_NAME || !name.bytes().all(|b| b.is_ascii_graphic() && b != b',') {
        return Err("write the name as the provider does: plain letters and signs, and no comma.".to_owned());
    }
    let means = means.split_whitespace().collect::<Vec<_>>().join(" ");
    if means.chars().count() > LONGEST_MEANING || means.chars().any(is_hidden) {
        return Err(format!("say what it means in at most {LONGEST_MEANING} visible characters."));
    }
    let means = if means.is_empty() { name.to_owned() } else { means };
    Ok(Some(Scope { name: name.to_owned(), means, usual }))
}

/// The lines that lead to these permissions.
pub(super) fn written(all: &[Scope]) -> String {
    all.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn line(scope: &Scope) -> String {
    let name = &scope.name;
    // A name that would be taken for a mark stands behind one.
    let mark = match scope.usual {
        true => "* ",
        false if name.starts_with(['*', '-']) => "- ",
        false => "",
    };
    if scope.means == *name { format!("{mark}{name}") } else { format!("{mark}{name} {}", scope.means) }
}

/// The first of them, as many as a form can carry whose address encodes them twice.
pub fn fitting(all: &[Scope]) -> &[Scope] {
    const ROOM: usize = 12_000;
    let (mut length, mut count) = (0, 0);
    for scope in all {
        let encoded: String = url::form_urlencoded::byte_serialize(line(scope).as_bytes()).collect();
        length += encoded.len() + "%0A".len();
        if length > ROOM {
            break;
        }
        count += 1;
    }
    all.get(..count).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(text: &str) -> Vec<(String, String, bool)> {
        read(text).unwrap().into_iter().map(|scope| (scope.name, scope.means, scope.usual)).collect()
    }

    #[test]
    fn each_line_is_a_permission() {
        let text = "* rooms.read  See which rooms\tare free.\r\n\n  rooms.write\n- * Everything.\n*\n* -  No more\n";
        let scope = |name: &str, means: &str, usual| (name.to_owned(), means.to_owned(), usual);
        assert_eq!(read("*\n- * Everything.").unwrap_err(), "In line 2: * stands there twice.");
        assert_eq!(
            told(&text.replace("\n*\n", "\n")),
            [
                scope("rooms.read", "See which rooms are free.", true),
                scope("rooms.write", "rooms.write", false),
                scope("*", "Everything.", false),
                scope("-", "No more", true),
            ]
        );
        assert!(read(" \n\n").unwrap().is_empty());
    }

    #[test]
    fn what_cannot_be_asked_for_is_named_with_its_line() {
        for (text, fault) in [
            ("a\n*b", "In line 2: leave a space"),
            ("a,b", "In line 1: write the name"),
            ("ünï See", "In line 1: write the name"),
            ("a x\u{202e}y", "In line 1: say what it means"),
            ("a See\na See", "In line 2: a stands there twice"),
            (&"x".repeat(201), "In line 1: write the name"),
            (&format!("a {}", "x".repeat(201)), "In line 1: say what it means"),
            (&(0..201).map(|at| format!("s{at}\n")).collect::<String>(), "Name at most 200"),
            (&"x ".repeat(8_001), "Use at most 16000 characters"),
        ] {
            let told = read(text).map(|all| all.len()).unwrap_err();
            assert!(told.starts_with(fault), "{fault}: {told}");
        }
    }

    proptest! {
        /// Whatever is read is written so that it is read as the same once more.
        #[test]
        fn what_is_read_comes_back(text in "([*-]{0,2} ?[*a-z.:\\-]{0,4} {0,2}[*A-Za-z\\-\u{e9} ]{0,6}\r?\n){0,6}") {
            if let Ok(all) = read(&text) {
                let again = read(&written(&all)).unwrap();
                let facts = |all: &[Scope]| -> Vec<_> {
                    all.iter().map(|scope| (scope.name.clone(), scope.means.clone(), scope.usual)).collect()
                };
                prop_assert_eq!(facts(&again), facts(&all), "{:?}", written(&all));
                prop_assert_eq!(fitting(&all).len(), all.len());
            }
        }

        #[test]
        fn any_text_gets_an_answer(text in "\\PC{0,200}") {
            let _answer = read(&text);
        }
    }
}
