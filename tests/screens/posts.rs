//! Pictures of what hangs on posts: histories of edits and profiles, at every size.

use super::*;
use trunkline::state::edits::{Version, versions};

const SIZES: [(u16, u16); 4] = [(40, 12), (80, 24), (120, 36), (200, 60)];

/// A picture of a state at every size, and what must hold of each.
fn at_every_size(name: &str, state: impl Fn((u16, u16)) -> State) {
    for (width, height) in SIZES {
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), picture(&state((width, height))));
    }
}

fn version(minutes: i64, html: &str) -> StatusEdit {
    StatusEdit {
        created_at: Some(ago(minutes)),
        spoiler_text: Plain::default(),
        content: Html::new(html),
        sensitive: false,
        poll_options: Vec::new(),
        media_attachments: Vec::new(),
        omitted: 0,
    }
}

fn history() -> Vec<StatusEdit> {
    let link = |to: &str| format!("<p>Notes at <a href=\"https://tide.example/{to}\">tide.example/notes</a>, 始発列車 included.</p>");
    vec![
        version(90, &format!("<p>Shipping the old release tonight.</p>{}", link("notes"))),
        StatusEdit {
            media_attachments: vec![image("a ferry at night")],
            spoiler_text: plain("boats"),
            ..version(60, &format!("<p>Shipping the new and shiny release tonight.</p>{}", link("notes")))
        },
        StatusEdit {
            media_attachments: vec![image("a ferry at night, its lights doubled in the water")],
            sensitive: true,
            poll_options: vec![plain("Tonight"), plain("Tomorrow, with 日本の駅弁 and tea")],
            ..version(2, &format!("<p>Shipping the new release tomorrow.</p>{}<ul><li>offline drafts</li></ul>", link("elsewhere")))
        },
    ]
}

fn edits(size: (u16, u16), history: Answer<Vec<Version>>) -> State {
    let mut state = home(size);
    state.overlays.push(Overlay::Edits(Edits { history, ..Edits::of(sid("240")) }));
    state
}

#[test]
fn a_history_of_edits() {
    at_every_size("edits", |size| edits(size, Answer::Told(Some(versions(&history())))));
}

#[test]
fn a_history_that_is_not_there() {
    let mut told = Vec::new();
    let histories = [
        Answer::Asked,
        Answer::Failed(failure("the server did not answer within 30 s")),
        Answer::Told(None),
        Answer::Told(Some(versions(&history()[..1]))),
    ];
    for history in histories {
        told.push(picture(&edits((80, 16), history)));
    }
    let mut state = edits((80, 16), Answer::Told(None));
    state.store.delete(&sid("240"));
    told.push(picture(&state));
    insta::assert_snapshot!("edits_states", told.join("\n==========\n"));
}

#[test]
fn what_an_edit_did_is_told_without_colours() {
    let mut state = edits((80, 30), Answer::Told(Some(versions(&history()))));
    let theme = Theme::on(Depth::None, false, TimeZone::UTC);
    let drawn = draw_with(&state, &theme, &mut Cards::new());
    let style = |text: &str| {
        let (x, y) = find(&drawn.buffer, text);
        drawn.buffer[(x, y)].modifier
    };
    assert!(style("+tomorrow").contains(Modifier::UNDERLINED) && style("-tonight").contains(Modifier::CROSSED_OUT));
    state.settings.ascii = true;
    let drawn = draw_with(&state, &Theme::on(Depth::None, true, TimeZone::UTC), &mut Cards::new());
    let text = rows(&drawn.buffer).join("\n");
    assert!(text.contains("[-tonight-]{+tomorrow+}"), "{text}");
}

/// Puts rows into the tab of a stream as they come, so that those of one post are told together.
fn told_together(state: &mut State, stream: &Stream) {
    let keys: Vec<(RowKey, FoldKey)> = timeline(state, stream)
        .rows()
        .iter()
        .cloned()
        .collect::<Vec<Row>>()
        .iter()
        .filter_map(|row| Some((row.key(), FoldKey::of(&state.store, row)?)))
        .collect();
    let tab = state.tabs.of_mut(stream).unwrap();
    for (key, fold) in keys {
        tab.folds.insert(key, fold, |_| false);
    }
}

fn folded(size: (u16, u16)) -> State {
    let mut state = bare(size);
    let user = Stream::User;
    hold(&mut state, status("205", "3", 8, "<p>始発列車の窓から朝焼けが見えた。</p>"));
    hold(&mut state, Status { spoiler_text: plain("episode 4"), ..status("206", "5", 9, "<p>Inside.</p>") });
    let boosts: [(&str, &[&str]); 4] = [("205", &["11", "2", "8", "4"]), ("206", &["11", "8"]), ("207", &["1", "2", "6"]), ("208", &["9"])];
    hold(&mut state, status("207", "9", 20, "<p>नदी के किनारे की सुबह सबसे अच्छी होती है।</p>"));
    hold(&mut state, status("208", "7", 30, "<p>Never mind.</p>"));
    let mut next = 400;
    for (of, by) in boosts.into_iter().rev() {
        for who in by {
            next += 1;
            post(&mut state, &user, boost(&next.to_string(), who, 3, of));
        }
    }
    told_together(&mut state, &user);
    state
}

