//! From wire entities to the model: the one place where strangers' words are cleaned and bounded.
//!
//! What an entity nests becomes a flat [`Bundle`]. Only an id (and an author, for a status) is needed; the rest may be
//! missing. Absent on purpose: the network, and judgement about what deserves to be shown.

use crate::mastodon::entities::swift::{Object, Reader};
use crate::mastodon::entities::{self, Count, Many, Nested, One, Raw, Text};
use crate::model::{
    Account, AccountId, AccountMark, AccountWarning, Announcement, AnnouncementId, AnnouncementReaction, Bundle, Card, Conversation,
    ConversationId, Counts, Emoji, FeedAccess, Field, FilterAction, FilterContext, FilterMatch, Found, Item, List, ListId, Markers, Media,
    MediaKind, Mention, Notification, NotificationId, NotificationKind, Page, Personal, Poll, PollOption, Profile, Quote, QuoteState,
    Reaction, Relationship, RelationshipSeveranceEvent, Report, Status, StatusEdit, StatusId, StatusTag, Tag, Thread, Tie, TimelinesAccess,
    Timestamp, Visibility,
};
use crate::text::runs::lossy;
use crate::text::{Html, Plain, WebAddress};
use serde::Deserialize;
use std::sync::Arc;

/// What an instance document says that is needed before anything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InstanceFacts {
    /// Its domain.
    pub(crate) domain: Plain,
    /// Its title.
    pub(crate) title: Plain,
    /// Version text as the server gives it.
    pub(crate) version: Plain,
    /// Address of its streams, unchecked, where it gives one.
    pub(crate) streaming: Option<String>,
    /// Which feeds it has switched off.
    pub(crate) timelines_access: TimelinesAccess,
}

/// A status with what it nests: quoted, boosted, then itself, last. `None` without id or author.
pub(crate) fn status(entity: &entities::Status<'_>) -> Option<Bundle> {
    let mut bundle = Bundle::default();
    flatten(entity, 0, &mut bundle)?;
    Some(bundle)
}

/// A notification and what it names. `None` without id or type.
pub(crate) fn notification(entity: &entities::Notification<'_>) -> Option<(Notification, Bundle)> {
    let id = NotificationId::new(entity.id.as_str())?;
    let name = entity.kind.filled()?;
    let mut bundle = Bundle::default();
    let status = entity.status.look(|status| flatten(status, 0, &mut bundle)).flatten();
    let account = put_account(&entity.account, &mut bundle);
    let kind = kind(name, entity, &mut bundle);
    let notification = Notification { id, kind, created_at: moment(&entity.created_at), account, status };
    Some((notification, bundle))
}

/// A conversation and what it names. `None` without id.
pub(crate) fn conversation(entity: &entities::Conversation<'_>) -> Option<(Conversation, Bundle)> {
    let id = ConversationId::new(entity.id.as_str())?;
    let mut bundle = Bundle::default();
    let last_status = entity.last_status.object().and_then(|status| flatten(&status, 0, &mut bundle));
    let others: Vec<Account> = entity.accounts.items.iter().filter_map(person).collect();
    let accounts = others.iter().map(|account| account.id.clone()).collect();
    bundle.accounts.extend(others);
    Some((Conversation { id, accounts, unread: entity.unread.yes(), last_status }, bundle))
}

/// An announcement. `None` without id.
pub(crate) fn announcement(entity: &entities::Announcement<'_>) -> Option<Announcement> {
    Some(Announcement {
        id: AnnouncementId::new(entity.id.as_str())?,
        content: Html::new(entity.content.as_str()),
        published_at: moment(&entity.published_at),
        reactions: entity.reactions.items.iter().filter_map(reaction).filter(|reaction| reaction.count > 0).collect(),
    })
}

/// A reaction's new total. `None` without the announcement's id, a name or a count.
pub(crate) fn announcement_reaction(entity: &entities::Reaction<'_>) -> Option<AnnouncementReaction> {
    let announcement = AnnouncementId::new(entity.announcement_id.as_str())?;
    let Reaction { name, count } = reaction(entity)?;
    Some(AnnouncementReaction { announcement, name, count })
}

/// A page of statuses: its items in order, everything in them, how many could not be read, and where wanted the text of each.
/// `None` if it is no list. Where the next page starts is not in it.
pub(crate) fn statuses_page(body: &[u8], keep_raw: bool) -> Option<Page> {
    either_page(&lossy(body), keep_raw, status_item)
}

fn status_item(entity: &entities::Status<'_>, bundle: &mut Bundle) -> Option<Item> {
    flatten(entity, 0, bundle).map(Item::Status)
}

/// A page of notifications, as [`statuses_page`].
pub(crate) fn notifications_page(body: &[u8], keep_raw: bool) -> Option<Page> {
    either_page(&lossy(body), keep_raw, notification_item)
}

fn notification_item(entity: &entities::Notification<'_>, bundle: &mut Bundle) -> Option<Item> {
    let (notification, inner) = notification(entity)?;
    append(bundle, inner);
    Some(Item::Notification(notification))
}

/// A page of conversations, as [`statuses_page`].
pub(crate) fn conversations_page(body: &[u8], keep_raw: bool) -> Option<Page> {
    page(&lossy(body), keep_raw, |raw, bundle| {
        let (conversation, inner) = conversation(&raw.object()?)?;
        append(bundle, inner);
        Some(Item::Conversation(conversation))
    })
}

/// Up to where home and notifications were read. `None` if the body is no object.
pub(crate) fn markers(body: &[u8]) -> Option<Markers> {
    let body = lossy(body);
    let entity: entities::Markers<'_> = serde_json::from_str(&body).ok()?;
    let place = |marker: &One<entities::Marker<'_>>| Some(Arc::from(StatusId::new(marker.0.as_deref()?.last_read_id.as_str())?.as_str()));
    Some(Markers { home: place(&entity.home), notifications: place(&entity.notifications) })
}

/// What stands before and after a status. `None` if the body is no context.
pub(crate) fn context(body: &[u8]) -> Option<Thread> {
    let body = lossy(body);
    let entity: entities::Context<'_> = entities::object(&body)?;
    if !entity.ancestors.stated && !entity.descendants.stated {
        return None;
    }
    let mut bundle = Bundle::default();
    let mut side = |raws: &[Raw<'_>]| -> Vec<StatusId> {
        raws.iter().filter_map(|raw| raw.object().and_then(|status| flatten(&status, 0, &mut bundle))).collect()
    };
    let ancestors = side(&entity.ancestors.items);
    let descendants = side(&entity.descendants.items);
    Some(Thread { ancestors, descendants, bundle })
}

