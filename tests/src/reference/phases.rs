//! Certificates of infeasibility, as the solutions of two programs that always have one.

use bpqp_traits::{CscMatrix, ProgramBuf, ProgramRef, Result, Solution};
use bpqp_traits::{dual_ray_violation, primal_ray_violation};

use super::standard_form::{dense_rows, dense_symmetric};

const INF: f64 = f64::INFINITY;
/// A certificate that violates its inequalities by more than this proves nothing.
const CERTIFIED: f64 = 1e-7;

/// Solves a feasible and bounded program.
type Solve<'a> = dyn Fn(&ProgramRef<'_>) -> Option<Solution> + 'a;

/// Rows under construction.
#[derive(Default)]
struct RowList {
    data: Vec<f64>,
    l: Vec<f64>,
    u: Vec<f64>,
}

impl RowList {
    fn push(&mut self, l: f64, coefficients: &[f64], last: Option<f64>, u: f64) {
        self.data.extend_from_slice(coefficients);
        self.data.extend(last);
        self.l.push(l);
        self.u.push(u);
    }

    fn build(self, q: Vec<f64>, bounds: (Vec<f64>, Vec<f64>)) -> Result<ProgramBuf> {
        let n = q.len();
        let a = CscMatrix::from_dense_rows(self.l.len(), n, &self.data)?;
        ProgramBuf::new(CscMatrix::zeros(n, n), q, a, (self.l, self.u), bounds)
    }
}

/// A Farkas certificate: the duals of the program that relaxes every constraint by the same smallest `t ≥ 0`.
pub(crate) fn primal_infeasibility(program: &ProgramRef<'_>, solve: &Solve<'_>) -> Option<Solution> {
    let (n, m, k) = (program.num_vars(), program.num_rows(), program.num_cone_rows());
    let mut rows = RowList::default();
    let mut origin = Vec::new();
    let a = dense_rows(program.a());
    let mut relax = |index: usize, row: &[f64], l: f64, u: f64| {
        if u.is_finite() {
            rows.push(-INF, row, Some(-1.0), u);
            origin.push(index);
        }
        if l.is_finite() {
            rows.push(l, row, Some(1.0), INF);
            origin.push(index);
        }
    };
    (0..m).for_each(|i| relax(i, &a[i * n..(i + 1) * n], program.l()[i], program.u()[i]));
    for j in 0..n {
        let mut unit = vec![0.0; n];
        unit[j] = 1.0;
        relax(m + j, &unit, program.lb()[j], program.ub()[j]);
    }
    let mut q = vec![0.0; n + 1];
    q[n] = 1.0;
    let (mut lb, ub) = (vec![-INF; n + 1], vec![INF; n + 1]);
    lb[n] = 0.0;
    let mut relaxed = rows.build(q, (lb, ub)).ok()?;
    if let Some(cones) = program.cones() {
        let mut entries: Vec<_> = cones.matrix().entries().collect();
        let mut head = 0;
        for dim in cones.dims() {
            entries.push((head, n, 1.0));
            head += dim;
        }
        let matrix = CscMatrix::from_triplets(k, n + 1, &entries).ok()?;
        relaxed = relaxed.with_cones(matrix, cones.offset().to_vec(), cones.dims().to_vec()).ok()?;
    }
    let found = solve(&relaxed.as_ref())?;
    let mut out = Solution::default();
    out.resize(n, m, k);
    out.x.fill(f64::NAN);
    out.objective = f64::NAN;
    out.cone_duals.copy_from_slice(&found.cone_duals);
    for (&index, dual) in origin.iter().zip(&found.y) {
        if index < m { out.y[index] += dual } else { out.bound_duals[index - m] += dual }
    }
    let violation = primal_ray_violation(program, &out.y, &out.bound_duals, &out.cone_duals);
    (found.x[n] > CERTIFIED && violation <= CERTIFIED).then_some(out)
}

/// A ray of descent: the steepest direction of the recession cone within the unit box along which `P` is flat.
pub(crate) fn dual_infeasibility(program: &ProgramRef<'_>, solve: &Solve<'_>) -> Option<Solution> {
    let (n, m, k) = (program.num_vars(), program.num_rows(), program.num_cone_rows());
    let mut rows = RowList::default();
    let a = dense_rows(program.a());
    let low = |v: f64, open: f64| if v.is_finite() { 0.0 } else { -open };
    let high = |v: f64, open: f64| if v.is_finite() { 0.0 } else { open };
    for i in 0..m {
        rows.push(low(program.l()[i], INF), &a[i * n..(i + 1) * n], None, high(program.u()[i], INF));
    }
    let p = dense_symmetric(program.p());
    for row in p.chunks(n).filter(|row| row.iter().any(|v| *v != 0.0)) {
        rows.push(0.0, row, None, 0.0);
    }
    let lb = program.lb().iter().map(|v| low(*v, 1.0)).collect();
    let ub = program.ub().iter().map(|v| high(*v, 1.0)).collect();
    let mut recession = rows.build(program.q().to_vec(), (lb, ub)).ok()?;
    if let Some(cones) = program.cones() {
        recession = recession.with_cones(cones.matrix().to_owned(), vec![0.0; k], cones.dims().to_vec()).ok()?;
    }
    let found = solve(&recession.as_ref())?;
    let mut out = Solution { x: found.x, objective: f64::NAN, ..Solution::default() };
    out.resize(n, m, k);
    for duals in [&mut out.y, &mut out.bound_duals, &mut out.cone_duals] {
        duals.fill(f64::NAN);
    }
    (dual_ray_violation(program, &out.x) <= CERTIFIED).then_some(out)
}
