/* The problems of `tests/common/mod.rs` and their solutions, for libraries that stand in for a vendor's.
 *
 * A stub turns what its vendor's functions were handed back into
 *     minimize 1/2 x'Px + q'x   subject to   l <= Ax <= u,   lb <= x <= ub
 * with dense matrices, and asks here which of the known problems it is. Only then does it hand out a solution: an array
 * that was passed wrongly has none. The signs here are P x + q + A'y + z = 0, with y > 0 at u and y < 0 at l; the stub
 * turns them into its vendor's.
 *
 * Case QP: n = 4 with every kind of bound, m = 5 with every kind of row. By construction, with
 *     x = (1.75, -0.5, 0.5, -0.25), y = (-0.5, -0.75, 0, 0, 0), z = (0, 0, 0.25, -0.5):
 *     Ax = (0.5, 1.25, 0, 0, 1.5): row 0 at its lower side, row 1 the equality, x2 at its upper bound, x3 at its lower;
 *     Px = (1.5, 0.25, 0.375, 0), A'y = (-1.25, -1, 0.75, -0.5), so q = -(Px + A'y + z) = (-0.25, 0.75, -1.375, 1).
 * The four active gradients are independent, so this vertex is the only solution, with the only multipliers.
 *
 * Case LP: P = 0, the same sets. x = (0.75, 0.125, -0.5, 1), y = (0.5, 0.25, 0, 0, 0), z = (0, 0, -0.5, 0.25):
 *     Ax = (2, 1.25, -0.375, 1.875, 1.75): row 0 at its upper side, x2 at its lower bound, x3 at its upper;
 *     A'y = (0.75, 1, -0.25, 0.5), so q = (-0.75, -1, 0.75, -0.75).
 *
 * Case MOVED: QP by t = (0.25, 0, -0.125, 0): x + t, sides + At, bounds + t, q - Pt, the same multipliers.
 * Case HEAVIER: QP with 2P and its row 1 doubled, sides too, so y1 = -0.375 and q - Px: the same x.
 *
 * Cases CONE_LP and CONE_QP: n = 2, one row, and cones of dimensions 1 and 3, as they reach the vendor: over variables
 * t = Sx + s of their own behind x, with the rows Sx - t = -s and t >= 0 for the heads. With
 *     S = ((0, 1), (0.5, 0), (1, 0), (0.5, 0.5)), s = (-1, 0.875, 0, 0.125), x = (0.75, 1), t = (0, 1.25, 0.75, 1),
 *     x0 at its lower bound, the row x0 - x1 at its lower side, w = (w0, 1.25, -0.75, -1), y = -0.5, z = (-0.25, 0):
 *     S'w = (-0.625, w0 - 0.5), A'y = (-0.5, 0.5), so q = S'w - Px - A'y - z:
 *     P = 0, w0 = 0.25: q = (0.125, -0.75); P = ((1.125, 0.375), (0.375, 0.625)), w0 = 0.5: q = (-1.09375, -1.40625).
 * The rows of t have the multipliers -w, and z for t0, a half line, is -w0.
 *
 * Case EPIGRAPH: CONE_QP for a vendor that takes no quadratic objective beside cones. 2P = KK' with K' = ((1.5, 0.5),
 * (0, 1)), and 1/2 x'Px <= t is the cone of dimension 4 over e = (t + 1, t - 1, K'x) behind the other variables, with the
 * rows e0 - e1 = 2 and K'x - e = 0 behind the other rows, and costs 1/2 on e0 and e1. K'x = (1.625, 1), t = 0.91015625;
 * the cone's dual is 1/2 (e0, -e1, -K'x), so the rows of e have the multipliers e0/2 - 1/2 = 0.455078125 and K'x/2.
 *
 * All numbers are exact in binary, and near one, so that they reach the vendor in units of one. */
#include <math.h>
#include <stddef.h>

enum { N = 4, CONE_N = 6, MOST_N = 10, M = 5, MOST_M = 8, FREE_ROW = 2 };
enum { UNKNOWN = -1, QP, LP, MOVED, HEAVIER, CONE_LP, CONE_QP, EPIGRAPH, CASES };

#define INF HUGE_VAL

/* `cone` has -1 for the head of the cone of dimension 3 and 1 for the others: the sum of cone[j] x[j]^2 is at most 0. So
 * has a second cone -2 and 2. */
typedef struct {
    double p[MOST_N][MOST_N], q[MOST_N], a[MOST_M][MOST_N], l[MOST_M], u[MOST_M], lb[MOST_N], ub[MOST_N], cone[MOST_N];
} Program;

typedef struct {
    double x[MOST_N], y[MOST_M], z[MOST_N];
} Answer;

#define CONE_SETS \
    {{1, -1}, {0, 1, -1}, {0.5, 0, 0, -1}, {1, 0, 0, 0, -1}, {0.5, 0.5, 0, 0, 0, -1}}, \
    {-0.25, 1, -0.875, 0, -0.125}, {2, 1, -0.875, 0, -0.125}, {0.75, -INF, 0, 0, -INF, -INF}, \
    {2, INF, INF, INF, INF, INF}, {0, 0, 0, -1, 1, 1}
