//! Entities straight out of the string that they were sent in: the payload of a message is JSON written as a JSON string, and
//! nearly all of it is never looked at, so here it is read as it stands, each byte once, and only what is kept is unescaped. Pages
//! are read alike; what is between the two is how a quote is written.
//!
//! This reads what servers send and nothing else: no white space, no surrogates, no field twice, no type that the
//! documentation does not name, nothing deeper than [`DEEPEST`]. Whatever is different is answered with `None`, and then
//! the lenient way (serde, field by field) decides what it is worth. What is read here is read there alike: `frame` has
//! tests that compare the two. Absent on purpose: any leniency, and judgement about what was read.

use super::{
    Account, AccountWarning, AnnualReport, Collection, Count, CustomEmoji, Filter, FilterResult, Flag, Id, Many, MediaAttachment,
    MediaMeta, MediaSize, Mention, Nested, Notification, One, Poll, PollOption, PreviewCard, PreviewCardAuthor, Quote, Raw,
    RelationshipSeveranceEvent, Report, Status, Tag, Text, count,
};
use crate::text::runs;
use std::borrow::Cow;

/// How deep values may lie in each other.
const DEEPEST: u8 = 24;

/// A place in a message, whose entity is `INSIDE` a string, or in a page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a, const INSIDE: bool> {
    text: &'a str,
    at: usize,
    depth: u8,
}

/// What can be read of a payload; `None` where the lenient way has to decide.
pub(crate) trait Read<'a>: Sized {
    /// Reads one value.
    fn read<const INSIDE: bool>(reader: &mut Reader<'a, INSIDE>) -> Option<Self>;
}

/// What is an object on the wire.
pub(crate) trait Object<'a>: Default {
    /// Reads or skips the value of a key; gives the bit of the field, none for a key that nothing reads.
    fn field<const INSIDE: bool>(&mut self, key: &[u8], reader: &mut Reader<'a, INSIDE>) -> Option<u64>;

    /// Whether what was read may be read here.
    fn is_plain(&self) -> bool {
        true
    }
}

impl<'a, const INSIDE: bool> Reader<'a, INSIDE> {
    /// What a string of an entity begins and ends with.
    const QUOTE: &'static [u8] = if INSIDE { b"\\\"" } else { b"\"" };
    /// What stands between a key and its value.
    const BEHIND_KEY: &'static [u8] = if INSIDE { b"\\\":" } else { b"\":" };

    /// The beginning of a text.
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    /// Whether everything was read; GoToSocial ends a message with a line end.
    pub(crate) fn is_at_end(&self) -> bool {
        self.rest().iter().all(|byte| *byte == b'\n')
    }

    /// Reads what is expected.
    #[inline]
    pub(crate) fn eat(&mut self, token: &[u8]) -> Option<()> {
        self.rest().starts_with(token).then(|| self.at += token.len())
    }

