//! Sparse LDLᵀ row by row (Davis 2005) of principal submatrices of one matrix, which change from one factorization to the
//! next: elimination tree and numbers in one go, in memory that is kept.

use bpqp_traits::Lane;
use pulp::Arch;

use super::interleave::subtract;
use super::ldl::{PivotRule, UpperPattern};

const NONE: u32 = u32::MAX;
/// Columns of fewer entries are not worth two sums.
const SHORT: usize = 6;
/// Marks what is not kept.
const OUT: u32 = NONE - 1;

/// The factor of the last matrix.
#[derive(Default)]
pub(crate) struct Simplicial {
    parent: Vec<u32>,
    /// The last row that visited a column.
    visited: Vec<u32>,
    /// Where the entries of every column start; there is room for those of the pattern analyzed.
    start: Vec<usize>,
    /// Entries of every column so far.
    count: Vec<u32>,
    row_idx: Vec<u32>,
    values: Vec<f64>,
    /// `1/D`.
    inverse: Vec<f64>,
    /// One row of `L`: its entries, and its pattern from the end.
    row: Vec<f64>,
    stack: Vec<u32>,
}

impl Simplicial {
    /// Entries below the diagonal of `L` and multiplications to compute them; `None` from `limit` entries on. Makes room
    /// for the factor, and so for that of every principal submatrix: it fills in no more.
    pub(crate) fn analyze(&mut self, pattern: &UpperPattern, limit: usize) -> Option<(usize, usize)> {
        let dim = pattern.dim;
        u32::try_from(dim).ok().filter(|&dim| dim < OUT)?;
        self.clear(dim);
        let mut entries = 0;
        for k in 0..dim {
            self.visited[k] = k as u32;
            for &start in &pattern.row_idx[pattern.col_ptr[k]..pattern.col_ptr[k + 1]] {
                let mut i = start;
                while i < k && self.visited[i] != k as u32 {
                    if self.parent[i] == NONE {
                        self.parent[i] = k as u32;
                    }
                    self.count[i] += 1;
                    entries += 1;
                    self.visited[i] = k as u32;
                    i = self.parent[i] as usize;
                }
            }
            if entries > limit {
                return None;
            }
        }
        self.start.clear();
        self.start.extend(self.count.iter().scan(0, |end, &count| {
            let start = *end;
            *end += count as usize;
            Some(start)
        }));
        self.row_idx.resize(entries, 0);
        self.values.resize(entries, 0.0);
        self.inverse.resize(dim, 0.0);
        self.row.resize(dim, 0.0);
        self.stack.resize(dim, 0);
        Some((entries, self.count.iter().map(|&c| c as usize * c as usize).sum()))
    }

    fn clear(&mut self, dim: usize) {
        self.parent.clear();
        self.parent.resize(dim, NONE);
        self.visited.clear();
        self.visited.resize(dim, NONE);
        self.count.clear();
        self.count.resize(dim, 0);
    }

    /// Factors the principal submatrix at `kept` (`dim`) of the matrix, of the pattern analyzed, with `shift` added to the
    /// diagonal with the signs of the `rule`; false where a pivot is zero or not finite.
    pub(crate) fn factorize(
        &mut self,
        (pattern, values): (&UpperPattern, &[f64]),
        kept: &[bool],
        shift: f64,
        rule: PivotRule<'_>,
    ) -> bool {
        self.clear(pattern.dim);
        self.row.fill(0.0);
        for (visited, kept) in self.visited.iter_mut().zip(kept) {
            *visited = if *kept { NONE } else { OUT };
        }
        for k in 0..pattern.dim {
            if !kept[k] {
                // Solves leave a zero.
                self.inverse[k] = 0.0;
            } else if !self.append_row(k, (pattern, values), shift, rule) {
                return false;
            }
        }
        true
    }

    fn append_row(
        &mut self,
        k: usize,
        (pattern, values): (&UpperPattern, &[f64]),
        shift: f64,
        rule: PivotRule<'_>,
    ) -> bool {
        let top = self.reach(k, pattern, values);
        let mut pivot = std::mem::take(&mut self.row[k]);
        for at in top..self.stack.len() {
            let i = self.stack[at] as usize;
            let v = std::mem::take(&mut self.row[i]);
            let (start, end) = (self.start[i], self.start[i] + self.count[i] as usize);
            for (&r, l) in self.row_idx[start..end].iter().zip(&self.values[start..end]) {
                self.row[r as usize] -= l * v;
            }
            let l = v * self.inverse[i];
            pivot -= l * v;
            (self.row_idx[end], self.values[end]) = (k as u32, l);
            self.count[i] += 1;
        }
        if let Some(signs) = rule.signs {
            let sign = f64::from(signs[k]);
            pivot += sign * shift;
            if pivot * sign <= rule.epsilon {
                pivot = sign * rule.delta;
            }
        }
        self.inverse[k] = 1.0 / pivot;
        pivot.is_finite() && pivot != 0.0
    }

