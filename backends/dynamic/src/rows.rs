//! Rows by the letters of the vendors' interfaces.

/// The side of a ranged row that is its right-hand side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RangeAt {
    /// The rows `rhs ≤ … ≤ rhs + range`: CPLEX.
    Lower,
    /// The rows `rhs − range ≤ … ≤ rhs`: Xpress.
    Upper,
}

/// Rows as kind, right-hand side and range: the form of Xpress and CPLEX.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rows {
    /// `E` equal to the right-hand side, `L` at most, `G` at least, `R` within a range that begins or ends there,
    /// `N` free.
    pub(crate) kind: Vec<u8>,
    /// Right-hand side; 0 for an `N`.
    pub(crate) rhs: Vec<f64>,
    /// Distance of the sides of an `R`, else 0.
    pub(crate) range: Vec<f64>,
}

impl Rows {
    /// The rows `l ≤ … ≤ u`, where whatever lies at or beyond `±infinity` is infinite.
    pub(crate) fn new((l, u): (&[f64], &[f64]), infinity: f64, at: RangeAt) -> Self {
        let mut rows = Self::default();
        for (&l, &u) in l.iter().zip(u) {
            let (kind, rhs, range) = match (l > -infinity, u < infinity) {
                (true, true) if l == u => (b'E', u, 0.0),
                (true, true) => (b'R', if at == RangeAt::Lower { l } else { u }, u - l),
                (true, false) => (b'G', l, 0.0),
                (false, true) => (b'L', u, 0.0),
                (false, false) => (b'N', 0.0, 0.0),
            };
            rows.kind.push(kind);
            rows.rhs.push(rhs);
            rows.range.push(range);
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind() {
        let inf = f64::INFINITY;
        let sides = ([1.0, 1.0, 1.0, -inf, -inf, -1e25], [1.0, 3.0, inf, 2.0, inf, 1e20]);
        for (at, side) in [(RangeAt::Lower, 1.0), (RangeAt::Upper, 3.0)] {
            let rows = Rows::new((&sides.0, &sides.1), 1e20, at);
            assert_eq!(rows.kind, b"ERGLNN");
            assert_eq!(rows.rhs, [1.0, side, 1.0, 2.0, 0.0, 0.0]);
            assert_eq!(rows.range, [0.0, 2.0, 0.0, 0.0, 0.0, 0.0]);
        }
    }
}