/// What a server found. `None` if the body is no such answer.
pub(crate) fn found(body: &[u8]) -> Option<Found> {
    let body = lossy(body);
    let entity: entities::Search<'_> = entities::object(&body)?;
    if !entity.accounts.stated && !entity.statuses.stated && !entity.hashtags.stated {
        return None;
    }
    let mut bundle = Bundle::default();
    let statuses = entity.statuses.items.iter().filter_map(|raw| flatten(&raw.object()?, 0, &mut bundle)).collect();
    let people: Vec<Account> = entity.accounts.items.iter().filter_map(person).collect();
    let accounts = people.iter().map(|account| account.id.clone()).collect();
    bundle.accounts.extend(people);
    let tags = entity.hashtags.items.iter().filter_map(|tag| Tag::new(tag.name.as_str())).collect();
    Some(Found { accounts, tags, statuses, bundle })
}

/// One status as REST gives it.
pub(crate) fn single_status(body: &[u8]) -> Option<Bundle> {
    status(&entities::object(&lossy(body))?)
}

/// One notification as REST gives it.
pub(crate) fn single_notification(body: &[u8]) -> Option<(Notification, Bundle)> {
    notification(&entities::object(&lossy(body))?)
}

/// One account as REST gives it.
pub(crate) fn account(body: &[u8]) -> Option<Account> {
    person(&entities::object(&lossy(body))?)
}

/// The versions of a status, oldest first, as many as are shown. `None` if the body is no list.
pub(crate) fn history(body: &[u8]) -> Option<Vec<StatusEdit>> {
    let body = lossy(body);
    let edits: Many<entities::StatusEdit<'_>, MOST_EDITS> = entities::many(&body)?;
    Some(edits.items.iter().map(edit).collect())
}

/// What an account tells of itself. `None` without id.
pub(crate) fn profile(body: &[u8]) -> Option<(Profile, Bundle)> {
    let body = lossy(body);
    let account = person(&entities::object(&body)?)?;
    let entity: entities::Profile<'_> = entities::object(&body)?;
    let mut bundle = Bundle::default();
    let mut marks: Vec<AccountMark> = [
        (entity.suspended, AccountMark::Suspended),
        (entity.limited, AccountMark::Limited),
        (entity.memorial, AccountMark::Memorial),
        (entity.group, AccountMark::Group),
    ]
    .into_iter()
    .filter_map(|(is, mark)| is.yes().then_some(mark))
    .collect();
    marks.extend(put_account(&entity.moved, &mut bundle).map(AccountMark::Moved));
    marks.extend(entity.roles.items.iter().filter_map(|role| visible(&role.name)).map(AccountMark::Role));
    let profile = Profile {
        domain: account.acct.as_str().rsplit_once('@').map(|(_, domain)| in_ascii(domain)),
        note: Html::new(entity.note.as_str()),
        fields: entity.fields.items.iter().map(field).filter(|field| !field.name.is_blank() || !field.value.is_empty()).collect(),
        counts: [entity.followers_count.0, entity.following_count.0, entity.statuses_count.0],
        created_at: moment(&entity.created_at),
        last_status_at: visible(&entity.last_status_at),
        marks,
        emojis: emojis(&entity.emojis.items),
        account: account.clone(),
    };
    bundle.accounts.push(account);
    Some((profile, bundle))
}

/// How the reader and some accounts stand, each with its id. `None` if the body is no list.
pub(crate) fn relationships(body: &[u8]) -> Option<Vec<(AccountId, Relationship)>> {
    let body = lossy(body);
    let all: Many<entities::Relationship<'_>, MOST_OF_A_PAGE> = entities::many(&body)?;
    Some(all.items.iter().filter_map(|entity| Some((AccountId::new(entity.id.as_str())?, ties(entity)))).collect())
}

/// The reader's lists. `None` if the body is no list.
pub(crate) fn lists(body: &[u8]) -> Option<Vec<List>> {
    let body = lossy(body);
    let lists: Many<entities::List<'_>, MOST_OF_A_PAGE> = entities::many(&body)?;
    let read = |list: &entities::List<'_>| Some(List { id: ListId::new(list.id.as_str())?, title: Plain::line(list.title.as_str()) });
    Some(lists.items.iter().filter_map(read).collect())
}

/// The hashtags that the reader follows, without `#`. `None` if the body is no list.
pub(crate) fn followed_tags(body: &[u8]) -> Option<Vec<Plain>> {
    let body = lossy(body);
    let tags: Many<entities::Tag<'_>, MOST_OF_A_PAGE> = entities::many(&body)?;
    Some(tags.items.iter().filter_map(|tag| visible(&tag.name)).collect())
}

/// An instance document of version 2. `None` if it names neither domain nor version.
pub(crate) fn instance_v2(body: &[u8]) -> Option<InstanceFacts> {
    let body = lossy(body);
    let entity: entities::Instance<'_> = entities::object(&body)?;
    let urls = entity.configuration.0.as_ref().and_then(|configuration| configuration.urls.0.as_ref());
    facts(&entity, &entity.domain, urls.and_then(|urls| urls.streaming.filled()))
}

/// An instance document of version 1, as [`instance_v2`].
pub(crate) fn instance_v1(body: &[u8]) -> Option<InstanceFacts> {
    let body = lossy(body);
    let entity: entities::Instance<'_> = entities::object(&body)?;
    facts(&entity, &entity.uri, entity.urls.0.as_ref().and_then(|urls| urls.streaming_api.filled()))
}

/// The scopes that an application was given, where the server tells them (Mastodon 4.3 and later).
pub(crate) fn scopes(body: &[u8]) -> Option<Vec<Plain>> {
    let body = lossy(body);
    let entity: entities::Application<'_> = entities::object(&body)?;
    entity.scopes.stated.then(|| entity.scopes.items.iter().filter_map(visible).collect())
}

/// The server's own words in a refusal (`{"error":…}`).
pub(crate) fn error_words(body: &[u8]) -> Option<Plain> {
    let body = lossy(body);
    visible(&entities::object::<entities::Error<'_>>(&body)?.error)
}

/// Most elements that are read of a page or a list of things; servers send 80 at most.
const MOST_OF_A_PAGE: usize = 1000;

/// Most versions of a post that are read.
const MOST_EDITS: usize = 100;

/// How deep quotes are followed; deeper ones are named by id alone.
const DEEPEST: u8 = 3;

fn facts(entity: &entities::Instance<'_>, address: &Text<'_>, streaming: Option<&str>) -> Option<InstanceFacts> {
    let domain = address.as_str();
    let domain = domain.split_once("://").map_or(domain, |(_, rest)| rest);
    let domain = Plain::line(domain.split('/').next().unwrap_or_default());
    let version = Plain::line(entity.version.as_str());
    if domain.is_blank() && version.is_blank() {
        return None;
    }
    let timelines_access = timelines_access(entity);
    let title = Plain::line(entity.title.as_str());
    Some(InstanceFacts { domain, title, version, streaming: streaming.map(str::to_owned), timelines_access })
}

fn timelines_access(entity: &entities::Instance<'_>) -> TimelinesAccess {
    let stated = entity.configuration.0.as_ref().and_then(|configuration| configuration.timelines_access.0.as_ref());
    let Some(stated) = stated else { return TimelinesAccess::default() };
    let word = |text: &Text<'_>| match text.filled() {
        Some("public") => FeedAccess::Public,
        Some("authenticated") => FeedAccess::Authenticated,
        Some("disabled") => FeedAccess::Disabled,
        Some(_) | None => FeedAccess::Unstated,
    };
    let feed = |feed: &One<entities::FeedAccess<'_>>| {
        feed.0.as_ref().map_or_else(Default::default, |feed| (word(&feed.local), word(&feed.remote)))
    };
    let (local_live, remote_live) = feed(&stated.live_feeds);
    let (local_topic, remote_topic) = feed(&stated.hashtag_feeds);
    TimelinesAccess { local_live, remote_live, local_topic, remote_topic }
}

