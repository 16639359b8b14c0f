//! Several programs at once, one in each lane of a vector register.

/// Programs solved together.
pub const LANES: usize = 8;

/// One number per program.
pub type Lane = [f64; LANES];

/// The vectors of programs that share their matrices.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LaneVectors {
    /// Linear terms (`n`).
    pub q: Vec<Lane>,
    /// Lower sides of the rows (`m`).
    pub l: Vec<Lane>,
    /// Upper sides of the rows (`m`).
    pub u: Vec<Lane>,
    /// Lower bounds (`n`).
    pub lb: Vec<Lane>,
    /// Upper bounds (`n`).
    pub ub: Vec<Lane>,
}

impl LaneVectors {
    /// Zeros for `n` variables and `m` rows.
    pub fn new(n: usize, m: usize) -> Self {
        let zeros = |len| vec![[0.0; LANES]; len];
        Self { q: zeros(n), l: zeros(m), u: zeros(m), lb: zeros(n), ub: zeros(n) }
    }
}

/// The solutions of those programs, or of the adjoint QPs at them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LanePoint {
    /// Primal part (`n`).
    pub x: Vec<Lane>,
    /// Duals of the rows (`m`), exactly zero at rows that were not held with equality.
    pub y: Vec<Lane>,
    /// Duals of the bounds (`n`), exactly zero at variables that were not held at one.
    pub bound_duals: Vec<Lane>,
}

impl LanePoint {
    /// Zeros for `n` variables and `m` rows.
    pub fn new(n: usize, m: usize) -> Self {
        let zeros = |len| vec![[0.0; LANES]; len];
        Self { x: zeros(n), y: zeros(m), bound_duals: zeros(n) }
    }
}

/// A session that solves several programs at once which differ from its own in their vectors alone. It need not solve
/// them all: what it cannot do in one go is left to [`Session::solve`](crate::Session::solve).
pub trait LaneSolver {
    /// Solves the programs with these vectors, starting from the rows and bounds whose duals in `point` are not zero.
    /// Tells which lanes were solved with an active set whose KKT matrix is far from singular (relative pivots of at least
    /// 1e-6); what `point` holds in the others means nothing.
    fn solve(&mut self, vectors: &LaneVectors, point: &mut LanePoint) -> [bool; LANES];

    /// Solves `P z + A₊ᵀν + Eζ = −g`, `A₊z = 0`, `Eᵀz = 0` on the active sets on which the last solve ended, for `g` (`n`);
    /// only the lanes solved there mean anything.
    fn adjoint(&mut self, g: &[Lane], out: &mut LanePoint);
}
