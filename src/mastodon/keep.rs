//! Entities on their way to the disk: written as the Mastodon API spells them, so that what is kept comes back through
//! `ingest`, the same door as everything from a server.
//!
//! A file of ours may have been changed by anybody, so reading it trusts nothing either. Absent on purpose: files
//! (`memory`), and fields that nothing shows.

use crate::mastodon::ingest;
use crate::model::{
    Account, AccountId, AccountWarning, Bundle, Card, Conversation, Emoji, FilterAction, FilterContext, FilterMatch, Media, MediaKind,
    Notification, NotificationKind, Page, Poll, Quote, QuoteState, RelationshipSeveranceEvent, Report, Status, StatusId, Stream, Timestamp,
    Visibility,
};
use crate::text::Plain;
use serde_json::{Map, Value, json};

/// How deep quotes within quotes are kept.
const DEEPEST: u8 = 2;

/// Where an entity finds what it names.
pub trait Holdings {
    /// A status, if it is held.
    fn status(&self, id: &StatusId) -> Option<&Status>;
    /// An account, if it is held.
    fn account(&self, id: &AccountId) -> Option<&Account>;
}

/// A status with its author and what it boosts and quotes; `None` without its author.
pub fn status(held: &impl Holdings, status: &Status) -> Option<Value> {
    nested(held, status, 0)
}

/// A notification and what it names.
pub fn notification(held: &impl Holdings, notification: &Notification) -> Value {
    let Notification { id, kind, created_at, account, status: about } = notification;
    let mut entity = json!({
        "id": id.as_str(),
        "type": kind.name(),
        "created_at": moment(*created_at),
        "account": account.as_ref().and_then(|id| person(held, id)),
        "status": about.as_ref().and_then(|id| status(held, held.status(id)?)),
    });
    let (key, more) = match kind {
        NotificationKind::AdminReport(report) => {
            let Report { target, category } = &**report;
            ("report", json!({"category": text(category.as_ref()), "target_account": target.as_ref().and_then(|id| person(held, id))}))
        }
        NotificationKind::SeveredRelationships(event) => {
            let RelationshipSeveranceEvent { cause, target_name, followers, following } = &**event;
            let event = json!({
                "type": text(cause.as_ref()),
                "target_name": text(target_name.as_ref()),
                "followers_count": followers,
                "following_count": following,
            });
            ("event", event)
        }
        NotificationKind::ModerationWarning(warning) => {
            let AccountWarning { action, text: words } = &**warning;
            ("moderation_warning", json!({"action": text(action.as_ref()), "text": text(words.as_ref())}))
        }
        NotificationKind::AnnualReport { year } => ("annual_report", json!({"year": text(year.as_ref())})),
        NotificationKind::AddedToCollection { name } | NotificationKind::CollectionUpdate { name } => {
            ("collection", json!({"name": text(name.as_ref())}))
        }
        NotificationKind::Mention
        | NotificationKind::Status
        | NotificationKind::Reblog
        | NotificationKind::Favourite
        | NotificationKind::Poll
        | NotificationKind::Update
        | NotificationKind::Quote
        | NotificationKind::QuotedUpdate
        | NotificationKind::Follow
        | NotificationKind::FollowRequest
        | NotificationKind::AdminSignUp
        | NotificationKind::PendingReply
        | NotificationKind::PendingFavourite
        | NotificationKind::PendingReblog
        | NotificationKind::Other(_) => return entity,
    };
    if let Some(fields) = entity.as_object_mut() {
        fields.insert(key.to_owned(), more);
    }
    entity
}

/// A conversation and what it names.
pub fn conversation(held: &impl Holdings, conversation: &Conversation) -> Value {
    let Conversation { id, accounts, unread, last_status } = conversation;
    json!({
        "id": id.as_str(),
        "accounts": accounts.iter().filter_map(|id| person(held, id)).collect::<Vec<_>>(),
        "unread": unread,
        "last_status": last_status.as_ref().and_then(|id| status(held, held.status(id)?)),
    })
}

/// Reads a list of what was kept of a stream, newest first. `None` if it is no list.
pub fn page(stream: &Stream, kept: &str) -> Option<Page> {
    let kept = kept.as_bytes();
    match stream {
        Stream::UserNotification => ingest::notifications_page(kept, false),
        Stream::Direct => ingest::conversations_page(kept, false),
        Stream::User | Stream::Public { .. } | Stream::Hashtag { .. } | Stream::List(_) => ingest::statuses_page(kept, false),
    }
}

impl Holdings for Bundle {
    fn status(&self, id: &StatusId) -> Option<&Status> {
        self.statuses.iter().find(|status| status.id == *id)
    }

    fn account(&self, id: &AccountId) -> Option<&Account> {
        self.accounts.iter().find(|account| account.id == *id)
    }
}

