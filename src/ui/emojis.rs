//! `Emojis`: custom emoji in text that is laid out, two columns each, whatever the length of their names.
//!
//! A mark of one letter stands for each, so that text with them is measured, wrapped and cut as all text is; the painter
//! draws the picture in its place. The marks are letters that nothing else can hold: the door of `text` lets none of them
//! in. Where the terminal has no pictures but half blocks, of which two columns show nothing, names stay `:names:`, and
//! whoever searches, filters or copies meets names alone. Absent on purpose: drawing (`pictures`).

use crate::model::Emoji;
use crate::text::{Mark, RichText};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

/// Columns of an emoji.
pub(crate) const COLUMNS: u16 = 2;

/// The letters that stand for emoji: unassigned, and of two columns as all of their plane.
const MARKS: std::ops::RangeInclusive<u32> = 0x3_c000..=0x3_fffd;
/// Most emoji that are held; then all are forgotten, with the cards that carry their marks.
const MOST: usize = 12_000;
/// Letters of a name that is looked for between two colons, at most.
const LONGEST: usize = 128;

/// Emoji and their marks; clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Emojis {
    shown: Rc<Cell<bool>>,
    held: Rc<RefCell<Held>>,
}

#[derive(Debug, Default)]
struct Held {
    numbers: HashMap<Arc<str>, u32>,
    all: Vec<Shown>,
    failed: HashSet<Arc<str>>,
}

/// An emoji that is drawn as a picture.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) shortcode: Arc<str>,
    pub(crate) address: Arc<str>,
}

/// They do not change how anything looks.
impl PartialEq for Emojis {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Emojis {
    /// Whether text that is laid out from now on has pictures in it.
    pub(crate) fn show(&self, shown: bool) {
        self.shown.set(shown);
    }

    /// Whether it has.
    pub(crate) fn are_shown(&self) -> bool {
        self.shown.get()
    }

    /// A text with marks in the place of the names of these emoji, where they are drawn.
    pub(crate) fn marked<'t>(&self, text: &'t str, emojis: &[Emoji]) -> Cow<'t, str> {
        if emojis.is_empty() || !self.are_shown() || !text.contains(':') {
            return Cow::Borrowed(text);
        }
        let mut marked = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(':') {
            marked.push_str(before);
            let name = after.split_once(':').filter(|(name, _)| name.len() <= LONGEST);
            let mark = name.and_then(|(name, later)| Some((self.mark(name, emojis)?, later)));
            if let Some((mark, later)) = mark {
                marked.push(mark);
                rest = later;
            } else {
                marked.push(':');
                rest = after;
            }
        }
        marked.push_str(rest);
        Cow::Owned(marked)
    }

    /// The same for a post's words; code keeps its letters.
    pub(crate) fn in_words<'t>(&self, text: &'t RichText, emojis: &[Emoji]) -> Cow<'t, RichText> {
        let mut spans = text.blocks.iter().flat_map(|block| &block.spans);
        if emojis.is_empty() || !self.are_shown() || !spans.any(|span| span.text.contains(':')) {
            return Cow::Borrowed(text);
        }
        let mut text = text.clone();
        for span in text.blocks.iter_mut().flat_map(|block| &mut block.spans).filter(|span| has_emojis(span.mark)) {
            if let Cow::Owned(marked) = self.marked(&span.text, emojis) {
                span.text = marked;
            }
        }
        Cow::Owned(text)
    }

    /// The emoji for which a letter stands.
    pub(crate) fn of(&self, letter: char) -> Option<Shown> {
        let number = u32::from(letter).checked_sub(*MARKS.start())?;
        self.held.borrow().all.get(usize::try_from(number).ok()?).cloned()
    }

    /// A picture could not be had: what is laid out from now on has the name again. What is in view stays as it is.
    pub(crate) fn fail(&self, shown: &Shown) {
        self.held.borrow_mut().failed.insert(Arc::clone(&shown.address));
    }

    /// Whether it is time to forget.
    pub(crate) fn are_many(&self) -> bool {
        self.held.borrow().all.len() >= MOST
    }

    /// Forgets all emoji; nothing may carry their marks any more.
    pub(crate) fn forget(&self) {
        *self.held.borrow_mut() = Held::default();
    }

    fn mark(&self, name: &str, emojis: &[Emoji]) -> Option<char> {
        let emoji = emojis.iter().find(|emoji| emoji.shortcode.as_str() == name)?;
        let address = emoji.picture.as_ref()?.as_str();
        let mut held = self.held.borrow_mut();
        if held.failed.contains(address) {
            return None;
        }
        let known = held.numbers.get(address).copied();
        let number = if let Some(number) = known {
            number
        } else {
            let number = u32::try_from(held.all.len()).ok().filter(|number| MARKS.contains(&(MARKS.start() + number)))?;
            let address: Arc<str> = address.into();
            held.all.push(Shown { shortcode: name.into(), address: Arc::clone(&address) });
            held.numbers.insert(address, number);
            number
        };
        char::from_u32(MARKS.start() + number)
    }
}

