//! The active-set method's factor is the gradient's.
#![allow(clippy::unwrap_used)]

mod common;

use bpqp_native::DirectKkt;
use bpqp_traits::{
    ActiveSet, AdjointQpRef, CscMatrix, ErrorKind, KktFactor, ProgramBuf, ProgramUpdate, Side, Solution, Status,
};
use common::{Rng, assert_close, method, program, random_program, session};

/// The active set that a solution's multipliers show.
fn active_set(program: &ProgramBuf, s: &Solution) -> ActiveSet {
    let side = |dual: f64, l: f64, u: f64| match dual {
        _ if l == u => Side::Equal,
        d if d > 0.0 => Side::Upper,
        d if d < 0.0 => Side::Lower,
        _ => Side::Free,
    };
    let p = program.as_ref();
    ActiveSet {
        rows: (0..s.y.len()).map(|i| side(s.y[i], p.l()[i], p.u()[i])).collect(),
        bounds: (0..s.x.len()).map(|j| side(s.bound_duals[j], p.lb()[j], p.ub()[j])).collect(),
    }
}

/// `H = P_FF` and `C = A_SF`.
fn reduced(program: &ProgramBuf, active: &ActiveSet) -> (CscMatrix, CscMatrix) {
    let p = program.as_ref();
    let (free, rows): (Vec<_>, Vec<_>) = (active.free_variables().collect(), active.active_rows().collect());
    let at = |set: &[usize], i: usize| set.binary_search(&i).ok();
    let h: Vec<_> = p.p().entries().filter_map(|(i, j, v)| Some((at(&free, i)?, at(&free, j)?, v))).collect();
    let c: Vec<_> = p.a().entries().filter_map(|(i, j, v)| Some((at(&rows, i)?, at(&free, j)?, v))).collect();
    let (d, k) = (free.len(), rows.len());
    (CscMatrix::from_triplets(d, d, &h).unwrap(), CscMatrix::from_triplets(k, d, &c).unwrap())
}

#[test]
fn the_last_factor_solves_the_adjoint_system() {
    for seed in 0..60 {
        let mut rng = Rng::new(700 + seed);
        let n = 3 + rng.below(40);
        let p = random_program(&mut rng, n, n / 2, true);
        let mut s = session(&p, &method("active-set"));
        let mut out = Solution::default();
        assert_eq!(s.solve(&mut out).unwrap(), Status::Solved);
        let active = active_set(&p, &out);
        let (h, c) = reduced(&p, &active);
        let qp = AdjointQpRef::new(h.as_ref(), c.as_ref()).unwrap();
        let (d, k) = (qp.num_vars(), qp.num_rows());
        let (g, r) = (rng.vector(d), rng.vector(k));
        // A row without a free variable is left out as dependent; then there is no such factor.
        let Some(factor) = s.adjoint_factor(&active) else {
            assert!(k > d || c.as_ref().row_norms().contains(&0.0), "seed {seed}");
            continue;
        };
        let (mut z, mut nu) = (vec![f64::NAN; d], vec![f64::NAN; k]);
        let report = factor.solve(&g, &r, &mut z, &mut nu).unwrap();
        let residual = qp.residual(&g, &r, &z, &nu);
        assert!(residual <= 1e-11 && report.residual <= 1e-11, "seed {seed}: {residual:e}");
        let (mut want_z, mut want_nu) = (vec![0.0; d], vec![0.0; k]);
        DirectKkt::new(&qp).unwrap().solve(&g, &r, &mut want_z, &mut want_nu).unwrap();
        let size = want_nu.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
        assert_close(&z, &want_z, 1e-8 * size);
        assert_close(&nu, &want_nu, 1e-8 * size);
        for count in [1, 3, 11] {
            let (g, r) = (rng.vector(count * d), rng.vector(count * k));
            let (mut many_z, mut many_nu) = (vec![f64::NAN; count * d], vec![f64::NAN; count * k]);
            factor.solve_many(count, (&g, &r), (&mut many_z, &mut many_nu)).unwrap();
            for s in 0..count {
                let (vars, rows) = (s * d..(s + 1) * d, s * k..(s + 1) * k);
                factor.solve(&g[vars.clone()], &r[rows.clone()], &mut z, &mut nu).unwrap();
                let size = nu.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
                assert_close(&many_z[vars], &z, 1e-7 * size);
                assert_close(&many_nu[rows], &nu, 1e-7 * size);
            }
        }
    }
}

#[test]
fn another_set_or_new_data_have_no_factor() {
    // min ½|x|² − 3x₀ − 4x₁ with x₀ ≤ 9 and x₀ + 2x₁ ≤ 5: the second row alone is active.
    let inf = f64::INFINITY;
    let p = program(
        &[1.0, 0.0, 0.0, 1.0],
        &[-3.0, -4.0],
        &[1.0, 0.0, 1.0, 2.0],
        (&[-inf; 2], &[9.0, 5.0]),
        (&[-inf; 2], &[inf; 2]),
    );
    let mut s = session(&p, &method("auto"));
    let mut out = Solution::default();
    let right = ActiveSet { rows: vec![Side::Free, Side::Upper], bounds: vec![Side::Free; 2] };
    assert!(s.adjoint_factor(&right).is_none(), "before any solve");
    assert_eq!(s.solve(&mut out).unwrap(), Status::Solved);
    let wrong = ActiveSet { rows: vec![Side::Upper, Side::Upper], bounds: vec![Side::Free; 2] };
    let pinned = ActiveSet { rows: right.rows.clone(), bounds: vec![Side::Free, Side::Lower] };
    for other in [wrong, pinned, ActiveSet::default()] {
        assert!(s.adjoint_factor(&other).is_none());
    }
    // z + (1, 2) ν = −g, z₀ + 2z₁ = r with g = (1, −3), r = 0.5: ν = −(g₀ + 2g₁ + r)/5 = 0.9, z = (−1.9, 1.2).
    let factor = s.adjoint_factor(&right).unwrap();
    let (mut z, mut nu) = ([0.0; 2], [0.0; 1]);
    factor.solve(&[1.0, -3.0], &[0.5], &mut z, &mut nu).unwrap();
    assert_close(&z, &[-1.9, 1.2], 1e-14);
    assert_close(&nu, &[0.9], 1e-14);
    for (g, r) in [(&[1.0][..], &[0.5][..]), (&[1.0, f64::NAN], &[0.5]), (&[1.0, 1.0], &[])] {
        assert_eq!(factor.solve(g, r, &mut z, &mut nu).unwrap_err().kind(), ErrorKind::InvalidArgument);
    }
    s.update(&ProgramUpdate { q: Some(&[0.0, 0.0]), ..Default::default() }).unwrap();
    assert!(s.adjoint_factor(&right).is_none(), "new data");
}
