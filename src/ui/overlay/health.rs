//! Stream health: how server, connection and each open stream stand, in words.
//!
//! Laid out so that it stands still: each fact has a place of its own that does not depend on the numbers in it. Absent on
//! purpose: questions to the server; `update` asks them when the view opens, and the state holds the answers.

use super::{inner_width, more, panel, words};
use crate::command::Command;
use crate::model::{Connection, Form, Rung, Server, Stream, Subscription, Timestamp, Withheld};
use crate::state::refill::{Budget, MOST_QUESTIONS};
use crate::state::{Answer, Completeness, Fill, Gap, Loading, OverlayPane, State, Timeline};
use crate::text::{Plain, wrap};
use crate::ui::line::{Card, cols, hang, plain};
use crate::ui::paint::Painter;
use crate::ui::row::{gap_span, walk_words};
use crate::ui::theme::Theme;
use crate::ui::timeline::{cells, reason};
use crate::ui::times::{Clock, length, moment};
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// The widest that it is set, in columns.
const WIDEST: u16 = 100;
/// Columns of facts side by side, the most that fit: those whose numbers change have room for them.
const FACTS: [&[usize]; 3] = [&[24, 22, 26, 24], &[23, 21, 22], &[24, 21]];
/// From this height on streams stand apart, in rows.
const TALL: u16 = 30;
/// Columns of what a fact is about, and where there is little room.
const LABEL: (u16, u16) = (12, 9);
/// From this width on there is room.
const ROOMY: u16 = 56;
/// The widest column of titles.
const WIDEST_TITLE: usize = 24;
/// How many gaps of a stream are told one by one.
const GAPS: usize = 3;

/// Draws the view.
pub(super) fn draw(painter: &mut Painter<'_>, state: &State, body: Rect, scroll: u16) -> OverlayPane {
    let width = inner_width(body, WIDEST);
    let mut sheet = Sheet { card: Card::default(), theme: painter.theme, clock: &mut painter.clock, width, tall: body.height >= TALL };
    sheet.connection(state);
    sheet.streams(state);
    sheet.server(state);
    sheet.program(state);
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
    tall: bool,
}

impl Sheet<'_, '_> {
    fn server(&mut self, state: &State) {
        self.heading("Server");
        if let Some(server) = &state.server {
            let Server { domain, title, version, software, streaming_host, timelines_access } = server;
            let called = if title.is_blank() || title == domain { domain.to_string() } else { format!("{domain}, {title}") };
            self.fact("domain", &called);
            self.fact("software", &format!("{} {version}", software.name()));
            let host = if streaming_host == domain {
                format!("{streaming_host}, its own host")
            } else {
                format!("{streaming_host}, a host apart from {domain}")
            };
            self.fact("streams", &host);
            let mut lacks = server.lacks();
            let off = timelines_access.switched_off();
            if !off.is_empty() {
                lacks.push(format!("switched off by its admins: {}", off.join(", ")));
            }
            self.fact("lacks", &if lacks.is_empty() { "nothing: it carries every stream".to_owned() } else { lacks.join("; ") });
        } else {
            self.fact("domain", "nothing is known of the server yet");
        }
        let asked = state.checks.health_asked.map(|at| format!(", asked at {}", self.moment(at))).unwrap_or_default();
        let health = match &state.checks.health {
            Answer::Unasked => "not asked".to_owned(),
            Answer::Asked => format!("asking{}", self.theme.glyphs().ellipsis),
            Answer::Told(Some(true)) => format!("its streaming server says OK{asked}"),
            Answer::Told(Some(false)) => format!("its streaming server answers, but not with OK{asked}"),
            Answer::Told(None) => "not told by this server".to_owned(),
            Answer::Failed(failure) => format!("{}{asked}", failure.reason),
        };
        self.fact("health", &health);
        let scopes = match &state.checks.scopes {
            Answer::Unasked => "not asked".to_owned(),
            Answer::Asked => format!("asking{}", self.theme.glyphs().ellipsis),
            Answer::Told(Some(scopes)) if scopes.is_empty() => "none".to_owned(),
            Answer::Told(Some(scopes)) => scopes.iter().map(Plain::as_str).collect::<Vec<_>>().join(" "),
            Answer::Told(None) => "not told by this server".to_owned(),
            Answer::Failed(failure) => failure.reason.to_string(),
        };
        self.fact("scopes", &scopes);
        let positions = match (state.positions.local, state.account) {
            (true, None) => "kept for this run (keeping them longer takes a saved account)",
            (true, Some(_)) => "kept on this computer (telling the server takes the permission write:statuses)",
            (false, _) => "told to the server for Home and Notifications",
        };
        self.fact("read", positions);
    }

