//! Typed settings from a TOML file; every mistake names file, line, column and key.
//!
//! The file is only read, never written. Reading goes on after a mistake, so that all are told at once. Absent on purpose:
//! flags and the environment themselves (`cli`; here is only what they decided), and anything secret.

mod keys;
mod notify;
mod reader;
mod scheme;
mod source;
mod tabs;

use crate::command::COMMANDS;
use crate::filter::Filter;
use crate::keymap::{Keymap, Sequence};
use crate::model::Spec;
pub use notify::{Notify, NotifyBy};
pub use reader::ReaderPlace;
pub use scheme::{Color, ColorError, Part, Scheme};
pub use source::{Mistake, Place};
use source::{Source, Value};
use std::collections::BTreeMap;
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

/// Rows that a tab may be told to keep.
pub const ROWS: RangeInclusive<usize> = 100..=100_000;

/// How many tabs may be told to stand side by side.
pub const COLUMNS: RangeInclusive<usize> = 1..=3;

/// Posts a minute that may be told to be too many to scroll by.
pub const FLOOD: RangeInclusive<usize> = 0..=100_000;
/// Rows that an image in a timeline may take.
pub const MEDIA_ROWS: RangeInclusive<usize> = 3..=40;

/// MiB of the disk that fetched images may take.
pub const MEDIA_CACHE: RangeInclusive<usize> = 0..=10_000;

/// The largest file that is read, in bytes.
const MOST_BYTES: u64 = 1024 * 1024;

/// Every key there is.
pub const KEYS: &[&str] = &[
    "tabs",
    "rows",
    "theme",
    "flood",
    "linear",
    "reader",
    "columns",
    "ascii",
    "mouse",
    "hyperlinks",
    "title",
    "notify",
    "notify_by",
    "bell",
    "media",
    "media_rows",
    "media_cache_mb",
    "media_emoji",
    "avatars",
    "ca_file",
    "credentials",
    "token_command",
    "keys",
    "themes",
];

/// Where a setting comes from that nobody has set.
pub const DEFAULT: &str = "the default";

/// What the file can say.
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The tabs to open, in order.
    pub tabs: Vec<Spec>,
    /// The filters that some of them begin with.
    pub filters: Vec<(Spec, Filter)>,
    /// Rows kept per tab, within [`ROWS`]. One costs at most some 4.5 KB, with the posts that are boosted and what the allocator
    /// keeps beside: four full tabs of the default of 2,000 were measured at 36 MB over an empty program.
    pub rows: usize,
    /// The name of the theme: a built-in one or one of `themes`.
    pub theme: String,
    /// Whether everything is said in lines, one after the other, instead of drawn.
    pub linear: bool,
    /// From how many posts a minute on a followed tab shows a newest batch now and then, within [`FLOOD`]; 0 for never.
    pub flood: usize,
    /// Where the reader stands on wide screens.
    pub reader: ReaderPlace,
    /// How many tabs stand side by side where there is room, within [`COLUMNS`].
    pub columns: usize,
    /// Glyphs of ASCII only.
    pub ascii: bool,
    /// Whether clicks and the wheel are taken.
    pub mouse: bool,
    /// Whether the terminal is told where links lead.
    pub hyperlinks: Hyperlinks,
    /// Whether the terminal's title says how much is unread.
    pub title: bool,
    /// Which notifications the desktop is told of.
    pub notify: Notify,
    /// By which way the desktop is told.
    pub notify_by: NotifyBy,
    /// Whether the terminal's bell rings with them.
    pub bell: bool,
    /// How images are drawn.
    pub media: MediaMode,
    /// Rows of an image in a timeline, within [`MEDIA_ROWS`].
    pub media_rows: u16,
    /// How much of the disk fetched images may take, in MiB, within [`MEDIA_CACHE`]; 0 keeps none.
    pub media_cache_mb: u16,
    /// Whether custom emoji are drawn as pictures where the terminal can.
    pub media_emoji: bool,
    /// Whether the pictures of people are drawn beside what they say.
    pub avatars: bool,
    /// A file of authorities in PEM that are trusted beside those of the system; empty for none.
    pub ca_file: String,
    /// Where tokens are put when signing in.
    pub credentials: Credentials,
    /// A line for the shell that prints the token for `--server`; empty for none.
    pub token_command: String,
    /// The keys of commands.
    pub keymap: Keymap,
    /// The reader's own themes.
    pub themes: Vec<Scheme>,
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

