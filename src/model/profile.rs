//! `Profile` and `Relationship`: what an account tells of itself, and how the reader and it stand.

use crate::model::{Account, AccountId, Emoji, Timestamp};
use crate::text::{Html, Plain};

/// What an account tells of itself, beside what rows need of it.
///
/// Source: <https://docs.joinmastodon.org/entities/Account/>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The account as rows know it.
    pub account: Account,
    /// Its domain in ASCII (punycode); `None` for an account of the reader's own server.
    pub domain: Option<Plain>,
    /// What it says about itself, still shut.
    pub note: Html,
    /// Its fields, in order.
    pub fields: Vec<Field>,
    /// Followers, followed accounts and posts, where the server counts them.
    pub counts: [Option<u64>; 3],
    /// When it was made; `None` where the date does not parse.
    pub created_at: Option<Timestamp>,
    /// The day of its last post, as the server writes it.
    pub last_status_at: Option<Plain>,
    /// What is special about it.
    pub marks: Vec<AccountMark>,
    /// Custom emoji in it.
    pub emojis: Vec<Emoji>,
}

/// A field of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: Plain,
    /// Its value, still shut.
    pub value: Html,
    /// Since when the server knows that the page it links to belongs to the account.
    pub verified_at: Option<Timestamp>,
}

/// What is special about an account, beside what [`Account`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountMark {
    /// It stands for several people.
    Group,
    /// Its owner has died.
    Memorial,
    /// The moderators have suspended it.
    Suspended,
    /// The moderators have limited it.
    Limited,
    /// It has moved to another account.
    Moved(AccountId),
    /// A role that its server gave it, by name.
    Role(Plain),
}

/// How the reader and an account stand.
///
/// Source: <https://docs.joinmastodon.org/entities/Relationship/>.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Relationship {
    /// All that holds.
    pub ties: Vec<Tie>,
    /// Until when a mute holds, where it ends.
    pub muted_until: Option<Timestamp>,
    /// The reader's own note on the account; blank if there is none.
    pub note: Plain,
}

/// One way in which the reader and an account stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tie {
    /// The reader follows it.
    Following,
    /// The reader follows it, and has hidden its boosts.
    WithoutBoosts,
    /// The reader is told of its posts.
    Notifying,
    /// The reader has asked to follow it.
    Requested,
    /// It follows the reader.
    FollowedBy,
    /// It has asked to follow the reader.
    RequestedBy,
    /// The reader features it.
    Endorsed,
    /// The reader mutes it.
    Muting,
    /// The reader mutes its notifications as well.
    MutingNotifications,
    /// The reader blocks it.
    Blocking,
    /// It blocks the reader.
    BlockedBy,
    /// The reader blocks its server.
    DomainBlocking,
}
