//! `Parcel`: a post as few bytes, for as long as nobody looks at it.
//!
//! Thousands of posts are held and a dozen are looked at. Folded, one is its letters in shorthand and some sixty bytes: numbers of
//! variable length instead of fields, and one allocation instead of many. Opening one takes a microsecond and gives exactly what was
//! folded, to which debug builds hold it each time; one that has what is rare (a poll, a quote, a matching filter, a word of the
//! server's that we do not know) stays as it is. Absent on purpose: which posts are folded when; the store knows that. Nothing of
//! this leaves the process.

use super::shorthand::Shorthand;
use crate::model::{
    AccountId, Card, Counts, Emoji, Media, MediaKind, Mention, Personal, Status, StatusId, StatusTag, Timestamp, Visibility,
};
use crate::text::{Html, Plain, Stretch, together};
use std::borrow::Cow;
use std::sync::Arc;

/// A folded post.
#[derive(Debug)]
pub(super) struct Parcel {
    packed: Box<[u8]>,
    /// What its letters are written with, where they are not written out.
    shorthand: Option<Arc<Shorthand>>,
}

impl Parcel {
    /// Folds a post; nothing where it cannot be opened again as what it is.
    pub(super) fn fold(status: &mut Status, shorthand: &Arc<Shorthand>) -> Option<Self> {
        let mut bytes = Writer(Vec::with_capacity(192));
        bytes.shape(status)?;
        let texts = status.texts();
        for text in &texts {
            bytes.length(text.as_str().len());
        }
        let letters = together(&texts);
        let short = shorthand.shorten(&letters);
        let written = short.as_deref().unwrap_or(letters.as_bytes());
        bytes.0.reserve_exact(written.len());
        bytes.0.extend_from_slice(written);
        let parcel = Self { packed: bytes.0.into_boxed_slice(), shorthand: short.is_some().then(|| Arc::clone(shorthand)) };
        debug_assert_eq!(parcel.open(&status.id, &status.account), *status, "it opens as what it was");
        Some(parcel)
    }

    /// Everything that a post says, one after the other.
    pub(super) fn letters(status: &mut Status) -> String {
        together(&status.texts())
    }

    /// A post of which nothing is known but its id and its author's.
    pub(super) fn blank(id: &StatusId, account: &AccountId) -> Status {
        Reader(&[]).shape(id, account)
    }

    /// The post again, by its id and its author's.
    pub(super) fn open(&self, id: &StatusId, account: &AccountId) -> Status {
        let mut reader = Reader(&self.packed);
        let mut status = reader.shape(id, account);
        let mut texts = status.texts();
        let lengths: Vec<usize> = texts.iter().map(|_| reader.length()).collect();
        let letters = match &self.shorthand {
            Some(shorthand) => Cow::Owned(shorthand.lengthen(reader.0)),
            None => Cow::Borrowed(reader.0),
        };
        // Nothing but a fault of ours makes it fail.
        let whole = std::str::from_utf8(&letters).inspect_err(|error| tracing::error!(%id, %error, "a folded post cannot be opened"));
        let whole: Arc<str> = whole.unwrap_or_default().into();
        let mut from = 0;
        for (text, length) in texts.iter_mut().zip(lengths) {
            **text = Stretch::part(&whole, from, from.saturating_add(length));
            from = from.saturating_add(length);
        }
        status
    }
}

/// Numbers of seven bits a byte, the lowest first.
struct Writer(Vec<u8>);

impl Writer {
    fn number(&mut self, mut number: u64) {
        while number > 0x7f {
            self.0.push(low_bits(number) | 0x80);
            number >>= 7;
        }
        self.0.push(low_bits(number));
    }

    fn length(&mut self, length: usize) {
        self.number(length as u64);
    }

    /// Answers to questions, eight at most.
    fn flags<const N: usize>(&mut self, flags: [bool; N]) {
        self.number(flags.iter().rev().fold(0, |number, flag| number << 1 | u64::from(*flag)));
    }

