//! BPQP's own solver on faer: ADMM and a direct KKT solver.
