//! `Scheme`: the colours of a theme, as a configuration writes them. Knows neither styles nor what a terminal can show.
//!
//! The built-in ones are measured by tests: words can be read on their background, and in those for all eyes what is well
//! and what is not differ for eyes that take red and green for the same.

use super::source::{Source, Value};
use crate::text::nearest;
use std::fmt;
use std::str::FromStr;
use toml::de::DeValue;

/// A colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// The terminal's own: for words, its foreground or that dimmed; for the background, nothing is painted.
    Default,
    /// One of the terminal's sixteen, by number.
    Ansi(u8),
    /// Red, green and blue.
    Rgb(u8, u8, u8),
}

/// Why a text is not a colour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a colour: write \"#rrggbb\", \"default\", or a colour of the terminal as in \"red\", \"bright-blue\"{1}")]
pub struct ColorError(String, String);

/// The names of the terminal's sixteen colours.
const NAMES: [&str; 16] = [
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "white",
    "bright-black",
    "bright-red",
    "bright-green",
    "bright-yellow",
    "bright-blue",
    "bright-magenta",
    "bright-cyan",
    "bright-white",
];

impl FromStr for Color {
    type Err = ColorError;

    fn from_str(text: &str) -> Result<Self, ColorError> {
        if let Some(digits) = text.strip_prefix('#') {
            let all = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            let number = u32::from_str_radix(digits, 16).ok().filter(|_| all);
            let [_, red, green, blue] = number.ok_or_else(|| ColorError(text.to_owned(), String::new()))?.to_be_bytes();
            return Ok(Self::Rgb(red, green, blue));
        }
        if text == "default" {
            return Ok(Self::Default);
        }
        let number = (0_u8..).zip(NAMES).find(|(_, name)| *name == text).map(|(number, _)| number);
        number.map(Self::Ansi).ok_or_else(|| {
            let near = nearest(text, NAMES).map(|name| format!("; did you mean \"{name}\"?")).unwrap_or_default();
            ColorError(text.to_owned(), near)
        })
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Ansi(number) => f.write_str(NAMES.get(usize::from(*number)).copied().unwrap_or("default")),
            Self::Rgb(red, green, blue) => write!(f, "#{red:02x}{green:02x}{blue:02x}"),
        }
    }
}

/// What a colour is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What everything stands on.
    Background,
    /// Words.
    Text,
    /// Secondary words.
    Dim,
    /// Rules between panes.
    Rule,
    /// Where the reader is, and what is new.
    Accent,
    /// All is well.
    Good,
    /// Asks for a look.
    Mark,
    /// Something failed.
    Bad,
    /// Links to pages.
    Link,
    /// Hashtags and mentions.
    Tag,
    /// Code.
    Code,
    /// Bars of polls.
    Bar,
}

impl Part {
    /// All parts with their names in the configuration.
    pub const ALL: [(Self, &'static str); 12] = [
        (Self::Background, "background"),
        (Self::Text, "text"),
        (Self::Dim, "dim"),
        (Self::Rule, "rule"),
        (Self::Accent, "accent"),
        (Self::Good, "good"),
        (Self::Mark, "mark"),
        (Self::Bad, "bad"),
        (Self::Link, "link"),
        (Self::Tag, "tag"),
        (Self::Code, "code"),
        (Self::Bar, "bar"),
    ];
}

/// The colours of a theme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheme {
    /// Its name.
    pub name: String,
    /// A few words on it, for the picker.
    pub about: String,
    /// In the order of [`Part::ALL`].
    colors: [Color; 12],
}

/// The name of the theme that holds where none is chosen.
pub(super) const USUAL: &str = "terminal";