    fn maybe<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.flags([value.is_some()]);
        if let Some(value) = value {
            write(self, value);
        }
    }

    fn id(&mut self, id: &str) {
        self.length(id.len());
        self.0.extend_from_slice(id.as_bytes());
    }

    fn time(&mut self, time: Timestamp) {
        let seconds = time.as_second();
        self.flags([seconds < 0, time.subsec_nanosecond() < 0]);
        self.number(seconds.unsigned_abs());
        self.number(u64::from(time.subsec_nanosecond().unsigned_abs()));
    }

    fn answer(&mut self, answer: Option<bool>) {
        self.number(match answer {
            None => 0,
            Some(false) => 1,
            Some(true) => 2,
        });
    }

    /// Everything but its letters; nothing where it has what is rare.
    fn shape(&mut self, status: &Status) -> Option<()> {
        let Status {
            id: _,
            account: _,
            created_at,
            edited_at,
            visibility,
            language,
            spoiler_text: _,
            content,
            sensitive,
            reblog,
            in_reply_to_id,
            in_reply_to_account_id,
            media_attachments,
            poll: None,
            card,
            quote: None,
            mentions,
            tags,
            emojis,
            counts: Counts { replies, reblogs, favourites, quotes },
            personal: Personal { favourited, reblogged, bookmarked, muted, pinned },
            filtered,
            url,
            omitted,
        } = status
        else {
            return None;
        };
        if filtered.as_ref().is_some_and(|found| !found.is_empty()) {
            return None;
        }
        self.flags([language.is_some(), url.is_some(), *sensitive, content.is_beside_its_quote(), filtered.is_some(), card.is_some()]);
        self.number(match visibility {
            Visibility::Public => 0,
            Visibility::Unlisted => 1,
            Visibility::Private => 2,
            Visibility::Direct => 3,
            Visibility::Other(_) => return None,
        });
        for time in [created_at, edited_at] {
            self.maybe(*time, Self::time);
        }
        self.maybe(reblog.as_ref(), |bytes, id| bytes.id(id.as_str()));
        self.maybe(in_reply_to_id.as_ref(), |bytes, id| bytes.id(id.as_str()));
        self.maybe(in_reply_to_account_id.as_ref(), |bytes, id| bytes.id(id.as_str()));
        self.length(media_attachments.len());
        for Media { kind, description, url, preview, blurhash, size, seconds } in media_attachments {
            self.number(match kind {
                MediaKind::Image => 0,
                MediaKind::Gifv => 1,
                MediaKind::Video => 2,
                MediaKind::Audio => 3,
                MediaKind::Unknown => 4,
                MediaKind::Other(_) => return None,
            });
            self.flags([description, url, preview, blurhash].map(Option::is_some));
            self.maybe(*size, |bytes, (width, height)| {
                bytes.number(u64::from(width));
                bytes.number(u64::from(height));
            });
            self.maybe(*seconds, |bytes, seconds| bytes.number(u64::from(seconds)));
        }
        if let Some(card) = card {
            let Card { url: _, title: _, description: _, provider_name: _, authors } = &**card;
            self.length(authors.len());
        }
        self.length(mentions.len());
        for Mention { id, acct: _, url } in mentions {
            self.flags([url.is_some()]);
            self.maybe(id.as_ref(), |bytes, id| bytes.id(id.as_str()));
        }
        self.length(tags.len());
        for StatusTag { name: _, url } in tags {
            self.flags([url.is_some()]);
        }
        self.length(emojis.len());
        for Emoji { shortcode: _, picture } in emojis {
            self.flags([picture.is_some()]);
        }
        for count in [replies, reblogs, favourites, quotes] {
            self.number(*count);
        }
        for answer in [favourited, reblogged, bookmarked, muted, pinned] {
            self.answer(*answer);
        }
        self.number(u64::from(*omitted));
        Some(())
    }
}

/// Reads what a [`Writer`] wrote; beyond its end everything is zero.
struct Reader<'b>(&'b [u8]);

