//! What the HTML pages of several commands share: one file without scripts, fonts or anything else from elsewhere.
//!
//! `maud` escapes whatever is put into a page, names and messages of solvers included.

pub(super) mod dots;
#[cfg(feature = "train")]
pub(super) mod lines;
mod scale;

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// A whole page.
pub(super) fn document(title: &str, heading: &str, body: Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body {
                h1 { (heading) }
                (body)
            }
        }
    };
    page.into_string()
}

/// Names and texts in two columns.
pub(super) fn facts(rows: &[(&'static str, String)]) -> Markup {
    html! {
        dl.facts {
            @for (name, text) in rows {
                dt { (name) }
                dd { (text) }
            }
        }
    }
}

/// The command that this process was given.
pub(super) fn command() -> String {
    let arguments: Vec<String> = std::env::args_os().skip(1).map(|a| a.to_string_lossy().into_owned()).collect();
    format!("bpqp {}", arguments.join(" "))
}

/// The version, and whether its times mean anything.
pub(super) fn build() -> String {
    let build = if cfg!(debug_assertions) { "with debug assertions, not for timing" } else { "release" };
    format!("{} ({build})", env!("CARGO_PKG_VERSION"))
}

/// System, architecture, processor and its threads, as far as they are known. Names no user and no host.
pub(super) fn machine(used: &str) -> String {
    let mut parts = vec![format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)];
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    parts.extend(model.map(|(_, model)| model.trim().to_string()));
    let threads = std::thread::available_parallelism().ok();
    parts.extend(threads.map(|threads| format!("{threads} threads, {used}")));
    parts.join(", ")
}
