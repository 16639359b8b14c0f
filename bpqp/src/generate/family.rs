//! The families of problems and their sizes.

use std::fmt;
use std::str::FromStr;

use super::{MAX_ENTRIES, Sizes, invalid};
use crate::Result;

/// A kind of problem. `n`, `m`, `p` are variables, inequalities and equalities where nothing else is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// The QPs of the BPQP paper (arXiv 2411.19285, section 5.1) as its notebook makes them: dense, all data uniform in
    /// `[0, 1)`, `P = FᵀF + 0.001 I`, `h = Gz`. Hardly any inequality is active at the solution.
    PaperQp,
    /// The LPs of the same paper with the objective `qᵀx + ε‖x‖²`: `q = −Gᵀλ₀` with `λ₀ ≥ 0` keeps them bounded. All
    /// inequalities are active for small `ε`; where that is not small enough the solution is not known.
    PaperLp,
    /// The SOCPs of the same paper: a linear objective over a ball. There is no `m` and no `p`.
    PaperSocp,
    /// Dense and Gaussian around a chosen solution with every other inequality active.
    Gaussian,
    /// Sparse around a chosen solution with every other inequality active: 5 entries a row, anywhere.
    RandomSparse,
    /// The same with the entries of each row within a window of neighboring columns, so that factors stay sparse.
    Local,
    /// A long-only portfolio of `n` assets with a dense covariance matrix of `m` factors. There is no `p`.
    Portfolio,
    /// The same portfolio lifted: the `m` factors' exposures are variables of their own, and the matrices sparse.
    PortfolioFactor,
    /// Model-predictive control over `n` stages with `m` inputs, `p` states and bounds on both.
    Mpc,
    /// The projection of a Gaussian vector onto the simplex. There is no `m` and no `p`.
    Simplex,
    /// The projection of a noisy line onto the ascending vectors. There is no `m` and no `p`.
    Chain,
}

impl Family {
    /// All families.
    pub const ALL: [Self; 11] = [
        Self::PaperQp,
        Self::PaperLp,
        Self::PaperSocp,
        Self::Gaussian,
        Self::RandomSparse,
        Self::Local,
        Self::Portfolio,
        Self::PortfolioFactor,
        Self::Mpc,
        Self::Simplex,
        Self::Chain,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::PaperQp => "paper-qp",
            Self::PaperLp => "paper-lp",
            Self::PaperSocp => "paper-socp",
            Self::Gaussian => "gaussian",
            Self::RandomSparse => "random-sparse",
            Self::Local => "local",
            Self::Portfolio => "portfolio",
            Self::PortfolioFactor => "portfolio-factor",
            Self::Mpc => "mpc",
            Self::Simplex => "simplex",
            Self::Chain => "chain",
        }
    }

    /// Sizes with the family's defaults in place of `None`, checked.
    pub(super) fn sizes(self, n: Option<usize>, m: Option<usize>, p: Option<usize>) -> Result<Sizes> {
        let n = n.unwrap_or(self.default_n());
        let (default_m, default_p) = self.default_rows(n);
        let absent = |name: &str| invalid(name, format!("the family {self} does not have it"));
        let m = match (m, default_m) {
            (Some(_), None) => return Err(absent("m")),
            (given, default) => given.or(default).unwrap_or(0),
        };
        let p = match (p, default_p) {
            (Some(_), None) => return Err(absent("p")),
            (given, default) => given.or(default).unwrap_or(0),
        };
        let sizes = Sizes { n, m, p };
        self.check(sizes)?;
        Ok(sizes)
    }

    fn default_n(self) -> usize {
        match self {
            Self::PaperQp | Self::PaperLp | Self::PaperSocp | Self::Gaussian => 100,
            Self::RandomSparse => 1000,
            Self::Portfolio | Self::PortfolioFactor => 500,
            Self::Mpc => 30,
            Self::Local | Self::Simplex | Self::Chain => 10_000,
        }
    }

    /// Defaults of `m` and `p`; `None` for what the family does not have.
    fn default_rows(self, n: usize) -> (Option<usize>, Option<usize>) {
        match self {
            Self::PaperQp | Self::PaperLp | Self::Gaussian => (Some(n / 5), Some(n / 5)),
            Self::RandomSparse | Self::Local => (Some(n / 2), Some(n / 10)),
            Self::Portfolio | Self::PortfolioFactor => (Some((n / 10).max(1)), None),
            Self::Mpc => (Some(4), Some(12)),
            Self::PaperSocp | Self::Simplex | Self::Chain => (None, None),
        }
    }

    fn check(self, Sizes { n, m, p }: Sizes) -> Result<()> {
        if n == 0 {
            return Err(invalid("n", "must be positive"));
        }
        let (rows, why) = match self {
            // Independent rows, so that a point satisfies all of them.
            Self::PaperQp | Self::PaperLp => (m.saturating_add(p), "m + p"),
            // Active rows must be independent.
            Self::Gaussian | Self::RandomSparse | Self::Local => (m.div_ceil(2).saturating_add(p), "m/2 + p"),
            _ => (0, ""),
        };
        if rows > n {
            return Err(invalid("m", format!("the family {self} needs {why} ≤ n, and {rows} > {n}")));
        }
        if self == Self::Mpc && (m == 0 || p == 0) {
            return Err(invalid(if m == 0 { "m" } else { "p" }, "must be positive"));
        }
        match self.entries(n, m, p) {
            Some(entries) if entries <= MAX_ENTRIES => Ok(()),
            _ => Err(invalid("n", format!("more than {MAX_ENTRIES} entries in the matrices"))),
        }
    }

    /// A bound on the number of entries; `None` where it overflows.
    fn entries(self, n: usize, m: usize, p: usize) -> Option<usize> {
        match self {
            Self::PaperQp | Self::PaperLp | Self::Gaussian => n.checked_mul(n.checked_add(m)?.checked_add(p)?),
            Self::Portfolio => n.checked_mul(n.checked_add(m)?),
            Self::PortfolioFactor => n.checked_mul(m.checked_add(3)?),
            Self::Mpc => {
                let stage = m.checked_add(p)?.checked_add(3)?;
                n.checked_mul(stage.checked_mul(stage)?)
            }
            Self::RandomSparse | Self::Local => n.checked_mul(20),
            Self::PaperSocp | Self::Simplex | Self::Chain => n.checked_mul(4),
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Family {
    type Err = String;

    fn from_str(name: &str) -> std::result::Result<Self, String> {
        let all = || Self::ALL.map(Self::name).join(", ");
        let found = Self::ALL.into_iter().find(|family| family.name() == name);
        found.ok_or_else(|| format!("no such family; there are {}", all()))
    }
}