    /// Reads a plain string of the message itself, without its quotes.
    pub(crate) fn word(&mut self) -> Option<&'a str> {
        self.eat(b"\"")?;
        let word = self.plain()?;
        self.eat(b"\"")?;
        Some(word)
    }

    /// Reads a list of plain strings of the message itself, as it stands.
    pub(crate) fn words(&mut self) -> Option<&'a str> {
        let start = self.at;
        self.eat(b"[")?;
        loop {
            self.word()?;
            if self.eat(b",").is_none() {
                break;
            }
        }
        self.eat(b"]")?;
        self.text.get(start..self.at)
    }

    /// Reads an entity and gives what it was read from as well, still escaped.
    pub(crate) fn payload<T: Object<'a>>(&mut self) -> Option<(T, &'a str)> {
        self.eat(b"\"")?;
        let read = self.entity()?;
        self.eat(b"\"")?;
        Some(read)
    }

    /// Reads a page: each entity of a list with the text that it was read from, up to the first that `take` refuses.
    pub(crate) fn page<T: Object<'a>>(&mut self, mut take: impl FnMut(T, &'a str) -> Option<()>) -> Option<()> {
        self.elements(|reader| reader.entity().and_then(|(entity, raw)| take(entity, raw)))
    }

    /// Reads an entity and gives what it was read from as well.
    fn entity<T: Object<'a>>(&mut self) -> Option<(T, &'a str)> {
        let start = self.at;
        let entity = self.object()?;
        Some((entity, self.text.get(start..self.at)?))
    }

    #[inline]
    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Reads what stands for itself in a string.
    #[inline]
    fn plain(&mut self) -> Option<&'a str> {
        let start = self.at;
        self.at += runs::unescaped(self.rest());
        self.text.get(start..self.at)
    }

    /// Reads a string inside the payload: as it stands, and whether anything in it is escaped.
    #[inline]
    fn string(&mut self) -> Option<(&'a str, bool)> {
        self.eat(Self::QUOTE)?;
        let start = self.at;
        let is_escaped = self.finish_string()?;
        let found = self.text.get(start..self.at)?;
        self.at += Self::QUOTE.len();
        Some((found, is_escaped))
    }

    /// Goes to the end of the string inside which this is; says whether anything in it is escaped.
    fn finish_string(&mut self) -> Option<bool> {
        let mut is_escaped = false;
        let mut rest = self.rest();
        loop {
            rest = rest.get(runs::unescaped(rest)..)?;
            if rest.starts_with(Self::QUOTE) {
                self.at = self.text.len() - rest.len();
                return Some(is_escaped);
            }
            rest = rest.get(escape::<INSIDE>(rest)?.length..)?;
            is_escaped = true;
        }
    }

    /// Reads a string inside the payload.
    fn unescaped(&mut self) -> Option<Cow<'a, str>> {
        let (raw, is_escaped) = self.string()?;
        if is_escaped { unescape::<INSIDE>(raw).map(Cow::Owned) } else { Some(Cow::Borrowed(raw)) }
    }

    fn number(&mut self) -> Option<&'a str> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        // One with an exponent, or another digit behind a zero, ends nowhere.
        matches!(self.peek(), Some(b',' | b'}' | b']')).then(|| self.text.get(start..self.at)).flatten()
    }

    #[inline]
    fn digits(&mut self) -> Option<()> {
        let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += digits;
        (digits > 0).then_some(())
    }

    fn object<T: Object<'a>>(&mut self) -> Option<T> {
        let mut read = T::default();
        let mut seen = 0;
        self.members(|key, reader| {
            let bit = read.field(key, reader)?;
            // Of two fields of one name nobody says which counts.
            (seen & bit == 0).then(|| seen |= bit)
        })?;
        read.is_plain().then_some(read)
    }

    /// Reads an object, member by member.
    fn members(&mut self, mut member: impl FnMut(&'a [u8], &mut Self) -> Option<()>) -> Option<()> {
        self.eat(b"{")?;
        if self.eat(b"}").is_some() {
            return Some(());
        }
        self.enter()?;
        loop {
            // A key in which anything is escaped is none of ours.
            self.eat(Self::QUOTE)?;
            let key = self.plain()?;
            self.eat(Self::BEHIND_KEY)?;
            member(key.as_bytes(), self)?;
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => break,
                _ => return None,
            }
        }
        self.at += 1;
        self.depth -= 1;
        Some(())
    }

    /// Reads a list, element by element.
    fn elements(&mut self, mut element: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.eat(b"[")?;
        if self.eat(b"]").is_some() {
            return Some(());
        }
        self.enter()?;
        loop {
            element(self)?;
            match self.peek()? {
                b',' => self.at += 1,
                b']' => break,
                _ => return None,
            }
        }
        self.at += 1;
        self.depth -= 1;
        Some(())
    }

    fn enter(&mut self) -> Option<()> {
        self.depth += 1;
        (self.depth <= DEEPEST).then_some(())
    }

    /// Passes a value that nothing reads.
    fn skip(&mut self) -> Option<()> {
        match self.peek()? {
            b'\\' | b'"' => {
                self.eat(Self::QUOTE)?;
                self.finish_string()?;
                self.at += Self::QUOTE.len();
                Some(())
            }
            b'{' => self.members(|_, reader| reader.skip()),
            b'[' => self.elements(Self::skip),
            b'n' => self.eat(b"null"),
            b't' => self.eat(b"true"),
            b'f' => self.eat(b"false"),
            _ => self.number().map(drop),
        }
    }
}

