//! Small dense-vector helpers that the contract's formulas need. NaN is never swallowed.

/// Partial sums of [`dot`], which do not wait for one another.
const LANES: usize = 8;

/// Largest absolute value; NaN if any entry is NaN, 0 for an empty slice.
pub fn max_abs(v: &[f64]) -> f64 {
    let (chunks, rest) = v.as_chunks::<LANES>();
    let mut largest = Largest::default();
    chunks.iter().for_each(|chunk| largest.see(chunk));
    largest.see(rest);
    largest.value()
}

/// Largest absolute quotient `|vᵢ/sᵢ|` over the shorter of the two lengths; NaN if any is NaN.
pub fn max_abs_quotient(v: &[f64], s: &[f64]) -> f64 {
    let len = v.len().min(s.len());
    let ((vs, v_rest), (ss, s_rest)) = (v[..len].as_chunks::<LANES>(), s[..len].as_chunks::<LANES>());
    let mut largest = Largest::default();
    for (v, s) in vs.iter().zip(ss) {
        largest.see(&std::array::from_fn::<f64, LANES, _>(|k| v[k] / s[k]));
    }
    v_rest.iter().zip(s_rest).for_each(|(v, s)| largest.see(&[v / s]));
    largest.value()
}

/// The largest of what was seen, lane by lane, so that nothing waits.
#[derive(Default)]
struct Largest {
    lanes: [f64; LANES],
    nans: [bool; LANES],
}

impl Largest {
    #[inline(always)]
    fn see(&mut self, values: &[f64]) {
        for ((largest, is_nan), x) in self.lanes.iter_mut().zip(&mut self.nans).zip(values) {
            *largest = if x.abs() > *largest { x.abs() } else { *largest };
            *is_nan |= x.is_nan();
        }
    }

    fn value(self) -> f64 {
        if self.nans.contains(&true) { f64::NAN } else { self.lanes.into_iter().fold(0.0, f64::max) }
    }
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
