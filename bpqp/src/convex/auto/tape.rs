//! A computation as a list of elementary operations, each with its derivatives to second order.

use std::cell::RefCell;

/// An operation: what it takes (a place on the tape, where it takes anything that varies) and its partial derivatives.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Node {
    pub(super) arguments: [Option<usize>; 2],
    pub(super) first: [f64; 2],
    /// `∂²/∂a²`, `∂²/∂a∂b`, `∂²/∂b²`.
    pub(super) second: [f64; 3],
}

/// A record of operations in the order in which they were done.
#[derive(Debug, Default)]
pub(super) struct Tape {
    pub(super) nodes: RefCell<Vec<Node>>,
}

/// Derivatives of one output with respect to every operation, and how they move along a direction.
#[derive(Debug, Default)]
pub(super) struct Adjoints {
    pub(super) value: Vec<f64>,
    pub(super) along: Vec<f64>,
}

impl Tape {
    pub(super) fn push(&self, node: Node) -> usize {
        let mut nodes = self.nodes.borrow_mut();
        nodes.push(node);
        nodes.len() - 1
    }

    /// How every operation moves where the first ones, the inputs, move along `direction`.
    pub(super) fn forward(&self, direction: impl Iterator<Item = f64>) -> Vec<f64> {
        let nodes = self.nodes.borrow();
        let mut dots: Vec<f64> = direction.collect();
        dots.reserve(nodes.len() - dots.len());
        for node in &nodes[dots.len()..] {
            let sum = (0..2).filter_map(|k| node.arguments[k].map(|a| node.first[k] * dots[a])).sum();
            dots.push(sum);
        }
        dots
    }

    /// Adjoints of the sum of `seeds`, pairs of an operation and its weight, where the operations move by `dots`.
    pub(super) fn reverse(&self, seeds: impl Iterator<Item = (usize, f64)>, dots: &[f64]) -> Adjoints {
        let nodes = self.nodes.borrow();
        let (mut value, mut along) = (vec![0.0; nodes.len()], vec![0.0; nodes.len()]);
        seeds.for_each(|(k, weight)| value[k] += weight);
        for (k, node) in nodes.iter().enumerate().rev() {
            let (bar, bar_dot) = (value[k], along[k]);
            if bar == 0.0 && bar_dot == 0.0 {
                continue;
            }
            let dot = node.arguments.map(|a| a.map_or(0.0, |a| dots[a]));
            let [aa, ab, bb] = node.second;
            let first_dot = [aa * dot[0] + ab * dot[1], ab * dot[0] + bb * dot[1]];
            for side in 0..2 {
                if let Some(a) = node.arguments[side] {
                    value[a] += bar * node.first[side];
                    along[a] += bar_dot * node.first[side] + bar * first_dot[side];
                }
            }
        }
        Adjoints { value, along }
    }
}
