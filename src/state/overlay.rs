//! The stack of overlays, and what pickers offer. The open post is in `thread`.

use crate::command::{COMMANDS, Row as CommandRow};
use crate::config::Scheme;
use crate::model::{List, Offer, Reach, Sources, Spec, Stream, Tag};
use crate::state::edits::Edits;
use crate::state::links::LinkList;
use crate::state::profile::ProfileView;
use crate::state::prompt::Prompt;
use crate::state::thread::Detail;
use crate::state::typed::Typed;
use crate::state::viewer::Viewer;
use crate::text::Plain;
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// One layer above the tabs; the last has focus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Overlay {
    /// Every command with its keys.
    Help {
        /// Lines scrolled.
        scroll: u16,
    },
    /// A list to pick from, by typing.
    Picker(Picker),
    /// A post with its thread.
    Detail(Box<Detail>),
    /// A line that is typed at the foot of the screen.
    Typed(Typed),
    /// The media of a post, one at a time.
    Viewer(Viewer),
    /// What changed from version to version of a post.
    Edits(Edits),
    /// What an account tells of itself.
    Profile(Box<ProfileView>),
    /// The server's announcements.
    Announcements {
        /// Lines scrolled.
        scroll: u16,
    },
    /// How server, connection and each stream stand.
    Health {
        /// Lines scrolled.
        scroll: u16,
    },
    /// The links of a post.
    Links(LinkList),
}

impl Overlay {
    /// Whether it is a text over the tabs, that is scrolled.
    pub fn is_text(&self) -> bool {
        match self {
            Self::Help { .. } | Self::Viewer(_) | Self::Edits(_) | Self::Profile(_) | Self::Announcements { .. } | Self::Health { .. } => {
                true
            }
            Self::Picker(_) | Self::Detail(_) | Self::Typed(_) | Self::Links(_) => false,
        }
    }

    /// Whether pictures stay as they are where it is on top: it is no box over them.
    pub fn leaves_room(&self) -> bool {
        match self {
            Self::Detail(_) | Self::Viewer(_) | Self::Typed(_) => true,
            Self::Help { .. }
            | Self::Picker(_)
            | Self::Edits(_)
            | Self::Profile(_)
            | Self::Announcements { .. }
            | Self::Health { .. }
            | Self::Links(_) => false,
        }
    }

    /// A list to pick from, with nothing typed yet and this entry chosen.
    pub fn picker(kind: Pick, chosen: usize) -> Self {
        Self::Picker(Picker { kind, prompt: Prompt::default(), chosen })
    }

    /// The list to pick from, where it is one.
    pub fn as_picker(&self) -> Option<&Picker> {
        if let Self::Picker(picker) = self { Some(picker) } else { None }
    }

    /// The line in which text is typed, to change it, where it has one.
    pub fn prompt_mut(&mut self) -> Option<&mut Prompt> {
        match self {
            Self::Picker(picker) => Some(&mut picker.prompt),
            Self::Typed(typed) => Some(&mut typed.prompt),
            Self::Help { .. }
            | Self::Detail(_)
            | Self::Viewer(_)
            | Self::Edits(_)
            | Self::Profile(_)
            | Self::Announcements { .. }
            | Self::Health { .. }
            | Self::Links(_) => None,
        }
    }

    /// The list to pick from, to change it, where it is one.
    pub fn as_picker_mut(&mut self) -> Option<&mut Picker> {
        if let Self::Picker(picker) = self { Some(picker) } else { None }
    }
}

/// A list to pick from, by typing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picker {
    /// Of what.
    pub kind: Pick,
    /// What is typed.
    pub prompt: Prompt,
    /// Index of the chosen entry among those that match.
    pub chosen: usize,
}

/// What is picked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// A command, by its name.
    Command,
    /// A stream to subscribe to.
    Stream,
    /// A theme to wear.
    Theme,
    /// A saved account to go on with.
    Account,
    /// What the server found.
    Search,
}

/// A stream that the picker offers, or several in one tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamChoice {
    /// What the tab shows.
    pub sources: Sources,
    /// What it is called.
    pub title: Plain,
    /// Where the offer comes from, in a word: "list", "followed", "recent", "typed"; empty where that says nothing.
    pub origin: &'static str,
    /// Whether it is open already.
    pub open: bool,
}

/// The streams that match what is typed, best first.
pub fn stream_choices(typed: &str, offer: &Offer, recent: &[Sources], open: &[Sources]) -> Vec<StreamChoice> {
    let typed = typed.trim();
    let mut choices: Vec<StreamChoice> = Vec::new();
    let mut add = |sources: Sources, origin: &'static str| {
        if choices.iter().all(|choice| choice.sources != sources) {
            choices.push(StreamChoice { title: sources.title(&offer.lists), open: open.contains(&sources), sources, origin });
        }
    };
    add(Stream::User.into(), "");
    add(Stream::UserNotification.into(), "");
    for reach in [Reach::Local, Reach::Federated, Reach::Remote] {
        add(Stream::Public { reach, only_media: false }.into(), "");
    }
    add(Stream::Direct.into(), "");
    for List { id, .. } in &offer.lists {
        add(Stream::List(id.clone()).into(), "list");
    }
    for tag in offer.followed_tags.iter().filter_map(|tag| Tag::new(tag.as_str())) {
        add(Stream::Hashtag { tag, local: false }.into(), "followed");
    }
    // What is open is offered as well: choosing it goes there.
    for sources in open {
        add(sources.clone(), "");
    }
    for sources in recent {
        add(sources.clone(), "recent");
    }
    for reach in [Reach::Local, Reach::Federated, Reach::Remote] {
        add(Stream::Public { reach, only_media: true }.into(), "");
    }
    let mut found = matching(choices, typed, |choice| choice.title.as_str().to_owned());
    if let Some(sources) = typed_sources(typed, &offer.lists)
        && found.iter().all(|choice| choice.sources != sources)
    {
        let title = sources.title(&offer.lists);
        // A tag that was spelled out is what was meant, and so are several; a bare word may only narrow the list.
        let is_meant = sources.is_merged() || typed.starts_with(['#', '＃']);
        let choice = StreamChoice { title, open: open.contains(&sources), sources, origin: "typed" };
        if is_meant { found.insert(0, choice) } else { found.push(choice) }
    }
    found
}