impl Credentials {
    /// The word for it in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Keyring => "keyring",
            Self::File => "file",
        }
    }
}

/// How images are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MediaMode {
    /// As well as the terminal can.
    #[default]
    Auto,
    /// As half blocks, whatever the terminal can.
    Blocks,
    /// Not at all: there are the words of their authors. Nothing is fetched.
    Off,
}

/// Whether the terminal is told where links on the screen lead (OSC 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Hyperlinks {
    /// Where the environment names one that knows them.
    #[default]
    Auto,
    /// Whatever it is.
    Always,
    /// Never.
    Never,
}

impl Hyperlinks {
    /// The word for it in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Always => "always",
            Self::Never => "never",
        }
    }
}

impl MediaMode {
    /// The word for it in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Blocks => "blocks",
            Self::Off => "off",
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        let tabs = ["home", "notifications", "local", "federated"].iter().filter_map(|spec| spec.parse().ok()).collect();
        Self {
            tabs,
            filters: Vec::new(),
            rows: 2_000,
            theme: scheme::USUAL.to_owned(),
            linear: false,
            flood: 120,
            reader: ReaderPlace::default(),
            columns: 1,
            ascii: false,
            mouse: true,
            hyperlinks: Hyperlinks::default(),
            title: true,
            notify: Notify::default(),
            notify_by: NotifyBy::default(),
            bell: false,
            media: MediaMode::default(),
            media_rows: 8,
            media_cache_mb: 200,
            media_emoji: true,
            avatars: false,
            ca_file: String::new(),
            credentials: Credentials::default(),
            token_command: String::new(),
            keymap: Keymap::default(),
            themes: Vec::new(),
        }
    }
}

/// What a file said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// The settings: those of the file, and the defaults of the others.
    pub config: Config,
    /// What means nothing or may not be meant, in the order of the file.
    pub warnings: Vec<Mistake>,
    /// Where each setting of the file stands, by key.
    pub set: BTreeMap<String, Place>,
}

impl Reading {
    /// What the reader should be told: what means nothing or may not be meant.
    pub fn notices(&self) -> Vec<String> {
        self.warnings.iter().map(Mistake::brief).collect()
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
    /// Something in it cannot be used. Told a line each, in the order of the file, with the keys that mean nothing.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Wrong(Vec<Mistake>),
}

impl ConfigError {
    /// What the reader should be told where there is little room, the first mistake first.
    pub fn notices(&self) -> Vec<String> {
        match self {
            Self::Unreadable { .. } => vec![self.to_string()],
            Self::Wrong(mistakes) => mistakes.iter().map(Mistake::brief).collect(),
        }
    }
}

impl Config {
    /// Reads a file; one that is missing gives the defaults.
    pub fn load(file: &Path) -> Result<Reading, ConfigError> {
        let unreadable = |source| ConfigError::Unreadable { file: file.to_owned(), source };
        match std::fs::metadata(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Reading::default()),
            Err(error) => return Err(unreadable(error)),
            Ok(about) if !about.is_file() => return Err(unreadable(io::Error::other("not a file"))),
            Ok(about) if about.len() > MOST_BYTES => return Err(unreadable(io::Error::other("larger than 1 MiB"))),
            Ok(_) => {}
        }
        let bytes = std::fs::read(file).map_err(unreadable)?;
        match std::str::from_utf8(&bytes) {
            Ok(text) => Self::parse(file, text),
            Err(error) => {
                let good = bytes.get(..error.valid_up_to()).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
                let mut source = Source::new(file, good);
                source.mistake(good.len()..good.len(), "the text is not UTF-8 from here on");
                Err(ConfigError::Wrong(source.wrong))
            }
        }
    }

