//! The layer's gradients with every pair of compiled backends: each block against central differences over the reference
//! solver, and reverse against forward mode.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use bpqp::{Cotangent, Gradient, Layer, Program, Registry, Settings, Values};
use bpqp_conformance::reference::Gradients;
use bpqp_conformance::{Config, KnownProblem, RandomShape, SplitMix64, run_gradients};
use bpqp_traits::{CscMatrix, CscRef, ProgramBuf, ProgramRef};

/// A layer for every pair of a forward and a backward backend, with its name.
fn every_pair() -> Vec<(String, Layer)> {
    let names = Registry::compiled().usable().quadratic().names();
    assert!(names.len() >= 2, "pairs need two backends, found {names:?}");
    let pairs = names.iter().flat_map(|f| names.iter().map(move |b| (f, b)));
    let layer = |f: &String, b: &String| {
        Layer::builder().forward(f).backward(b).settings(Settings::with_tolerance(1e-9)).build().unwrap()
    };
    pairs.map(|(f, b)| (format!("{f} forward, {b} backward"), layer(f, b))).collect()
}

/// A stacked program in the user's blocks, and the stacked row behind each row of a block.
struct Blocked {
    program: Program,
    equalities: Vec<usize>,
    inequalities: Vec<usize>,
    rows: Vec<usize>,
}

impl Blocked {
    fn new(stacked: &ProgramRef<'_>) -> Self {
        let (l, u) = (stacked.l(), stacked.u());
        let equal = |i: usize| l[i] == u[i];
        let upper = |i: usize| l[i] == f64::NEG_INFINITY;
        let (equalities, others): (Vec<_>, Vec<_>) = (0..l.len()).partition(|&i| equal(i));
        let (inequalities, rows): (Vec<_>, Vec<_>) = others.into_iter().partition(|&i| upper(i));
        let at = |v: &[f64], rows: &[usize]| rows.iter().map(|&i| v[i]).collect::<Vec<_>>();
        let program = Program::builder(stacked.num_vars())
            .objective(&both_triangles(stacked.p()), stacked.q())
            .equalities(&select(stacked.a(), &equalities), &at(u, &equalities))
            .inequalities(&select(stacked.a(), &inequalities), &at(u, &inequalities))
            .rows(&at(l, &rows), &select(stacked.a(), &rows), &at(u, &rows))
            .bounds(stacked.lb(), stacked.ub())
            .build()
            .unwrap();
        Self { program, equalities, inequalities, rows }
    }

    /// The layer's gradient in the suite's form: stacked rows, the stored triangle of `P`.
    fn stacked(&self, gradient: &Gradient, num_rows: usize) -> Gradients {
        let n = gradient.q().len();
        let mut all = Gradients {
            p: vec![0.0; n * n],
            q: gradient.q().to_vec(),
            a: vec![0.0; num_rows * n],
            l: vec![0.0; num_rows],
            u: vec![0.0; num_rows],
            lb: gradient.lb().to_vec(),
            ub: gradient.ub().to_vec(),
        };
        // A stored value of the triangle stands for both places.
        gradient.p().as_ref().entries().for_each(|(i, j, v)| all.p[i.min(j) * n + i.max(j)] += v);
        let blocks =
            [(gradient.a(), &self.equalities), (gradient.g(), &self.inequalities), (gradient.rows(), &self.rows)];
        for (block, rows) in blocks {
            block.as_ref().entries().for_each(|(i, j, v)| all.a[rows[i] * n + j] = v);
        }
        let mut put = |values: &[f64], rows: &[usize]| rows.iter().zip(values).for_each(|(&i, &v)| all.u[i] = v);
        put(gradient.b(), &self.equalities);
        put(gradient.h(), &self.inequalities);
        put(gradient.u(), &self.rows);
        self.rows.iter().zip(gradient.l()).for_each(|(&i, &v)| all.l[i] = v);
        all
    }
}

fn both_triangles(p: CscRef<'_>) -> CscMatrix {
    let mirrored = p.entries().filter(|(i, j, _)| i != j).map(|(i, j, v)| (j, i, v));
    CscMatrix::from_triplets(p.nrows(), p.ncols(), &p.entries().chain(mirrored).collect::<Vec<_>>()).unwrap()
}

/// The rows `rows` of `a`, in that order.
fn select(a: CscRef<'_>, rows: &[usize]) -> CscMatrix {
    let place = |i: usize| rows.iter().position(|&r| r == i);
    let kept: Vec<_> = a.entries().filter_map(|(i, j, v)| place(i).map(|i| (i, j, v))).collect();
    CscMatrix::from_triplets(rows.len(), a.ncols(), &kept).unwrap()
}

