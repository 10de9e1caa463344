//! One linear pass over HTML: tags, attributes and character references, told to a [`Sink`] as a well-nested sequence.
//!
//! Only the tags that servers allow get through, at most 16 deep, each closed; unknown ones leave their words. What is
//! hidden in a browser (`invisible`, scripts, styles, and `quote-inline` beside the quote itself) is left out. Absent on
//! purpose: the HTML standard's tree building, and any output format.

/// What a scan tells, in order.
pub(super) trait Sink {
    /// A tag opens. `link` comes with [`Tag::Link`] only.
    fn open(&mut self, tag: Tag, link: Option<Anchor>);
    /// The innermost open tag closes.
    fn close(&mut self, tag: Tag);
    /// A line break.
    fn line_break(&mut self);
    /// A character of the text; white space and controls as they came.
    fn character(&mut self, c: char);
    /// Printable ASCII without `<` and `&`.
    fn run(&mut self, text: &str) {
        text.chars().for_each(|c| self.character(c));
    }
    /// A named character reference that is not one of the few this pass decodes, without `&` and `;`.
    fn reference(&mut self, name: &str);
}

/// The tags that get through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    Paragraph,
    /// Any block without a meaning of its own.
    Division,
    Quote,
    Bullets,
    Numbers(u16),
    Item,
    Preformatted,
    Heading,
    Link,
    Em,
    Strong,
    Strike,
    Code,
    Superscript,
    /// The reading of a ruby: shown in parentheses.
    Reading,
    /// Anything that only carries class names.
    Bare,
}

impl Tag {
    /// Whether it begins on a line of its own.
    pub(super) fn is_block(self) -> bool {
        match self {
            Self::Paragraph
            | Self::Division
            | Self::Quote
            | Self::Bullets
            | Self::Numbers(_)
            | Self::Item
            | Self::Preformatted
            | Self::Heading => true,
            Self::Link | Self::Em | Self::Strong | Self::Strike | Self::Code | Self::Superscript | Self::Reading | Self::Bare => false,
        }
    }

    fn is_list(self) -> bool {
        matches!(self, Self::Bullets | Self::Numbers(_))
    }
}

/// A link as its tag describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Anchor {
    /// The decoded address.
    pub(super) url: String,
    /// What the class names say.
    pub(super) kind: crate::text::LinkKind,
}

/// Most levels of nesting.
const DEPTH: usize = 16;

/// Scans `html` into `sink`.
pub(super) fn scan(html: &str, quoted: bool, sink: &mut dyn Sink) {
    let mut scanner = Scanner {
        sink,
        quoted,
        open: Vec::with_capacity(DEPTH),
        too_deep: Vec::new(),
        hidden: 0,
        quotes_count: true,
        unclosed: Vec::new(),
    };
    scanner.document(html);
    scanner.close_down_to(0);
}

struct Open {
    tag: Tag,
    name: Name,
    hidden: bool,
    ellipsis: bool,
}

/// A tag name in lower case; longer ones than any we know are cut and match nothing.
type Name = [u8; 10];

/// Stand in [`Scanner::unclosed`] for what ends a tag and a comment.
const TAG_END: Name = *b">\0\0\0\0\0\0\0\0\0";
const COMMENT_END: Name = *b"-->\0\0\0\0\0\0\0";

struct Scanner<'s> {
    sink: &'s mut dyn Sink,
    /// Whether what stands in for a quote is hidden.
    quoted: bool,
    open: Vec<Open>,
    /// How many tags of a name were opened below the greatest depth, so that their ends close nothing else.
    too_deep: Vec<(Name, u32)>,
    /// How many open tags hide what is in them.
    hidden: u32,
    /// Whether quotes around attribute values are believed: not once a tag was found that they keep from ever ending.
    quotes_count: bool,
    /// Names of raw elements known not to be closed in what is left.
    unclosed: Vec<Name>,
}

