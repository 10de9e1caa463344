//! The configuration of a run: which file, what the flags change, and the commands that tell of it.

use super::flags::ConfigTask;
use super::source::Source;
use super::{Stop, print_wanted, say};
use crate::config::{self, Config, ConfigError, Overrides, Reading};
use crate::mastodon;
use crate::model::{Spec, Stream};
use crate::text::Plain;
use std::io::Read as _;
use std::path::PathBuf;

/// Bytes of a file of authorities at most; those of a whole system are a quarter of this.
pub(super) const CA_FILE_MOST: u64 = 1024 * 1024;

/// The tabs of the demo: the usual ones, a hashtag and a quiet list.
pub(super) const DEMO_STREAMS: [&str; 6] = ["home", "notifications", "local", "federated", "#rust", "list:Slow mail"];

/// Tells about the configuration file on standard output.
pub(super) fn tell_config(what: ConfigTask, overrides: &Overrides) -> Result<(), Stop> {
    let Some((path, is_named)) = named_config_file() else {
        return Err(Stop::failed("there is no home folder to look for a configuration in; TRUNKLINE_CONFIG can name a file"));
    };
    let file = path.display();
    let print = |text: &str| print_wanted(Plain::lines(text).as_str());
    let is_missing = !path.exists();
    if is_missing && is_named && !matches!(what, ConfigTask::Path) {
        return Err(Stop::failed(format!("TRUNKLINE_CONFIG names {file}, which is not there")));
    }
    match what {
        ConfigTask::Path => print(&format!("{file}\n"))?,
        ConfigTask::Show => {
            let mut reading = Config::load(&path).map_err(Stop::failed)?;
            overrides.apply(&mut reading.config);
            let origin = |key: &str| match (overrides.origin(key), reading.set.get(key)) {
                (Some(who), _) => who.to_owned(),
                (None, Some(place)) => format!("line {}", place.line),
                (None, None) => config::DEFAULT.to_owned(),
            };
            let about = if is_missing { " is not there" } else { "" };
            print(&format!("# {file}{about}\n{}", reading.config.show(origin)))?;
            for notice in reading.notices() {
                say(&notice);
            }
        }
        ConfigTask::Check => {
            let mistakes = match Config::load(&path) {
                Ok(reading) => reading.warnings,
                Err(ConfigError::Wrong(mistakes)) => mistakes,
                Err(error @ ConfigError::Unreadable { .. }) => return Err(Stop::failed(error)),
            };
            if mistakes.is_empty() {
                let words = if is_missing { "is not there: the defaults hold" } else { "has no mistakes" };
                return print(&format!("{file} {words}\n"));
            }
            let count = mistakes.len();
            print(&(ConfigError::Wrong(mistakes).to_string() + "\n"))?;
            let mistakes = if count == 1 { "mistake" } else { "mistakes" };
            return Err(Stop::failed(format!("{count} {mistakes} in {file}; the file is never changed by Trunkline: correct it there")));
        }
    }
    Ok(())
}

/// Trusts the authorities that the file names. What else is wrong in it is told by those who need it.
pub(super) fn trust_own_authorities() -> Result<(), Stop> {
    let Some((config, _)) = named_config_file() else { return Ok(()) };
    let Ok(Reading { config: Config { ca_file, .. }, .. }) = Config::load(&config) else { return Ok(()) };
    if ca_file.is_empty() {
        return Ok(());
    }
    let path = config.parent().map_or_else(|| PathBuf::from(&ca_file), |folder| folder.join(&ca_file));
    let wrong = |what: &dyn std::fmt::Display| Stop::Failed(format!("`ca_file`: {}: {what}", path.display()));
    let mut pem = Vec::new();
    let file = std::fs::File::open(&path).map_err(|error| wrong(&error))?;
    file.take(CA_FILE_MOST + 1).read_to_end(&mut pem).map_err(|error| wrong(&error))?;
    if u64::try_from(pem.len()).is_ok_and(|length| length > CA_FILE_MOST) {
        return Err(wrong(&"it is longer than 1 MiB: it must hold the certificates of the authorities alone"));
    }
    mastodon::trust(&pem).map_err(|what| wrong(&what))
}

/// What the file says beside this run's screen; mistakes end what needs it.
pub(super) fn read_config() -> Result<Config, Stop> {
    match named_config_file() {
        Some((path, _)) => Ok(Config::load(&path).map_err(Stop::failed)?.config),
        None => Ok(Config::default()),
    }
}

/// The file of settings of this run, and whether it was named; `None` where there is none.
pub(super) fn config_file(source: &Source) -> Option<(PathBuf, bool)> {
    if matches!(source, Source::Demo | Source::Replay(..)) {
        return None;
    }
    named_config_file()
}

pub(super) fn named_config_file() -> Option<(PathBuf, bool)> {
    let named = std::env::var_os("TRUNKLINE_CONFIG").filter(|path| !path.is_empty()).map(|path| (PathBuf::from(path), true));
    named.or_else(|| config::default_path().map(|path| (path, false)))
}

/// The settings of this run and what there is to tell about the file.
pub(super) fn settings(source: &Source) -> Result<(Config, Vec<String>), ConfigError> {
    if let Source::Replay(tape, _) = source {
        let mut notices = vec!["a recording: nothing here is live".to_owned()];
        if tape.is_truncated() {
            notices.push("the recording breaks off in its last line, which is left out".to_owned());
        }
        let tabs = tape.streams().iter().map(Stream::spec).collect();
        return Ok((Config { tabs, ..Config::default() }, notices));
    }
    let Some((path, is_named)) = config_file(source) else {
        let tabs = if matches!(source, Source::Demo) { demo_streams() } else { Config::default().tabs };
        return Ok((Config { tabs, ..Config::default() }, Vec::new()));
    };
    let reading = Config::load(&path)?;
    let mut notices = reading.notices();
    if is_named && !path.exists() {
        notices.push(format!("TRUNKLINE_CONFIG names {}, which is not there", path.display()));
    }
    Ok((reading.config, notices))
}

pub(super) fn demo_streams() -> Vec<Spec> {
    DEMO_STREAMS.iter().filter_map(|spec| spec.parse().ok()).collect()
}
