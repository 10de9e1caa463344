//! `Glyph`: what a terminal shows in a cell, in three words.
//!
//! A cell of ratatui's takes twice as much, and drawing into it, comparing it and writing it each go through its string and its three
//! colours. Here a letter stands for itself and looks are numbers, worked out once for a stretch of letters, so that most of what a frame
//! does for a cell is to copy and compare words. Only symbols that are too long for one are kept beside ([`Symbols`]).
//!
//! Absent on purpose: where glyphs stand (`grid`).

use crate::state::hashed::{IdMap, IdSet, Keyed};
use crate::ui::halves::UPPER;
use crate::ui::theme::{ansi, palette_number};
use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier, Style};
use std::hash::BuildHasher as _;

/// Bytes of a symbol that stand for themselves; a longer one is held as a keyed sum of them.
const SHORT: usize = 7;
/// The last byte of such a sum. No short symbol has it.
const LONG: u8 = 0xff;
/// From how many long symbols on those are forgotten that are nowhere to be seen.
const MANY: usize = 512;

/// Where the columns of a symbol, less one, stand in its manner.
const COLUMNS: u32 = 16;
const MOST_COLUMNS: usize = 0x7fff;
/// Whether terminals may differ about them.
const DOUBTFUL: u64 = 1 << 31;
/// What tells how it looks; the rest of its manner goes with the symbol.
const LOOK: u64 = 0xffff_ffff_0000_ffff;

/// What a terminal shows of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glyph {
    /// Its letters, followed by zeros.
    symbol: [u8; SHORT + 1],
    /// Foreground and background.
    colors: u64,
    /// The underline's colour, which tells where a link leads, how many columns it takes, and modifiers.
    manner: u64,
}

/// What tells how glyphs look, without their letters.
pub(crate) type Look = (u64, u64);

impl Glyph {
    /// A space.
    pub(crate) const BLANK: Self = Self { symbol: [b' ', 0, 0, 0, 0, 0, 0, 0], colors: 0, manner: 0 };
    /// The other half of a wide glyph.
    pub(crate) const COVERED: Self = Self { symbol: [0; SHORT + 1], ..Self::BLANK };

    /// The same in another letter, which is ASCII.
    #[inline]
    pub(crate) fn with_byte(self, byte: u8) -> Self {
        Self { symbol: [byte, 0, 0, 0, 0, 0, 0, 0], colors: self.colors, manner: self.manner & LOOK }
    }

    /// A symbol of so many columns, without any style. Where it is long [`Symbols`] have to be told.
    pub(crate) fn new(symbol: &str, columns: usize) -> Self {
        let mut bytes = [0; SHORT + 1];
        if let Some(room) = bytes.get_mut(..symbol.len()).filter(|_| symbol.len() <= SHORT) {
            room.copy_from_slice(symbol.as_bytes());
        } else {
            bytes = Keyed::default().hash_one(symbol).to_le_bytes();
            bytes[SHORT] = LONG;
        }
        let is_doubtful = symbol.chars().nth(1).is_some();
        let columns = columns.saturating_sub(1).min(MOST_COLUMNS) as u64;
        Self { symbol: bytes, colors: 0, manner: columns << COLUMNS | if is_doubtful { DOUBTFUL } else { 0 } }
    }

    /// The same in another look.
    #[inline]
    pub(crate) fn looking_like(self, other: Self) -> Self {
        Self { symbol: self.symbol, colors: other.colors, manner: self.manner & !LOOK | other.manner & LOOK }
    }

    /// The same with a style put on it, as ratatui puts one on a cell.
    pub(crate) fn styled(self, style: Style) -> Self {
        let number = |color: Option<Color>, before: u64| color.map_or(before, color_number);
        let (fg, bg) = (number(style.fg, self.colors >> 32), number(style.bg, self.colors & u64::from(u32::MAX)));
        let link = number(style.underline_color, self.manner >> 32);
        let modifier = (self.modifier() | style.add_modifier) - style.sub_modifier;
        let measure = self.manner & !LOOK;
        Self { symbol: self.symbol, colors: fg << 32 | bg, manner: link << 32 | measure | u64::from(modifier.bits()) }
    }

    /// The same, leading nowhere.
    #[inline]
    pub(crate) fn unlinked(self) -> Self {
        Self { manner: self.manner & u64::from(u32::MAX), ..self }
    }

    /// A number for its letters, in whatever style.
    #[inline]
    pub(crate) fn symbol(self) -> u64 {
        u64::from_le_bytes(self.symbol)
    }

    /// What tells its style, and where it leads, from others.
    #[inline]
    pub(crate) fn look(self) -> Look {
        (self.colors, self.manner & LOOK)
    }