impl Scanner<'_> {
    fn document(&mut self, html: &str) {
        let mut rest = html;
        while let Some(special) = rest.find(['<', '&']) {
            let (text, from) = rest.split_at(special);
            self.text(text);
            rest = if from.starts_with('<') { self.angle(from) } else { self.ampersand(from) };
        }
        self.text(rest);
    }

    /// Reads what begins with `<`; answers what is behind it.
    fn angle<'h>(&mut self, from: &'h str) -> &'h str {
        let behind = from.get(1..).unwrap_or_default();
        let next = behind.as_bytes().first().copied().unwrap_or(b' ');
        let found = match next {
            b'a'..=b'z' | b'A'..=b'Z' => self.start_tag(behind),
            b'/' if behind.as_bytes().get(1).is_some_and(u8::is_ascii_alphabetic) => self.end_tag(behind),
            b'!' if behind.starts_with("!--") => self.find_closer(behind, "-->", COMMENT_END),
            b'!' | b'?' | b'/' => self.find_closer(behind, ">", TAG_END),
            _ => None,
        };
        found.unwrap_or_else(|| {
            // Not markup after all, so it is text.
            self.visible("<");
            behind
        })
    }

    /// What is behind the next `closer`, unless it is known that none is left.
    fn find_closer<'h>(&mut self, from: &'h str, closer: &str, name: Name) -> Option<&'h str> {
        if self.unclosed.contains(&name) {
            return None;
        }
        let behind = from.split_once(closer).map(|(_, behind)| behind);
        if behind.is_none() {
            self.unclosed.push(name);
        }
        behind
    }

    fn end_tag<'h>(&mut self, from: &'h str) -> Option<&'h str> {
        let name = tag_name(from.get(1..)?);
        let behind = self.find_closer(from, ">", TAG_END)?;
        if word(&name) == b"br" {
            self.line_break();
        } else if let Some((_, count)) = self.too_deep.iter_mut().find(|(deep, count)| *deep == name && *count > 0) {
            *count -= 1;
        } else if let Some(depth) = self.open.iter().rposition(|open| open.name == name) {
            // An inline tag's end does not end the blocks inside which it stands.
            let inline = self.open.get(depth).is_some_and(|open| !open.tag.is_block());
            let within = self.open.get(depth..).unwrap_or_default();
            if !(inline && within.iter().any(|open| open.tag.is_block())) {
                self.close_down_to(depth);
            }
        } else if matches!(word(&name), b"p") {
            self.start_block();
        }
        Some(behind)
    }

    fn start_tag<'h>(&mut self, from: &'h str) -> Option<&'h str> {
        if self.unclosed.contains(&TAG_END) {
            return None;
        }
        let name = tag_name(from);
        let length = from.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).unwrap_or(from.len());
        let (attributes, behind) = self.attributes(from.get(length..)?)?;
        let classes = attributes.class.unwrap_or_default();
        let class = |wanted: &str| classes.split_ascii_whitespace().any(|class| class.eq_ignore_ascii_case(wanted));
        let tag = match word(&name) {
            b"br" => {
                self.line_break();
                return Some(behind);
            }
            b"img" => {
                self.alt(attributes.alt.unwrap_or_default());
                return Some(behind);
            }
            b"hr" | b"input" | b"wbr" | b"col" | b"area" | b"base" | b"embed" | b"link" | b"meta" | b"param" | b"source" | b"track" => {
                if word(&name) == b"hr" {
                    self.start_block();
                    self.empty_block();
                }
                return Some(behind);
            }
            b"script" | b"style" | b"iframe" | b"noembed" | b"noframes" | b"template" | b"svg" | b"math" | b"title" | b"object"
            | b"audio" | b"video" | b"canvas" | b"rp" => return Some(self.raw_element(behind, name)),
            b"td" | b"th" => {
                self.visible(" ");
                Tag::Bare
            }
            b"p" => Tag::Paragraph,
            b"div" | b"tr" | b"table" | b"caption" | b"section" | b"article" | b"header" | b"footer" | b"main" | b"nav" | b"aside"
            | b"address" | b"center" | b"figure" | b"figcaption" | b"dl" | b"dt" | b"dd" | b"details" | b"summary" | b"form"
            | b"fieldset" | b"legend" | b"option" => Tag::Division,
            b"blockquote" => Tag::Quote,
            b"ul" | b"menu" | b"dir" => Tag::Bullets,
            b"ol" => Tag::Numbers(attributes.start.and_then(|start| start.trim().parse().ok()).unwrap_or(1)),
            b"li" => Tag::Item,
            b"pre" | b"listing" | b"xmp" => Tag::Preformatted,
            b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" => Tag::Heading,
            b"a" => Tag::Link,
            b"em" | b"i" | b"ins" | b"cite" | b"dfn" | b"var" => Tag::Em,
            b"strong" | b"b" => Tag::Strong,
            b"s" | b"del" | b"strike" => Tag::Strike,
            b"code" | b"kbd" | b"samp" | b"tt" => Tag::Code,
            b"sup" => Tag::Superscript,
            b"rt" => Tag::Reading,
            _ => Tag::Bare,
        };
        let hides = class("invisible") || (self.quoted && class("quote-inline"));
        let link = (tag == Tag::Link).then(|| anchor(attributes.href.unwrap_or_default(), &class)).flatten();
        // A link without a usable address, and a tag without a meaning, still have an end to match.
        let tag = if tag == Tag::Link && link.is_none() { Tag::Bare } else { tag };
        self.start(Open { tag, name, hidden: hides, ellipsis: class("ellipsis") }, link);
        Some(behind)
    }

    /// Opens a tag where it belongs: blocks end the paragraph before them, items the item before them.
    fn start(&mut self, opening: Open, link: Option<Anchor>) {
        let mut opening = opening;
        match opening.tag {
            Tag::Item => {
                // An item ends the one before it in the same list; outside a list it is a block like any other.
                let list = self.open.iter().rposition(|open| open.tag.is_list());
                let fence = self.open.iter().rposition(|open| open.tag == Tag::Quote);
                match list {
                    Some(list) if fence.is_none_or(|fence| fence < list) => self.close_down_to(list + 1),
                    _ => {
                        opening.tag = Tag::Division;
                        self.start_block();
                    }
                }
            }
            Tag::Reading => {
                if let Some(depth) = self.open.iter().rposition(|open| open.tag == Tag::Reading) {
                    self.close_down_to(depth);
                }
                self.fill_list();
            }
            Tag::Link => {
                // Links do not nest: one ends the one before it, or if that has blocks in it, leads nowhere itself.
                if let Some(depth) = self.open.iter().rposition(|open| open.tag == Tag::Link) {
                    if self.open.get(depth..).unwrap_or_default().iter().any(|open| open.tag.is_block()) {
                        opening.tag = Tag::Bare;
                    } else {
                        self.close_down_to(depth);
                    }
                }
                self.fill_list();
            }
            Tag::Paragraph | Tag::Division | Tag::Quote | Tag::Bullets | Tag::Numbers(_) | Tag::Preformatted | Tag::Heading => {
                self.start_block();
                // A block inside a list belongs to an item.
                self.fill_list();
            }
            Tag::Em | Tag::Strong | Tag::Strike | Tag::Code | Tag::Superscript | Tag::Bare => self.fill_list(),
        }
        // A list needs one level more, for its items.
        if self.open.len() + usize::from(opening.tag.is_list()) >= DEPTH {
            if let Some((_, count)) = self.too_deep.iter_mut().find(|(name, _)| *name == opening.name) {
                *count += 1;
            } else if self.too_deep.len() < 64 {
                self.too_deep.push((opening.name, 1));
            }
            return;
        }
        if self.hidden == 0 && !opening.hidden {
            if opening.tag == Tag::Reading {
                self.sink.character('(');
            }
            self.sink.open(opening.tag, link);
        }
        self.hidden += u32::from(opening.hidden);
        self.open.push(opening);
    }

    /// Ends an open paragraph or heading, for a block begins.
    fn start_block(&mut self) {
        let fence =
            self.open.iter().rposition(|open| matches!(open.tag, Tag::Division | Tag::Quote | Tag::Item | Tag::Bullets | Tag::Numbers(_)));
        let from = fence.map_or(0, |fence| fence + 1);
        let inner = self.open.get(from..).unwrap_or_default();
        let paragraph = inner.iter().position(|open| matches!(open.tag, Tag::Paragraph | Tag::Heading | Tag::Preformatted));
        if let Some(paragraph) = paragraph {
            self.close_down_to(from + paragraph);
        }
    }

    /// Opens an item if something is about to stand in a list without one: it would be lost.
    fn fill_list(&mut self) {
        if self.open.last().is_some_and(|open| open.tag.is_list()) && self.open.len() < DEPTH {
            if self.hidden == 0 {
                self.sink.open(Tag::Item, None);
            }
            self.open.push(Open { tag: Tag::Item, name: *b"li\0\0\0\0\0\0\0\0", hidden: false, ellipsis: false });
        }
    }

    /// A block with nothing in it still parts what stands around it.
    fn empty_block(&mut self) {
        if self.hidden == 0 {
            self.fill_list();
            self.sink.open(Tag::Division, None);
            self.sink.close(Tag::Division);
        }
    }

    fn close_down_to(&mut self, depth: usize) {
        while self.open.len() > depth
            && let Some(open) = self.open.pop()
        {
            self.hidden -= u32::from(open.hidden);
            if self.hidden == 0 && !open.hidden {
                if open.ellipsis {
                    self.sink.character('…');
                }
                self.sink.close(open.tag);
                if open.tag == Tag::Reading {
                    self.sink.character(')');
                }
            }
        }
    }

    /// Skips an element whose content is not text for reading; where it is not closed, what follows stays text.
    fn raw_element<'h>(&mut self, behind: &'h str, name: Name) -> &'h str {
        if self.unclosed.contains(&name) {
            return behind;
        }
        let mut from = 0;
        while let Some(found) = behind.get(from..).and_then(|rest| rest.find("</")) {
            let end = from + found + 2;
            let closer = behind.get(end..).unwrap_or_default();
            if tag_name(closer) == name {
                return closer.split_once('>').map_or("", |(_, rest)| rest);
            }
            from = end;
        }
        self.unclosed.push(name);
        // A browser runs or hides all the rest; nothing in it was meant to be read.
        if matches!(word(&name), b"script" | b"style") { "" } else { behind }
    }

    /// The attributes that count, and what is behind the tag; `None` if the tag never ends.
    fn attributes<'h>(&mut self, from: &'h str) -> Option<(Attributes<'h>, &'h str)> {
        if self.quotes_count {
            if let Some(read) = attributes(from, true) {
                return Some(read);
            }
            self.quotes_count = false;
        }
        let read = attributes(from, false);
        if read.is_none() {
            self.unclosed.push(TAG_END);
        }
        read
    }

    /// Reads a character reference; answers what is behind it.
    fn ampersand<'h>(&mut self, from: &'h str) -> &'h str {
        let (decoded, behind) = reference(from);
        match decoded {
            Reference::Character(c) => self.character(c),
            Reference::Named(name) => {
                if self.hidden == 0 {
                    self.fill_list();
                    self.sink.reference(name);
                }
            }
        }
        behind
    }

    fn alt(&mut self, alt: &str) {
        for c in decode(alt).chars() {
            self.character(c);
        }
    }

    fn line_break(&mut self) {
        if self.hidden == 0 {
            self.fill_list();
            self.sink.line_break();
        }
    }

    /// Text as it stands between two marks.
    fn text(&mut self, text: &str) {
        if self.hidden > 0 {
            return;
        }
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let run = rest.bytes().take_while(|byte| matches!(byte, b' '..=b'~')).count();
            if run > 0 {
                let (plain, behind) = rest.split_at(run);
                self.visible(plain);
                rest = behind;
            } else {
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
                if c == '\r' && rest.starts_with('\n') {
                    continue;
                }
                self.character(c);
            }
        }
    }

    fn visible(&mut self, run: &str) {
        if self.hidden == 0 {
            if self.open.last().is_some_and(|open| open.tag.is_list()) && run.trim_matches(' ').is_empty() {
                return;
            }
            self.fill_list();
            self.sink.run(run);
        }
    }

    fn character(&mut self, c: char) {
        if self.hidden == 0 {
            let c = if c == '\r' { '\n' } else { c };
            match c {
                // These are breaks wherever they stand; LF, FF and tab are white space in HTML.
                '\u{B}' | '\u{85}' | '\u{2028}' | '\u{2029}' => self.line_break(),
                ' ' | '\n' | '\t' | '\u{C}' => {
                    if !self.open.last().is_some_and(|open| open.tag.is_list()) {
                        self.sink.character(c);
                    }
                }
                _ => {
                    self.fill_list();
                    self.sink.character(c);
                }
            }
        }
    }
}