    fn connection(&mut self, state: &State) {
        self.heading("Connection");
        let (theme, line) = (self.theme, &state.line);
        let glyphs = theme.glyphs();
        let (mark, told) = match &line.state {
            Connection::Live => ((glyphs.live, theme.good()), "live".to_owned()),
            Connection::Connecting => ((glyphs.connecting, theme.dim()), "connecting".to_owned()),
            Connection::Reconnecting { attempt: 0, .. } => ((glyphs.again, theme.mark()), "reconnecting".to_owned()),
            Connection::Reconnecting { attempt, .. } => ((glyphs.again, theme.mark()), format!("reconnecting, {attempt} failed")),
            Connection::RateLimited { .. } => ((glyphs.again, theme.mark()), "rate limited".to_owned()),
            Connection::Offline { attempt, .. } => ((glyphs.cross, theme.bad()), format!("offline, {attempt} failed")),
            Connection::SignedOut { .. } => ((glyphs.cross, theme.bad()), "signed out".to_owned()),
            Connection::Failed { .. } => ((glyphs.cross, theme.bad()), "not connected".to_owned()),
        };
        let since = self.moment(line.since);
        let column = usize::from(self.label()).saturating_sub(2);
        self.marked(mark, &told, &format!("since {since}"), column);
        let why = reason(&line.state);
        if !why.is_empty() {
            self.fact("why", &why);
        }
        if let Some(at) = line.next_attempt {
            let at = format!("{}, {}", self.moment(at), self.clock.soon(at));
            self.fact("next try", &at);
        }
        let by = match &line.below {
            None => line.rung.words().to_owned(),
            Some((reason, climbs)) => {
                let now = state.first_key(Command::RetryNow).map(|key| format!(", or now with {key}")).unwrap_or_default();
                let climbs = climbs.map(|at| format!("; better is tried again at {}{now}", self.moment(at))).unwrap_or_default();
                format!("{}, because {reason}{climbs}", line.rung.words())
            }
        };
        self.fact("by", &by);
        let ping = match (line.ping, line.rung) {
            (Some(ping), _) => format!("{} ms", ping.as_millis()),
            (None, Rung::Multiplexed | Rung::Socket) => "not measured yet".to_owned(),
            (None, Rung::ServerSentEvents | Rung::Polling) => "not measured this way".to_owned(),
        };
        let lost = match (line.losses, line.last_live) {
            (0, _) => "never".to_owned(),
            (losses, Some(last)) => format!("{}, last {}", counted(losses, "time"), self.ago(last)),
            (losses, None) => counted(losses, "time"),
        };
        let (received, sent) = line.traffic;
        self.pair(("ping", &ping), ("traffic", &format!("{} in, {} out", bytes(received), bytes(sent))));
        self.fact("lost", &lost);
    }

    fn streams(&mut self, state: &State) {
        self.heading("Streams");
        let streams = state.subscriptions();
        let titles = streams.iter().map(|stream| wrap::width(stream.title(&state.offer.lists).as_str()));
        let column = titles.max().unwrap_or(0).min(if self.width >= ROOMY { WIDEST_TITLE } else { 0 });
        for (number, stream) in streams.iter().enumerate() {
            let Some(timeline) = state.timelines.get(stream) else { continue };
            if number > 0 && self.tall && self.width >= ROOMY {
                self.card.blank();
            }
            self.stream(state, stream, timeline, column);
        }
        if streams.is_empty() {
            self.words("none is open");
        }
    }

