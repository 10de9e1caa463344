//! `Status` and what hangs on it. A boost names the boosted status by id; nothing is nested.

use crate::model::{AccountId, Emoji, StatusId, Timestamp};
use crate::text::{Html, LinkKind, Plain, RichText, Stretch, pack};

/// A post or a boost.
///
/// Source: <https://docs.joinmastodon.org/entities/Status/>. Lists are bounded by `mastodon::ingest`; what was cut off is
/// counted in `omitted`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Id on the reader's server.
    pub id: StatusId,
    /// Who wrote it; for a boost, who boosted.
    pub account: AccountId,
    /// When it was written; `None` where the date does not parse.
    pub created_at: Option<Timestamp>,
    /// When it was last edited. Of two copies the one with the older value (none is oldest) loses.
    pub edited_at: Option<Timestamp>,
    /// Who may see it.
    pub visibility: Visibility,
    /// Language code, where stated.
    pub language: Option<Plain>,
    /// Content warning; blank if there is none.
    pub spoiler_text: Plain,
    /// The words, still shut.
    pub content: Html,
    /// Whether its media are to be hidden at first.
    pub sensitive: bool,
    /// The boosted status.
    pub reblog: Option<StatusId>,
    /// The status that it answers.
    pub in_reply_to_id: Option<StatusId>,
    /// The account that it answers.
    pub in_reply_to_account_id: Option<AccountId>,
    /// Attached media.
    pub media_attachments: Vec<Media>,
    /// Poll.
    pub poll: Option<Box<Poll>>,
    /// Preview of a link in it.
    pub card: Option<Box<Card>>,
    /// Quoted status.
    pub quote: Option<Box<Quote>>,
    /// Accounts mentioned.
    pub mentions: Vec<Mention>,
    /// Hashtags.
    pub tags: Vec<StatusTag>,
    /// Custom emoji in it.
    pub emojis: Vec<Emoji>,
    /// How often it was answered, boosted, favourited.
    pub counts: Counts,
    /// The reader's own relation to it; absent fields were not stated (anonymous copies).
    pub personal: Personal,
    /// The reader's server filters that match; `None` where the copy does not say.
    pub filtered: Option<Vec<FilterMatch>>,
    /// Address of its page, or else what it is known by among servers where that is an address of the web.
    pub url: Option<Plain>,
    /// How many media, mentions, tags or options were cut off by bounds.
    pub omitted: u32,
}

impl Status {
    /// Opens the content; links are told apart by the status's own mentions and tags first.
    pub fn open(&self) -> RichText {
        self.content.open(&|url| {
            if self.mentions.iter().any(|mention| mention.url.as_ref().is_some_and(|known| known.as_str() == url)) {
                Some(LinkKind::Mention)
            } else if self.tags.iter().any(|tag| tag.url.as_ref().is_some_and(|known| known.as_str() == url)) {
                Some(LinkKind::Hashtag)
            } else {
                None
            }
        })
    }

    /// Brings all its texts into one allocation: for keeping it.
    pub(crate) fn pack(&mut self) {
        pack(self.texts());
    }

    /// All its texts but words of the server's for what we do not know, in an order that is the same for all of its shape.
    pub(crate) fn texts(&mut self) -> Vec<&mut Stretch> {
        let mut texts: Vec<&mut Stretch> = Vec::with_capacity(16);
        texts.extend([self.spoiler_text.stretch(), self.content.stretch()]);
        texts.extend([&mut self.language, &mut self.url].into_iter().flatten().map(Plain::stretch));
        for medium in &mut self.media_attachments {
            let Media { kind: _, description, url, preview, blurhash, size: _, seconds: _ } = medium;
            texts.extend([description, url, preview, blurhash].into_iter().flatten().map(Plain::stretch));
        }
        if let Some(poll) = &mut self.poll {
            texts.extend(poll.options.iter_mut().map(|option| option.title.stretch()));
        }
        if let Some(card) = &mut self.card {
            let Card { url, title, description, provider_name, authors } = &mut **card;
            texts.extend([url, title, description, provider_name].into_iter().chain(authors).map(Plain::stretch));
        }
        for mention in &mut self.mentions {
            texts.push(mention.acct.stretch());
            texts.extend(mention.url.as_mut().map(Plain::stretch));
        }
        for tag in &mut self.tags {
            texts.push(tag.name.stretch());
            texts.extend(tag.url.as_mut().map(Plain::stretch));
        }
        texts.extend(self.emojis.iter_mut().flat_map(Emoji::texts).map(Plain::stretch));
        texts.extend(self.filtered.iter_mut().flatten().map(|found| found.title.stretch()));
        texts
    }

    /// Whether this copy shows the reader's own view (`user`, `list`, REST) and not the anonymous one.
    pub fn is_personal(&self) -> bool {
        self.personal.favourited.is_some() || self.personal.reblogged.is_some() || self.personal.bookmarked.is_some()
    }
}

/// Who may see a status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visibility {
    /// Everyone, in public timelines.
    Public,
    /// Everyone, but in no public timeline.
    Unlisted,
    /// Followers.
    Private,
    /// Those mentioned.
    Direct,
    /// Another word of the server's.
    Other(Plain),
}

