//! Typed settings from TOML; every error names file, line and key.
//!
//! The user's file is read, never written. Absent on purpose: accounts and secrets, which come with signing in.

use crate::model::Spec;
use serde::Deserialize;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// How many rows a tab may be told to keep.
pub const ROWS: RangeInclusive<usize> = 100..=100_000;

/// Everything that can be set in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Tabs opened at start.
    pub streams: Vec<Spec>,
    /// Rows kept per tab.
    pub rows: usize,
    /// Glyphs of ASCII only.
    pub ascii: bool,
    /// Whether clicks and the wheel are taken.
    pub mouse: bool,
}

impl Default for Config {
    fn default() -> Self {
        let streams = ["home", "notifications", "local", "federated"].iter().filter_map(|spec| spec.parse().ok()).collect();
        Self { streams, rows: 2_000, ascii: false, mouse: true }
    }
}

/// The file as it is written.
#[derive(Debug, Default, Deserialize)]
struct Written {
    streams: Option<Vec<toml::Spanned<String>>>,
    rows: Option<toml::Spanned<i64>>,
    ascii: Option<bool>,
    mouse: Option<bool>,
}

/// The keys there are.
const KEYS: [&str; 4] = ["streams", "rows", "ascii", "mouse"];

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is there and cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Something in it is wrong.
    #[error("{}:{line}:{column}: {what}", path.display())]
    Wrong {
        /// Which file.
        path: PathBuf,
        /// Line, counted from one.
        line: usize,
        /// Column in characters, counted from one.
        column: usize,
        /// What is wrong and what may stand there.
        what: String,
    },
}

/// Something in the file that is passed over, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning(String);

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Config {
    /// Reads a file; one that is not there is an empty one.
    ///
    /// # Errors
    /// When the file is there but cannot be read, is not TOML, or holds a value that means nothing.
    pub fn read(path: &Path) -> Result<(Self, Vec<Warning>), ConfigError> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(path, &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok((Self::default(), Vec::new())),
            Err(source) => Err(ConfigError::Unreadable { path: path.to_path_buf(), source }),
        }
    }

    /// Takes the text of a file; `path` only names it.
    ///
    /// # Errors
    /// When the text is not TOML or holds a value that means nothing.
    pub fn parse(path: &Path, text: &str) -> Result<(Self, Vec<Warning>), ConfigError> {
        let wrong = |at: usize, what: String| {
            let (line, column) = place(text, at);
            ConfigError::Wrong { path: path.to_path_buf(), line, column, what }
        };
        let broken = |error: &toml::de::Error| {
            let at = error.span().map_or(0, |span| span.start);
            wrong(at, error.message().lines().collect::<Vec<_>>().join(" "))
        };
        let table: toml::Table = text.parse().map_err(|error| broken(&error))?;
        let mut warnings = Vec::new();
        for key in table.keys().filter(|key| !KEYS.contains(&key.as_str())) {
            let (line, column) = place(text, find_key(text, key));
            let nearest = nearest(key).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            warnings.push(Warning(format!("{}:{line}:{column}: unknown key `{key}` is passed over{nearest}", path.display())));
        }
        let written: Written = toml::from_str(text).map_err(|error| broken(&error))?;
        let mut config = Self::default();
        if let Some(streams) = written.streams {
            config.streams.clear();
            for stream in streams {
                match stream.get_ref().parse() {
                    Ok(spec) => config.streams.push(spec),
                    Err(error) => return Err(wrong(stream.span().start, format!("streams: {error}"))),
                }
            }
        }
        if let Some(rows) = written.rows {
            config.rows = usize::try_from(*rows.get_ref()).ok().filter(|rows| ROWS.contains(rows)).ok_or_else(|| {
                wrong(rows.span().start, format!("rows: {} is not between {} and {}", rows.get_ref(), ROWS.start(), ROWS.end()))
            })?;
        }
        config.ascii = written.ascii.unwrap_or(config.ascii);
        config.mouse = written.mouse.unwrap_or(config.mouse);
        Ok((config, warnings))
    }
}

/// Line and column of a byte, counted from one; the column in characters.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    (line, before.get(line_start..).unwrap_or_default().chars().count() + 1)
}

/// Where a key of the top level stands.
fn find_key(text: &str, key: &str) -> usize {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_start().trim_start_matches(['[', '"']);
        if bare.strip_prefix(key).is_some_and(|rest| rest.trim_start_matches('"').trim_start().starts_with(['=', '.', ']'])) {
            return at + (line.len() - bare.len());
        }
        at += line.len();
    }
    0
}

/// The key that is spelled most like this one, if one is near.
fn nearest(key: &str) -> Option<&'static str> {
    KEYS.iter().map(|known| (distance(key, known), *known)).min().filter(|(distance, _)| *distance <= 2).map(|(_, known)| known)
}

/// How many letters have to be added, removed or changed.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, from) in a.chars().take(40).enumerate() {
        let mut next = vec![i + 1];
        for (j, to) in b.chars().enumerate() {
            let change = row.get(j).copied().unwrap_or(0) + usize::from(from != to);
            let remove = row.get(j + 1).copied().unwrap_or(0) + 1;
            let add = next.last().copied().unwrap_or(0) + 1;
            next.push(change.min(remove).min(add));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

/// Where the file is looked for: `$XDG_CONFIG_HOME/trunkline/config.toml` and its like; `None` where there is no home.
pub fn default_path() -> Option<PathBuf> {
    use etcetera::BaseStrategy as _;
    let folder = if cfg!(windows) {
        etcetera::base_strategy::Windows::new().ok()?.config_dir()
    } else {
        etcetera::base_strategy::Xdg::new().ok()?.config_dir()
    };
    Some(folder.join("trunkline").join("config.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<(Config, Vec<Warning>), String> {
        Config::parse(Path::new("config.toml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn the_example_shows_every_option_with_its_default() {
        let example = include_str!("../config.example.toml");
        let (config, warnings) = parse(example).unwrap();
        assert_eq!((config, warnings), (Config::default(), vec![]));
        for key in KEYS {
            assert!(example.lines().any(|line| line.starts_with(&format!("{key} ="))), "{key} is not in the example");
        }
        assert_eq!(parse("").unwrap().0, Config::default());
    }

    #[test]
    fn mistakes_name_their_place() {
        assert_eq!(parse("ascii = true\nrows = 5").unwrap_err(), "config.toml:2:8: rows: 5 is not between 100 and 100000");
        let error = parse("streams = [\"home\",\n  \"hom\"]").unwrap_err();
        assert!(error.starts_with("config.toml:2:3: streams: unknown stream `hom`"), "{error}");
        let error = parse("rows = \"many\"").unwrap_err();
        assert!(error.starts_with("config.toml:1:8: "), "{error}");
        let error = parse("rows = = 3").unwrap_err();
        assert!(error.starts_with("config.toml:1:"), "{error}");
    }

    #[test]
    fn an_unknown_key_warns_and_names_the_nearest() {
        let (config, warnings) = parse("rows = 300\nmose = false\n[colours]\nx = 1").unwrap();
        assert_eq!((config.rows, config.mouse), (300, true));
        let said: Vec<String> = warnings.iter().map(Warning::to_string).collect();
        assert!(said.iter().any(|line| line == "config.toml:2:1: unknown key `mose` is passed over; did you mean `mouse`?"), "{said:?}");
        assert!(said.iter().any(|line| line.starts_with("config.toml:3:2: unknown key `colours`")), "{said:?}");
    }
}
