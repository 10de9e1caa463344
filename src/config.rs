//! Typed settings from a TOML file; every error names file, line, column and key.
//!
//! The file is only read, never written. Absent on purpose: flags and the environment (`cli`), and anything secret.

use crate::model::{Spec, SpecError};
use std::collections::HashSet;
use std::fmt;
use std::io;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Rows that a tab may be told to keep.
pub const ROWS: RangeInclusive<usize> = 100..=100_000;

/// The largest file that is read, in bytes.
const MOST_BYTES: u64 = 1024 * 1024;

/// Every key there is.
pub const KEYS: &[&str] = &["streams", "rows", "ascii", "mouse", "credentials", "token_command"];

/// What the file can say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The tabs to open, in order.
    pub streams: Vec<Spec>,
    /// Rows kept per tab, within [`ROWS`].
    pub rows: usize,
    /// Glyphs of ASCII only.
    pub ascii: bool,
    /// Whether clicks and the wheel are taken.
    pub mouse: bool,
    /// Where tokens are put when signing in.
    pub credentials: Credentials,
    /// A line for the shell that prints the token for `--server`; empty for none.
    pub token_command: String,
}

/// Where tokens are put when signing in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Credentials {
    /// Into the keyring where one answers, else into a file.
    #[default]
    Auto,
    /// Into the keyring or nowhere.
    Keyring,
    /// Into a file; no keyring is asked for anything.
    File,
}

impl Default for Config {
    fn default() -> Self {
        let streams = ["home", "notifications", "local", "federated"].iter().filter_map(|spec| spec.parse().ok()).collect();
        Self { streams, rows: 2_000, ascii: false, mouse: true, credentials: Credentials::Auto, token_command: String::new() }
    }
}

/// Where in a file something stands, counted from one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// Line.
    pub line: usize,
    /// Column in characters.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

/// Why a file gives no settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It is there, but cannot be read.
    #[error("{}: {source}; make it readable, or move it away", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is not TOML.
    #[error("{place}: {what}")]
    Syntax {
        /// Where.
        place: Place,
        /// What the parser says.
        what: String,
    },
    /// A key has a value that it cannot have.
    #[error("{place}: `{key}` {what}")]
    Value {
        /// Where.
        place: Place,
        /// The key.
        key: &'static str,
        /// What is wrong and what may be written.
        what: String,
    },
    /// A stream is none.
    #[error("{place}: `streams`: {source}")]
    Stream {
        /// Where.
        place: Place,
        /// What is wrong and what may be written.
        source: SpecError,
    },
}

impl Config {
    /// Reads a file; one that is missing gives the defaults. Also gives what the reader should be told: keys that mean
    /// nothing.
    pub fn load(file: &Path) -> Result<(Self, Vec<String>), ConfigError> {
        let unreadable = |source| ConfigError::Unreadable { file: file.to_owned(), source };
        match std::fs::metadata(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Self::default(), Vec::new())),
            Err(error) => return Err(unreadable(error)),
            Ok(about) if !about.is_file() => return Err(unreadable(io::Error::other("not a file"))),
            Ok(about) if about.len() > MOST_BYTES => return Err(unreadable(io::Error::other("larger than 1 MiB"))),
            Ok(_) => {}
        }
        let text = std::fs::read_to_string(file).map_err(unreadable)?;
        Self::parse(file, &text)
    }

    /// Reads a text that came from a file.
    pub fn parse(file: &Path, text: &str) -> Result<(Self, Vec<String>), ConfigError> {
        let source = Source { file, text };
        let table = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
            place: source.place(error.span().unwrap_or(0..0)),
            what: error.message().replace('\n', "; "),
        })?;
        let mut config = Self::default();
        let mut unknown = Vec::new();
        for (key, value) in table.get_ref() {
            match key.get_ref().as_ref() {
                "streams" => config.streams = source.streams(value)?,
                "rows" => config.rows = source.rows(value)?,
                "ascii" => config.ascii = source.boolean("ascii", value)?,
                "mouse" => config.mouse = source.boolean("mouse", value)?,
                "credentials" => config.credentials = source.credentials(value)?,
                "token_command" => config.token_command = source.text("token_command", value)?,
                other => unknown.push((source.place(key.span()), other.to_owned())),
            }
        }
        unknown.sort_by_key(|(place, _)| (place.line, place.column));
        let notices = unknown.iter().map(|(place, key)| {
            let nearest = nearest(key).map(|known| format!("; did you mean `{known}`?")).unwrap_or_default();
            format!("{place}: `{key}` is no setting{nearest}")
        });
        Ok((config, notices.collect()))
    }
}

