//! `bpqp repro`: tables of the BPQP paper (arXiv 2411.19285), made again.

pub(super) mod args;
mod ball;
mod exact;
mod measure;
mod method;
mod problem;
mod published;
mod reference;
mod render;
mod report;

use std::path::Path;

use serde::Serialize;

use self::args::{ReproArgs, Table, TableArgs};
use self::measure::{Summary, measure, summarize};
use self::method::Method;
use super::input;
use super::output::{self, Failure, Outcome};
use crate::{Error, Registry};

/// What a table shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shows {
    Times,
    Errors,
}

/// The document of `--json`.
#[derive(Serialize)]
struct Document<'a> {
    seed: u64,
    instances: u64,
    missing: &'a [String],
    rows: &'a [Summary],
}

pub(crate) fn run(registry: &Registry, args: &ReproArgs, json: bool) -> Result<Outcome, Failure> {
    match &args.table {
        Table::Table1(args) => table(registry, args, Shows::Times, json),
        Table::Table2(args) => table(registry, args, Shows::Errors, json),
        #[cfg(feature = "train")]
        Table::Table3(args) => super::train::portfolio(registry, args, json),
        #[cfg(not(feature = "train"))]
        Table::Table3(_) => Err(Failure::without_feature("repro table3", "train")),
    }
}

fn table(registry: &Registry, args: &TableArgs, shows: Shows, json: bool) -> Result<Outcome, Failure> {
    for path in [&args.csv, &args.report].into_iter().flatten() {
        try_to_write(path)?;
    }
    let (methods, missing) = Method::all(registry, &args.backends, shows == Shows::Errors)?;
    let instances = args.instances();
    let kinds = args.kinds();
    let of_one: usize = kinds.iter().map(|&kind| methods.iter().filter(|m| m.applies(kind)).count()).sum();
    let bar = input::progress(of_one * args.sizes.len() * instances as usize);
    let measurements = measure(
        &methods,
        (&kinds, &args.sizes),
        (instances, args.seed),
        if shows == Shows::Times { args.repeat } else { 1 },
        |next| match next {
            Some(what) => bar.set_message(what),
            None => bar.inc(1),
        },
    )?;
    bar.finish_and_clear();
    let rows = summarize(&measurements);
    if let Some(path) = &args.csv {
        write(path, &render::csv(&measurements))?;
    }
    if let Some(path) = &args.report {
        write(path, &report::page(&rows, &missing, args, shows))?;
    }
    if json {
        output::document(&Document { seed: args.seed, instances, missing: &missing, rows: &rows });
    } else {
        output::text(&render::text(&rows, &missing, args, shows));
    }
    let solved = |row: &Summary| row.failed == 0;
    Ok(Outcome::solved_if(rows.iter().filter(|row| row.method.ends_with("(default)")).all(solved)))
}

/// Tells before any work that a file cannot be written.
fn try_to_write(path: &Path) -> Result<(), Failure> {
    let opened = std::fs::OpenOptions::new().write(true).create(true).truncate(false).open(path);
    opened.map(|_| ()).map_err(|source| Error::Io { path: path.into(), source }.into())
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|source| Error::Io { path: path.into(), source }.into())
}