/// One attached medium.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// What it is.
    pub kind: MediaKind,
    /// Alt text, where written.
    pub description: Option<Plain>,
    /// Address of the whole.
    pub url: Option<Plain>,
    /// Address of a still image of it, smaller than the whole, where there is one.
    pub preview: Option<Plain>,
    /// What it looks like in a few letters (<https://docs.joinmastodon.org/entities/MediaAttachment/#blurhash>), unchecked.
    pub blurhash: Option<Plain>,
    /// Width and height in pixels, where stated.
    pub size: Option<(u32, u32)>,
    /// Length in seconds, where stated.
    pub seconds: Option<u32>,
}

/// What a medium is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaKind {
    /// A still image.
    Image,
    /// A soundless, looping video.
    Gifv,
    /// A video.
    Video,
    /// Sound.
    Audio,
    /// Something that the server did not recognise.
    Unknown,
    /// Another word of the server's.
    Other(Plain),
}

impl MediaKind {
    /// What it is in a word of ours: what we do not know is a file.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Gifv => "gif",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Unknown | Self::Other(_) => "file",
        }
    }
}

/// A poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poll {
    /// Its options in order.
    pub options: Vec<PollOption>,
    /// Votes in all.
    pub votes_count: u64,
    /// Voters, where several choices are allowed and the server counts them.
    pub voters_count: Option<u64>,
    /// Whether several choices are allowed.
    pub multiple: bool,
    /// Whether it has ended.
    pub expired: bool,
    /// When it ends or ended.
    pub expires_at: Option<Timestamp>,
    /// Whether the reader voted; `None` on anonymous copies.
    pub voted: Option<bool>,
    /// The reader's choices; `None` on anonymous copies.
    pub own_votes: Option<Vec<usize>>,
}

/// One option of a poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollOption {
    /// Its words.
    pub title: Plain,
    /// Votes for it; `None` while the server hides them.
    pub votes_count: Option<u64>,
}

/// Preview of a linked page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// Address.
    pub url: Plain,
    /// Title.
    pub title: Plain,
    /// First words.
    pub description: Plain,
    /// Who publishes it.
    pub provider_name: Plain,
    /// Who wrote it (4.3+ may name several), by name.
    pub authors: Vec<Plain>,
}

/// A quoted status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// Whether it may be shown.
    pub state: QuoteState,
    /// Which one, where it may be known.
    pub status: Option<StatusId>,
}

/// Whether a quote may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QuoteState {
    /// Waits for the quoted author.
    Pending,
    /// May be shown.
    Accepted,
    /// The quoted author said no.
    Rejected,
    /// The quoted author took the permission back.
    Revoked,
    /// The quoted post is gone.
    Deleted,
    /// The reader may not see the quoted post.
    Unauthorized,
    /// The reader blocks the author.
    BlockedAccount,
    /// The reader blocks the author's domain.
    BlockedDomain,
    /// The reader mutes the author.
    MutedAccount,
    /// Another word of the server's.
    Other(Plain),
}

/// A mentioned account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// Its id.
    pub id: Option<AccountId>,
    /// `username` or `username@domain`.
    pub acct: Plain,
    /// Address of its page as links in the content name it.
    pub url: Option<Plain>,
}

/// A hashtag of a status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusTag {
    /// Its name without `#`.
    pub name: Plain,
    /// Address as links in the content name it.
    pub url: Option<Plain>,
}

/// How often a status was answered, boosted, favourited, quoted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Replies.
    pub replies: u64,
    /// Boosts.
    pub reblogs: u64,
    /// Favourites.
    pub favourites: u64,
    /// Quotes (4.5+).
    pub quotes: u64,
}

/// The reader's own relation to a status; `None` where the copy does not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Personal {
    /// Favourited by the reader.
    pub favourited: Option<bool>,
    /// Boosted by the reader.
    pub reblogged: Option<bool>,
    /// Bookmarked by the reader.
    pub bookmarked: Option<bool>,
    /// The conversation is muted by the reader.
    pub muted: Option<bool>,
    /// Pinned to the reader's profile.
    pub pinned: Option<bool>,
}

/// A server filter of the reader's that matches a status.
///
/// Source: <https://docs.joinmastodon.org/entities/FilterResult/>, transcript `ws-custom-filters`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterMatch {
    /// The filter's title.
    pub title: Plain,
    /// Where it applies; servers report filters whatever their context.
    pub context: Vec<FilterContext>,
    /// What it asks for.
    pub action: FilterAction,
}

/// Where a filter applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterContext {
    /// Home and lists.
    Home,
    /// Notifications.
    Notifications,
    /// Public and hashtag timelines.
    Public,
    /// Threads.
    Thread,
    /// Profiles.
    Account,
}

/// What a filter asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterAction {
    /// Fold behind the filter's title.
    Warn,
    /// Do not show at all.
    Hide,
    /// Show the words, hide the media (4.4+; on streams the key is missing).
    Blur,
}