/// The attributes that count, undecoded; the first of each name.
#[derive(Default)]
struct Attributes<'h> {
    href: Option<&'h str>,
    class: Option<&'h str>,
    start: Option<&'h str>,
    alt: Option<&'h str>,
}

/// Reads attributes up to the end of their tag. Without `quotes` the tag ends at the first `>`.
fn attributes(from: &str, quotes: bool) -> Option<(Attributes<'_>, &str)> {
    let mut found = Attributes::default();
    let mut rest = from;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if let Some(behind) = rest.strip_prefix('>') {
            return Some((found, behind));
        }
        let name_end = rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>' | '='))?;
        // A name may begin with `=`; it must not be empty, or nothing would move.
        let name_end = if name_end == 0 { 1 } else { name_end };
        let name = rest.get(..name_end)?;
        rest = rest.get(name_end..)?.trim_start_matches(|c: char| c.is_ascii_whitespace());
        let mut value = "";
        if let Some(behind) = rest.strip_prefix('=') {
            let behind = behind.trim_start_matches(|c: char| c.is_ascii_whitespace());
            let quote = behind.chars().next().filter(|c| matches!(c, '"' | '\''));
            if let Some(quote) = quote.filter(|_| quotes) {
                (value, rest) = behind.get(1..)?.split_once(quote)?;
            } else {
                let end = behind.find(|c: char| c.is_ascii_whitespace() || c == '>')?;
                value = behind.get(..end)?.trim_matches(['"', '\'']);
                rest = behind.get(end..)?;
            }
        }
        let place = match name {
            name if name.eq_ignore_ascii_case("href") => &mut found.href,
            name if name.eq_ignore_ascii_case("class") => &mut found.class,
            name if name.eq_ignore_ascii_case("start") => &mut found.start,
            name if name.eq_ignore_ascii_case("alt") => &mut found.alt,
            _ => continue,
        };
        place.get_or_insert(value);
    }
}

