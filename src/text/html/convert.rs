//! html2text for structure: tamed markup to lines at an endless width, and the lines back to blocks.
//!
//! html2text is never asked for a real width, where it loses, overflows or loops. Its prefixes are control characters, which
//! it removes from text itself, so no post can forge structure. Absent on purpose: taming, which the scan has done.

use super::simple;
use super::sinks::{BLANK_LINE, WIDE_SPACE};
use crate::text::{Block, BlockKind, Indent, Link, Mark, Span, clean};
use html2text::config;
use html2text::render::TextDecorator;

/// Converts tamed markup; `None` where html2text gives up.
pub(super) fn blocks(markup: &str, links: &[Link]) -> Option<Vec<Block>> {
    let Some(simple) = simple::lines(markup) else { return rendered(markup, links) };
    let mut reader = Reader::new(links);
    for line in &simple {
        reader.line(line.iter().map(|(text, inside)| (text.as_str(), std::slice::from_ref(inside))));
    }
    Some(reader.finish())
}

/// The same by way of html2text.
fn rendered(markup: &str, links: &[Link]) -> Option<Vec<Block>> {
    let config = config::with_decorator(Marks).unicode_strikeout(false).allow_width_overflow().raw_mode(true);
    let rendered = config.lines_from_read(markup.as_bytes(), ENDLESS).ok()?;
    let mut reader = Reader::new(links);
    for line in &rendered {
        reader.line(line.tagged_strings().map(|piece| (piece.s.as_str(), piece.tag.as_slice())));
    }
    Some(reader.finish())
}

/// A width at which nothing is ever wrapped.
const ENDLESS: usize = 1 << 24;

const QUOTE: char = '\u{11}';
const BULLET: char = '\u{12}';
const NUMBER: char = '\u{13}';
const HEADING: char = '\u{14}';

/// What a run of text is inside of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Annotation {
    #[default]
    None,
    Link(u16),
    Em,
    Strong,
    Strike,
    Code,
    Preformatted,
}

/// Marks structure for [`Reader`]. Each mark is one byte, because html2text takes bytes for columns.
struct Marks;

impl TextDecorator for Marks {
    type Annotation = Annotation;

    fn decorate_link_start(&mut self, url: &str) -> (String, Annotation) {
        (String::new(), url.parse().map_or(Annotation::None, Annotation::Link))
    }

    fn decorate_link_end(&mut self) -> String {
        String::new()
    }

    fn decorate_em_start(&self) -> (String, Annotation) {
        (String::new(), Annotation::Em)
    }

    fn decorate_em_end(&self) -> String {
        String::new()
    }

    fn decorate_strong_start(&self) -> (String, Annotation) {
        (String::new(), Annotation::Strong)
    }

    fn decorate_strong_end(&self) -> String {
        String::new()
    }

    fn decorate_strikeout_start(&self) -> (String, Annotation) {
        (String::new(), Annotation::Strike)
    }

    fn decorate_strikeout_end(&self) -> String {
        String::new()
    }

    fn decorate_code_start(&self) -> (String, Annotation) {
        (String::new(), Annotation::Code)
    }

    fn decorate_code_end(&self) -> String {
        String::new()
    }

    fn decorate_preformat_first(&self) -> Annotation {
        Annotation::Preformatted
    }

    fn decorate_preformat_cont(&self) -> Annotation {
        Annotation::Preformatted
    }

    fn decorate_image(&mut self, _src: &str, _title: &str) -> (String, Annotation) {
        (String::new(), Annotation::None)
    }

    fn header_prefix(&self, _level: usize) -> String {
        HEADING.into()
    }

    fn quote_prefix(&self) -> String {
        QUOTE.into()
    }

    fn unordered_item_prefix(&self) -> String {
        BULLET.into()
    }

    fn ordered_item_prefix(&self, number: i64) -> String {
        format!("{NUMBER}{number}. ")
    }

    fn make_subblock_decorator(&self) -> Self {
        Self
    }

    fn decorate_superscript_start(&self) -> (String, Annotation) {
        ("^".to_owned(), Annotation::None)
    }

    fn decorate_superscript_end(&self) -> String {
        String::new()
    }
}

/// One open level of structure: what it is, and how many characters stand for it on the lines after its first.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Level {
    indent: Indent,
    columns: usize,
}

/// Reads blocks out of lines.
struct Reader<'l> {
    links: &'l [Link],
    blocks: Vec<Block>,
    levels: Vec<Level>,
    block: Option<Block>,
    /// Whether a blank line came since the last text.
    blank: bool,
}

