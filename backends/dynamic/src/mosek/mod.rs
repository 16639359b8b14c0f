//! MOSEK 10 and newer: interior point, for LPs with a basis identified at the end. One environment for the library and a
//! task for each session, as its manual has it: the license belongs to the environment, and threads may share it.

mod adapter;
mod ffi;
mod status;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use bpqp_traits::{Error, ProgramRef, Result};

use crate::locate::{Found, Places};
use crate::vendor::{Engine, Parameters, VendorApi};

pub(crate) const NAME: &str = "mosek";
/// The oldest version that this was written for.
const OLDEST: i32 = 10;

/// See [the module](self).
pub(crate) enum Mosek {}

impl VendorApi for Mosek {
    const PLACES: Places = Places {
        backend: NAME,
        files: &["libmosek64.so.1*", "libmosek64.so"],
        variables: &[("MOSEK_BINDIR", &[""])],
        folders: &[
            "~/mosek/*/tools/platform/linux64x86/bin",
            "~/mosek/*/tools/platform/linuxaarch64/bin",
            "/opt/mosek/*/tools/platform/linux64x86/bin",
            "/opt/mosek/*/tools/platform/linuxaarch64/bin",
            "/usr/local/mosek/*/tools/platform/linux64x86/bin",
        ],
        bare_names: &[
            "libmosek64.so.11.2",
            "libmosek64.so.11.1",
            "libmosek64.so.11.0",
            "libmosek64.so.10.2",
            "libmosek64.so.10.1",
            "libmosek64.so.10.0",
            "libmosek64.so",
        ],
    };
    /// Interior-point methods have no use for one.
    const WARM_START: bool = false;
    /// Interior point and basis identification have a limit each.
    const ITERATION_LIMIT: bool = false;
    const SECOND_ORDER_CONES: bool = true;
    /// It refuses such a program with the code 1501.
    const QUADRATIC_BESIDE_CONES: bool = false;
    type Library = ffi::Environment;

    fn load(found: Found) -> Result<Self::Library> {
        let functions = ffi::Functions::load(found.library)?;
        if functions.version()[0] >= OLDEST {
            return ffi::Environment::new(functions);
        }
        let version = text(functions.version());
        Err(Error::backend(
            NAME,
            format!("version {version} is too old; install version {OLDEST} or newer, and name it"),
        ))
    }

    fn version(library: &Self::Library) -> String {
        text(library.version())
    }

    fn check_license(library: &Arc<Self::Library>) -> Result<()> {
        library.check_license()
    }

    fn open(
        library: &Arc<Self::Library>,
        program: &ProgramRef<'_>,
        parameters: &Parameters,
    ) -> Result<Box<dyn Engine>> {
        Ok(Box::new(adapter::MosekEngine::new(library, program, parameters)?))
    }
}

fn text(version: [i32; 3]) -> String {
    version.map(|part| part.to_string()).join(".")
}