    /// Reads a text that came from a file.
    pub fn parse(file: &Path, text: &str) -> Result<Reading, ConfigError> {
        let mut source = Source::new(file, text);
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            source.mistake(error.span().unwrap_or(0..0), error.message().replace('\n', "; "));
        }
        let mut config = Self::default();
        // What a broken text was recovered to would only be called wrong for nothing.
        if errors.is_empty() {
            config.take(&mut source, table.get_ref());
        }
        let Source { mut wrong, mut warnings, set, .. } = source;
        warnings.sort();
        if wrong.is_empty() {
            return Ok(Reading { config, warnings, set });
        }
        wrong.append(&mut warnings);
        wrong.sort();
        Err(ConfigError::Wrong(wrong))
    }

    fn take(&mut self, source: &mut Source<'_>, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let known = KEYS.iter().find(|known| **known == name).copied();
            if let Some(known) = known {
                let place = source.place(key.span());
                source.set.insert(known.to_owned(), place);
            }
            match name {
                "tabs" => (self.tabs, self.filters) = tabs::take(source, value),
                "rows" => self.rows = source.number(name, value, ROWS).unwrap_or(self.rows),
                "linear" => self.linear = source.boolean(name, value).unwrap_or_default(),
                "flood" => self.flood = source.number(name, value, FLOOD).unwrap_or(self.flood),
                "reader" => self.reader = reader::take(source, value).unwrap_or_default(),
                "columns" => self.columns = source.number(name, value, COLUMNS).unwrap_or(self.columns),
                "ascii" => self.ascii = source.boolean(name, value).unwrap_or_default(),
                "hyperlinks" => self.hyperlinks = hyperlinks(source, value).unwrap_or_default(),
                "mouse" => self.mouse = source.boolean(name, value).unwrap_or_default(),
                "title" => self.title = source.boolean(name, value).unwrap_or_default(),
                "notify" => self.notify = notify::take(source, value).unwrap_or_default(),
                "notify_by" => self.notify_by = notify::take_way(source, value).unwrap_or_default(),
                "bell" => self.bell = source.boolean(name, value).unwrap_or_default(),
                "media" => self.media = media(source, value).unwrap_or_default(),
                "media_rows" => self.media_rows = small(source.number(name, value, MEDIA_ROWS)).unwrap_or(self.media_rows),
                "media_cache_mb" => self.media_cache_mb = small(source.number(name, value, MEDIA_CACHE)).unwrap_or(self.media_cache_mb),
                "media_emoji" => self.media_emoji = source.boolean(name, value).unwrap_or(true),
                "avatars" => self.avatars = source.boolean(name, value).unwrap_or_default(),
                "ca_file" => self.ca_file = source.text(name, value).unwrap_or_default(),
                "theme" => {}
                "themes" => self.themes = scheme::take(source, value),
                "credentials" => self.credentials = credentials(source, value).unwrap_or_default(),
                "token_command" => self.token_command = source.text(name, value).unwrap_or_default(),
                "keys" => self.keymap = keys::take(source, value),
                _ => source.stranger(key, "setting", KEYS.iter().copied()),
            }
        }
        // It may be one of those that stand further down.
        if let Some(value) = table.get("theme") {
            self.theme = scheme::chosen(source, value, &self.themes).unwrap_or_default();
        }
    }

    /// The settings as a file would say them, each with where it comes from. What it gives can be read again.
    pub fn show(&self, origin: impl Fn(&str) -> String) -> String {
        let tabs: Vec<String> = self.tabs.iter().map(|spec| tabs::show(spec, &self.filters)).collect();
        let values = [
            ("tabs", format!("[{}]", tabs.join(", "))),
            ("rows", self.rows.to_string()),
            ("theme", quoted(&self.theme)),
            ("linear", self.linear.to_string()),
            ("flood", self.flood.to_string()),
            ("reader", quoted(self.reader.as_str())),
            ("columns", self.columns.to_string()),
            ("ascii", self.ascii.to_string()),
            ("mouse", self.mouse.to_string()),
            ("hyperlinks", quoted(self.hyperlinks.as_str())),
            ("title", self.title.to_string()),
            ("notify", self.notify.show()),
            ("notify_by", quoted(self.notify_by.as_str())),
            ("bell", self.bell.to_string()),
            ("media", quoted(self.media.as_str())),
            ("media_rows", self.media_rows.to_string()),
            ("media_cache_mb", self.media_cache_mb.to_string()),
            ("media_emoji", self.media_emoji.to_string()),
            ("avatars", self.avatars.to_string()),
            ("ca_file", quoted(&self.ca_file)),
            ("credentials", quoted(self.credentials.as_str())),
            ("token_command", quoted(&self.token_command)),
        ];
        let mut text = values.map(|(key, value)| format!("{key} = {value}  # {}\n", origin(key))).concat();
        text.push_str("\n[keys]\n");
        for row in COMMANDS {
            let keys = self.keymap.keys(row.command);
            let list: Vec<String> = keys.iter().map(|sequence| quoted(sequence.as_str())).collect();
            let mut from = origin(&format!("keys.{}", row.name));
            if from == DEFAULT && keys.iter().map(Sequence::as_str).ne(row.keys.iter().copied()) {
                from.push_str(", less what another command took");
            }
            let line = format!("{} = [{}]  # {from}\n", row.name, list.join(", "));
            text.push_str(&line);
        }
        for scheme in &self.themes {
            let key = format!("themes.{}", scheme.name);
            let head = format!("\n[themes.{}]  # {}\n", quoted(&scheme.name), origin(&key));
            text.push_str(&head);
            for (part, name) in Part::ALL {
                let line = format!("{name} = \"{}\"\n", scheme.color(part));
                text.push_str(&line);
            }
        }
        text
    }
}

