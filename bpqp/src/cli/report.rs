//! What several commands print of a solution and its gradient.

use crate::io::{ConeJson, CscJson};
use crate::{Certificate, ConstraintId, Duals, Gradient, Timing};
use serde::Serialize;

use super::input::ms;

/// Duals by the user's blocks.
#[derive(Serialize)]
pub(crate) struct DualsReport<'a> {
    #[serde(rename = "A")]
    equalities: &'a [f64],
    #[serde(rename = "G")]
    inequalities: &'a [f64],
    rows: &'a [f64],
    bounds: &'a [f64],
    /// Stacked.
    #[serde(skip_serializing_if = "<[f64]>::is_empty")]
    soc: &'a [f64],
}

impl<'a> From<Duals<'a>> for DualsReport<'a> {
    fn from(duals: Duals<'a>) -> Self {
        let Duals { equalities, inequalities, rows, bounds, cones } = duals;
        Self { equalities, inequalities, rows, bounds, soc: cones }
    }
}

/// Gradients by the user's blocks.
#[derive(Serialize)]
pub(crate) struct GradientsReport<'a> {
    #[serde(rename = "P")]
    p: CscJson,
    q: &'a [f64],
    #[serde(rename = "A")]
    a: CscJson,
    b: &'a [f64],
    #[serde(rename = "G")]
    g: CscJson,
    h: &'a [f64],
    rows: CscJson,
    l: &'a [f64],
    u: &'a [f64],
    lb: &'a [f64],
    ub: &'a [f64],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    soc: Vec<ConeJson>,
}

impl<'a> From<&'a Gradient> for GradientsReport<'a> {
    fn from(gradient: &'a Gradient) -> Self {
        Self {
            p: gradient.p().as_ref().into(),
            q: gradient.q(),
            a: gradient.a().as_ref().into(),
            b: gradient.b(),
            g: gradient.g().as_ref().into(),
            h: gradient.h(),
            rows: gradient.rows().as_ref().into(),
            l: gradient.l(),
            u: gradient.u(),
            lb: gradient.lb(),
            ub: gradient.ub(),
            soc: ConeJson::of(gradient.program(), gradient.cones().as_ref(), gradient.cone_offsets()),
        }
    }
}

#[derive(Serialize)]
struct ConstraintReport {
    block: &'static str,
    index: usize,
}

fn constraints(ids: &[ConstraintId]) -> Vec<ConstraintReport> {
    ids.iter().map(|id| ConstraintReport { block: id.block.as_str(), index: id.index }).collect()
}

/// What a gradient is worth.
#[derive(Serialize)]
pub(crate) struct CertificateReport<'a> {
    kind: &'static str,
    residual: f64,
    kkt_residual: f64,
    error_estimate: Option<f64>,
    radius: Option<f64>,
    active: Vec<ConstraintReport>,
    weakly_active: Vec<ConstraintReport>,
    dependent: Vec<ConstraintReport>,
    loose_variables: &'a [usize],
    inexact_blocks: &'a [&'static str],
    at_kink: &'static str,
    undetermined: f64,
    regularization: f64,
    relaxation: f64,
    smoothing: f64,
}

impl<'a> From<&'a Certificate> for CertificateReport<'a> {
    fn from(certificate: &'a Certificate) -> Self {
        Self {
            kind: certificate.kind.as_str(),
            residual: certificate.residual,
            kkt_residual: certificate.kkt_residual,
            error_estimate: certificate.error_estimate,
            radius: certificate.radius,
            active: constraints(&certificate.active),
            weakly_active: constraints(&certificate.weakly_active),
            dependent: constraints(&certificate.dependent),
            loose_variables: &certificate.loose_variables,
            inexact_blocks: &certificate.inexact_blocks,
            at_kink: certificate.at_kink.as_str(),
            undetermined: certificate.undetermined,
            regularization: certificate.regularization,
            relaxation: certificate.relaxation,
            smoothing: certificate.smoothing,
        }
    }
}

/// Milliseconds of the passes.
#[derive(Serialize)]
pub(crate) struct TimingReport {
    pub(crate) setup: f64,
    pub(crate) forward: f64,
    pub(crate) backward: Option<f64>,
}

impl From<Timing> for TimingReport {
    fn from(timing: Timing) -> Self {
        Self { setup: ms(timing.setup), forward: ms(timing.forward), backward: None }
    }
}