/// The link that a tag describes, if its address can lead anywhere and does not run anything.
fn anchor(href: &str, class: &dyn Fn(&str) -> bool) -> Option<Anchor> {
    use crate::text::LinkKind;
    let url = decode(href);
    let url = url.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    let (scheme, _) = url.split_once(':')?;
    let known = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
        && !["javascript", "vbscript", "data", "file"].iter().any(|bad| scheme.eq_ignore_ascii_case(bad));
    let kind = match (class("hashtag"), class("mention")) {
        (true, _) => LinkKind::Hashtag,
        (false, true) => LinkKind::Mention,
        (false, false) => LinkKind::Web,
    };
    known.then(|| Anchor { url: url.to_owned(), kind })
}

fn tag_name(from: &str) -> Name {
    let mut name = Name::default();
    let letters = from.bytes().take_while(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b'/' | b'>'));
    for (place, byte) in name.iter_mut().zip(letters) {
        *place = byte.to_ascii_lowercase();
    }
    name
}

fn word(name: &Name) -> &[u8] {
    name.split(|byte| *byte == 0).next().unwrap_or_default()
}

enum Reference<'h> {
    Character(char),
    Named(&'h str),
}

/// Reads what begins with `&`, and answers it with what is behind it; not a reference, it is an ampersand.
fn reference(from: &str) -> (Reference<'_>, &str) {
    let behind = from.get(1..).unwrap_or_default();
    let ampersand = (Reference::Character('&'), behind);
    if let Some(number) = behind.strip_prefix('#') {
        let (digits, radix) = match number.strip_prefix(['x', 'X']) {
            Some(hexadecimal) => (hexadecimal, 16),
            None => (number, 10),
        };
        let length = digits.bytes().take_while(|byte| char::from(*byte).is_digit(radix)).count();
        if length == 0 {
            return ampersand;
        }
        let (digits, behind) = digits.split_at(length);
        let number = u32::from_str_radix(digits, radix).unwrap_or(u32::MAX);
        return (Reference::Character(numbered(number)), behind.strip_prefix(';').unwrap_or(behind));
    }
    let length = behind.bytes().take(32).take_while(u8::is_ascii_alphanumeric).count();
    let (name, tail) = behind.split_at(length);
    match (named(name), tail.strip_prefix(';')) {
        (Some(c), Some(tail)) => (Reference::Character(c), tail),
        // These few are known without their semicolon as well.
        (Some(c), None) if matches!(name, "amp" | "lt" | "gt" | "quot" | "nbsp") => (Reference::Character(c), tail),
        (None, Some(tail)) if length > 0 => (Reference::Named(name), tail),
        _ => ampersand,
    }
}

