//! Numbers that remember how they were made.

use std::iter::Sum;
use std::ops::{Add, Div, Mul, Neg, Sub};

use super::tape::{Node, Tape};

/// A number in a [`Model`](super::Model)'s functions: arithmetic with other such numbers and with `f64`, and the functions
/// below. Its value is there to be read, but branches that depend on it should meet smoothly.
#[derive(Clone, Copy, Debug)]
pub struct Var<'t> {
    value: f64,
    /// Where it is recorded; constants are not.
    place: Option<(&'t Tape, usize)>,
}

impl From<f64> for Var<'_> {
    fn from(value: f64) -> Self {
        Self { value, place: None }
    }
}

impl<'t> Var<'t> {
    pub(super) fn input(tape: &'t Tape, value: f64) -> Self {
        Self { value, place: Some((tape, tape.push(Node::default()))) }
    }

    /// Its value.
    pub fn value(self) -> f64 {
        self.value
    }

    /// Where it is on its tape; none for a constant.
    pub(super) fn index(self) -> Option<usize> {
        self.place.map(|(_, index)| index)
    }

    fn unary(self, value: f64, first: f64, second: f64) -> Self {
        let place = self.place.map(|(tape, a)| {
            let node = Node { arguments: [Some(a), None], first: [first, 0.0], second: [second, 0.0, 0.0] };
            (tape, tape.push(node))
        });
        Self { value, place }
    }

    fn binary(self, other: Self, value: f64, first: [f64; 2], second: [f64; 3]) -> Self {
        let place = self.place.or(other.place).map(|(tape, _)| {
            let node = Node { arguments: [self.index(), other.index()], first, second };
            (tape, tape.push(node))
        });
        Self { value, place }
    }

    /// `eˣ`.
    pub fn exp(self) -> Self {
        let e = self.value.exp();
        self.unary(e, e, e)
    }

    /// `ln x`, outside the domain where `x ≤ 0`.
    pub fn ln(self) -> Self {
        let x = self.value;
        self.unary(x.ln(), 1.0 / x, -1.0 / (x * x))
    }

    /// `ln(1 + eˣ)`, without overflow.
    pub fn softplus(self) -> Self {
        let x = self.value;
        let tail = (-x.abs()).exp();
        let sigmoid = if x >= 0.0 { 1.0 / (1.0 + tail) } else { tail / (1.0 + tail) };
        self.unary(x.max(0.0) + tail.ln_1p(), sigmoid, tail / ((1.0 + tail) * (1.0 + tail)))
    }

    /// `√x`, outside the domain where `x < 0`.
    pub fn sqrt(self) -> Self {
        let root = self.value.sqrt();
        self.unary(root, 0.5 / root, -0.25 / (root * self.value))
    }

    /// `x²`.
    pub fn square(self) -> Self {
        self.unary(self.value * self.value, 2.0 * self.value, 2.0)
    }

    /// `xᵖ` for a constant `p`, outside the domain where `x < 0` and `p` is no integer.
    pub fn powf(self, p: f64) -> Self {
        let x = self.value;
        self.unary(x.powf(p), p * x.powf(p - 1.0), p * (p - 1.0) * x.powf(p - 2.0))
    }

    /// `1/x`.
    pub fn recip(self) -> Self {
        let r = 1.0 / self.value;
        self.unary(r, -r * r, 2.0 * r * r * r)
    }
}

/// `ln Σ eˣ`, without overflow; of no numbers, `−∞`.
pub fn log_sum_exp<'t>(x: &[Var<'t>]) -> Var<'t> {
    let largest = x.iter().fold(f64::NEG_INFINITY, |m, x| m.max(x.value));
    if !largest.is_finite() {
        return Var::from(largest);
    }
    x.iter().map(|x| (*x - largest).exp()).sum::<Var<'t>>().ln() + largest
}

/// `Σ aⱼ xⱼ`, over the shorter of the two lengths.
pub fn dot<'t>(a: &[f64], x: &[Var<'t>]) -> Var<'t> {
    a.iter().zip(x).map(|(a, x)| *x * *a).sum()
}

impl Neg for Var<'_> {
    type Output = Self;

    fn neg(self) -> Self {
        self.unary(-self.value, -1.0, 0.0)
    }
}

impl Add for Var<'_> {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.binary(other, self.value + other.value, [1.0, 1.0], [0.0; 3])
    }
}

impl Sub for Var<'_> {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self.binary(other, self.value - other.value, [1.0, -1.0], [0.0; 3])
    }
}

impl Mul for Var<'_> {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        self.binary(other, self.value * other.value, [other.value, self.value], [0.0, 1.0, 0.0])
    }
}

impl Div for Var<'_> {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        let (quotient, r) = (self.value / other.value, 1.0 / other.value);
        self.binary(other, quotient, [r, -quotient * r], [0.0, -r * r, 2.0 * quotient * r * r])
    }
}

/// Arithmetic with constants on either side.
macro_rules! with_constants {
    ($($operation:ident $method:ident),+) => {$(
        impl $operation<f64> for Var<'_> {
            type Output = Self;

            fn $method(self, other: f64) -> Self {
                self.$method(Self::from(other))
            }
        }

        impl<'t> $operation<Var<'t>> for f64 {
            type Output = Var<'t>;

            fn $method(self, other: Var<'t>) -> Var<'t> {
                Var::from(self).$method(other)
            }
        }
    )+};
}

with_constants!(Add add, Sub sub, Mul mul, Div div);

impl Sum for Var<'_> {
    fn sum<I: Iterator<Item = Self>>(mut terms: I) -> Self {
        let first = terms.next().unwrap_or(Self::from(0.0));
        terms.fold(first, |sum, term| sum + term)
    }
}