/// What flags and the environment decided; it beats the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// The tabs to open, where any were named.
    pub tabs: Vec<Spec>,
    /// Who wants glyphs of ASCII only, as in `--ascii`.
    pub ascii: Option<&'static str>,
    /// Whether the mouse is left to the terminal.
    pub no_mouse: bool,
    /// Whether everything is said in lines.
    pub linear: bool,
}

impl Overrides {
    /// Puts what was decided over what a file says.
    pub fn apply(&self, config: &mut Config) {
        if !self.tabs.is_empty() {
            config.tabs.clone_from(&self.tabs);
        }
        config.ascii |= self.ascii.is_some();
        config.mouse &= !self.no_mouse;
        config.linear |= self.linear;
    }

    /// Who decided a setting, if it was decided here.
    pub fn origin(&self, key: &str) -> Option<&'static str> {
        match key {
            "tabs" if !self.tabs.is_empty() => Some("-s"),
            "ascii" => self.ascii,
            "mouse" if self.no_mouse => Some("--no-mouse"),
            "linear" if self.linear => Some("--linear"),
            _ => None,
        }
    }
}

/// The file of a run with what it said, so that it can be read again.
#[derive(Debug, Clone)]
pub struct Held {
    /// The file.
    pub file: PathBuf,
    /// What beats it.
    pub overrides: Overrides,
    /// What holds.
    pub config: Config,
}

impl Held {
    /// Reads the file again; gives the tabs that are new in it, and what the reader should be told. After an error what
    /// held before still holds.
    pub fn reload(&mut self) -> Result<(Vec<Spec>, Vec<String>), ConfigError> {
        let mut reading = Config::load(&self.file)?;
        self.overrides.apply(&mut reading.config);
        let before = std::mem::replace(&mut self.config, reading.config.clone());
        // A file that stops naming tabs does not ask for the usual ones.
        let named = reading.set.contains_key("tabs") || !self.overrides.tabs.is_empty();
        let new = self.config.tabs.iter().filter(|spec| named && !before.tabs.contains(spec)).cloned().collect();
        Ok((new, reading.notices()))
    }
}

