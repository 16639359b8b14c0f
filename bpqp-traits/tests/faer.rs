//! Conversions to faer and back keep the pattern and the values.
#![cfg(feature = "faer")]

use bpqp_traits::{CscMatrix, csc_from_faer, csc_to_faer};

#[test]
fn a_roundtrip_keeps_everything() {
    let dense = [1.0, 0.0, 2.0, 0.0, 3.0, 4.0];
    let matrices = [
        CscMatrix::from_dense_rows(2, 3, &dense).unwrap(),
        CscMatrix::from_diagonal(&[0.0, -1.0]).unwrap(),
        CscMatrix::zeros(0, 2),
        CscMatrix::zeros(3, 0),
    ];
    for matrix in matrices {
        let view = csc_to_faer(matrix.as_ref());
        assert_eq!((view.nrows(), view.ncols(), view.compute_nnz()), (matrix.nrows(), matrix.ncols(), matrix.nnz()));
        assert_eq!(csc_from_faer(view).unwrap(), matrix);
    }
}

#[test]
fn a_value_that_is_not_finite_is_refused() {
    let mut matrix = CscMatrix::from_diagonal(&[1.0]).unwrap();
    matrix.values_mut()[0] = f64::NAN;
    assert!(csc_from_faer(csc_to_faer(matrix.as_ref())).is_err());
}
