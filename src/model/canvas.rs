//! `Canvas`: how a terminal takes pictures, and `TerminalFact`: what it says of itself when asked.

use crate::text::Plain;

/// How a terminal takes pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// As half blocks, two colours to a cell: everywhere.
    Blocks,
    /// By the graphics protocol of kitty: <https://sw.kovidgoyal.net/kitty/graphics-protocol/>.
    Kitty,
    /// By `iTerm2`'s inline images: <https://iterm2.com/documentation-images.html>.
    Inline,
    /// As sixels of so many colours: <https://vt100.net/docs/vt3xx-gp/chapter14.html>.
    Sixel(u16),
}

/// What pictures are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Canvas {
    /// How the terminal takes them.
    pub form: Form,
    /// Width and height of a cell in pixels.
    pub cell: (u16, u16),
}

/// What a terminal says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TerminalFact {
    /// Whether it takes kitty's graphics.
    Kitty(bool),
    /// Primary attributes (DA1): whether sixels are among them.
    Attributes {
        /// Whether they are.
        sixel: bool,
    },
    /// How many colours a sixel image may have.
    Colors(u16),
    /// Width and height of a cell in pixels.
    Cell(u16, u16),
    /// Width and height of the room for text in pixels.
    Room(u16, u16),
    /// Its name and version (XTVERSION).
    Name(Plain),
}