/// A payload of which [`Reader::payload`] has read an entity, unescaped once: of what it accepts only quotes and backslashes
/// are escaped in the message.
pub(crate) fn unescaped_once(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let (mut from, mut at) = (0, 0);
    while let Some(rest) = raw.as_bytes().get(at..) {
        at += runs::unescaped(rest);
        out.push_str(raw.get(from..at).unwrap_or_default());
        // What is escaped begins the next piece, whatever it is.
        (from, at) = (at + 1, at + 2);
    }
    out
}

/// What is written with a backslash.
struct Escape {
    /// The character; `None` for half of a surrogate pair.
    meant: Option<char>,
    /// Bytes that it takes.
    length: usize,
}

/// Reads what is written with a backslash, with which the text begins: inside a message that is doubled, and a quote or a backslash
/// behind it has one of its own.
#[inline]
fn escape<const INSIDE: bool>(text: &[u8]) -> Option<Escape> {
    let (before, behind) = text.split_at_checked(if INSIDE { 2 } else { 1 })?;
    let at = before.len();
    if !before.iter().all(|byte| *byte == b'\\') {
        return None;
    }
    Some(match behind {
        [b'\\', escaped @ (b'"' | b'\\'), ..] if INSIDE => Escape { meant: Some(char::from(*escaped)), length: at + 2 },
        [escaped @ (b'"' | b'\\'), ..] if !INSIDE => Escape { meant: Some(char::from(*escaped)), length: at + 1 },
        [b'n', ..] => Escape { meant: Some('\n'), length: at + 1 },
        [b't', ..] => Escape { meant: Some('\t'), length: at + 1 },
        [b'r', ..] => Escape { meant: Some('\r'), length: at + 1 },
        [b'b', ..] => Escape { meant: Some('\u{8}'), length: at + 1 },
        [b'f', ..] => Escape { meant: Some('\u{c}'), length: at + 1 },
        [b'/', ..] => Escape { meant: Some('/'), length: at + 1 },
        [b'u', digits @ ..] => {
            let number = digits.get(..4)?.iter().try_fold(0, |number, digit| Some(number << 4 | char::from(*digit).to_digit(16)?))?;
            Escape { meant: char::from_u32(number), length: at + 5 }
        }
        _ => return None,
    })
}

/// Unescapes a string of an entity, as [`Reader::string`] accepts it; `None` for halves of surrogate pairs.
fn unescape<const INSIDE: bool>(raw: &str) -> Option<String> {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    loop {
        let (plain, behind) = rest.split_at_checked(runs::unescaped(rest.as_bytes()))?;
        out.push_str(plain);
        if behind.is_empty() {
            return Some(out);
        }
        let Escape { meant, length } = escape::<INSIDE>(behind.as_bytes())?;
        out.push(meant?);
        rest = behind.get(length..)?;
    }
}

impl<'a> Read<'a> for Text<'a> {
    fn read<const INSIDE: bool>(reader: &mut Reader<'a, INSIDE>) -> Option<Self> {
        if reader.peek()? == b'n' {
            return reader.eat(b"null").map(|()| Self(None));
        }
        reader.unescaped().map(|text| Self(Some(text)))
    }
}

impl<'a> Read<'a> for Id<'a> {
    fn read<const INSIDE: bool>(reader: &mut Reader<'a, INSIDE>) -> Option<Self> {
        Text::read(reader).map(|Text(text)| Self(text))
    }
}

impl<'a> Read<'a> for Flag {
    fn read<const INSIDE: bool>(reader: &mut Reader<'a, INSIDE>) -> Option<Self> {
        match reader.peek()? {
            b't' => reader.eat(b"true").map(|()| Self(Some(true))),
            b'f' => reader.eat(b"false").map(|()| Self(Some(false))),
            _ => reader.eat(b"null").map(|()| Self(None)),
        }
    }
}

