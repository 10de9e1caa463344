//! Layers that are told in words of their own, because as they are drawn their columns and marks say more than their words: the
//! viewer, the links, and the line that is typed at the foot.

use crate::command::Command;
use crate::filter::hint;
use crate::model::Media;
use crate::state::{LinkChoice, LinkList, Purpose, State, Typed, Viewer};
use crate::ui::attached;
use crate::ui::overlay::links::doubt_words;
use crate::ui::theme::Theme;
use crate::ui::words::Layer;

/// A medium of a post: which one of how many, of what kind, and what its author says of it.
pub(crate) fn viewer(state: &State, theme: &Theme, viewer: &Viewer) -> Layer {
    let back = Layer { title: "Media".to_owned(), lines: Vec::new(), at: None };
    let Some((medium, index, count)) = state.viewed(viewer) else {
        return Layer { lines: vec!["The post was removed, or its media were.".to_owned()], ..back };
    };
    let sensitive = state.store.status(&viewer.status).is_some_and(|entry| entry.status().sensitive);
    let mut lines = vec![format!("{}.", facts(theme, sensitive, medium))];
    let described = medium.description.as_ref().filter(|text| !text.is_blank());
    match described {
        Some(text) => lines.push(format!("Description: {}", text.as_str().split_whitespace().collect::<Vec<_>>().join(" "))),
        None => lines.push("No description.".to_owned()),
    }
    lines.extend(medium.url.as_ref().map(|url| format!("Address: {url}")));
    if count > 1 {
        lines.push(format!("{} next, {} previous.", key(state, Command::Down), key(state, Command::Up)));
    }
    Layer { title: format!("Media {} of {count}", index + 1), lines, ..back }
}

fn facts(theme: &Theme, sensitive: bool, medium: &Media) -> String {
    let mut kind = attached::kind(theme, &medium.kind).1.chars();
    let kind: String = kind.next().into_iter().flat_map(char::to_uppercase).chain(kind).collect();
    let mut facts = vec![kind];
    facts.extend(sensitive.then(|| "sensitive".to_owned()));
    facts.extend(medium.size.map(|(width, height)| format!("{width} by {height} pixels")));
    facts.extend(attached::length(medium));
    facts.join(", ")
}

/// The links, a line each, with where they really lead.
pub(crate) fn links(state: &State, list: &LinkList) -> Layer {
    let count = list.links.len();
    let told = |(index, link): (usize, &LinkChoice)| format!("Link {} of {count}: {}", index + 1, link_words(link));
    let mut lines: Vec<String> = list.links.iter().enumerate().map(told).collect();
    let at = lines.get(list.chosen).cloned();
    let (down, up) = (key(state, Command::Down), key(state, Command::Up));
    let (opens, copies) = (key(state, Command::Read), key(state, Command::CopyUrl));
    lines.push(format!("Its number opens a link; or {down} and {up} choose one, {opens} opens and {copies} copies it."));
    let title = if list.folded { "Links beside the folded words" } else { "Links" };
    Layer { title: title.to_owned(), lines, at }
}

fn link_words(link: &LinkChoice) -> String {
    let mut parts = Vec::new();
    parts.extend((!link.what.is_empty()).then(|| link.what.to_owned()));
    parts.push(if link.words.is_blank() { "no words".to_owned() } else { link.words.to_string() });
    parts.extend(link.address.doubts().iter().map(|doubt| format!("careful, {}", doubt_words(doubt, link))));
    parts.retain(|part| part != link.address.shown().as_str());
    parts.push(format!("leads to {}", link.address.shown()));
    parts.join(", ")
}

/// What a line at the foot is typed for, and the keys that count.
pub(crate) fn typing(state: &State, typed: &Typed) -> Vec<String> {
    let title = state.tabs.active().map(|tab| tab.sources.title(&state.offer.lists).to_string()).unwrap_or_default();
    let (keep, back) = (key(state, Command::Accept), key(state, Command::Back));
    match &typed.what {
        Purpose::Search(seeker) => {
            let place = if seeker.page.is_some() { "this thread" } else { title.as_str() };
            let (next, previous) = (key(state, Command::NextChoice), key(state, Command::PreviousChoice));
            let all = if state.can(Command::SearchAllTabs) {
                format!(", {} in all tabs or this one", key(state, Command::SearchAllTabs))
            } else {
                String::new()
            };
            vec![format!(
                "Search in {place}: type words, or a regex between slashes. {next} and {previous} go to the next and the one before, \
                 {keep} stays there, {back} goes back{all}."
            )]
        }
        Purpose::Filter { .. } => {
            let now = if typed.prompt.text().is_empty() { "none so far".to_owned() } else { format!("so far {}", shown(typed)) };
            let may = hint("").replace("  ", ", ");
            vec![
                format!("Filter of {title}, {now}: type what posts must have. {keep} keeps it, {back} gives it up."),
                format!("It may have: {may}."),
            ]
        }
    }
}

/// What is typed by now, and what has come of it.
pub(crate) fn typed(state: &State, typed: &Typed) -> (String, String) {
    let outcome = match &typed.what {
        Purpose::Filter { wrong: Some(wrong), .. } => format!("not right, {wrong}"),
        Purpose::Filter { wrong: None, .. } => match state.tabs.active().map_or(0, |tab| state.hidden(tab)) {
            0 => "nothing is hidden".to_owned(),
            count => format!("{count} hidden"),
        },
        Purpose::Search(seeker) => {
            let all = if seeker.all_tabs && seeker.page.is_none() { ", in all tabs" } else { "" };
            match (&seeker.wrong, &state.finding) {
                (Some(wrong), _) => format!("not right, {wrong}"),
                (None, Some(search)) if search.goes_on() => format!("searching{all}"),
                (None, Some(search)) if search.missed => format!("not found{all}"),
                (None, Some(_)) => format!("found{all}"),
                (None, None) => format!("nothing typed{all}"),
            }
        }
    };
    (shown(typed), outcome)
}

fn shown(typed: &Typed) -> String {
    crate::text::Plain::line(typed.prompt.text()).to_string()
}

fn key(state: &State, command: Command) -> String {
    crate::ui::words::key(state, command)
}
