//! What a scan is written to: markup for html2text, or the bare words.
//!
//! Absent on purpose: deciding which tags get through, which the scan has done.

use super::scan::{Anchor, Sink, Tag};
use crate::text::clean::REPLACEMENT;

/// Stands for an ideographic space, which html2text would shrink to a plain one. Private use cannot come from a post.
pub(super) const WIDE_SPACE: char = '\u{E000}';

/// Stands on a line that a post left blank, so that it differs from the blank line between blocks.
pub(super) const BLANK_LINE: char = '\u{E001}';

/// Most line breaks in a row.
const BREAKS: u8 = 3;

/// Well-formed markup of a dozen tags; links are replaced by their index.
pub(super) struct Markup {
    pub(super) html: String,
    pub(super) links: Vec<Anchor>,
    /// Whether there is anything to read, apart from what was left out because it is shown elsewhere.
    pub(super) has_words: bool,
    /// Whether the current line has anything on it.
    line_begun: bool,
    /// Line breaks since the last word.
    breaks: u8,
    preformatted: Preformatted,
}

/// How white space is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Preformatted {
    No,
    /// A line feed right after the tag is ignored.
    AtStart,
    Inside,
}

impl Markup {
    pub(super) fn new(length: usize) -> Self {
        Self {
            html: String::with_capacity(length),
            links: Vec::new(),
            has_words: false,
            line_begun: false,
            breaks: 0,
            preformatted: Preformatted::No,
        }
    }

    fn word(&mut self) {
        self.has_words = true;
        self.line_begun = true;
        self.breaks = 0;
        self.past_start();
    }

    fn past_start(&mut self) {
        if self.preformatted == Preformatted::AtStart {
            self.preformatted = Preformatted::Inside;
        }
    }

    fn escape(&mut self, reference: &str) {
        self.word();
        self.html.push_str(reference);
    }
}

impl Sink for Markup {
    fn open(&mut self, tag: Tag, link: Option<Anchor>) {
        if tag.is_block() {
            self.line_begun = false;
        }
        match tag {
            Tag::Link => {
                self.html.push_str("<a href=\"");
                self.html.push_str(&self.links.len().to_string());
                self.html.push_str("\">");
                self.links.extend(link);
            }
            Tag::Numbers(start) => {
                self.html.push_str("<ol start=\"");
                self.html.push_str(&start.to_string());
                self.html.push_str("\">");
            }
            Tag::Preformatted => {
                self.preformatted = Preformatted::AtStart;
                self.html.push_str("<pre>");
            }
            Tag::Paragraph
            | Tag::Division
            | Tag::Quote
            | Tag::Bullets
            | Tag::Item
            | Tag::Heading
            | Tag::Em
            | Tag::Strong
            | Tag::Strike
            | Tag::Code
            | Tag::Superscript
            | Tag::Reading
            | Tag::Bare => {
                if let Some(name) = name(tag) {
                    self.html.extend(["<", name, ">"]);
                }
            }
        }
    }

    fn close(&mut self, tag: Tag) {
        if tag.is_block() {
            self.line_begun = false;
        }
        if tag == Tag::Preformatted {
            self.preformatted = Preformatted::No;
        }
        if let Some(name) = name(tag) {
            // html2text drops empty blocks, and would join the words around them.
            if tag.is_block() && self.html.strip_suffix('>').is_some_and(|html| html.ends_with(&["<", name].concat())) {
                self.html.push('\u{200B}');
            }
            self.html.extend(["</", name, ">"]);
        }
    }

    fn line_break(&mut self) {
        self.past_start();
        self.breaks = self.breaks.saturating_add(1);
        if self.breaks > BREAKS {
            return;
        }
        if !self.line_begun {
            self.html.push(BLANK_LINE);
        }
        self.html.push_str(if self.preformatted == Preformatted::No { "<br>" } else { "\n" });
        self.line_begun = false;
    }

