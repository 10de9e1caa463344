//! `Emoji`: a custom emoji of a server's: a picture that stands in text under a name.
//!
//! Absent on purpose: the emoji of Unicode, which are letters.

use crate::text::Plain;

/// A custom emoji.
///
/// Source: <https://docs.joinmastodon.org/entities/CustomEmoji/>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emoji {
    /// Its name, without the colons between which it stands in text.
    pub shortcode: Plain,
    /// Address of a picture of it that does not move, where the server gave one.
    pub picture: Option<Plain>,
}

impl Emoji {
    /// Its texts, to be packed with others.
    pub(crate) fn texts(&mut self) -> impl Iterator<Item = &mut Plain> {
        [Some(&mut self.shortcode), self.picture.as_mut()].into_iter().flatten()
    }
}