fn has_emojis(mark: Mark) -> bool {
    !mark.code
}

/// Whether a letter stands for an emoji.
pub(crate) fn is_mark(letter: char) -> bool {
    MARKS.contains(&u32::from(letter))
}

/// Whether a text has a mark in it; quick for the many that have none.
pub(crate) fn has_mark(text: &str) -> bool {
    // All marks begin with this byte.
    text.as_bytes().contains(&0xf0) && text.contains(is_mark)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Plain, wrap};

    fn emoji(name: &str, picture: Option<&str>) -> Emoji {
        Emoji { shortcode: Plain::line(name), picture: picture.map(Plain::address) }
    }

    fn shown() -> Emojis {
        let emojis = Emojis::default();
        emojis.show(true);
        emojis
    }

    #[test]
    fn names_of_known_emoji_become_marks_of_two_columns_and_nothing_else_does() {
        let all = [emoji("crab", Some("https://a.example/crab.png")), emoji("tea", Some("https://a.example/tea.png")), emoji("none", None)];
        let emojis = shown();
        let marked = emojis.marked("at 12:30 :crab: and :tea::crab: :other: :none: ::crab:", &all);
        let names: String =
            marked.chars().map(|ch| emojis.of(ch).map_or_else(|| ch.to_string(), |of| format!("<{}>", of.shortcode))).collect();
        assert_eq!(names, "at 12:30 <crab> and <tea><crab> :other: :none: :<crab>");
        let (mark, other) = (emojis.marked(":crab:", &all), shown());
        assert_eq!((wrap::width(&mark), mark.chars().count()), (usize::from(COLUMNS), 1));
        other.show(false);
        assert_eq!(other.marked(":crab:", &all), ":crab:");
        assert!(has_mark(&mark) && !has_mark(":crab: \u{1f600}"));
    }

    #[test]
    fn nobody_else_writes_a_mark() {
        for code in [*MARKS.start(), MARKS.start() + 77, *MARKS.end()] {
            let letter = char::from_u32(code).unwrap();
            assert!(is_mark(letter) && !has_mark(Plain::line(&format!("a{letter}b")).as_str()), "{code:x}");
        }
    }

    #[test]
    fn what_failed_is_a_name_again_and_the_number_is_bounded() {
        let emojis = shown();
        let all = [emoji("crab", Some("https://a.example/crab.png"))];
        let mark = emojis.marked(":crab:", &all).chars().next().unwrap();
        emojis.fail(&emojis.of(mark).unwrap());
        assert_eq!(emojis.marked(":crab:", &all), ":crab:");
        emojis.forget();
        assert!(emojis.of(mark).is_none());
        for number in 0..20_000 {
            emojis.marked(":crab:", &[emoji("crab", Some(&format!("https://a.example/{number}.png")))]);
        }
        assert!(emojis.are_many());
        let last = emojis.marked(":crab:", &[emoji("crab", Some("https://a.example/last.png"))]).into_owned();
        assert_eq!(last, ":crab:", "beyond the marks there are names");
    }
}