    fn stream(&mut self, state: &State, stream: &Stream, timeline: &Timeline, column: usize) {
        let withheld = state.withheld(stream);
        let (mark, standing) = self.standing(state, stream, timeline);
        let title = stream.title(&state.offer.lists);
        self.marked(mark, title.as_str(), &standing, column);
        match &timeline.standing {
            Subscription::Refused(words) => self.words(&format!("the server says: {words}")),
            Subscription::Interrupted(words) => self.words(words.as_str()),
            Subscription::Requested | Subscription::Open | Subscription::NotStreamed => {}
        }
        match (&timeline.standing, withheld) {
            (Subscription::Requested | Subscription::Open, Some(Withheld::Everything)) => {
                self.words("the server takes the subscription, but sends deletions only");
            }
            (Subscription::Requested | Subscription::Open, Some(part @ (Withheld::Local | Withheld::Remote))) => self.words(part.words()),
            (_, _) => {}
        }
        let rows = timeline.rows().len() - timeline.gaps().count();
        let mut facts = Vec::new();
        if timeline.standing != Subscription::NotStreamed {
            facts.push(timeline.rung.words().to_owned());
        }
        match (timeline.last_event, state.silence(stream), &timeline.poll) {
            (Some(_), Some(silence), _) => facts.push(format!("silent for {}", length(silence))),
            (Some(at), None, _) => facts.push(format!("last event {}", self.ago(at))),
            (None, _, None) => facts.push("no event yet".to_owned()),
            // What is polled brings no events.
            (None, _, Some(_)) => {}
        }
        facts.push(format!("{} a minute, {}", timeline.meter.per_minute(), counted(rows, "row")));
        if let Some(poll) = &timeline.poll {
            facts.push(match poll.asked.or(poll.last) {
                Some(at) => format!("last asked {}", self.clock.lately(at)),
                None => "not asked yet".to_owned(),
            });
            if let Some(last) = poll.last.filter(|last| poll.asked.is_some_and(|asked| asked > *last)) {
                facts.push(format!("last answer {}", self.clock.lately(last)));
            }
            facts.push(format!("next {}", self.clock.soon(poll.next)));
        }
        if let (None, Some(tab)) = (state.tabs.of(stream), state.tabs.showing(stream).next()) {
            facts.push(format!("shown in {}", tab.sources.title(&state.offer.lists)));
        }
        let hidden = state.tabs.of(stream).map_or(0, |tab| state.hidden(tab));
        if hidden > 0 {
            facts.push(format!("{hidden} hidden by filters"));
        }
        self.facts(&facts);
        if let Some(failure) = timeline.poll.as_ref().and_then(|poll| poll.failure.as_ref()) {
            self.words(&format!("the last poll failed: {}", failure.reason));
        }
        if let Some(walk) = &timeline.refill {
            let at = if walk.gap.is_some() { "" } else { "looking once more: " };
            self.words(&format!("{at}{}", walk_words(walk, state, self.theme)));
        }
        for gap in timeline.gaps().take(GAPS) {
            self.gap(state, gap);
        }
        let more = timeline.gaps().skip(GAPS).count();
        if more > 0 {
            self.words(&format!("and {}", counted(more, "more gap")));
        }
        self.page("what came before", &timeline.first_page);
        self.page("older posts", &timeline.older_page);
    }

