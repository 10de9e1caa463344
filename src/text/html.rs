//! Mastodon HTML to `RichText`; total: any input gives some text.
//!
//! Three steps: `scan` reads the tags in one linear pass and hands on only what servers allow, well nested and bounded;
//! `convert` has html2text turn that into lines, never at a real width, and reads blocks back out of the lines; the door
//! cleans every piece. Whatever goes wrong in between falls back to the bare words. Absent on purpose: CSS, tables, images,
//! emoji shortcodes, and wrapping.

mod convert;
mod scan;
mod simple;
mod sinks;

use crate::text::{Link, LinkKind, Plain, RichText, Stretch, clean};
use sinks::{Markup, Words};
use std::cell::Cell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// HTML from a server, kept shut: it can be opened into [`RichText`] and in no other way.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Html {
    raw: Stretch,
    /// Whether what stands in for a quote is hidden, because the quote itself is shown.
    quoted: bool,
}

impl Html {
    /// Keeps HTML as it came, at most 64 KiB of it; what is cut ends in `…`.
    pub fn new(raw: &str) -> Self {
        if raw.len() <= MOST_BYTES {
            return Self { raw: Stretch::new(raw), quoted: false };
        }
        let most = MOST_BYTES - '…'.len_utf8();
        let kept = (0..=most).rev().find_map(|end| raw.get(..end)).unwrap_or_default();
        // A tag that was cut in two is not text.
        let whole = match (kept.rfind('<'), kept.rfind('>')) {
            (Some(open), close) if close.is_none_or(|close| close < open) && kept.len() - open < MOST_CUT_TAG => open,
            _ => kept.len(),
        };
        Self { raw: Stretch::new(&[kept.get(..whole).unwrap_or_default(), "…"].concat()), quoted: false }
    }

    /// The same, of a post whose quote is shown beside it: the `RE: address` that stands in for it elsewhere (class
    /// `quote-inline`) is left out.
    #[must_use]
    pub fn beside_its_quote(self) -> Self {
        Self { quoted: true, ..self }
    }

    /// Whether what stands in for its quote is left out.
    pub(crate) fn is_beside_its_quote(&self) -> bool {
        self.quoted
    }

    /// Whether there is no HTML at all.
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// The HTML as it came, for keeping it on disk: whoever reads it there shuts it in again.
    pub fn kept(&self) -> &str {
        self.raw.as_str()
    }

    /// The HTML, to be packed with other texts.
    pub(crate) fn stretch(&mut self) -> &mut Stretch {
        &mut self.raw
    }

    /// Opens the HTML. `known` names the kind of a link by its address (a status's own mentions and tags); where it
    /// answers `None` the link's class names decide.
    pub fn open(&self, known: &dyn Fn(&str) -> Option<LinkKind>) -> RichText {
        let raw = self.raw.as_str();
        if raw.is_empty() {
            return RichText::default();
        }
        let mut markup = Markup::new(raw.len());
        scan::scan(raw, self.quoted, &mut markup);
        let links: Vec<Link> = markup
            .links
            .into_iter()
            .map(|anchor| {
                let url = Plain::address(&anchor.url);
                let kind = known(url.as_str()).unwrap_or(anchor.kind);
                Link { url, kind }
            })
            .collect();
        let blocks = guard(|| convert::blocks(&markup.html, &links)).flatten().unwrap_or_default();
        let opened = RichText { blocks, links };
        if markup.has_words && opened.is_blank() {
            return RichText { links: opened.links, ..RichText::from_plain(&Plain::lines(&self.words())) };
        }
        opened
    }

    /// The words alone, clean, one block a line: several times cheaper than [`Html::open`], for searching and matching.
    pub fn text(&self) -> String {
        clean::lines(&self.words()).into_owned()
    }

    /// The bare words with nothing but the tags gone.
    fn words(&self) -> String {
        let raw = self.raw.as_str();
        let mut words = Words::new(raw.len());
        scan::scan(raw, self.quoted, &mut words);
        words.finish().trim_end_matches('\n').to_owned()
    }
}

