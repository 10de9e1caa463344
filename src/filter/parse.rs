//! What is typed, read into terms; every mistake with its column and what may be written instead.

use super::pattern::{Pattern, PatternError};
use super::{Filter, Has, Is, LONGEST, TERMS, Term};
use crate::model::Tag;
use crate::text::nearest;
use std::borrow::Cow;
use std::str::FromStr;

/// The most terms of a filter.
const MOST_TERMS: usize = 64;
/// How deep groups may lie in each other.
const MOST_NESTED: usize = 8;
/// What is written for posts that state no language.
pub(super) const NO_LANGUAGE: &str = "none";
/// What may stand before a colon.
const KEYS: [&str; 4] = ["from", "lang", "has", "is"];

/// What is wrong with a filter, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {wrong}")]
pub struct FilterError {
    /// The column at which it begins, in characters from one on.
    pub column: usize,
    /// What it is.
    pub wrong: Wrong,
}

/// What can be wrong with a filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// Nothing is called so before a colon.
    #[error("there is no `{name}:`{}; \"...\" makes it text", .nearest.map(|nearest| format!("; did you mean `{nearest}:`?")).unwrap_or_default())]
    Key {
        /// What was written.
        name: String,
        /// What it is most like.
        nearest: Option<&'static str>,
    },
    /// Nothing is called so after a key.
    #[error("there is no `{key}:{value}`; {}there are {all}", .nearest.map(|nearest| format!("did you mean `{nearest}`? ")).unwrap_or_default())]
    Value {
        /// The key.
        key: &'static str,
        /// What was written.
        value: String,
        /// What it is most like.
        nearest: Option<&'static str>,
        /// All that there are.
        all: String,
    },
    /// Nothing stands after a key.
    #[error("`{key}:` needs {needs}")]
    Missing {
        /// The key.
        key: &'static str,
        /// What it needs.
        needs: &'static str,
    },
    /// No language has such a code.
    #[error("`{0}` is not the code of a language, as en or pt-br; none is for posts that state none")]
    Language(String),
    /// No account is called so.
    #[error("`{0}` is no account or server: from:ada, from:ada@tide.example or from:tide.example")]
    Account(String),
    /// A hashtag in which nothing would be found.
    #[error("`{0}` is not a hashtag: it needs letters or digits alone, as in #rust")]
    Tag(String),
    /// A regular expression that cannot be used.
    #[error("the regex: {0}")]
    Regex(PatternError),
    /// A quote, a regex or a group without an end.
    #[error("{0} has no end: write {1}")]
    Unclosed(&'static str, char),
    /// A closing bracket without an opening one.
    #[error("this ) closes nothing; \")\" makes it text")]
    Unopened,
    /// Nothing where something should be.
    #[error("{0} needs something after it")]
    Dangling(&'static str),
    /// A bar without anything before it.
    #[error("| needs something before it; \"|\" makes it text")]
    Leading,
    /// Nothing between the ends of a phrase, a regex or a group.
    #[error("there is nothing in {0}")]
    Empty(&'static str),
    /// Something right after a phrase or a regex.
    #[error("a blank is missing after {0}")]
    Joined(&'static str),
    /// Groups too deep in each other.
    #[error("groups lie in each other more than {MOST_NESTED} deep")]
    TooDeep,
    /// Too many terms.
    #[error("these are more than {MOST_TERMS} terms")]
    TooMany,
    /// Too many bytes.
    #[error("it is longer than {LONGEST} bytes")]
    TooLong,
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(raw: &str) -> Result<Self, FilterError> {
        if raw.len() > LONGEST {
            return Err(FilterError { column: 1, wrong: Wrong::TooLong });
        }
        let chars = raw.chars().map(|ch| if ch.is_control() { ' ' } else { ch }).collect();
        let mut parser = Parser { chars, at: 0, depth: 0, count: 0 };
        let terms = parser.all()?;
        match parser.peek() {
            Some(_) => Err(parser.error(Wrong::Unopened)),
            None => Some(Self { terms }).filter(Self::fits).ok_or(FilterError { column: 1, wrong: Wrong::TooLong }),
        }
    }
}

/// A word or phrase as it is written in a filter.
pub(super) fn word(source: &str) -> Cow<'_, str> {
    let begins = source.starts_with(['-', '/', '#']);
    let is_plain = !begins && !source.chars().any(|ch| ch.is_whitespace() || "|()\"\\".contains(ch)) && key_of(source).is_none();
    if is_plain {
        return Cow::Borrowed(source);
    }
    Cow::Owned(format!("\"{}\"", source.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// What may be written after what is typed already, in a line.
pub fn hint(typed: &str) -> String {
    let last = typed.rsplit(|ch: char| ch.is_whitespace() || "|(".contains(ch)).next().unwrap_or_default();
    let last = last.trim_start_matches('-');
    let help = |form: &str| TERMS.iter().find(|(known, _)| *known == form).map(|(_, help)| *help);
    if let Some(help) = last.split_once(':').and_then(|(key, _)| help(&format!("{key}:"))) {
        return help.to_owned();
    }
    let begun = match last.chars().next() {
        Some('/') => help("/regex/"),
        Some('#') => help("#tag"),
        _ => None,
    };
    begun.map_or_else(|| TERMS.iter().map(|(form, _)| *form).collect::<Vec<_>>().join("  "), str::to_owned)
}

/// What stands before the colon of something that looks like a key; addresses do not.
fn key_of(word: &str) -> Option<(&str, &str)> {
    let (key, value) = word.split_once(':')?;
    let is_key = !key.is_empty() && key.chars().all(|ch| ch.is_ascii_alphabetic()) && !value.starts_with("//");
    is_key.then_some((key, value))
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    depth: usize,
    count: usize,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn error(&self, wrong: Wrong) -> FilterError {
        Self::error_at(self.at, wrong)
    }

    fn error_at(at: usize, wrong: Wrong) -> FilterError {
        FilterError { column: at + 1, wrong }
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// Terms up to the end, or to the bracket that ends a group.
    fn all(&mut self) -> Result<Vec<Term>, FilterError> {
        let mut terms = Vec::new();
        loop {
            self.skip_blanks();
            match self.peek() {
                None | Some(')') => return Ok(terms),
                Some('|') => return Err(self.error(Wrong::Leading)),
                Some(_) => terms.push(self.any()?),
            }
        }
    }

    fn any(&mut self) -> Result<Term, FilterError> {
        let mut terms = vec![self.term()?];
        loop {
            self.skip_blanks();
            if self.peek() != Some('|') {
                break;
            }
            let bar = self.at;
            self.at += 1;
            self.skip_blanks();
            if matches!(self.peek(), None | Some('|' | ')')) {
                return Err(Self::error_at(bar, Wrong::Dangling("|")));
            }
            terms.push(self.term()?);
        }
        if terms.len() == 1 {
            return Ok(terms.remove(0));
        }
        // Groups of alternatives are flat, so that what is printed reads the same.
        let flat = terms.into_iter().flat_map(|term| if let Term::Any(terms) = term { terms } else { vec![term] });
        Ok(Term::Any(flat.collect()))
    }

    fn term(&mut self) -> Result<Term, FilterError> {
        let start = self.at;
        self.count += 1;
        if self.count > MOST_TERMS {
            return Err(self.error(Wrong::TooMany));
        }
        if self.peek() != Some('-') {
            return self.plain();
        }
        self.at += 1;
        match self.peek() {
            None | Some('|' | ')' | '-') => Err(Self::error_at(start, Wrong::Dangling("-"))),
            Some(ch) if ch.is_whitespace() => Err(Self::error_at(start, Wrong::Dangling("-"))),
            Some(_) => Ok(Term::Not(Box::new(self.plain()?))),
        }
    }

    fn plain(&mut self) -> Result<Term, FilterError> {
        match self.peek() {
            Some('(') => self.group(),
            Some('"') => self.phrase(),
            Some('/') => self.regex(),
            Some(_) | None => self.word(),
        }
    }

    fn group(&mut self) -> Result<Term, FilterError> {
        let start = self.at;
        if self.depth == MOST_NESTED {
            return Err(self.error(Wrong::TooDeep));
        }
        self.depth += 1;
        self.at += 1;
        let mut terms = self.all()?;
        if self.peek() != Some(')') {
            return Err(Self::error_at(start, Wrong::Unclosed("this (", ')')));
        }
        self.at += 1;
        self.depth -= 1;
        match terms.len() {
            0 => Err(Self::error_at(start, Wrong::Empty("this ( )"))),
            1 => Ok(terms.remove(0)),
            _ => Ok(Term::All(terms)),
        }
    }

    fn phrase(&mut self) -> Result<Term, FilterError> {
        const WHAT: &str = "the \"phrase\"";
        let start = self.at;
        self.at += 1;
        let mut words = String::new();
        loop {
            match self.peek() {
                None => return Err(Self::error_at(start, Wrong::Unclosed(WHAT, '"'))),
                Some('"') => break,
                Some('\\') => {
                    self.at += 1;
                    words.extend(self.peek());
                }
                Some(ch) => words.push(ch),
            }
            self.at += 1;
        }
        self.end_of(WHAT)?;
        if words.trim().is_empty() {
            return Err(Self::error_at(start, Wrong::Empty(WHAT)));
        }
        Pattern::words(&words).map(Term::Words).map_err(|error| Self::error_at(start, Wrong::Regex(error)))
    }

    fn regex(&mut self) -> Result<Term, FilterError> {
        const WHAT: &str = "the /regex/";
        let start = self.at;
        self.at += 1;
        let mut source = String::new();
        loop {
            match self.peek() {
                None => return Err(Self::error_at(start, Wrong::Unclosed(WHAT, '/'))),
                Some('/') => break,
                Some('\\') => {
                    source.push('\\');
                    self.at += 1;
                    source.extend(self.peek());
                }
                Some(ch) => source.push(ch),
            }
            self.at += 1;
        }
        self.end_of(WHAT)?;
        if source.is_empty() {
            return Err(Self::error_at(start, Wrong::Empty(WHAT)));
        }
        Pattern::regex(&source).map(Term::Regex).map_err(|error| Self::error_at(start, Wrong::Regex(error)))
    }

    /// Takes the closing mark, after which something else must begin.
    fn end_of(&mut self, what: &'static str) -> Result<(), FilterError> {
        self.at += 1;
        match self.peek() {
            None | Some('|' | ')') => Ok(()),
            Some(ch) if ch.is_whitespace() => Ok(()),
            Some(_) => Err(self.error(Wrong::Joined(what))),
        }
    }

    fn word(&mut self) -> Result<Term, FilterError> {
        let start = self.at;
        while let Some(ch) = self.peek()
            && !ch.is_whitespace()
            && ch != '|'
            && !(ch == ')' && self.depth > 0)
        {
            self.at += 1;
        }
        let word: String = self.chars.get(start..self.at).unwrap_or_default().iter().collect();
        if word == ")" {
            return Err(Self::error_at(start, Wrong::Unopened));
        }
        let fail = |wrong| Err(Self::error_at(start, wrong));
        if let Some(name) = word.strip_prefix('#').filter(|name| !name.is_empty()) {
            let tag = Tag::new(name).filter(|_| name.chars().all(|ch| ch.is_alphanumeric() || ch == '_' || ch == '·' || ch == '-'));
            return tag.map(Term::Tag).map_or_else(|| fail(Wrong::Tag(word.clone())), Ok);
        }
        let Some((key, value)) = key_of(&word) else {
            return Pattern::words(&word).map(Term::Words).or_else(|error| fail(Wrong::Regex(error)));
        };
        let Some(key) = KEYS.iter().find(|known| **known == key.to_ascii_lowercase()).copied() else {
            return fail(Wrong::Key { name: key.to_owned(), nearest: nearest(key, KEYS) });
        };
        property(key, &value.to_lowercase()).or_else(fail)
    }
}

fn property(key: &'static str, value: &str) -> Result<Term, Wrong> {
    match key {
        "from" => {
            let wanted = value.strip_prefix('@').unwrap_or(value);
            if wanted.is_empty() {
                return Err(Wrong::Missing { key, needs: "an account or a server, as in from:ada or from:tide.example" });
            }
            let is_name = wanted.chars().all(|ch| ch.is_alphanumeric() || "_.-@".contains(ch)) && wanted.matches('@').count() <= 1;
            if is_name { Ok(Term::From(wanted.to_owned())) } else { Err(Wrong::Account(value.to_owned())) }
        }
        "lang" => {
            if value.is_empty() {
                return Err(Wrong::Missing { key, needs: "codes of languages, as in lang:en or lang:en,de" });
            }
            let code = |code: &str| {
                let is_code = (2..=12).contains(&code.len()) && code.chars().all(|ch| ch.is_ascii_alphanumeric() || ch == '-');
                match code {
                    NO_LANGUAGE => Ok(String::new()),
                    _ if is_code && code.starts_with(|ch: char| ch.is_ascii_alphabetic()) => Ok(code.to_owned()),
                    _ => Err(Wrong::Language(code.to_owned())),
                }
            };
            value.split(',').map(code).collect::<Result<Vec<_>, _>>().map(Term::Lang)
        }
        "has" => one_of(key, value, Has::ALL).map(Term::Has),
        _ => one_of(key, value, Is::ALL).map(Term::Is),
    }
}

fn one_of<T: Copy>(key: &'static str, value: &str, all: &[(&'static str, T)]) -> Result<T, Wrong> {
    // Some say it in the plural.
    let singular = value.strip_suffix('s').unwrap_or(value);
    if let Some((_, found)) = all.iter().find(|(name, _)| *name == value || *name == singular) {
        return Ok(*found);
    }
    let names = || all.iter().map(|(name, _)| *name);
    let all = names().collect::<Vec<_>>().join(", ");
    Err(Wrong::Value { key, value: value.to_owned(), nearest: nearest(value, names()), all })
}

#[cfg(test)]
mod tests;
