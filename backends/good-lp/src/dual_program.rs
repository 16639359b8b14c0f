//! The dual of a linear program around a point, for a solver that returns no duals.

use bpqp_traits::{CscMatrix, ProgramBuf, ProgramRef, Result};

/// The dual program, and what its variables are parts of.
pub(crate) struct DualProgram {
    /// `min sᵀv  s.t.  B v = −q` over the parts `v` of the duals, non-negative but for those of equalities.
    pub(crate) program: ProgramBuf,
    /// For each part: its dual (rows, then bounds) and its sign.
    parts: Vec<(usize, f64)>,
    num_rows: usize,
}

impl DualProgram {
    /// The dual of a linear `program`, with the slacks at a feasible `x` as costs: they differ from the sides by `qᵀx` in
    /// sum and are not negative, so that `v = 0` is dual feasible and no solver can think it unbounded.
    pub(crate) fn new(program: &ProgramRef<'_>, x: &[f64]) -> Result<Self> {
        let (n, m) = (program.num_vars(), program.num_rows());
        let mut values = vec![0.0; m];
        program.a().mul_add(1.0, x, &mut values);
        values.extend(x);
        let rows = program.a().transpose();
        let (mut parts, mut costs, mut lower, mut entries) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut add = |k: usize, sign: f64, slack: f64, least: f64| {
            let column = parts.len();
            match k.checked_sub(m) {
                None => entries.extend(rows.as_ref().col(k).map(|(j, v)| (j, column, sign * v))),
                Some(j) => entries.push((j, column, sign)),
            }
            parts.push((k, sign));
            costs.push(slack.max(0.0));
            lower.push(least);
        };
        let sides = |lo: &[f64], hi: &[f64]| lo.iter().copied().zip(hi.iter().copied()).collect::<Vec<_>>();
        let all = [sides(program.l(), program.u()), sides(program.lb(), program.ub())].concat();
        for (k, (lo, hi)) in all.into_iter().enumerate() {
            if lo == hi {
                add(k, 1.0, 0.0, f64::NEG_INFINITY);
                continue;
            }
            if hi.is_finite() {
                add(k, 1.0, hi - values[k], 0.0);
            }
            if lo.is_finite() {
                add(k, -1.0, values[k] - lo, 0.0);
            }
        }
        // A program without any side has none of these variables, and a program needs one.
        if parts.is_empty() {
            costs.push(0.0);
            lower.push(0.0);
        }
        let count = costs.len();
        let b = CscMatrix::from_triplets(n, count, &entries)?;
        let right: Vec<f64> = program.q().iter().map(|v| -v).collect();
        let sides = (right.clone(), right);
        let bounds = (lower, vec![f64::INFINITY; count]);
        let program = ProgramBuf::new(CscMatrix::zeros(count, count), costs, b, sides, bounds)?;
        Ok(Self { program, parts, num_rows: m })
    }

    /// `(y, ζ)` from the dual program's solution.
    pub(crate) fn duals(&self, parts: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let mut y = vec![0.0; self.num_rows + self.program.as_ref().num_rows()];
        for (&(k, sign), part) in self.parts.iter().zip(parts) {
            y[k] += sign * part;
        }
        let zeta = y.split_off(self.num_rows);
        (y, zeta)
    }
}
