//! What was found: as lines to read, or as one JSON object.
//!
//! Absent on purpose: how it was found.

use crate::text::{Plain, wrap};
use serde::Serialize;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at, in a word or two.
    pub check: String,
    /// Whether it is well.
    pub ok: bool,
    /// How it is.
    pub words: String,
    /// What to do, where it is not well.
    pub advice: Option<String>,
}

/// Everything that was looked at, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether all is well.
    pub ok: bool,
    /// What was found.
    pub findings: Vec<Finding>,
}

impl Finding {
    pub(super) fn good(check: &str, words: &str) -> Self {
        Self { check: clean(check), ok: true, words: clean(words), advice: None }
    }

    pub(super) fn bad(check: &str, words: &str, advice: &str) -> Self {
        Self { check: clean(check), ok: false, words: clean(words), advice: Some(clean(advice)) }
    }
}

impl Report {
    pub(super) fn new(findings: Vec<Finding>) -> Self {
        Self { ok: findings.iter().all(|finding| finding.ok), findings }
    }

    /// A line a finding, and what to do indented beneath those that are not well; with ASCII alone where asked.
    pub fn text(&self, ascii: bool) -> String {
        let (good, bad) = if ascii { ("ok", "!!") } else { ("✓", "✗") };
        let widest = self.findings.iter().map(|finding| wrap::width(&finding.check)).max().unwrap_or(0);
        let mut text = String::new();
        for Finding { check, ok, words, advice } in &self.findings {
            let pad = " ".repeat(widest - wrap::width(check) + 2);
            let mark = if *ok { good } else { bad };
            text.extend([mark, " ", check, &pad, words, "\n"]);
            if let Some(advice) = advice {
                let indent = " ".repeat(wrap::width(mark) + 1 + widest + 2);
                text.extend([&indent, advice.as_str(), "\n"]);
            }
        }
        if ascii { text.chars().map(|ch| if ch.is_ascii() { ch } else { '?' }).collect() } else { text }
    }

    /// One JSON object on one line.
    pub fn json(&self) -> String {
        serde_json::to_string(self).map(|line| line + "\n").unwrap_or_default()
    }
}

/// Words of servers and of the environment go to a terminal.
fn clean(words: &str) -> String {
    Plain::line(words).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        Report::new(vec![Finding::good("instance", "日本 runs"), Finding::bad("stream #rust", "refused:\u{1b}[2J no", "leave it out")])
    }

    #[test]
    fn text_is_a_line_a_finding_with_advice_beneath() {
        assert_eq!(
            report().text(false),
            "✓ instance      日本 runs\n✗ stream #rust  refused:\u{25af}[2J no\n                leave it out\n"
        );
        assert_eq!(report().text(true), "ok instance      ?? runs\n!! stream #rust  refused:?[2J no\n                 leave it out\n");
        assert!(!report().ok);
    }

    #[test]
    fn json_is_one_object_on_a_line() {
        let line = report().json();
        assert_eq!(line.lines().count(), 1);
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&value["ok"], &value["findings"][0]["advice"]), (&false.into(), &serde_json::Value::Null));
        assert_eq!(value["findings"][1]["advice"], "leave it out");
    }
}
