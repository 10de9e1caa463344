//! The system's clipboard, by the tool that the system has for it.
//!
//! A tool gets the text on its standard input, nothing of the terminal, and a deadline. Absent on purpose: OSC 52 (`osc`),
//! which is asked of the terminal as well, because it reaches a clipboard that is elsewhere.

use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// How long a tool may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// A program that takes text for the clipboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tool {
    program: &'static str,
    arguments: &'static [&'static str],
    /// Whether it reads UTF-16, as Windows does.
    wide: bool,
}

const fn tool(program: &'static str, arguments: &'static [&'static str]) -> Tool {
    Tool { program, arguments, wide: false }
}

const TMUX: Tool = tool("tmux", &["load-buffer", "-w", "-"]);
const WAYLAND: Tool = tool("wl-copy", &["--type", "text/plain;charset=utf-8"]);
const XCLIP: Tool = tool("xclip", &["-selection", "clipboard"]);
const XSEL: Tool = tool("xsel", &["--clipboard", "--input"]);
const MACOS: Tool = tool("pbcopy", &[]);
const WINDOWS: Tool = Tool { program: "clip.exe", arguments: &[], wide: true };

/// The tools that make sense here, the best first. Over SSH the clipboard of this machine is not the reader's; tmux asks the
/// terminal in our place.
fn tools(variable: impl Fn(&str) -> Option<String>) -> Vec<Tool> {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    let mut found = Vec::new();
    if !["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"].into_iter().any(is_set) {
        if cfg!(target_os = "macos") {
            found.push(MACOS);
        }
        if cfg!(windows) || is_set("WSL_DISTRO_NAME") {
            found.push(WINDOWS);
        }
        if is_set("WAYLAND_DISPLAY") {
            found.push(WAYLAND);
        }
        if is_set("DISPLAY") {
            found.extend([XCLIP, XSEL]);
        }
    }
    if is_set("TMUX") {
        found.push(TMUX);
    }
    found
}

/// Gives the text to the first tool that takes it; its name, or nothing where none does.
pub(super) async fn put(text: &str) -> Option<&'static str> {
    for tool in tools(|name| std::env::var(name).ok()) {
        match tokio::time::timeout(PATIENCE, give(tool, text)).await {
            Ok(Ok(true)) => return Some(tool.program),
            Ok(Ok(false)) => tracing::debug!(program = tool.program, "the clipboard tool refused"),
            Ok(Err(error)) => tracing::debug!(program = tool.program, %error, "no clipboard tool"),
            Err(_) => tracing::debug!(program = tool.program, "the clipboard tool took too long"),
        }
    }
    None
}

async fn give(tool: Tool, text: &str) -> std::io::Result<bool> {
    let mut command = Command::new(tool.program);
    command.args(tool.arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command.env_remove("TRUNKLINE_TOKEN").kill_on_drop(true);
    // Not in our group: Ctrl-C here is not meant for what serves the clipboard.
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command.spawn()?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(&encoded(tool, text)).await?;
    }
    Ok(child.wait().await?.success())
}

fn encoded(tool: Tool, text: &str) -> Vec<u8> {
    if tool.wide {
        // Little-endian with its mark: without it the bytes are taken for the system's old encoding.
        return std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    }
    text.as_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programs(set: &'static [&'static str]) -> Vec<&'static str> {
        tools(move |asked| set.contains(&asked).then(|| "x".to_owned())).into_iter().map(|tool| tool.program).collect()
    }

    #[cfg(all(unix, not(target_os = "macos")))]
    #[test]
    fn the_tool_is_that_of_the_screen_and_none_is_asked_over_ssh() {
        assert_eq!(programs(&["DISPLAY"]), ["xclip", "xsel"]);
        assert_eq!(programs(&["DISPLAY", "WAYLAND_DISPLAY"]), ["wl-copy", "xclip", "xsel"]);
        assert_eq!(programs(&["WSL_DISTRO_NAME"]), ["clip.exe"]);
        assert!(programs(&[]).is_empty() && programs(&["SSH_TTY", "DISPLAY"]).is_empty());
        assert_eq!(programs(&["TMUX", "SSH_CONNECTION"]), ["tmux"]);
    }

    #[test]
    fn windows_gets_what_it_can_read() {
        assert_eq!(encoded(WINDOWS, "aé"), [0xff, 0xfe, b'a', 0, 0xe9, 0]);
        assert_eq!(encoded(XCLIP, "é"), "é".as_bytes());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_tool_gets_the_text_and_its_refusal_counts() {
        let text = "one\ntwo".repeat(20_000);
        assert!(give(tool("sh", &["-c", "test $(wc -c) = 140000"]), &text).await.unwrap());
        assert!(!give(tool("false", &[]), "").await.unwrap());
        assert!(give(tool("trunkline-no-such-tool", &[]), "x").await.is_err());
    }
}