    /// Scatters row `k` of the matrix into `row`; the pattern of row `k` of `L`, in order of elimination, is what the
    /// stack holds from the index returned. The elimination tree grows on the way.
    fn reach(&mut self, k: usize, pattern: &UpperPattern, values: &[f64]) -> usize {
        let range = pattern.col_ptr[k]..pattern.col_ptr[k + 1];
        let (mut top, mark) = (self.stack.len(), k as u32);
        self.visited[k] = mark;
        for (&start, v) in pattern.row_idx[range.clone()].iter().zip(&values[range]) {
            if self.visited[start] == OUT {
                continue;
            }
            self.row[start] += v;
            let (mut i, mut len) = (start, 0);
            while self.visited[i] != mark {
                if self.parent[i] == NONE {
                    self.parent[i] = mark;
                }
                self.stack[len] = i as u32;
                len += 1;
                self.visited[i] = mark;
                i = self.parent[i] as usize;
            }
            while len > 0 {
                (top, len) = (top - 1, len - 1);
                self.stack[top] = self.stack[len];
            }
        }
        top
    }

    /// Solves in place; what was not kept becomes zero.
    pub(crate) fn solve(&self, x: &mut [f64]) {
        let dim = self.start.len();
        let (rows, values) = (&self.row_idx[..], &self.values[..self.row_idx.len()]);
        let (count, inverse, x) = (&self.count[..dim], &self.inverse[..dim], &mut x[..dim]);
        for j in 0..dim {
            let (start, xj) = (self.start[j], x[j]);
            // By index: columns are too short for slices of their own.
            for p in start..start + count[j] as usize {
                x[rows[p] as usize] -= values[p] * xj;
            }
        }
        for j in (0..dim).rev() {
            let column = self.start[j]..self.start[j] + count[j] as usize;
            let sum = if column.len() < SHORT {
                let mut sum = 0.0;
                for p in column {
                    sum += values[p] * x[rows[p] as usize];
                }
                sum
            } else {
                product(&rows[column.clone()], &values[column], x)
            };
            x[j] = x[j] * inverse[j] - sum;
        }
    }

    /// The same for one right-hand side in every lane.
    pub(crate) fn solve_lanes(&self, x: &mut [Lane]) {
        Arch::new().dispatch(|| self.solve_lanes_in(x));
    }

    #[inline(always)]
    fn solve_lanes_in(&self, x: &mut [Lane]) {
        for (j, (rows, values)) in self.columns().enumerate() {
            let xj = x[j];
            for (&i, l) in rows.iter().zip(values) {
                subtract(*l, &xj, &mut x[i as usize]);
            }
        }
        for ((j, (rows, values)), inverse) in self.columns().enumerate().zip(&self.inverse).rev() {
            let mut sum = x[j].map(|v| v * inverse);
            for (&i, l) in rows.iter().zip(values) {
                subtract(*l, &x[i as usize], &mut sum);
            }
            x[j] = sum;
        }
    }

    /// The columns of `L` below the diagonal.
    fn columns(&self) -> impl DoubleEndedIterator<Item = (&[u32], &[f64])> + ExactSizeIterator {
        self.start.iter().zip(&self.count).map(|(&start, &count)| {
            let range = start..start + count as usize;
            (&self.row_idx[range.clone()], &self.values[range])
        })
    }
}