/// What typed text spells out: a spec, or several with `+` between them.
fn typed_sources(typed: &str, lists: &[List]) -> Option<Sources> {
    if let Ok(spec) = typed.parse::<Spec>() {
        return spec.resolve(lists).ok();
    }
    let streams: Option<Vec<Stream>> = typed.split('+').map(|part| typed_stream(part.trim(), lists)).collect();
    Sources::merged(streams?).ok()
}

/// The stream that typed text spells out: a spec, or a bare word as a hashtag.
fn typed_stream(typed: &str, lists: &[List]) -> Option<Stream> {
    match typed.parse::<Spec>() {
        Ok(spec) => spec.resolve(lists).ok()?.only().cloned(),
        Err(_) if typed.contains(|ch: char| ch == ':' || ch.is_whitespace()) => None,
        Err(_) => Tag::new(typed).map(|tag| Stream::Hashtag { tag, local: false }),
    }
}

/// The commands that match what is typed, best first; tab numbers are left out.
pub fn command_choices(typed: &str) -> Vec<&'static CommandRow> {
    let rows: Vec<&'static CommandRow> = COMMANDS
        .iter()
        .filter(|row| !matches!(row.command, crate::command::Command::SelectTab(_)) && row.scope != crate::command::Scope::Pick)
        .collect();
    let by_name = matching(rows.clone(), typed.trim(), |row| row.name.replace('-', " "));
    let by_help = matching(rows, typed.trim(), |row| row.help.to_owned());
    let others: Vec<_> = by_help.into_iter().filter(|row| !by_name.contains(row)).collect();
    by_name.into_iter().chain(others).collect()
}

/// The themes that match what is typed, best first.
pub fn theme_choices<'a>(typed: &str, all: &'a [Scheme]) -> Vec<&'a Scheme> {
    matching(all.iter().collect(), typed.trim(), |scheme| format!("{} {}", scheme.name, scheme.about))
}

/// The accounts that match what is typed, best first, by their places in the list.
pub fn account_choices(typed: &str, accounts: &[Plain]) -> Vec<usize> {
    matching((0..accounts.len()).collect(), typed.trim(), |place| accounts.get(*place).map(Plain::to_string).unwrap_or_default())
}

fn matching<T>(all: Vec<T>, typed: &str, words: impl Fn(&T) -> String) -> Vec<T> {
    if typed.is_empty() {
        return all;
    }
    let mut matcher = Matcher::new(Config::DEFAULT);
    let pattern = Pattern::parse(&typed.replace('#', ""), CaseMatching::Ignore, Normalization::Smart);
    let mut buffer = Vec::new();
    let mut scored: Vec<(u32, T)> = all
        .into_iter()
        .filter_map(|item| {
            let text = words(&item).replace('#', "");
            pattern.score(Utf32Str::new(&text, &mut buffer), &mut matcher).map(|score| (score, item))
        })
        .collect();
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    scored.into_iter().map(|(_, item)| item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(typed: &str) -> Vec<String> {
        let offer = Offer {
            lists: vec![List { id: crate::model::ListId::new("3").unwrap(), title: Plain::line("Slow mail") }],
            followed_tags: vec![Plain::line("photography")],
        };
        stream_choices(typed, &offer, &[], &[Stream::User.into(), Stream::from_wire("hashtag", Some("Rust")).unwrap().into()])
            .into_iter()
            .map(|choice| choice.title.to_string())
            .collect()
    }

    #[test]
    fn everything_is_offered_and_typing_narrows() {
        let all = titles("");
        assert_eq!(all[..5], ["Home", "Notifications", "Local", "Federated", "Remote"]);
        assert!(all.contains(&"Slow mail".to_owned()) && all.contains(&"#photography".to_owned()));
        assert_eq!(titles("slo")[0], "Slow mail");
        assert_eq!(titles("photo")[0], "#photography");
    }

    #[test]
    fn a_typed_hashtag_is_offered_first_and_a_bare_word_last() {
        assert_eq!(titles("#rust"), ["#Rust"], "one stream, under its first spelling");
        assert_eq!(titles("#trains")[0], "#trains");
        assert_eq!(titles("rus"), ["#Rust", "#rus"], "what is open is found, too");
        assert_eq!(titles("gardening").last().map(String::as_str), Some("#gardening"));
        assert_eq!(titles("#rust:local")[0], "#rust (local)");
        assert_eq!(titles("#home")[0], "#home");
    }

    #[test]
    fn several_that_are_typed_are_offered_as_one_tab() {
        assert_eq!(titles("home + #rust")[0], "Home + #rust");
        assert_eq!(titles("home+rust + list:slow mail")[0], "Home + #rust + Slow mail");
        assert!(!titles("home + notifications").iter().any(|title| title.contains('+')), "these cannot be");
        assert!(!titles("home +").iter().any(|title| title.contains('+')), "not yet");
    }

    #[test]
    fn commands_are_found_by_words_of_their_help() {
        assert_eq!(command_choices("close tab")[0].name, "close-tab");
        assert!(command_choices("ta")[0].name.contains("tab"), "names come before words of the help");
        assert!(command_choices("zzzz").is_empty());
        assert!(!command_choices("").is_empty());
    }
}
