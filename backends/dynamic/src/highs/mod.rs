//! HiGHS: simplex and interior point for LPs, an active-set method for QPs. Free, no license.

mod adapter;
mod ffi;
mod status;

use std::sync::Arc;

use bpqp_traits::{ProgramRef, Result};

use crate::locate::{Found, Places};
use crate::vendor::{Engine, Parameters, VendorApi};

pub(crate) const NAME: &str = "highs";

/// See [the module](self).
pub(crate) enum Highs {}

impl VendorApi for Highs {
    const PLACES: Places = Places {
        backend: NAME,
        files: &["libhighs.so*"],
        variables: &[("HIGHS_HOME", &["lib", ""])],
        folders: &["/usr/local/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/opt/highs*/lib"],
        bare_names: &["libhighs.so", "libhighs.so.1"],
    };
    const WARM_START: bool = true;
    /// The QP solver runs past its limit.
    const ITERATION_LIMIT: bool = false;
    type Library = ffi::Functions;

    fn load(found: Found) -> Result<Self::Library> {
        ffi::Functions::load(found.library)
    }

    fn version(library: &Self::Library) -> String {
        library.version()
    }

    fn check_license(_library: &Arc<Self::Library>) -> Result<()> {
        Ok(())
    }

    fn open(
        library: &Arc<Self::Library>,
        program: &ProgramRef<'_>,
        parameters: &Parameters,
    ) -> Result<Box<dyn Engine>> {
        Ok(Box::new(adapter::HighsEngine::new(library, program, parameters)?))
    }
}
