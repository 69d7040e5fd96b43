//! What a password must be before it is hashed.

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    #[error("Use at least {LEAST} characters.")]
    Short,
    #[error("Use at most {MOST} characters.")]
    Long,
    #[error("Use more than one or two different characters.")]
    Monotonous,
}

const LEAST: usize = 12;
/// In bytes; what is longer is refused rather than cut.
pub const MOST: usize = 1_024;

pub fn check(password: &str) -> Result<(), PasswordError> {
    if password.len() > MOST {
        return Err(PasswordError::Long);
    }
    if password.len() < LEAST {
        return Err(PasswordError::Short);
    }
    let mut seen: Vec<char> = password.chars().collect();
    seen.sort_unstable();
    seen.dedup();
    if seen.len() < 3 { Err(PasswordError::Monotonous) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_in_bytes_and_never_cut() {
        assert_eq!(check("short"), Err(PasswordError::Short));
        assert_eq!(check("aaaaaaaaaaaaaaa"), Err(PasswordError::Monotonous));
        assert_eq!(check("correct horse"), Ok(()));
        assert_eq!(check(&"abcd".repeat(256)), Ok(()));
        assert_eq!(check(&"abcd".repeat(257)), Err(PasswordError::Long));
    }
}