/// Where the file is looked for: `$XDG_CONFIG_HOME/trunkline/config.toml` and its like; `None` where there is no home.
pub fn default_path() -> Option<PathBuf> {
    use etcetera::BaseStrategy as _;
    Some(etcetera::choose_base_strategy().ok()?.config_dir().join("trunkline").join("config.toml"))
}

/// A file's text, to say where in it something stands.
#[derive(Clone, Copy)]
struct Source<'a> {
    file: &'a Path,
    text: &'a str,
}

impl Source<'_> {
    fn place(self, span: Range<usize>) -> Place {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        Place { file: self.file.to_owned(), line: before.matches('\n').count() + 1, column }
    }

    fn wrong(self, key: &'static str, value: &Spanned<DeValue<'_>>, what: &str) -> ConfigError {
        let found = match value.get_ref() {
            DeValue::String(text) => format!("the text \"{}\"", text.escape_debug()),
            DeValue::Integer(number) => number.to_string(),
            DeValue::Float(number) => number.as_str().to_owned(),
            DeValue::Boolean(yes) => yes.to_string(),
            DeValue::Datetime(date) => date.to_string(),
            DeValue::Array(_) => "a list".to_owned(),
            DeValue::Table(_) => "a table".to_owned(),
        };
        ConfigError::Value { place: self.place(value.span()), key, what: format!("{what}, not {found}") }
    }

    fn boolean(self, key: &'static str, value: &Spanned<DeValue<'_>>) -> Result<bool, ConfigError> {
        let DeValue::Boolean(yes) = value.get_ref() else { return Err(self.wrong(key, value, "must be true or false")) };
        Ok(*yes)
    }

    fn text(self, key: &'static str, value: &Spanned<DeValue<'_>>) -> Result<String, ConfigError> {
        let DeValue::String(text) = value.get_ref() else { return Err(self.wrong(key, value, "must be a text")) };
        Ok(text.trim().to_owned())
    }

    fn credentials(self, value: &Spanned<DeValue<'_>>) -> Result<Credentials, ConfigError> {
        let word = if let DeValue::String(text) = value.get_ref() { text.as_ref() } else { "" };
        match word {
            "auto" => Ok(Credentials::Auto),
            "keyring" => Ok(Credentials::Keyring),
            "file" => Ok(Credentials::File),
            _ => Err(self.wrong("credentials", value, "must be \"auto\", \"keyring\" or \"file\"")),
        }
    }

    fn rows(self, value: &Spanned<DeValue<'_>>) -> Result<usize, ConfigError> {
        let number =
            if let DeValue::Integer(number) = value.get_ref() { usize::from_str_radix(number.as_str(), number.radix()).ok() } else { None };
        number.filter(|number| ROWS.contains(number)).ok_or_else(|| {
            let (least, most) = (ROWS.start(), ROWS.end());
            self.wrong("rows", value, &format!("must be a whole number from {least} to {most}"))
        })
    }

    fn streams(self, value: &Spanned<DeValue<'_>>) -> Result<Vec<Spec>, ConfigError> {
        let DeValue::Array(entries) = value.get_ref() else {
            return Err(self.wrong("streams", value, "must be a list of streams, as in [\"home\", \"#rust\"]"));
        };
        let spec = |entry: &Spanned<DeValue<'_>>| {
            let DeValue::String(text) = entry.get_ref() else {
                return Err(self.wrong("streams", entry, "must hold streams, as in [\"home\", \"#rust\"]"));
            };
            text.parse().map_err(|source| ConfigError::Stream { place: self.place(entry.span()), source })
        };
        entries.iter().map(spec).collect()
    }
}