impl<'l> Reader<'l> {
    fn new(links: &'l [Link]) -> Self {
        Self { links, blocks: Vec::new(), levels: Vec::new(), block: None, blank: false }
    }

    fn line<'t>(&mut self, pieces: impl Iterator<Item = (&'t str, &'t [Annotation])>) {
        let mut pieces = pieces.filter(|(text, _)| !text.is_empty());
        let before = self.levels.len();
        let mut matched = 0;
        let mut heading = false;
        // How many spaces of the level at `matched` have been seen.
        let mut spaces = 0;
        let mut opened = false;
        let mut text = Vec::new();
        for (piece, tags) in pieces.by_ref() {
            if tags.contains(&Annotation::Preformatted) {
                text.push((piece, tags));
                break;
            }
            let mut rest = piece;
            loop {
                let next = rest.chars().next();
                match next {
                    Some(QUOTE) => {
                        if !opened && self.levels.get(matched).is_some_and(|level| level.indent == Indent::Quote) {
                            matched += 1;
                        } else {
                            self.open(Indent::Quote, 0, matched, &mut opened);
                            matched += 1;
                        }
                    }
                    Some(BULLET) => {
                        self.open(Indent::Bullet, 1, matched, &mut opened);
                        matched += 1;
                    }
                    Some(NUMBER) => {
                        let behind = rest.get(1..).unwrap_or_default();
                        let (digits, tail) = behind.split_once('.').unwrap_or((behind, ""));
                        let padding = tail.len() - tail.trim_start_matches(' ').len();
                        let number = digits.parse().unwrap_or(u16::MAX);
                        self.open(Indent::Number(number), digits.len() + 2 + padding, matched, &mut opened);
                        matched += 1;
                        rest = tail.get(padding..).unwrap_or_default();
                        continue;
                    }
                    Some(HEADING) => heading = true,
                    Some(' ') => {
                        spaces += 1;
                        let columns = self.levels.get(matched).map_or(0, |level| level.columns);
                        if !opened && columns > 0 && spaces >= columns {
                            matched += 1;
                            spaces = 0;
                        }
                    }
                    Some(_) | None => break,
                }
                rest = rest.get(1..).unwrap_or_default();
            }
            if !rest.is_empty() {
                text.push((rest, tags));
                break;
            }
        }
        text.extend(pieces);
        self.levels.truncate(matched);
        if text.is_empty() {
            self.blank = true;
            return;
        }
        let preformatted = text.iter().any(|(_, tags)| tags.contains(&Annotation::Preformatted));
        let kind = match (heading, preformatted) {
            (_, true) => BlockKind::Preformatted,
            (true, false) => BlockKind::Heading,
            (false, false) => BlockKind::Paragraph,
        };
        let same = !opened && matched == before && !self.blank && self.block.as_ref().is_some_and(|open| open.kind == kind);
        if same {
            self.push("\n", None);
        } else {
            self.end_block();
            let indents = self.levels.iter().map(|level| level.indent).collect();
            self.block = Some(Block { kind, indents, spaced: std::mem::take(&mut self.blank), spans: Vec::new() });
            // What follows in the same item hangs under its marker.
            for level in &mut self.levels {
                if level.indent != Indent::Quote {
                    level.indent = Indent::Hang;
                }
            }
        }
        for (piece, tags) in text {
            let mark = self.mark(tags);
            self.push(piece, Some(mark));
        }
    }

    /// Opens a level below the `matched` ones.
    fn open(&mut self, indent: Indent, columns: usize, matched: usize, opened: &mut bool) {
        self.levels.truncate(matched);
        self.levels.push(Level { indent, columns });
        *opened = true;
    }

    /// Adds raw text to the open block; without a mark, to its last span.
    fn push(&mut self, text: &str, mark: Option<Mark>) {
        let Some(block) = &mut self.block else { return };
        match block.spans.last_mut() {
            Some(last) if mark.is_none_or(|mark| mark == last.mark) => last.text.push_str(text),
            _ => block.spans.push(Span { text: text.to_owned(), mark: mark.unwrap_or_default() }),
        }
    }

    fn mark(&self, tags: &[Annotation]) -> Mark {
        let mut mark = Mark::default();
        for tag in tags {
            match tag {
                Annotation::Em => mark.em = true,
                Annotation::Strong => mark.strong = true,
                Annotation::Strike => mark.strike = true,
                Annotation::Code => mark.code = true,
                Annotation::Link(index) => {
                    mark.link = self.links.get(usize::from(*index)).map(|link| (*index, link.kind));
                }
                Annotation::None | Annotation::Preformatted => {}
            }
        }
        mark
    }

    /// Cleans the open block and keeps it, if anything of it is visible.
    fn end_block(&mut self) {
        let Some(mut block) = self.block.take() else { return };
        for span in &mut block.spans {
            if !span.text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n')) {
                // The stand-ins are private characters, so they are resolved just before the door would replace them.
                let whole = span.text.replace(BLANK_LINE, "").replace(WIDE_SPACE, "\u{3000}");
                span.text = clean::lines(&whole).into_owned();
            }
        }
        trim_line_breaks(&mut block);
        block.spans.retain(|span| !span.text.is_empty());
        if block.spans.iter().any(|span| !span.text.chars().all(clean::blank)) {
            block.spaced &= !self.blocks.is_empty();
            self.blocks.push(block);
        } else {
            self.blank |= block.spaced;
        }
    }

    fn finish(mut self) -> Vec<Block> {
        self.end_block();
        self.blocks
    }
}

