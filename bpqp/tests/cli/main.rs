//! The program as its users meet it.
#![allow(clippy::unwrap_used, clippy::panic)] // a test panics by design
#![cfg(all(feature = "cli", any(feature = "native", feature = "clarabel")))]

#[cfg(feature = "native")]
mod audit;
mod bench;
mod compare;
mod generate;
mod grad;
mod report;
#[cfg(feature = "native")]
mod repro;
mod solve;
mod support;
#[cfg(all(feature = "train", feature = "native"))]
mod train;
mod usage;
