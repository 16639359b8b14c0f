//! The sparse active-set method against the dense one and the direct KKT solver.

#![allow(clippy::unwrap_used)]

mod common;

use bpqp_native::DirectKkt;
use bpqp_traits::{
    ActiveSet, AdjointQpRef, CscMatrix, ErrorKind, KktFactor, KktResiduals, ProgramBuf, ProgramUpdate, Settings, Side,
    Solution, Status,
};
use common::{INF, Rng, assert_close, method, random_program, session, solve_with};

fn structure(name: &str) -> Settings {
    let mut settings = Settings::default();
    settings.options.insert("structure".into(), name.into());
    settings
}

/// `min ½xᵀDx + qᵀx` over `k` rows and the unit box: the form that the Schur complement serves.
fn diagonal_program(rng: &mut Rng, n: usize, k: usize) -> ProgramBuf {
    let diagonal: Vec<_> = (0..n).map(|j| (j, j, 0.5 + rng.uniform())).collect();
    let p = CscMatrix::from_triplets(n, n, &diagonal).unwrap();
    let mut entries = Vec::new();
    for i in 0..k {
        entries.extend((0..n).filter(|j| i == 0 || (i + j) % 3 > 0).map(|j| (i, j, 0.5 + rng.uniform())));
    }
    let a = CscMatrix::from_triplets(k, n, &entries).unwrap();
    let mut middle = vec![0.0; k];
    a.as_ref().mul_add(1.0, &vec![0.5; n], &mut middle);
    let l = middle.iter().enumerate().map(|(i, v)| if i % 2 == 0 { *v } else { v - 0.3 }).collect();
    let u = middle.iter().enumerate().map(|(i, v)| if i % 2 == 0 { *v } else { v + 0.1 }).collect();
    let q = (0..n).map(|_| 2.0 * rng.signed()).collect();
    ProgramBuf::new(p, q, a, (l, u), (vec![0.0; n], vec![1.0; n])).unwrap()
}

/// The sides at which a solution's duals push.
fn active_set(program: &ProgramBuf, s: &Solution) -> ActiveSet {
    let program = program.as_ref();
    let side = |dual: f64, l: f64, u: f64| match dual {
        _ if l == u => Side::Equal,
        d if d > 1e-9 => Side::Upper,
        d if d < -1e-9 => Side::Lower,
        _ => Side::Free,
    };
    let sides = |duals: &[f64], l: &[f64], u: &[f64]| (0..l.len()).map(|k| side(duals[k], l[k], u[k])).collect();
    ActiveSet { rows: sides(&s.y, program.l(), program.u()), bounds: sides(&s.bound_duals, program.lb(), program.ub()) }
}

fn select(entries: impl Iterator<Item = (usize, usize, f64)>, rows: &[usize], cols: &[usize]) -> CscMatrix {
    let place = |list: &[usize], k: usize| list.iter().position(|&v| v == k);
    let kept = entries.filter_map(|(i, j, v)| Some((place(rows, i)?, place(cols, j)?, v)));
    CscMatrix::from_triplets(rows.len(), cols.len(), &kept.collect::<Vec<_>>()).unwrap()
}