fn vjp(layer: &Layer, program: &ProgramBuf, x_bar: &[f64]) -> Result<Gradients, String> {
    let blocked = Blocked::new(&program.as_ref());
    let mut solved = layer.forward(&blocked.program).map_err(|e| e.to_string())?;
    let gradient = solved.backward(x_bar).map_err(|e| e.to_string())?;
    Ok(blocked.stacked(&gradient, program.as_ref().num_rows()))
}

#[test]
fn every_block_with_every_pair_matches_central_differences() {
    for (name, layer) in every_pair() {
        let report = run_gradients(&name, &|program, x_bar| vjp(&layer, program, x_bar), &Config::default());
        assert!(report.is_conformant(), "{report}");
        assert_eq!(report.passed().len(), 11, "{report}");
    }
}

/// Every kind of row and bound, active and inactive.
const SHAPE: RandomShape = RandomShape {
    n: 14,
    equalities: 3,
    active_rows: 4,
    inactive_rows: 4,
    active_bounds: 3,
    inactive_bounds: 3,
    density: 0.6,
    linear: false,
};

fn dot<'a>(pairs: impl IntoIterator<Item = (&'a [f64], &'a [f64])>) -> f64 {
    pairs.into_iter().flat_map(|(a, b)| a.iter().zip(b)).map(|(a, b)| a * b).sum()
}

/// A symmetric direction on the pattern of `p`.
fn symmetric(p: CscRef<'_>, rng: &mut SplitMix64) -> Vec<f64> {
    let half = rng.normals(p.nrows() * p.ncols());
    p.entries().map(|(i, j, _)| half[i.min(j) * p.ncols() + i.max(j)]).collect()
}

/// `⟨vjp(w̄), dθ⟩` and `⟨w̄, jvp(dθ)⟩` for a cotangent on `x` and all duals, and a direction in all blocks.
fn both_modes(layer: &Layer, program: &Program, rng: &mut SplitMix64) -> (f64, f64) {
    let (n, blocks) = (program.num_vars(), program.blocks());
    let lengths = [n, blocks.equalities.len(), blocks.inequalities.len(), blocks.rows.len(), n];
    assert!(!lengths.contains(&0), "every block must be there: {lengths:?}");
    let [x, equalities, inequalities, rows, bounds] = lengths.map(|len| rng.normals(len));
    let cotangent = Cotangent {
        x: Some(&x),
        equalities: Some(&equalities),
        inequalities: Some(&inequalities),
        rows: Some(&rows),
        bounds: Some(&bounds),
        cones: None,
    };
    let mut solved = layer.forward(program).unwrap();
    let g = solved.vjp(&cotangent).unwrap();

    let dp = symmetric(program.p(), rng);
    let (a_nnz, g_nnz, c_nnz) = (g.a().nnz(), g.g().nnz(), g.rows().nnz());
    let lengths = [n, a_nnz, g.b().len(), g_nnz, g.h().len(), c_nnz, g.l().len(), g.u().len(), n, n];
    let [dq, da, db, dg, dh, drows, dl, du, dlb, dub] = lengths.map(|len| rng.normals(len));
    let direction = Values {
        p: Some(&dp),
        q: Some(&dq),
        a: Some(&da),
        b: Some(&db),
        g: Some(&dg),
        h: Some(&dh),
        rows: Some(&drows),
        l: Some(&dl),
        u: Some(&du),
        lb: Some(&dlb),
        ub: Some(&dub),
        ..Values::default()
    };
    let tangent = solved.jvp(&direction).unwrap();
    let reverse = dot([
        (g.p().values(), &dp[..]),
        (g.q(), &dq),
        (g.a().values(), &da),
        (g.b(), &db),
        (g.g().values(), &dg),
        (g.h(), &dh),
        (g.rows().values(), &drows),
        (g.l(), &dl),
        (g.u(), &du),
        (g.lb(), &dlb),
        (g.ub(), &dub),
    ]);
    let forward = dot([
        (&tangent.x[..], &x[..]),
        (&tangent.equalities, &equalities),
        (&tangent.inequalities, &inequalities),
        (&tangent.rows, &rows),
        (&tangent.bounds, &bounds),
    ]);
    (reverse, forward)
}

#[test]
fn reverse_and_forward_mode_agree_with_every_pair() {
    for (name, layer) in every_pair() {
        for seed in 1..=8 {
            let known = KnownProblem::random(SHAPE, 500 + seed);
            let program = Blocked::new(&known.problem.build().unwrap().as_ref()).program;
            let (reverse, forward) = both_modes(&layer, &program, &mut SplitMix64::new(900 + seed));
            let error = (reverse - forward).abs() / reverse.abs().max(forward.abs());
            assert!(error <= 1e-8, "{name}, seed {seed}: {reverse} against {forward}");
        }
    }
}
