//! Counts of outcomes.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Audit;

/// The columns of the table; every other outcome is an error or a status, and counts as refused or not solved.
const KINDS: [&str; 3] = ["exact", "kink", "degenerate"];
const STATUSES: [&str; 6] =
    ["primal_infeasible", "dual_infeasible", "iteration_limit", "time_limit", "numerical_error", "solved_inaccurate"];

/// How many programs ended how.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Counts {
    pub(super) programs: usize,
    /// By outcome.
    outcomes: BTreeMap<&'static str, usize>,
    blocks_checked: usize,
    blocks_skipped: usize,
    /// Programs in which a block that is called the derivative disagrees with differences.
    disagree: usize,
    /// Programs with a wrong status or objective.
    wrong: usize,
}

impl Counts {
    pub(super) fn add(&mut self, audit: &Audit) {
        self.programs += 1;
        *self.outcomes.entry(audit.outcome).or_default() += 1;
        self.blocks_checked += audit.checked;
        self.blocks_skipped += audit.skipped;
        self.disagree += usize::from(!audit.disagreements.is_empty());
        self.wrong += usize::from(audit.wrong.is_some());
    }

    fn merge(&mut self, other: &Self) {
        self.programs += other.programs;
        other.outcomes.iter().for_each(|(outcome, n)| *self.outcomes.entry(outcome).or_default() += n);
        self.blocks_checked += other.blocks_checked;
        self.blocks_skipped += other.blocks_skipped;
        self.disagree += other.disagree;
        self.wrong += other.wrong;
    }

    fn cells(&self, name: &str) -> Vec<String> {
        let of = |outcome: &str| self.outcomes.get(outcome).copied().unwrap_or(0);
        let statuses: usize = STATUSES.map(of).iter().sum();
        let refused: Vec<String> = self
            .outcomes
            .iter()
            .filter(|(outcome, _)| !KINDS.contains(outcome) && !STATUSES.contains(outcome))
            .map(|(outcome, n)| format!("{n} {outcome}"))
            .collect();
        let mut cells = vec![name.to_owned(), self.programs.to_string()];
        cells.extend(KINDS.map(|kind| of(kind).to_string()));
        cells.push(if refused.is_empty() { "0".into() } else { refused.join(", ") });
        let numbers = [statuses, self.blocks_checked, self.blocks_skipped, self.disagree, self.wrong];
        cells.extend(numbers.map(|n| n.to_string()));
        cells
    }
}

/// A row for each name, and their sum where there are several.
pub(super) fn table<'a>(rows: impl Iterator<Item = (&'a str, &'a Counts)>) -> String {
    let headings = [
        "",
        "programs",
        "exact",
        "kink",
        "degenerate",
        "refused",
        "no solution",
        "blocks",
        "skipped",
        "disagree",
        "wrong",
    ];
    let mut out = super::table(&headings, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    let (mut all, mut count) = (Counts::default(), 0);
    for (name, counts) in rows {
        out.add_row(counts.cells(name));
        all.merge(counts);
        count += 1;
    }
    if count > 1 {
        out.add_row(all.cells("all"));
    }
    out.to_string()
}
