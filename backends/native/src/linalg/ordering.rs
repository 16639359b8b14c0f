//! Orders of elimination.

use bpqp_traits::{Error, Result};
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::sparse::SymbolicSparseColMatRef;
use faer::sparse::linalg::amd;

use super::ldl::UpperPattern;
use crate::NAME;

/// An order of approximately least degree: for every place the index eliminated there.
///
/// # Errors
/// [`Error::Backend`] where the pattern is too large for the memory.
pub(crate) fn least_degree(pattern: &UpperPattern) -> Result<Vec<usize>> {
    let UpperPattern { dim, col_ptr, row_idx } = pattern;
    let (mut order, mut inverse) = (vec![0; *dim], vec![0; *dim]);
    let scratch = amd::order_maybe_unsorted_scratch::<usize>(*dim, row_idx.len());
    let mut memory = MemBuffer::try_new(scratch).map_err(|_| Error::backend(NAME, "out of memory"))?;
    let symbolic = SymbolicSparseColMatRef::new_checked(*dim, *dim, col_ptr, None, row_idx);
    let stack = MemStack::new(&mut memory);
    amd::order_maybe_unsorted(&mut order, &mut inverse, symbolic, amd::Control::default(), stack)
        .map_err(|e| Error::backend(NAME, format!("order of elimination: {e}")))?;
    Ok(order)
}

/// The upper triangle of the matrix permuted to `order`, and where each of its entries went. Columns end with their
/// diagonal, where there is one.
pub(crate) fn permute(pattern: &UpperPattern, order: &[usize]) -> (UpperPattern, Vec<usize>) {
    let UpperPattern { dim, col_ptr, row_idx } = pattern;
    let mut place = vec![0; *dim];
    order.iter().enumerate().for_each(|(k, &i)| place[i] = k);
    let entries = || (0..*dim).flat_map(|j| (col_ptr[j]..col_ptr[j + 1]).map(move |p| (p, j)));
    let mut next = vec![0; dim + 1];
    entries().for_each(|(p, j)| next[place[row_idx[p]].max(place[j]) + 1] += 1);
    (0..*dim).for_each(|k| next[k + 1] += next[k]);
    let (new_ptr, mut rows, mut places) = (next.clone(), vec![0; row_idx.len()], vec![0; row_idx.len()]);
    let mut put = |p: usize, j: usize| {
        let (a, b) = (place[row_idx[p]], place[j]);
        let next = &mut next[a.max(b)];
        rows[*next] = a.min(b);
        places[p] = *next;
        *next += 1;
    };
    entries().filter(|&(p, j)| row_idx[p] != j).for_each(|(p, j)| put(p, j));
    entries().filter(|&(p, j)| row_idx[p] == j).for_each(|(p, j)| put(p, j));
    (UpperPattern { dim: *dim, col_ptr: new_ptr, row_idx: rows }, places)
}

/// The reverse Cuthill–McKee order of a symmetric pattern: for every place the index eliminated there.
///
/// Every connected component starts from an end of it, found by breadth-first searches (George & Liu 1979).
pub(crate) fn reverse_cuthill_mckee(pattern: &UpperPattern) -> Vec<usize> {
    let graph = Graph::new(pattern);
    let mut search = Search { order: Vec::with_capacity(pattern.dim), level: vec![UNSEEN; pattern.dim] };
    let mut placed = vec![false; pattern.dim];
    let mut order = Vec::with_capacity(pattern.dim);
    for seed in 0..pattern.dim {
        if placed[seed] {
            continue;
        }
        let start = search.far_end(&graph, seed);
        search.run(&graph, start);
        search.order.iter().for_each(|&i| placed[i] = true);
        order.extend_from_slice(&search.order);
        search.forget();
    }
    order.reverse();
    order
}

const UNSEEN: usize = usize::MAX;
/// Searches for a far end at most.
const SEARCHES: u32 = 1;

/// Neighbours, off the diagonal.
struct Graph {
    start: Vec<usize>,
    neighbours: Vec<usize>,
}