/// The known key that a mistyped one is most like, if any is like it.
fn nearest(typed: &str) -> Option<&'static str> {
    let typed = typed.to_lowercase();
    let likeness = |known: &str| {
        let (a, b): (HashSet<_>, HashSet<_>) = (pairs(&typed), pairs(known));
        let common = a.intersection(&b).count();
        // Twice the common pairs by all pairs, in percent.
        common * 200 / (a.len() + b.len()).max(1)
    };
    KEYS.iter().map(|known| (likeness(known), *known)).max().filter(|(likeness, _)| *likeness >= 40).map(|(_, known)| known)
}

/// Neighbouring letters, with the word's ends as letters too.
fn pairs(word: &str) -> HashSet<(char, char)> {
    let letters: Vec<char> = std::iter::once('^').chain(word.chars()).chain(['$']).collect();
    letters.iter().copied().zip(letters.iter().copied().skip(1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../config.example.toml");

    fn parse(text: &str) -> Result<(Config, Vec<String>), String> {
        Config::parse(Path::new("config.toml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn the_example_says_the_defaults_and_holds_every_key_with_its_reason() {
        assert_eq!(parse(EXAMPLE), Ok((Config::default(), Vec::new())));
        assert_eq!(parse(""), Ok((Config::default(), Vec::new())));
        for key in KEYS {
            let line = EXAMPLE.lines().position(|line| line.starts_with(&format!("{key} = ")));
            let line = line.unwrap_or_else(|| panic!("{key} is missing"));
            assert!(EXAMPLE.lines().nth(line - 1).unwrap().starts_with("# "), "{key} is not explained");
        }
        // A key of the example that no code reads would have been reported above.
        assert_eq!(Config::default().streams.len(), 4);
    }

    #[test]
    fn values_are_taken() {
        let (config, notices) = parse("streams = [\"#rust\", \"list:Friends\"]\nrows = 0x1000\nascii = true\nmouse = false").unwrap();
        assert_eq!(notices, Vec::<String>::new());
        assert_eq!(config.streams.iter().map(ToString::to_string).collect::<Vec<_>>(), ["#rust", "list:Friends"]);
        assert_eq!((config.rows, config.ascii, config.mouse), (4096, true, false));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place_and_what_may_be_written() {
        for (text, wanted) in [
            ("rows = 7", "config.toml:1:8: `rows` must be a whole number from 100 to 100000, not 7"),
            ("rows = -5", "config.toml:1:8: `rows` must be a whole number from 100 to 100000, not -5"),
            ("# é\nascii = \"yes\"", "config.toml:2:9: `ascii` must be true or false, not the text \"yes\""),
            (
                "streams = \"home\"",
                "config.toml:1:11: `streams` must be a list of streams, as in [\"home\", \"#rust\"], not the text \"home\"",
            ),
            ("streams = [1]", "config.toml:1:12: `streams` must hold streams, as in [\"home\", \"#rust\"], not 1"),
            ("mouse = {}", "config.toml:1:9: `mouse` must be true or false, not a table"),
        ] {
            assert_eq!(parse(text), Err(wanted.to_owned()));
        }
        let bad = parse("\n  streams = [\"home\", \"nowhere\"]").unwrap_err();
        assert!(bad.starts_with("config.toml:2:22: `streams`: unknown stream `nowhere`: write home"), "{bad}");
        let syntax = parse("rows = 500\nascii = ").unwrap_err();
        assert!(syntax.starts_with("config.toml:2:") && !syntax.contains('\n'), "{syntax}");
    }

    #[test]
    fn an_unknown_key_is_told_with_the_nearest_one_and_costs_nothing_else() {
        let (config, notices) = parse("row = 500\ncolour = \"red\"\nAscii=true\n[tabs]\nx = 1").unwrap();
        assert_eq!(config, Config::default());
        assert_eq!(
            notices,
            [
                "config.toml:1:1: `row` is no setting; did you mean `rows`?",
                "config.toml:2:1: `colour` is no setting",
                "config.toml:3:1: `Ascii` is no setting; did you mean `ascii`?",
                "config.toml:4:2: `tabs` is no setting",
            ]
        );
    }

    #[test]
    fn a_missing_file_is_fine_and_a_folder_is_not() {
        let folder = std::env::temp_dir();
        assert!(matches!(Config::load(&folder.join("trunkline-no-such-file.toml")), Ok((config, _)) if config == Config::default()));
        assert!(matches!(Config::load(&folder), Err(ConfigError::Unreadable { .. })));
    }
}