/// Where the file is looked for: `$XDG_CONFIG_HOME/trunkline/config.toml` and its like; `None` where there is no home.
pub fn default_path() -> Option<PathBuf> {
    use etcetera::BaseStrategy as _;
    Some(etcetera::choose_base_strategy().ok()?.config_dir().join("trunkline").join("config.toml"))
}

fn credentials(source: &mut Source<'_>, value: &Value<'_>) -> Option<Credentials> {
    let all = [Credentials::Auto, Credentials::Keyring, Credentials::File];
    if let DeValue::String(text) = value.get_ref()
        && let Some(found) = all.into_iter().find(|one| one.as_str() == text)
    {
        return Some(found);
    }
    source.misfit("credentials", value, "be \"auto\", \"keyring\" or \"file\"");
    None
}

fn hyperlinks(source: &mut Source<'_>, value: &Value<'_>) -> Option<Hyperlinks> {
    let all = [Hyperlinks::Auto, Hyperlinks::Always, Hyperlinks::Never];
    if let DeValue::String(text) = value.get_ref()
        && let Some(found) = all.into_iter().find(|one| one.as_str() == text)
    {
        return Some(found);
    }
    source.misfit("hyperlinks", value, "be \"auto\", \"always\" or \"never\"");
    None
}

fn media(source: &mut Source<'_>, value: &Value<'_>) -> Option<MediaMode> {
    let all = [MediaMode::Auto, MediaMode::Blocks, MediaMode::Off];
    if let DeValue::String(text) = value.get_ref()
        && let Some(found) = all.into_iter().find(|one| one.as_str() == text)
    {
        return Some(found);
    }
    source.misfit("media", value, "be \"auto\", \"blocks\" or \"off\"");
    None
}

