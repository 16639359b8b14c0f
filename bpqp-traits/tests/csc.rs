//! Sparse matrices: every error of their validation, products against dense ones, transposes, conversions.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

use bpqp_traits::{CscMatrix, CscRef, Error, ErrorKind};

/// The message of an invalid matrix.
fn refusal(nrows: usize, ncols: usize, col_ptr: &[usize], row_idx: &[usize], values: &[f64]) -> String {
    message(CscRef::new(nrows, ncols, col_ptr, row_idx, values).map(|_| ()))
}

fn message(result: Result<(), Error>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidProblem);
    error.to_string()
}

#[test]
fn validation_names_the_column_and_the_fault() {
    let v = [1.0, 2.0];
    assert!(refusal(2, 2, &[0, 2], &[0, 1], &v).contains("2 column pointers"));
    assert!(refusal(2, 2, &[], &[], &[]).contains("0 column pointers"));
    assert!(refusal(2, usize::MAX, &[], &[], &[]).contains("0 column pointers"));
    assert!(refusal(2, 1, &[0, 2], &[0, 1], &[1.0]).contains("2 row indices but 1 values"));
    assert!(refusal(2, 1, &[1, 2], &[0, 1], &v).contains("run from 1 to 2"));
    assert!(refusal(2, 1, &[0, 3], &[0, 1], &v).contains("run from 0 to 3"));
    assert!(refusal(2, 3, &[0, 2, 1, 2], &[0, 1], &v).contains("column 1: pointers fall from 2 to 1"));
    assert!(refusal(2, 1, &[0, 2], &[0, 2], &v).contains("column 0: row index 2 out of range for 2 rows"));
    assert!(refusal(2, 1, &[0, 2], &[1, 0], &v).contains("ascend strictly, found 1 then 0"));
    assert!(refusal(2, 1, &[0, 2], &[1, 1], &v).contains("ascend strictly, found 1 then 1"));
    assert!(refusal(2, 2, &[0, 1, 2], &[0, 1], &[1.0, f64::NAN]).contains("entry (1, 1) is NaN"));
    assert!(refusal(2, 2, &[0, 1, 2], &[0, 1], &[f64::INFINITY, 1.0]).contains("entry (0, 0) is inf"));
    // An empty column before the faulty one does not shift the place that is named.
    assert!(refusal(2, 3, &[0, 0, 0, 1], &[1], &[f64::NAN]).contains("entry (1, 2) is NaN"));
    assert!(CscRef::new(0, 0, &[0], &[], &[]).is_ok());
    assert!(CscRef::new(0, 3, &[0; 4], &[], &[]).is_ok());
}

#[test]
fn owned_constructors_refuse_bad_input() {
    assert!(CscMatrix::new(1, 1, vec![0, 1], vec![1], vec![1.0]).is_err());
    assert!(message(CscMatrix::from_triplets(2, 2, &[(2, 0, 1.0)]).map(|_| ())).contains("(2, 0) lies outside 2 × 2"));
    assert!(message(CscMatrix::from_triplets(2, 2, &[(0, 2, 1.0)]).map(|_| ())).contains("(0, 2)"));
    assert!(CscMatrix::from_triplets(1, 1, &[(0, 0, f64::MAX), (0, 0, f64::MAX)]).is_err(), "the sum overflows");
    assert!(message(CscMatrix::from_dense_rows(2, 2, &[1.0; 3]).map(|_| ())).contains("3 values for 2 × 2"));
    assert!(CscMatrix::from_dense_rows(usize::MAX, 2, &[]).is_err(), "the product overflows");
    assert!(CscMatrix::from_dense_rows(1, 1, &[f64::NAN]).is_err());
    assert!(CscMatrix::from_diagonal(&[1.0, f64::NAN]).is_err());
}

#[test]
fn triplets_are_sorted_and_summed() {
    let matrix = CscMatrix::from_triplets(2, 3, &[(1, 2, 4.0), (0, 0, 1.0), (1, 2, -1.0), (0, 2, 2.0)]).unwrap();
    assert_eq!(matrix.as_ref().col_ptr(), [0, 1, 1, 3]);
    assert_eq!(matrix.as_ref().row_idx(), [0, 0, 1]);
    assert_eq!(matrix.values(), [1.0, 2.0, 3.0]);
    let entries: Vec<_> = matrix.as_ref().entries().collect();
    assert_eq!(entries, [(0, 0, 1.0), (0, 2, 2.0), (1, 2, 3.0)]);
}

