//! Programs: every broken contract names its block and place; updates are all or nothing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests fails the test")]

use bpqp_traits::{ConesRef, CscMatrix, Error, ErrorKind, ProgramBuf, ProgramRef, ProgramUpdate};

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

/// Parts of a valid program in two variables and one row, to break one at a time.
#[derive(Clone)]
struct Parts {
    p: CscMatrix,
    q: Vec<f64>,
    a: CscMatrix,
    l: Vec<f64>,
    u: Vec<f64>,
    lb: Vec<f64>,
    ub: Vec<f64>,
}

fn parts() -> Parts {
    Parts {
        p: CscMatrix::from_diagonal(&[2.0, 0.0]).unwrap(),
        q: vec![1.0, -1.0],
        a: CscMatrix::from_dense_rows(1, 2, &[1.0, 1.0]).unwrap(),
        l: vec![-INF],
        u: vec![4.0],
        lb: vec![0.0, -INF],
        ub: vec![INF, 3.0],
    }
}

impl Parts {
    fn build(self) -> Result<ProgramBuf, Error> {
        ProgramBuf::new(self.p, self.q, self.a, (self.l, self.u), (self.lb, self.ub))
    }
}

/// Breaks the parts, and returns block and reason of the refusal.
fn broken(change: impl Fn(&mut Parts)) -> (String, String) {
    let mut parts = parts();
    change(&mut parts);
    match parts.build() {
        Err(Error::InvalidProblem { block, reason }) => (block, reason),
        other => panic!("expected an invalid problem, got {other:?}"),
    }
}

fn assert_broken(block: &str, place: &str, change: impl Fn(&mut Parts)) {
    let (found, reason) = broken(change);
    assert_eq!(found, block, "{reason}");
    assert!(reason.contains(place), "{block}: {reason}");
}

#[test]
fn every_broken_block_is_named_with_its_place() {
    assert_broken("q", "no variables", |p| p.q.clear());
    assert_broken("P", "3 × 3, expected 2 × 2", |p| p.p = CscMatrix::zeros(3, 3));
    assert_broken("P", "2 × 3", |p| p.p = CscMatrix::zeros(2, 3));
    assert_broken("P", "entry (1, 0) lies below", |p| p.p = CscMatrix::from_triplets(2, 2, &[(1, 0, 1.0)]).unwrap());
    assert_broken("A", "expected 2 columns", |p| p.a = CscMatrix::zeros(1, 3));
    assert_broken("q", "entry 1 is NaN", |p| p.q[1] = NAN);
    assert_broken("q", "entry 0 is inf", |p| p.q[0] = INF);
    assert_broken("l", "length 2, expected 1", |p| p.l.push(0.0));
    assert_broken("u", "length 0, expected 1", |p| p.u.clear());
    assert_broken("l", "entry 0 is NaN", |p| p.l[0] = NAN);
    assert_broken("u", "entry 0 is NaN", |p| p.u[0] = NAN);
    assert_broken("l", "entry 0 is +∞", |p| (p.l[0], p.u[0]) = (INF, INF));
    assert_broken("u", "entry 0 is −∞", |p| p.u[0] = -INF);
    assert_broken("l", "entry 0: l = 5 exceeds u = 4", |p| p.l[0] = 5.0);
    assert_broken("lb", "length 1, expected 2", |p| p.lb.truncate(1));
    assert_broken("ub", "length 3, expected 2", |p| p.ub.push(0.0));
    assert_broken("lb", "entry 1 is NaN", |p| p.lb[1] = NAN);
    assert_broken("ub", "entry 0 is NaN", |p| p.ub[0] = NAN);
    assert_broken("lb", "entry 0 is +∞", |p| p.lb[0] = INF);
    assert_broken("ub", "entry 1 is −∞", |p| p.ub[1] = -INF);
    assert_broken("lb", "entry 1: lb = 4 exceeds ub = 3", |p| p.lb[1] = 4.0);
    assert!(parts().build().is_ok());
}