/// The built-in themes: name, a few words, and colours in the order of [`Part::ALL`].
const BUILT_IN: [(&str, &str, &str); 10] = [
    (
        USUAL,
        "the terminal's own sixteen colours",
        "default default default bright-black magenta green yellow red bright-blue cyan green blue",
    ),
    (
        "mono",
        "no colours, weight and marks alone",
        "default default default default default default default default default default default default",
    ),
    ("tundra", "dark, cool", "#171c24 #d5dde8 #8d9aad #3b4656 #e39ad6 #8fcf9f #e6c06a #f08a8a #82b6f2 #6fcad0 #a9d18e #5a86c8"),
    ("ember", "dark, warm", "#1f1916 #eadfd3 #a8988a #4d4138 #f59b5c #a8c77a #e8c35c #f2806f #93bcdc #dcb88c #b8c98a #c07a4a"),
    ("glacier", "light, cool", "#f6f8fb #1d2733 #566474 #c2ccd8 #94309c #1c7439 #855700 #b3232b #1559b8 #0a6a73 #3f6b1f #5b8fd6"),
    ("steppe", "light, warm", "#faf5ea #2f261c #6a5e4e #d0c3aa #a03f17 #4a6812 #7d5a08 #ac2820 #2c5d8f #785014 #52641b #c79a5a"),
    (
        "contrast-dark",
        "dark, as much contrast as there is",
        "#000000 #ffffff #d4d4d4 #a0a0a0 #ffe83d #5cff7a #ffc83d #ff8a8a #8accff #5cf5ff #b2ffb2 #8accff",
    ),
    (
        "contrast-light",
        "light, as much contrast as there is",
        "#ffffff #000000 #333333 #5a5a5a #7a0066 #004d1f #573800 #940000 #002ea8 #004654 #1f4700 #0040c0",
    ),
    (
        "clear-dark",
        "dark, told apart by all eyes",
        "#16181d #e4e4e6 #9c9fa8 #42464f #ffe45c #4aa8ff #e39cc8 #f5793a #8ab8ff #35c9a0 #35c9a0 #3d7fb5",
    ),
    (
        "clear-light",
        "light, told apart by all eyes",
        "#ffffff #1a1a1a #5a5a5a #c8c8c8 #6a1090 #0064d0 #735c4a #b84a00 #0050b8 #006b4c #006b4c #7fbfe8",
    ),
];

impl Scheme {
    /// The one that holds where none is chosen.
    pub fn usual() -> Self {
        Self::built_in().into_iter().find(|scheme| scheme.name == USUAL).unwrap_or_else(|| Self {
            name: USUAL.to_owned(),
            about: String::new(),
            colors: [Color::Default; 12],
        })
    }

    /// The built-in ones; the first is the usual one.
    pub fn built_in() -> Vec<Self> {
        let made = |(name, about, colors): &(&str, &str, &str)| {
            let mut scheme = Self { name: (*name).to_owned(), about: (*about).to_owned(), colors: [Color::Default; 12] };
            for (slot, color) in scheme.colors.iter_mut().zip(colors.split(' ')) {
                // Tests parse all of them.
                *slot = color.parse().unwrap_or(Color::Default);
            }
            scheme
        };
        BUILT_IN.iter().map(made).collect()
    }

    /// The colour of a part.
    pub fn color(&self, part: Part) -> Color {
        let of = Part::ALL.iter().zip(self.colors).find(|((known, _), _)| *known == part);
        of.map_or(Color::Default, |(_, color)| color)
    }

    fn set(&mut self, name: &str, color: Color) {
        let slot = Part::ALL.iter().zip(&mut self.colors).find(|((_, known), _)| *known == name);
        if let Some((_, slot)) = slot {
            *slot = color;
        }
    }
}

/// The theme of a name, where there is one; a mistake where there is none.
pub(super) fn chosen(source: &mut Source<'_>, value: &Value<'_>, own: &[Scheme]) -> Option<String> {
    let DeValue::String(name) = value.get_ref() else {
        source.misfit("theme", value, "be the name of a theme");
        return None;
    };
    known(source, "theme", value, name, own)
}

