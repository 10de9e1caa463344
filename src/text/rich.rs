//! `RichText`: blocks of marked spans. Knows neither width nor colour.
//!
//! Absent on purpose: HTML, which is gone once a text is here, and lines, which depend on a width.

use crate::text::{Plain, clean};

/// A post's content as blocks; every string in it is clean.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RichText {
    /// The blocks from top to bottom.
    pub blocks: Vec<Block>,
    /// The links that spans point into by index.
    pub links: Vec<Link>,
}

/// A paragraph, heading or preformatted text, with what stands before its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What kind of text it is.
    pub kind: BlockKind,
    /// What stands left of it, outermost first.
    pub indents: Vec<Indent>,
    /// Whether a blank line separates it from the block before.
    pub spaced: bool,
    /// Its text; `\n` in a span is a line break.
    pub spans: Vec<Span>,
}

/// What kind of text a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockKind {
    /// Running text, wrapped at words.
    Paragraph,
    /// A heading.
    Heading,
    /// Preformatted text: spaces are kept, long lines break anywhere.
    Preformatted,
}

/// One level of what stands left of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Indent {
    /// A quotation: a bar on every line.
    Quote,
    /// A bullet on the first line, as much space on the others.
    Bullet,
    /// A number on the first line, as much space on the others.
    Number(u16),
    /// Space only: a further block of the same list item.
    Hang,
}

/// A run of text with one mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Clean text; may hold `\n`.
    pub text: String,
    /// How it is marked.
    pub mark: Mark,
}

/// How a span is marked.
#[expect(clippy::struct_excessive_bools, reason = "the four marks are independent of each other")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mark {
    /// Emphasis.
    pub em: bool,
    /// Strong emphasis.
    pub strong: bool,
    /// Struck through.
    pub strike: bool,
    /// Code.
    pub code: bool,
    /// A link: index into [`RichText::links`] and its kind.
    pub link: Option<(u16, LinkKind)>,
}

/// What a link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// A page.
    Web,
    /// An account.
    Mention,
    /// A hashtag.
    Hashtag,
}

/// A link target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The real address, cleaned; it may differ from the text that shows it.
    pub url: Plain,
    /// What it leads to.
    pub kind: LinkKind,
}

impl RichText {
    /// Clean text as one paragraph per line group, without marks.
    pub fn from_plain(text: &Plain) -> Self {
        let mut blocks: Vec<Block> = Vec::new();
        let groups = text.as_str().split("\n\n").map(|group| group.trim_matches('\n')).filter(|group| !group.is_empty());
        for group in groups {
            let spans = vec![Span { text: group.to_owned(), mark: Mark::default() }];
            let spaced = !blocks.is_empty();
            blocks.push(Block { kind: BlockKind::Paragraph, indents: Vec::new(), spaced, spans });
        }
        Self { blocks, links: Vec::new() }
    }

    /// Whether there is no visible text in it.
    pub fn is_blank(&self) -> bool {
        self.blocks.iter().all(|block| block.spans.iter().all(|span| span.text.chars().all(clean::blank)))
    }

    /// The words alone, blocks separated by newlines: for searching and matching.
    pub fn text(&self) -> String {
        let spans = self.blocks.iter().flat_map(|block| &block.spans);
        let mut out = String::with_capacity(spans.map(|span| span.text.len() + 1).sum());
        for block in &self.blocks {
            if !out.is_empty() {
                out.push('\n');
            }
            for span in &block.spans {
                out.push_str(&span.text);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_becomes_paragraphs() {
        let text = RichText::from_plain(&Plain::lines("\none\ntwo\n\n\n\nthree\n"));
        let spaced: Vec<(&str, bool)> = text.blocks.iter().map(|block| (block.spans[0].text.as_str(), block.spaced)).collect();
        assert_eq!(spaced, [("one\ntwo", false), ("three", true)]);
        assert_eq!(text.text(), "one\ntwo\nthree");
        assert!(RichText::from_plain(&Plain::default()).blocks.is_empty());
        assert!(RichText::from_plain(&Plain::lines(" \n\u{2800}")).is_blank());
    }
}
