//! Which row of Clarabel's problem stands for which side of which constraint.

use bpqp_traits::ProgramRef;
use clarabel::solver::SupportedConeT;

/// Sides beyond a reach are left out of Clarabel's problem.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reach {
    /// Finite sides beyond 1e20 are treated as absent, as Clarabel itself does: no interior-point method survives them.
    Full,
    /// Sides beyond 1e8 too: an inactive one leaves a rounding error of 1e-16 times its size in the answer.
    Near,
}

impl Reach {
    fn limit(self) -> f64 {
        match self {
            Self::Full => 1e20,
            Self::Near => 1e8,
        }
    }
}

/// Rows of Clarabel's problem, `None` where there is no such side. The order is: zero cone (rows, then variables),
/// non-negative cone (upper rows, lower rows, upper bounds, lower bounds), second-order cones.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layout {
    /// For the rows of `A`.
    pub(crate) rows: Sides,
    /// For the bounds of the variables.
    pub(crate) vars: Sides,
    /// First row of the second-order cones.
    pub(crate) cone_start: usize,
    /// Number of rows.
    pub(crate) len: usize,
    zero_dim: usize,
    cone_dims: Vec<usize>,
}

/// The row of each kind of side, per constraint.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sides {
    pub(crate) equal: Vec<Option<usize>>,
    pub(crate) upper: Vec<Option<usize>>,
    pub(crate) lower: Vec<Option<usize>>,
}

impl Layout {
    /// The layout that `program` needs, with inequality sides within `reach`.
    pub(crate) fn new(program: &ProgramRef<'_>, reach: Reach) -> Self {
        let limit = reach.limit();
        let (is_equal, has_upper, has_lower) = (
            |lo: f64, hi: f64| lo == hi,
            |lo: f64, hi: f64| lo != hi && hi < limit,
            |lo: f64, hi: f64| lo != hi && lo > -limit,
        );
        let mut next = 0;
        let mut number = |wanted: Vec<bool>| -> Vec<Option<usize>> {
            let mut slot = |wanted: bool| {
                wanted.then(|| {
                    next += 1;
                    next - 1
                })
            };
            wanted.into_iter().map(&mut slot).collect()
        };
        let (rows, vars) = ((program.l(), program.u()), (program.lb(), program.ub()));
        let row_equal = number(select(rows, is_equal));
        let var_equal = number(select(vars, is_equal));
        let zero_dim = row_equal.iter().chain(&var_equal).flatten().count();
        let row_upper = number(select(rows, has_upper));
        let row_lower = number(select(rows, has_lower));
        let var_upper = number(select(vars, has_upper));
        let var_lower = number(select(vars, has_lower));
        let cone_dims = program.cones().map_or(Vec::new(), |c| c.dims().to_vec());
        Self {
            rows: Sides { equal: row_equal, upper: row_upper, lower: row_lower },
            vars: Sides { equal: var_equal, upper: var_upper, lower: var_lower },
            cone_start: next,
            len: next + program.num_cone_rows(),
            zero_dim,
            cone_dims,
        }
    }

    /// Clarabel's cones, in order; empty ones are left out.
    pub(crate) fn cones(&self) -> Vec<SupportedConeT<f64>> {
        let mut cones = Vec::with_capacity(2 + self.cone_dims.len());
        if self.zero_dim > 0 {
            cones.push(SupportedConeT::ZeroConeT(self.zero_dim));
        }
        if self.cone_start > self.zero_dim {
            cones.push(SupportedConeT::NonnegativeConeT(self.cone_start - self.zero_dim));
        }
        // Clarabel asserts at least two dimensions for a second-order cone; the one-dimensional one is a half-line.
        cones.extend(self.cone_dims.iter().map(|&d| match d {
            1 => SupportedConeT::NonnegativeConeT(1),
            d => SupportedConeT::SecondOrderConeT(d),
        }));
        cones
    }
}

impl Sides {
    /// Signed duals `z_equal + z_upper − z_lower` of every constraint.
    pub(crate) fn signed_duals(&self, z: &[f64], out: &mut [f64]) {
        let at = |slot: Option<usize>| slot.map_or(0.0, |s| z[s]);
        for (i, out) in out.iter_mut().enumerate() {
            *out = at(self.equal[i]) + at(self.upper[i]) - at(self.lower[i]);
        }
    }

    /// Writes the right-hand sides of `lo ≤ · ≤ hi`.
    pub(crate) fn right_hand_sides(&self, lo: &[f64], hi: &[f64], b: &mut [f64]) {
        let mut put = |slot: Option<usize>, value: f64| {
            if let Some(s) = slot {
                b[s] = value;
            }
        };
        for i in 0..lo.len() {
            put(self.equal[i], hi[i]);
            put(self.upper[i], hi[i]);
            put(self.lower[i], -lo[i]);
        }
    }
}

fn select((lo, hi): (&[f64], &[f64]), test: impl Fn(f64, f64) -> bool) -> Vec<bool> {
    lo.iter().zip(hi).map(|(&l, &u)| test(l, u)).collect()
}