impl Reader<'_> {
    fn number(&mut self) -> u64 {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let Some((byte, rest)) = self.0.split_first() else { break };
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        number
    }

    fn length(&mut self) -> usize {
        usize::try_from(self.number()).unwrap_or(usize::MAX)
    }

    fn small(&mut self) -> u32 {
        u32::try_from(self.number()).unwrap_or(u32::MAX)
    }

    fn flags<const N: usize>(&mut self) -> [bool; N] {
        let number = self.number();
        std::array::from_fn(|at| number >> at & 1 == 1)
    }

    fn flag(&mut self) -> bool {
        let [flag] = self.flags();
        flag
    }

    fn maybe<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.flag() { read(self) } else { None }
    }

    /// So many things; never more than bytes are left.
    fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let count = self.length().min(self.0.len());
        (0..count).map(|_| read(self)).collect()
    }

    fn id(&mut self) -> &str {
        let length = self.length();
        let (id, rest) = self.0.split_at_checked(length).unwrap_or_default();
        self.0 = rest;
        std::str::from_utf8(id).unwrap_or_default()
    }

    fn time(&mut self) -> Option<Timestamp> {
        let [is_before, is_less] = self.flags();
        let sign = |is_negative: bool, number: i64| if is_negative { -number } else { number };
        let seconds = sign(is_before, i64::try_from(self.number()).ok()?);
        let nanoseconds = sign(is_less, i64::try_from(self.number()).ok()?);
        Timestamp::new(seconds, i32::try_from(nanoseconds).ok()?).ok()
    }

    fn answer(&mut self) -> Option<bool> {
        match self.number() {
            0 => None,
            number => Some(number > 1),
        }
    }

    /// A post whose texts are all blank.
    fn shape(&mut self, id: &StatusId, account: &AccountId) -> Status {
        let blank = |is_there: bool| is_there.then(Plain::default);
        let [has_language, has_url, sensitive, is_beside, has_filters, has_card] = self.flags();
        let visibility = match self.number() {
            0 => Visibility::Public,
            1 => Visibility::Unlisted,
            2 => Visibility::Private,
            _ => Visibility::Direct,
        };
        let content = if is_beside { Html::default().beside_its_quote() } else { Html::default() };
        Status {
            id: id.clone(),
            account: account.clone(),
            created_at: self.maybe(Self::time),
            edited_at: self.maybe(Self::time),
            visibility,
            language: blank(has_language),
            spoiler_text: Plain::default(),
            content,
            sensitive,
            reblog: self.maybe(|bytes| StatusId::new(bytes.id())),
            in_reply_to_id: self.maybe(|bytes| StatusId::new(bytes.id())),
            in_reply_to_account_id: self.maybe(|bytes| AccountId::new(bytes.id())),
            media_attachments: self.list(|bytes| {
                let kind = match bytes.number() {
                    0 => MediaKind::Image,
                    1 => MediaKind::Gifv,
                    2 => MediaKind::Video,
                    3 => MediaKind::Audio,
                    _ => MediaKind::Unknown,
                };
                let [description, url, preview, blurhash] = bytes.flags().map(blank);
                let size = bytes.maybe(|bytes| Some((bytes.small(), bytes.small())));
                Media { kind, description, url, preview, blurhash, size, seconds: bytes.maybe(|bytes| Some(bytes.small())) }
            }),
            poll: None,
            card: has_card.then(|| {
                let authors = self.list(|_| Plain::default());
                let [url, title, description, provider_name] = std::array::from_fn(|_| Plain::default());
                Box::new(Card { url, title, description, provider_name, authors })
            }),
            quote: None,
            mentions: self.list(|bytes| {
                let url = blank(bytes.flag());
                Mention { id: bytes.maybe(|bytes| AccountId::new(bytes.id())), acct: Plain::default(), url }
            }),
            tags: self.list(|bytes| StatusTag { name: Plain::default(), url: blank(bytes.flag()) }),
            emojis: self.list(|bytes| Emoji { shortcode: Plain::default(), picture: blank(bytes.flag()) }),
            counts: Counts { replies: self.number(), reblogs: self.number(), favourites: self.number(), quotes: self.number() },
            personal: Personal {
                favourited: self.answer(),
                reblogged: self.answer(),
                bookmarked: self.answer(),
                muted: self.answer(),
                pinned: self.answer(),
            },
            filtered: has_filters.then(Vec::new),
            url: blank(has_url),
            omitted: self.small(),
        }
    }
}

