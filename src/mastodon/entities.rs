//! Wire entities, named and spelled as the Mastodon API documentation has them, with the fields that are read.
//!
//! Reading is lenient field by field: what is missing, `null`, of another type or broken costs that field alone. Each field
//! is cut out of the text first and parsed on its own, so the reading never recurses further than the types do. Lists are
//! bounded while they are read. `swift` reads the same out of most messages in one pass, several times cheaper. Absent on
//! purpose: cleaning (`ingest` does it), and fields that nothing shows.

pub(crate) mod swift;

use crate::text::runs::lossy;
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// A post or a boost: <https://docs.joinmastodon.org/entities/Status/>.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Status<'a> {
    #[serde(borrow)]
    pub(crate) id: Id<'a>,
    pub(crate) account: One<Account<'a>>,
    pub(crate) created_at: Text<'a>,
    pub(crate) edited_at: Text<'a>,
    pub(crate) visibility: Text<'a>,
    pub(crate) language: Text<'a>,
    pub(crate) spoiler_text: Text<'a>,
    pub(crate) content: Text<'a>,
    pub(crate) sensitive: Flag,
    pub(crate) reblog: Nested<'a, Self>,
    pub(crate) in_reply_to_id: Id<'a>,
    pub(crate) in_reply_to_account_id: Id<'a>,
    pub(crate) media_attachments: Many<MediaAttachment<'a>, 32>,
    pub(crate) poll: One<Poll<'a>>,
    pub(crate) card: One<PreviewCard<'a>>,
    pub(crate) quote: Nested<'a, Quote<'a>>,
    pub(crate) mentions: Many<Mention<'a>, 200>,
    pub(crate) tags: Many<Tag<'a>, 200>,
    pub(crate) emojis: Many<CustomEmoji<'a>, 200>,
    pub(crate) replies_count: Count,
    pub(crate) reblogs_count: Count,
    pub(crate) favourites_count: Count,
    pub(crate) quotes_count: Count,
    pub(crate) favourited: Flag,
    pub(crate) reblogged: Flag,
    pub(crate) bookmarked: Flag,
    pub(crate) muted: Flag,
    pub(crate) pinned: Flag,
    pub(crate) filtered: Many<FilterResult<'a>, 64>,
    pub(crate) url: Text<'a>,
    pub(crate) uri: Text<'a>,
}

/// Who wrote something: <https://docs.joinmastodon.org/entities/Account/>.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Account<'a> {
    #[serde(borrow)]
    pub(crate) id: Id<'a>,
    pub(crate) username: Text<'a>,
    pub(crate) acct: Text<'a>,
    pub(crate) display_name: Text<'a>,
    pub(crate) url: Text<'a>,
    pub(crate) bot: Flag,
    pub(crate) locked: Flag,
    pub(crate) avatar: Text<'a>,
    pub(crate) avatar_static: Text<'a>,
    pub(crate) emojis: Many<CustomEmoji<'a>, 32>,
}

/// What an account tells of itself: <https://docs.joinmastodon.org/entities/Account/>.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Profile<'a> {
    #[serde(borrow)]
    pub(crate) note: Text<'a>,
    pub(crate) fields: Many<Field<'a>, 64>,
    pub(crate) followers_count: Count,
    pub(crate) following_count: Count,
    pub(crate) statuses_count: Count,
    pub(crate) created_at: Text<'a>,
    pub(crate) last_status_at: Text<'a>,
    pub(crate) group: Flag,
    pub(crate) memorial: Flag,
    pub(crate) suspended: Flag,
    pub(crate) limited: Flag,
    pub(crate) moved: One<Account<'a>>,
    pub(crate) roles: Many<Role<'a>, 16>,
    pub(crate) emojis: Many<CustomEmoji<'a>, 200>,
}

/// A field of a profile: <https://docs.joinmastodon.org/entities/Account/#Field>.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Field<'a> {
    #[serde(borrow)]
    pub(crate) name: Text<'a>,
    pub(crate) value: Text<'a>,
    pub(crate) verified_at: Text<'a>,
}

/// A role that a server gave an account: <https://docs.joinmastodon.org/entities/Role/>.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Role<'a> {
    #[serde(borrow)]
    pub(crate) name: Text<'a>,
}

