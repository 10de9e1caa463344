//! Stream health: how server, connection and each open stream stand, in words.
//!
//! Nothing here is counted for this view alone: it tells what the state holds. Absent on purpose: questions to the server;
//! those are `doctor`'s.

use super::{more, panel, words};
use crate::model::{Carriage, Connection, Server, Stream, Subscription, Timestamp, Withheld};
use crate::state::{Loading, OverlayPane, State, Timeline};
use crate::text::wrap;
use crate::ui::line::{Card, hang, plain};
use crate::ui::paint::Painter;
use crate::ui::theme::Theme;
use crate::ui::timeline::{cells, reason};
use crate::ui::times::{Clock, moment};
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

/// The widest that it is set, in columns.
const WIDEST: u16 = 88;

/// Draws the view.
pub(super) fn draw(painter: &mut Painter<'_>, state: &State, body: Rect, scroll: u16) -> OverlayPane {
    let width = body.width.saturating_sub(if body.width < 48 { 2 } else { 10 }).clamp(1, WIDEST);
    let mut sheet = Sheet { card: Card::default(), theme: painter.theme, clock: &mut painter.clock, width };
    sheet.server(state);
    sheet.connection(state);
    sheet.streams(state);
    sheet.totals(state);
    let card = sheet.card;
    let area = panel(painter, body, "Stream health", (width, card.height()));
    let most = card.height().saturating_sub(area.height);
    let scroll = scroll.min(most);
    painter.card(area, &card, scroll);
    more(painter, area, body, most - scroll);
    OverlayPane { area: cells(area), first: (area.y, usize::from(scroll)), entries: usize::from(area.height), most }
}

