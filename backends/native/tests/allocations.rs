//! A warm solve allocates nothing: not for new vectors, not where the active set changes to one that was there before,
//! not for the gradient.
#![allow(unsafe_code, clippy::unwrap_used)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use bpqp_native::NativeSolver;
use bpqp_traits::{ActiveSet, CscMatrix, ForwardSolver, ProgramBuf, ProgramUpdate, Settings, Side, Solution, Status};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const N: usize = 30;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Hessian {
    Definite,
    Semidefinite,
    Diagonal,
}

/// `½‖x‖² + qᵀx`, with coupling unless diagonal, over `Σx = 1`, `x ≥ 0` and some rows.
fn program(hessian: Hessian) -> ProgramBuf {
    let coupled = |i: usize| hessian != Hessian::Diagonal && !i.is_multiple_of(3);
    let entry = |i: usize, j: usize| match (i == j, i < j) {
        (true, _) if hessian != Hessian::Semidefinite || !i.is_multiple_of(3) => 2.0 + i as f64 / 10.0,
        (_, true) if coupled(i) && coupled(j) => 0.05,
        _ => 0.0,
    };
    let p: Vec<f64> = (0..N * N).map(|k| entry(k / N, k % N)).collect();
    let rows = 6;
    let a: Vec<f64> = (0..rows * N).map(|k| if k < N { 1.0 } else { ((k * 7) % 13) as f64 - 6.0 }).collect();
    let (mut l, mut u) = (vec![f64::NEG_INFINITY; rows], vec![0.2; rows]);
    (l[0], u[0]) = (1.0, 1.0);
    let p = CscMatrix::from_dense_rows(N, N, &p).unwrap();
    let a = CscMatrix::from_dense_rows(rows, N, &a).unwrap();
    ProgramBuf::new(p, q(0), a, (l, u), (vec![0.0; N], vec![f64::INFINITY; N])).unwrap()
}

fn q(k: usize) -> Vec<f64> {
    (0..N).map(|i| ((i * 5 + k * 3) % 11) as f64 / 5.0 - 1.0).collect()
}

/// The active set of a solution, by its multipliers.
fn active_set(out: &Solution) -> ActiveSet {
    let side = |y: &f64| match *y {
        y if y > 0.0 => Side::Upper,
        y if y < 0.0 => Side::Lower,
        _ => Side::Free,
    };
    let mut rows: Vec<Side> = out.y.iter().map(side).collect();
    rows[0] = Side::Equal;
    ActiveSet { rows, bounds: out.bound_duals.iter().map(side).collect() }
}

#[test]
fn a_warm_solve_allocates_nothing() {
    let cases = [
        (Hessian::Definite, "dense"),
        (Hessian::Semidefinite, "dense"),
        (Hessian::Definite, "sparse"),
        (Hessian::Diagonal, "sparse"),
    ];
    for case in cases {
        let program = program(case.0);
        let mut settings = Settings::with_tolerance(1e-9);
        settings.options.insert("method".into(), "active-set".into());
        settings.options.insert("structure".into(), case.1.into());
        let mut session = NativeSolver.setup(&program.as_ref(), &settings).unwrap();
        let vectors: Vec<Vec<f64>> = (0..5).map(q).collect();
        let mut out = Solution::default();
        let (mut z, mut nu) = (vec![0.0; N], vec![0.0; N]);
        let (g, r) = (vec![1.0; N], vec![0.0; N]);
        let mut sets = Vec::new();
        let (mut counts, mut gradients) = (Vec::new(), 0);
        for round in 0..4 {
            for (k, q) in vectors.iter().enumerate() {
                let before = ALLOCATIONS.load(Ordering::Relaxed);
                session.update(&ProgramUpdate { q: Some(q), ..Default::default() }).unwrap();
                assert_eq!(session.solve(&mut out).unwrap(), Status::Solved, "{case:?} {k}");
                let solved = ALLOCATIONS.load(Ordering::Relaxed) - before;
                if round == 0 {
                    sets.push(active_set(&out));
                }
                let active: &ActiveSet = &sets[k];
                let before = ALLOCATIONS.load(Ordering::Relaxed);
                if let Some(factor) = session.adjoint_factor(active) {
                    let (d, rows) = (active.free_variables().count(), active.active_rows().count());
                    factor.solve(&g[..d], &r[..rows], &mut z[..d], &mut nu[..rows]).unwrap();
                    gradients += 1;
                }
                counts.push((round, solved, ALLOCATIONS.load(Ordering::Relaxed) - before));
            }
        }
        assert!(sets.windows(2).any(|s| s[0] != s[1]), "the active set never changes");
        assert!(gradients > 0, "no factor was lent");
        assert!(counts.iter().filter(|c| c.0 >= 2).all(|c| (c.1, c.2) == (0, 0)), "{case:?}: {counts:?}");
    }
}