/// Removes blank lines at both ends of a block: its neighbours decide about those.
fn trim_line_breaks(block: &mut Block) {
    for span in &mut block.spans {
        let kept = span.text.trim_start_matches('\n');
        if kept.len() < span.text.len() {
            span.text = kept.to_owned();
        }
        if !span.text.is_empty() {
            break;
        }
    }
    for span in block.spans.iter_mut().rev() {
        span.text.truncate(span.text.trim_end_matches('\n').len());
        if !span.text.is_empty() {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scan;
    use super::super::sinks::Markup;
    use super::*;
    use crate::text::{LinkKind, Plain};
    use proptest::prelude::*;

    /// What the two ways make of a post, and whether the short one did.
    fn both(html: &str) -> (bool, Option<Vec<Block>>, Option<Vec<Block>>) {
        let mut markup = Markup::new(html.len());
        scan::scan(html, false, &mut markup);
        let link = Link { url: Plain::line("https://tide.example/"), kind: LinkKind::Web };
        let links = vec![link; markup.links.len()];
        (simple::lines(&markup.html).is_some(), blocks(&markup.html, &links), rendered(&markup.html, &links))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]

        #[test]
        fn the_short_way_ends_where_html2text_does(pieces in prop::collection::vec(prop::sample::select(vec![
            "<p>", "</p>", "</p><p>", "<br>", "<br />", "<a href=\"https://tide.example/\">", "</a>", "<span class=\"invisible\">https://</span>",
            "<span class=\"ellipsis\">", "</span>", "<em>", "</em>", "<blockquote>", " ", "  ", "\n", "\t", "word", "words and more", "a.", "&amp;", "&lt;b&gt;",
            "&quot;", "\u{65e5}\u{672c}", "caf\u{e9}", "\u{1f30a}", "e\u{301}", "\u{a0}", "\u{200b}", "#", "@ada", "-",
        ]), 0..24), is_whole: bool) {
            let html = if is_whole { format!("<p>{}</p>", pieces.concat()) } else { pieces.concat() };
            let (_, short, long) = both(&html);
            prop_assert_eq!(short, long, "{}", html);
        }
    }

    #[test]
    fn most_posts_go_the_short_way() {
        for html in [
            "<p>one two</p>",
            "<p>one<br />two <a href=\"https://tide.example/@ada\" class=\"u-url mention\">@<span>ada</span></a></p><p>three &amp; four \u{1f30a}</p>",
            "<p>\u{65e5}\u{672c}\u{8a9e} <a href=\"https://tide.example/1\"><span class=\"invisible\">https://</span>tide.example/1</a></p>",
        ] {
            let (is_short, short, long) = both(html);
            assert!(is_short, "{html}");
            assert_eq!(short, long, "{html}");
        }
        assert!(!both("<ul><li>one</li></ul>").0);
    }

    #[test]
    fn a_link_without_words_goes_the_long_way() {
        for html in [
            "<p>one<a href=\"https://tide.example/\"> </a>two</p>",
            "<p>one <a href=\"https://tide.example/\"></a>two</p>",
            "<p><span class=\"ellipsis\">one<a href=\"https://tide.example/\"> </p>",
        ] {
            let (is_short, short, long) = both(html);
            assert_eq!(short, long, "{html}");
            assert!(!is_short, "{html}");
        }
    }
}
