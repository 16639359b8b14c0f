//! Set-up, forward and backward time of the active-set method against ADMM, on dense random problems:
//! `cargo run --release -p bpqp-native --example methods`. Medians, each problem solved by both in turn.
#![allow(clippy::unwrap_used)]

use std::time::Instant;

use bpqp_native::{DirectKkt, NativeSolver};
use bpqp_traits::{
    ActiveSet, AdjointQpRef, CscMatrix, ForwardSolver, KktFactor, ProgramBuf, ProgramUpdate, Settings, Side, Solution,
    Status,
};

/// SplitMix64, and normals by Box and Muller.
struct Rng(u64);

impl Rng {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.uniform()).ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    fn normals(&mut self, len: usize) -> Vec<f64> {
        (0..len).map(|_| self.normal()).collect()
    }
}

/// `m` equalities and `m` inequalities on `n` variables, `P = BBᵀ/n + 0.01 I`; half the inequalities hold with equality
/// and a multiplier, or none is near (as the paper's generator has it).
fn gaussian(rng: &mut Rng, n: usize, m: usize, active: bool) -> (ProgramBuf, ActiveSet) {
    let b = rng.normals(n * n);
    let mut p = vec![0.0; n * n];
    for i in 0..n {
        for j in i..n {
            let sum: f64 = (0..n).map(|k| b[i * n + k] * b[j * n + k]).sum();
            p[i * n + j] = sum / n as f64 + if i == j { 0.01 } else { 0.0 };
        }
    }
    let a = rng.normals(2 * m * n);
    let x = rng.normals(n);
    let (mut l, mut u, mut y) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..2 * m {
        let value: f64 = a[i * n..(i + 1) * n].iter().zip(&x).map(|(a, x)| a * x).sum();
        let tight = active && i % 2 == 0;
        l.push(if i < m { value } else { f64::NEG_INFINITY });
        u.push(if i < m || tight { value } else { value + 10.0 + rng.uniform() });
        y.push(if i < m {
            rng.normal()
        } else if tight {
            0.1 + rng.uniform()
        } else {
            0.0
        });
    }
    let p = CscMatrix::from_dense_rows(n, n, &p).unwrap();
    let a = CscMatrix::from_dense_rows(2 * m, n, &a).unwrap();
    let mut force = vec![0.0; n];
    p.as_ref().symmetric_mul_add(1.0, &x, &mut force);
    a.as_ref().transpose_mul_add(1.0, &y, &mut force);
    let q = force.iter().map(|f| -f).collect();
    let side = |i: usize| match (i < m, active && i.is_multiple_of(2)) {
        (true, _) => Side::Equal,
        (_, true) => Side::Upper,
        _ => Side::Free,
    };
    let active = ActiveSet { rows: (0..2 * m).map(side).collect(), bounds: vec![Side::Free; n] };
    let bounds = (vec![f64::NEG_INFINITY; n], vec![f64::INFINITY; n]);
    (ProgramBuf::new(p, q, a, (l, u), bounds).unwrap(), active)
}

/// A point on the simplex near a random one: most coordinates end at zero.
fn portfolio(rng: &mut Rng, n: usize) -> (ProgramBuf, ActiveSet) {
    let (mut program, _) = gaussian(rng, n, 1, false);
    let q: Vec<f64> = (0..n).map(|_| rng.normal()).collect();
    let a = [vec![1.0; n], vec![0.0; n]].concat();
    let p = program.as_ref().p().to_owned();
    let a = CscMatrix::from_dense_rows(2, n, &a).unwrap();
    let sides = (vec![1.0, -1.0], vec![1.0, 1.0]);
    program = ProgramBuf::new(p, q, a, sides, (vec![0.0; n], vec![f64::INFINITY; n])).unwrap();
    let mut out = Solution::default();
    let status = NativeSolver.setup(&program.as_ref(), &Settings::default()).unwrap().solve(&mut out).unwrap();
    assert_eq!(status, Status::Solved);
    let side = |v: &f64| if *v < 0.0 { Side::Lower } else { Side::Free };
    let bounds = out.bound_duals.iter().map(side).collect();
    (program, ActiveSet { rows: vec![Side::Equal, Side::Free], bounds })
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn measure(name: &str, repeats: usize, mut make: impl FnMut() -> (ProgramBuf, ActiveSet)) {
    let mut times: [Vec<f64>; 5] = Default::default();
    let mut misses = 0;
    for _ in 0..repeats {
        let (program, active) = make();
        for (k, method) in ["active-set", "admm"].into_iter().enumerate() {
            let mut settings = Settings::default();
            settings.options.insert("method".into(), method.into());
            let mut out = Solution::default();
            let clock = Instant::now();
            let mut session = NativeSolver.setup(&program.as_ref(), &settings).unwrap();
            let status = session.solve(&mut out).unwrap();
            times[k].push(clock.elapsed().as_secs_f64() * 1e6);
            assert_eq!(status, Status::Solved, "{name} {method}");
            if k == 1 {
                continue;
            }
            let (d, rows) = (active.free_variables().count(), active.active_rows().count());
            let (mut z, mut nu) = (vec![0.0; d], vec![0.0; rows]);
            if let Some(factor) = session.adjoint_factor(&active) {
                let clock = Instant::now();
                factor.solve(&vec![1.0; d], &vec![0.0; rows], &mut z, &mut nu).unwrap();
                times[2].push(clock.elapsed().as_secs_f64() * 1e6);
            } else {
                misses += 1;
            }
            if active.active_bounds().next().is_none() {
                let a: Vec<_> = active.active_rows().collect();
                let entries = program.as_ref().a().entries();
                let entries: Vec<_> =
                    entries.filter_map(|(i, j, v)| a.binary_search(&i).ok().map(|i| (i, j, v))).collect();
                let c = CscMatrix::from_triplets(rows, d, &entries).unwrap();
                let qp = AdjointQpRef::new(program.as_ref().p(), c.as_ref()).unwrap();
                let clock = Instant::now();
                DirectKkt::new(&qp).unwrap().solve(&vec![1.0; d], &vec![0.0; rows], &mut z, &mut nu).unwrap();
                times[3].push(clock.elapsed().as_secs_f64() * 1e6);
            }
            let q: Vec<f64> = program.as_ref().q().iter().map(|v| 1.001 * v).collect();
            let clock = Instant::now();
            session.update(&ProgramUpdate { q: Some(&q), ..Default::default() }).unwrap();
            session.solve(&mut out).unwrap();
            times[4].push(clock.elapsed().as_secs_f64() * 1e6);
        }
    }
    let [set, admm, back, direct, warm] = times.map(|t| if t.is_empty() { f64::NAN } else { median(t) });
    println!(
        "{name:<22} {set:>9.1} {admm:>10.1} {:>6.1}x {back:>9.1} {direct:>9.1} {warm:>9.1}   {misses} without a factor",
        admm / set
    );
}

fn main() {
    println!("microseconds               active set     admm  ratio   adjoint    direct  warm new q");
    for (n, m, repeats) in [(10, 5, 400), (50, 10, 200), (100, 20, 100), (500, 100, 9)] {
        for active in [false, true] {
            let kind = if active { "half active" } else { "none active" };
            let mut rng = Rng(n as u64);
            measure(&format!("{n}x{m} {kind}"), repeats, || gaussian(&mut rng, n, m, active));
        }
    }
    for n in [50, 500] {
        let mut rng = Rng(7);
        measure(&format!("portfolio {n}"), 9, || portfolio(&mut rng, n));
    }
}