/// Reads a list, swiftly where it is in its usual form.
fn either_page<'b, T: Object<'b> + Deserialize<'b>>(
    body: &'b str,
    keep_raw: bool,
    read: impl Fn(&T, &mut Bundle) -> Option<Item>,
) -> Option<Page> {
    usual_page(body, keep_raw, &read).or_else(|| page(body, keep_raw, |raw, bundle| read(&raw.object()?, bundle)))
}

/// Reads a list in its usual form; `None` for any other, and where anything in it cannot be read.
fn usual_page<'b, T: Object<'b>>(body: &'b str, keep_raw: bool, read: impl Fn(&T, &mut Bundle) -> Option<Item>) -> Option<Page> {
    let mut page = Page::default();
    let mut reader = Reader::<false>::new(body);
    reader.page(|entity, raw| {
        page.items.push(read(&entity, &mut page.bundle)?);
        page.raw.extend(keep_raw.then(|| Arc::from(raw)));
        (page.items.len() <= MOST_OF_A_PAGE).then_some(())
    })?;
    reader.is_at_end().then_some(page)
}

/// Reads a list element by element; what cannot be read costs itself only.
fn page<'b>(body: &'b str, keep_raw: bool, mut read: impl FnMut(Raw<'b>, &mut Bundle) -> Option<Item>) -> Option<Page> {
    let elements: Many<Raw<'_>, MOST_OF_A_PAGE> = entities::many(body)?;
    let mut page = Page { rejected: usize::try_from(elements.omitted).unwrap_or(usize::MAX), ..Page::default() };
    for raw in elements.items {
        match read(raw, &mut page.bundle) {
            Some(item) => {
                page.items.push(item);
                page.raw.extend(raw.0.filter(|_| keep_raw).map(Arc::from));
            }
            None => page.rejected = page.rejected.saturating_add(1),
        }
    }
    Some(page)
}

/// Puts a status after everything it nests; its id, or `None` (and nothing put) where it has no id or author.
fn flatten(entity: &entities::Status<'_>, depth: u8, bundle: &mut Bundle) -> Option<StatusId> {
    let id = StatusId::new(entity.id.as_str())?;
    let author = person(entity.account.0.as_deref()?)?;
    let quote = quote(&entity.quote, &id, depth, bundle);
    // A boost of a boost does not exist; a server that claims one could make a ring of them.
    let boosted = |boosted: &entities::Status<'_>| {
        if boosted.id.as_str() == id.as_str() { None } else { flatten(boosted, depth + 1, bundle) }
    };
    let reblog = if depth == 0 { entity.reblog.look(boosted).flatten() } else { None };
    let poll = entity.poll.0.as_deref();
    let omitted = [
        entity.media_attachments.omitted,
        entity.mentions.omitted,
        entity.tags.omitted,
        entity.emojis.omitted,
        poll.map_or(0, |poll| poll.options.omitted),
    ];
    let content = Html::new(entity.content.as_str());
    // What stands in for a quote is left out only where the quote may be shown.
    let is_shown = quote.as_ref().is_some_and(|quote| quote.state == QuoteState::Accepted && quote.status.is_some());
    let content = if is_shown { content.beside_its_quote() } else { content };
    bundle.statuses.push(Status {
        id: id.clone(),
        account: author.id.clone(),
        created_at: moment(&entity.created_at),
        edited_at: moment(&entity.edited_at),
        visibility: visibility(entity.visibility.filled()),
        language: visible(&entity.language),
        spoiler_text: unbroken(entity.spoiler_text.as_str()),
        content,
        sensitive: entity.sensitive.yes(),
        reblog,
        in_reply_to_id: StatusId::new(entity.in_reply_to_id.as_str()),
        in_reply_to_account_id: AccountId::new(entity.in_reply_to_account_id.as_str()),
        media_attachments: entity.media_attachments.items.iter().map(medium).collect(),
        poll: poll.map(ballot).map(Box::new),
        card: entity.card.0.as_deref().and_then(card).map(Box::new),
        quote: quote.map(Box::new),
        mentions: kept(&entity.mentions.items, mention),
        tags: kept(&entity.tags.items, tag),
        emojis: emojis(&entity.emojis.items),
        counts: Counts {
            replies: number(entity.replies_count),
            reblogs: number(entity.reblogs_count),
            favourites: number(entity.favourites_count),
            quotes: number(entity.quotes_count),
        },
        personal: Personal {
            favourited: entity.favourited.0,
            reblogged: entity.reblogged.0,
            bookmarked: entity.bookmarked.0,
            muted: entity.muted.0,
            pinned: entity.pinned.0,
        },
        filtered: entity.filtered.stated.then(|| kept(&entity.filtered.items, filter)),
        url: address(&entity.url).or_else(|| web_address(&entity.uri)),
        omitted: omitted.iter().fold(0, |sum: u32, count| sum.saturating_add(*count)),
    });
    bundle.accounts.push(author);
    Some(id)
}

fn quote(nested: &Nested<'_, entities::Quote<'_>>, of: &StatusId, depth: u8, bundle: &mut Bundle) -> Option<Quote> {
    nested.look(|entity| quote_of(entity, nested, of, depth, bundle))
}