    fn character(&mut self, c: char) {
        match c {
            '\n' if self.preformatted == Preformatted::AtStart => self.past_start(),
            '\n' if self.preformatted == Preformatted::Inside => self.line_break(),
            ' ' | '\n' | '\t' | '\u{C}' => self.html.push(if c == '\u{C}' { ' ' } else { c }),
            '<' => self.escape("&lt;"),
            '>' => self.escape("&gt;"),
            '&' => self.escape("&amp;"),
            '\u{3000}' => {
                self.line_begun = true;
                self.html.push(WIDE_SPACE);
            }
            // Nothing is left of what has no look: it must not count as a word.
            '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' => {
                self.html.push(c);
            }
            _ => {
                self.word();
                let private = matches!(c, '\u{E000}'..='\u{F8FF}');
                self.html.push(if c.is_control() || private { REPLACEMENT } else { c });
            }
        }
    }

    fn run(&mut self, text: &str) {
        if text.bytes().any(|byte| byte != b' ') {
            self.word();
        }
        for piece in text.split_inclusive(['<', '>', '&']) {
            match piece.char_indices().next_back() {
                Some((at, '<')) => self.html.extend([piece.get(..at).unwrap_or_default(), "&lt;"]),
                Some((at, '>')) => self.html.extend([piece.get(..at).unwrap_or_default(), "&gt;"]),
                Some((at, '&')) => self.html.extend([piece.get(..at).unwrap_or_default(), "&amp;"]),
                _ => self.html.push_str(piece),
            }
        }
    }

    fn reference(&mut self, name: &str) {
        self.word();
        self.html.extend(["&", name, ";"]);
    }
}

/// The name by which html2text knows a tag, for those that it needs to know.
fn name(tag: Tag) -> Option<&'static str> {
    Some(match tag {
        Tag::Paragraph => "p",
        Tag::Division => "div",
        Tag::Quote => "blockquote",
        Tag::Bullets => "ul",
        Tag::Numbers(_) => "ol",
        Tag::Item => "li",
        Tag::Preformatted => "pre",
        Tag::Heading => "h1",
        Tag::Link => "a",
        Tag::Em => "em",
        Tag::Strong => "strong",
        Tag::Strike => "s",
        Tag::Code => "code",
        Tag::Superscript => "sup",
        Tag::Reading | Tag::Bare => return None,
    })
}

/// The words, with white space as a browser would leave it and blocks on lines of their own.
pub(super) struct Words {
    out: String,
    /// A space is due before the next word.
    space: bool,
    preformatted: bool,
    breaks: u8,
}

impl Words {
    pub(super) fn new(length: usize) -> Self {
        Self { out: String::with_capacity(length), space: false, preformatted: false, breaks: 0 }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    /// Begins a new line unless one has just begun.
    fn new_line(&mut self) {
        self.space = false;
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }

    fn begin_word(&mut self) {
        if std::mem::take(&mut self.space) && !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push(' ');
        }
        self.breaks = 0;
    }
}

impl Sink for Words {
    fn open(&mut self, tag: Tag, _link: Option<Anchor>) {
        if tag.is_block() {
            self.new_line();
        }
        self.preformatted |= tag == Tag::Preformatted;
    }

    fn close(&mut self, tag: Tag) {
        if tag.is_block() {
            self.new_line();
        }
        self.preformatted &= tag != Tag::Preformatted;
    }

    fn line_break(&mut self) {
        self.space = false;
        self.breaks = self.breaks.saturating_add(1);
        if !self.out.is_empty() && self.breaks <= BREAKS {
            self.out.push('\n');
        }
    }

    fn character(&mut self, c: char) {
        match c {
            '\n' if self.preformatted => self.line_break(),
            ' ' | '\t' if self.preformatted => self.out.push(c),
            ' ' | '\n' | '\t' | '\u{C}' => self.space = true,
            _ => {
                self.begin_word();
                self.out.push(c);
            }
        }
    }

    fn run(&mut self, text: &str) {
        if self.preformatted {
            self.out.push_str(text);
            return;
        }
        let mut words = text.split(' ');
        if let Some(first) = words.next()
            && !first.is_empty()
        {
            self.begin_word();
            self.out.push_str(first);
        }
        for word in words {
            self.space = true;
            if !word.is_empty() {
                self.begin_word();
                self.out.push_str(word);
            }
        }
    }

    fn reference(&mut self, name: &str) {
        self.begin_word();
        self.out.extend(["&", name, ";"]);
    }
}