impl fmt::Debug for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Html({} bytes)", self.raw.as_str().len())
    }
}

/// Whether this thread is inside a conversion whose panic will be caught: a panic hook should then stay silent.
pub fn guarded() -> bool {
    // A thread that is ending has no such conversion left.
    GUARDED.try_with(Cell::get).unwrap_or(false)
}

/// Most bytes of HTML that are kept.
const MOST_BYTES: usize = 64 * 1024;

/// A longer piece of a tag at the cut is more likely text with a `<` in it.
const MOST_CUT_TAG: usize = 4096;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a library on what strangers sent, which may make it panic; `None` if it did.
pub(crate) fn guard<T>(run: impl FnOnce() -> T) -> Option<T> {
    GUARDED.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(run));
    GUARDED.set(false);
    outcome.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{BlockKind, Indent, wrap};
    use proptest::prelude::*;

    fn open(html: &str) -> RichText {
        Html::new(html).open(&|_| None)
    }

    /// Blocks as `indents kind: text`, a blank line before spaced ones.
    fn shape(html: &str) -> String {
        let mut out = String::new();
        for block in open(html).blocks {
            if block.spaced {
                out.push('\n');
            }
            for indent in &block.indents {
                match indent {
                    Indent::Quote => out.push('>'),
                    Indent::Bullet => out.push('*'),
                    Indent::Number(number) => out.push_str(&number.to_string()),
                    Indent::Hang => out.push('_'),
                }
            }
            out.push_str(match block.kind {
                BlockKind::Paragraph => "p:",
                BlockKind::Heading => "h:",
                BlockKind::Preformatted => "pre:",
            });
            out.extend(block.spans.iter().map(|span| span.text.as_str()));
            out.push('\n');
        }
        out
    }

    fn words(html: &str) -> String {
        open(html).text()
    }

    /// The marks that apply to a word.
    fn mark(html: &str, word: &str) -> crate::text::Mark {
        let text = open(html);
        let spans = text.blocks.iter().flat_map(|block| &block.spans);
        spans.into_iter().find(|span| span.text.contains(word)).map(|span| span.mark).expect(word)
    }

    #[test]
    fn paragraphs_and_breaks() {
        assert_eq!(shape("<p>one<br>two<br />three</p><p>four</p>"), "p:one\ntwo\nthree\n\np:four\n");
        assert_eq!(shape("<p>one<br><br>two</p>"), "p:one\n\ntwo\n");
        assert_eq!(shape("<p>  white \n\t space\r\nhere </p>\n\n<p>two</p>"), "p:white space here\n\np:two\n");
        assert_eq!(shape("no markup at all"), "p:no markup at all\n");
        assert_eq!(shape("<div>a</div><div>b</div>"), "p:a\nb\n");
    }

    #[test]
    fn every_kind_of_line_end_breaks() {
        assert_eq!(words("<p>a\u{2028}b\u{2029}c\u{85}d\u{b}e</p>"), "a\nb\nc\nd\ne");
        assert_eq!(words("<p>a&#x2028;b&#11;c</p>"), "a\nb\nc");
    }

    #[test]
    fn empty_blocks_part_words() {
        assert_eq!(words("a<div></div>b"), "a\nb");
        assert_eq!(words("a<p></p>b"), "a\nb");
        assert_eq!(words("a<hr>b"), "a\nb");
        assert_eq!(words("<p>a</p><hr/><p>b</p>"), "a\nb");
    }

    #[test]
    fn emptiness() {
        for html in ["", "<p></p>", "<p> </p>", "<br><br>", "<p><br /><br /></p>", "<!-- x -->", "<script>x</script>", "\u{202e}"] {
            assert!(open(html).is_blank(), "{html:?}");
            assert!(wrap::wrap(&open(html), 10).is_empty(), "{html:?}");
            assert_eq!(Html::new(html).text(), "", "{html:?}");
        }
        assert!(Html::new("").is_empty());
        assert!(!Html::new("<p></p>").is_empty());
    }

    #[test]
    fn lists_quotes_and_headings() {
        assert_eq!(shape("<ul><li>a<br>aa</li><li><p>b</p><p>bb</p></li></ul><p>after</p>"), "*p:a\naa\n*p:b\n\n_p:bb\n\np:after\n");
        assert_eq!(shape("<ol start=\"9\"><li>nine</li><li>ten<ul><li>in</li></ul></li></ol>x"), "9p:nine\n10p:ten\n_*p:in\np:x\n");
        assert_eq!(shape("<blockquote><p>a</p><p>b</p><blockquote>c</blockquote></blockquote><p>d</p>"), ">p:a\n\n>p:b\n\n>>p:c\n\np:d\n");
        assert_eq!(shape("<h2>Title</h2>words"), "h:Title\n\np:words\n");
        assert_eq!(shape("<ol start=\"7\" reversed><li value=\"3\">three<li>next</ol>"), "7p:three\n8p:next\n");
        assert_eq!(shape("<ol start=99999999999><li>x</ol><ol start=-4><li>y</ol>"), "1p:x\n1p:y\n");
        assert_eq!(shape("<ol start=65535><li>x<li>y</ol>"), "65535p:x\n65535p:y\n");
    }

    #[test]
    fn nothing_in_a_list_is_lost() {
        assert_eq!(words("<ol>text<span>span</span><li>x</li>y<b>z</b></ol>"), "textspan\nx\nyz");
        assert_eq!(words("<li>stray</li>words"), "stray\nwords");
        assert_eq!(words("<a href=https://a.example/><ol>word<li><a href=https://b.example/>two"), "word\ntwo");
    }

    #[test]
    fn preformatted_text_keeps_its_shape() {
        let code = "<pre><code>fn main() {\n\n    x();\n}\n</code></pre><p>after</p>";
        assert_eq!(shape(code), "pre:fn main() {\n\n    x();\n}\n\np:after\n");
        assert!(mark(code, "main").code);
        assert_eq!(shape("<ul><li><pre>  a\n b</pre></li></ul>"), "*pre:  a\n b\n");
        assert_eq!(shape("<blockquote><pre>a\n\n\nb</pre></blockquote>"), ">pre:a\n\n\nb\n");
    }

    #[test]
    fn marks() {
        let html = "<p>plain <em>em</em> <strong>strong <i>both</i></strong> <del>gone</del> <code>x &lt; y</code></p>";
        assert!(mark(html, "em").em && !mark(html, "em").strong);
        assert!(mark(html, "both").em && mark(html, "both").strong);
        assert!(mark(html, "gone").strike);
        assert!(mark(html, "x < y").code);
        assert_eq!(mark(html, "plain"), crate::text::Mark::default());
    }

    #[test]
    fn links_read_as_mastodon_shows_them() {
        let html = "<p><a href=\"https://gazette.example/2026/signalbox-signalbox-174643?a=1&amp;b=2\" target=\"_blank\"><span \
            class=\"invisible\">https://</span><span class=\"ellipsis\">gazette.example/2026/signalbox</span><span \
            class=\"invisible\">-signalbox-174643</span></a> <span class=\"h-card\"><a href=\"http://localhost/@bob\" \
            class=\"u-url mention\">@<span>bob</span></a></span> <a class='mention hashtag' \
            href='https://x.example/tags/a'>#<span>a</span></a></p>";
        let text = open(html);
        assert_eq!(text.text(), "gazette.example/2026/signalbox… @bob #a");
        assert_eq!(text.links[0].url.as_str(), "https://gazette.example/2026/signalbox-signalbox-174643?a=1&b=2");
        let kinds: Vec<LinkKind> = text.links.iter().map(|link| link.kind).collect();
        assert_eq!(kinds, [LinkKind::Web, LinkKind::Mention, LinkKind::Hashtag]);
        assert_eq!(mark(html, "@bob").link, Some((1, LinkKind::Mention)));
        let known = Html::new(html).open(&|url| url.contains("gazette").then_some(LinkKind::Mention));
        assert_eq!(known.links[0].kind, LinkKind::Mention);
        assert_eq!(known.blocks[0].spans[0].mark.link, Some((0, LinkKind::Mention)));
    }

    #[test]
    fn addresses_are_clean_and_lead_somewhere() {
        let urls = |html: &str| open(html).links.iter().map(|link| link.url.to_string()).collect::<Vec<_>>();
        assert_eq!(urls("<a href=\"javascript:alert(1)\">js</a> <a href=gemini://x.example/>g</a>"), ["gemini://x.example/"]);
        assert_eq!(urls("<a href='JavaScript&#58;x'>a</a><a href='/rel'>b</a><a>c</a><a href>d</a>"), [""; 0]);
        assert_eq!(urls("<a href=\" https://a.example/&#27;[2J\u{202e}x\n \">a</a>"), ["https://a.example/▯[2Jx"]);
        let long = format!("https://a.example/{}", "x".repeat(5000));
        assert_eq!(urls(&format!("<a href='{long}'>a</a>")), [long]);
        assert_eq!(words("<a href=\"javascript:alert(1)\">js</a>"), "js");
    }

    #[test]
    fn entities_are_decoded_before_the_door() {
        assert_eq!(
            words("<p>&lt;script&gt;alert(1)&lt;/script&gt; &amp;amp; &#x1b;[31m &#27;[1m &nbsp;&shy;end</p>"),
            "<script>alert(1)</script> &amp; ▯[31m ▯[1m \u{a0}end"
        );
        assert_eq!(words("&#0;&#xD800;&#x110000;&#99999999999;&#xFFFF;&#xE000;&#150;&#x81;"), "▯▯▯▯▯▯–▯");
        assert_eq!(words("a &rlm;&lrm;&#8238;b&NotAName; &eacute;&CounterClockwiseContourIntegral;"), "a b&NotAName; é∳");
        assert_eq!(words("1 < 2 && 3 > 2 <3 AT&T &copy 5 &amp 6"), "1 < 2 && 3 > 2 <3 AT&T &copy 5 & 6");
        assert_eq!(words("&<span>lt;</span> &#<i>60;</i>"), "&lt; &#60;");
    }

    #[test]
    fn structure_cannot_be_forged() {
        assert_eq!(shape("<p>\u{11}\u{12}\u{13}1. \u{14}x \u{e000}\u{e001}</p>"), "p:▯▯▯1. ▯x ▯▯\n");
        assert_eq!(shape("<p>&#x11;&#x12;x</p>"), "p:▯▯x\n");
    }

    #[test]
    fn what_is_not_for_reading_is_dropped() {
        assert_eq!(words("a<script>evil()</script><style>p{}</style><svg><title>t</title></svg><!-- c -->b"), "ab");
        assert_eq!(words("a<SCRIPT>x</ScRiPt >b<script>unclosed <p>c"), "ab");
        let quoting = "<p class=\"quote-inline\">RE: <a href=\"https://a.example/1\">x</a></p><p>words</p>";
        assert_eq!(Html::new(quoting).beside_its_quote().open(&|_| None).text(), "words");
        assert_eq!(words(quoting), "RE: x\nwords", "without the quote its stand-in is all there is");
        assert_eq!(words("<img src=x onerror=alert(1)><marquee>hi</marquee><img alt=':blob:'>"), "hi:blob:");
        assert_eq!(words("<!doctype html><?php x ?><html><body>hi"), "hi");
    }

    #[test]
    fn ruby_reads() {
        assert_eq!(words("<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>"), "漢(kan)");
        assert_eq!(words("<ruby>漢<rt>kan</rt>字<rt>ji</ruby>"), "漢(kan)字(ji)");
        assert_eq!(words("E=mc<sup>2</sup>, 4<sup>th</sup>"), "E=mc², 4^th");
    }

    #[test]
    fn broken_markup_keeps_its_words() {
        assert_eq!(words("<p>unclosed <b>bold <a href=\"https://x.example/\">link"), "unclosed bold link");
        assert_eq!(words("<b>a<i>b</b>c</i>d</p>e"), "abcde");
        assert_eq!(words("<p>a <b><p>b</b> c"), "a\nb c");
        assert_eq!(words("a <b"), "a <b");
        assert_eq!(words("a <a href=\"x>y"), "a y");
        assert_eq!(words("a <!-- b"), "a <!-- b");
        assert_eq!(words("<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>"), "1 2\n3");
        let deep = format!("{}words{}<p>after", "<span>".repeat(1000), "</span>".repeat(1000));
        assert_eq!(words(&deep), "words\nafter");
        let quotes = format!("{}words{}<p>after", "<blockquote>".repeat(40), "</blockquote>".repeat(40));
        assert_eq!(words(&quotes), "words\nafter");
    }

    #[test]
    fn too_much_is_cut_and_told() {
        let html = Html::new(&format!("<p>{}</p>", "word ".repeat(20_000)));
        let text = html.open(&|_| None).text();
        assert!(text.ends_with("…") && text.len() > 65_000 && text.len() <= 65_536, "{}", text.len());
        let cut_in_a_tag = Html::new(&format!("{}<a href=\"https://x.example/aaaa\">x</a>", "y".repeat(65_520)));
        assert!(cut_in_a_tag.open(&|_| None).text().ends_with("yy…"));
        let breaks = open(&format!("a{}b", "<br>".repeat(500)));
        assert_eq!(breaks.text(), "a\n\n\nb");
    }

    #[test]
    fn recorded_hostile_posts() {
        assert_eq!(
            words("<p>\u{1b}[31mred?\u{1b}[0m \u{1b}]0;title\u{7} bell\u{7} \u{9b}31m c1</p>"),
            "▯[31mred?▯[0m ▯]0;title▯ bell▯ ▯31m c1"
        );
        assert_eq!(words("<p>nul? tab cr\nlf<br>vt\u{b} ff del\u{7f}</p>"), "nul? tab cr lf\nvt\nff del▯");
        assert_eq!(
            words("<p>zero\u{200b}width \u{200d}join \u{feff}bom \u{2028}line sep \u{2029}para sep</p>"),
            "zerowidth join bom\nline sep\npara sep"
        );
        assert_eq!(
            words(
                "<p>&lt;script>alert(1)&lt;/script> &lt;b>bold&lt;/b> & &lt; &<a href=\"http://localhost:8080/tags/x1b\" class=\"mention hashtag\">#<span>x1b</span></a>;[31m</p>"
            ),
            "<script>alert(1)</script> <b>bold</b> & < &#x1b;[31m"
        );
        assert_eq!(words("<p>\u{202e}RTL override\u{202c} and \u{2066}isolate left open</p>"), "RTL override and isolate left open");
        assert_eq!(words("<p>\u{200b}\u{200c}\u{200d}\u{feff}\u{ad}\u{2060}invisible\u{2060}</p>"), "invisible");
        assert_eq!(words("<p>\u{e000}\u{f0000}\u{10fffd} private use</p>"), "▯▯▯ private use");
    }

    #[test]
    fn a_caught_panic_is_marked_as_guarded() {
        let seen = guard(guarded);
        assert_eq!(seen, Some(true));
        assert!(!guarded());
        assert_eq!(guard(|| -> u8 { std::panic::resume_unwind(Box::new("in the conversion")) }), None);
        assert!(!guarded());
    }

    #[test]
    fn whole_documents_of_what_others_choke_on_open() {
        for piece in [
            "<ul><li>",
            "<p>",
            "<b>",
            "<blockquote>",
            "<a href=\"",
            "<a x='\"<",
            "<svg>",
            "<!--",
            "</p>",
            "&",
            "&#",
            "&#1",
            "<br>",
            "<a ''",
            "<ol><li>x</ol>",
            "<pre>\n",
            "<rt>",
            "<b><p></b>",
            "<div></div>",
            "<script",
            "</script",
            "<a =",
            "\u{301}",
            "<i>a</i>",
            "<br><p>",
            "<p><b><blockquote></blockquote></b></p>",
            "<table><tr><td>",
            "<ruby><rt>",
            "&lt;",
            "\u{2028}",
        ] {
            let html = Html::new(&piece.repeat(64 * 1024 / piece.len()));
            let text = html.open(&|_| None);
            assert_eq!(text.is_blank(), html.text().is_empty(), "{piece:?}");
            for width in [1, 40] {
                for line in wrap::wrap(&text, width) {
                    assert!(line.width() <= usize::from(width), "{piece:?}: {line:?}");
                }
            }
        }
    }

    /// Tags, text and noise in any order.
    fn soup() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            4 => prop::sample::select(vec![
                "<p>", "</p>", "<br>", "<br/>", "<b>", "</b>", "<i>", "</i>", "<a href=\"https://a.example/\">", "</a>", "<ul>", "</ul>",
                "<ol>", "<ol start=\"70000\">", "<ol start=5>", "</ol>", "<li>", "</li>", "<blockquote>", "</blockquote>", "<pre>", "</pre>",
                "<code>", "</code>", "<span class=\"invisible\">", "<span class='ellipsis'>", "<span>", "</span>", "<h1>", "</h1>", "<div>",
                "</div>", "<table>", "<tr>", "<td>", "</table>", "<ruby>", "<rt>", "<rp>", "</rt>", "</ruby>", "<sup>", "</sup>", "<hr>",
                "<script>", "</script>", "<style>", "<!--", "-->", "<svg>", "</svg>", "<", ">", "\"", "'", "=", "&", "&amp;", "&#27;", "&#x202e;",
                "&nbsp;", "&lt;", "<!", "</", "<a ", "<p class=\"quote-inline\">", "<template>", "<select>", "<option>", "<img alt=x>",
            ]).prop_map(str::to_owned),
            3 => prop::sample::select(vec![
                " ", "\n", "\t", "word", "two words", "漢字", "\u{3000}", "👩‍👩‍👧‍👦", "\u{1b}[2J", "\u{9b}", "\u{202e}", "e\u{301}\u{301}", "\u{200b}",
                "\u{2028}", "\u{e000}", "\u{e001}", "\u{11}", "\u{12}", "\u{13}1. ", "\u{14}", "\0", "ภาษาไทย", "\u{301}", "🇩", "\r",
            ]).prop_map(str::to_owned),
            1 => any::<char>().prop_map(String::from),
        ];
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn soup_is_total(html in soup(), width in 1_u16..60) {
            let text = open(&html);
            for block in &text.blocks {
                prop_assert!(!block.spans.is_empty());
                for span in &block.spans {
                    prop_assert_eq!(clean::lines(&span.text), span.text.as_str());
                    if let Some((index, kind)) = span.mark.link {
                        prop_assert_eq!(text.links[usize::from(index)].kind, kind);
                    }
                }
            }
            for line in wrap::wrap(&text, width) {
                prop_assert!(line.width() <= usize::from(width), "{:?}", line);
            }
            // Opening goes through html2text, reading the bare words does not: they must agree on them.
            let visible = |text: &str| {
                let shown = |c: &char| c.is_ascii_alphanumeric() || ('\u{4E00}'..='\u{9FFF}').contains(c);
                text.chars().filter(shown).collect::<String>()
            };
            let superscript = html.contains("<sup>");
            if !superscript {
                prop_assert_eq!(visible(&text.text()), visible(&Html::new(&html).text()));
            }
        }
    }
}