    /// The byte that it is, where it is ASCII.
    #[inline]
    pub(crate) fn byte(self) -> Option<u8> {
        u8::try_from(self.symbol()).ok().filter(|byte| *byte != 0 && byte.is_ascii())
    }

    /// Whether it is of lines and bars, from U+2500 to U+258F.
    pub(crate) fn is_line(self) -> bool {
        matches!(self.symbol, [0xe2, 0x94 | 0x95, _, 0, ..] | [0xe2, 0x96, 0x80..=0x8f, 0, ..])
    }

    fn bytes(&self) -> &[u8] {
        let length = SHORT + 1 - self.symbol().leading_zeros() as usize / 8;
        self.symbol.get(..length).unwrap_or_default()
    }

    fn is_long(self) -> bool {
        self.symbol[SHORT] == LONG
    }

    /// How many columns it takes, one at least.
    #[inline]
    pub(crate) fn columns(self) -> usize {
        1 + (self.manner >> COLUMNS) as usize % (MOST_COLUMNS + 1)
    }

    /// Whether it is a cluster about whose width terminals may differ.
    #[inline]
    pub(crate) fn is_doubtful(self) -> bool {
        self.manner & DOUBTFUL != 0
    }

    /// Whether it is one of a picture, and not of words.
    pub(crate) fn is_picture(self) -> bool {
        self.bytes() == UPPER.as_bytes()
    }

    pub(crate) fn fg(self) -> Color {
        color_of(self.colors >> 32)
    }

    pub(crate) fn bg(self) -> Color {
        color_of(self.colors)
    }

    /// The colour of its underline, which leads where its link does.
    pub(crate) fn underline_color(self) -> Color {
        color_of(self.manner >> 32)
    }

    pub(crate) fn modifier(self) -> Modifier {
        Modifier::from_bits_truncate(u16::try_from(self.manner & u64::from(u16::MAX)).unwrap_or_default())
    }
}

/// The letters of symbols that are too long for a glyph.
#[derive(Debug, Default)]
pub struct Symbols {
    long: IdMap<u64, Box<str>>,
    /// How many were left when the others were forgotten.
    kept: usize,
}

impl Symbols {
    /// A symbol of so many columns, without any style.
    pub(crate) fn glyph(&mut self, symbol: &str, columns: usize) -> Glyph {
        let glyph = Glyph::new(symbol, columns);
        if glyph.is_long() {
            self.long.entry(glyph.symbol()).or_insert_with(|| symbol.into());
        }
        glyph
    }

    /// The letters of a glyph, to be written.
    pub(crate) fn bytes<'s>(&'s self, glyph: &'s Glyph) -> &'s [u8] {
        if glyph.is_long() { self.long.get(&glyph.symbol()).map_or(b" ", |text| text.as_bytes()) } else { glyph.bytes() }
    }

    /// The letters of a glyph.
    pub(crate) fn text<'s>(&'s self, glyph: &'s Glyph) -> &'s str {
        std::str::from_utf8(self.bytes(glyph)).unwrap_or_default()
    }

    /// A cell of ratatui's that looks like a glyph.
    pub(crate) fn cell(&self, glyph: &Glyph) -> Cell {
        let mut cell = Cell::EMPTY;
        cell.set_symbol(self.text(glyph));
        (cell.fg, cell.bg, cell.underline_color) = (glyph.fg(), glyph.bg(), glyph.underline_color());
        cell.modifier = glyph.modifier();
        cell
    }

    /// Whether it is time to forget those that are nowhere to be seen.
    pub(crate) fn are_many(&self) -> bool {
        self.long.len() >= MANY.max(self.kept * 2)
    }

    /// Forgets all but those of some glyphs.
    pub(crate) fn keep<'g>(&mut self, glyphs: impl Iterator<Item = &'g Glyph>) {
        let seen: IdSet<u64> = glyphs.filter(|glyph| glyph.is_long()).map(|glyph| glyph.symbol()).collect();
        self.long.retain(|symbol, _| seen.contains(symbol));
        self.kept = self.long.len();
    }
}

/// A number below 2^32 for a colour; 0 where the terminal's own is meant.
#[inline]
pub(crate) fn color_number(color: Color) -> u64 {
    // As ratatui has them in memory, so that little is to be done for a cell.
    if let Color::Rgb(red, green, blue) = color {
        return u64::from(u32::from_le_bytes([RGB, red, green, blue]));
    }
    if color == Color::Reset { 0 } else { few(color) }
}

const RGB: u8 = 17;
const INDEXED: u8 = 18;

/// A number for a colour of a palette.
#[inline(never)]
fn few(color: Color) -> u64 {
    if let Color::Indexed(number) = color {
        return u64::from(u32::from_le_bytes([INDEXED, number, 0, 0]));
    }
    palette_number(color).map_or(0, |number| u64::from(number) + 1)
}

