//! What a new post consists of before the server has given it an id: written by the story's files and by tests.
//!
//! Deliberately absent: HTML and ids, which the world makes.

use jiff::Timestamp;
use serde::Deserialize;

/// A post to be.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// Who posts: a key of the cast, or `name` or `name@domain`, who is invented if unknown.
    pub author: String,
    /// Plain text, turned into Mastodon's HTML; `@key` or `@name@domain` mentions, `#tag` tags.
    pub text: String,
    /// The id, instead of one made from `created_at`; any ASCII letters and digits, ordered by length, then bytes.
    pub id: Option<String>,
    /// When it was posted; now if absent.
    pub created_at: Option<Timestamp>,
    /// Who may see it.
    pub visibility: Visibility,
    /// The content warning; empty for none.
    pub spoiler_text: String,
    /// Whether media is hidden at first.
    pub sensitive: bool,
    /// ISO 639-1; the author's if absent.
    pub language: Option<String>,
    /// The post answered: an id or a key of the story.
    pub reply_to: Option<String>,
    /// The post boosted: an id or a key of the story; then everything else but the author is ignored.
    pub boost: Option<String>,
    /// The post quoted: an id or a key of the story.
    pub quote: Option<String>,
    /// People mentioned besides those in the text, as the recipients of a direct post.
    pub to: Vec<String>,
    /// Attachments.
    pub media: Vec<Media>,
    /// A poll.
    pub poll: Option<Poll>,
    /// A link preview.
    pub card: Option<Card>,
    /// What it has been counted to already.
    pub counts: Counts,
    /// A name by which drafts, scenes and tests may refer to it.
    pub key: Option<String>,
    /// Whether the streams stay silent about it, as after an event that was lost: only REST shows it.
    pub unannounced: bool,
}

impl Draft {
    /// A public post.
    pub fn new(author: &str, text: &str) -> Self {
        Self { author: author.to_owned(), text: text.to_owned(), ..Self::default() }
    }
}

/// Who may see a post.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Everyone, and on public timelines.
    #[default]
    Public,
    /// Everyone, but not on public timelines.
    Unlisted,
    /// Followers.
    Private,
    /// Those mentioned.
    Direct,
}

impl Visibility {
    /// The API's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Unlisted => "unlisted",
            Self::Private => "private",
            Self::Direct => "direct",
        }
    }
}

/// An attachment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Media {
    /// `image`, `gifv`, `video` or `audio`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What is to be seen or heard.
    pub description: Option<String>,
}

/// A poll.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Poll {
    /// The choices.
    pub options: Vec<String>,
    /// Votes so far, one number a choice.
    pub votes: Vec<u64>,
    /// How long it runs from its posting, in minutes.
    pub minutes: u32,
    /// Whether several choices may be ticked.
    #[serde(default)]
    pub multiple: bool,
}

/// A link preview.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// The link.
    pub url: String,
    /// Its title.
    pub title: String,
    /// Its description.
    #[serde(default)]
    pub description: String,
    /// Where it is from.
    #[serde(default)]
    pub provider_name: String,
}

/// How often a post was answered, boosted and favourited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Counts {
    /// Replies.
    pub replies: u64,
    /// Boosts.
    pub reblogs: u64,
    /// Favourites.
    pub favourites: u64,
}
