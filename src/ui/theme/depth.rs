//! `Depth`: how many colours a terminal shows, and the nearest that it can show for each.

use crate::config::Color as Named;
use ratatui::style::Color;

/// How many colours a terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// None, or none are wanted.
    None,
    /// Its own sixteen.
    Sixteen,
    /// 256: the sixteen, a cube and greys.
    Indexed,
    /// Every one.
    True,
}

/// Terminals that show every colour without saying so in `COLORTERM`.
const TRUE: [&str; 6] = ["-direct", "kitty", "alacritty", "ghostty", "wezterm", "foot"];
/// Below this difference between its strongest and its weakest part a colour counts as a grey.
const FAINT: i32 = 45;
/// The six steps of the cube of the 256 colours.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

impl Depth {
    /// What the environment says: `NO_COLOR`, `COLORTERM` and `TERM`.
    pub fn told(no_color: Option<&str>, colorterm: Option<&str>, term: Option<&str>) -> Self {
        let term = term.unwrap_or_default();
        if no_color.is_some_and(|value| !value.is_empty()) {
            return Self::None;
        }
        if colorterm.is_some_and(|value| matches!(value, "truecolor" | "24bit")) || TRUE.iter().any(|name| term.contains(name)) {
            return Self::True;
        }
        // Windows' own terminals name themselves nowhere, and show every colour.
        if term.is_empty() && cfg!(windows) {
            return Self::True;
        }
        if term.contains("256color") { Self::Indexed } else { Self::Sixteen }
    }

    /// In words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::None => "no colours",
            Self::Sixteen => "sixteen colours",
            Self::Indexed => "256 colours",
            Self::True => "every colour",
        }
    }

    /// A colour of words on a background; `None` for the terminal's own.
    pub(super) fn show(self, color: Named, ground: Named) -> Option<Color> {
        match (self, color) {
            (Self::None, _) | (_, Named::Default) => None,
            (_, Named::Ansi(number)) => Some(ansi(number)),
            (Self::True, Named::Rgb(red, green, blue)) => Some(Color::Rgb(red, green, blue)),
            (Self::Indexed, Named::Rgb(red, green, blue)) => Some(Color::Indexed(nearest((red, green, blue)))),
            (Self::Sixteen, Named::Rgb(red, green, blue)) => Some(ansi(hue((red, green, blue), ground))),
        }
    }

    /// The colour of a background; `None` where nothing is painted.
    pub(super) fn ground(self, color: Named) -> Option<Color> {
        match (self, color) {
            (Self::Sixteen, Named::Rgb(red, green, blue)) => Some(ansi(if is_light((red, green, blue)) { 15 } else { 0 })),
            (Self::None | Self::Sixteen | Self::Indexed | Self::True, _) => self.show(color, color),
        }
    }
}

/// A colour of a picture; `None` where too few are shown.
pub(crate) fn shown(depth: Depth, [red, green, blue]: [u8; 3]) -> Option<Color> {
    match depth {
        Depth::None | Depth::Sixteen => None,
        Depth::Indexed => Some(Color::Indexed(in_the_cube([red, green, blue]))),
        Depth::True => Some(Color::Rgb(red, green, blue)),
    }
}

/// The nearest of the 256 colours, found quickly: a picture has thousands.
fn in_the_cube(color: [u8; 3]) -> u8 {
    let [(red, near_red), (green, near_green), (blue, near_blue)] = color.map(step);
    let mean = (color.iter().map(|part| u16::from(*part)).sum::<u16>()) / 3;
    let grey = u8::try_from(mean.saturating_sub(3) / 10).unwrap_or(23).min(23);
    let level = 8 + grey * 10;
    let [r, g, b] = color;
    let off = |[near_r, near_g, near_b]: [u8; 3]| square(r, near_r) + square(g, near_g) + square(b, near_b);
    if off([level; 3]) < off([near_red, near_green, near_blue]) { 232 + grey } else { 16 + 36 * red + 6 * green + blue }
}

fn square(one: u8, other: u8) -> u32 {
    u32::from(one.abs_diff(other)).pow(2)
}

