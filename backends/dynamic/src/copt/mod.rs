//! COPT 7 and newer: simplex and barrier for LPs, barrier for QPs. Each session has an environment of its own, since the
//! manual does not say that threads may share one.
//!
//! Without a license COPT solves small problems, and prints where it looked for one: no parameter keeps it from that.

mod adapter;
mod ffi;
mod status;

use std::sync::Arc;

use bpqp_traits::{Error, ProgramRef, Result};

use crate::locate::{Found, Places};
use crate::vendor::{Engine, Parameters, VendorApi};

pub(crate) const NAME: &str = "copt";
/// The oldest version that this was written for.
const OLDEST: u32 = 7;

/// See [the module](self).
pub(crate) enum Copt {}

impl VendorApi for Copt {
    const PLACES: Places = Places {
        backend: NAME,
        files: &["libcopt.so*"],
        variables: &[("COPT_HOME", &["lib", ""])],
        folders: &["/opt/copt*/lib", "/usr/local/copt*/lib", "~/copt*/lib"],
        bare_names: &["libcopt.so"],
    };
    /// The barrier method has no use for one, and nothing tells which method serves an LP.
    const WARM_START: bool = false;
    /// The barrier method has one, simplex has none.
    const ITERATION_LIMIT: bool = false;
    const SECOND_ORDER_CONES: bool = true;
    type Library = ffi::Functions;

    fn load(found: Found) -> Result<Self::Library> {
        let library = ffi::Functions::load(found.library)?;
        let version = library.version();
        let major = version.split('.').next().and_then(|major| major.parse().ok());
        match major {
            Some(OLDEST..) => Ok(library),
            Some(_) => Err(Error::backend(
                NAME,
                format!("version {version} is too old; install version {OLDEST} or newer, and name it"),
            )),
            None => Err(Error::backend(NAME, "the library does not tell its version")),
        }
    }

    fn version(library: &Self::Library) -> String {
        library.version()
    }

    fn check_license(library: &Arc<Self::Library>) -> Result<()> {
        ffi::Environment::new(library).map(drop)
    }

    fn open(
        library: &Arc<Self::Library>,
        program: &ProgramRef<'_>,
        parameters: &Parameters,
    ) -> Result<Box<dyn Engine>> {
        Ok(Box::new(adapter::CoptEngine::new(library, program, parameters)?))
    }
}
