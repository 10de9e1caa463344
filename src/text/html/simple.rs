//! Tamed markup of paragraphs, line breaks, links and ordinary letters alone, which most posts are, as html2text renders it, and
//! several times faster: in a flood that is a third of what a new post costs.
//!
//! Whatever else there is, structure or a letter with a will of its own, is left to html2text; tests hold the two against each
//! other. Absent on purpose: any opinion on how a post should look.

use super::convert::Annotation;

/// A line: its pieces, each with what it is inside of. One without pieces is blank.
pub(super) type Line = Vec<(String, Annotation)>;

/// The lines of tamed markup; nothing where that is not this simple.
pub(super) fn lines(markup: &str) -> Option<Vec<Line>> {
    let mut page = Page { lines: Vec::new(), line: None, inside: Annotation::None, space: None, has_words: false };
    let mut rest = markup;
    while let Some(at) = rest.find(['<', '&']) {
        let (text, behind) = rest.split_at_checked(at)?;
        page.text(text)?;
        rest = page.tag(behind)?;
    }
    page.text(rest)?;
    page.line.is_none().then_some(page.lines)
}

struct Page {
    lines: Vec<Line>,
    /// The line under way, inside of a paragraph.
    line: Option<Line>,
    inside: Annotation,
    /// A space that is due before the next word, with what it was inside of.
    space: Option<Annotation>,
    /// Whether a word has come since a link began.
    has_words: bool,
}

impl Page {
    /// Reads a tag or a reference; gives back what follows.
    fn tag<'m>(&mut self, markup: &'m str) -> Option<&'m str> {
        for (reference, letter) in [("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")] {
            if let Some(rest) = markup.strip_prefix(reference) {
                self.word(letter, letter.len())?;
                return Some(rest);
            }
        }
        if let Some(rest) = markup.strip_prefix("<br>") {
            let line = self.line.replace(Line::new())?;
            self.end_line(line);
            return Some(rest);
        }
        if let Some(rest) = markup.strip_prefix("<p>").filter(|_| self.line.is_none()) {
            if !self.lines.is_empty() {
                self.lines.push(Line::new());
            }
            self.line = Some(Line::new());
            return Some(rest);
        }
        if let Some(rest) = markup.strip_prefix("</p>").filter(|_| self.inside == Annotation::None) {
            let line = self.line.take()?;
            self.end_line(line);
            return Some(rest);
        }
        if let Some(rest) = markup.strip_prefix("</a>") {
            if !self.has_words {
                // Neither the link nor the space in it is there for html2text.
                return None;
            }
            self.inside = Annotation::None;
            return Some(rest);
        }
        let (number, rest) = markup.strip_prefix("<a href=\"")?.split_once("\">")?;
        self.inside = Annotation::Link(number.parse().ok()?);
        self.has_words = false;
        Some(rest)
    }

    fn end_line(&mut self, line: Line) {
        self.space = None;
        self.lines.push(line);
    }

    /// Takes in letters and the white space between them.
    fn text(&mut self, text: &str) -> Option<()> {
        if !text.chars().all(is_ordinary) {
            return None;
        }
        let mut is_first = true;
        for word in text.split([' ', '\n', '\t']) {
            if !std::mem::take(&mut is_first) && self.space.is_none() {
                self.space = Some(self.inside);
            }
            if !word.is_empty() {
                self.word(word, text.len())?;
            }
        }
        Some(())
    }

    /// Takes in a word, or a part of one, of a text of so many bytes; nothing outside of paragraphs.
    fn word(&mut self, word: &str, room: usize) -> Option<()> {
        let line = self.line.as_mut()?;
        self.has_words = true;
        let space = self.space.take().filter(|_| !line.is_empty());
        for (piece, inside) in space.map(|inside| (" ", inside)).into_iter().chain([(word, self.inside)]) {
            match line.last_mut() {
                Some((last, of)) if *of == inside => last.push_str(piece),
                Some(_) | None => {
                    let mut letters = String::with_capacity(room + 1);
                    letters.push_str(piece);
                    line.push((letters, inside));
                }
            }
        }
        Some(())
    }
}

/// Whether a letter is one that nobody treats in a way of its own: white space beyond the plain, marks without width, controls and
/// stand-ins are not.
fn is_ordinary(letter: char) -> bool {
    match letter {
        ' '..='~' | '\n' | '\t' => true,
        '\0'..='\u{a0}'
        | '\u{ad}'
        | '\u{1680}'
        | '\u{180e}'
        | '\u{2000}'..='\u{200f}'
        | '\u{2028}'..='\u{202f}'
        | '\u{205f}'..='\u{206f}'
        | '\u{3000}'
        | '\u{e000}'..='\u{f8ff}'
        | '\u{feff}' => false,
        _ => unicode_width::UnicodeWidthChar::width(letter).is_some_and(|columns| columns > 0),
    }
}
