* Names with blanks: only the fixed columns tell the fields apart.
NAME          FORESTS (1)
ROWS
 N  COST 1
 E  LAND 1R
 G  CUT  1
 L  A$ 4-8 1
COLUMNS
    STAND 11  COST 1           -.025   LAND 1R             1.
    STAND 11  A$ 4-8 1            2.
    STAND 12  LAND 1R             1.   CUT  1              1.
RHS
    RHS 1     LAND 1R            10.   CUT  1              3.
    RHS 1     A$ 4-8 1           12.   COST 1             -7.
RANGES
    RNG 1     A$ 4-8 1            4.
BOUNDS
 UP BND-1     STAND 12            8.
 MI BND-1     STAND 11
ENDATA
