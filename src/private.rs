//! Files that only their owner reads: 0600 in a folder of 0700, written anew and renamed, never through a link.
//!
//! A write that fails or is interrupted leaves what was there. Absent on purpose: what is in them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// The bits of a mode that are about others than the owner.
#[cfg(unix)]
const OTHERS: u32 = 0o077;

/// Makes the folder where it is missing, and sees to it that only its owner can enter. Gives what the reader should be
/// told, if anything.
pub(crate) fn folder(path: &Path) -> io::Result<Option<String>> {
    crate::logging::make_folder(path)?;
    let about = fs::symlink_metadata(path)?;
    if about.is_symlink() {
        return Err(link());
    }
    if !about.is_dir() {
        return Err(io::Error::other("not a folder"));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if about.permissions().mode() & OTHERS != 0 {
            fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
            return Ok(Some(format!("{} was open to others and is now closed to them", path.display())));
        }
    }
    Ok(None)
}

/// Reads a file of at most so many bytes; `None` where there is none. Gives what the reader should be told beside it, if
/// anything.
pub(crate) fn read(path: &Path, most_bytes: u64) -> io::Result<Option<(Vec<u8>, Option<String>)>> {
    let file = match open(path, OpenOptions::new().read(true)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(io::Error::other("not a file"));
    }
    if about.len() > most_bytes {
        return Err(io::Error::other(format!("larger than {} MiB", most_bytes / (1024 * 1024))));
    }
    let told = tighten(&file, path)?;
    let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or_default());
    file.take(most_bytes).read_to_end(&mut bytes)?;
    Ok(Some((bytes, told)))
}

/// Writes a whole file: a new one beside it, synced, takes its place. Only for whoever holds the lock.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = beside(path, ".new");
    // What an interrupted write left: nobody else writes here.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let written = (|| {
        let mut file = open(&new, OpenOptions::new().write(true).create_new(true))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)
    })();
    if written.is_err() {
        drop(fs::remove_file(&new));
    }
    written?;
    // The name is safe when the folder is; where that cannot be asked for (Windows) it is the system's to see to.
    if let Some(folder) = path.parent().and_then(|folder| File::open(folder).ok()) {
        drop(folder.sync_all());
    }
    Ok(())
}

/// Opens the file that whoever writes holds a lock on.
pub(crate) fn open_lock(path: &Path) -> io::Result<File> {
    open(path, OpenOptions::new().write(true).create(true).truncate(false))
}

fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt as _;
        // Without waiting, should somebody have put a pipe there.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }
    let is_link = || fs::symlink_metadata(path).is_ok_and(|about| about.is_symlink());
    // Where opening itself cannot refuse links.
    if cfg!(not(unix)) && is_link() {
        return Err(link());
    }
    options.open(path).map_err(|error| if is_link() { link() } else { error })
}

fn link() -> io::Error {
    io::Error::other("a symbolic link, which is not followed: put the file itself there")
}

#[cfg(unix)]
fn tighten(file: &File, path: &Path) -> io::Result<Option<String>> {
    use std::os::unix::fs::PermissionsExt as _;
    if file.metadata()?.permissions().mode() & OTHERS != 0 {
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        return Ok(Some(format!("{} could be read by others, and no longer can", path.display())));
    }
    Ok(None)
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as where there are modes")]
fn tighten(_file: &File, _path: &Path) -> io::Result<Option<String>> {
    Ok(None)
}

/// The path with something behind its last name.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(ending);
    name.into()
}