/// The character of a numeric reference, as the HTML standard has it; nothing that is not a character.
fn numbered(number: u32) -> char {
    const WINDOWS_1252: [char; 32] = [
        '€', '\u{FFFD}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{FFFD}', 'Ž', '\u{FFFD}', '\u{FFFD}', '‘', '’', '“',
        '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{FFFD}', 'ž', 'Ÿ',
    ];
    match number {
        0 => '\u{FFFD}',
        0x80..=0x9F => WINDOWS_1252.get(number as usize - 0x80).copied().unwrap_or('\u{FFFD}'),
        _ => char::from_u32(number).unwrap_or('\u{FFFD}'),
    }
}

/// The named references that this pass decodes; html2text knows the rest.
fn named(name: &str) -> Option<char> {
    Some(match name {
        "amp" | "AMP" => '&',
        "lt" | "LT" => '<',
        "gt" | "GT" => '>',
        "quot" | "QUOT" => '"',
        "apos" => '\'',
        "nbsp" => '\u{A0}',
        "shy" => '\u{AD}',
        "hellip" => '…',
        "ndash" => '–',
        "mdash" => '—',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "laquo" => '«',
        "raquo" => '»',
        "middot" => '·',
        "bull" => '•',
        "times" => '×',
        "copy" => '©',
        "reg" => '®',
        "trade" => '™',
        "deg" => '°',
        "euro" => '€',
        "pound" => '£',
        "sect" => '§',
        _ => return None,
    })
}

/// An attribute's value with its references decoded.
fn decode(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find('&') {
        let (text, from) = rest.split_at(at);
        out.push_str(text);
        let (decoded, behind) = reference(from);
        match decoded {
            Reference::Character(c) => out.push(c),
            Reference::Named(name) => out.extend(["&", name, ";"]),
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}
