//! `Pattern`: words or a regular expression, ready to be looked for.
//!
//! Matching is linear in the text. A regular expression is bounded in size when it is made, so that no repetition of
//! repetitions can take memory or time.

use regex::{Regex, RegexBuilder};
use std::ops::Range;

/// The largest compiled pattern, in bytes.
const MOST_BYTES: usize = 256 * 1024;
/// The deepest nesting of a regular expression.
const MOST_NESTED: u32 = 32;

/// Words or a regular expression to look for.
#[derive(Clone)]
pub struct Pattern {
    source: String,
    kind: Kind,
    regex: Regex,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Words, in any case of their letters.
    Words,
    /// Words, as they are written.
    Exact,
    /// A regular expression.
    Regex,
}

/// Why a regular expression cannot be used, in the words of its parser, without its rows of marks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(String);

impl Pattern {
    /// Looks for words literally, without regard to case.
    ///
    /// # Errors
    /// Words that are too long are refused.
    pub fn words(words: &str) -> Result<Self, PatternError> {
        Self::new(words, Kind::Words)
    }

    /// Looks for a regular expression without regard to case; `^` and `$` stand for the ends of lines.
    ///
    /// # Errors
    /// What is none, and what would grow too large, is refused.
    pub fn regex(source: &str) -> Result<Self, PatternError> {
        Self::new(source, Kind::Regex)
    }

    /// What is typed to search for it: words, with regard to case where one of their letters is a capital, or `/regex/`.
    /// The last `/` may still be missing. `None` for nothing.
    ///
    /// # Errors
    /// As [`Pattern::regex`].
    pub fn typed(typed: &str) -> Result<Option<Self>, PatternError> {
        let pattern = match typed.strip_prefix('/') {
            Some(rest) => {
                let source = rest.strip_suffix('/').filter(|_| ends_open(rest)).unwrap_or(rest);
                if source.is_empty() {
                    return Ok(None);
                }
                Self::regex(source)?
            }
            None if typed.trim().is_empty() => return Ok(None),
            None => Self::new(typed, if typed.chars().any(char::is_uppercase) { Kind::Exact } else { Kind::Words })?,
        };
        Ok(Some(pattern))
    }

    /// What it was made from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether a text has it.
    pub fn is_in(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// Where a text has it, as byte ranges that are never empty, from the start on.
    pub fn ranges<'t>(&'t self, text: &'t str) -> impl Iterator<Item = Range<usize>> + 't {
        self.regex.find_iter(text).map(|found| found.range()).filter(|range| !range.is_empty())
    }

    fn new(source: &str, kind: Kind) -> Result<Self, PatternError> {
        let escaped = regex::escape(source);
        let regex = RegexBuilder::new(if kind == Kind::Regex { source } else { &escaped })
            .case_insensitive(kind != Kind::Exact)
            .multi_line(true)
            .size_limit(MOST_BYTES)
            .dfa_size_limit(MOST_BYTES)
            .nest_limit(MOST_NESTED)
            .build();
        match regex {
            Ok(regex) => Ok(Self { source: source.to_owned(), kind, regex }),
            Err(regex::Error::CompiledTooBig(_)) => Err(PatternError("it would grow too large".to_owned())),
            Err(error) => Err(PatternError(why(&error.to_string()))),
        }
    }
}

/// Whether the last character is not escaped by the ones before it.
fn ends_open(text: &str) -> bool {
    let before = text.strip_suffix('/').unwrap_or(text);
    (before.len() - before.trim_end_matches('\\').len()).is_multiple_of(2)
}

/// The line that says what is wrong; the others show where, for a screen of their own.
fn why(error: &str) -> String {
    let line = error.lines().rev().find_map(|line| line.trim().strip_prefix("error: ")).unwrap_or("it is none");
    line.to_owned()
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        (self.kind, &self.source) == (other.kind, &other.source)
    }
}

impl Eq for Pattern {}

impl std::fmt::Debug for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}({:?})", self.kind, self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(typed: &str) -> Pattern {
        Pattern::typed(typed).unwrap().unwrap()
    }

    #[test]
    fn what_is_typed_is_words_or_a_regex_and_capitals_count_where_there_are_some() {
        assert!(typed("rust").is_in("The RUST book") && typed("straße").is_in("STRAßE"));
        assert!(!typed("Rust").is_in("the rust book") && typed("Rust").is_in("the Rust book"));
        assert!(typed("a.c").is_in("A.C") && !typed("a.c").is_in("abc"), "words are literal");
        assert!(typed("/^b.c$/").is_in("a\nBxC\nd"));
        assert_eq!(typed("/a\\/b").source(), "a\\/b", "still being typed");
        assert_eq!(typed("/ab\\/").source(), "ab\\/");
        assert!(typed("/a\\/b/").is_in("A/B"));
        for nothing in ["", "  ", "/", "//"] {
            assert_eq!(Pattern::typed(nothing), Ok(None), "{nothing:?}");
        }
        assert_eq!(
            typed("/x*/").ranges("axxb").map(|range| (range.start, range.end)).collect::<Vec<_>>(),
            [(1, 3)],
            "nothing is found where there is nothing to see"
        );
    }

    #[test]
    fn what_would_grow_without_bound_is_refused() {
        let nested = format!("{}a{}", "(".repeat(200), ")".repeat(200));
        for hostile in ["(a{1000}){1000}", "((((a{100}){100}){100}){100}){100}", "(\\w{100}){100}", "(?:x{0,999}){0,999}", &nested] {
            let error = Pattern::regex(hostile).unwrap_err().to_string();
            assert!(error.len() < 120 && !error.contains('\n'), "{error}");
        }
        for (wrong, said) in [("(", "unclosed group"), ("[z-a]", "invalid character class range"), ("(?=a)", "look-around")] {
            let error = Pattern::regex(wrong).unwrap_err().to_string();
            assert!(error.contains(said), "{wrong}: {error}");
        }
        for fine in ["\\w+@\\w+", "(foo|bar)+", "\\bx{1,20}\\b"] {
            Pattern::regex(fine).unwrap();
        }
    }
}