#define SETS {1, 2, 0, 1}, {1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 0, 2}, {1, 0, 0, 1}

static const Program PROGRAMS[CASES] = {
    [QP] = {
        {{1, 0.5, 0, 0}, {0.5, 1.25, 0, 0}, {0, 0, 0.75, 0}, {0, 0, 0, 0}}, {-0.25, 0.75, -1.375, 1}, {SETS},
        {0.5, 1.25, -INF, -INF, -2}, {2, 1.25, INF, 3, INF}, {-INF, -1, -0.5, -0.25}, {INF, INF, 0.5, 1}, {0},
    },
    [LP] = {
        {{0}}, {-0.75, -1, 0.75, -0.75}, {SETS},
        {0.5, 1.25, -INF, -INF, -2}, {2, 1.25, INF, 3, INF}, {-INF, -1, -0.5, -0.25}, {INF, INF, 0.5, 1}, {0},
    },
    [MOVED] = {
        {{1, 0.5, 0, 0}, {0.5, 1.25, 0, 0}, {0, 0, 0.75, 0}, {0, 0, 0, 0}}, {-0.5, 0.625, -1.28125, 1}, {SETS},
        {0.75, 1.625, -INF, -INF, -1.75}, {2.25, 1.625, INF, 3, INF}, {-INF, -1, -0.625, -0.25}, {INF, INF, 0.375, 1},
        {0},
    },
    [HEAVIER] = {
        {{2, 1, 0, 0}, {1, 2.5, 0, 0}, {0, 0, 1.5, 0}, {0, 0, 0, 0}}, {-1.75, 0.5, -1.75, 1},
        {{1, 2, 0, 1}, {2, 0, -2, 0}, {0, 1, 1, 0}, {0, -1, 0, 2}, {1, 0, 0, 1}},
        {0.5, 2.5, -INF, -INF, -2}, {2, 2.5, INF, 3, INF}, {-INF, -1, -0.5, -0.25}, {INF, INF, 0.5, 1}, {0},
    },
    [CONE_LP] = {{{0}}, {0.125, -0.75}, CONE_SETS},
    [CONE_QP] = {{{1.125, 0.375}, {0.375, 0.625}}, {-1.09375, -1.40625}, CONE_SETS},
    [EPIGRAPH] = {
        {{0}}, {-1.09375, -1.40625, 0, 0, 0, 0, 0.5, 0.5},
        {{1, -1}, {0, 1, -1}, {0.5, 0, 0, -1}, {1, 0, 0, 0, -1}, {0.5, 0.5, 0, 0, 0, -1},
         {0, 0, 0, 0, 0, 0, 1, -1}, {1.5, 0.5, 0, 0, 0, 0, 0, 0, -1}, {0, 1, 0, 0, 0, 0, 0, 0, 0, -1}},
        {-0.25, 1, -0.875, 0, -0.125, 2}, {2, 1, -0.875, 0, -0.125, 2},
        {0.75, -INF, 0, 0, -INF, -INF, 0, -INF, -INF, -INF}, {2, INF, INF, INF, INF, INF, INF, INF, INF, INF},
        {0, 0, 0, -1, 1, 1, -2, 2, 2, 2},
    },
};

static const Answer ANSWERS[CASES] = {
    [QP] = {{1.75, -0.5, 0.5, -0.25}, {-0.5, -0.75, 0, 0, 0}, {0, 0, 0.25, -0.5}},
    [LP] = {{0.75, 0.125, -0.5, 1}, {0.5, 0.25, 0, 0, 0}, {0, 0, -0.5, 0.25}},
    [MOVED] = {{2, -0.5, 0.375, -0.25}, {-0.5, -0.75, 0, 0, 0}, {0, 0, 0.25, -0.5}},
    [HEAVIER] = {{1.75, -0.5, 0.5, -0.25}, {-0.5, -0.375, 0, 0, 0}, {0, 0, 0.25, -0.5}},
    [CONE_LP] = {{0.75, 1, 0, 1.25, 0.75, 1}, {-0.5, -0.25, -1.25, 0.75, 1}, {-0.25, 0, -0.25}},
    [CONE_QP] = {{0.75, 1, 0, 1.25, 0.75, 1}, {-0.5, -0.5, -1.25, 0.75, 1}, {-0.25, 0, -0.5}},
    [EPIGRAPH] = {
        {0.75, 1, 0, 1.25, 0.75, 1, 1.91015625, -0.08984375, 1.625, 1},
        {-0.5, -0.5, -1.25, 0.75, 1, 0.455078125, 0.8125, 0.5}, {-0.25, 0, -0.5},
    },
};

static int same(const double *a, const double *b, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (a[i] != b[i]) return 0;
    return 1;
}

/* Which case `given` is, every number of it. */
static int case_of(const Program *given) {
    for (int k = 0; k < CASES; k++)
        if (same((const double *)given, (const double *)&PROGRAMS[k], sizeof(Program) / sizeof(double))) return k;
    return UNKNOWN;
}