type Mark = (&'static str, Style);

struct Sheet<'a, 'c> {
    card: Card,
    theme: &'a Theme,
    clock: &'a mut Clock<'c>,
    width: u16,
}

impl Sheet<'_, '_> {
    fn server(&mut self, state: &State) {
        self.heading("Server");
        let Some(server) = &state.server else {
            self.facts(&["nothing is known of it yet".to_owned()]);
            return;
        };
        let Server { domain, title, version, software, streaming_host, timelines_access } = server;
        let called = if title.is_blank() || title == domain { domain.to_string() } else { format!("{title}, {domain}") };
        self.facts(&[called, format!("{} {version}", software.name()), format!("streams from {streaming_host}")]);
        let mut lacks = Vec::new();
        let never = software.never_carries();
        if !never.is_empty() {
            lacks.push(format!("never streams: {}", never.join(", ")));
        }
        if software.carriage(&Stream::UserNotification) == Carriage::Within(Stream::User) {
            lacks.push("notifications come with home".to_owned());
        }
        let off = timelines_access.switched_off();
        if !off.is_empty() {
            lacks.push(format!("switched off here: {}", off.join(", ")));
        }
        if lacks.is_empty() {
            lacks.push("carries every stream".to_owned());
        }
        self.facts(&lacks);
    }

    fn connection(&mut self, state: &State) {
        self.heading("Connection");
        let (theme, line) = (self.theme, &state.line);
        let glyphs = theme.glyphs();
        let (mark, told) = match &line.state {
            Connection::Live => ((glyphs.live, theme.good()), "live".to_owned()),
            Connection::Connecting => ((glyphs.connecting, theme.dim()), "connecting".to_owned()),
            Connection::Reconnecting { attempt, .. } => ((glyphs.again, theme.mark()), format!("reconnecting, attempt {attempt}")),
            Connection::RateLimited { .. } => ((glyphs.again, theme.mark()), "rate limited".to_owned()),
            Connection::Offline { .. } => ((glyphs.cross, theme.bad()), "offline".to_owned()),
            Connection::SignedOut { .. } => ((glyphs.cross, theme.bad()), "signed out".to_owned()),
            Connection::Failed { .. } => ((glyphs.cross, theme.bad()), "not connected".to_owned()),
        };
        let since = self.moment(line.since);
        self.marked(mark, &told, &format!("since {since}"));
        let why = reason(&line.state);
        if !why.is_empty() {
            self.words(&why);
        }
        let mut facts = Vec::new();
        if let Some(at) = line.next_attempt {
            facts.push(format!("next attempt {}", self.clock.soon(at)));
        }
        facts.push(match line.ping {
            Some(ping) => format!("ping {} ms", ping.as_millis()),
            None => "ping not measured yet".to_owned(),
        });
        facts.push(match (line.losses, line.last_live) {
            (0, _) => "never lost".to_owned(),
            (losses, Some(last)) => format!("lost {}, last {}", counted(losses, "time"), self.ago(last)),
            (losses, None) => format!("lost {}", counted(losses, "time")),
        });
        self.facts(&facts);
    }

    fn streams(&mut self, state: &State) {
        self.heading("Streams");
        for (number, tab) in state.tabs.all().iter().enumerate() {
            let Some(timeline) = state.timelines.get(&tab.stream) else { continue };
            if number > 0 && self.width >= 60 {
                self.card.blank();
            }
            self.stream(state, &tab.stream, timeline);
        }
        if state.tabs.all().is_empty() {
            self.facts(&["none is open".to_owned()]);
        }
    }

    fn stream(&mut self, state: &State, stream: &Stream, timeline: &Timeline) {
        let glyphs = self.theme.glyphs();
        let (good, mark, bad, dim) = (self.theme.good(), self.theme.mark(), self.theme.bad(), self.theme.dim());
        let withheld = state.withheld(stream);
        let is_live = state.line.state == Connection::Live;
        let title = stream.title(&state.offer.lists);
        let mut refused = None;
        let (sign, standing) = match &timeline.standing {
            Subscription::Refused(words) => {
                refused = Some(format!("the server says: {words}"));
                ((glyphs.cross, bad), "refused")
            }
            Subscription::NotStreamed => ((glyphs.absent, mark), "not streamed by this server"),
            Subscription::Interrupted(words) => {
                refused = Some(words.to_string());
                ((glyphs.again, mark), "interrupted")
            }
            Subscription::Requested | Subscription::Open if !is_live => ((glyphs.again, mark), "waits for the connection"),
            Subscription::Requested => ((glyphs.connecting, dim), "requested"),
            Subscription::Open => match withheld {
                Some(Withheld::Everything) => ((glyphs.absent, mark), "switched off by the server"),
                Some(Withheld::Local | Withheld::Remote) | None => ((glyphs.live, good), "open"),
            },
        };
        self.marked(sign, title.as_str(), standing);
        if let Some(words) = refused {
            self.words(&words);
        }
        match (&timeline.standing, withheld) {
            (Subscription::Requested | Subscription::Open, Some(Withheld::Everything)) => {
                self.words("the server takes the subscription, but sends deletions only");
            }
            (Subscription::Requested | Subscription::Open, Some(part @ (Withheld::Local | Withheld::Remote))) => self.words(part.words()),
            (_, _) => {}
        }
        let mut facts = Vec::new();
        let gaps = timeline.gaps().count();
        if timeline.refill.is_some() {
            facts.push("refilling".to_owned());
        }
        match (timeline.live_since, timeline.complete_since) {
            (Some(_), Some(since)) if gaps == 0 => facts.push(format!("complete since {}", self.moment(since))),
            (Some(since), _) => facts.push(format!("live since {}", self.moment(since))),
            (None, _) => {}
        }
        facts.push(match timeline.last_event {
            Some(at) if state.silence(stream).is_some() => format!("silent, last event {}", self.ago(at)),
            Some(at) => format!("last event {}", self.ago(at)),
            None => "no event yet".to_owned(),
        });
        facts.push(format!("{} in the last minute", timeline.meter.per_minute()));
        facts.push(counted(timeline.rows().len() - gaps, "row"));
        facts.push(if gaps == 0 { "no gaps".to_owned() } else { counted(gaps, "gap") });
        self.facts(&facts);
        self.page("first page", &timeline.first_page);
        self.page("older page", &timeline.older_page);
    }

    fn page(&mut self, which: &str, loading: &Loading) {
        match loading {
            Loading::Idle | Loading::Done => {}
            Loading::Asked => self.facts(&[format!("{which} is loading")]),
            Loading::Failed(failure, retry) => {
                let again = retry.map(|at| format!("; asked again {}", self.clock.soon(at))).unwrap_or_default();
                self.words(&format!("{which} failed: {}{again}", failure.reason));
            }
        }
    }

    fn totals(&mut self, state: &State) {
        self.heading("In all");
        let (statuses, accounts, notifications) = state.store.sizes();
        let rows: usize = state.timelines.values().map(|timeline| timeline.rows().len()).sum();
        self.facts(&[
            counted(rows, "row"),
            counted(statuses, "post"),
            counted(accounts, "account"),
            counted(notifications, "notification"),
            format!("{} in the last minute", counted(state.meter.per_minute(), "event")),
            counted(state.malformed, "malformed message"),
            counted(state.unknown, "unknown event"),
        ]);
    }

    fn heading(&mut self, heading: &'static str) {
        if self.card.height() > 0 {
            self.card.blank();
        }
        self.card.push(Line::from(words(heading, self.theme.fresh())));
    }

    /// A mark, what it is about, and how that stands.
    fn marked(&mut self, (mark, style): Mark, about: &str, standing: &str) {
        let first = words(format!("{mark} "), style);
        let inner = self.width.saturating_sub(2);
        let own = wrap::width(about) + 2 + wrap::width(standing);
        if own <= usize::from(inner) {
            let mut line = Line::from(vec![first, words(about.to_owned(), self.theme.bold())]);
            line.push_span(words("  ", Style::new()));
            line.push_span(words(standing.to_owned(), Style::new()));
            self.card.push(line);
            return;
        }
        self.card.extend(hang(plain(about, inner, self.theme.bold()), &first, &words("  ", Style::new())));
        self.words(standing);
    }

    /// Words to read, beneath what they are about.
    fn words(&mut self, said: &str) {
        let indent = words("  ", Style::new());
        self.card.extend(hang(plain(said, self.width.saturating_sub(2), Style::new()), &indent, &indent));
    }

    /// Facts side by side, broken between them as far as they fit.
    fn facts(&mut self, facts: &[String]) {
        let inner = self.width.saturating_sub(2);
        let between = format!(" {} ", self.theme.glyphs().dot);
        let mut lines: Vec<String> = Vec::new();
        for fact in facts {
            match lines.last_mut() {
                Some(line) if wrap::width(line) + wrap::width(&between) + wrap::width(fact) <= usize::from(inner) => {
                    line.push_str(&between);
                    line.push_str(fact);
                }
                Some(_) | None => lines.push(fact.clone()),
            }
        }
        let indent = words("  ", Style::new());
        for line in lines {
            self.card.extend(hang(plain(&line, inner, self.theme.dim()), &indent, &indent));
        }
    }

    /// A time of day.
    fn moment(&self, at: Timestamp) -> String {
        moment(at, self.clock.now(), &self.theme.zone)
    }

    /// How long ago, in words that keep moving.
    fn ago(&mut self, at: Timestamp) -> String {
        match self.clock.age(at) {
            now if now == "now" => "just now".to_owned(),
            day if day.contains([' ', '-']) => day,
            age => format!("{age} ago"),
        }
    }
}

fn counted(count: impl TryInto<u64>, what: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