/// The nearest step of the cube, with its number.
fn step(part: u8) -> (u8, u8) {
    let number = match part {
        0..48 => 0,
        48..116 => 1,
        116.. => (part - 36) / 40,
    };
    (number, STEPS.get(usize::from(number)).copied().unwrap_or_default())
}

/// One of the terminal's sixteen.
pub(crate) fn ansi(number: u8) -> Color {
    match number {
        0 => Color::Black,
        1 => Color::Red,
        2 => Color::Green,
        3 => Color::Yellow,
        4 => Color::Blue,
        5 => Color::Magenta,
        6 => Color::Cyan,
        7 => Color::Gray,
        8 => Color::DarkGray,
        9 => Color::LightRed,
        10 => Color::LightGreen,
        11 => Color::LightYellow,
        12 => Color::LightBlue,
        13 => Color::LightMagenta,
        14 => Color::LightCyan,
        _ => Color::White,
    }
}

/// The number of a colour in the terminal's palette.
pub(crate) fn palette_number(color: Color) -> Option<u8> {
    match color {
        Color::Reset | Color::Rgb(..) => None,
        Color::Black => Some(0),
        Color::Red => Some(1),
        Color::Green => Some(2),
        Color::Yellow => Some(3),
        Color::Blue => Some(4),
        Color::Magenta => Some(5),
        Color::Cyan => Some(6),
        Color::Gray => Some(7),
        Color::DarkGray => Some(8),
        Color::LightRed => Some(9),
        Color::LightGreen => Some(10),
        Color::LightYellow => Some(11),
        Color::LightBlue => Some(12),
        Color::LightMagenta => Some(13),
        Color::LightCyan => Some(14),
        Color::White => Some(15),
        Color::Indexed(number) => Some(number),
    }
}

/// The nearest of the 256 colours; the sixteen are left out, which every terminal paints as it likes.
fn nearest(color: (u8, u8, u8)) -> u8 {
    let cube = (16_u8..).zip(STEPS.iter().flat_map(|red| STEPS.iter().flat_map(move |green| STEPS.map(move |blue| (*red, *green, blue)))));
    let greys = (232..=255_u8).map(|number| {
        let grey = 8 + (number - 232) * 10;
        (number, (grey, grey, grey))
    });
    cube.chain(greys).min_by_key(|(_, other)| distance(color, *other)).map_or(15, |(number, _)| number)
}

/// How far apart two colours look: redder ones differ more by red, others by blue.
fn distance(one: (u8, u8, u8), other: (u8, u8, u8)) -> i64 {
    let (red, green, blue) = (i64::from(one.0), i64::from(one.1), i64::from(one.2));
    let (dr, dg, db) = (red - i64::from(other.0), green - i64::from(other.1), blue - i64::from(other.2));
    let mean = i64::midpoint(red, i64::from(other.0));
    (512 + mean) * dr * dr + 1024 * dg * dg + (767 - mean) * db * db
}

/// Which of the sixteen has the hue of a colour: a bright one on dark ground, a plain one elsewhere. Colours without a hue
/// become black, white, or the grey between.
fn hue(color: (u8, u8, u8), ground: Named) -> u8 {
    let (red, green, blue) = (i32::from(color.0), i32::from(color.1), i32::from(color.2));
    let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
    let chroma = most - least;
    let on_dark = matches!(ground, Named::Rgb(red, green, blue) if !is_light((red, green, blue))) || ground == Named::Ansi(0);
    if chroma < FAINT {
        return match (most, on_dark) {
            (200.., true) => 15,
            (200.., false) => 7,
            (..60, false) => 0,
            (60..200, _) | (..60, true) => 8,
        };
    }
    let degrees = if most == red {
        60 * (green - blue) / chroma
    } else if most == green {
        120 + 60 * (blue - red) / chroma
    } else {
        240 + 60 * (red - green) / chroma
    };
    let plain = match degrees.rem_euclid(360) {
        0..22 | 336..360 => 1,
        22..70 => 3,
        70..165 => 2,
        165..200 => 6,
        200..265 => 4,
        _ => 5,
    };
    if on_dark { plain + 8 } else { plain }
}

