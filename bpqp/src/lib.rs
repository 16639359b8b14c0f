//! Differentiable convex optimization layers over any solver.
