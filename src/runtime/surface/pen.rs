//! `Pen`: writes glyphs with as few bytes as that takes, and knows where the cursor is and how it writes.
//!
//! Each stretch of cells begins with the cursor placed by number. Only behind ASCII, of whose width all terminals think the same, a few
//! unchanged cells are written again instead. Between frames the pen is plain.

use crate::text::WebAddress;
use crate::ui::{Glyph, Look, Shift, Symbols, Targets, palette_number};
use ratatui::style::{Color, Modifier};

/// Bytes of an address that terminals surely take.
const LONGEST_TARGET: usize = 2_000;

/// A pen on the terminal's cells.
#[derive(Debug)]
pub(super) struct Pen<'a> {
    out: &'a mut Vec<u8>,
    symbols: &'a Symbols,
    targets: Option<&'a Targets>,
    /// Where the next glyph goes; nothing where that is to be said anew.
    at: Option<(u16, u16)>,
    /// Whether nothing but ASCII was written since that was said, so that no terminal thinks otherwise.
    is_sure: bool,
    style: Style,
    /// The colour that leads where the open link does.
    link: Color,
    is_linked: bool,
    /// What a glyph has to look like to be written without any word about how; nothing where it is looked up.
    look: Option<Look>,
}

/// What it looks like without any word about how.
const PLAIN: Option<Look> = Some((0, 0));

/// How it writes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Style {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

impl<'a> Pen<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>, symbols: &'a Symbols, targets: Option<&'a Targets>) -> Self {
        Self { out, symbols, targets, at: None, is_sure: false, style: Style::default(), link: Color::Reset, is_linked: false, look: PLAIN }
    }

    /// The column of a row where all terminals agree that the next glyph goes.
    pub(super) fn column_on(&self, y: u16) -> Option<u16> {
        self.at.filter(|(_, row)| *row == y && self.is_sure).map(|(x, _)| x)
    }

    /// Whether a glyph is ASCII and would be written without any word about how.
    pub(super) fn is_dressed_for(&self, glyph: Glyph) -> bool {
        self.byte(glyph).is_some()
    }

    /// The byte of a glyph that is ASCII and would be written without any word about how.
    fn byte(&self, glyph: Glyph) -> Option<u8> {
        glyph.byte().filter(|_| self.look == Some(glyph.look()))
    }

    /// Writes a glyph that goes on where the last one ended and looks like it, as most do; else nothing. Says which.
    #[inline]
    pub(super) fn goes_on(&mut self, x: u16, y: u16, glyph: Glyph) -> bool {
        let byte = if self.at == Some((x, y)) { self.byte(glyph) } else { None };
        if let Some(byte) = byte {
            self.out.push(byte);
            self.at = Some((x + 1, y));
        }
        byte.is_some()
    }

    /// Writes a glyph into so many columns.
    pub(super) fn glyph(&mut self, x: u16, y: u16, glyph: Glyph, columns: usize) {
        if self.goes_on(x, y, glyph) {
            return;
        }
        self.go(x, y);
        let is_plain = is_plain_block(glyph);
        self.dress(glyph, is_plain);
        self.look = (!is_plain).then_some(glyph.look());
        let symbol = if is_plain { b" " } else { self.symbols.bytes(&glyph) };
        self.out.extend_from_slice(symbol);
        self.is_sure &= symbol.len() == 1;
        // Behind all others, of whose width terminals may think differently, it is placed anew.
        self.at = (columns == 1 && !glyph.is_doubtful()).then_some((x + 1, y));
    }

    /// Erases what is right of a place, or the whole line from its beginning.
    pub(super) fn erase_from(&mut self, x: u16, y: u16) {
        self.go(x, y);
        self.plain();
        self.out.extend_from_slice(if x == 0 { b"\x1b[2K" } else { b"\x1b[K" });
    }

    /// Moves rows, with blank ones coming in.
    pub(super) fn shift(&mut self, Shift { top, bottom, by }: Shift) {
        self.plain();
        // Lines are inserted and deleted at the top of a region: more terminals do that than scroll by number.
        sequence(self.out, [top, bottom].map(by_number), b'r');
        go_to(self.out, (0, top));
        sequence(self.out, [by.unsigned_abs()], if by > 0 { b'L' } else { b'M' });
        sequence(self.out, [], b'r');
        self.at = None;
    }

    /// Undoes whatever was said about how to write.
    pub(super) fn plain(&mut self) {
        self.unlink();
        self.look = PLAIN;
        if self.style != Style::default() {
            sequence(self.out, [], b'm');
            self.style = Style::default();
        }
    }

    fn go(&mut self, x: u16, y: u16) {
        match self.at {
            Some(at) if at == (x, y) => {}
            Some((_, row)) if row == y && self.is_sure => sequence(self.out, [by_number(x)], b'G'),
            Some((_, row)) if x == 0 && row.checked_add(1) == Some(y) && self.is_sure => self.out.extend_from_slice(b"\r\n"),
            Some(_) | None => {
                self.is_sure = true;
                go_to(self.out, (x, y));
            }
        }
        self.at = Some((x, y));
    }

    /// Says how to write a glyph, where that is not how it writes; of a plain block nobody sees the letters' colour.
    fn dress(&mut self, glyph: Glyph, is_plain: bool) {
        if glyph.underline_color() != self.link {
            self.unlink();
            self.link = glyph.underline_color();
            if let Some((number, address)) = self.targets.and_then(|targets| targets.of(self.link)).filter(fits) {
                let number = number.to_string();
                let parts = ["\x1b]8;id=tl", &number, ";", address.as_str(), "\x1b\\"];
                self.out.extend(parts.iter().flat_map(|part| part.bytes()));
                self.is_linked = true;
            }
        }
        let mut style = Style::of(glyph);
        if is_plain {
            style.fg = self.style.fg;
        }
        if style != self.style {
            self.style.turn_into(style, self.out);
            self.style = style;
        }
    }

    fn unlink(&mut self) {
        self.link = Color::Reset;
        if std::mem::take(&mut self.is_linked) {
            self.out.extend_from_slice(b"\x1b]8;;\x1b\\");
        }
    }
}

