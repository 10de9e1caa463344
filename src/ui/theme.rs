//! `Theme`: meanings to styles and glyphs.
//!
//! Only the terminal's own sixteen colours and its default foreground and background are used, so every light and dark
//! scheme works. Secondary text is dim and not "bright black", which some schemes paint like their background. A colour
//! never stands alone: a mark, a word or weight says the same, so that `NO_COLOR` loses nothing. Absent on purpose: layout.

use jiff::tz::TimeZone;
use ratatui::style::{Color, Modifier, Style};

/// How meanings look on this terminal, and in which zone times are told.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    /// The zone in which times of day are told.
    pub zone: TimeZone,
    color: bool,
    ascii: bool,
}

impl Theme {
    /// A theme with or without colours, and with glyphs of ASCII alone or with drawn ones.
    pub fn new(color: bool, ascii: bool, zone: TimeZone) -> Self {
        Self { zone, color, ascii }
    }

    /// Draws glyphs of ASCII alone from now on, or drawn ones.
    pub(crate) fn set_ascii(&mut self, ascii: bool) {
        self.ascii = ascii;
    }

    /// The glyphs.
    pub(crate) fn glyphs(&self) -> &'static Glyphs {
        if self.ascii { &ASCII } else { &DRAWN }
    }

    /// Whether only ASCII glyphs may be drawn.
    pub(crate) fn is_ascii(&self) -> bool {
        self.ascii
    }

    /// Whether colours are drawn.
    pub(crate) fn has_color(&self) -> bool {
        self.color
    }

    fn ink(&self, color: Color) -> Style {
        if self.color { Style::new().fg(color) } else { Style::new() }
    }

    /// Where the reader is, and what is new.
    pub(crate) fn accent(&self) -> Style {
        self.ink(Color::Magenta)
    }

    /// Words about what is new.
    pub(crate) fn fresh(&self) -> Style {
        self.accent().add_modifier(Modifier::BOLD)
    }

    /// All is well.
    pub(crate) fn good(&self) -> Style {
        self.ink(Color::Green)
    }

    /// A mark that asks for a look; never for words, which would vanish on white.
    pub(crate) fn mark(&self) -> Style {
        self.ink(Color::Yellow)
    }

    /// Something failed.
    pub(crate) fn bad(&self) -> Style {
        self.ink(Color::Red)
    }

    /// Secondary text.
    #[expect(clippy::unused_self, reason = "the same in every theme so far, and asked for like the others")]
    pub(crate) fn dim(&self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// Rules between panes.
    pub(crate) fn rule(&self) -> Style {
        if self.color { Style::new().fg(Color::DarkGray) } else { self.dim() }
    }

    /// Names and headings.
    #[expect(clippy::unused_self, reason = "the same in every theme so far, and asked for like the others")]
    pub(crate) fn bold(&self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Asides: warnings, tombstones.
    #[expect(clippy::unused_self, reason = "the same in every theme so far, and asked for like the others")]
    pub(crate) fn aside(&self) -> Style {
        Style::new().add_modifier(Modifier::ITALIC)
    }

    /// Links to pages.
    pub(crate) fn link(&self) -> Style {
        // The plain blue of old terminals cannot be read on black.
        self.ink(Color::LightBlue).add_modifier(Modifier::UNDERLINED)
    }

    /// Hashtags and mentions.
    pub(crate) fn tag(&self) -> Style {
        self.ink(Color::Cyan)
    }

    /// Code.
    pub(crate) fn code(&self) -> Style {
        self.ink(Color::Green)
    }

    /// Bars of polls that are nobody's choice.
    pub(crate) fn bar(&self) -> Style {
        self.ink(Color::Blue)
    }
}

/// Every glyph of the screen; each is one column wide.
#[derive(Debug)]
pub(crate) struct Glyphs {
    /// Beside the chosen row.
    pub(crate) selection: &'static str,
    pub(crate) vertical: &'static str,
    pub(crate) horizontal: &'static str,
    pub(crate) thick: &'static str,
    pub(crate) tee_down: &'static str,
    pub(crate) tee_up: &'static str,
    pub(crate) thick_tee_down: &'static str,
    pub(crate) corners: [&'static str; 4],
    pub(crate) newer: &'static str,
    pub(crate) live: &'static str,
    pub(crate) connecting: &'static str,
    /// Boosts, and connecting again.
    pub(crate) again: &'static str,
    pub(crate) reply: &'static str,
    pub(crate) star: &'static str,
    pub(crate) media: &'static str,
    pub(crate) moving: &'static str,
    pub(crate) sound: &'static str,
    pub(crate) edited: &'static str,
    pub(crate) cross: &'static str,
    pub(crate) check: &'static str,
    pub(crate) folded: &'static str,
    pub(crate) gap: &'static str,
    pub(crate) held: &'static str,
    pub(crate) absent: &'static str,
    /// Left of cards and quotations.
    pub(crate) quote: &'static str,
    pub(crate) quoting: &'static str,
    pub(crate) person: &'static str,
    pub(crate) notice: &'static str,
    pub(crate) dot: &'static str,
    pub(crate) ellipsis: &'static str,
    /// Between the ends of a span of time.
    pub(crate) to: &'static str,
    /// Before what is to be done about something.
    pub(crate) dash: &'static str,
    pub(crate) times: &'static str,
    pub(crate) prompt: &'static str,
    pub(crate) more_left: &'static str,
    pub(crate) more_right: &'static str,
    pub(crate) choice_one: &'static str,
    pub(crate) choice_many: &'static str,
    pub(crate) bars: [&'static str; 8],
}

static DRAWN: Glyphs = Glyphs {
    selection: "▌",
    vertical: "│",
    horizontal: "─",
    thick: "━",
    tee_down: "┬",
    tee_up: "┴",
    thick_tee_down: "┯",
    corners: ["╭", "╮", "╰", "╯"],
    newer: "▲",
    live: "●",
    connecting: "◌",
    again: "↻",
    reply: "↩",
    star: "★",
    media: "▣",
    moving: "▷",
    sound: "♪",
    edited: "✎",
    cross: "✗",
    check: "✓",
    folded: "▸",
    gap: "┄",
    held: "‖",
    absent: "–",
    quote: "┃",
    quoting: "❝",
    person: "+",
    notice: "!",
    dot: "·",
    ellipsis: "…",
    to: "–",
    dash: "—",
    times: "×",
    prompt: "›",
    more_left: "‹",
    more_right: "›",
    choice_one: "○",
    choice_many: "□",
    bars: [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇"],
};

static ASCII: Glyphs = Glyphs {
    selection: "|",
    vertical: "|",
    horizontal: "-",
    thick: "=",
    tee_down: "+",
    tee_up: "+",
    thick_tee_down: "+",
    corners: ["+", "+", "+", "+"],
    newer: "^",
    live: "*",
    connecting: "o",
    again: "@",
    reply: "<",
    star: "*",
    media: "#",
    moving: ">",
    sound: "~",
    edited: "%",
    cross: "x",
    check: "v",
    folded: ">",
    gap: "~",
    held: "=",
    absent: "-",
    quote: "|",
    quoting: "\"",
    person: "+",
    notice: "!",
    dot: "-",
    ellipsis: "~",
    to: "-",
    dash: "-",
    times: "x",
    prompt: ">",
    more_left: "<",
    more_right: ">",
    choice_one: "o",
    choice_many: "o",
    bars: [" ", ".", ".", ":", ":", "|", "|", "#"],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::wrap;

    fn all(glyphs: &Glyphs) -> Vec<&'static str> {
        let mut all = vec![
            glyphs.selection,
            glyphs.vertical,
            glyphs.horizontal,
            glyphs.thick,
            glyphs.tee_down,
            glyphs.tee_up,
            glyphs.thick_tee_down,
            glyphs.newer,
            glyphs.live,
            glyphs.connecting,
            glyphs.again,
            glyphs.reply,
            glyphs.star,
            glyphs.media,
            glyphs.moving,
            glyphs.sound,
            glyphs.edited,
            glyphs.cross,
            glyphs.check,
            glyphs.folded,
            glyphs.gap,
            glyphs.held,
            glyphs.absent,
            glyphs.quote,
            glyphs.quoting,
            glyphs.person,
            glyphs.notice,
            glyphs.dot,
            glyphs.ellipsis,
            glyphs.to,
            glyphs.dash,
            glyphs.times,
            glyphs.prompt,
            glyphs.more_left,
            glyphs.more_right,
            glyphs.choice_one,
            glyphs.choice_many,
        ];
        all.extend(glyphs.corners);
        all.extend(glyphs.bars);
        all
    }

    #[test]
    fn every_glyph_is_one_column_wide_and_has_an_ascii_stand_in() {
        for glyph in all(&DRAWN) {
            assert_eq!(wrap::width(glyph), 1, "{glyph}");
        }
        for glyph in all(&ASCII) {
            assert!(glyph.is_ascii() && glyph.len() == 1, "{glyph}");
        }
    }

    #[test]
    fn without_colours_no_style_has_one() {
        let theme = Theme::new(false, false, TimeZone::UTC);
        for style in [
            theme.accent(),
            theme.fresh(),
            theme.good(),
            theme.mark(),
            theme.bad(),
            theme.dim(),
            theme.rule(),
            theme.bold(),
            theme.link(),
            theme.tag(),
            theme.bar(),
        ] {
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }
}
