//! `Command`: something a user can ask for, and `COMMANDS`, the only place where one is declared.
//!
//! Help, palette, key hints and the key table in `README.md` derive from the table. Absent on purpose: what a command
//! does (`update::command`) and whether it makes sense now (`State::can`).

/// Something a user can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    /// Move the cursor to the next (older) row, or scroll what is open by a line.
    Down,
    /// Move the cursor to the previous (newer) row, or scroll what is open by a line.
    Up,
    /// Half a page down.
    HalfPageDown,
    /// Half a page up.
    HalfPageUp,
    /// A page down.
    PageDown,
    /// A page up.
    PageUp,
    /// To the newest row; the view follows again.
    First,
    /// To the oldest row held.
    Last,
    /// To the next row not seen yet.
    NextUnread,
    /// To the previous row not seen yet.
    PreviousUnread,
    /// Open the post under the cursor with its thread.
    Read,
    /// To what the post with the cursor answers, in an open thread.
    Parent,
    /// To the post on top of an open thread.
    Root,
    /// Unfold a folded post; elsewhere hold the tab or let it go.
    HoldOrUnfold,
    /// What changed from version to version of the post.
    Edits,
    /// The profile of the post's author, then of who else the row names.
    Profile,
    /// Let the next row that is held back come.
    Step,
    /// Look at the media of a post, one at a time.
    View,
    /// Open the tab with this number, counted from one.
    SelectTab(u8),
    /// Open the next tab.
    NextTab,
    /// Open the previous tab.
    PreviousTab,
    /// Pick a stream to subscribe to.
    Subscribe,
    /// Search on the server for accounts, hashtags and posts.
    SearchServer,
    /// Unsubscribe from the open tab's stream and close the tab.
    CloseTab,
    /// Bring back the tab closed last.
    RestoreTab,
    /// Search the open tab, or all.
    Search,
    /// To the next older row that has what is searched for.
    SearchNext,
    /// To the next newer row that has it.
    SearchPrevious,
    /// Search in all tabs, or in the open one alone.
    SearchAllTabs,
    /// Type the filter of the open tab.
    Filter,
    /// Leave boosts out of the open tab, or let them in again.
    HideBoosts,
    /// Leave replies out of the open tab, or let them in again.
    HideReplies,
    /// Leave posts of bots out of the open tab, or let them in again.
    HideBots,
    /// List the links of a post, each with where it really leads.
    OpenLinks,
    /// Copy the address of a post, or of the chosen link.
    CopyUrl,
    /// Copy the words of a post.
    CopyText,
    /// Read the server's announcements.
    Announcements,
    /// How server, connection and each stream stand.
    Health,
    /// Try to connect and to load what failed, now.
    RetryNow,
    /// Go on with another saved account.
    Accounts,
    /// Every command with its keys.
    Help,
    /// Find a command by its name.
    Palette,
    /// Close what is on top.
    Back,
    /// Take the chosen entry of a picker.
    Accept,
    /// Choose the next entry of a picker.
    NextChoice,
    /// Choose the previous entry of a picker.
    PreviousChoice,
    /// Pick a theme.
    Theme,
    /// Tell the desktop of notifications, or stop telling it.
    Notify,
    /// Read the configuration file again.
    Reload,
    /// Paint the whole screen again.
    Redraw,
    /// Draw nothing but the posts, or everything again.
    Zen,
    /// Draw the pictures of people, or none.
    Avatars,
    /// Put the reader beside the timeline, or over it.
    ReaderPlace,
    /// Put two or three tabs side by side, or one again.
    Columns,
    /// Stop the program and go back to the shell; `fg` continues it.
    Suspend,
    /// Leave.
    Quit,
    /// Leave, whatever is open.
    QuitNow,
}

/// Where a command's keys count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Everywhere, in a picker too.
    Always,
    /// Wherever no text is typed.
    Browse,
    /// In a picker, where text is typed.
    Pick,
}