/// Every program solved sparsely to machine accuracy; returns how many gave a factor, each checked.
fn check(programs: impl Iterator<Item = ProgramBuf>) -> usize {
    let mut factors = 0;
    for (k, p) in programs.enumerate() {
        let mut sparse = session(&p, &structure("sparse"));
        let (mut s, mut again) = (Solution::default(), Solution::default());
        assert_eq!(sparse.solve(&mut s).unwrap(), Status::Solved, "{k}");
        assert!(KktResiduals::compute(&p.as_ref(), &s).max() <= 1e-8, "{k}");
        let (status, dense) = solve_with(&p, &structure("dense"));
        assert_eq!(status, Status::Solved);
        assert_close(&s.x, &dense.x, 1e-7);
        let active = active_set(&p, &s);
        let (free, rows): (Vec<_>, Vec<_>) = (active.free_variables().collect(), active.active_rows().collect());
        let Some(factor) = sparse.adjoint_factor(&active) else { continue };
        let program = p.as_ref();
        let (h, c) = (select(program.p().entries(), &free, &free), select(program.a().entries(), &rows, &free));
        let qp = AdjointQpRef::new(h.as_ref(), c.as_ref()).unwrap();
        let g: Vec<f64> = (0..free.len()).map(|i| (i as f64).cos()).collect();
        let r: Vec<f64> = (0..rows.len()).map(|i| (i as f64).sin()).collect();
        let (mut z, mut nu) = (vec![0.0; g.len()], vec![0.0; r.len()]);
        let (mut want_z, mut want_nu) = (z.clone(), nu.clone());
        DirectKkt::new(&qp).unwrap().solve(&g, &r, &mut want_z, &mut want_nu).unwrap();
        let report = factor.solve(&g, &r, &mut z, &mut nu).unwrap();
        let residual = qp.residual(&g, &r, &z, &nu);
        assert!((residual - report.residual).abs() <= 1e-12 + 1e-3 * residual, "{k}: {residual:e} {report:?}");
        if qp.residual(&g, &r, &want_z, &want_nu) > 1e-10 {
            // Dependent rows that contradict this right-hand side.
            continue;
        }
        factors += 1;
        assert!(residual <= 1e-10, "{k}: {residual:e}");
        let size = want_nu.iter().chain(&want_z).fold(1.0, |m: f64, v| m.max(v.abs()));
        assert_close(&z, &want_z, 1e-7 * size);
        let scaled = |v: &[f64]| (0..11).flat_map(|s| v.iter().map(move |v| f64::from(s) * v)).collect::<Vec<_>>();
        let (mut many_z, mut many_nu) = (vec![f64::NAN; 11 * z.len()], vec![f64::NAN; 11 * nu.len()]);
        factor.solve_many(11, (&scaled(&g), &scaled(&r)), (&mut many_z, &mut many_nu)).unwrap();
        // Not refined.
        assert_close(&many_z, &scaled(&z), 1e-4 * size);
        assert_close(&many_nu, &scaled(&nu), 1e-4 * size);
        // Warm, from its own set: nothing is factored.
        assert_eq!(sparse.solve(&mut again).unwrap(), Status::Solved);
        assert_eq!(again.iterations, 0, "{k}");
        assert_close(&again.x, &s.x, 1e-9);
    }
    factors
}

#[test]
fn random_programs_as_the_dense_method_has_them() {
    let mut rng = Rng::new(77);
    let factors = check((0..120).map(|k| random_program(&mut rng, 3 + k % 60, 1 + k % 25, true)));
    assert!(factors > 90, "{factors}");
}

#[test]
fn diagonal_programs_as_the_dense_method_has_them() {
    let mut rng = Rng::new(78);
    let factors = check((0..80).map(|k| diagonal_program(&mut rng, 5 + 3 * k, 1 + k % 6)));
    assert!(factors > 60, "{factors}");
}

#[test]
fn heavy_fill_is_ordered_by_degree() {
    // Long random rows fill the band; the set is found all the same.
    let mut rng = Rng::new(79);
    let (n, m) = (250, 60);
    let mut p: Vec<_> = (0..n).map(|j| (j, j, 12.0)).collect();
    p.extend((0..2 * n).map(|_| (rng.below(n), rng.below(n), rng.signed())).map(|(i, j, v)| (i.min(j), i.max(j), v)));
    let p: Vec<_> = p.into_iter().collect();
    let p = CscMatrix::from_triplets(n, n, &p).unwrap();
    let a = rng.sparse(m, n, 2);
    let q: Vec<f64> = (0..n).map(|_| 20.0 * rng.signed()).collect();
    let p = ProgramBuf::new(p, q, a, (vec![-INF; m], vec![0.2; m]), (vec![-1.0; n], vec![1.0; n])).unwrap();
    assert_eq!(check(std::iter::once(p)), 1);
}

