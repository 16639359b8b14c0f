//! What derivatives cost in units of what they are made of: `cargo run --release -p bpqp --example cotangents [-- PART]`, for
//! the problems whose names contain the part.
//!
//! - `pass`: one right-hand side through the triangular factors that the forward solve ended on, microseconds
//! - `extra`: one more of 64 cotangents at a solution, checked and certified, in passes
//! - `backward`: the first gradient at a solution by the solver's own factor, in passes
//! - `factor`: one factorization of the KKT matrix on the active set, microseconds
//! - `cold`: the first gradient at a solution found elsewhere, in factorizations
//!
//! All are minima, which other programs on the machine disturb least.
#![allow(clippy::unwrap_used)]

use std::time::Instant;

use bpqp::generate::{Family, Recipe};
use bpqp::traits::{ActiveSet, AdjointQpRef, CscMatrix, ProgramRef, Settings, Side, Solution};
use bpqp::{Layer, Program, Solved};

const COTANGENTS: usize = 64;

fn time<T>(repeats: usize, mut work: impl FnMut() -> T) -> f64 {
    let once = |_| {
        let clock = Instant::now();
        std::hint::black_box(work());
        clock.elapsed().as_secs_f64() * 1e6
    };
    (0..repeats).map(once).fold(f64::INFINITY, f64::min)
}

/// The active set that a solution's multipliers show.
fn active_set(program: &ProgramRef<'_>, s: &Solution) -> ActiveSet {
    let side = |((dual, l), u): ((&f64, &f64), &f64)| match *dual {
        _ if l == u => Side::Equal,
        y if y > 0.0 => Side::Upper,
        y if y < 0.0 => Side::Lower,
        _ => Side::Free,
    };
    ActiveSet {
        rows: s.y.iter().zip(program.l()).zip(program.u()).map(side).collect(),
        bounds: s.bound_duals.iter().zip(program.lb()).zip(program.ub()).map(side).collect(),
    }
}

/// `H = P_FF` and `C = A_SF`.
fn reduced(program: &ProgramRef<'_>, active: &ActiveSet) -> (CscMatrix, CscMatrix) {
    let (free, rows): (Vec<_>, Vec<_>) = (active.free_variables().collect(), active.active_rows().collect());
    let at = |set: &[usize], i: usize| set.binary_search(&i).ok();
    let h: Vec<_> = program.p().entries().filter_map(|(i, j, v)| Some((at(&free, i)?, at(&free, j)?, v))).collect();
    let c: Vec<_> = program.a().entries().filter_map(|(i, j, v)| Some((at(&rows, i)?, at(&free, j)?, v))).collect();
    let (d, k) = (free.len(), rows.len());
    (CscMatrix::from_triplets(d, d, &h).unwrap(), CscMatrix::from_triplets(k, d, &c).unwrap())
}

fn measure(name: &str, program: &Program, repeats: usize) {
    let layer = Layer::new().unwrap();
    let (stacked, n) = (program.as_stacked(), program.num_vars());
    let x_bars: Vec<Vec<f64>> = (0..COTANGENTS).map(|s| (0..n).map(|j| ((s * n + j) as f64).cos()).collect()).collect();
    let x_bars: Vec<&[f64]> = x_bars.iter().map(Vec::as_slice).collect();

    let mut session = layer.forward_solver().setup(&stacked, &Settings::default()).unwrap();
    let mut solution = Solution::default();
    session.solve(&mut solution).unwrap();
    let active = active_set(&stacked, &solution);
    let (h, c) = reduced(&stacked, &active);
    let (d, k) = (h.ncols(), c.nrows());
    let (g, r, mut z, mut nu) = (vec![1.0; d], vec![0.0; k], vec![0.0; d], vec![0.0; k]);
    let pass = time(16 * repeats, || {
        let factor = session.adjoint_factor(&active).unwrap();
        factor.solve_many(1, (&g, &r), (&mut z, &mut nu)).unwrap();
    });
    let backward = first(repeats, x_bars[0], || layer.forward(program).unwrap());
    let mut solved = layer.forward(program).unwrap();
    solved.backward(x_bars[0]).unwrap();
    let many = time(repeats, || solved.backward_many(&x_bars).unwrap());
    let half = time(repeats, || solved.backward_many(&x_bars[..COTANGENTS / 2]).unwrap());
    let extra = (many - half) / (COTANGENTS / 2) as f64;

    let qp = AdjointQpRef::new(h.as_ref(), c.as_ref()).unwrap();
    let factor = time(repeats, || layer.backward_solver().factorize(&qp).unwrap());
    let cold = first(repeats, x_bars[0], || layer.at(program, solution.clone()).unwrap());
    println!(
        "{name:<20} {pass:>9.2} {:>7.2} {:>9.2} {factor:>10.1} {:>6.2}",
        extra / pass,
        backward / pass,
        cold / factor
    );
}

/// The least time of a first gradient at what `solve` makes.
fn first<'p>(repeats: usize, x_bar: &[f64], mut solve: impl FnMut() -> Solved<'p>) -> f64 {
    let once = |_| {
        let mut solved = solve();
        let clock = Instant::now();
        solved.backward(x_bar).unwrap();
        clock.elapsed().as_secs_f64() * 1e6
    };
    (0..repeats).map(once).fold(f64::INFINITY, f64::min)
}

fn main() {
    let part = std::env::args().nth(1).unwrap_or_default();
    println!("{:<20} {:>9} {:>7} {:>9} {:>10} {:>6}", "", "pass", "extra", "backward", "factor", "cold");
    for (recipe, repeats) in [
        (Recipe::new(Family::Gaussian).n(50).m(10).p(10), 300),
        (Recipe::new(Family::Gaussian).n(100).m(20).p(20), 300),
        (Recipe::new(Family::Gaussian).n(500).m(100).p(100), 21),
        (Recipe::new(Family::RandomSparse), 15),
        (Recipe::new(Family::Local), 9),
        (Recipe::new(Family::Simplex), 21),
        (Recipe::new(Family::Mpc), 31),
        (Recipe::new(Family::PortfolioFactor), 31),
    ] {
        let problem = recipe.generate().unwrap();
        if problem.name.contains(&part) {
            measure(&problem.name, &problem.program, repeats);
        }
    }
}