/// How the reader and an account stand: <https://docs.joinmastodon.org/entities/Relationship/>.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Relationship<'a> {
    #[serde(borrow)]
    pub(crate) id: Id<'a>,
    pub(crate) following: Flag,
    pub(crate) showing_reblogs: Flag,
    pub(crate) notifying: Flag,
    pub(crate) requested: Flag,
    pub(crate) followed_by: Flag,
    pub(crate) requested_by: Flag,
    pub(crate) endorsed: Flag,
    pub(crate) muting: Flag,
    pub(crate) muting_notifications: Flag,
    pub(crate) muting_expires_at: Text<'a>,
    pub(crate) blocking: Flag,
    pub(crate) blocked_by: Flag,
    pub(crate) domain_blocking: Flag,
    pub(crate) note: Text<'a>,
}

/// One version of a post: <https://docs.joinmastodon.org/entities/StatusEdit/>.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct StatusEdit<'a> {
    #[serde(borrow)]
    pub(crate) created_at: Text<'a>,
    pub(crate) spoiler_text: Text<'a>,
    pub(crate) content: Text<'a>,
    pub(crate) sensitive: Flag,
    pub(crate) poll: One<Poll<'a>>,
    pub(crate) media_attachments: Many<MediaAttachment<'a>, 32>,
}

/// One attached medium: <https://docs.joinmastodon.org/entities/MediaAttachment/>.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct MediaAttachment<'a> {
    #[serde(borrow, rename = "type")]
    pub(crate) kind: Text<'a>,
    pub(crate) description: Text<'a>,
    pub(crate) url: Text<'a>,
    pub(crate) remote_url: Text<'a>,
    pub(crate) preview_url: Text<'a>,
    pub(crate) blurhash: Text<'a>,
    pub(crate) meta: One<MediaMeta>,
}

/// What is known of a medium's shape. GoToSocial has `duration` under `original` alone.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct MediaMeta {
    pub(crate) original: One<MediaSize>,
    pub(crate) width: Count,
    pub(crate) height: Count,
    pub(crate) duration: Count,
}

/// The shape of a medium's original.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct MediaSize {
    pub(crate) width: Count,
    pub(crate) height: Count,
    pub(crate) duration: Count,
}

/// A poll: <https://docs.joinmastodon.org/entities/Poll/>.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Poll<'a> {
    #[serde(borrow)]
    pub(crate) options: Many<PollOption<'a>, 64>,
    pub(crate) votes_count: Count,
    pub(crate) voters_count: Count,
    pub(crate) multiple: Flag,
    pub(crate) expired: Flag,
    pub(crate) expires_at: Text<'a>,
    pub(crate) voted: Flag,
    pub(crate) own_votes: Many<Count, 64>,
}

/// One option of a poll.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PollOption<'a> {
    #[serde(borrow)]
    pub(crate) title: Text<'a>,
    pub(crate) votes_count: Count,
}

/// Preview of a linked page: <https://docs.joinmastodon.org/entities/PreviewCard/>.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PreviewCard<'a> {
    #[serde(borrow)]
    pub(crate) url: Text<'a>,
    pub(crate) title: Text<'a>,
    pub(crate) description: Text<'a>,
    pub(crate) provider_name: Text<'a>,
    pub(crate) author_name: Text<'a>,
    pub(crate) authors: Many<PreviewCardAuthor<'a>, 16>,
}

/// Who wrote a linked page (4.3+): <https://docs.joinmastodon.org/entities/PreviewCardAuthor/>.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PreviewCardAuthor<'a> {
    #[serde(borrow)]
    pub(crate) name: Text<'a>,
    pub(crate) account: One<Account<'a>>,
}

/// A quote, whole or shallow: <https://docs.joinmastodon.org/entities/Quote/>.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Quote<'a> {
    #[serde(borrow)]
    pub(crate) state: Text<'a>,
    pub(crate) quoted_status: Nested<'a, Status<'a>>,
    pub(crate) quoted_status_id: Id<'a>,
    /// Some servers put the quoted status itself here.
    pub(crate) id: Id<'a>,
}

/// A mentioned account: <https://docs.joinmastodon.org/entities/Status/#Mention>.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Mention<'a> {
    #[serde(borrow)]
    pub(crate) id: Id<'a>,
    pub(crate) username: Text<'a>,
    pub(crate) acct: Text<'a>,
    pub(crate) url: Text<'a>,
}

