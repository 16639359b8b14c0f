//! Sparse LDLᵀ row by row, for patterns that change from one factorization to the next: elimination tree, counts and
//! numbers in one go (Davis 2005), in memory that is kept.

use super::ldl::{PivotRule, UpperPattern};

const NONE: usize = usize::MAX;

/// The factor of the last matrix.
#[derive(Default)]
pub(crate) struct Simplicial {
    parent: Vec<usize>,
    /// The last row that visited a column.
    visited: Vec<usize>,
    /// Entries of every column so far.
    count: Vec<usize>,
    col_ptr: Vec<usize>,
    row_idx: Vec<usize>,
    values: Vec<f64>,
    /// `1/D`.
    inverse: Vec<f64>,
    /// One row of `L`: its entries, and its pattern from the end.
    row: Vec<f64>,
    stack: Vec<usize>,
}

impl Simplicial {
    /// Entries below the diagonal of `L` and multiplications to compute them; `None` from `limit` entries on.
    pub(crate) fn analyze(&mut self, pattern: &UpperPattern, limit: usize) -> Option<(usize, usize)> {
        let dim = pattern.dim;
        self.parent.clear();
        self.parent.resize(dim, NONE);
        self.visited.clear();
        self.visited.resize(dim, NONE);
        self.count.clear();
        self.count.resize(dim, 0);
        let mut entries = 0;
        for k in 0..dim {
            self.visited[k] = k;
            for &start in &pattern.row_idx[pattern.col_ptr[k]..pattern.col_ptr[k + 1]] {
                let mut i = start;
                while i < k && self.visited[i] != k {
                    if self.parent[i] == NONE {
                        self.parent[i] = k;
                    }
                    self.count[i] += 1;
                    entries += 1;
                    self.visited[i] = k;
                    i = self.parent[i];
                }
            }
            if entries > limit {
                return None;
            }
        }
        Some((entries, self.count.iter().map(|c| c * c).sum()))
    }

    /// Factors the matrix of `values` on `pattern`; false where a pivot is zero or not finite.
    pub(crate) fn factorize(&mut self, pattern: &UpperPattern, values: &[f64], rule: PivotRule<'_>) -> bool {
        let dim = pattern.dim;
        let Some((entries, _)) = self.analyze(pattern, usize::MAX) else { return false };
        self.col_ptr.clear();
        self.col_ptr.push(0);
        let mut end = 0;
        for count in &mut self.count {
            end += *count;
            self.col_ptr.push(end);
            *count = 0;
        }
        self.row_idx.resize(entries, 0);
        self.values.resize(entries, 0.0);
        self.inverse.resize(dim, 0.0);
        self.row.clear();
        self.row.resize(dim, 0.0);
        self.stack.resize(dim, 0);
        self.visited.fill(NONE);
        (0..dim).all(|k| self.append_row(k, pattern, values, rule))
    }

    fn append_row(&mut self, k: usize, pattern: &UpperPattern, values: &[f64], rule: PivotRule<'_>) -> bool {
        let top = self.reach(k, pattern, values);
        let mut pivot = std::mem::take(&mut self.row[k]);
        for at in top..self.stack.len() {
            let i = self.stack[at];
            let v = std::mem::take(&mut self.row[i]);
            let (start, end) = (self.col_ptr[i], self.col_ptr[i] + self.count[i]);
            for (&r, l) in self.row_idx[start..end].iter().zip(&self.values[start..end]) {
                self.row[r] -= l * v;
            }
            let l = v * self.inverse[i];
            pivot -= l * v;
            (self.row_idx[end], self.values[end]) = (k, l);
            self.count[i] += 1;
        }
        if let Some(signs) = rule.signs {
            let sign = f64::from(signs[k]);
            if pivot * sign <= rule.epsilon {
                pivot = sign * rule.delta;
            }
        }
        self.inverse[k] = 1.0 / pivot;
        pivot.is_finite() && pivot != 0.0
    }

    /// Scatters row `k` of the matrix into `row`; the pattern of row `k` of `L`, in order of elimination, is what the
    /// stack holds from the index returned.
    fn reach(&mut self, k: usize, pattern: &UpperPattern, values: &[f64]) -> usize {
        let range = pattern.col_ptr[k]..pattern.col_ptr[k + 1];
        let mut top = self.stack.len();
        self.visited[k] = k;
        for (&start, v) in pattern.row_idx[range.clone()].iter().zip(&values[range]) {
            self.row[start] += v;
            let (mut i, mut len) = (start, 0);
            while i < k && self.visited[i] != k {
                self.stack[len] = i;
                len += 1;
                self.visited[i] = k;
                i = self.parent[i];
            }
            while len > 0 {
                (top, len) = (top - 1, len - 1);
                self.stack[top] = self.stack[len];
            }
        }
        top
    }

    /// Solves in place.
    pub(crate) fn solve(&self, x: &mut [f64]) {
        for j in 0..x.len() {
            let xj = x[j];
            let column = self.col_ptr[j]..self.col_ptr[j + 1];
            for (&i, l) in self.row_idx[column.clone()].iter().zip(&self.values[column]) {
                x[i] -= l * xj;
            }
        }
        for j in (0..x.len()).rev() {
            let column = self.col_ptr[j]..self.col_ptr[j + 1];
            let entries = self.row_idx[column.clone()].iter().zip(&self.values[column]);
            x[j] = x[j] * self.inverse[j] - entries.map(|(&i, l)| l * x[i]).sum::<f64>();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_what_it_factors_on_changing_patterns() {
        let mut ldl = Simplicial::default();
        // An arrow, then a path with a negative pivot, by upper columns.
        let arrow = UpperPattern { dim: 3, col_ptr: vec![0, 1, 2, 5], row_idx: vec![0, 1, 0, 1, 2] };
        assert!(ldl.factorize(&arrow, &[2.0, 4.0, 1.0, -2.0, 3.0], PivotRule::NONE));
        let mut x = [2.0 + 3.0, 8.0 - 6.0, 1.0 - 4.0 + 9.0];
        ldl.solve(&mut x);
        for (x, want) in x.iter().zip([1.0, 2.0, 3.0]) {
            assert!((x - want).abs() < 1e-14);
        }
        let path = UpperPattern { dim: 2, col_ptr: vec![0, 1, 3], row_idx: vec![0, 0, 1] };
        assert!(ldl.factorize(&path, &[1.0, 2.0, 0.0], PivotRule::NONE));
        let mut x = [1.0 + 2.0 * 5.0, 2.0];
        ldl.solve(&mut x);
        assert!((x[0] - 1.0).abs() < 1e-14 && (x[1] - 5.0).abs() < 1e-14);
    }

    #[test]
    fn a_zero_pivot_is_told() {
        let one = UpperPattern { dim: 1, col_ptr: vec![0, 1], row_idx: vec![0] };
        assert!(!Simplicial::default().factorize(&one, &[0.0], PivotRule::NONE));
    }

    #[test]
    fn fill_is_counted_up_to_a_limit() {
        // The arrow the wrong way round fills in: 2 + 1 entries below the diagonal.
        let wrong = UpperPattern { dim: 3, col_ptr: vec![0, 1, 3, 5], row_idx: vec![0, 0, 1, 0, 2] };
        assert_eq!(Simplicial::default().analyze(&wrong, 10), Some((3, 5)));
        assert_eq!(Simplicial::default().analyze(&wrong, 2), None);
    }
}