fn nested(held: &impl Holdings, status: &Status, depth: u8) -> Option<Value> {
    let account = person(held, &status.account)?;
    let inner = |id: &StatusId| if depth < DEEPEST { nested(held, held.status(id)?, depth + 1) } else { None };
    let Status { counts, personal, .. } = status;
    let mut entity = json!({
        "id": status.id.as_str(),
        "account": account,
        "created_at": moment(status.created_at),
        "edited_at": moment(status.edited_at),
        "visibility": visibility(&status.visibility),
        "language": text(status.language.as_ref()),
        "spoiler_text": status.spoiler_text.as_str(),
        "content": status.content.kept(),
        "sensitive": status.sensitive,
        "reblog": status.reblog.as_ref().and_then(inner),
        "in_reply_to_id": status.in_reply_to_id.as_ref().map(StatusId::as_str),
        "in_reply_to_account_id": status.in_reply_to_account_id.as_ref().map(AccountId::as_str),
        "media_attachments": status.media_attachments.iter().map(medium).collect::<Vec<_>>(),
        "poll": status.poll.as_deref().map(ballot),
        "card": status.card.as_deref().map(card),
        "quote": status.quote.as_ref().map(|quote| quoted(quote, inner)),
        "mentions": status.mentions.iter().map(|mention| json!({
            "id": mention.id.as_ref().map(AccountId::as_str),
            "acct": mention.acct.as_str(),
            "url": text(mention.url.as_ref()),
        })).collect::<Vec<_>>(),
        "tags": status.tags.iter().map(|tag| json!({"name": tag.name.as_str(), "url": text(tag.url.as_ref())})).collect::<Vec<_>>(),
        "emojis": emojis(&status.emojis),
        "replies_count": counts.replies,
        "reblogs_count": counts.reblogs,
        "favourites_count": counts.favourites,
        "quotes_count": counts.quotes,
        "url": text(status.url.as_ref()),
    });
    if let Some(fields) = entity.as_object_mut() {
        // What a copy did not say stays unsaid.
        let own = [
            ("favourited", personal.favourited),
            ("reblogged", personal.reblogged),
            ("bookmarked", personal.bookmarked),
            ("muted", personal.muted),
            ("pinned", personal.pinned),
        ];
        fields.extend(own.into_iter().filter_map(|(key, said)| Some((key.to_owned(), said?.into()))));
        if let Some(filtered) = &status.filtered {
            fields.insert("filtered".to_owned(), filtered.iter().map(filter).collect());
        }
    }
    Some(entity)
}

fn person(held: &impl Holdings, id: &AccountId) -> Option<Value> {
    let Account { id, acct, display_name, url, bot, locked, avatar, emojis: own } = held.account(id)?;
    Some(json!({
        "id": id.as_str(),
        "acct": acct.as_str(),
        "display_name": display_name.as_str(),
        "url": text(url.as_ref()),
        "bot": bot,
        "locked": locked,
        "avatar_static": text(avatar.as_ref()),
        "emojis": emojis(own),
    }))
}

fn emojis(emojis: &[Emoji]) -> Value {
    emojis.iter().map(|emoji| json!({"shortcode": emoji.shortcode.as_str(), "static_url": text(emoji.picture.as_ref())})).collect()
}

fn text(plain: Option<&Plain>) -> Option<&str> {
    plain.map(Plain::as_str)
}