impl<'a> Read<'a> for Count {
    fn read<const INSIDE: bool>(reader: &mut Reader<'a, INSIDE>) -> Option<Self> {
        if reader.peek()? == b'n' {
            return reader.eat(b"null").map(|()| Self(None));
        }
        reader.number().map(|number| Self(count(number)))
    }
}

/// The action of a filter, which alone is read so: what stays shut would stay escaped.
impl<'a> Read<'a> for Raw<'a> {
    fn read<const INSIDE: bool>(reader: &mut Reader<'a, INSIDE>) -> Option<Self> {
        let Text(action) = Text::read(reader)?;
        Some(Self(match action.as_deref() {
            None => None,
            Some("warn") => Some("\"warn\""),
            Some("hide") => Some("\"hide\""),
            Some("blur") => Some("\"blur\""),
            Some(_) => return None,
        }))
    }
}

impl<'a, T: Object<'a>> Read<'a> for One<T> {
    fn read<const INSIDE: bool>(reader: &mut Reader<'a, INSIDE>) -> Option<Self> {
        if reader.peek()? == b'n' {
            return reader.eat(b"null").map(|()| Self(None));
        }
        reader.object().map(|read| Self(Some(Box::new(read))))
    }
}

impl<'a, T: Object<'a>> Read<'a> for Nested<'a, T> {
    fn read<const INSIDE: bool>(reader: &mut Reader<'a, INSIDE>) -> Option<Self> {
        One::read(reader).map(Self::Open)
    }
}

impl<'a, T: Read<'a>, const MOST: usize> Read<'a> for Many<T, MOST> {
    fn read<const INSIDE: bool>(reader: &mut Reader<'a, INSIDE>) -> Option<Self> {
        if reader.peek()? == b'n' {
            return reader.eat(b"null").map(|()| Self::default());
        }
        let mut items = Vec::new();
        reader.elements(|reader| (items.len() < MOST).then(|| T::read(reader).map(|item| items.push(item))).flatten())?;
        Some(Self { items, omitted: 0, stated: true })
    }
}

/// What is read of which object, by the names of the keys.
macro_rules! objects {
    ($($name:ident $(<$life:lifetime>)? { $($key:literal $field:ident)* } $(if $plain:expr)?;)*) => {$(
        impl<'a> Object<'a> for $name $(<$life>)? {
            fn field<const INSIDE: bool>(&mut self, key: &[u8], reader: &mut Reader<'a, INSIDE>) -> Option<u64> {
                #[expect(non_camel_case_types, reason = "named as the fields are")]
                enum Place { $($field),* }
                match key {
                    $($key => {
                        self.$field = Read::read(reader)?;
                        Some(1 << Place::$field as u64)
                    })*
                    _ => reader.skip().map(|()| 0),
                }
            }

            $(fn is_plain(&self) -> bool {
                let plain: fn(&Self) -> bool = $plain;
                plain(self)
            })?
        }

        impl<'a> Read<'a> for $name $(<$life>)? {
            fn read<const INSIDE: bool>(reader: &mut Reader<'a, INSIDE>) -> Option<Self> {
                reader.object()
            }
        }
    )*};
}

