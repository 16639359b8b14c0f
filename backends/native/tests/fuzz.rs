//! Random small problems of the awkward kinds: the active-set method alone solves them to 1e-9, or tells that they are
//! infeasible with a proof.
#![allow(clippy::unwrap_used)]

mod common;

use bpqp_native::NativeSolver;
use bpqp_traits::{
    CscMatrix, ForwardSolver, KktResiduals, ProgramBuf, Settings, Solution, Status, primal_ray_violation,
};
use common::{INF, Rng};

/// What makes a problem awkward.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Plain,
    /// Rows twice, scaled, and sums of rows, some of them equalities.
    Duplicated,
    /// Multipliers of zero on rows that hold with equality.
    WeaklyActive,
    /// Eigenvalues of `P` from 1 to 1e-9.
    IllConditioned,
    /// Five rows a variable.
    Tall,
    /// `P` of half the rank.
    Singular,
    Linear,
    /// Two rows that contradict each other.
    Infeasible,
}

const KINDS: [Kind; 8] = [
    Kind::Plain,
    Kind::Duplicated,
    Kind::WeaklyActive,
    Kind::IllConditioned,
    Kind::Tall,
    Kind::Singular,
    Kind::Linear,
    Kind::Infeasible,
];

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `Σ dᵢ vᵢvᵢᵀ` over random directions, symmetrized exactly.
fn hessian(rng: &mut Rng, n: usize, kind: Kind) -> Vec<f64> {
    let mut p = vec![0.0; n * n];
    let rank = match kind {
        Kind::Linear => 0,
        Kind::Singular => n / 2,
        _ => n,
    };
    for k in 0..rank {
        let v = rng.vector(n);
        let weight = if kind == Kind::IllConditioned { 10f64.powf(-9.0 * k as f64 / n as f64) } else { 1.0 };
        for i in 0..n {
            for j in 0..n {
                p[i * n + j] += weight * (v[i] * v[j]);
            }
        }
    }
    if !matches!(kind, Kind::Linear | Kind::Singular) {
        let floor = if kind == Kind::IllConditioned { 1e-9 } else { 0.05 };
        (0..n).for_each(|i| p[i * n + i] += floor);
    }
    p
}

/// A problem with a known solution and multipliers, built backwards from them; infeasible on request.
fn problem(seed: u64, kind: Kind) -> ProgramBuf {
    let mut rng = Rng::new(seed);
    let n = 1 + rng.below(12);
    let rows = if kind == Kind::Tall { 5 * n } else { rng.below(2 * n + 1) };
    let p = hessian(&mut rng, n, kind);
    let x = rng.vector(n);
    let (mut a, mut l, mut u) = (Vec::new(), Vec::new(), Vec::new());
    let mut force: Vec<f64> = (0..n).map(|i| dot(&p[i * n..(i + 1) * n], &x)).collect();
    let mut add = |row: Vec<f64>, side: u64, rng: &mut Rng, force: &mut Vec<f64>| {
        let value = dot(&row, &x);
        let size = if kind == Kind::WeaklyActive && rng.below(2) == 0 { 0.0 } else { rng.uniform() };
        let (lo, hi, dual) = match side {
            0 => (value, value, 2.0 * size - 1.0),
            1 => (-INF, value, size),
            2 => (value, value + 1.0, -size),
            3 => (value - 0.5, value + 0.5, 0.0),
            _ => (-INF, value + rng.uniform(), 0.0),
        };
        force.iter_mut().zip(&row).for_each(|(f, a)| *f += dual * a);
        a.extend(row);
        l.push(lo);
        u.push(hi);
    };
    for i in 0..rows {
        let row = rng.vector(n);
        let side = if kind == Kind::Tall { 1 + rng.below(4) } else { rng.below(5) } as u64;
        if kind == Kind::Duplicated && i % 2 == 0 {
            let scale = rng.signed() * 3.0;
            let copy: Vec<f64> = row.iter().map(|v| scale * v).collect();
            add(copy, rng.below(4) as u64, &mut rng, &mut force);
        }
        add(row, side, &mut rng, &mut force);
    }
    if kind == Kind::Infeasible {
        let row = rng.vector(n);
        let value = dot(&row, &x);
        let copy: Vec<f64> = row.iter().map(|v| -2.0 * v).collect();
        a.extend(row.iter().chain(&copy));
        l.extend([value + 0.1, -2.0 * value - 0.1]);
        u.extend([INF, INF]);
    }
    let (mut lb, mut ub) = (vec![-INF; n], vec![INF; n]);
    for j in 0..n {
        let size = if kind == Kind::WeaklyActive && rng.below(2) == 0 { 0.0 } else { rng.uniform() };
        match rng.below(6) {
            0 => (lb[j], force[j]) = (x[j], force[j] - size),
            1 => (ub[j], force[j]) = (x[j], force[j] + size),
            2 => (lb[j], ub[j]) = (x[j] - 1.0, x[j] + 0.3),
            _ => {}
        }
    }
    let q = force.iter().map(|f| -f).collect();
    let upper: Vec<f64> = (0..n * n).map(|k| if k / n <= k % n { p[k] } else { 0.0 }).collect();
    let p = CscMatrix::from_dense_rows(n, n, &upper).unwrap();
    let a = CscMatrix::from_dense_rows(l.len(), n, &a).unwrap();
    ProgramBuf::new(p, q, a, (l, u), (lb, ub)).unwrap()
}

/// What is wrong with the answer to a problem, if anything.
fn complaint(program: &ProgramBuf, kind: Kind, (option, value): (&str, &str)) -> Option<String> {
    let mut settings = Settings::with_tolerance(1e-9);
    settings.options.insert(option.into(), value.into());
    let mut out = Solution::default();
    let program = program.as_ref();
    let status = NativeSolver.setup(&program, &settings).unwrap().solve(&mut out).unwrap();
    if kind == Kind::Infeasible {
        let violation = primal_ray_violation(&program, &out.y, &out.bound_duals, &[]);
        let right = status == Status::PrimalInfeasible && violation <= 1e-8;
        return (!right).then(|| format!("{status}, violation {violation:e}"));
    }
    let residual = KktResiduals::compute(&program, &out).max();
    let right = status == Status::Solved && residual <= 1e-9;
    (!right).then(|| format!("{status} with residual {residual:e} after {} changes", out.iterations))
}

/// Runs `count` problems of each kind; `FUZZ` in the environment multiplies that.
fn run(option: (&str, &str), count: u64) {
    let factor = std::env::var("FUZZ").ok().and_then(|v| v.parse().ok()).unwrap_or(1);
    let mut complaints = Vec::new();
    for kind in KINDS {
        for seed in 0..count * factor {
            if let Some(what) = complaint(&problem(seed, kind), kind, option) {
                complaints.push(format!("{kind:?} {seed}: {what}"));
            }
        }
    }
    assert!(
        complaints.is_empty(),
        "{} complaints:\n{}",
        complaints.len(),
        complaints[..complaints.len().min(40)].join("\n")
    );
}

#[test]
fn active_set_alone() {
    run(("method", "active-set"), 600);
}

#[test]
fn methods_together() {
    run(("method", "auto"), 100);
}

#[test]
fn sparse_methods_together() {
    run(("structure", "sparse"), 100);
}

#[test]
fn interior_point_alone() {
    run(("method", "interior-point"), 100);
}