fn moment(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

fn visibility(visibility: &Visibility) -> &str {
    match visibility {
        Visibility::Public => "public",
        Visibility::Unlisted => "unlisted",
        Visibility::Private => "private",
        Visibility::Direct => "direct",
        Visibility::Other(word) => word.as_str(),
    }
}

fn medium(medium: &Media) -> Value {
    let kind = match &medium.kind {
        MediaKind::Image => "image",
        MediaKind::Gifv => "gifv",
        MediaKind::Video => "video",
        MediaKind::Audio => "audio",
        MediaKind::Unknown => "unknown",
        MediaKind::Other(word) => word.as_str(),
    };
    let original: Map<String, Value> =
        [("width", medium.size.map(|(width, _)| width)), ("height", medium.size.map(|(_, height)| height)), ("duration", medium.seconds)]
            .into_iter()
            .filter_map(|(key, number)| Some((key.to_owned(), number?.into())))
            .collect();
    json!({
        "type": kind,
        "description": text(medium.description.as_ref()),
        "url": text(medium.url.as_ref()),
        "preview_url": text(medium.preview.as_ref()),
        "blurhash": text(medium.blurhash.as_ref()),
        "meta": {"original": original},
    })
}

fn ballot(poll: &Poll) -> Value {
    let mut entity = json!({
        "options": poll.options.iter().map(|option| json!({
            "title": option.title.as_str(),
            "votes_count": option.votes_count,
        })).collect::<Vec<_>>(),
        "votes_count": poll.votes_count,
        "voters_count": poll.voters_count,
        "multiple": poll.multiple,
        "expired": poll.expired,
        "expires_at": moment(poll.expires_at),
    });
    if let Some(fields) = entity.as_object_mut() {
        fields.extend(poll.voted.map(|voted| ("voted".to_owned(), voted.into())));
        fields.extend(poll.own_votes.as_ref().map(|votes| ("own_votes".to_owned(), json!(votes))));
    }
    entity
}

fn card(card: &Card) -> Value {
    json!({
        "url": card.url.as_str(),
        "title": card.title.as_str(),
        "description": card.description.as_str(),
        "provider_name": card.provider_name.as_str(),
        "authors": card.authors.iter().map(|name| json!({ "name": name.as_str() })).collect::<Vec<_>>(),
    })
}

fn quoted(quote: &Quote, inner: impl Fn(&StatusId) -> Option<Value>) -> Value {
    let state = match &quote.state {
        QuoteState::Pending => "pending",
        QuoteState::Accepted => "accepted",
        QuoteState::Rejected => "rejected",
        QuoteState::Revoked => "revoked",
        QuoteState::Deleted => "deleted",
        QuoteState::Unauthorized => "unauthorized",
        QuoteState::BlockedAccount => "blocked_account",
        QuoteState::BlockedDomain => "blocked_domain",
        QuoteState::MutedAccount => "muted_account",
        QuoteState::Other(word) => word.as_str(),
    };
    json!({
        "state": state,
        "quoted_status": quote.status.as_ref().and_then(inner),
        "quoted_status_id": quote.status.as_ref().map(StatusId::as_str),
    })
}

fn filter(found: &FilterMatch) -> Value {
    let context = |context: &FilterContext| match context {
        FilterContext::Home => "home",
        FilterContext::Notifications => "notifications",
        FilterContext::Public => "public",
        FilterContext::Thread => "thread",
        FilterContext::Account => "account",
    };
    let action = match found.action {
        FilterAction::Warn => "warn",
        FilterAction::Hide => "hide",
        FilterAction::Blur => "blur",
    };
    let context: Vec<&str> = found.context.iter().map(context).collect();
    json!({"filter": {"title": found.title.as_str(), "context": context, "filter_action": action}})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mastodon::streaming::frame::{self, Message};
    use crate::model::{Item, Payload};
    use std::fs;
    use std::path::Path;

    /// Every text message of every recorded transcript.
    fn recorded() -> Vec<String> {
        let mut messages = Vec::new();
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "jsonl") {
                    let rows = fs::read_to_string(&path).unwrap();
                    let rows = rows.lines().filter_map(|row| serde_json::from_str::<Value>(row).ok());
                    let texts = rows.filter(|row| row["kind"] == "text").filter_map(|row| row["data"].as_str().map(str::to_owned));
                    messages.extend(texts);
                }
            }
        }
        messages
    }

    /// The bundle without what is in it twice, in one order.
    fn settled(mut bundle: Bundle) -> Bundle {
        bundle.statuses.sort_by(|left, right| left.id.cmp(&right.id));
        bundle.accounts.sort_by(|left, right| left.id.cmp(&right.id));
        bundle.statuses.dedup();
        bundle.accounts.dedup();
        bundle
    }

    fn kept(stream: &Stream, entity: &Value) -> (Item, Bundle) {
        let mut page = page(stream, &json!([entity]).to_string()).unwrap();
        assert_eq!((page.items.len(), page.rejected), (1, 0));
        (page.items.remove(0), settled(page.bundle))
    }

    #[test]
    fn what_was_recorded_comes_back_from_what_is_kept_as_it_was() {
        let mut seen = [0, 0, 0];
        for message in recorded() {
            let Message::Event(decoded) = frame::decode(&message, false) else { continue };
            match decoded.payload {
                Payload::Update(bundle) | Payload::Edit(bundle) => {
                    // Where the same post is in it twice, only one of the copies can be held.
                    let bundle = settled(bundle);
                    let Some(main) = bundle.main().cloned() else { continue };
                    let (item, back) = kept(&Stream::User, &status(&bundle, &main).unwrap());
                    assert_eq!((item, back.status(&main.id)), (Item::Status(main.id.clone()), Some(&main)), "{message}");
                    seen[0] += 1;
                }
                Payload::Notification(told, bundle) => {
                    let (item, back) = kept(&Stream::UserNotification, &notification(&bundle, &told));
                    assert_eq!((item, back), (Item::Notification(told), settled(bundle)), "{message}");
                    seen[1] += 1;
                }
                Payload::Conversation(talk, bundle) => {
                    let (item, back) = kept(&Stream::Direct, &conversation(&bundle, &talk));
                    assert_eq!((item, back), (Item::Conversation(talk), settled(bundle)), "{message}");
                    seen[2] += 1;
                }
                Payload::Delete(_)
                | Payload::Announcement(_)
                | Payload::AnnouncementReaction(_)
                | Payload::AnnouncementDelete(_)
                | Payload::FiltersChanged
                | Payload::NotificationsMerged
                | Payload::Other => {}
            }
        }
        assert!(seen.iter().all(|seen| *seen > 0), "{seen:?} of each kind");
    }

    #[test]
    fn a_file_that_somebody_changed_goes_through_the_door() {
        let page =
            page(&Stream::User, r#"[{"id":"1","account":{"id":"2","acct":"a","display_name":"\u001b[2J"}}, 7, {"id":"3"}]"#).unwrap();
        assert_eq!((page.items.len(), page.rejected), (1, 2));
        assert!(!page.bundle.accounts[0].display_name.as_str().contains('\u{1b}'));
        assert_eq!(super::page(&Stream::User, "no list"), None);
    }
}
