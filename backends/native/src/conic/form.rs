//! Cone programs in standard form: `min ½xᵀPx + qᵀx` over `Gx + s = h`, `s ∈ {0}ᶻ × R₊ × Q₁ × … × Q_K`.

use bpqp_traits::standard_form::StandardForm;
use bpqp_traits::{CscMatrix, ProgramRef, Result};

pub(super) use bpqp_traits::standard_form::Layout;

/// Sides beyond this are as good as absent.
const INFINITE: f64 = 1e20;

/// A program in standard form.
#[derive(Clone, Debug)]
pub(super) struct Form {
    /// Upper triangle (`n × n`).
    pub(super) p: CscMatrix,
    pub(super) q: Vec<f64>,
    /// `k × n`.
    pub(super) g: CscMatrix,
    pub(super) h: Vec<f64>,
    pub(super) layout: Layout,
}

impl Form {
    pub(super) fn new(program: &ProgramRef<'_>) -> Result<Self> {
        let StandardForm { g, h, layout } = StandardForm::new(program, INFINITE)?;
        Ok(Self { p: program.p().to_owned(), q: program.q().to_vec(), g, h, layout })
    }

    /// Whether `other` differs in numbers alone.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let same = |a: &CscMatrix, b: &CscMatrix| a.as_ref().same_pattern(&b.as_ref());
        self.layout == other.layout && same(&self.p, &other.p) && same(&self.g, &other.g)
    }
}
