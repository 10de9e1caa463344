//! `Notification` and its kinds, unknown kinds included.

use crate::model::{AccountId, NotificationId, StatusId, Timestamp};
use crate::text::Plain;

/// Something that happened to the reader.
///
/// Source: <https://docs.joinmastodon.org/entities/Notification/>, transcripts `ws-notifications-every-type` (Mastodon) and
/// `interaction-policy` (GoToSocial, `pending.*`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Id, in a space of its own.
    pub id: NotificationId,
    /// What happened.
    pub kind: NotificationKind,
    /// When.
    pub created_at: Option<Timestamp>,
    /// Who did it, where the server named someone.
    pub account: Option<AccountId>,
    /// The status it is about.
    pub status: Option<StatusId>,
}

/// What a notification tells. What few of them tell is in a box, as nearly all have no room for it then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotificationKind {
    /// Mentioned the reader.
    Mention,
    /// Posted, and the reader asked to be told.
    Status,
    /// Boosted a post of the reader's.
    Reblog,
    /// Favourited a post of the reader's.
    Favourite,
    /// A poll that the reader voted in or made has ended.
    Poll,
    /// A post that the reader boosted or was told of was edited.
    Update,
    /// Quoted a post of the reader's.
    Quote,
    /// A post that the reader quoted was edited.
    QuotedUpdate,
    /// Followed the reader.
    Follow,
    /// Asks to follow the reader.
    FollowRequest,
    /// Signed up on the server (for staff).
    AdminSignUp,
    /// Reported somebody (for staff).
    AdminReport(Box<Report>),
    /// Follow relationships were cut by moderation or a block.
    SeveredRelationships(Box<RelationshipSeveranceEvent>),
    /// The server's moderators warned the reader.
    ModerationWarning(Box<AccountWarning>),
    /// The yearly report is ready.
    AnnualReport {
        /// Which year, where said.
        year: Option<Plain>,
    },
    /// The reader was added to a collection.
    AddedToCollection {
        /// The collection's name.
        name: Option<Plain>,
    },
    /// A collection that features the reader changed.
    CollectionUpdate {
        /// The collection's name.
        name: Option<Plain>,
    },
    /// GoToSocial: a reply waits for the reader's approval.
    PendingReply,
    /// GoToSocial: a favourite waits for the reader's approval.
    PendingFavourite,
    /// GoToSocial: a boost waits for the reader's approval.
    PendingReblog,
    /// A kind that this program does not know, by its own name.
    Other(Plain),
}

/// What a report tells.
///
/// Source: <https://docs.joinmastodon.org/entities/Report/>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The account that was reported.
    pub target: Option<AccountId>,
    /// The category the reporter chose (`spam`, `legal`, `violation`, `other`).
    pub category: Option<Plain>,
}

/// Which follow relationships were cut, and why.
///
/// Source: <https://docs.joinmastodon.org/entities/RelationshipSeveranceEvent/>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationshipSeveranceEvent {
    /// `domain_block`, `user_domain_block`, `account_suspension` or another word of the server's.
    pub cause: Option<Plain>,
    /// The account or domain it happened with.
    pub target_name: Option<Plain>,
    /// Followers lost, where counted.
    pub followers: Option<u64>,
    /// Followed accounts lost, where counted.
    pub following: Option<u64>,
}

/// What the moderators did and said.
///
/// Source: <https://docs.joinmastodon.org/entities/AccountWarning/>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountWarning {
    /// `none`, `disable`, `delete_statuses`, ... or another word of the server's.
    pub action: Option<Plain>,
    /// The moderators' own words.
    pub text: Option<Plain>,
}

impl NotificationKind {
    /// The kinds that are known, as the Mastodon API spells them.
    pub const NAMES: &[&str] = &[
        "mention",
        "status",
        "reblog",
        "favourite",
        "poll",
        "update",
        "quote",
        "quoted_update",
        "follow",
        "follow_request",
        "admin.sign_up",
        "admin.report",
        "severed_relationships",
        "moderation_warning",
        "annual_report",
        "added_to_collection",
        "collection_update",
        "pending.reply",
        "pending.favourite",
        "pending.reblog",
    ];

    /// Its name in the Mastodon API.
    pub fn name(&self) -> &str {
        match self {
            Self::Mention => "mention",
            Self::Status => "status",
            Self::Reblog => "reblog",
            Self::Favourite => "favourite",
            Self::Poll => "poll",
            Self::Update => "update",
            Self::Quote => "quote",
            Self::QuotedUpdate => "quoted_update",
            Self::Follow => "follow",
            Self::FollowRequest => "follow_request",
            Self::AdminSignUp => "admin.sign_up",
            Self::AdminReport(_) => "admin.report",
            Self::SeveredRelationships(_) => "severed_relationships",
            Self::ModerationWarning(_) => "moderation_warning",
            Self::AnnualReport { .. } => "annual_report",
            Self::AddedToCollection { .. } => "added_to_collection",
            Self::CollectionUpdate { .. } => "collection_update",
            Self::PendingReply => "pending.reply",
            Self::PendingFavourite => "pending.favourite",
            Self::PendingReblog => "pending.reblog",
            Self::Other(word) => word.as_str(),
        }
    }

    /// The account, other than the one that acted, that the notification is about.
    pub fn target(&self) -> Option<&AccountId> {
        if let Self::AdminReport(report) = self { report.target.as_ref() } else { None }
    }
}