/// A hashtag: <https://docs.joinmastodon.org/entities/Tag/>.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Tag<'a> {
    #[serde(borrow)]
    pub(crate) name: Text<'a>,
    pub(crate) url: Text<'a>,
}

/// A custom emoji: <https://docs.joinmastodon.org/entities/CustomEmoji/>.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct CustomEmoji<'a> {
    #[serde(borrow)]
    pub(crate) shortcode: Text<'a>,
    pub(crate) url: Text<'a>,
    pub(crate) static_url: Text<'a>,
}

/// A filter that matches a status: <https://docs.joinmastodon.org/entities/FilterResult/>.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct FilterResult<'a> {
    #[serde(borrow)]
    pub(crate) filter: One<Filter<'a>>,
}

/// A filter: <https://docs.joinmastodon.org/entities/Filter/>.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Filter<'a> {
    #[serde(borrow)]
    pub(crate) title: Text<'a>,
    pub(crate) context: Many<Text<'a>, 16>,
    #[serde(rename = "filter_action")]
    pub(crate) action: Raw<'a>,
}

/// Something that happened to the reader: <https://docs.joinmastodon.org/entities/Notification/>.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Notification<'a> {
    #[serde(borrow)]
    pub(crate) id: Id<'a>,
    #[serde(rename = "type")]
    pub(crate) kind: Text<'a>,
    pub(crate) created_at: Text<'a>,
    pub(crate) account: One<Account<'a>>,
    pub(crate) status: Nested<'a, Status<'a>>,
    pub(crate) report: One<Report<'a>>,
    pub(crate) event: One<RelationshipSeveranceEvent<'a>>,
    pub(crate) moderation_warning: One<AccountWarning<'a>>,
    pub(crate) annual_report: One<AnnualReport<'a>>,
    pub(crate) collection: One<Collection<'a>>,
}

/// A report, for staff: <https://docs.joinmastodon.org/entities/Report/>.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Report<'a> {
    #[serde(borrow)]
    pub(crate) category: Text<'a>,
    pub(crate) target_account: One<Account<'a>>,
}

/// Follows that were cut: <https://docs.joinmastodon.org/entities/RelationshipSeveranceEvent/>.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RelationshipSeveranceEvent<'a> {
    #[serde(borrow, rename = "type")]
    pub(crate) kind: Text<'a>,
    pub(crate) target_name: Text<'a>,
    pub(crate) followers_count: Count,
    pub(crate) following_count: Count,
}

/// A warning by moderators: <https://docs.joinmastodon.org/entities/AccountWarning/>.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AccountWarning<'a> {
    #[serde(borrow)]
    pub(crate) action: Text<'a>,
    pub(crate) text: Text<'a>,
}

/// The yearly report, where it is said which.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AnnualReport<'a> {
    #[serde(borrow)]
    pub(crate) year: Id<'a>,
}

/// A collection of accounts (4.6+).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Collection<'a> {
    #[serde(borrow)]
    pub(crate) name: Text<'a>,
}

/// Direct messages with the same people: <https://docs.joinmastodon.org/entities/Conversation/>.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Conversation<'a> {
    #[serde(borrow)]
    pub(crate) id: Id<'a>,
    pub(crate) accounts: Many<Account<'a>, 100>,
    pub(crate) unread: Flag,
    pub(crate) last_status: Raw<'a>,
}

/// A message from the server's staff: <https://docs.joinmastodon.org/entities/Announcement/>.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Announcement<'a> {
    #[serde(borrow)]
    pub(crate) id: Id<'a>,
    pub(crate) content: Text<'a>,
    pub(crate) published_at: Text<'a>,
    pub(crate) reactions: Many<Reaction<'a>, 100>,
}

/// A reaction to an announcement, inside it or as its own event.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Reaction<'a> {
    #[serde(borrow)]
    pub(crate) name: Text<'a>,
    pub(crate) count: Count,
    pub(crate) announcement_id: Id<'a>,
}

/// What stands before and after a status: <https://docs.joinmastodon.org/entities/Context/>.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Context<'a> {
    #[serde(borrow)]
    pub(crate) ancestors: Many<Raw<'a>, 4096>,
    pub(crate) descendants: Many<Raw<'a>, 4096>,
}

/// What was found: <https://docs.joinmastodon.org/entities/Search/>.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Search<'a> {
    #[serde(borrow)]
    pub(crate) accounts: Many<Account<'a>, 40>,
    pub(crate) statuses: Many<Raw<'a>, 40>,
    pub(crate) hashtags: Many<Tag<'a>, 40>,
}

