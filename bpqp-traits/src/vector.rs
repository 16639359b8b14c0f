//! Small dense-vector helpers that the contract's formulas need. NaN is never swallowed.

/// Partial sums of [`dot`], which do not wait for one another.
const LANES: usize = 8;

/// Largest absolute value; NaN if any entry is NaN, 0 for an empty slice.
pub fn max_abs(v: &[f64]) -> f64 {
    let (chunks, rest) = v.as_chunks::<LANES>();
    let (mut lanes, mut nans) = ([0.0_f64; LANES], [false; LANES]);
    let mut see = |k: usize, x: f64| {
        lanes[k] = if x.abs() > lanes[k] { x.abs() } else { lanes[k] };
        nans[k] |= x.is_nan();
    };
    for chunk in chunks {
        (0..LANES).for_each(|k| see(k, chunk[k]));
    }
    rest.iter().enumerate().for_each(|(k, x)| see(k, *x));
    let largest = lanes.into_iter().fold(0.0, f64::max);
    let is_nan = nans.contains(&true);
    if is_nan { f64::NAN } else { largest }
}

/// `xᵀy` over the shorter of the two lengths.
pub fn dot(x: &[f64], y: &[f64]) -> f64 {
    let len = x.len().min(y.len());
    let ((xs, x_rest), (ys, y_rest)) = (x[..len].as_chunks::<LANES>(), y[..len].as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (x, y) in xs.iter().zip(ys) {
        for k in 0..LANES {
            sums[k] += x[k] * y[k];
        }
    }
    let rest: f64 = x_rest.iter().zip(y_rest).map(|(x, y)| x * y).sum();
    sums.iter().sum::<f64>() + rest
}

/// `y += alpha · x` over the shorter of the two lengths.
pub fn axpy(alpha: f64, x: &[f64], y: &mut [f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += alpha * x;
    }
}

/// The larger of two values; NaN if either is NaN (unlike [`f64::max`]).
pub fn max_nan(a: f64, b: f64) -> f64 {
    if a.is_nan() || a > b { a } else { b }
}

/// One of several fixed sequences of numbers in ±[½, 1], by Marsaglia's xorshift.
pub fn random_signs(len: usize, sequence: u64) -> impl Iterator<Item = f64> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64.rotate_left((17 * (sequence % 64)) as u32);
    (0..len).map(move |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let unit = (state >> 11) as f64 / (1_u64 << 53) as f64;
        if state & 1 == 0 { 0.5 + 0.5 * unit } else { -0.5 - 0.5 * unit }
    })
}