/// `lᵀx` over a column of many entries: two sums, which do not wait for one another.
fn product(rows: &[u32], values: &[f64], x: &[f64]) -> f64 {
    let (pairs, last) = rows.as_chunks::<2>();
    let (values, last_value) = values.as_chunks::<2>();
    let (mut even, mut odd) = (0.0, 0.0);
    for (rows, values) in pairs.iter().zip(values) {
        even += values[0] * x[rows[0] as usize];
        odd += values[1] * x[rows[1] as usize];
    }
    if let ([row], [value]) = (last, last_value) {
        even += value * x[*row as usize];
    }
    even + odd
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::interleaved;

    /// Factors all of it.
    fn factorize(ldl: &mut Simplicial, pattern: &UpperPattern, values: &[f64]) -> bool {
        ldl.analyze(pattern, 100).is_some()
            && ldl.factorize((pattern, values), &vec![true; pattern.dim], 0.0, PivotRule::NONE)
    }

    #[test]
    fn every_lane_is_a_solve() {
        let mut ldl = Simplicial::default();
        let arrow = UpperPattern { dim: 3, col_ptr: vec![0, 1, 2, 5], row_idx: vec![0, 1, 0, 1, 2] };
        assert!(factorize(&mut ldl, &arrow, &[2.0, 4.0, 1.0, -2.0, 3.0]));
        let rhs: Vec<f64> = (0..11 * 3).map(|k| (k % 7) as f64 - 2.0).collect();
        let (mut one_by_one, mut together) = (rhs.clone(), rhs);
        one_by_one.chunks_exact_mut(3).for_each(|v| ldl.solve(v));
        interleaved(&mut together, 3, &mut Vec::new(), |lanes| ldl.solve_lanes(lanes));
        for (a, b) in one_by_one.iter().zip(&together) {
            assert!((a - b).abs() < 1e-14, "{a} {b}");
        }
    }

    #[test]
    fn solves_what_it_factors() {
        let mut ldl = Simplicial::default();
        // An arrow, then a path with a negative pivot, by upper columns.
        let arrow = UpperPattern { dim: 3, col_ptr: vec![0, 1, 2, 5], row_idx: vec![0, 1, 0, 1, 2] };
        assert!(factorize(&mut ldl, &arrow, &[2.0, 4.0, 1.0, -2.0, 3.0]));
        let mut x = [2.0 + 3.0, 8.0 - 6.0, 1.0 - 4.0 + 9.0];
        ldl.solve(&mut x);
        for (x, want) in x.iter().zip([1.0, 2.0, 3.0]) {
            assert!((x - want).abs() < 1e-14);
        }
        let path = UpperPattern { dim: 2, col_ptr: vec![0, 1, 3], row_idx: vec![0, 0, 1] };
        assert!(factorize(&mut ldl, &path, &[1.0, 2.0, 0.0]));
        let mut x = [1.0 + 2.0 * 5.0, 2.0];
        ldl.solve(&mut x);
        assert!((x[0] - 1.0).abs() < 1e-14 && (x[1] - 5.0).abs() < 1e-14);
    }

    #[test]
    fn submatrices_are_factored_in_the_room_of_the_whole() {
        // The full 4 × 4 matrix of ones with 2, 3, 4, 5 on the diagonal.
        let col_ptr = vec![0, 1, 3, 6, 10];
        let full = UpperPattern { dim: 4, col_ptr, row_idx: vec![0, 0, 1, 0, 1, 2, 0, 1, 2, 3] };
        let values = [2.0, 1.0, 3.0, 1.0, 1.0, 4.0, 1.0, 1.0, 1.0, 5.0];
        let mut ldl = Simplicial::default();
        assert_eq!(ldl.analyze(&full, 100), Some((6, 14)));
        for kept in [[true, false, true, true], [false, true, false, true], [true; 4], [false, false, false, true]] {
            assert!(ldl.factorize((&full, &values), &kept, 0.0, PivotRule::NONE));
            let want: Vec<f64> = kept.iter().enumerate().map(|(i, &k)| if k { 1.0 + i as f64 } else { 0.0 }).collect();
            let total: f64 = want.iter().sum();
            // Where nothing is kept, the right-hand side does not matter.
            let mut x: Vec<f64> = (0..4).map(|i| total + (1.0 + i as f64) * want[i]).collect();
            ldl.solve(&mut x);
            assert!(x.iter().zip(&want).all(|(x, want)| (x - want).abs() < 1e-14), "{kept:?}: {x:?}");
        }
    }

    #[test]
    fn a_zero_pivot_is_told() {
        let one = UpperPattern { dim: 1, col_ptr: vec![0, 1], row_idx: vec![0] };
        assert!(!factorize(&mut Simplicial::default(), &one, &[0.0]));
    }

    #[test]
    fn fill_is_counted_up_to_a_limit() {
        // The arrow the wrong way round fills in: 2 + 1 entries below the diagonal.
        let wrong = UpperPattern { dim: 3, col_ptr: vec![0, 1, 3, 5], row_idx: vec![0, 0, 1, 0, 2] };
        assert_eq!(Simplicial::default().analyze(&wrong, 10), Some((3, 5)));
        assert_eq!(Simplicial::default().analyze(&wrong, 2), None);
    }
}
