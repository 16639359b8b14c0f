//! The arguments of `bpqp train`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};

#[derive(Args, Debug)]
pub(crate) struct TrainArgs {
    #[command(subcommand)]
    pub(super) task: Task,
}

#[derive(Subcommand, Debug)]
pub(super) enum Task {
    /// Predict returns of stocks and choose portfolios: trained for the prediction, through the layer, and with a learned optimizer
    Portfolio(PortfolioArgs),
}

#[derive(Args, Debug)]
pub(crate) struct PortfolioArgs {
    /// Prices: a CSV file with a date and one price of each stock per line, plain or gzipped; default: 20 stocks from 1990
    /// to 2022, embedded in the program
    #[arg(long, value_name = "FILE")]
    pub(super) prices: Option<PathBuf>,
    /// Folder of the checkpoints; a run that was interrupted goes on from there. Default: bpqp-portfolio, and
    /// bpqp-portfolio-quick with --quick
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Throw away what the folder has of earlier runs
    #[arg(long)]
    pub(super) fresh: bool,
    /// 2 seeds, 1 window and 3 epochs: whether all works, not how well
    #[arg(long)]
    pub(super) quick: bool,
    /// Methods, separated by commas
    #[arg(long, value_name = "A,B", value_delimiter = ',', default_value = "two-stage,end-to-end,learned")]
    pub(super) methods: Vec<Method>,
    /// Seeds of weights and batches: 1 to N
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) seeds: u64,
    /// Write learning curves and portfolios to FILE as well, as one HTML page that needs nothing else
    #[arg(long, value_name = "FILE")]
    pub(super) report: Option<PathBuf>,
    #[command(flatten)]
    pub(super) experiment: Experiment,
}

/// What the results depend on, besides the prices.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Experiment {
    /// Windows of the second half of the dates to test on, each with all dates before it to learn from
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) folds: u32,
    /// Trading days between two decisions, and of the return that is predicted
    #[arg(long, value_name = "DAYS", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=60))]
    pub(super) horizon: u32,
    /// γ of the objective `½γ wᵀΣw − rᵀw`, returns as fractions of one
    #[arg(long, value_name = "GAMMA", default_value_t = 10.0, value_parser = positive)]
    pub(super) risk_aversion: f64,
    /// β of the loss `regret + β · mean squared error`, both in percent of return
    #[arg(long, value_name = "BETA", default_value_t = 0.1, value_parser = not_negative)]
    pub(super) beta: f64,
    /// Most passes over the training dates
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) epochs: u32,
    /// Epochs without progress on the validation dates after which a run ends
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) patience: u32,
    /// Dates in one step
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) batch: u32,
    /// Learning rate of Adam
    #[arg(long, value_name = "RATE", default_value_t = 1e-3, value_parser = positive)]
    pub(super) learning_rate: f64,
}

/// How portfolios come from predictions, and what the predictor learns from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Method {
    /// Mean squared error; the program is solved afterwards.
    TwoStage,
    /// Regret through the layer.
    EndToEnd,
    /// Regret through a network in place of the program, made feasible by completion and correction.
    Learned,
}

impl Method {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::TwoStage => "two-stage",
            Self::EndToEnd => "end-to-end",
            Self::Learned => "learned",
        }
    }
}

impl PortfolioArgs {
    /// Folder of the checkpoints: a trial's are not in the way of the whole experiment.
    pub(super) fn folder(&self) -> PathBuf {
        let default = if self.quick { "bpqp-portfolio-quick" } else { "bpqp-portfolio" };
        self.out.clone().unwrap_or_else(|| default.into())
    }

    /// The experiment and its seeds.
    pub(super) fn plan(&self) -> (Experiment, Vec<u64>) {
        let experiment = self.experiment.clone();
        if self.quick {
            return (Experiment { folds: 1, epochs: experiment.epochs.min(3), ..experiment }, vec![1, 2]);
        }
        (experiment, (1..=self.seeds).collect())
    }
}

fn positive(text: &str) -> Result<f64, String> {
    not_negative(text).and_then(|v| if v > 0.0 { Ok(v) } else { Err("must be positive".into()) })
}

fn not_negative(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "not a number".to_string())?;
    if value.is_finite() && value >= 0.0 { Ok(value) } else { Err("must be finite and not negative".into()) }
}
