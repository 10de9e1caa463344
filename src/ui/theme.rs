//! `Theme`: meanings to styles and glyphs.
//!
//! The usual theme uses only the terminal's own sixteen colours and its default foreground and background, so every light
//! and dark scheme works. There secondary text is dim and not "bright black", which some schemes paint like their
//! background. The colours of other themes are brought to what the terminal can show. A colour never stands alone: a mark,
//! a word or weight says the same, so that `NO_COLOR` loses nothing. Absent on purpose: layout, and which colours (`config`).

mod depth;

use crate::config::{Color as Named, Part, Scheme};
use crate::ui::emojis::Emojis;
use crate::ui::targets::Targets;
pub use depth::Depth;
pub(crate) use depth::{ansi, palette_number, shown};
use jiff::tz::TimeZone;
use ratatui::style::{Color, Modifier, Style};

/// How meanings look on this terminal, and in which zone times are told.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    /// The zone in which times of day are told.
    pub zone: TimeZone,
    depth: Depth,
    ascii: bool,
    scheme: Scheme,
    inks: Inks,
    targets: Targets,
    emojis: Emojis,
}

/// The colours of a scheme as this terminal shows them; `None` is the terminal's own.
#[derive(Debug, Clone, Default, PartialEq)]
struct Inks {
    background: Option<Color>,
    text: Option<Color>,
    dim: Option<Color>,
    rule: Option<Color>,
    accent: Option<Color>,
    good: Option<Color>,
    mark: Option<Color>,
    bad: Option<Color>,
    link: Option<Color>,
    tag: Option<Color>,
    code: Option<Color>,
    bar: Option<Color>,
}

impl Inks {
    fn mix(scheme: &Scheme, depth: Depth) -> Self {
        let ground = scheme.color(Part::Background);
        let ink = |part| depth.show(scheme.color(part), ground);
        Self {
            background: depth.ground(ground),
            text: ink(Part::Text),
            // Sixteen colours have no grey that is sure to differ from the background: there words are dimmed.
            dim: if depth == Depth::Sixteen && matches!(scheme.color(Part::Dim), Named::Rgb(..)) { None } else { ink(Part::Dim) },
            rule: ink(Part::Rule),
            accent: ink(Part::Accent),
            good: ink(Part::Good),
            mark: ink(Part::Mark),
            bad: ink(Part::Bad),
            link: ink(Part::Link),
            tag: ink(Part::Tag),
            code: ink(Part::Code),
            bar: ink(Part::Bar),
        }
    }
}

fn inked(color: Option<Color>) -> Style {
    Style { fg: color, ..Style::new() }
}

impl Theme {
    /// The usual theme with or without colours, and with glyphs of ASCII alone or with drawn ones. It takes the terminal for
    /// one that shows every colour.
    pub fn new(color: bool, ascii: bool, zone: TimeZone) -> Self {
        Self::on(if color { Depth::True } else { Depth::None }, ascii, zone)
    }

    /// As `new`, for a terminal that shows so many colours.
    pub fn on(depth: Depth, ascii: bool, zone: TimeZone) -> Self {
        let scheme = Scheme::usual();
        let inks = Inks::mix(&scheme, depth);
        Self { zone, depth, ascii, scheme, inks, targets: Targets::default(), emojis: Emojis::default() }
    }

    /// The same in other colours.
    #[must_use]
    pub fn wearing(&self, scheme: &Scheme) -> Self {
        Self {
            scheme: scheme.clone(),
            inks: Inks::mix(scheme, self.depth),
            zone: self.zone.clone(),
            targets: self.targets.clone(),
            emojis: self.emojis.clone(),
            ..*self
        }
    }

    /// Whether it has these colours already.
    pub(crate) fn wears(&self, scheme: &Scheme) -> bool {
        self.scheme == *scheme
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

    /// Where links on the screen lead.
    pub fn targets(&self) -> &Targets {
        &self.targets
    }

    /// Custom emoji on the screen.
    pub(crate) fn emojis(&self) -> &Emojis {
        &self.emojis
    }

    /// How many colours are drawn.
    pub(crate) fn depth(&self) -> Depth {
        self.depth
    }

    /// Whether there are colours at all.
    pub(crate) fn is_colored(&self) -> bool {
        self.depth != Depth::None
    }

    /// Whether there are enough colours for pictures.
    pub(crate) fn shows_pictures(&self) -> bool {
        matches!(self.depth, Depth::Indexed | Depth::True)
    }

    /// What everything else is drawn on and with.
    pub(crate) fn base(&self) -> Style {
        Style { fg: self.inks.text, bg: self.inks.background, ..Style::new() }
    }

    /// Where the reader is, and what is new.
    pub(crate) fn accent(&self) -> Style {
        inked(self.inks.accent)
    }

    /// Words about what is new.
    pub(crate) fn fresh(&self) -> Style {
        self.accent().add_modifier(Modifier::BOLD)
    }

    /// All is well.
    pub(crate) fn good(&self) -> Style {
        inked(self.inks.good)
    }

    /// A mark that asks for a look; never for words, which would vanish on white.
    pub(crate) fn mark(&self) -> Style {
        inked(self.inks.mark)
    }

    /// Something failed.
    pub(crate) fn bad(&self) -> Style {
        inked(self.inks.bad)
    }

    /// Secondary text.
    pub(crate) fn dim(&self) -> Style {
        match self.inks.dim {
            Some(_) => inked(self.inks.dim),
            None => Style::new().add_modifier(Modifier::DIM),
        }
    }

    /// Rules between panes.
    pub(crate) fn rule(&self) -> Style {
        match self.inks.rule {
            Some(_) => inked(self.inks.rule),
            None => self.dim(),
        }
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
        self.link_mark().add_modifier(Modifier::UNDERLINED)
    }

    /// The colour of links for what is no word.
    pub(crate) fn link_mark(&self) -> Style {
        inked(self.inks.link)
    }

    /// Hashtags and mentions.
    pub(crate) fn tag(&self) -> Style {
        inked(self.inks.tag)
    }

    /// What is searched for, over what is drawn; it is turned about, so that it is told without colours.
    pub(crate) fn found(&self) -> Style {
        self.accent().add_modifier(Modifier::REVERSED).remove_modifier(Modifier::DIM)
    }

    /// Code.
    pub(crate) fn code(&self) -> Style {
        inked(self.inks.code)
    }

    /// Bars of polls that are nobody's choice.
    pub(crate) fn bar(&self) -> Style {
        inked(self.inks.bar)
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
        for scheme in Scheme::built_in() {
            let worn = theme.wearing(&scheme);
            assert_eq!((worn.base(), worn.link().fg, worn.dim()), (Style::new(), None, theme.dim()), "{}", scheme.name);
        }
    }
}
