//! `Disk`: files that were fetched, kept from one run to the next within a bound; the longest unused go first.
//!
//! Names are hashes of addresses, so nothing that a stranger wrote becomes a path. A file that cannot be read or written
//! is as if it were not there: it is fetched again. Absent on purpose: what is in them.

use crate::private;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

/// The largest file that is kept, in parts of the bound: one must not push out the rest.
const SHARE: u64 = 16;

/// Fetched files on the disk.
#[derive(Debug, Clone)]
pub struct Disk {
    folder: PathBuf,
    most_bytes: u64,
}

impl Disk {
    /// Files in this folder, of at most so many bytes together.
    pub fn new(folder: PathBuf, most_bytes: u64) -> Self {
        Self { folder, most_bytes }
    }

    /// In the folder that the system has for such things; nothing where there is no home.
    pub fn usual(most_bytes: u64) -> Option<Self> {
        use etcetera::BaseStrategy as _;
        let base = etcetera::choose_base_strategy().ok()?;
        Some(Self::new(base.cache_dir().join("trunkline").join("media"), most_bytes))
    }

    fn path(&self, address: &str) -> PathBuf {
        let mut name = String::with_capacity(64);
        for byte in Sha256::digest(address.as_bytes()) {
            // Writing to a string does not fail.
            let _infallible = write!(name, "{byte:02x}");
        }
        self.folder.join(name)
    }

    /// What was fetched from an address, where it is kept. Counts as a use of it.
    pub(super) fn read(&self, address: &str) -> Option<Vec<u8>> {
        let path = self.path(address);
        let (bytes, _) = private::read(&path, self.most_bytes).ok()??;
        #[expect(clippy::disallowed_methods, reason = "the age of a file is told by the clock of the machine")]
        let now = SystemTime::now();
        if let Ok(file) = fs::File::options().write(true).open(&path) {
            drop(file.set_modified(now));
        }
        Some(bytes)
    }

    /// Keeps what was fetched from an address, and lets go of what is too much.
    pub(super) fn keep(&self, address: &str, bytes: &[u8]) -> io::Result<()> {
        if bytes.len() as u64 > self.most_bytes / SHARE {
            return Ok(());
        }
        private::folder(&self.folder)?;
        private::write(&self.path(address), bytes)?;
        self.sweep()
    }

    /// Forgets what was fetched from an address.
    pub(super) fn forget(&self, address: &str) {
        drop(fs::remove_file(self.path(address)));
    }

    fn sweep(&self) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder)?.flatten() {
            if let Ok(about) = entry.metadata()
                && about.is_file()
            {
                files.push((about.modified().unwrap_or(SystemTime::UNIX_EPOCH), about.len(), entry.path()));
            }
        }
        let mut bytes: u64 = files.iter().map(|(_, size, _)| size).sum();
        files.sort();
        for (_, size, path) in files {
            if bytes <= self.most_bytes {
                break;
            }
            fs::remove_file(path)?;
            bytes -= size;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn disk(name: &str, most_bytes: u64) -> Disk {
        let folder = std::env::temp_dir().join(format!("trunkline-media-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&folder));
        Disk::new(folder.join("deep/media"), most_bytes)
    }

    #[test]
    fn what_is_kept_is_found_again_and_nothing_else_is() {
        let disk = disk("kept", 1 << 20);
        assert_eq!(disk.read("https://a.example/../../x"), None);
        disk.keep("https://a.example/../../x", b"one").unwrap();
        disk.keep("https://a.example/2", b"two").unwrap();
        assert_eq!(disk.read("https://a.example/../../x").as_deref(), Some(&b"one"[..]));
        for entry in fs::read_dir(&disk.folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&disk.folder).unwrap().permissions().mode() & 0o777, 0o700);
            assert_eq!(fs::metadata(disk.path("https://a.example/2")).unwrap().permissions().mode() & 0o777, 0o600);
        }
        disk.forget("https://a.example/2");
        assert_eq!(disk.read("https://a.example/2"), None);
        fs::remove_dir_all(disk.folder.parent().unwrap().parent().unwrap()).unwrap();
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the age of a file is told by the clock of the machine")]
    fn beyond_the_bound_the_longest_unused_go() {
        let disk = disk("bound", 16 * 100);
        let now = SystemTime::now();
        for number in 0..40_u64 {
            let address = number.to_string();
            disk.keep(&address, &[7; 100]).unwrap();
            let path = disk.path(&address);
            fs::File::options().write(true).open(path).unwrap().set_modified(now - Duration::from_secs(1_000 - number)).unwrap();
            // The first one is looked at all the time.
            assert!(disk.read("0").is_some(), "{number}");
        }
        let sizes: u64 = fs::read_dir(&disk.folder).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
        assert_eq!(sizes, 16 * 100);
        assert!(disk.read("39").is_some() && disk.read("1").is_none());
        disk.keep("large", &[7; 101]).unwrap();
        assert_eq!(disk.read("large"), None, "one file does not push out the rest");
        fs::remove_dir_all(disk.folder.parent().unwrap().parent().unwrap()).unwrap();
    }
}