fn low_bits(number: u64) -> u8 {
    (number & 0x7f) as u8
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::{FilterAction, FilterMatch, Poll, Quote, QuoteState};
    use proptest::prelude::*;

    /// Bits of a number, one after the other.
    pub(in crate::state::store) struct Dice(pub(in crate::state::store) u64);

    impl Dice {
        fn below(&mut self, most: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % most
        }

        fn coin(&mut self) -> bool {
            self.below(2) == 0
        }

        fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
            self.coin().then(|| make(self))
        }

        fn many<T>(&mut self, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
            (0..self.below(4)).map(|_| make(self)).collect()
        }

        fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
            all[usize::try_from(self.below(all.len() as u64)).unwrap()].clone()
        }

        fn text(&mut self) -> Plain {
            let texts = ["", "words", "https://tide.example/@ada/117", "漢字 und é", "👩\u{200d}🚀\nnext line", &"long ".repeat(400)];
            Plain::lines(self.one_of(&texts))
        }

        fn id(&mut self) -> String {
            let id = self.one_of(&["117000000000000001", "9", "01M84J031QK2XTCWCVK3P3RAAC"]);
            format!("{id}{}", self.below(1_000))
        }

        fn time(&mut self) -> Timestamp {
            self.one_of(&["2026-11-26T12:00:00.123456789Z", "1969-12-31T23:59:58.5Z", "0000-01-01T00:00:00Z", "1970-01-01T00:00:00Z"])
                .parse()
                .unwrap()
        }

        fn count(&mut self) -> u64 {
            self.one_of(&[0, 7, 127, 128, 1 << 20, u64::MAX])
        }

        fn answer(&mut self) -> Option<bool> {
            self.maybe(Self::coin)
        }

        /// A post without anything rare.
        pub(in crate::state::store) fn status(&mut self) -> Status {
            use {MediaKind as Kind, Visibility as Who};
            let html =
                ["", "<p>Hello</p>", "<p>漢字 <a href=\"https://tide.example/tags/x\" class=\"mention hashtag\" rel=\"tag\">#x</a></p>"];
            let content = Html::new(self.one_of(&html));
            Status {
                id: StatusId::new(&self.id()).unwrap(),
                account: AccountId::new(&self.id()).unwrap(),
                created_at: self.maybe(Self::time),
                edited_at: self.maybe(Self::time),
                visibility: self.one_of(&[Who::Public, Who::Unlisted, Who::Private, Who::Direct]),
                language: self.maybe(Self::text),
                spoiler_text: self.text(),
                content: if self.coin() { content.beside_its_quote() } else { content },
                sensitive: self.coin(),
                reblog: self.maybe(|dice| StatusId::new(&dice.id()).unwrap()),
                in_reply_to_id: self.maybe(|dice| StatusId::new(&dice.id()).unwrap()),
                in_reply_to_account_id: self.maybe(|dice| AccountId::new(&dice.id()).unwrap()),
                media_attachments: self.many(|dice| Media {
                    kind: dice.one_of(&[Kind::Image, Kind::Gifv, Kind::Video, Kind::Audio, Kind::Unknown]),
                    description: dice.maybe(Self::text),
                    url: dice.maybe(Self::text),
                    preview: dice.maybe(Self::text),
                    blurhash: dice.maybe(Self::text),
                    size: dice.maybe(|dice| (dice.one_of(&[0, 1_600, u32::MAX]), 900)),
                    seconds: dice.maybe(|dice| dice.one_of(&[0, 61, u32::MAX])),
                }),
                poll: None,
                card: self.maybe(|dice| {
                    let [url, title, description, provider_name] = std::array::from_fn(|_| dice.text());
                    Box::new(Card { url, title, description, provider_name, authors: dice.many(Self::text) })
                }),
                quote: None,
                mentions: self.many(|dice| Mention {
                    id: dice.maybe(|dice| AccountId::new(&dice.id()).unwrap()),
                    acct: dice.text(),
                    url: dice.maybe(Self::text),
                }),
                tags: self.many(|dice| StatusTag { name: dice.text(), url: dice.maybe(Self::text) }),
                emojis: self.many(|dice| Emoji { shortcode: dice.text(), picture: dice.maybe(Self::text) }),
                counts: Counts { replies: self.count(), reblogs: self.count(), favourites: self.count(), quotes: self.count() },
                personal: Personal {
                    favourited: self.answer(),
                    reblogged: self.answer(),
                    bookmarked: self.answer(),
                    muted: self.answer(),
                    pinned: self.answer(),
                },
                filtered: self.maybe(|_| Vec::new()),
                url: self.maybe(Self::text),
                omitted: self.one_of(&[0, 3, u32::MAX]),
            }
        }
    }

    /// Learned from other posts.
    fn shorthand(seed: u64) -> Arc<Shorthand> {
        let mut dice = Dice(seed ^ 1);
        Arc::new(Shorthand::learn((0..4).map(|_| Parcel::letters(&mut dice.status()))))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_post_opens_as_what_it_was(seed: u64, is_packed: bool) {
            let mut status = Dice(seed).status();
            if is_packed {
                status.pack();
            }
            let whole = status.clone();
            let parcel = Parcel::fold(&mut status, &shorthand(seed)).expect("it has nothing rare");
            prop_assert_eq!(&status, &whole, "folding changes nothing");
            prop_assert_eq!(parcel.open(&whole.id, &whole.account), whole);
        }

        #[test]
        fn whatever_stands_there_opens_as_something(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let status = Dice(0).status();
            let opened = Parcel { packed: bytes.into(), shorthand: None }.open(&status.id, &status.account);
            prop_assert_eq!(opened.id, status.id);
        }
    }

    #[test]
    fn what_is_rare_is_not_folded() {
        let folds = |change: &dyn Fn(&mut Status)| {
            let mut status = Dice(1).status();
            change(&mut status);
            Parcel::fold(&mut status, &shorthand(1)).is_some()
        };
        assert!(folds(&|_| {}));
        let word = || Plain::line("new");
        assert!(!folds(&|status| status.visibility = Visibility::Other(word())));
        assert!(!folds(&|status| status.quote = Some(Box::new(Quote { state: QuoteState::Pending, status: None }))));
        assert!(!folds(&|status| {
            let (options, own_votes) = (Vec::new(), None);
            let [multiple, expired] = [false; 2];
            status.poll = Some(Box::new(Poll {
                options,
                votes_count: 0,
                voters_count: None,
                multiple,
                expired,
                expires_at: None,
                voted: None,
                own_votes,
            }));
        }));
        assert!(!folds(&|status| {
            let found = FilterMatch { title: word(), context: Vec::new(), action: FilterAction::Warn };
            status.filtered = Some(vec![found]);
        }));
        assert!(!folds(&|status| {
            let [description, url, preview, blurhash] = [const { None }; 4];
            let medium = Media { kind: MediaKind::Other(word()), description, url, preview, blurhash, size: None, seconds: None };
            status.media_attachments.push(medium);
        }));
    }

    #[test]
    fn a_folded_post_is_hardly_more_than_its_letters_in_shorthand() {
        let mut status = Dice(0).status();
        let html = "<p>Shipping the new release tonight, and then some tea by the harbour. \
            <a href=\"https://tide.example/tags/release\" class=\"mention hashtag\" rel=\"tag\">#<span>release</span></a></p>";
        (status.content, status.url) = (Html::new(html), Some(Plain::address("https://tide.example/@ada/117000000000000001")));
        (status.media_attachments, status.card, status.mentions) = (Vec::new(), None, Vec::new());
        let letters = Parcel::letters(&mut status);
        let foreign = Parcel::fold(&mut status, &Arc::new(Shorthand::learn([]))).unwrap();
        let known = Parcel::fold(&mut status, &Arc::new(Shorthand::learn([letters.clone()]))).unwrap();
        let [foreign, known] = [&foreign, &known].map(|parcel| parcel.packed.len());
        let room = size_of::<Status>() / 4;
        assert!(foreign < letters.len() + room && known < letters.len() / 2 + room, "{foreign}, {known} bytes for {}", letters.len());
    }
}