/// What a command is about; the headings of the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// Moving through a tab.
    Moving,
    /// Reading a post.
    Reading,
    /// Finding posts, and leaving some out.
    Finding,
    /// Tabs and streams.
    Tabs,
    /// Pickers.
    Picking,
    /// The program.
    Program,
}

impl Group {
    /// All groups in the order of the help.
    pub const ALL: [Self; 6] = [Self::Moving, Self::Reading, Self::Finding, Self::Tabs, Self::Picking, Self::Program];

    /// The heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Moving => "Moving",
            Self::Reading => "Reading",
            Self::Finding => "Finding",
            Self::Tabs => "Tabs and streams",
            Self::Picking => "In a picker",
            Self::Program => "Trunkline",
        }
    }
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The command.
    pub command: Command,
    /// Its name in the palette and in the configuration: lower case with hyphens.
    pub name: &'static str,
    /// A word or two for hints; empty for commands that are never hinted at.
    pub hint: &'static str,
    /// One line for the help.
    pub help: &'static str,
    /// Its heading.
    pub group: Group,
    /// Where its keys count.
    pub scope: Scope,
    /// Its keys, as `keymap::Key` prints them; without any the palette is the way to it.
    pub keys: &'static [&'static str],
}

const fn row(
    command: Command,
    name: &'static str,
    hint: &'static str,
    help: &'static str,
    group: Group,
    scope: Scope,
    keys: &'static [&'static str],
) -> Row {
    Row { command, name, hint, help, group, scope, keys }
}