#[test]
fn a_negative_diagonal_is_not_convex() {
    let mut parts = parts();
    parts.p = CscMatrix::from_diagonal(&[1.0, -0.5]).unwrap();
    let error = parts.build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotConvex);
    assert!(error.to_string().contains("P[1, 1] = -0.5"), "{error}");
}

#[test]
fn the_borrowed_program_shows_what_was_given() {
    let program = parts().build().unwrap();
    let view = program.as_ref();
    assert_eq!((view.num_vars(), view.num_rows(), view.num_cone_rows()), (2, 1, 0));
    assert_eq!(
        (view.l(), view.u(), view.lb(), view.ub()),
        (&[-INF][..], &[4.0][..], &[0.0, -INF][..], &[INF, 3.0][..])
    );
    // ½ · 2 · 9 + 3 − 5 at (3, 5).
    assert_eq!(view.objective(&[3.0, 5.0]), 7.0);
    assert!(!view.is_linear() && view.cones().is_none());
    assert_eq!(ProgramBuf::from(&view), program);
    let linear = ProgramBuf::new(
        CscMatrix::from_diagonal(&[0.0, 0.0]).unwrap(),
        vec![1.0; 2],
        CscMatrix::zeros(0, 2),
        (vec![], vec![]),
        (vec![-INF; 2], vec![INF; 2]),
    );
    assert!(linear.unwrap().as_ref().is_linear(), "stored zeros do not make an objective quadratic");
}

/// Values of an owned matrix may be overwritten unchecked; the program looks again.
#[test]
fn overwritten_values_are_checked_again() {
    assert_broken("P", "entry (0, 0) is NaN", |p| p.p.values_mut()[0] = NAN);
    assert_broken("A", "entry (0, 1) is inf", |p| p.a.values_mut()[1] = INF);
    let mut rows = CscMatrix::from_diagonal(&[1.0, 1.0]).unwrap();
    rows.values_mut()[1] = NAN;
    let error = parts().build().unwrap().with_cones(rows, vec![1.0, 0.0], vec![2]).unwrap_err();
    assert!(error.to_string().contains("cones: entry (1, 1) is NaN"), "{error}");
}

#[test]
fn broken_cones_are_named() {
    let rows = CscMatrix::from_dense_rows(3, 2, &[0.0, 0.0, 1.0, 0.0, 0.0, 1.0]).unwrap();
    let reason = |offset: &[f64], dims: &[usize]| ConesRef::new(rows.as_ref(), offset, dims).unwrap_err().to_string();
    assert!(reason(&[1.0, 0.0, 0.0], &[3, 0]).contains("cone 1 has dimension 0"));
    assert!(reason(&[1.0, 0.0, 0.0], &[2]).contains("do not match 3 rows"));
    assert!(reason(&[1.0, 0.0], &[3]).contains("2 offsets"));
    assert!(reason(&[1.0, 0.0, 0.0], &[usize::MAX, 4]).contains("do not match"), "the sum overflows");
    assert!(reason(&[1.0, NAN, 0.0], &[3]).contains("offset 1 is NaN"));
    let narrow = CscMatrix::zeros(2, 1);
    let cones = ConesRef::new(narrow.as_ref(), &[1.0, 0.0], &[2]).unwrap();
    let program = parts().build().unwrap();
    let error = program.as_ref().with_cones(cones).unwrap_err().to_string();
    assert!(error.contains("1 columns, expected 2"), "{error}");
    let with = parts().build().unwrap().with_cones(rows, vec![1.0, 0.0, 0.0], vec![3]).unwrap();
    assert_eq!(with.as_ref().num_cone_rows(), 3);
    assert_eq!(ProgramBuf::from(&with.as_ref()), with);
    let none = program.clone().with_cones(CscMatrix::zeros(0, 2), vec![], vec![]).unwrap();
    assert!(none.as_ref().cones().is_none(), "an empty list is no cones");
}