impl Graph {
    fn new(pattern: &UpperPattern) -> Self {
        let edges = |visit: &mut dyn FnMut(usize, usize)| {
            for j in 0..pattern.dim {
                let column = &pattern.row_idx[pattern.col_ptr[j]..pattern.col_ptr[j + 1]];
                column.iter().filter(|&&i| i != j).for_each(|&i| visit(i, j));
            }
        };
        let mut start = vec![0; pattern.dim + 2];
        edges(&mut |i, j| {
            start[i + 2] += 1;
            start[j + 2] += 1;
        });
        for k in 2..start.len() {
            start[k] += start[k - 1];
        }
        let mut neighbours = vec![0; start[pattern.dim + 1]];
        edges(&mut |i, j| {
            for (from, to) in [(i, j), (j, i)] {
                neighbours[start[from + 1]] = to;
                start[from + 1] += 1;
            }
        });
        start.pop();
        Self { start, neighbours }
    }

    fn of(&self, i: usize) -> &[usize] {
        &self.neighbours[self.start[i]..self.start[i + 1]]
    }
}

/// A breadth-first search.
struct Search {
    order: Vec<usize>,
    level: Vec<usize>,
}

impl Search {
    /// Visits the component of `start`, at every vertex the neighbours of least degree first; returns its depth.
    fn run(&mut self, graph: &Graph, start: usize) -> usize {
        self.forget();
        self.level[start] = 0;
        self.order.push(start);
        let mut next = 0;
        while next < self.order.len() {
            let i = self.order[next];
            next += 1;
            let first = self.order.len();
            for &k in graph.of(i) {
                if self.level[k] == UNSEEN {
                    self.level[k] = self.level[i] + 1;
                    self.order.push(k);
                }
            }
            self.order[first..].sort_unstable_by_key(|&k| graph.of(k).len());
        }
        self.order.last().map_or(0, |&i| self.level[i])
    }

    fn forget(&mut self) {
        self.order.iter().for_each(|&i| self.level[i] = UNSEEN);
        self.order.clear();
    }

    /// A vertex about as far from another as the component allows.
    fn far_end(&mut self, graph: &Graph, seed: usize) -> usize {
        let mut start = seed;
        let mut depth = 0;
        for _ in 0..SEARCHES {
            let new = self.run(graph, start);
            if new <= depth {
                break;
            }
            depth = new;
            let last = self.order.iter().rev().take_while(|&&i| self.level[i] == depth);
            start = last.copied().min_by_key(|&i| graph.of(i).len()).unwrap_or(start);
        }
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bandwidth of `edges` under `order`.
    fn bandwidth(edges: &[(usize, usize)], order: &[usize]) -> usize {
        let mut place = vec![0; order.len()];
        order.iter().enumerate().for_each(|(k, &i)| place[i] = k);
        edges.iter().map(|&(i, j)| place[i].abs_diff(place[j])).max().unwrap_or(0)
    }

    fn pattern(dim: usize, edges: &[(usize, usize)]) -> UpperPattern {
        let (mut col_ptr, mut row_idx) = (vec![0], Vec::new());
        for j in 0..dim {
            let mut rows: Vec<usize> =
                edges.iter().filter(|(a, b)| *a.max(b) == j).map(|(a, b)| *a.min(b)).chain([j]).collect();
            rows.sort_unstable();
            row_idx.extend(rows);
            col_ptr.push(row_idx.len());
        }
        UpperPattern { dim, col_ptr, row_idx }
    }

    #[test]
    fn a_shuffled_path_gets_bandwidth_one() {
        let names = [4, 0, 6, 2, 7, 1, 5, 3];
        let edges: Vec<_> = names.windows(2).map(|w| (w[0], w[1])).collect();
        let order = reverse_cuthill_mckee(&pattern(8, &edges));
        assert_eq!(bandwidth(&edges, &order), 1);
    }

    #[test]
    fn every_component_is_placed_once() {
        let edges = [(0, 3), (3, 5), (1, 4)];
        let mut order = reverse_cuthill_mckee(&pattern(7, &edges));
        order.sort_unstable();
        assert_eq!(order, (0..7).collect::<Vec<_>>());
    }
}