fn quote_of(
    entity: &entities::Quote<'_>,
    nested: &Nested<'_, entities::Quote<'_>>,
    of: &StatusId,
    depth: u8,
    bundle: &mut Bundle,
) -> Quote {
    // The Firefish family puts the quoted status itself in the place of the quote.
    let bare = entity.state.0.is_none() && entity.id.0.is_some();
    let mut put = |quoted: &entities::Status<'_>| match quoted.id.as_str() {
        id if id == of.as_str() => None,
        id if depth == DEEPEST => StatusId::new(id),
        _ => flatten(quoted, depth + 1, bundle),
    };
    let status = match nested {
        Nested::Shut(raw) if bare => raw.object::<entities::Status<'_>>().and_then(|quoted| put(&quoted)),
        Nested::Shut(_) | Nested::Open(_) => entity.quoted_status.look(put).flatten(),
    };
    let status = status.or_else(|| StatusId::new(entity.quoted_status_id.as_str()));
    let state = match entity.state.filled() {
        None if bare => QuoteState::Accepted,
        None => QuoteState::Other(Plain::line("unknown")),
        Some("pending") => QuoteState::Pending,
        Some("accepted") => QuoteState::Accepted,
        Some("rejected") => QuoteState::Rejected,
        Some("revoked") => QuoteState::Revoked,
        Some("deleted") => QuoteState::Deleted,
        Some("unauthorized") => QuoteState::Unauthorized,
        Some("blocked_account") => QuoteState::BlockedAccount,
        Some("blocked_domain") => QuoteState::BlockedDomain,
        Some("muted_account") => QuoteState::MutedAccount,
        Some(other) => QuoteState::Other(Plain::line(other)),
    };
    Quote { state, status }
}

fn kind(name: &str, entity: &entities::Notification<'_>, bundle: &mut Bundle) -> NotificationKind {
    match name {
        "mention" => NotificationKind::Mention,
        "status" => NotificationKind::Status,
        "reblog" => NotificationKind::Reblog,
        "favourite" => NotificationKind::Favourite,
        "poll" => NotificationKind::Poll,
        "update" => NotificationKind::Update,
        "quote" => NotificationKind::Quote,
        "quoted_update" => NotificationKind::QuotedUpdate,
        "follow" => NotificationKind::Follow,
        "follow_request" => NotificationKind::FollowRequest,
        "admin.sign_up" => NotificationKind::AdminSignUp,
        "admin.report" => {
            let report = entity.report.0.as_deref();
            NotificationKind::AdminReport(Box::new(Report {
                target: report.and_then(|report| put_account(&report.target_account, bundle)),
                category: report.and_then(|report| visible(&report.category)),
            }))
        }
        "severed_relationships" => {
            let event = entity.event.0.as_deref();
            NotificationKind::SeveredRelationships(Box::new(RelationshipSeveranceEvent {
                cause: event.and_then(|event| visible(&event.kind)),
                target_name: event.and_then(|event| visible(&event.target_name)),
                followers: event.and_then(|event| event.followers_count.0),
                following: event.and_then(|event| event.following_count.0),
            }))
        }
        "moderation_warning" => {
            let warning = entity.moderation_warning.0.as_deref();
            NotificationKind::ModerationWarning(Box::new(AccountWarning {
                action: warning.and_then(|warning| visible(&warning.action)),
                text: warning.and_then(|warning| body(&warning.text)),
            }))
        }
        "annual_report" => {
            let year = entity.annual_report.0.as_deref().map(|report| Plain::line(report.year.as_str()));
            NotificationKind::AnnualReport { year: year.filter(|year| !year.is_blank()) }
        }
        "added_to_collection" => NotificationKind::AddedToCollection { name: collection_name(entity) },
        "collection_update" => NotificationKind::CollectionUpdate { name: collection_name(entity) },
        "pending.reply" => NotificationKind::PendingReply,
        "pending.favourite" => NotificationKind::PendingFavourite,
        "pending.reblog" => NotificationKind::PendingReblog,
        other => NotificationKind::Other(Plain::line(other)),
    }
}

fn collection_name(entity: &entities::Notification<'_>) -> Option<Plain> {
    visible(&entity.collection.0.as_deref()?.name)
}

fn put_account(entity: &One<entities::Account<'_>>, bundle: &mut Bundle) -> Option<AccountId> {
    let account = person(entity.0.as_deref()?)?;
    let id = account.id.clone();
    bundle.accounts.push(account);
    Some(id)
}

fn person(entity: &entities::Account<'_>) -> Option<Account> {
    let id = AccountId::new(entity.id.as_str())?;
    let acct = visible(&entity.acct).or_else(|| visible(&entity.username)).unwrap_or_else(|| Plain::line(id.as_str()));
    Some(Account {
        id,
        acct,
        display_name: Plain::line(entity.display_name.as_str()),
        url: address(&entity.url),
        bot: entity.bot.yes(),
        locked: entity.locked.yes(),
        avatar: address(&entity.avatar_static).or_else(|| address(&entity.avatar)),
        emojis: emojis(&entity.emojis.items),
    })
}

/// Custom emoji; those that move are taken as they stand still.
fn emojis(entities: &[entities::CustomEmoji<'_>]) -> Vec<Emoji> {
    let read = |entity: &entities::CustomEmoji<'_>| {
        let picture = address(&entity.static_url).or_else(|| address(&entity.url));
        Some(Emoji { shortcode: visible(&entity.shortcode)?, picture })
    };
    kept(entities, read)
}

/// What can be read of a list, with room for no more than that: thousands of these are held.
fn kept<T, K>(entities: &[T], read: impl Fn(&T) -> Option<K>) -> Vec<K> {
    let mut kept = Vec::with_capacity(entities.len());
    kept.extend(entities.iter().filter_map(read));
    kept
}

fn edit(entity: &entities::StatusEdit<'_>) -> StatusEdit {
    let poll = entity.poll.0.as_deref();
    StatusEdit {
        created_at: moment(&entity.created_at),
        spoiler_text: unbroken(entity.spoiler_text.as_str()),
        content: Html::new(entity.content.as_str()),
        sensitive: entity.sensitive.yes(),
        poll_options: poll.map(|poll| ballot(poll).options.into_iter().map(|option| option.title).collect()).unwrap_or_default(),
        media_attachments: entity.media_attachments.items.iter().map(medium).collect(),
        omitted: entity.media_attachments.omitted.saturating_add(poll.map_or(0, |poll| poll.options.omitted)),
    }
}

fn field(entity: &entities::Field<'_>) -> Field {
    Field { name: Plain::line(entity.name.as_str()), value: Html::new(entity.value.as_str()), verified_at: moment(&entity.verified_at) }
}

fn ties(entity: &entities::Relationship<'_>) -> Relationship {
    let boosts_hidden = entity.following.yes() && entity.showing_reblogs.0 == Some(false);
    let ties = [
        (entity.following.yes(), Tie::Following),
        (boosts_hidden, Tie::WithoutBoosts),
        (entity.notifying.yes(), Tie::Notifying),
        (entity.requested.yes(), Tie::Requested),
        (entity.followed_by.yes(), Tie::FollowedBy),
        (entity.requested_by.yes(), Tie::RequestedBy),
        (entity.endorsed.yes(), Tie::Endorsed),
        (entity.muting.yes(), Tie::Muting),
        (entity.muting.yes() && entity.muting_notifications.yes(), Tie::MutingNotifications),
        (entity.blocking.yes(), Tie::Blocking),
        (entity.blocked_by.yes(), Tie::BlockedBy),
        (entity.domain_blocking.yes(), Tie::DomainBlocking),
    ];
    Relationship {
        ties: ties.into_iter().filter_map(|(holds, tie)| holds.then_some(tie)).collect(),
        muted_until: moment(&entity.muting_expires_at),
        note: body(&entity.note).unwrap_or_default(),
    }
}