#[test]
fn updates_change_what_they_name() {
    let mut program = parts().build().unwrap();
    assert!(ProgramUpdate::default().is_empty());
    let update = ProgramUpdate { p: Some(&[4.0, 1.0]), u: Some(&[5.0]), ..Default::default() };
    assert!(update.changes_matrices() && !update.is_empty());
    program.apply(&update).unwrap();
    let mut expected = parts();
    (expected.p, expected.u) = (CscMatrix::from_diagonal(&[4.0, 1.0]).unwrap(), vec![5.0]);
    assert_eq!(program, expected.build().unwrap());
}

#[test]
fn a_bad_update_leaves_everything_as_it_was() {
    let cones = || CscMatrix::from_dense_rows(2, 2, &[0.0, 0.0, 1.0, 0.0]).unwrap();
    let original = parts().build().unwrap().with_cones(cones(), vec![1.0, 0.0], vec![2]).unwrap();
    let good = Some(&[7.0, 7.0][..]);
    let bad: &[(&str, ProgramUpdate<'_>)] = &[
        ("P", ProgramUpdate { p: Some(&[1.0]), ..Default::default() }),
        ("P", ProgramUpdate { p: Some(&[1.0, NAN]), ..Default::default() }),
        ("A", ProgramUpdate { a: Some(&[1.0; 3]), ..Default::default() }),
        ("A", ProgramUpdate { a: Some(&[INF, 1.0]), ..Default::default() }),
        ("q", ProgramUpdate { q: Some(&[1.0]), ..Default::default() }),
        ("q", ProgramUpdate { q: Some(&[NAN, 1.0]), ..Default::default() }),
        ("l", ProgramUpdate { q: good, l: Some(&[5.0]), ..Default::default() }),
        ("l", ProgramUpdate { q: good, l: Some(&[]), ..Default::default() }),
        ("l", ProgramUpdate { q: good, u: Some(&[-9.0]), l: Some(&[0.0]), ..Default::default() }),
        ("u", ProgramUpdate { q: good, u: Some(&[NAN]), ..Default::default() }),
        ("lb", ProgramUpdate { q: good, lb: Some(&[0.0, 3.5]), ..Default::default() }),
        ("ub", ProgramUpdate { q: good, ub: Some(&[1.0]), ..Default::default() }),
        ("lb", ProgramUpdate { a: good, lb: Some(&[0.0, 3.5]), ..Default::default() }),
        ("cones", ProgramUpdate { q: good, cone_matrix: Some(&[NAN]), ..Default::default() }),
        ("cones", ProgramUpdate { q: good, cone_matrix: Some(&[1.0, 1.0]), ..Default::default() }),
        ("cones", ProgramUpdate { q: good, cone_offset: Some(&[1.0]), ..Default::default() }),
        ("cones", ProgramUpdate { q: good, cone_offset: Some(&[1.0, INF]), ..Default::default() }),
    ];
    for (block, update) in bad {
        let mut program = original.clone();
        match program.apply(update) {
            Err(Error::InvalidProblem { block: found, .. }) => assert_eq!(&found, block, "{update:?}"),
            other => panic!("{update:?}: {other:?}"),
        }
        assert_eq!(program, original);
    }
    let mut program = original.clone();
    let update = ProgramUpdate { q: good, p: Some(&[-1.0, 1.0]), ..Default::default() };
    assert_eq!(program.apply(&update).unwrap_err().kind(), ErrorKind::NotConvex);
    assert_eq!(program, original);
    let mut plain = parts().build().unwrap();
    let update = ProgramUpdate { q: good, cone_offset: Some(&[1.0]), ..Default::default() };
    assert!(plain.apply(&update).unwrap_err().to_string().contains("no cones"));
    assert_eq!(plain, parts().build().unwrap());
}

#[test]
fn borrowed_programs_are_checked_too() {
    let parts = parts();
    let sides = ((&parts.l[..], &parts.u[..]), (&parts.lb[..1], &parts.ub[..]));
    let result = ProgramRef::new(parts.p.as_ref(), &parts.q, parts.a.as_ref(), sides.0, sides.1);
    assert_eq!(result.unwrap_err().kind(), ErrorKind::InvalidProblem);
}