/// `A = [1 0 2; 0 3 4]`.
fn rectangle() -> CscMatrix {
    CscMatrix::from_dense_rows(2, 3, &[1.0, 0.0, 2.0, 0.0, 3.0, 4.0]).unwrap()
}

#[test]
fn products_match_dense_ones() {
    let a = rectangle();
    let mut y = [10.0, 20.0];
    // A (1, 2, 3) = (7, 18).
    a.as_ref().mul_add(2.0, &[1.0, 2.0, 3.0], &mut y);
    assert_eq!(y, [24.0, 56.0]);
    let mut x = [1.0; 3];
    // Aᵀ(1, −1) = (1, −3, −2).
    a.as_ref().transpose_mul_add(-1.0, &[1.0, -1.0], &mut x);
    assert_eq!(x, [0.0, 4.0, 3.0]);
    assert_eq!(a.as_ref().row_norms(), [5.0_f64.sqrt(), 5.0]);
}

#[test]
fn products_with_one_full_row_or_a_diagonal_match_dense_ones() {
    let row = CscMatrix::from_dense_rows(1, 3, &[1.0, -2.0, 4.0]).unwrap();
    let (mut y, mut x) = ([1.0], [1.0, 0.0, 0.0]);
    row.as_ref().mul_add(2.0, &[1.0, 1.0, 1.0], &mut y);
    row.as_ref().transpose_mul_add(-1.0, &[3.0], &mut x);
    assert_eq!((y, x), ([7.0], [-2.0, 6.0, -12.0]));
    row.as_ref().mul_both_add(1.0, (&[0.0, 1.0, 1.0], &mut y), (&[1.0], &mut x));
    assert_eq!((y, x), ([9.0], [-1.0, 4.0, -8.0]));
    let diagonal = CscMatrix::from_diagonal(&[2.0, 3.0]).unwrap();
    let view = diagonal.as_ref();
    assert!(view.is_diagonal() && !row.as_ref().is_diagonal() && !CscMatrix::zeros(2, 2).as_ref().is_diagonal());
    assert!(CscRef::new(2, 2, view.col_ptr(), view.row_idx(), view.values()).unwrap().is_diagonal());
    assert_eq!([view.diagonal(0), view.diagonal(1), CscMatrix::zeros(2, 2).as_ref().diagonal(1)], [2.0, 3.0, 0.0]);
    let mut y = [1.0, 1.0];
    view.symmetric_mul_add(-1.0, &[1.0, 2.0], &mut y);
    assert_eq!(y, [-1.0, -5.0]);
}

#[test]
fn products_at_some_columns_match_whole_ones() {
    let n = 12;
    let triangle: Vec<f64> = (0..n * n).map(|k| if k % n >= k / n { (k % 7) as f64 - 3.0 } else { 0.0 }).collect();
    let upper = CscMatrix::from_dense_rows(n, n, &triangle).unwrap();
    let a = CscMatrix::from_dense_rows(n, n, &(0..n * n).map(|k| (k % 5) as f64 - 1.0).collect::<Vec<_>>()).unwrap();
    let at = [1, 4, 11];
    let (mut x, y) = (vec![0.0; n], (0..n).map(|i| i as f64).collect::<Vec<_>>());
    at.iter().for_each(|&j| x[j] = 1.0 + j as f64);
    let (mut whole, mut part) = (vec![1.0; n], vec![1.0; n]);
    upper.as_ref().symmetric_mul_add(2.0, &x, &mut whole);
    upper.as_ref().symmetric_mul_add_at(2.0, &at, &x, &mut part);
    assert!(at.iter().all(|&j| part[j] == whole[j]));
    let (mut ax, mut ax_part) = (vec![0.0; n], vec![0.0; n]);
    a.as_ref().mul_both_add(2.0, (&x, &mut ax), (&y, &mut whole));
    a.as_ref().mul_both_add_at(2.0, &at, (&x, &mut ax_part), (&y, &mut part));
    assert!(ax == ax_part && at.iter().all(|&j| part[j] == whole[j]));
    let diagonal = CscMatrix::from_diagonal(&vec![3.0; n]).unwrap();
    diagonal.as_ref().symmetric_mul_add_at(1.0, &at, &x, &mut part);
    assert!(at.iter().all(|&j| part[j] == whole[j] + 3.0 * x[j]));
}

#[test]
fn products_do_not_swallow_nan() {
    let a = rectangle();
    let mut y = [0.0; 2];
    a.as_ref().mul_add(1.0, &[0.0, f64::NAN, 0.0], &mut y);
    assert!(y[0] == 0.0 && y[1].is_nan());
}