/// A number whose range is one of small ones.
fn small(number: Option<usize>) -> Option<u16> {
    number.and_then(|number| u16::try_from(number).ok())
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Command;
    use proptest::prelude::*;

    const EXAMPLE: &str = include_str!("../config.example.toml");

    fn parse(text: &str) -> Result<(Config, Vec<String>), String> {
        let read = Config::parse(Path::new("config.toml"), text);
        read.map(|reading| (reading.config.clone(), reading.notices())).map_err(|error| error.to_string())
    }

    #[test]
    fn the_example_says_the_defaults_and_holds_every_key_with_its_reason() {
        assert_eq!(parse(EXAMPLE), Ok((Config::default(), Vec::new())));
        assert_eq!(parse(""), Ok((Config::default(), Vec::new())));
        for key in KEYS {
            let line = EXAMPLE.lines().position(|line| line.starts_with(&format!("{key} = ")) || line == format!("[{key}]"));
            let line = line.unwrap_or_else(|| panic!("{key} is missing"));
            assert!(EXAMPLE.lines().nth(line - 1).unwrap().starts_with("# "), "{key} is not explained");
        }
        // A key of the example that no code reads would have been reported above.
        assert_eq!(Config::default().tabs.len(), 4);
    }

    #[test]
    fn values_are_taken_and_where_they_stand_is_known() {
        let text = "tabs = [\"#rust\", \"list:Friends\"]\nrows = 0x1000\n\nascii = true\n mouse = false";
        let Reading { config, warnings, set } = Config::parse(Path::new("config.toml"), text).unwrap();
        assert_eq!(warnings, []);
        assert_eq!(config.tabs.iter().map(ToString::to_string).collect::<Vec<_>>(), ["#rust", "list:Friends"]);
        assert_eq!((config.rows, config.ascii, config.mouse), (4096, true, false));
        let places: Vec<String> = set.iter().map(|(key, place)| format!("{key} {}:{}", place.line, place.column)).collect();
        assert_eq!(places, ["ascii 4:1", "mouse 5:2", "rows 2:1", "tabs 1:1"]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place_and_what_may_be_written() {
        for (text, wanted) in [
            ("rows = 7", "config.toml:1:8: `rows` must be a whole number from 100 to 100000, not 7"),
            ("rows = -5", "config.toml:1:8: `rows` must be a whole number from 100 to 100000, not -5"),
            ("# é\nascii = \"yes\"", "config.toml:2:9: `ascii` must be true or false, not the text \"yes\""),
            ("tabs = \"home\"", "config.toml:1:8: `tabs` must be a list of streams, as in [\"home\", \"#rust\"], not the text \"home\""),
            ("tabs = [1]", "config.toml:1:9: `tabs` must hold streams, as in [\"home\", \"#rust\"], not 1"),
            ("mouse = {}", "config.toml:1:9: `mouse` must be true or false, not a table"),
            (
                "credentials = \"pocket\"",
                "config.toml:1:15: `credentials` must be \"auto\", \"keyring\" or \"file\", not the text \"pocket\"",
            ),
            ("media = true", "config.toml:1:9: `media` must be \"auto\", \"blocks\" or \"off\", not true"),
            ("media_rows = 99", "config.toml:1:14: `media_rows` must be a whole number from 3 to 40, not 99"),
            ("token_command = [\"pass\"]", "config.toml:1:17: `token_command` must be a text, not a list"),
        ] {
            assert_eq!(parse(text), Err(wanted.to_owned()));
        }
        let bad = parse("\n  tabs = [\"home\", \"nowhere\"]").unwrap_err();
        assert!(bad.starts_with("config.toml:2:19: `tabs`: unknown stream `nowhere`: write home"), "{bad}");
        let syntax = parse("rows = 500\nascii = ").unwrap_err();
        assert!(syntax.starts_with("config.toml:2:") && !syntax.contains('\n'), "{syntax}");
    }

    #[test]
    fn every_mistake_is_told_in_the_order_of_the_file() {
        let said = parse("mouse = 1\nrow = 500\ntabs = [\"home\", \"nowhere\", 3]\nrows = 1").unwrap_err();
        let places: Vec<&str> = said.lines().map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(
            places,
            ["config.toml:1:9:", "config.toml:2:1:", "config.toml:3:17:", "config.toml:3:28:", "config.toml:4:8:"],
            "{said}"
        );
        let syntax = parse("rows = = 500\nascii = true\nmouse = maybe\n").unwrap_err();
        assert!(syntax.lines().any(|line| line.starts_with("config.toml:1:")), "{syntax}");
        assert!(syntax.lines().any(|line| line.starts_with("config.toml:3:")), "{syntax}");
        let twice = parse("rows = 500\nrows = 600\n").unwrap_err();
        assert!(twice.starts_with("config.toml:2:1: "), "{twice}");
    }

    #[test]
    fn an_unknown_key_is_told_with_the_nearest_one_and_costs_nothing_else() {
        let (config, notices) = parse("row = 500\nxylophone = \"red\"\nAscii=true\n[tab]\nx = 1").unwrap();
        assert_eq!(config, Config::default());
        assert_eq!(
            notices,
            [
                "config.toml:1:1: `row` is no setting; did you mean `rows`?",
                "config.toml:2:1: `xylophone` is no setting",
                "config.toml:3:1: `Ascii` is no setting; did you mean `ascii`?",
                "config.toml:4:2: `tab` is no setting; did you mean `tabs`?",
            ]
        );
    }

    #[test]
    fn keys_are_bound_unbound_and_shown() {
        let text = "[keys]\nfirst = [\"g g\", \"home\"]\nhelp = \"g h\"\nclose-tab = []\nquit = \"x\"";
        let (config, notices) = parse(text).unwrap();
        assert_eq!(notices, Vec::<String>::new());
        let keys = |command| config.keymap.keys(command).iter().map(Sequence::as_str).collect::<Vec<_>>();
        assert_eq!((keys(Command::First), keys(Command::Help)), (vec!["g g", "home"], vec!["g h"]));
        assert_eq!((keys(Command::CloseTab).len(), keys(Command::Quit)), (0, vec!["x"]));
        let shown = config.show(|_| DEFAULT.to_owned());
        assert_eq!(parse(&shown), Ok((config, Vec::new())), "{shown}");
        let (_, notices) = parse("keys.quit = [\"x\"]").unwrap();
        let wanted = "config.toml:1:14: `x` of `quit` takes `x`, the only key of `close-tab`: give that another, or write close-tab = []";
        assert_eq!(notices, [wanted]);
    }

    #[test]
    fn mistakes_with_keys_name_both_places() {
        for (text, wanted) in [
            ("first = \"Z\"\nlast = [\"end\", \"Z\"]", "3:16: `keys.last`: `Z` is a key of `first` already (line 2, column 9)"),
            (
                "health = \"Z s\"\nfirst = \"Z\"",
                "3:9: `keys.first`: `Z` and `Z s` of `health` (line 2, column 10) exclude each other: one begins with the other",
            ),
            ("first = [\"Z\", \"Z\"]", "2:15: `keys.first`: `Z` is a key of `first` already (line 2, column 10)"),
            ("read = \"ctrl-c\"", "2:8: `keys.read`: `ctrl-c` cannot be had: ctrl-c always ends Trunkline"),
            ("accept = \"y\"", "2:10: `keys.accept`: `y` would be typed into the picker: take one with ctrl- or alt-, or a named one"),
            ("first = 7", "2:9: `keys.first` must be a key or a list of keys, as in [\"g g\", \"home\"], not 7"),
            ("first = [\"ctrl-i\"]", "2:10: `keys.first`: `ctrl-i` never comes from a terminal, which sends it as `tab`: write that"),
            ("first = \"\"", "2:9: `keys.first`: an empty text is not a key: leave it out, or write [] for no key at all"),
        ] {
            assert_eq!(parse(&format!("[keys]\n{text}")), Err(format!("config.toml:{wanted}")));
        }
        let (_, notices) = parse("[keys]\nfrist = \"Z\"").unwrap();
        assert_eq!(notices, ["config.toml:2:1: `frist` is no command; did you mean `first`?"]);
        assert!(parse("keys = [\"q\"]").unwrap_err().starts_with("config.toml:1:8: `keys` must be a table"));
    }

    #[test]
    fn themes_are_chosen_and_made_and_mistakes_in_them_told() {
        let text = "theme = \"mine\"\n[themes.mine]\nlike = \"tundra\"\naccent = \"#ff0080\"\n[themes.\"a b\"]\nlink = \"bright-blue\"";
        let (config, notices) = parse(text).unwrap();
        assert_eq!((config.theme.as_str(), notices.len()), ("mine", 0));
        let mine = config.themes.iter().find(|scheme| scheme.name == "mine").unwrap();
        assert_eq!((mine.color(Part::Accent), mine.color(Part::Background)), (Color::Rgb(255, 0, 128), Color::Rgb(0x17, 0x1c, 0x24)));
        let shown = config.show(|_| DEFAULT.to_owned());
        assert_eq!(parse(&shown), Ok((config, Vec::new())), "{shown}");
        for (text, wanted) in [
            ("theme = 1", "1:9: `theme` must be the name of a theme, not 1"),
            ("themes = 1", "1:10: `themes` must be a table of themes, as in [themes.mine] and beneath it: accent = \"#e39ad6\", not 1"),
            ("[themes.a]\ntag = 3", "2:7: `themes.a.tag` must be a colour, as in \"#e39ad6\", not 3"),
            ("[themes.ember]\n", "1:9: `themes.ember`: a built-in theme has that name: take another, with like = \"ember\""),
            (
                "[themes.a]\nbackground = \"#000000\"",
                "1:9: `themes.a`: background and text go together: on a terminal's own one of them may vanish",
            ),
        ] {
            assert_eq!(parse(text), Err(format!("config.toml:{wanted}")));
        }
        let said = parse("[themes.a]\ntag = \"bleu\"\nlike = \"b\"").unwrap_err();
        let said: Vec<&str> = said.lines().collect();
        assert!(
            said[0].starts_with("config.toml:2:7: `themes.a.tag`: `bleu` is not a colour: write")
                && said[0].ends_with("did you mean \"blue\"?")
        );
        assert!(said[1].starts_with("config.toml:3:8: `themes.a.like`: there is no theme `b`; there are terminal, mono,"), "{said:?}");
        let said = parse("theme = \"tundar\"").unwrap_err();
        assert!(said.starts_with("config.toml:1:9: `theme`: there is no theme `tundar`; did you mean `tundra`? there are"), "{said}");
        let (_, notices) = parse("[themes.a]\nacent = \"red\"").unwrap();
        assert_eq!(notices, ["config.toml:2:1: `acent` is no part of a theme; did you mean `accent`?"]);
    }

    #[test]
    fn a_missing_file_is_fine_and_a_folder_is_not() {
        let folder = std::env::temp_dir();
        assert!(matches!(Config::load(&folder.join("trunkline-no-such-file.toml")), Ok(reading) if reading == Reading::default()));
        assert!(matches!(Config::load(&folder), Err(ConfigError::Unreadable { .. })));
        let file = folder.join(format!("trunkline-latin-{}.toml", std::process::id()));
        std::fs::write(&file, b"rows = 500\n# caf\xe9\n").unwrap();
        let said = Config::load(&file).unwrap_err().to_string();
        std::fs::remove_file(&file).unwrap();
        assert!(said.ends_with(":2:6: the text is not UTF-8 from here on"), "{said}");
    }

    #[test]
    fn what_is_shown_reads_as_the_same_and_says_who_decided() {
        let (mut config, _) = parse("tabs = [\"#rust\", 'list:A \"b\" \\ c']\nrows = 300").unwrap();
        let overrides = Overrides { tabs: Vec::new(), ascii: Some("--ascii"), no_mouse: true, linear: false };
        overrides.apply(&mut config);
        let shown = config.show(|key| overrides.origin(key).unwrap_or(DEFAULT).to_owned());
        assert_eq!(parse(&shown), Ok((config, Vec::new())), "{shown}");
        assert!(shown.contains("rows = 300  # the default\n") && shown.contains("mouse = false  # --no-mouse\n"), "{shown}");
    }

    #[test]
    fn reading_again_tells_new_tabs_and_an_error_changes_nothing() {
        let file = std::env::temp_dir().join(format!("trunkline-reload-{}.toml", std::process::id()));
        let mut held = Held { file: file.clone(), overrides: Overrides::default(), config: Config::default() };
        std::fs::write(&file, "tabs = [\"home\", \"#rust\"]\nrows = 500\ncolour = 1\n").unwrap();
        let (new, notices) = held.reload().unwrap();
        assert_eq!((new.iter().map(ToString::to_string).collect::<Vec<_>>(), notices.len()), (vec!["#rust".to_owned()], 1));
        assert_eq!(held.config.rows, 500);
        std::fs::write(&file, "rows = 1\n").unwrap();
        assert!(held.reload().is_err());
        assert_eq!(held.config.rows, 500);
        std::fs::remove_file(&file).unwrap();
        held.overrides.tabs = vec!["local".parse().unwrap()];
        assert_eq!(held.reload().unwrap().0, held.overrides.tabs, "flags beat the file");
        assert_eq!((held.reload().unwrap().0, held.config.rows), (Vec::new(), 2_000));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn any_text_gives_settings_or_says_why_not(text in "\\PC{0,40}|([a-z]{1,6} ?= ?(\"[a-z#:]{0,9}\"|\\[[0-9\", ]{0,9}\\]|-?[0-9]{1,7}|true)\n){0,4}") {
            match Config::parse(Path::new("c"), &text) {
                Ok(reading) => prop_assert!(ROWS.contains(&reading.config.rows)),
                Err(error) => prop_assert!(error.to_string().lines().all(|line| line.starts_with("c:"))),
            }
        }
    }
}
