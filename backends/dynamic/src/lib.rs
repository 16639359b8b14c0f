//! Solvers that are loaded at run time, as BPQP backends for LPs and convex QPs: HiGHS, Gurobi, Xpress, MOSEK, COPT and
//! CPLEX. All but HiGHS take second-order cones too. Building this crate needs none of them; using one needs
//! its library, and its license where it has one.
//!
//! # Where a library is looked for
//! 1. The option `library`, or the path given to [`DynamicSolver::at`]: a file, or a folder that holds it.
//! 2. The environment variable `BPQP_<NAME>_LIBRARY`, the same: `BPQP_GUROBI_LIBRARY`.
//! 3. The vendor's environment variables: `GUROBI_HOME`, `XPRESSDIR`, `MOSEK_BINDIR`, `COPT_HOME`, `CPLEX_STUDIO_DIR*`, …
//! 4. The folders where the vendor's installer puts it, newest version first.
//! 5. Bare names, for the system's own search (`LD_LIBRARY_PATH`, `ldconfig`).
//!
//! Whoever names a path (1, 2) means that library and no other. The working directory is never searched, not by a
//! relative path in a variable either.
//!
//! # What "solved" means
//! Every answer is judged by [`KktResiduals`](bpqp_traits::KktResiduals), recomputed from the problem's data. Claims of
//! infeasibility are proved by an auxiliary LP ([`rays`](bpqp_traits::rays)), with cones where the program has some, that
//! the same library solves.
//!
//! # Options
//! | name | value | default |
//! |---|---|---|
//! | `library` | path of the library | the search above |
//! | `threads` | integer | 1 |
//! | `param:NAME` | the vendor's own parameter NAME | the vendor's |

mod cone_rays;
mod cones;
mod copt;
mod cplex;
mod epigraph;
mod factor;
mod ffi;
mod gurobi;
mod highs;
mod locate;
mod model;
mod mosek;
mod newton;
mod rows;
mod session;
mod solver;
mod units;
mod vendor;
mod xpress;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use bpqp_traits::{BackendInfo, Capabilities, ForwardSolver, Installation, ProgramRef, Result, Session, Settings};

use crate::solver::Lazy;

/// A solver whose library is loaded at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Vendor {
    /// [HiGHS](https://highs.dev): simplex, interior point, active-set QP. Free.
    Highs,
    /// [Gurobi](https://www.gurobi.com): simplex, barrier. Commercial, free for academics.
    Gurobi,
    /// [MOSEK](https://www.mosek.com): interior point, simplex. Commercial, free for academics.
    Mosek,
    /// [Xpress](https://www.fico.com/en/products/fico-xpress-optimization): dual simplex for LPs, barrier for QPs.
    /// Commercial, free for small problems.
    Xpress,
    /// [COPT](https://www.shanshu.ai/copt): simplex, barrier. Commercial, free for academics and for small problems.
    Copt,
    /// [CPLEX](https://www.ibm.com/products/ilog-cplex-optimization-studio): dual simplex for LPs, barrier for QPs.
    /// Commercial, free for academics and for small problems.
    Cplex,
}

impl Vendor {
    /// All vendors.
    pub const ALL: [Self; 6] = [Self::Highs, Self::Gurobi, Self::Xpress, Self::Mosek, Self::Copt, Self::Cplex];

    /// The name of its backend.
    pub fn name(self) -> &'static str {
        match self {
            Self::Highs => highs::NAME,
            Self::Gurobi => gurobi::NAME,
            Self::Mosek => mosek::NAME,
            Self::Xpress => xpress::NAME,
            Self::Copt => copt::NAME,
            Self::Cplex => cplex::NAME,
        }
    }
}

/// A vendor's library as a [`ForwardSolver`], loaded when it is first needed. Clones share it.
#[derive(Clone)]
pub struct DynamicSolver {
    vendor: Vendor,
    shared: Arc<dyn ForwardSolver>,
}

impl DynamicSolver {
    /// The library that the search finds.
    pub fn new(vendor: Vendor) -> Self {
        Self::from_place(vendor, None)
    }

    /// The library at `path`, a file or the folder that holds it, and no other.
    pub fn at(vendor: Vendor, path: impl Into<PathBuf>) -> Self {
        Self::from_place(vendor, Some(path.into()))
    }

    fn from_place(vendor: Vendor, explicit: Option<PathBuf>) -> Self {
        let shared: Arc<dyn ForwardSolver> = match vendor {
            Vendor::Highs => Arc::new(Lazy::<highs::Highs>::new(explicit)),
            Vendor::Gurobi => Arc::new(Lazy::<gurobi::Gurobi>::new(explicit)),
            Vendor::Mosek => Arc::new(Lazy::<mosek::Mosek>::new(explicit)),
            Vendor::Xpress => Arc::new(Lazy::<xpress::Xpress>::new(explicit)),
            Vendor::Copt => Arc::new(Lazy::<copt::Copt>::new(explicit)),
            Vendor::Cplex => Arc::new(Lazy::<cplex::Cplex>::new(explicit)),
        };
        Self { vendor, shared }
    }

    /// The vendor.
    pub fn vendor(&self) -> Vendor {
        self.vendor
    }
}

impl ForwardSolver for DynamicSolver {
    fn info(&self) -> BackendInfo {
        self.shared.info()
    }

    fn capabilities(&self) -> Capabilities {
        self.shared.capabilities()
    }

    fn installation(&self) -> Result<Installation> {
        self.shared.installation()
    }

    fn setup(&self, problem: &ProgramRef<'_>, settings: &Settings) -> Result<Box<dyn Session>> {
        self.shared.setup(problem, settings)
    }
}

impl fmt::Debug for DynamicSolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamicSolver").field("vendor", &self.vendor).finish_non_exhaustive()
    }
}