fn is_light((red, green, blue): (u8, u8, u8)) -> bool {
    299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue) > 127_500
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Part, Scheme};

    #[test]
    fn a_step_of_the_cube_is_the_nearest() {
        for part in 0..=255 {
            let nearest = (0..6_u8).zip(STEPS).min_by_key(|(_, step)| step.abs_diff(part)).unwrap();
            assert_eq!(step(part), nearest, "{part}");
        }
    }

    #[test]
    fn the_environment_says_how_many_there_are() {
        for (no_color, colorterm, term, wanted) in [
            (None, None, Some("xterm-256color"), Depth::Indexed),
            (None, Some("truecolor"), Some("xterm-256color"), Depth::True),
            (None, Some("24bit"), None, Depth::True),
            (None, None, Some("xterm-kitty"), Depth::True),
            (None, None, Some("linux"), Depth::Sixteen),
            (None, None, Some("vt220"), Depth::Sixteen),
            (Some("1"), Some("truecolor"), Some("xterm-kitty"), Depth::None),
            (Some(""), None, Some("tmux-256color"), Depth::Indexed),
        ] {
            assert_eq!(Depth::told(no_color, colorterm, term), wanted, "{colorterm:?} {term:?}");
        }
    }

    #[test]
    fn colours_of_the_cube_and_greys_are_found_again_and_others_are_near() {
        for (color, wanted) in [((0, 0, 0), 16), ((255, 255, 255), 231), ((95, 135, 255), 69), ((8, 8, 8), 232), ((238, 238, 238), 255)] {
            assert_eq!(nearest(color), wanted, "{color:?}");
        }
        assert_eq!(nearest((94, 136, 250)), 69);
    }

    /// The colour that is behind an index, as every terminal has it.
    fn behind(index: u8) -> (u8, u8, u8) {
        if index >= 232 {
            let grey = 8 + (index - 232) * 10;
            return (grey, grey, grey);
        }
        let rest = index - 16;
        (STEPS[usize::from(rest / 36)], STEPS[usize::from(rest / 6 % 6)], STEPS[usize::from(rest % 6)])
    }

    fn luminance((red, green, blue): (u8, u8, u8)) -> f64 {
        let linear = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    #[test]
    fn with_256_colours_words_can_still_be_read() {
        for scheme in Scheme::built_in() {
            let ground = scheme.color(Part::Background);
            let Some(Color::Indexed(background)) = Depth::Indexed.ground(ground) else { continue };
            for (part, name) in Part::ALL {
                let least = match part {
                    Part::Background | Part::Rule | Part::Bar => continue,
                    Part::Text => 9.0,
                    Part::Dim | Part::Accent | Part::Good | Part::Mark | Part::Bad | Part::Link | Part::Tag | Part::Code => 4.0,
                };
                let Some(Color::Indexed(index)) = Depth::Indexed.show(scheme.color(part), ground) else { panic!("{name}") };
                let (a, b) = (luminance(behind(index)), luminance(behind(background)));
                let found = (a.max(b) + 0.05) / (a.min(b) + 0.05);
                assert!(found >= least, "{} {name}: {found:.2} is less than {least}", scheme.name);
            }
        }
    }

    #[test]
    fn with_sixteen_colours_words_have_another_than_their_background() {
        for scheme in Scheme::built_in() {
            let ground = scheme.color(Part::Background);
            let Some(background) = Depth::Sixteen.ground(ground) else { continue };
            for (part, name) in Part::ALL.into_iter().filter(|(part, _)| *part != Part::Background) {
                let shown = Depth::Sixteen.show(scheme.color(part), ground);
                assert!(shown.is_some() && shown != Some(background), "{} {name}", scheme.name);
            }
            let hue = |part| Depth::Sixteen.show(scheme.color(part), ground);
            assert_ne!(hue(Part::Good), hue(Part::Bad), "{}", scheme.name);
        }
        let tundra = &Scheme::built_in()[2];
        assert_eq!(Depth::Sixteen.show(tundra.color(Part::Good), tundra.color(Part::Background)), Some(Color::LightGreen));
    }
}
