//! Certificates of infeasibility for programs with cones: the auxiliary programs of
//! [`rays`](bpqp_traits::rays), with cones. Both have a point strictly inside of every cone, or are bounded, so that the
//! duals which are certificates exist.

use bpqp_traits::claims::{Claim, judge};
use bpqp_traits::rays::{SolveLp, prove_infeasible, prove_unbounded};
use bpqp_traits::vector::max_abs;
use bpqp_traits::{ConesRef, CscMatrix, ProgramBuf, ProgramRef, Result, Solution, Status};

/// Looks for the certificate of `claim`, infeasible or unbounded, with one auxiliary program. Leaves it in `out` and
/// returns `claim`, or [`Status::NumericalError`] where there is none that holds.
///
/// # Errors
/// What `solve` fails with.
pub(crate) fn prove(
    program: &ProgramRef<'_>,
    claim: Status,
    solve: &mut SolveLp<'_>,
    out: &mut Solution,
) -> Result<Status> {
    match (program.cones(), claim) {
        (None, Status::PrimalInfeasible) => prove_infeasible(program, solve, out),
        (None, _) => prove_unbounded(program, solve, out),
        (Some(cones), Status::PrimalInfeasible) => infeasible(program, &cones, solve, out),
        (Some(cones), _) => unbounded(program, &cones, solve, out),
    }
}

fn infeasible(
    program: &ProgramRef<'_>,
    cones: &ConesRef<'_>,
    solve: &mut SolveLp<'_>,
    out: &mut Solution,
) -> Result<Status> {
    let found = solve(&phase_one(program, cones)?.as_ref())?;
    let (n, m, k) = (program.num_vars(), program.num_rows(), cones.num_rows());
    out.resize(n, m, k);
    if found.y.len() != m || found.cone_duals.len() != k {
        return Ok(Status::NumericalError);
    }
    for (i, y) in out.y.iter_mut().enumerate() {
        *y = on_finite_side(found.y[i], program.l()[i], program.u()[i]);
    }
    out.cone_duals.copy_from_slice(&found.cone_duals);
    into_cones(cones.dims(), &mut out.cone_duals);
    // Stationarity gives the bounds' share, free of the solver's tolerance.
    out.bound_duals.fill(0.0);
    program.a().transpose_mul_add(-1.0, &out.y, &mut out.bound_duals);
    cones.matrix().transpose_mul_add(1.0, &out.cone_duals, &mut out.bound_duals);
    for (j, dual) in out.bound_duals.iter_mut().enumerate() {
        *dual = on_finite_side(*dual, program.lb()[j], program.ub()[j]);
    }
    Ok(judge(program, Claim { status: Status::PrimalInfeasible, limited: false }, 1.0, out))
}

fn unbounded(
    program: &ProgramRef<'_>,
    cones: &ConesRef<'_>,
    solve: &mut SolveLp<'_>,
    out: &mut Solution,
) -> Result<Status> {
    let found = solve(&recession(program, cones)?.as_ref())?;
    let n = program.num_vars();
    out.resize(n, program.num_rows(), cones.num_rows());
    if found.x.len() != n {
        return Ok(Status::NumericalError);
    }
    for (j, d) in out.x.iter_mut().enumerate() {
        let (lo, hi) = recession_side(program.lb()[j], program.ub()[j], 1.0);
        *d = found.x[j].max(lo).min(hi);
    }
    Ok(judge(program, Claim { status: Status::DualInfeasible, limited: false }, 1.0, out))
}

