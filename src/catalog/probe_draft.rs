//! The probe of a custom API, as it is typed: a path, and two lists of statuses.

use std::collections::BTreeMap;

use super::custom::{Draft, Faults};
use super::spec::Probe;

const LONGEST: usize = 500;

/// The statuses as they are typed.
pub(super) fn listed(statuses: &[u16]) -> String {
    statuses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Nothing where it cannot be read; none where no path is given, and then nothing can be tested.
pub(super) fn read(draft: &Draft, faults: &mut Faults) -> Option<Option<Probe>> {
    let path = draft.probe_path.trim();
    if path.is_empty() {
        return Some(None);
    }
    let path = faults.take("probe_path", checked(path));
    let verified = faults.take("verified", statuses(&draft.verified));
    let rejected = faults.take("rejected", statuses(&draft.rejected));
    let (path, verified, rejected) = (path?, verified?, rejected?);
    if let Some(both) = rejected.iter().find(|status| verified.contains(status)) {
        return faults.take("rejected", Err(format!("{both} cannot mean both.")));
    }
    let (headers, method) = (BTreeMap::new(), "GET".to_owned());
    Some(Some(Probe { method, path, headers, body: None, verified, rejected, confirmed: None, account: None }))
}

fn checked(path: &str) -> Result<String, String> {
    let plain = path.chars().all(|c| c.is_ascii_graphic() && !"{}#\\".contains(c));
    let climbs = path.split(['/', '?']).any(|step| matches!(step, "." | ".."));
    if !path.starts_with('/') || path.starts_with("//") || !plain || climbs || path.len() > LONGEST {
        return Err("Enter a path below the base URL that begins with one slash, such as /v1/me.".to_owned());
    }
    Ok(path.to_owned())
}

fn statuses(text: &str) -> Result<Vec<u16>, String> {
    let mut found: Vec<u16> = Vec::new();
    for word in text.split([',', ' ']).filter(|word| !word.is_empty()) {
        let status = word.parse().ok().filter(|status| (100..600).contains(status));
        let status = status.ok_or_else(|| format!("“{word}” is no status; they are numbers such as 200."))?;
        if !found.contains(&status) {
            found.push(status);
        }
    }
    if found.is_empty() || found.len() > 20 {
        return Err("Enter the numbers of one to twenty statuses, separated by commas.".to_owned());
    }
    Ok(found)
}