/// Up to where timelines were read: <https://docs.joinmastodon.org/entities/Marker/>.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Markers<'a> {
    #[serde(borrow)]
    pub(crate) home: One<Marker<'a>>,
    pub(crate) notifications: One<Marker<'a>>,
}

/// Up to where one timeline was read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Marker<'a> {
    #[serde(borrow)]
    pub(crate) last_read_id: Id<'a>,
}

/// One of the reader's lists: <https://docs.joinmastodon.org/entities/List/>.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct List<'a> {
    #[serde(borrow)]
    pub(crate) id: Id<'a>,
    pub(crate) title: Text<'a>,
}

/// What a server says about itself, version 2 or 1: <https://docs.joinmastodon.org/entities/Instance/>.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Instance<'a> {
    #[serde(borrow)]
    pub(crate) domain: Text<'a>,
    /// The domain in version 1; some servers give a whole address.
    pub(crate) uri: Text<'a>,
    pub(crate) title: Text<'a>,
    pub(crate) version: Text<'a>,
    pub(crate) configuration: One<InstanceConfiguration<'a>>,
    pub(crate) urls: One<InstanceUrls<'a>>,
}

/// The part of version 2 that has addresses and the settings of feeds.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct InstanceConfiguration<'a> {
    #[serde(borrow)]
    pub(crate) urls: One<InstanceUrls<'a>>,
    pub(crate) timelines_access: One<TimelinesAccess<'a>>,
}

/// Who may see which feed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TimelinesAccess<'a> {
    #[serde(borrow)]
    pub(crate) live_feeds: One<FeedAccess<'a>>,
    pub(crate) hashtag_feeds: One<FeedAccess<'a>>,
}

/// Who may see the local and the remote posts of a feed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct FeedAccess<'a> {
    #[serde(borrow)]
    pub(crate) local: Text<'a>,
    pub(crate) remote: Text<'a>,
}

/// The application that a token belongs to: <https://docs.joinmastodon.org/entities/Application/>.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Application<'a> {
    #[serde(borrow)]
    pub(crate) scopes: Many<Text<'a>, 64>,
}

/// Where the streams are: `streaming` in version 2, `streaming_api` in version 1.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct InstanceUrls<'a> {
    #[serde(borrow)]
    pub(crate) streaming: Text<'a>,
    pub(crate) streaming_api: Text<'a>,
}

/// Why something was refused: <https://docs.joinmastodon.org/entities/Error/>.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Error<'a> {
    #[serde(borrow)]
    pub(crate) error: Text<'a>,
}

/// A message of the streaming server, an event or an error (transcripts `ws-home-mixed`, `ws-subscribe-errors`).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Envelope<'a> {
    #[serde(borrow)]
    pub(crate) stream: Raw<'a>,
    pub(crate) event: Text<'a>,
    pub(crate) payload: Raw<'a>,
    pub(crate) error: Text<'a>,
    pub(crate) status: Count,
}

/// Text, where there is one.
#[derive(Debug, Default)]
pub(crate) struct Text<'a>(pub(crate) Option<Cow<'a, str>>);

/// An id or a year: text, or a number written out.
#[derive(Debug, Default)]
pub(crate) struct Id<'a>(pub(crate) Option<Cow<'a, str>>);

/// Yes, no, or not stated.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Flag(pub(crate) Option<bool>);

/// A number that counts or measures, whole part only; negative ones count as not stated.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Count(pub(crate) Option<u64>);

/// Any value as it was written, still shut; `null` counts as missing.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Raw<'a>(pub(crate) Option<&'a str>);

/// An object that is opened only where it is wanted, or has been read with what it lies in.
#[derive(Debug)]
pub(crate) enum Nested<'a, T> {
    /// As it was written.
    Shut(Raw<'a>),
    /// Read already.
    Open(One<T>),
}

/// An object, where there is one.
#[derive(Debug)]
pub(crate) struct One<T>(pub(crate) Option<Box<T>>);

/// A list of at most `MOST`.
#[derive(Debug)]
pub(crate) struct Many<T, const MOST: usize> {
    /// What could be read of it.
    pub(crate) items: Vec<T>,
    /// How many were cut off or could not be read.
    pub(crate) omitted: u32,
    /// Whether there was a list at all.
    pub(crate) stated: bool,
}