    /// A stream's mark, and how its subscription and its ledger stand.
    fn standing(&self, state: &State, stream: &Stream, timeline: &Timeline) -> (Mark, String) {
        let (theme, glyphs) = (self.theme, self.theme.glyphs());
        let (good, mark, bad, dim) = (theme.good(), theme.mark(), theme.bad(), theme.dim());
        match &timeline.standing {
            Subscription::Refused(_) => return ((glyphs.cross, bad), "refused".to_owned()),
            Subscription::NotStreamed => return ((glyphs.absent, mark), "not streamed by this server".to_owned()),
            Subscription::Interrupted(_) => return ((glyphs.again, mark), "interrupted".to_owned()),
            Subscription::Requested | Subscription::Open if state.line.state != Connection::Live => {
                let ledger = match timeline.completeness(stream) {
                    known @ (Completeness::Since(_) | Completeness::Between(..)) => format!(", {}", self.complete(known)),
                    Completeness::Gaps(_) | Completeness::Unknown(_) => String::new(),
                };
                if matches!(state.line.state, Connection::SignedOut { .. } | Connection::Failed { .. }) {
                    return ((glyphs.cross, bad), format!("ended with the connection{ledger}"));
                }
                return ((glyphs.again, mark), format!("waits for the connection{ledger}"));
            }
            Subscription::Requested => return ((glyphs.connecting, dim), "asked for".to_owned()),
            Subscription::Open => {}
        }
        if state.withheld(stream) == Some(Withheld::Everything) {
            return ((glyphs.absent, mark), "switched off by the server".to_owned());
        }
        let filling = timeline.refill.as_ref().is_some_and(|walk| walk.gap.is_some()) || timeline.gaps().any(|gap| gap.fill != Fill::Left);
        let subscribed = if timeline.rung == Rung::Polling { "polled" } else { "subscribed" };
        let ledger = if filling { "refilling".to_owned() } else { self.complete(timeline.completeness(stream)) };
        let told = format!("{subscribed}, {ledger}");
        ((glyphs.live, good), told)
    }

    /// Since when a stream's rows are complete, or why that cannot be said.
    fn complete(&self, completeness: Completeness) -> String {
        match completeness {
            Completeness::Since(since) => format!("complete since {}", self.moment(since)),
            Completeness::Between(since, until) => {
                format!("complete {}{}{}", self.moment(since), self.theme.glyphs().to, self.moment(until))
            }
            Completeness::Gaps(gaps) => format!("{} left", counted(gaps, "gap")),
            Completeness::Unknown(why) => format!("not known to be complete: {}", why.words()),
        }
    }

    fn gap(&mut self, state: &State, gap: &Gap) {
        let span = gap_span(gap, state, self.theme);
        let lost = gap.lost.map(|lost| format!(", about {}", counted(lost, "post"))).unwrap_or_default();
        let fate = match gap.fill {
            Fill::Left => gap.stopped.as_ref().map_or_else(|| "left open".to_owned(), |why| format!("left open, {}", why.words())),
            Fill::Due => "waits to be filled".to_owned(),
            Fill::Filling => "being filled".to_owned(),
        };
        self.words(&format!("gap {}{lost}: {fate}", if span.is_empty() { "at an unknown time" } else { &span }));
    }

    fn page(&mut self, which: &str, loading: &Loading) {
        match loading {
            Loading::Idle | Loading::Done => {}
            Loading::Asked => self.words(&format!("{which}: loading")),
            Loading::Failed(failure, retry) => {
                let again = retry.map(|at| format!("; asked again {}", self.clock.soon(at))).unwrap_or_default();
                self.words(&format!("{which}: {}{again}", failure.reason));
            }
        }
    }

    fn program(&mut self, state: &State) {
        self.heading("Terminal");
        let (columns, rows) = state.size;
        let colors = self.theme.depth().words();
        let glyphs = if self.theme.is_ascii() { "ASCII only" } else { "Unicode" };
        self.fact("screen", &format!("{columns} by {rows}, {colors}, {glyphs}"));
        if let Some(canvas) = state.canvas() {
            let (width, height) = canvas.cell;
            let by = match canvas.form {
                Form::Blocks => "half blocks".to_owned(),
                Form::Kitty => "kitty's protocol".to_owned(),
                Form::Inline => "iTerm2's inline images".to_owned(),
                Form::Sixel(colors) => format!("sixels of {colors} colours"),
            };
            self.fact("pictures", &format!("{by}, cells of {width} by {height} pixels"));
        }
        if !state.terminal.is_empty() {
            self.fact("found", &state.terminal.iter().map(Plain::as_str).collect::<Vec<_>>().join(", "));
        }
        self.heading("In all");
        let (statuses, accounts, notifications) = state.store.sizes();
        let spent = MOST_QUESTIONS - state.budget.left(state.now);
        self.pair(
            ("events", &format!("{} a minute", state.meter.per_minute())),
            ("refills", &format!("{spent} of {MOST_QUESTIONS} in {}", length(Budget::WINDOW))),
        );
        let held = [counted(statuses, "post"), counted(accounts, "account"), counted(notifications, "notification")];
        self.fact("held", &held.join(", "));
        let odd = format!("{}, {}", counted(state.malformed, "malformed message"), counted(state.unknown, "unknown event"));
        self.fact("odd", &odd);
    }

