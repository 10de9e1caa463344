//! `Source`: a file's text while it is read; it knows where things stand and collects what is wrong with them.
//!
//! Reading goes on after a mistake, so that all of them can be told at once.

use crate::text::nearest;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::DeValue;

/// Where in a file something stands, counted from one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
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

/// Something in a file that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{place}: {what}")]
pub struct Mistake {
    /// Where.
    pub place: Place,
    /// What is wrong and what may be written.
    pub what: String,
}

impl Mistake {
    /// The mistake with the file's name alone, for a line that has little room.
    pub fn brief(&self) -> String {
        let Place { file, line, column } = &self.place;
        let name = file.file_name().map_or_else(|| file.to_string_lossy(), |name| name.to_string_lossy());
        format!("{name}:{line}:{column}: {}", self.what)
    }
}

/// A value with its span.
pub(super) type Value<'a> = Spanned<DeValue<'a>>;

/// A file's text while it is read.
#[derive(Debug)]
pub(super) struct Source<'a> {
    file: &'a Path,
    text: &'a str,
    /// What cannot be used.
    pub(super) wrong: Vec<Mistake>,
    /// What means nothing, or does something that may not be meant.
    pub(super) warnings: Vec<Mistake>,
    /// Where each setting stands.
    pub(super) set: BTreeMap<String, Place>,
}

impl<'a> Source<'a> {
    pub(super) fn new(file: &'a Path, text: &'a str) -> Self {
        Self { file, text, wrong: Vec::new(), warnings: Vec::new(), set: BTreeMap::new() }
    }

    pub(super) fn place(&self, span: Range<usize>) -> Place {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        Place { file: self.file.to_owned(), line: before.matches('\n').count() + 1, column }
    }

    /// Notes a mistake.
    pub(super) fn mistake(&mut self, span: Range<usize>, what: impl Into<String>) {
        let place = self.place(span);
        self.wrong.push(Mistake { place, what: what.into() });
    }

    /// Notes something that may not be meant.
    pub(super) fn warn(&mut self, span: Range<usize>, what: impl Into<String>) {
        let place = self.place(span);
        self.warnings.push(Mistake { place, what: what.into() });
    }

    /// Notes that a key is none of those known; `kind` is what it should have been.
    pub(super) fn stranger<'k>(&mut self, key: &Spanned<Cow<'_, str>>, kind: &str, known: impl IntoIterator<Item = &'k str>) {
        let typed = key.get_ref();
        let nearest = nearest(typed, known).map(|known| format!("; did you mean `{known}`?")).unwrap_or_default();
        self.warn(key.span(), format!("`{}` is no {kind}{nearest}", typed.escape_debug()));
    }

    /// Notes that the value of a key is not what it must be.
    pub(super) fn misfit(&mut self, key: &str, value: &Value<'_>, must: &str) {
        let found = match value.get_ref() {
            DeValue::String(text) => format!("the text \"{}\"", text.escape_debug()),
            DeValue::Integer(number) => number.to_string(),
            DeValue::Float(number) => number.as_str().to_owned(),
            DeValue::Boolean(yes) => yes.to_string(),
            DeValue::Datetime(date) => date.to_string(),
            DeValue::Array(_) => "a list".to_owned(),
            DeValue::Table(_) => "a table".to_owned(),
        };
        self.mistake(value.span(), format!("`{key}` must {must}, not {found}"));
    }

    pub(super) fn boolean(&mut self, key: &str, value: &Value<'_>) -> Option<bool> {
        if let DeValue::Boolean(yes) = value.get_ref() {
            return Some(*yes);
        }
        self.misfit(key, value, "be true or false");
        None
    }

    pub(super) fn text(&mut self, key: &str, value: &Value<'_>) -> Option<String> {
        if let DeValue::String(text) = value.get_ref() {
            return Some(text.trim().to_owned());
        }
        self.misfit(key, value, "be a text");
        None
    }

    pub(super) fn number(&mut self, key: &str, value: &Value<'_>, range: RangeInclusive<usize>) -> Option<usize> {
        let number = if let DeValue::Integer(number) = value.get_ref() {
            usize::from_str_radix(number.as_str(), number.radix()).ok().filter(|number| range.contains(number))
        } else {
            None
        };
        if number.is_none() {
            self.misfit(key, value, &format!("be a whole number from {} to {}", range.start(), range.end()));
        }
        number
    }
}