/// A domain as it is written in ASCII; one that is none as it came.
fn in_ascii(domain: &str) -> Plain {
    match url::Host::parse(domain) {
        Ok(host) => Plain::line(&host.to_string()),
        Err(_) => Plain::line(domain),
    }
}

fn visibility(word: Option<&str>) -> Visibility {
    match word {
        Some("public") => Visibility::Public,
        Some("unlisted") => Visibility::Unlisted,
        Some("private") => Visibility::Private,
        Some("direct") => Visibility::Direct,
        Some(other) => Visibility::Other(Plain::line(other)),
        None => Visibility::Other(Plain::line("unknown")),
    }
}

fn medium(entity: &entities::MediaAttachment<'_>) -> Media {
    let meta = entity.meta.0.as_deref();
    let original = meta.and_then(|meta| meta.original.0.as_deref());
    let size = original.and_then(|size| pixels(size.width, size.height)).or_else(|| meta.and_then(|meta| pixels(meta.width, meta.height)));
    let seconds = original.and_then(|size| size.duration.0).or_else(|| meta.and_then(|meta| meta.duration.0));
    Media {
        kind: match entity.kind.filled() {
            Some("image") => MediaKind::Image,
            Some("gifv") => MediaKind::Gifv,
            Some("video") => MediaKind::Video,
            Some("audio") => MediaKind::Audio,
            Some("unknown") | None => MediaKind::Unknown,
            Some(other) => MediaKind::Other(Plain::line(other)),
        },
        description: body(&entity.description),
        url: address(&entity.url).or_else(|| address(&entity.remote_url)),
        preview: address(&entity.preview_url),
        blurhash: address(&entity.blurhash),
        size,
        seconds: seconds.and_then(|seconds| u32::try_from(seconds).ok()),
    }
}

fn pixels(width: Count, height: Count) -> Option<(u32, u32)> {
    Some((u32::try_from(width.0?).ok()?, u32::try_from(height.0?).ok()?))
}

/// A field of the author's own words on one line (warning, poll option): not cut as short as a name.
fn unbroken(raw: &str) -> Plain {
    Plain::lines(&Plain::lines(raw).as_str().replace('\n', " "))
}

fn ballot(entity: &entities::Poll<'_>) -> Poll {
    let option =
        |option: &entities::PollOption<'_>| PollOption { title: unbroken(option.title.as_str()), votes_count: option.votes_count.0 };
    let own = &entity.own_votes;
    Poll {
        options: entity.options.items.iter().map(option).collect(),
        votes_count: number(entity.votes_count),
        voters_count: entity.voters_count.0,
        multiple: entity.multiple.yes(),
        expired: entity.expired.yes(),
        expires_at: moment(&entity.expires_at),
        voted: entity.voted.0,
        own_votes: own.stated.then(|| own.items.iter().filter_map(|vote| usize::try_from(vote.0?).ok()).collect()),
    }
}

fn card(entity: &entities::PreviewCard<'_>) -> Option<Card> {
    let url = address(&entity.url);
    let title = Plain::line(entity.title.as_str());
    if url.is_none() && title.is_blank() {
        return None;
    }
    let author = |author: &entities::PreviewCardAuthor<'_>| {
        let account = author.account.0.as_deref().and_then(person);
        account.map(|account| account.name().clone()).or_else(|| visible(&author.name))
    };
    let authors: Vec<Plain> = entity.authors.items.iter().filter_map(author).collect();
    Some(Card {
        url: url.unwrap_or_default(),
        title,
        description: Plain::line(entity.description.as_str()),
        provider_name: Plain::line(entity.provider_name.as_str()),
        authors: if authors.is_empty() { visible(&entity.author_name).into_iter().collect() } else { authors },
    })
}

fn mention(entity: &entities::Mention<'_>) -> Option<Mention> {
    let acct = visible(&entity.acct).or_else(|| visible(&entity.username))?;
    Some(Mention { id: AccountId::new(entity.id.as_str()), acct, url: address(&entity.url) })
}

fn tag(entity: &entities::Tag<'_>) -> Option<StatusTag> {
    Some(StatusTag { name: visible(&entity.name)?, url: address(&entity.url) })
}

fn filter(entity: &entities::FilterResult<'_>) -> Option<FilterMatch> {
    let filter = entity.filter.0.as_deref()?;
    let context = |word: &Text<'_>| match word.as_str() {
        "home" => Some(FilterContext::Home),
        "notifications" => Some(FilterContext::Notifications),
        "public" => Some(FilterContext::Public),
        "thread" => Some(FilterContext::Thread),
        "account" => Some(FilterContext::Account),
        _ => None,
    };
    Some(FilterMatch {
        title: Plain::line(filter.title.as_str()),
        context: filter.context.items.iter().filter_map(context).collect(),
        action: match filter.action.0 {
            // `blur` filters lose the key on streams (transcript `ws-custom-filters`).
            None | Some("\"blur\"") => FilterAction::Blur,
            Some("\"hide\"") => FilterAction::Hide,
            Some(_) => FilterAction::Warn,
        },
    })
}

fn reaction(entity: &entities::Reaction<'_>) -> Option<Reaction> {
    Some(Reaction { name: visible(&entity.name)?, count: entity.count.0? })
}

fn append(bundle: &mut Bundle, mut inner: Bundle) {
    bundle.accounts.append(&mut inner.accounts);
    bundle.statuses.append(&mut inner.statuses);
}

/// One line, unless nothing of it is visible.
fn visible(text: &Text<'_>) -> Option<Plain> {
    text.filled().map(Plain::line).filter(|line| !line.is_blank())
}

/// Several lines, unless nothing of them is visible.
fn body(text: &Text<'_>) -> Option<Plain> {
    text.filled().map(Plain::lines).filter(|lines| !lines.is_blank())
}

fn address(text: &Text<'_>) -> Option<Plain> {
    text.filled().map(Plain::address).filter(|address| !address.is_blank())
}

/// An address of the web; other identifiers lead nowhere.
fn web_address(text: &Text<'_>) -> Option<Plain> {
    address(text).filter(|address| WebAddress::read(address.as_str()).is_some())
}

fn number(count: Count) -> u64 {
    count.0.unwrap_or_default()
}

/// A moment; one without a time zone is taken as UTC.
fn moment(text: &Text<'_>) -> Option<Timestamp> {
    let text = text.filled()?;
    text.parse().ok().or_else(|| {
        let civil: jiff::civil::DateTime = text.parse().ok()?;
        jiff::tz::TimeZone::UTC.to_timestamp(civil).ok()
    })
}

