//! Tracing to a rotating file; never to the screen.
//!
//! Words of posts and tokens are in no line at any level: rooms log what they did, not what they carried.

use etcetera::BaseStrategy as _;
use std::path::PathBuf;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::EnvFilter;

/// How many days' files are kept.
const FILES: usize = 5;

/// Keeps the log open; dropping it writes what is left.
#[derive(Debug)]
pub struct Log {
    _guard: WorkerGuard,
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
#[error("no log is written: {0}")]
pub struct LogError(String);

/// Opens the log in the state folder. `filter` is as in `TRUNKLINE_LOG` (`debug`, `trunkline=trace,reqwest=warn`);
/// without one, what is worth knowing later is logged.
///
/// # Errors
/// When there is no home, the folder or file cannot be made, or the filter means nothing.
pub fn open(filter: Option<&str>) -> Result<Log, LogError> {
    let folder = folder().ok_or_else(|| LogError("there is no home folder".into()))?;
    make_private(&folder).map_err(|error| LogError(format!("{}: {error}", folder.display())))?;
    let file = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("trunkline")
        .filename_suffix("log")
        .max_log_files(FILES)
        .build(&folder)
        .map_err(|error| LogError(error.to_string()))?;
    let filter = match filter {
        // A bare level is about us; libraries tell what they see at it, which is not for a log.
        Some(level) if !level.contains(['=', ',']) => EnvFilter::try_new(format!("warn,trunkline={level}")),
        Some(filter) => EnvFilter::try_new(filter),
        None => EnvFilter::try_new("warn,trunkline=info"),
    }
    .map_err(|error| LogError(format!("TRUNKLINE_LOG: {error}")))?;
    let (writer, guard) = tracing_appender::non_blocking(file);
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(writer)
        .try_init()
        .map_err(|error| LogError(error.to_string()))?;
    Ok(Log { _guard: guard })
}

/// Where logs and crash reports go.
pub fn folder() -> Option<PathBuf> {
    let base = if cfg!(windows) {
        etcetera::base_strategy::Windows::new().ok()?.data_dir()
    } else {
        let base = etcetera::base_strategy::Xdg::new().ok()?;
        base.state_dir().unwrap_or_else(|| base.data_dir())
    };
    Some(base.join("trunkline"))
}

fn make_private(folder: &std::path::Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
