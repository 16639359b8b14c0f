//! One program's active set, in the space of its constraints: with multipliers `y` these have the values `v₀ − H y`, where
//! `H = A P⁻¹Aᵀ` is what all programs share.

/// A pivot smaller than this, relative to its diagonal entry, is not told from zero.
pub(super) const REGULAR: f64 = 1e-6;
/// Rounding allowed in a constraint's value, relative to the terms that it is made of.
const ROUNDING: f64 = 1e-11;
/// Exchanges of all wrong constraints without fewer of them before only the last one is exchanged.
const TRIES: u32 = 3;
/// Exchanges at most, beside one for each constraint.
const MAX_EXCHANGES: usize = 20;

/// How a constraint is held: `Some(0)` as an equality, `Some(±1)` at its upper or lower side.
pub(super) type Held = Option<i8>;

/// Values and sides of all constraints where nothing is held.
pub(super) struct Constraints<'a> {
    /// `A P⁻¹Aᵀ` (`c × c`).
    pub(super) gram: &'a [f64],
    pub(super) values: &'a [f64],
    pub(super) lo: &'a [f64],
    pub(super) hi: &'a [f64],
}

impl Constraints<'_> {
    pub(super) fn side(&self, k: usize, held: i8) -> f64 {
        if held < 0 { self.lo[k] } else { self.hi[k] }
    }
}

/// The working set, with its factor.
#[derive(Default)]
pub(super) struct LaneDual {
    pub(super) held: Vec<Held>,
    /// The constraints held, ascending.
    pub(super) members: Vec<usize>,
    /// Their multipliers.
    pub(super) y: Vec<f64>,
    /// `H_WW = CCᵀ`, by rows, each as long as there are members.
    factor: Vec<f64>,
    /// The smallest pivot, relative to the diagonal.
    pub(super) pivot: f64,
    wrong: Vec<usize>,
}

impl LaneDual {
    /// Finds the active set, from `held`, for a problem of `n` variables; false where that does not come to an end, or at a
    /// set that is close to dependent.
    pub(super) fn solve(&mut self, constraints: &Constraints<'_>, n: usize) -> bool {
        for ((held, lo), hi) in self.held.iter_mut().zip(constraints.lo).zip(constraints.hi) {
            *held = match *held {
                _ if lo == hi => Some(0),
                Some(1) if *hi < f64::INFINITY => Some(1),
                Some(-1) if *lo > f64::NEG_INFINITY => Some(-1),
                _ => None,
            };
        }
        let (mut fewest, mut tries) = (usize::MAX, TRIES);
        for _ in 0..MAX_EXCHANGES + self.held.len() {
            if !self.factorize(constraints.gram, n) {
                return false;
            }
            self.y.clear();
            for &k in &self.members {
                self.y.push(constraints.values[k] - constraints.side(k, self.held[k].unwrap_or(0)));
            }
            self.solve_members();
            if !self.find_wrong(constraints) {
                return false;
            }
            if self.wrong.is_empty() {
                return true;
            }
            if self.wrong.len() < fewest {
                (fewest, tries) = (self.wrong.len(), TRIES);
            } else {
                tries = tries.saturating_sub(1);
            }
            // The least-index rule ends, if slowly (Murty 1974).
            let first = if tries > 0 { 0 } else { self.wrong.len() - 1 };
            for &k in &self.wrong[first..] {
                self.held[k] = match self.held[k] {
                    Some(_) => None,
                    None if value(constraints, &self.members, &self.y, k).0 < constraints.lo[k] => Some(-1),
                    None => Some(1),
                };
            }
        }
        false
    }

    /// Lists the constraints of the wrong sign, and the violated ones; false where a number is not one.
    fn find_wrong(&mut self, constraints: &Constraints<'_>) -> bool {
        let Self { held, members, y, wrong, .. } = self;
        wrong.clear();
        let mut multipliers = members.iter().zip(y.iter());
        for (k, held) in held.iter().enumerate() {
            let is_wrong = match held {
                Some(sign) => {
                    let y = multipliers.next().map_or(f64::NAN, |(_, y)| *y);
                    if !y.is_finite() {
                        return false;
                    }
                    f64::from(*sign) * y < 0.0
                }
                None => {
                    let (value, size) = value(constraints, members, y, k);
                    let (lo, hi) = (constraints.lo[k], constraints.hi[k]);
                    let by = (value - hi).max(lo - value);
                    if value.is_nan() {
                        return false;
                    }
                    by > ROUNDING * (size + if value > hi { hi.abs() } else { lo.abs() })
                }
            };
            if is_wrong {
                wrong.push(k);
            }
        }
        true
    }

    fn factorize(&mut self, gram: &[f64], n: usize) -> bool {
        let Self { held, members, factor, pivot, .. } = self;
        let c = held.len();
        members.clear();
        members.extend((0..c).filter(|&k| held[k].is_some()));
        let w = members.len();
        factor.resize(w * w, 0.0);
        *pivot = 1.0;
        if w > n {
            return false;
        }
        for i in 0..w {
            let row = &gram[members[i] * c..(members[i] + 1) * c];
            let (done, rest) = factor.split_at_mut(i * w);
            let current = &mut rest[..i + 1];
            for j in 0..i {
                let above = &done[j * w..j * w + j + 1];
                let known: f64 = current[..j].iter().zip(above).map(|(a, b)| a * b).sum();
                current[j] = (row[members[j]] - known) / above[j];
            }
            let diagonal = row[members[i]];
            let left = diagonal - current[..i].iter().map(|v| v * v).sum::<f64>();
            // Not a number fails, too.
            if !(left >= REGULAR * diagonal && left > 0.0) {
                return false;
            }
            *pivot = pivot.min(left / diagonal);
            current[i] = left.sqrt();
        }
        true
    }

    /// `y ← H_WW⁻¹ y`.
    pub(super) fn solve_members(&mut self) {
        let Self { members, y, factor, .. } = self;
        let w = members.len();
        for i in 0..w {
            let row = &factor[i * w..i * w + i + 1];
            let known: f64 = row[..i].iter().zip(y.iter()).map(|(a, b)| a * b).sum();
            y[i] = (y[i] - known) / row[i];
        }
        for i in (0..w).rev() {
            let row = &factor[i * w..i * w + i + 1];
            let v = y[i] / row[i];
            y[i] = v;
            y[..i].iter_mut().zip(row).for_each(|(y, a)| *y -= a * v);
        }
    }
}

/// `(v₀ − H y)_k` and the size of its terms.
fn value(constraints: &Constraints<'_>, members: &[usize], y: &[f64], k: usize) -> (f64, f64) {
    let c = constraints.values.len();
    let row = &constraints.gram[k * c..(k + 1) * c];
    let v = constraints.values[k];
    members.iter().zip(y).fold((v, v.abs()), |(value, size), (&w, y)| {
        let term = row[w] * y;
        (value - term, size + term.abs())
    })
}