/// `min Σ(s⁺ + s⁻) + Σr` over `l ≤ Ax + D(s⁺ − s⁻) ≤ u`, `lb ≤ x ≤ ub`, `s, r ≥ 0`, and the cones with `r_k` added to the
/// head of cone `k`, `D` the rows' largest entries. Its value is positive where the program has no feasible point and is
/// far from having one; the duals `(y, w)` are the certificate then.
fn phase_one(program: &ProgramRef<'_>, cones: &ConesRef<'_>) -> Result<ProgramBuf> {
    let (n, m, count) = (program.num_vars(), program.num_rows(), cones.dims().len());
    let mut scale = program.a().row_norms();
    scale.iter_mut().filter(|s| **s == 0.0).for_each(|s| *s = 1.0);
    let slacks = scale.iter().enumerate().flat_map(|(i, s)| [(i, n + i, *s), (i, n + m + i, -s)]);
    let rows: Vec<_> = program.a().entries().chain(slacks).collect();
    let total = n + 2 * m + count;
    let lifts = cones.blocks().enumerate().map(|(k, block)| (block.start, n + 2 * m + k, 1.0));
    let image: Vec<_> = cones.matrix().entries().chain(lifts).collect();
    let mut q = vec![1.0; total];
    q[..n].fill(0.0);
    let (mut lb, mut ub) = (vec![0.0; total], vec![f64::INFINITY; total]);
    lb[..n].copy_from_slice(program.lb());
    ub[..n].copy_from_slice(program.ub());
    let (sides, a) = ((program.l().to_vec(), program.u().to_vec()), CscMatrix::from_triplets(m, total, &rows)?);
    let image = CscMatrix::from_triplets(cones.num_rows(), total, &image)?;
    ProgramBuf::new(CscMatrix::zeros(total, total), q, a, sides, (lb, ub))?.with_cones(
        image,
        cones.offset().to_vec(),
        cones.dims().to_vec(),
    )
}

/// `min qᵀd` over `P d = 0`, the recession cone of rows and bounds, `S d` in the cones, and `−1 ≤ d ≤ 1`.
fn recession(program: &ProgramRef<'_>, cones: &ConesRef<'_>) -> Result<ProgramBuf> {
    let (n, m) = (program.num_vars(), program.num_rows());
    let mirrored = program.p().entries().filter(|(i, j, _)| i != j).map(|(i, j, v)| (j, i, v));
    let hessian = program.p().entries().chain(mirrored).map(|(i, j, v)| (m + i, j, v));
    let rows: Vec<_> = program.a().entries().chain(hessian).collect();
    let count = if program.p().values().is_empty() { m } else { m + n };
    let (mut l, mut u) = (vec![0.0; count], vec![0.0; count]);
    for i in 0..m {
        (l[i], u[i]) = recession_side(program.l()[i], program.u()[i], f64::INFINITY);
    }
    let bounds = (0..n).map(|j| recession_side(program.lb()[j], program.ub()[j], 1.0)).unzip();
    let size = max_abs(program.q()).max(f64::MIN_POSITIVE);
    let q = program.q().iter().map(|v| v / size).collect();
    let a = CscMatrix::from_triplets(count, n, &rows)?;
    let image = (cones.matrix().to_owned(), vec![0.0; cones.num_rows()], cones.dims().to_vec());
    ProgramBuf::new(CscMatrix::zeros(n, n), q, a, (l, u), bounds)?.with_cones(image.0, image.1, image.2)
}

/// A dual where its sign belongs to a finite side, else 0.
fn on_finite_side(dual: f64, lower: f64, upper: f64) -> f64 {
    let side = if dual > 0.0 { upper } else { lower };
    if side.is_finite() { dual } else { 0.0 }
}

/// What directions of recession keep of two sides: 0 for a finite one, `reach` for an infinite one.
fn recession_side(lower: f64, upper: f64, reach: f64) -> (f64, f64) {
    (if lower.is_finite() { 0.0 } else { -reach }, if upper.is_finite() { 0.0 } else { reach })
}

/// Raises the head of each block to the norm of the others, where it is below.
fn into_cones(dims: &[usize], w: &mut [f64]) {
    let mut rest = w;
    for &dim in dims {
        let (block, more) = std::mem::take(&mut rest).split_at_mut(dim);
        block[0] = block[1..].iter().map(|v| v * v).sum::<f64>().sqrt().max(block[0]);
        rest = more;
    }
}