#[test]
fn new_values_are_those_of_a_new_session() {
    let mut rng = Rng::new(80);
    for k in 0..20 {
        let p = random_program(&mut rng, 30, 12, true);
        let mut old = session(&p, &structure("sparse"));
        let (mut first, mut second) = (Solution::default(), Solution::default());
        old.solve(&mut first).unwrap();
        let q = rng.vector(30);
        let a: Vec<f64> = p.as_ref().a().values().iter().map(|v| 1.1 * v).collect();
        let update = ProgramUpdate { q: Some(&q), a: (k % 2 == 0).then_some(&a[..]), ..ProgramUpdate::default() };
        let mut changed = p.clone();
        changed.apply(&update).unwrap();
        old.update(&update).unwrap();
        let active = active_set(&p, &first);
        assert!(old.adjoint_factor(&active).is_none(), "new data");
        let status = old.solve(&mut first).unwrap();
        assert_eq!(status, session(&changed, &structure("sparse")).solve(&mut second).unwrap(), "{k}");
        if status == Status::Solved {
            assert_close(&first.x, &second.x, 1e-7);
        }
    }
}

#[test]
fn constraints_enter_one_by_one_where_all_at_once_are_too_many() {
    // On the plane all three bounds are violated, and no point of it has all three.
    for coupling in [0.0, 0.1] {
        let mut p = vec![(0, 0, 1.0), (1, 1, 1.0), (2, 2, 1.0)];
        p.extend((coupling > 0.0).then_some((0, 1, coupling)));
        let p = CscMatrix::from_triplets(3, 3, &p).unwrap();
        let q = vec![-5.0 - 5.0 * coupling, -5.0 - 5.0 * coupling, 9.0];
        let a = CscMatrix::from_triplets(1, 3, &[(0, 0, 1.0), (0, 1, 1.0), (0, 2, 1.0)]).unwrap();
        let bounds = (vec![-1.5; 3], vec![1.0; 3]);
        let p = ProgramBuf::new(p, q, a, (vec![1.0], vec![1.0]), bounds).unwrap();
        let mut alone = structure("sparse");
        alone.options.insert("method".into(), "active-set".into());
        let (status, s) = solve_with(&p, &alone);
        assert_eq!(status, Status::Solved);
        assert_close(&s.x, &[1.0, 1.0, -1.0], 1e-12);
        assert_close(&s.y, &[-8.0], 1e-11);
        assert_close(&s.bound_duals, &[12.0 + 4.0 * coupling, 12.0 + 4.0 * coupling, 0.0], 1e-11);
    }
}

#[test]
fn a_contradiction_is_left_to_a_method_that_can_prove_it() {
    let p = CscMatrix::from_triplets(2, 2, &[(0, 0, 1.0), (1, 1, 1.0)]).unwrap();
    let a = CscMatrix::from_triplets(1, 2, &[(0, 0, 1.0), (0, 1, 1.0)]).unwrap();
    let p = ProgramBuf::new(p, vec![0.0; 2], a, (vec![3.0], vec![INF]), (vec![0.0; 2], vec![1.0; 2])).unwrap();
    assert_eq!(solve_with(&p, &structure("sparse")).0, Status::PrimalInfeasible);
    let mut alone = structure("sparse");
    alone.options.insert("method".into(), "active-set".into());
    assert_eq!(solve_with(&p, &alone).0, Status::NumericalError);
}

#[test]
fn limits_and_wrong_options_are_told() {
    let p = random_program(&mut Rng::new(81), 30, 12, true);
    let mut settings = structure("sparse");
    settings.max_iterations = Some(1);
    assert_eq!(solve_with(&p, &settings).0, Status::IterationLimit);
    for (name, value) in [("structure", "banded"), ("method", "simplex")] {
        let mut settings = method("auto");
        settings.options.insert(name.into(), value.into());
        let error =
            bpqp_traits::ForwardSolver::setup(&bpqp_native::NativeSolver, &p.as_ref(), &settings).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::InvalidSetting);
    }
}
