//! Tracing to a rotating file; never to the screen.
//!
//! What libraries say is kept from `warn` on, whatever the filter asks for: their finer words hold headers and frames.
//! Words of posts and tokens are in no line at any level: rooms log what they did, not what they carried.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::{FilterExt as _, Targets, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// What is kept without a filter.
const DEFAULT_FILTER: &str = "trunkline=info";
/// The size from which on a new file is begun, in bytes.
const MOST_BYTES: u64 = 2 * 1024 * 1024;
/// How many lines may wait to be written before any is dropped. Room for all of them is taken at once: the usual 128,000 cost 4 MB.
const MOST_WAITING: usize = 4_096;
/// How many old files are kept: `.1` is the latest.
const KEPT: u32 = 4;

/// Logging that goes on until this is dropped, which writes what still waits.
#[derive(Debug)]
pub struct Logging {
    _guard: WorkerGuard,
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// There is no place for it.
    #[error("no log is written: there is no home folder")]
    NoHome,
    /// The file cannot be written.
    #[error("no log is written: {}: {source}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The filter is none.
    #[error("no log is written: TRUNKLINE_LOG is no filter: write error, warn, info, debug, trace or trunkline::ROOM=LEVEL")]
    Filter,
    /// Something logs already.
    #[error("no log is written: logging has been set up already")]
    Twice,
}

/// Starts logging into `trunkline.log` of the state folder, which only its owner can read. An empty filter means the usual
/// one.
pub fn open(filter: Option<&str>) -> Result<Logging, LoggingError> {
    let file = &folder().ok_or(LoggingError::NoHome)?.join("trunkline.log");
    let filter: Targets = directives(filter).parse().map_err(|_| LoggingError::Filter)?;
    let rotating = Rotating::open(file, MOST_BYTES).map_err(|source| LoggingError::File { file: file.to_owned(), source })?;
    let (writer, guard) = NonBlockingBuilder::default().buffered_lines_limit(MOST_WAITING).finish(rotating);
    let ours = filter_fn(|about| is_ours(about.target()) || *about.level() <= LevelFilter::WARN);
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(writer).with_filter(filter.and(ours));
    tracing_subscriber::registry().with(layer).try_init().map_err(|_| LoggingError::Twice)?;
    Ok(Logging { _guard: guard })
}

fn is_ours(target: &str) -> bool {
    target == "trunkline" || target.starts_with("trunkline::")
}

/// A bare level means our own rooms; libraries are heard from `warn` on.
fn directives(filter: Option<&str>) -> String {
    let filter = filter.map(str::trim).filter(|filter| !filter.is_empty()).unwrap_or(DEFAULT_FILTER);
    match filter.parse::<LevelFilter>() {
        Ok(level) => format!("warn,trunkline={level}"),
        Err(_) => format!("warn,{filter}"),
    }
}

/// A file that makes way for a new one when it has grown.
#[derive(Debug)]
struct Rotating {
    path: PathBuf,
    file: File,
    size: u64,
    most: u64,
}

impl Rotating {
    fn open(path: &Path, most: u64) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            make_folder(folder)?;
        }
        let file = open_private(path)?;
        let size = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), file, size, most })
    }

    /// The name of the `number`th old file.
    fn old(&self, number: u32) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }

    fn rotate(&mut self) -> io::Result<()> {
        for number in (1..KEPT).rev() {
            match fs::rename(self.old(number), self.old(number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        fs::rename(&self.path, self.old(1))?;
        self.file = open_private(&self.path)?;
        self.size = 0;
        Ok(())
    }
}

impl Write for Rotating {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.size >= self.most && self.rotate().is_err() {
            // Going on in the large file beats losing what is said; the next attempt comes after as much again.
            self.size = 0;
        }
        let written = self.file.write(bytes)?;
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Where logs and crash reports go; `None` where there is no home.
pub fn folder() -> Option<PathBuf> {
    use etcetera::BaseStrategy as _;
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.state_dir().unwrap_or_else(|| base.data_dir()).join("trunkline"))
}

/// Makes a folder that only its owner can enter.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Opens a file that only its owner can read, for adding to it.
pub(crate) fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
        options.mode(0o600);
        let file = options.open(path)?;
        let about = file.metadata()?;
        if about.is_file() && about.permissions().mode() & 0o077 != 0 {
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
        }
        Ok(file)
    }
    #[cfg(not(unix))]
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("trunkline-logging-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&folder));
        folder
    }

    #[test]
    fn a_filter_is_a_level_of_ours_or_names_rooms() {
        use tracing::Level;
        let enabled = |filter: Option<&str>, target: &str, level: Level| {
            directives(filter).parse::<Targets>().map(|filter| filter.would_enable(target, &level)).ok()
        };
        for (filter, target, level, wanted) in [
            (None, "trunkline::ui", Level::INFO, Some(true)),
            (None, "trunkline::ui", Level::DEBUG, Some(false)),
            (None, "hyper::client", Level::WARN, Some(true)),
            (None, "hyper::client", Level::INFO, Some(false)),
            (Some(" debug "), "trunkline::ui", Level::DEBUG, Some(true)),
            (Some("trunkline::mastodon=trace"), "trunkline::mastodon::rest", Level::TRACE, Some(true)),
            (Some("trunkline::mastodon=trace"), "trunkline::ui", Level::INFO, Some(false)),
            (Some("trunkline::ui=error,hyper=debug"), "trunkline::ui", Level::WARN, Some(false)),
            (Some("trunkline=loud"), "trunkline", Level::ERROR, None),
        ] {
            assert_eq!(enabled(filter, target, level), wanted, "{filter:?}: {target} {level}");
        }
    }

    #[test]
    fn libraries_are_heard_from_warn_on_whatever_is_asked_for() {
        assert_eq!(directives(None), "warn,trunkline=info");
        assert_eq!(directives(Some(" ")), "warn,trunkline=info");
        assert_eq!(directives(Some("debug")), "warn,trunkline=debug");
        assert_eq!(directives(Some("trunkline::mastodon=trace")), "warn,trunkline::mastodon=trace");
        assert!(is_ours("trunkline::runtime") && is_ours("trunkline") && !is_ours("trunklines") && !is_ours("hyper"));
    }

    #[test]
    fn a_grown_file_makes_way_and_the_oldest_goes() {
        let folder = folder("rotation");
        let path = folder.join("deep/trunkline.log");
        let mut log = Rotating::open(&path, 10).unwrap();
        for number in 0..8 {
            log.write_all(format!("0123456789 {number}\n").as_bytes()).unwrap();
        }
        let mut names: Vec<_> =
            fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, ["trunkline.log", "trunkline.log.1", "trunkline.log.2", "trunkline.log.3", "trunkline.log.4"]);
        assert_eq!(fs::read_to_string(&path).unwrap(), "0123456789 7\n");
        assert_eq!(fs::read_to_string(folder.join("deep/trunkline.log.4")).unwrap(), "0123456789 3\n");
        fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_it_also_where_it_was_open_before() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = folder("mode");
        let path = folder.join("trunkline.log");
        drop(Rotating::open(&path, 10).unwrap());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        drop(Rotating::open(&path, 10).unwrap());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        fs::remove_dir_all(folder).unwrap();
    }
}
