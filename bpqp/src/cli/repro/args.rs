//! The arguments of `bpqp repro`.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};

use super::problem::Kind;

#[cfg(not(feature = "train"))]
use crate::cli::args::Elsewhere;
#[cfg(feature = "train")]
use crate::cli::train::args::PortfolioArgs;

#[derive(Args, Debug)]
pub(crate) struct ReproArgs {
    #[command(subcommand)]
    pub(super) table: Table,
}

#[derive(Subcommand, Debug)]
pub(super) enum Table {
    /// Times of forward and backward pass by problem and size
    Table1(TableArgs),
    /// Errors of the backward pass against a reference of high accuracy
    Table2(TableArgs),
    /// Portfolios of real stocks: predictors trained in two stages, end to end, and with a learned optimizer
    #[cfg(feature = "train")]
    Table3(PortfolioArgs),
    /// Portfolios of real stocks; in builds with the feature `train` alone
    #[cfg(not(feature = "train"))]
    Table3(Elsewhere),
}

#[derive(Args, Debug)]
pub(super) struct TableArgs {
    /// 10 problems of each kind and size rather than 200
    #[arg(long)]
    pub(super) quick: bool,
    /// Problems of each kind and size
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "quick")]
    instances: Option<u32>,
    /// Seed of the first problem of each kind and size; the others count up
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    pub(super) seed: u64,
    /// Sizes, separated by commas: variables, and inequalities as well as equalities
    #[arg(long, value_name = "NxM,…", value_delimiter = ',', default_value = "10x5,50x10,100x20,500x100", value_parser = size)]
    pub(super) sizes: Vec<(usize, usize)>,
    /// Kinds of problems, separated by commas; default: all
    #[arg(long, value_name = "A,B", value_delimiter = ',', value_parser = kind())]
    kinds: Vec<Kind>,
    /// Runs of each, of which the least time counts; 1 for errors alone
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) repeat: u32,
    /// Backends, each forward and backward, separated by commas; default: those of native, clarabel and osqp in this build
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(super) backends: Vec<String>,
    /// Write every single measurement to FILE as comma-separated values as well
    #[arg(long, value_name = "FILE")]
    pub(super) csv: Option<PathBuf>,
    /// Write the table with plots to FILE as well, as one HTML page that needs nothing else
    #[arg(long, value_name = "FILE")]
    pub(super) report: Option<PathBuf>,
}

/// `NxM`: two positive numbers.
fn size(text: &str) -> Result<(usize, usize), String> {
    let parts = text.split_once(['x', '×']).and_then(|(n, m)| Some((n.parse().ok()?, m.parse().ok()?)));
    match parts {
        Some((n, m)) if 0 < m && 2 * m <= n => Ok((n, m)),
        Some(_) => Err("needs 2M ≤ N: M inequalities and M equalities that a point satisfies".into()),
        None => Err("expected NxM, such as 100x20".into()),
    }
}

/// Lists the kinds in the help and in errors.
fn kind() -> impl TypedValueParser<Value = Kind> {
    PossibleValuesParser::new(Kind::ALL.map(Kind::as_str))
        .try_map(|name| Kind::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or("no such kind"))
}

impl TableArgs {
    /// Kinds of problems, in their own order.
    pub(super) fn kinds(&self) -> Vec<Kind> {
        Kind::ALL.into_iter().filter(|kind| self.kinds.is_empty() || self.kinds.contains(kind)).collect()
    }

    /// Problems of each kind and size.
    pub(super) fn instances(&self) -> u64 {
        u64::from(self.instances.unwrap_or(if self.quick { 10 } else { 200 }))
    }
}