fn known(source: &mut Source<'_>, key: &str, value: &Value<'_>, name: &str, own: &[Scheme]) -> Option<String> {
    let all: Vec<&str> = BUILT_IN.iter().map(|(name, ..)| *name).chain(own.iter().map(|scheme| scheme.name.as_str())).collect();
    if all.contains(&name) {
        return Some(name.to_owned());
    }
    let near = nearest(name, all.iter().copied()).map(|name| format!("did you mean `{name}`? ")).unwrap_or_default();
    let name = name.escape_debug();
    source.mistake(value.span(), format!("`{key}`: there is no theme `{name}`; {near}there are {}", all.join(", ")));
    None
}

/// The themes of the table `[themes]`.
pub(super) fn take(source: &mut Source<'_>, value: &Value<'_>) -> Vec<Scheme> {
    let DeValue::Table(themes) = value.get_ref() else {
        source.misfit("themes", value, "be a table of themes, as in [themes.mine] and beneath it: accent = \"#e39ad6\"");
        return Vec::new();
    };
    let mut found = Vec::new();
    for (name, theme) in themes {
        let key = format!("themes.{}", name.get_ref());
        let DeValue::Table(parts) = theme.get_ref() else {
            source.misfit(&key, theme, "be a table of colours, as in accent = \"#e39ad6\"");
            continue;
        };
        if BUILT_IN.iter().any(|(known, ..)| *known == name.get_ref().as_ref()) {
            source
                .mistake(name.span(), format!("`{key}`: a built-in theme has that name: take another, with like = \"{}\"", name.get_ref()));
            continue;
        }
        let place = source.place(name.span());
        source.set.insert(key.clone(), place);
        let base = parts.iter().find(|(part, _)| part.get_ref() == "like").and_then(|(_, value)| {
            let DeValue::String(name) = value.get_ref() else {
                source.misfit(&format!("{key}.like"), value, "be the name of a built-in theme");
                return None;
            };
            known(source, &format!("{key}.like"), value, name, &[])
        });
        let base = base.unwrap_or_else(|| USUAL.to_owned());
        let mut scheme = Scheme::built_in().into_iter().find(|scheme| scheme.name == base).unwrap_or_else(Scheme::usual);
        name.get_ref().as_ref().clone_into(&mut scheme.name);
        "your own".clone_into(&mut scheme.about);
        for (part, value) in parts {
            match part.get_ref().as_ref() {
                "like" => {}
                name if Part::ALL.iter().any(|(_, known)| *known == name) => {
                    let DeValue::String(text) = value.get_ref() else {
                        source.misfit(&format!("{key}.{name}"), value, "be a colour, as in \"#e39ad6\"");
                        continue;
                    };
                    match text.parse() {
                        Ok(color) => scheme.set(name, color),
                        Err(error) => source.mistake(value.span(), format!("`{key}.{name}`: {error}")),
                    }
                }
                _ => source.stranger(part, "part of a theme", Part::ALL.iter().map(|(_, name)| *name).chain(["like"])),
            }
        }
        if (scheme.color(Part::Background) == Color::Default) != (scheme.color(Part::Text) == Color::Default) {
            let what = format!("`{key}`: background and text go together: on a terminal's own one of them may vanish");
            source.mistake(name.span(), what);
        }
        found.push(scheme);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance, as WCAG 2 has it.
    fn luminance((red, green, blue): (f64, f64, f64)) -> f64 {
        let linear = |value: f64| if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) };
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    fn rgb(color: Color) -> (f64, f64, f64) {
        let Color::Rgb(red, green, blue) = color else { panic!("{color} is not fixed") };
        (f64::from(red) / 255.0, f64::from(green) / 255.0, f64::from(blue) / 255.0)
    }

    fn contrast(one: Color, other: Color) -> f64 {
        let (a, b) = (luminance(rgb(one)), luminance(rgb(other)));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn painted() -> Vec<Scheme> {
        Scheme::built_in().into_iter().filter(|scheme| scheme.color(Part::Background) != Color::Default).collect()
    }

    #[test]
    fn every_built_in_colour_is_one() {
        assert_eq!(painted().len(), BUILT_IN.len() - 2);
        for (name, _, colors) in BUILT_IN {
            assert_eq!(colors.split(' ').count(), Part::ALL.len(), "{name}");
            for color in colors.split(' ') {
                assert_eq!(color.parse::<Color>().map(|color| color.to_string()), Ok(color.to_owned()), "{name}");
            }
        }
    }

    #[test]
    fn words_can_be_read_on_every_background() {
        for scheme in painted() {
            let background = scheme.color(Part::Background);
            let is_strong = scheme.name.starts_with("contrast-");
            for (part, name) in Part::ALL {
                let least = match part {
                    Part::Background => continue,
                    Part::Text => 10.0,
                    Part::Rule if is_strong => 4.5,
                    Part::Rule => 1.5,
                    Part::Bar => 1.9,
                    Part::Dim | Part::Accent | Part::Good | Part::Mark | Part::Bad | Part::Link | Part::Tag | Part::Code if is_strong => {
                        7.0
                    }
                    Part::Dim | Part::Accent | Part::Good | Part::Mark | Part::Bad | Part::Link | Part::Tag | Part::Code => 5.0,
                };
                let found = contrast(scheme.color(part), background);
                assert!(found >= least, "{} {name}: {found:.2} is less than {least}", scheme.name);
            }
            let (text, dim) = (contrast(scheme.color(Part::Text), background), contrast(scheme.color(Part::Dim), background));
            assert!(text > dim * 1.3, "{}: dim words step back ({text:.1} to {dim:.1})", scheme.name);
        }
    }

    #[test]
    fn eyes_that_take_red_for_green_tell_well_from_wrong() {
        // Machado, Oliveira and Fernandes (2009), severity 1: protanopia, deuteranopia, tritanopia.
        const EYES: [[[f64; 3]; 3]; 3] = [
            [[0.152_286, 1.052_583, -0.204_868], [0.114_503, 0.786_281, 0.099_216], [-0.003_882, -0.048_116, 1.051_998]],
            [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]],
            [[1.255_528, -0.076_749, -0.178_779], [-0.078_411, 0.930_809, 0.147_602], [0.004_733, 0.691_367, 0.303_900]],
        ];
        for scheme in painted().iter().filter(|scheme| scheme.name.starts_with("clear-")) {
            for (number, eyes) in EYES.iter().enumerate() {
                let seen = |part| {
                    let (red, green, blue) = rgb(scheme.color(part));
                    eyes.map(|row| (row[0] * red + row[1] * green + row[2] * blue).clamp(0.0, 1.0))
                };
                let parts = [Part::Good, Part::Bad, Part::Accent, Part::Mark];
                for (one, other) in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)] {
                    let (a, b) = (seen(parts[one]), seen(parts[other]));
                    let distance = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
                    assert!(distance > 0.2, "{}: {:?} and {:?} for eyes {number}: {distance:.2}", scheme.name, parts[one], parts[other]);
                }
            }
        }
    }

    #[test]
    fn colours_are_written_in_three_ways() {
        assert_eq!("#0aF0ff".parse(), Ok(Color::Rgb(10, 240, 255)));
        assert_eq!("bright-blue".parse(), Ok(Color::Ansi(12)));
        assert_eq!("default".parse(), Ok(Color::Default));
        for text in ["#fff", "#12345g", "#+12345", "", "12", "Red"] {
            assert!(text.parse::<Color>().is_err(), "{text}");
        }
        let said = "brightblue".parse::<Color>().unwrap_err().to_string();
        assert!(said.ends_with("did you mean \"bright-blue\"?"), "{said}");
    }
}
