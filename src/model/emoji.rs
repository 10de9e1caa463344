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