objects! {
    Status<'a> {
        b"id" id b"account" account b"created_at" created_at b"edited_at" edited_at b"visibility" visibility b"language" language
        b"spoiler_text" spoiler_text b"content" content b"sensitive" sensitive b"reblog" reblog b"in_reply_to_id" in_reply_to_id
        b"in_reply_to_account_id" in_reply_to_account_id b"media_attachments" media_attachments b"poll" poll b"card" card
        b"quote" quote b"mentions" mentions b"tags" tags b"emojis" emojis b"replies_count" replies_count
        b"reblogs_count" reblogs_count b"favourites_count" favourites_count b"quotes_count" quotes_count b"favourited" favourited
        b"reblogged" reblogged b"bookmarked" bookmarked b"muted" muted b"pinned" pinned b"filtered" filtered b"url" url b"uri" uri
    };
    Account<'a> {
        b"id" id b"username" username b"acct" acct b"display_name" display_name b"url" url b"bot" bot b"locked" locked
        b"avatar" avatar b"avatar_static" avatar_static b"emojis" emojis
    };
    MediaAttachment<'a> {
        b"type" kind b"description" description b"url" url b"remote_url" remote_url b"preview_url" preview_url
        b"blurhash" blurhash b"meta" meta
    };
    MediaMeta { b"original" original b"width" width b"height" height b"duration" duration };
    MediaSize { b"width" width b"height" height b"duration" duration };
    Poll<'a> {
        b"options" options b"votes_count" votes_count b"voters_count" voters_count b"multiple" multiple b"expired" expired
        b"expires_at" expires_at b"voted" voted b"own_votes" own_votes
    };
    PollOption<'a> { b"title" title b"votes_count" votes_count };
    PreviewCard<'a> {
        b"url" url b"title" title b"description" description b"provider_name" provider_name b"author_name" author_name
        b"authors" authors
    };
    PreviewCardAuthor<'a> { b"name" name b"account" account };
    // One without a state and with an id may be the quoted post itself.
    Quote<'a> { b"state" state b"quoted_status" quoted_status b"quoted_status_id" quoted_status_id b"id" id }
        if |quote| quote.state.0.is_some() || quote.id.0.is_none();
    Mention<'a> { b"id" id b"username" username b"acct" acct b"url" url };
    Tag<'a> { b"name" name b"url" url };
    CustomEmoji<'a> { b"shortcode" shortcode b"url" url b"static_url" static_url };
    // What comes with the kinds that are not about a post is left to the lenient way.
    Notification<'a> {
        b"id" id b"type" kind b"created_at" created_at b"account" account b"status" status
        b"report" report b"event" event b"moderation_warning" moderation_warning b"annual_report" annual_report
        b"collection" collection
    };
    FilterResult<'a> { b"filter" filter };
    Filter<'a> { b"title" title b"context" context b"filter_action" action };
}

/// What is nowhere but in notifications of rare kinds.
macro_rules! rare {
    ($($name:ident $(<$life:lifetime>)?)*) => {$(
        impl<'a> Object<'a> for $name $(<$life>)? {
            fn field<const INSIDE: bool>(&mut self, _: &[u8], _: &mut Reader<'a, INSIDE>) -> Option<u64> {
                None
            }
        }
    )*};
}

rare!(Report<'a> RelationshipSeveranceEvent<'a> AccountWarning<'a> AnnualReport<'a> Collection<'a>);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn strings_are_unescaped_as_serde_does(text in "(\\PC|[\\\\\"/\n\t\r\u{8}\u{c}\u{1}<>]){0,40}") {
            let inner = serde_json::to_string(&text).unwrap().replace('<', "\\u003c").replace('/', "\\/");
            let outer = serde_json::to_string(&inner).unwrap();
            let mut reader = Reader::<true>::new(&outer);
            reader.eat(b"\"").unwrap();
            let (raw, _) = reader.string().unwrap();
            prop_assert_eq!(unescape::<true>(raw), Some(text.clone()));
            reader.eat(b"\"").unwrap();
            prop_assert!(reader.is_at_end());
            let mut reader = Reader::<false>::new(&inner);
            let (raw, is_escaped) = reader.string().unwrap();
            prop_assert_eq!((unescape::<false>(raw), is_escaped), (Some(text.clone()), raw != text));
            prop_assert!(reader.is_at_end());
            prop_assert_eq!(unescaped_once(outer.strip_prefix('"').unwrap().strip_suffix('"').unwrap()), inner);
        }
    }

    #[test]
    fn numbers_are_those_of_json() {
        let read = |text: &str| Reader::<true>::new(text).number().is_some();
        for good in ["0,", "-0}", "12]", "1.50,", "-3.0,"] {
            assert!(read(good), "{good}");
        }
        for bad in ["01,", "-,", ".5,", "1.,", "1e3,", "+1,", "1", "", "x", "1 ,"] {
            assert!(!read(bad), "{bad}");
        }
    }
}