impl<T> Default for Nested<'_, T> {
    fn default() -> Self {
        Self::Open(One::default())
    }
}

impl<'a, T: Deserialize<'a>> Nested<'a, T> {
    /// Looks into it, if it is an object.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&T) -> R) -> Option<R> {
        match self {
            Self::Shut(raw) => raw.object().as_ref().map(look),
            Self::Open(read) => read.0.as_deref().map(look),
        }
    }
}

impl<T> Default for One<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T, const MOST: usize> Default for Many<T, MOST> {
    fn default() -> Self {
        Self { items: Vec::new(), omitted: 0, stated: false }
    }
}

impl Text<'_> {
    /// The text, or nothing.
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }

    /// The text, unless it is empty.
    pub(crate) fn filled(&self) -> Option<&str> {
        self.0.as_deref().filter(|text| !text.is_empty())
    }
}

impl Id<'_> {
    /// The id, or nothing.
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }
}

impl Flag {
    /// Whether it is stated and yes.
    pub(crate) fn yes(self) -> bool {
        self.0.unwrap_or_default()
    }
}

impl<'a> Raw<'a> {
    /// Reads it as an object.
    pub(crate) fn object<T: Deserialize<'a>>(self) -> Option<T> {
        object(self.0?)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Raw<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?.get();
        Ok(Self((raw != "null").then_some(raw)))
    }
}

impl<'de: 'a, 'a, T> Deserialize<'de> for Nested<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Raw::deserialize(deserializer).map(Self::Shut)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?.get();
        Ok(Self(text(raw)))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Id<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?.get();
        let number = raw.bytes().all(|byte| byte.is_ascii_digit());
        Ok(Self(if number { Some(Cow::Borrowed(raw)) } else { text(raw) }))
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match <&'de RawValue>::deserialize(deserializer)?.get() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }))
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(count(<&'de RawValue>::deserialize(deserializer)?.get())))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for One<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?.get();
        Ok(Self(object(raw).map(Box::new)))
    }
}

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for Many<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?.get();
        Ok(many(raw).unwrap_or_default())
    }
}

/// Reads a text as one object; `None` for anything else. (Serde alone would also take a list for an object.)
pub(crate) fn object<'a, T: Deserialize<'a>>(raw: &'a str) -> Option<T> {
    raw.trim_start().starts_with('{').then(|| serde_json::from_str(raw).ok()).flatten()
}

/// Reads a text as a list, element by element; `None` if it is none.
pub(crate) fn many<'a, T: Deserialize<'a>, const MOST: usize>(raw: &'a str) -> Option<Many<T, MOST>> {
    let raw = raw.trim_start();
    if !raw.starts_with('[') {
        return None;
    }
    let mut deserializer = serde_json::Deserializer::from_str(raw);
    let many = deserializer.deserialize_seq(Elements(PhantomData)).ok()?;
    deserializer.end().ok()?;
    Some(many)
}

/// Reads a JSON string; halves of surrogate pairs become U+FFFD.
pub(crate) fn text(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') { serde_json::from_str(raw).ok().map(|Lossy(text)| Cow::Owned(text)) } else { Some(Cow::Borrowed(inner)) }
}

fn count(raw: &str) -> Option<u64> {
    let digits = raw.trim_matches('"');
    let whole = digits.split_once('.').map_or(digits, |(whole, _)| whole);
    whole.parse().ok()
}

/// The elements of a list, the first `MOST` of them.
struct Elements<T, const MOST: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for Elements<T, MOST> {
    type Value = Many<T, MOST>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut many = Many { stated: true, ..Many::default() };
        for _ in 0..MOST {
            let Some(raw) = seq.next_element::<&'de RawValue>()? else { return Ok(many) };
            let raw = raw.get();
            // No element of any of these lists is itself a list.
            match if raw.starts_with('[') { None } else { serde_json::from_str(raw).ok() } {
                Some(item) => many.items.push(item),
                None => many.omitted = many.omitted.saturating_add(1),
            }
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {
            many.omitted = many.omitted.saturating_add(1);
        }
        Ok(many)
    }
}

/// A string that need not be valid Unicode.
struct Lossy(String);

impl<'de> Deserialize<'de> for Lossy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Lossy;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Lossy, E> {
                Ok(Lossy(lossy(bytes).into_owned()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}