/// Every command there is.
pub const COMMANDS: &[Row] = &[
    row(
        Command::Down,
        "down",
        "move",
        "next post; a line down in a long one and in a text",
        Group::Moving,
        Scope::Browse,
        &["j", "down", "ctrl-n"],
    ),
    row(
        Command::Up,
        "up",
        "",
        "previous post; a line up in a long one and in a text",
        Group::Moving,
        Scope::Browse,
        &["k", "up", "ctrl-p"],
    ),
    row(Command::HalfPageDown, "half-page-down", "", "half a page down", Group::Moving, Scope::Browse, &["ctrl-d"]),
    row(Command::HalfPageUp, "half-page-up", "", "half a page up", Group::Moving, Scope::Browse, &["ctrl-u"]),
    row(Command::PageDown, "page-down", "", "a page down", Group::Moving, Scope::Browse, &["pagedown", "ctrl-f", "ctrl-v"]),
    row(Command::PageUp, "page-up", "", "a page up", Group::Moving, Scope::Browse, &["pageup", "ctrl-b", "alt-v"]),
    row(Command::First, "first", "newest", "newest post; the view follows again", Group::Moving, Scope::Browse, &["g", "home", "alt-<"]),
    row(Command::Last, "last", "", "oldest post held; older ones are loaded", Group::Moving, Scope::Browse, &["G", "end", "alt->"]),
    row(Command::NextUnread, "next-unread", "unread", "next post not seen yet", Group::Moving, Scope::Browse, &["]"]),
    row(Command::PreviousUnread, "previous-unread", "", "previous post not seen yet", Group::Moving, Scope::Browse, &["["]),
    row(Command::Read, "read", "read", "open the post with its thread; fill a gap", Group::Reading, Scope::Browse, &["enter"]),
    row(Command::Parent, "parent", "", "in a thread: to what the post answers", Group::Reading, Scope::Browse, &["P"]),
    row(Command::Root, "root", "", "in a thread: to the post on top", Group::Reading, Scope::Browse, &["R"]),
    row(
        Command::HoldOrUnfold,
        "hold",
        "hold",
        "unfold a folded post; elsewhere hold the tab still, or let it go",
        Group::Reading,
        Scope::Browse,
        &["space"],
    ),
    row(
        Command::OpenLinks,
        "open-links",
        "links",
        "list the links, with their real addresses; a number opens one",
        Group::Reading,
        Scope::Browse,
        &["o"],
    ),
    row(Command::CopyUrl, "copy-url", "", "copy the post's address, or the chosen link", Group::Reading, Scope::Browse, &["y"]),
    row(Command::CopyText, "copy-text", "", "copy the post's text", Group::Reading, Scope::Browse, &["Y"]),
    row(Command::Edits, "edits", "", "what edits changed, version by version", Group::Reading, Scope::Browse, &["e"]),
    row(Command::Profile, "profile", "", "who wrote it; again: who boosted it, or else is named", Group::Reading, Scope::Browse, &["p"]),
    row(Command::Step, "step", "next held", "in a tab held still: let the next new post come", Group::Reading, Scope::Browse, &["."]),
    row(Command::View, "view", "media", "look at the media of the post; again closes them", Group::Reading, Scope::Browse, &["m"]),
    row(Command::Announcements, "announcements", "announcements", "read the server's announcements", Group::Reading, Scope::Browse, &["A"]),
    row(Command::Back, "back", "back", "close what is on top", Group::Reading, Scope::Always, &["esc", "ctrl-g"]),
    row(Command::Search, "search", "search", "search what the tab holds: words, or /regex/", Group::Finding, Scope::Browse, &["/"]),
    row(Command::SearchNext, "search-next", "next found", "next older post that has it", Group::Finding, Scope::Browse, &["n"]),
    row(Command::SearchPrevious, "search-previous", "", "next newer post that has it", Group::Finding, Scope::Browse, &["N"]),
    row(Command::SearchAllTabs, "all-tabs", "", "while searching: in all tabs, or this one", Group::Finding, Scope::Pick, &["ctrl-t"]),
    row(Command::Filter, "filter", "", "show only posts that fit: words, -is:boost, from:, lang:", Group::Finding, Scope::Browse, &["&"]),
    row(Command::HideBoosts, "hide-boosts", "", "leave boosts out of the tab, or let them in", Group::Finding, Scope::Browse, &[]),
    row(Command::HideReplies, "hide-replies", "", "leave replies out of the tab, or let them in", Group::Finding, Scope::Browse, &[]),
    row(Command::HideBots, "hide-bots", "", "leave bots out of the tab, or let them in", Group::Finding, Scope::Browse, &[]),
    row(
        Command::SearchServer,
        "search-server",
        "",
        "find accounts, hashtags and posts on the server, or open an address",
        Group::Tabs,
        Scope::Browse,
        &["S"],
    ),
    row(Command::Subscribe, "subscribe", "add stream", "add a stream", Group::Tabs, Scope::Browse, &["a"]),
    row(Command::CloseTab, "close-tab", "close", "unsubscribe and close the tab", Group::Tabs, Scope::Browse, &["x"]),
    row(Command::RestoreTab, "restore-tab", "restore", "bring back the tab closed last", Group::Tabs, Scope::Browse, &["u"]),
    row(Command::NextTab, "next-tab", "", "next tab", Group::Tabs, Scope::Browse, &["tab", "l", "right"]),
    row(Command::PreviousTab, "previous-tab", "", "previous tab", Group::Tabs, Scope::Browse, &["shift-tab", "h", "left"]),
    row(Command::SelectTab(1), "tab-1", "", "tab 1", Group::Tabs, Scope::Browse, &["1"]),
    row(Command::SelectTab(2), "tab-2", "", "tab 2", Group::Tabs, Scope::Browse, &["2"]),
    row(Command::SelectTab(3), "tab-3", "", "tab 3", Group::Tabs, Scope::Browse, &["3"]),
    row(Command::SelectTab(4), "tab-4", "", "tab 4", Group::Tabs, Scope::Browse, &["4"]),
    row(Command::SelectTab(5), "tab-5", "", "tab 5", Group::Tabs, Scope::Browse, &["5"]),
    row(Command::SelectTab(6), "tab-6", "", "tab 6", Group::Tabs, Scope::Browse, &["6"]),
    row(Command::SelectTab(7), "tab-7", "", "tab 7", Group::Tabs, Scope::Browse, &["7"]),
    row(Command::SelectTab(8), "tab-8", "", "tab 8", Group::Tabs, Scope::Browse, &["8"]),
    row(Command::SelectTab(9), "tab-9", "", "tab 9", Group::Tabs, Scope::Browse, &["9"]),
    row(Command::Accept, "accept", "choose", "take the chosen entry", Group::Picking, Scope::Pick, &["enter"]),
    row(Command::NextChoice, "next-choice", "", "next entry", Group::Picking, Scope::Pick, &["down", "ctrl-n", "tab"]),
    row(Command::PreviousChoice, "previous-choice", "", "previous entry", Group::Picking, Scope::Pick, &["up", "ctrl-p", "shift-tab"]),
    row(Command::Help, "help", "help", "this help", Group::Program, Scope::Browse, &["?", "f1"]),
    row(Command::Palette, "palette", "commands", "find a command by its name", Group::Program, Scope::Browse, &[":"]),
    row(Command::Health, "health", "", "how server, connection and each stream stand", Group::Program, Scope::Browse, &["i"]),
    row(Command::Accounts, "switch-account", "", "go on with another saved account", Group::Program, Scope::Browse, &["@"]),
    row(Command::RetryNow, "retry-now", "retry now", "connect, and load what failed, now", Group::Program, Scope::Browse, &["ctrl-r"]),
    row(Command::Theme, "theme", "", "choose the colours, seen as you choose", Group::Program, Scope::Browse, &[]),
    row(Command::Notify, "notify", "", "desktop notifications off, or on again", Group::Program, Scope::Browse, &["!"]),
    row(Command::Reload, "reload", "", "read the configuration file again", Group::Program, Scope::Browse, &[]),
    row(Command::Redraw, "redraw", "", "paint the screen again", Group::Program, Scope::Always, &["ctrl-l"]),
    row(Command::Zen, "zen", "", "posts alone, and what is wrong; or everything again", Group::Program, Scope::Browse, &["z"]),
    row(Command::Avatars, "avatars", "", "pictures of people beside their words, or none", Group::Program, Scope::Browse, &[]),
    row(Command::Columns, "columns", "", "two or three tabs side by side, or one again", Group::Tabs, Scope::Browse, &["|"]),
    row(
        Command::ReaderPlace,
        "reader-place",
        "",
        "the reader beside the timeline or over it, on wide screens",
        Group::Program,
        Scope::Browse,
        &["\\"],
    ),
    row(Command::Suspend, "suspend", "", "stop and go back to the shell; fg continues", Group::Program, Scope::Always, &["ctrl-z"]),
    row(Command::Quit, "quit", "quit", "leave", Group::Program, Scope::Browse, &["q"]),
    row(Command::QuitNow, "quit-now", "", "leave, whatever is open", Group::Program, Scope::Always, &["ctrl-c"]),
];

impl Command {
    /// Its row of the table.
    pub fn row(self) -> Option<&'static Row> {
        COMMANDS.iter().find(|row| row.command == self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_name_is_unique_and_spelled_with_hyphens() {
        let mut seen = HashSet::new();
        for row in COMMANDS {
            assert!(seen.insert(row.name), "{} stands twice", row.name);
            assert!(row.name.chars().all(|ch| ch.is_ascii_lowercase() || ch.is_ascii_digit() || ch == '-'), "{}", row.name);
            assert!(!row.help.is_empty(), "{}", row.name);
            // Where text is typed there is no palette.
            assert!(!row.keys.is_empty() || row.scope == Scope::Browse, "{} cannot be reached", row.name);
        }
    }

    #[test]
    fn letters_kept_for_acting_on_posts_are_free() {
        for key in ["f", "b", "B", "v", "r", "c"] {
            assert!(COMMANDS.iter().all(|row| !row.keys.contains(&key)), "{key} is reserved");
        }
    }
}