#[test]
fn boosts_of_one_post_say_who() {
    at_every_size("boosts", folded);
}

fn folded_notifications(size: (u16, u16)) -> State {
    use NotificationKind as Kind;
    let mut state = bare(size);
    let stream = Stream::UserNotification;
    hold(&mut state, status("301", "99", 120, "<p>My little thing about slow trains.</p>"));
    hold(&mut state, status("302", "1", 130, "<p>A post that was boosted.</p>"));
    let mut next = 500;
    let happened: [(Kind, &[&str], &str); 6] = [
        (Kind::PendingReblog, &["7", "2"], "301"),
        (Kind::PendingFavourite, &["8", "2", "6"], "301"),
        (Kind::QuotedUpdate, &["1", "1"], "302"),
        (Kind::Update, &["1", "1"], "302"),
        (Kind::Reblog, &["11", "2", "8", "1"], "301"),
        (Kind::Favourite, &["3", "5"], "301"),
    ];
    for (kind, by, about) in happened {
        for who in by {
            next += 1;
            let held = notification(&next.to_string(), kind.clone(), Some(who), Some(about), 600 - next);
            timeline(&mut state, &stream).insert(Row::Notification(held.id.clone()));
            state.store.put_notification(held);
        }
    }
    told_together(&mut state, &stream);
    state.tabs.go_to(&stream);
    state
}

#[test]
fn notifications_of_one_kind_say_who() {
    at_every_size("together", folded_notifications);
}

fn profile_view(size: (u16, u16)) -> State {
    let mut state = home(size);
    let profile = Profile {
        account: account("3", "haruka@kisha.example", "汽車の春香"),
        domain: Some(plain("xn--t8jc3b.example")),
        note: Html::new("<p>Trains, and what is seen from them. <a href=\"https://kisha.example/timetable\">timetable</a> :blobcat:</p>"),
        fields: vec![
            Field { name: plain("Line"), value: Html::new("Tōkaidō, mostly"), verified_at: None },
            Field {
                name: plain("Pages"),
                value: Html::new("<a href=\"https://kisha.example\">kisha.example</a>"),
                verified_at: Some(ago(60 * 24 * 300)),
            },
        ],
        counts: [Some(12_345), Some(678), Some(1)],
        created_at: Some(ago(60 * 24 * 900)),
        last_status_at: Some(plain("2026-11-23")),
        marks: vec![AccountMark::Role(plain("Moderator")), AccountMark::Limited, AccountMark::Moved(aid("9"))],
        emojis: vec![plain("blobcat")],
    };
    let relationship = Relationship {
        ties: vec![Tie::Following, Tie::FollowedBy, Tie::WithoutBoosts, Tie::Muting],
        muted_until: Some(ago(-90)),
        note: plain("met on the night train"),
    };
    hold(&mut state, Status { spoiler_text: plain("long"), ..status("191", "3", 600, "<p>Inside.</p>") });
    state.overlays.push(Overlay::Profile(Box::new(ProfileView {
        people: vec![aid("3"), aid("2")],
        chosen: Some(0),
        profile: Answer::Told(Some(Box::new(profile))),
        posts: Answer::Told(Some(vec![sid("205"), sid("191")])),
        relationship: Answer::Told(Some(relationship)),
        ..ProfileView::default()
    })));
    state
}

#[test]
fn a_profile() {
    at_every_size("profile", profile_view);
    let mut state = profile_view((80, 24));
    if let Some(Overlay::Profile(view)) = state.overlays.last_mut() {
        view.scroll = u16::MAX;
    }
    insta::assert_snapshot!("profile_end_80x24", picture(&state));
    let measured = draw(&state).measured.profile.unwrap();
    assert!(measured.most > 0 && measured.posts.len() == 2 && measured.posts[0].0 < measured.posts[1].0, "{measured:?}");
}

#[test]
fn a_profile_says_what_it_lacks() {
    let mut told = Vec::new();
    for kind in [FailureKind::Forbidden, FailureKind::Unauthorized, FailureKind::Retry] {
        let failed = || Failure { kind, reason: plain("the server said no") };
        let mut state = home((80, 20));
        state.overlays.push(Overlay::Profile(Box::new(ProfileView {
            profile: Answer::Failed(failed()),
            posts: Answer::Failed(failed()),
            relationship: Answer::Failed(failed()),
            ..ProfileView::of(vec![aid("3")])
        })));
        told.push(picture(&state));
    }
    let mut state = home((80, 20));
    state.overlays.push(Overlay::Profile(Box::new(ProfileView::of(vec![aid("99")]))));
    told.push(picture(&state));
    insta::assert_snapshot!("profile_states", told.join("\n==========\n"));
}
