//! Master keys: from the environment or a key file, each with an id.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use data_encoding::BASE64;
use zeroize::Zeroizing;

use crate::domain::Chance;

use super::kdf::{KEY_BYTES, Key};

#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    #[error("no master key is given")]
    None,
    #[error("entry {0} is not of the form id:base64")]
    Form(usize),
    #[error("the master key \"{0}\" is not {KEY_BYTES} bytes of base64")]
    Length(String),
    /// Without the text itself: where key and id were exchanged, it is the key.
    #[error("the id of entry {0} is not 1 to 32 lower-case letters, digits and hyphens")]
    Id(usize),
    #[error("the id \"{0}\" stands there twice")]
    Twice(String),
    #[error("the key file {path} cannot be read: {cause}")]
    Read { path: String, cause: io::Error },
    #[error("the key file {path} cannot be written: {cause}")]
    Write { path: String, cause: io::Error },
    #[error("the key file {path} can be read by other users; set its mode to 0600")]
    Open { path: String },
}

struct MasterKey {
    id: String,
    key: Key,
}

/// The configured master keys; the first wraps what is new, all of them unwrap.
pub struct MasterKeys {
    active: MasterKey,
    older: Vec<MasterKey>,
}

impl MasterKeys {
    /// Reads `id:base64` entries separated by commas or line ends.
    pub fn parse(text: &str) -> Result<Self, MasterKeyError> {
        let mut keys: Vec<MasterKey> = Vec::new();
        let entries = text.split([',', '\n']).map(str::trim).filter(|e| !e.is_empty() && !e.starts_with('#'));
        for (at, entry) in entries.enumerate() {
            let (id, encoded) = entry.split_once(':').ok_or(MasterKeyError::Form(at + 1))?;
            let key = parse_one(at + 1, id, encoded)?;
            if keys.iter().any(|known| known.id == key.id) {
                return Err(MasterKeyError::Twice(key.id));
            }
            keys.push(key);
        }
        let mut keys = keys.into_iter();
        let active = keys.next().ok_or(MasterKeyError::None)?;
        Ok(Self { active, older: keys.collect() })
    }

    pub fn read_file(path: &Path) -> Result<Self, MasterKeyError> {
        let place = || path.display().to_string();
        let text = fs::read_to_string(path)
            .map(Zeroizing::new)
            .map_err(|cause| MasterKeyError::Read { path: place(), cause })?;
        if readable_by_others(path).map_err(|cause| MasterKeyError::Read { path: place(), cause })? {
            return Err(MasterKeyError::Open { path: place() });
        }
        Self::parse(&text)
    }

    /// Makes a key file with one new key. Where another process was first, its file is read instead.
    pub fn create_file(path: &Path, chance: &dyn Chance) -> Result<Self, MasterKeyError> {
        let key = Key::draw(chance);
        let line = Zeroizing::new(format!("main:{}\n", BASE64.encode(key.bytes())));
        let mut mark = [0_u8; 8];
        chance.fill(&mut mark);
        match publish(path, u64::from_be_bytes(mark), line.as_bytes()) {
            Ok(()) => {}
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
            Err(cause) => return Err(MasterKeyError::Write { path: path.display().to_string(), cause }),
        }
        Self::read_file(path)
    }

    pub(super) fn active(&self) -> (&str, &Key) {
        (&self.active.id, &self.active.key)
    }

    pub(super) fn find(&self, id: &str) -> Option<&Key> {
        std::iter::once(&self.active).chain(&self.older).find(|m| m.id == id).map(|m| &m.key)
    }

    pub fn ids(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.active).chain(&self.older).map(|m| m.id.as_str())
    }
}

fn parse_one(entry: usize, id: &str, encoded: &str) -> Result<MasterKey, MasterKeyError> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if id.is_empty() || id.len() > 32 || !id.bytes().all(plain) {
        return Err(MasterKeyError::Id(entry));
    }
    let bytes = BASE64.decode(encoded.as_bytes()).map(Zeroizing::new).ok();
    let key = bytes.as_deref().and_then(|b| Key::from_slice(b)).ok_or_else(|| MasterKeyError::Length(id.to_owned()))?;
    Ok(MasterKey { id: id.to_owned(), key })
}

/// Writes the whole file under another name first, so that nobody ever reads half a key.
///
/// The mark tells drafts apart: two containers may share a process id, and a crash may leave a draft behind.
fn publish(path: &Path, mark: u64, bytes: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;

    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(folder)?;
    let draft = path.with_extension(format!("draft-{mark:016x}"));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::hard_link(&draft, path));
    fs::remove_file(&draft)?;
    written?;
    fs::File::open(folder)?.sync_all()
}

fn readable_by_others(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;

    Ok(fs::metadata(path)?.permissions().mode() & 0o077 != 0)
}