    fn heading(&mut self, heading: &'static str) {
        if self.card.height() > 0 {
            self.card.blank();
        }
        self.card.push(Line::from(words(heading, self.theme.fresh())));
    }

    /// A mark, what it is about in a column as wide as stated, and how that stands.
    fn marked(&mut self, (mark, style): Mark, about: &str, standing: &str, column: usize) {
        let first = words(format!("{mark} "), style);
        let inner = self.width.saturating_sub(2);
        let own = wrap::width(about).max(column) + 2;
        if own + wrap::width(standing) <= usize::from(inner) {
            let mut line = Line::from(vec![first, words(about.to_owned(), self.theme.bold())]);
            line.push_span(words(" ".repeat(own - wrap::width(about)), Style::new()));
            line.push_span(words(standing.to_owned(), Style::new()));
            self.card.push(line);
            return;
        }
        self.card.extend(hang(plain(about, inner, self.theme.bold()), &first, &words("  ", Style::new())));
        self.words(standing);
    }

    fn label(&self) -> u16 {
        if self.width >= ROOMY { LABEL.0 } else { LABEL.1 }
    }

    /// A fact after what it is about.
    fn fact(&mut self, about: &str, fact: &str) {
        let label = usize::from(self.label());
        // The longest words of few letters stand alone.
        let pad = " ".repeat(label.saturating_sub(wrap::width(about)).max(1));
        let first = words(format!("  {about}{pad}"), self.theme.dim());
        let room = self.width.saturating_sub(cols(wrap::width(&first.content)));
        let later = words(" ".repeat(wrap::width(&first.content)), Style::new());
        self.card.extend(hang(plain(fact, room, Style::new()), &first, &later));
    }

    /// Two short facts, side by side where there is room.
    fn pair(&mut self, (about, fact): (&str, &str), (second, other): (&str, &str)) {
        if self.width < ROOMY {
            self.fact(about, fact);
            self.fact(second, other);
            return;
        }
        let label = usize::from(self.label());
        let half = usize::from(self.width / 2).saturating_sub(label + 2);
        let line = Line::from(vec![
            words(format!("  {about:label$}"), self.theme.dim()),
            words(format!("{fact:half$}"), Style::new()),
            words(format!("{second:label$}"), self.theme.dim()),
            words(other.to_owned(), Style::new()),
        ]);
        self.card.push(line);
    }

    /// Words to read, beneath what they are about.
    fn words(&mut self, said: &str) {
        let indent = words("  ", Style::new());
        self.card.extend(hang(plain(said, self.width.saturating_sub(2), Style::new()), &indent, &indent));
    }

    /// Facts side by side in columns, which their numbers do not move.
    fn facts(&mut self, facts: &[String]) {
        let room = usize::from(self.width.saturating_sub(2));
        let columns: &[usize] = FACTS.iter().copied().find(|columns| columns.iter().sum::<usize>() <= room).unwrap_or(&[0]);
        for row in facts.chunks(columns.len()) {
            let mut line = Line::from(Span::raw("  "));
            for (fact, column) in row.iter().zip(columns) {
                let pad = " ".repeat(column.saturating_sub(wrap::width(fact)));
                line.push_span(words(format!("{fact}{pad}"), self.theme.dim()));
            }
            self.card.push(line);
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

/// A number of bytes in the unit that says it shortest.
fn bytes(count: u64) -> String {
    match count {
        ..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{} kB", count / 1_000),
        1_000_000..1_000_000_000 => format!("{} MB", count / 1_000_000),
        _ => format!("{}.{} GB", count / 1_000_000_000, count / 100_000_000 % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_in_the_unit_that_is_shortest() {
        let told = [0, 999, 1_000, 18_400_000, 999_999_999, 1_250_000_000].map(bytes);
        assert_eq!(told, ["0 B", "999 B", "1 kB", "18 MB", "999 MB", "1.2 GB"]);
    }
}