#[test]
fn symmetric_products_use_the_upper_triangle_for_both() {
    // M = [2 −1 0; −1 5 3; 0 3 1].
    let upper = CscMatrix::from_dense_rows(3, 3, &[2.0, -1.0, 0.0, 0.0, 5.0, 3.0, 0.0, 0.0, 1.0]).unwrap();
    let x = [1.0, -2.0, 3.0];
    let mut y = [1.0; 3];
    // M x = (4, −2, −3), xᵀM x = 4 + 4 − 9 = −1.
    upper.as_ref().symmetric_mul_add(1.0, &x, &mut y);
    assert_eq!(y, [5.0, -1.0, -2.0]);
    assert_eq!(upper.as_ref().symmetric_quadratic_form(&x), -1.0);
}

#[test]
fn transposing_twice_is_the_identity() {
    let a = rectangle();
    let t = a.as_ref().transpose();
    assert_eq!((t.nrows(), t.ncols()), (3, 2));
    assert_eq!(t.as_ref().entries().collect::<Vec<_>>(), [(0, 0, 1.0), (2, 0, 2.0), (1, 1, 3.0), (2, 1, 4.0)]);
    assert_eq!(t.as_ref().transpose(), a);
    let empty = CscMatrix::zeros(0, 3);
    assert_eq!(empty.as_ref().transpose(), CscMatrix::zeros(3, 0));
}

#[test]
fn new_values_keep_the_pattern() {
    let a = rectangle();
    let view = a.as_ref();
    let changed = view.with_values(&[5.0, 0.0, 7.0, 8.0]).unwrap();
    assert!(changed.same_pattern(&view), "an explicit zero stays stored");
    assert_eq!(changed.nnz(), 4);
    assert!(message(view.with_values(&[1.0]).map(|_| ())).contains("expected 4 values"));
    assert!(message(view.with_values(&[1.0, 1.0, f64::NAN, 1.0]).map(|_| ())).contains("entry (0, 2) is NaN"));
    assert!(!view.same_pattern(&CscMatrix::zeros(2, 3).as_ref()));
    assert!(!CscMatrix::zeros(1, 2).as_ref().same_pattern(&CscMatrix::zeros(2, 2).as_ref()));
    assert!(!CscMatrix::zeros(2, 1).as_ref().same_pattern(&CscMatrix::zeros(2, 2).as_ref()));
}

#[test]
fn upper_triangles_are_told() {
    let lower = CscMatrix::from_triplets(2, 2, &[(1, 0, 1.0)]).unwrap();
    let text = message(lower.as_ref().check_upper_triangle("H"));
    assert!(text.contains("H: entry (1, 0) lies below the diagonal"), "{text}");
    assert!(lower.as_ref().transpose().as_ref().check_upper_triangle("H").is_ok());
}

/// Copies of an owned matrix share its arrays; a change is made to one's own values only.
#[test]
fn owned_copies_share_until_one_changes() {
    let matrix = CscMatrix::from_dense_rows(2, 2, &[1.0, 2.0, 0.0, 3.0]).unwrap();
    let mut copy = matrix.as_ref().to_owned();
    assert!(std::ptr::eq(matrix.values(), copy.values()));
    let other = matrix.as_ref().with_values(&[4.0, 5.0, 6.0]).unwrap().to_owned();
    assert!(std::ptr::eq(matrix.as_ref().row_idx(), other.as_ref().row_idx()));
    assert_eq!(other.values(), [4.0, 5.0, 6.0]);
    copy.values_mut()[0] = -1.0;
    assert_eq!((matrix.values()[0], copy.values()[0]), (1.0, -1.0));
}

#[test]
fn a_full_triangle_is_told_from_one_with_gaps() {
    let full = CscMatrix::from_triplets(2, 2, &[(0, 0, 1.0), (0, 1, 0.0), (1, 1, 2.0)]).unwrap();
    assert!(full.as_ref().is_full_triangle());
    assert_eq!(full.as_ref().dense_col(1), Some((0, &[0.0, 2.0][..])));
    let gaps = CscMatrix::from_triplets(2, 2, &[(0, 0, 1.0), (1, 1, 2.0)]).unwrap();
    assert!(!gaps.as_ref().is_full_triangle());
    let below = CscMatrix::from_triplets(2, 2, &[(0, 0, 1.0), (1, 0, 1.0), (1, 1, 2.0)]).unwrap();
    assert!(!below.as_ref().is_full_triangle());
}
