"""What peers.py is made of: problem files and exact gradients, the solvers, the report."""