/// Whether a glyph is half a block of a picture whose other half has the same colour: a blank one looks the same and takes less.
fn is_plain_block(glyph: Glyph) -> bool {
    glyph.fg() == glyph.bg() && glyph.fg() != Color::Reset && glyph.modifier().is_empty() && glyph.is_picture()
}

fn fits((_, address): &(u32, WebAddress)) -> bool {
    address.as_str().len() <= LONGEST_TARGET
}

impl Style {
    fn of(glyph: Glyph) -> Self {
        Self { fg: glyph.fg(), bg: glyph.bg(), modifier: glyph.modifier() }
    }

    /// Says in one sequence what is different.
    fn turn_into(self, to: Self, out: &mut Vec<u8>) {
        let lost = self.modifier - to.modifier;
        let (reset, from) = if lost.is_empty() { (None, self) } else { (Some(0), Self::default()) };
        let won = to.modifier - from.modifier;
        let modifiers = MODIFIERS.iter().filter(|(modifier, _)| won.contains(*modifier)).map(|(_, number)| *number);
        let colors = [(from.fg, to.fg, 30), (from.bg, to.bg, 40)].into_iter().filter(|(from, to, _)| from != to);
        let colors = colors.flat_map(|(_, to, base)| numbers(to, base)).flatten();
        sequence(out, reset.into_iter().chain(modifiers).chain(colors), b'm');
    }
}

/// Writes a sequence with these numbers; without the machinery of formats, which would take longer than the cells around it.
pub(super) fn sequence(out: &mut Vec<u8>, numbers: impl IntoIterator<Item = u32>, end: u8) {
    out.extend_from_slice(b"\x1b[");
    for number in numbers {
        out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        out.push(b';');
    }
    match out.last_mut() {
        Some(last @ b';') => *last = end,
        Some(_) | None => out.push(end),
    }
}

/// Places the cursor.
pub(crate) fn go_to(out: &mut Vec<u8>, (x, y): (u16, u16)) {
    sequence(out, [y, x].map(by_number), b'H');
}

/// The number of a row or column for a terminal, which counts from 1.
fn by_number(place: u16) -> u32 {
    u32::from(place) + 1
}

/// The numbers that switch a colour on; `base` says for what.
fn numbers(color: Color, base: u32) -> [Option<u32>; 5] {
    match (palette_number(color), color) {
        (Some(number), _) => [Some(base + 8), Some(5), Some(u32::from(number)), None, None],
        (None, Color::Rgb(red, green, blue)) => {
            let [red, green, blue] = [red, green, blue].map(u32::from).map(Some);
            [Some(base + 8), Some(2), red, green, blue]
        }
        (None, _) => [Some(base + 9), None, None, None, None],
    }
}

/// Modifiers and the numbers that switch them on.
const MODIFIERS: [(Modifier, u32); 9] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::SLOW_BLINK, 5),
    (Modifier::RAPID_BLINK, 6),
    (Modifier::REVERSED, 7),
    (Modifier::HIDDEN, 8),
    (Modifier::CROSSED_OUT, 9),
];