#[cfg(test)]
mod mutations;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// The answer that GoToSocial gave to a recorded request.
    fn answer(name: &str) -> Vec<u8> {
        let path = format!("{}/tests/fixtures/wire-gotosocial/rest/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let recorded: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        serde_json::to_vec(&recorded["body"]).unwrap()
    }

    fn body(value: &Value) -> Vec<u8> {
        serde_json::to_vec(value).unwrap()
    }

    /// A status with whatever else is given.
    fn read(more: &Value) -> Bundle {
        let mut whole = json!({"id": "10", "account": {"id": "1", "acct": "a@b.example"}});
        whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        single_status(&body(&whole)).unwrap()
    }

    fn own(more: &Value) -> Status {
        read(more).main().unwrap().clone()
    }

    #[test]
    fn a_post_without_a_page_leads_to_what_it_is_known_by_where_that_is_of_the_web() {
        let url = |more: &Value| own(more).url.map(|url| url.to_string());
        let uri = "https://a.example/objects/1";
        assert_eq!(url(&json!({"url": "https://a.example/@a/1", "uri": uri})).as_deref(), Some("https://a.example/@a/1"));
        assert_eq!(url(&json!({"url": null, "uri": uri})).as_deref(), Some(uri));
        assert_eq!(url(&json!({"url": "", "uri": uri})).as_deref(), Some(uri));
        for other in ["tag:a.example,2026:1", "javascript:alert(1)", "at://did:plc:abc/app.bsky.feed.post/1", ""] {
            assert_eq!(url(&json!({"url": null, "uri": other})), None, "{other}");
        }
    }

    #[test]
    fn pictures_of_people_and_emoji_are_those_that_stand_still() {
        let moving = r#"{"id":"1","username":"ada","avatar":"https://a.example/1.gif","avatar_static":"https://a.example/1.png",
            "emojis":[{"shortcode":"wave","url":"https://a.example/w.gif","static_url":"https://a.example/w.png"},
                {"shortcode":"only","url":"https://a.example/o.png"},{"shortcode":"none","static_url":7},{"url":"https://a.example/x.png"}]}"#;
        let account = account(moving.as_bytes()).unwrap();
        assert_eq!(account.avatar.as_ref().map(Plain::as_str), Some("https://a.example/1.png"));
        let emojis: Vec<(&str, Option<&str>)> =
            account.emojis.iter().map(|emoji| (emoji.shortcode.as_str(), emoji.picture.as_ref().map(Plain::as_str))).collect();
        assert_eq!(emojis, [("wave", Some("https://a.example/w.png")), ("only", Some("https://a.example/o.png")), ("none", None)]);
    }

    #[test]
    fn a_page_keeps_the_servers_order_and_counts_what_it_cannot_read() {
        let Page { items, bundle, rejected, raw, .. } = statuses_page(&answer("timeline-home"), true).unwrap();
        let recorded: Value = serde_json::from_slice(&answer("timeline-home")).unwrap();
        let ids: Vec<_> =
            recorded.as_array().unwrap().iter().map(|status| StatusId::new(status["id"].as_str().unwrap()).unwrap()).collect();
        assert_eq!(items, ids.iter().cloned().map(Item::Status).collect::<Vec<_>>());
        assert_eq!(rejected, 0);
        assert!(ids.iter().all(|id| bundle.statuses.iter().any(|status| status.id == *id)));
        let sent = String::from_utf8(answer("timeline-home")).unwrap();
        assert!(raw.len() == items.len() && raw.iter().all(|text| sent.contains(&**text)), "as it was sent");
        assert_eq!(serde_json::from_str::<Value>(&raw[2]).unwrap()["id"], ids[2].as_str());

        let mut spoilt = recorded;
        spoilt[1] = json!({"id": spoilt[1]["id"]});
        spoilt.as_array_mut().unwrap().extend([json!(null), json!([]), json!("x")]);
        let Page { items: fewer, rejected, raw: texts, .. } = statuses_page(&body(&spoilt), true).unwrap();
        assert_eq!((fewer.len(), rejected), (items.len() - 1, 4));
        assert!(texts.len() == fewer.len() && serde_json::from_str::<Value>(&texts[1]).unwrap()["id"] == ids[2].as_str(), "side by side");
        assert!(statuses_page(&body(&spoilt), false).unwrap().raw.is_empty(), "only where asked for");

        assert_eq!(statuses_page(b" [] ", true), Some(Page::default()));
        for no_list in [&b""[..], b"{}", b"null", b"<html>", b"[1", b"{\"error\":\"x\"}"] {
            assert_eq!(statuses_page(no_list, false), None);
        }
    }

    #[test]
    fn notifications_and_conversations_come_in_pages_too() {
        let Page { items, bundle, rejected, .. } = notifications_page(&answer("notifications"), false).unwrap();
        assert_eq!(rejected, 0);
        assert!(items.len() > 4);
        for item in &items {
            let Item::Notification(notification) = item else { panic!("{item:?}") };
            assert!(!matches!(notification.kind, NotificationKind::Other(_)), "{notification:?}");
            let known = |id| bundle.accounts.iter().any(|account| account.id == id);
            assert!(notification.account.clone().is_some_and(known), "{notification:?}");
        }
        let Page { items, bundle, rejected, .. } = conversations_page(&answer("conversations"), false).unwrap();
        assert_eq!((items.len(), rejected), (3, 0));
        let Item::Conversation(first) = &items[0] else { panic!() };
        assert!(first.unread);
        assert_eq!(first.accounts, [AccountId::new("01HWQ823A20F747AC9ZYXA6AQ6").unwrap()]);
        assert!(bundle.statuses.iter().any(|status| Some(&status.id) == first.last_status.as_ref()));
    }

    #[test]
    fn what_stands_in_for_a_quote_stays_where_the_quote_is_not_shown() {
        let content = "<p class=\"quote-inline\">RE: <a href=\"https://b.example/9\">b.example/9</a></p><p>words</p>";
        let quoting = |quote: Value| own(&json!({"content": content, "quote": quote})).content.text();
        let quoted = json!({"id": "9", "account": {"id": "2", "acct": "b"}});
        assert_eq!(quoting(json!({"state": "accepted", "quoted_status": quoted})), "words");
        assert_eq!(quoting(json!({"state": "accepted", "quoted_status_id": "9"})), "words", "it may be held already");
        for (state, quoted) in [("accepted", Value::Null), ("pending", Value::Null), ("revoked", Value::Null), ("muted_account", quoted)] {
            assert!(quoting(json!({"state": state, "quoted_status": quoted})).contains("b.example/9"), "{state}");
        }
    }

    #[test]
    fn who_wrote_a_linked_page_is_named() {
        let authors = |card: Value| own(&json!({"card": card})).card.unwrap().authors;
        let named = json!({"title": "x", "author_name": "old", "authors": [{"name": "Bo", "account": null}, {"name": "", "account": {"id": "3", "acct": "cy"}}, {"name": ""}]});
        assert_eq!(authors(named), [Plain::line("Bo"), Plain::line("cy")]);
        assert_eq!(authors(json!({"title": "x", "author_name": "old"})), [Plain::line("old")]);
        assert_eq!(authors(json!({"title": "x", "author_name": ""})), []);
    }

    #[test]
    fn histories_profiles_and_relationships() {
        let versions = history(&answer("status-history")).unwrap();
        let told: Vec<(String, &str)> = versions.iter().map(|edit| (edit.content.text(), edit.spoiler_text.as_str())).collect();
        assert_eq!(
            told,
            [("posted with *markdown* and <b>html</b>\nsecond line".to_owned(), ""), ("edited text".to_owned(), "now a warning")]
        );
        assert!(versions.iter().all(|edit| edit.created_at.is_some()));
        assert_eq!(history(b"{}"), None);

        let (alice, bundle) = profile(&answer("account")).unwrap();
        assert_eq!((alice.note.text().as_str(), alice.counts), ("keeper of the *trunk line*", [Some(2), Some(1), Some(0)]));
        assert_eq!((alice.domain, alice.marks), (None, vec![AccountMark::Role(Plain::line("admin"))]));
        assert_eq!(bundle.accounts, std::slice::from_ref(&alice.account));
        let stand = relationships(&answer("relationships")).unwrap();
        assert_eq!((&stand[0].0, &stand[0].1.ties[..]), (&alice.account.id, &[Tie::Following, Tie::FollowedBy][..]));
        assert!(stand.len() == 2 && stand[1].1.ties.is_empty() && relationships(b"{}").is_none());

        let moved = json!({"id": "7", "acct": "a@bücher.example", "suspended": true, "limited": true, "memorial": true, "group": true,
            "moved": {"id": "8", "acct": "a@new.example"},
            "fields": [{"name": "Web", "value": "<a href=\"https://a.example\">a</a>", "verified_at": "2024-01-02T03:04:05Z"}, {"name": "", "value": ""}]});
        let (moved, bundle) = profile(&body(&moved)).unwrap();
        assert_eq!(moved.domain, Some(Plain::line("xn--bcher-kva.example")));
        let eight = AccountId::new("8").unwrap();
        assert_eq!(
            moved.marks,
            [AccountMark::Suspended, AccountMark::Limited, AccountMark::Memorial, AccountMark::Group, AccountMark::Moved(eight.clone())]
        );
        assert!(moved.fields.len() == 1 && moved.fields[0].verified_at.is_some());
        assert!(bundle.accounts.iter().any(|account| account.id == eight));

        let poll = json!([{"poll": {"options": [{"title": "Tea"}, {"title": "Coffee"}]}, "media_attachments": [{"type": "image", "url": "https://a.example/1"}], "sensitive": true}]);
        let edit = &history(&body(&poll)).unwrap()[0];
        assert_eq!((edit.poll_options.len(), edit.media_attachments.len(), edit.sensitive), (2, 1, true));
    }

    #[test]
    fn the_other_answers_of_a_server() {
        let thread = context(&answer("status-context")).unwrap();
        assert_eq!(thread.ancestors.len() + thread.descendants.len(), thread.bundle.statuses.len());
        assert!(!thread.bundle.statuses.is_empty());
        assert_eq!(context(b"{}"), None);
        assert_eq!(context(b"{\"ancestors\":[]}"), Some(Thread::default()));

        assert_eq!(account(&answer("verify-credentials")).unwrap().acct.as_str(), "bob");
        let lists = lists(&answer("lists")).unwrap();
        assert_eq!(lists, [List { id: ListId::new("01M84HTJTG9YTPJSH9G625PG6V").unwrap(), title: Plain::line("trunk") }]);
        assert_eq!(followed_tags(br#"[{"name":"rust"},{"name":""},7]"#).unwrap(), [Plain::line("rust")]);
        assert_eq!(followed_tags(&answer("error-401-bad-token")), None);
        assert_eq!(error_words(&answer("error-401-bad-token")).unwrap().as_str(), "Unauthorized: token not supplied");
        assert_eq!(error_words(b"{\"error\":{}}"), None);
        assert_eq!(error_words(b"<h1>Bad gateway"), None);
    }

    #[test]
    fn a_server_introduces_itself_in_two_versions() {
        let same = InstanceFacts {
            domain: Plain::line("localhost:8080"),
            title: Plain::line("localhost:8080"),
            version: Plain::line("0.20.0-dev"),
            streaming: Some("wss://localhost:8080".to_owned()),
            timelines_access: TimelinesAccess::default(),
        };
        assert_eq!(instance_v1(&answer("instance-v1")), Some(same.clone()));
        assert_eq!(instance_v2(&answer("instance-v2")), Some(same));
        let bare = instance_v1(br#"{"uri":"https://a.example/x","version":"4.1.0","urls":[]}"#).unwrap();
        assert_eq!((bare.domain.as_str(), bare.streaming), ("a.example", None));
        for none in [&b"{}"[..], b"[]", b"<html>", b"{\"version\":{}}"] {
            assert_eq!(instance_v2(none), None);
        }
    }

    #[test]
    fn feeds_that_are_switched_off_are_read_whatever_else_stands_there() {
        let access = |stated: &str| {
            let body = format!(r#"{{"domain":"a.example","configuration":{{"timelines_access":{stated}}}}}"#);
            instance_v2(body.as_bytes()).unwrap().timelines_access
        };
        let live = r#"{"live_feeds":{"local":"disabled","remote":"authenticated"},"hashtag_feeds":{"local":"public","remote":"disabled"}}"#;
        assert_eq!(
            access(live),
            TimelinesAccess {
                local_live: FeedAccess::Disabled,
                remote_live: FeedAccess::Authenticated,
                local_topic: FeedAccess::Public,
                remote_topic: FeedAccess::Disabled,
            }
        );
        for nothing in
            ["null", "[]", "7", "{}", r#"{"live_feeds":null,"hashtag_feeds":"off"}"#, r#"{"live_feeds":{"local":["x"],"remote":"?"}}"#]
        {
            assert_eq!(access(nothing), TimelinesAccess::default(), "{nothing}");
        }
    }

    #[test]
    fn scopes_are_what_the_server_tells_or_nothing() {
        let words = |words: &[&str]| Some(words.iter().map(|word| Plain::line(word)).collect::<Vec<_>>());
        assert_eq!(scopes(br#"{"name":"T","scopes":["read",7,"write:statuses"]}"#), words(&["read", "write:statuses"]));
        assert_eq!(scopes(br#"{"name":"T","scopes":[]}"#), words(&[]));
        assert_eq!(scopes(br#"{"name":"T"}"#), None);
        assert_eq!(scopes(b"[]"), None);
    }

    #[test]
    fn nested_statuses_come_first_and_rings_are_cut() {
        let inner = |id: &str, more: Value| {
            let mut whole = json!({"id": id, "account": {"id": id, "acct": id}});
            whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            whole
        };
        let quote = |status: Value| json!({"quote": {"state": "accepted", "quoted_status": status}});
        let ids = |bundle: &Bundle| bundle.statuses.iter().map(|status| status.id.to_string()).collect::<Vec<_>>();

        let boosted = read(&json!({"reblog": inner("20", quote(inner("30", json!({}))))}));
        assert_eq!(ids(&boosted), ["30", "20", "10"]);
        assert_eq!(boosted.main().unwrap().reblog, StatusId::new("20"));

        let chain = read(&quote(inner("20", quote(inner("30", quote(inner("40", quote(inner("50", json!({}))))))))));
        assert_eq!(ids(&chain), ["40", "30", "20", "10"]);
        assert_eq!(chain.statuses[0].quote.as_ref().unwrap().status, StatusId::new("50"));

        assert_eq!(own(&json!({"reblog": inner("10", json!({}))})).reblog, None);
        assert_eq!(ids(&read(&json!({"reblog": inner("20", json!({"reblog": inner("10", json!({}))}))}))), ["20", "10"]);
        assert_eq!(ids(&read(&json!({"reblog": {"id": "20"}}))), ["10"]);
    }

    #[test]
    fn quotes_are_whole_shallow_or_empty() {
        let quote = |value: Value| own(&json!({"quote": value})).quote;
        let shallow = quote(json!({"state": "muted_account", "quoted_status_id": 7})).unwrap();
        assert_eq!((shallow.state, shallow.status), (QuoteState::MutedAccount, StatusId::new("7")));
        let strange = quote(json!({"state": "some_future_state", "quoted_status": null})).unwrap();
        assert_eq!((strange.state, strange.status), (QuoteState::Other(Plain::line("some_future_state")), None));
        let bare = quote(json!({"id": "7", "account": {"id": "1"}})).unwrap();
        assert_eq!((bare.state, bare.status), (QuoteState::Accepted, StatusId::new("7")));
        assert_eq!(quote(json!(null)), None);
        assert_eq!(quote(json!("x")), None);
    }

    #[test]
    fn filters_say_what_they_want_or_blur() {
        assert_eq!(own(&json!({})).filtered, None);
        assert_eq!(own(&json!({"filtered": []})).filtered, Some(Vec::new()));
        let action = |filter: Value| own(&json!({"filtered": [{"filter": filter}]})).filtered.unwrap()[0].action;
        assert_eq!(action(json!({"title": "x"})), FilterAction::Blur);
        assert_eq!(action(json!({"filter_action": null})), FilterAction::Blur);
        assert_eq!(action(json!({"filter_action": "blur"})), FilterAction::Blur);
        assert_eq!(action(json!({"filter_action": "warn"})), FilterAction::Warn);
        assert_eq!(action(json!({"filter_action": "hide"})), FilterAction::Hide);
        assert_eq!(action(json!({"filter_action": "explode"})), FilterAction::Warn);
        let context = json!({"filter": {"context": ["home", "moon", 7, "thread"]}});
        assert_eq!(own(&json!({"filtered": [context]})).filtered.unwrap()[0].context, [FilterContext::Home, FilterContext::Thread]);
    }

    #[test]
    fn lists_are_bounded_and_the_rest_is_counted() {
        let many = |value: Value, times: usize| Value::Array(vec![value; times]);
        let status = own(&json!({
            "media_attachments": many(json!({"type": "image"}), 40),
            "mentions": many(json!({"acct": "x"}), 201),
            "tags": many(json!({"name": "x"}), 300),
            "emojis": many(json!({"shortcode": "x"}), 200),
            "poll": {"options": many(json!({"title": "x"}), 70)},
        }));
        assert_eq!((status.media_attachments.len(), status.mentions.len(), status.tags.len(), status.emojis.len()), (32, 200, 200, 200));
        assert_eq!(status.poll.unwrap().options.len(), 64);
        assert_eq!(status.omitted, 8 + 1 + 100 + 6);
    }

    #[test]
    fn ids_may_be_numbers_and_names_may_be_missing() {
        let numbers =
            single_status(br#"{"id":109300000000000000,"account":{"id":5,"username":"u","acct":""},"in_reply_to_id":6}"#).unwrap();
        let status = numbers.main().unwrap();
        assert_eq!((status.id.as_str(), status.account.as_str()), ("109300000000000000", "5"));
        assert_eq!(status.in_reply_to_id, StatusId::new("6"));
        assert_eq!(numbers.accounts[0].acct.as_str(), "u");
        assert_eq!(account(br#"{"id":"5","display_name":"\u001b[2J"}"#).unwrap().acct.as_str(), "5");
        for none in
            [&br#"{"id":"","account":{"id":"5"}}"#[..], br#"{"id":"1","account":{}}"#, br#"{"id":-1,"account":{"id":"5"}}"#, b"[\"1\"]"]
        {
            assert_eq!(single_status(none), None);
        }
    }

    #[test]
    fn moments_are_read_with_and_without_a_zone() {
        let at = |text: &str| own(&json!({"created_at": text})).created_at.map(|moment| moment.to_string());
        assert_eq!(at("2026-08-09T12:00:00.000Z").as_deref(), Some("2026-08-09T12:00:00Z"));
        assert_eq!(at("2026-08-09T12:00:00+02:00").as_deref(), Some("2026-08-09T10:00:00Z"));
        assert_eq!(at("2026-08-09T12:00:00").as_deref(), Some("2026-08-09T12:00:00Z"));
        assert_eq!(at("2026-08-09").as_deref(), Some("2026-08-09T00:00:00Z"));
        for none in ["", "yesterday", "2026-13-40T00:00:00Z", "99999-01-01T00:00:00Z"] {
            assert_eq!(at(none), None, "{none}");
        }
    }

    #[test]
    fn a_reaction_that_nobody_has_any_more_is_left_out() {
        let whole = r#"{"id":"9","content":"<p>x</p>","reactions":[{"name":"a","count":0},{"name":"b","count":2}]}"#;
        let announcement = announcement(&entities::object(whole).unwrap()).unwrap();
        assert_eq!(announcement.reactions, [Reaction { name: Plain::line("b"), count: 2 }]);
        let gone = announcement_reaction(&entities::object(r#"{"name":"a","count":0,"announcement_id":9}"#).unwrap()).unwrap();
        assert_eq!((gone.announcement.as_str(), gone.count), ("9", 0));
    }
}