/// The colour of a number, of which the lower half counts.
fn color_of(number: u64) -> Color {
    let [kind, one, two, three, ..] = number.to_le_bytes();
    match kind {
        1..=16 => ansi(kind - 1),
        RGB => Color::Rgb(one, two, three),
        INDEXED => Color::Indexed(one),
        _ => Color::Reset,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::wrap;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn colors() -> Vec<Color> {
        let named = [
            Color::Reset,
            Color::Black,
            Color::Red,
            Color::Green,
            Color::Yellow,
            Color::Blue,
            Color::Magenta,
            Color::Cyan,
            Color::Gray,
            Color::DarkGray,
            Color::LightRed,
            Color::LightGreen,
            Color::LightYellow,
            Color::LightBlue,
            Color::LightMagenta,
            Color::LightCyan,
            Color::White,
        ];
        let numbered = (0..=255).flat_map(|number| [Color::Indexed(number), Color::Rgb(0, 0, number), Color::Rgb(number.max(1), 0, 0)]);
        named.into_iter().chain(numbered).collect()
    }

    #[test]
    fn whatever_looks_different_has_another_number() {
        let colors: HashSet<Color> = colors().into_iter().collect();
        assert_eq!(colors.iter().map(|color| color_number(*color)).collect::<HashSet<_>>().len(), colors.len());
        assert!(colors.iter().all(|color| color_number(*color) < 1 << 32 && color_of(color_number(*color)) == *color));
        let symbols = ["", " ", "a", "b", "é", "e\u{301}", "日", "👩\u{200d}🚀", "👩🏽\u{200d}🚀", "\u{7f}"];
        let code = |symbol: &&str| Glyph::new(symbol, 1).symbol();
        assert_eq!(symbols.iter().map(code).collect::<HashSet<_>>().len(), symbols.len());
    }

    #[test]
    fn lines_and_bars_are_told_from_other_letters() {
        for letter in '\0'..='\u{ffff}' {
            assert_eq!(Glyph::new(letter.encode_utf8(&mut [0; 4]), 1).is_line(), ('\u{2500}'..='\u{258f}').contains(&letter), "{letter:?}");
        }
        assert!([UPPER, "▐", "a", "日", "▀\u{301}"].map(|symbol| Glyph::new(symbol, 1).is_picture()) == [true, false, false, false, false]);
    }

    #[test]
    fn long_symbols_are_forgotten_when_they_are_gone() {
        let mut symbols = Symbols::default();
        let kept = symbols.glyph("👩\u{200d}🚀", 2);
        let gone = symbols.glyph("👩🏽\u{200d}🚀", 2);
        assert_eq!([symbols.text(&kept), symbols.text(&gone)], ["👩\u{200d}🚀", "👩🏽\u{200d}🚀"]);
        assert!(!symbols.are_many());
        for number in 0..MANY {
            symbols.glyph(&format!("e\u{301}\u{302}\u{303}\u{304}{number}"), 1);
        }
        assert!(symbols.are_many());
        symbols.keep([kept, Glyph::BLANK].iter());
        assert_eq!((symbols.text(&kept), symbols.text(&gone), symbols.are_many()), ("👩\u{200d}🚀", " ", false));
    }

    proptest! {
        #[test]
        fn a_glyph_is_styled_as_a_cell_is(
            styles in prop::collection::vec(any::<([Option<u16>; 3], u16, u16)>(), 1..4),
            symbol in prop::sample::select(vec![" ", "a", "é", "日", "e\u{301}", "👩\u{200d}🚀"]),
        ) {
            let all = colors();
            let color = |number: Option<u16>| number.map(|number| all[usize::from(number) % all.len()]);
            let mut symbols = Symbols::default();
            let (mut glyph, mut cell) = (symbols.glyph(symbol, wrap::width(symbol)), Cell::EMPTY);
            cell.set_symbol(symbol);
            for (colors, add, sub) in styles {
                let [fg, bg, underline_color] = colors.map(color);
                let [add_modifier, sub_modifier] = [add, sub].map(Modifier::from_bits_truncate);
                let style = Style { fg, bg, underline_color, add_modifier, sub_modifier };
                cell.set_style(style);
                glyph = glyph.styled(style);
                prop_assert_eq!(symbols.cell(&glyph), cell.clone());
                prop_assert_eq!(symbols.cell(&Glyph::new("x", 1).looking_like(glyph)).fg, cell.fg);
                prop_assert_eq!(symbols.cell(&glyph.with_byte(b'x')).style(), cell.style());
            }
            prop_assert_eq!(glyph.columns(), wrap::width(symbol));
            prop_assert_eq!(glyph.is_doubtful(), symbol.chars().count() > 1);
            prop_assert_eq!(glyph.unlinked().underline_color(), Color::Reset);
        }
    }
}
