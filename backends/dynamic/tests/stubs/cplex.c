/* Stands in for CPLEX, by our reading of cplex.h. It solves nothing: it looks its problem up in cases.h.
 *
 * -D VERSION="11.2"   the version
 * -D OPEN=32201       the code of CPXopenCPLEX, which then opens nothing
 * -D OPTIMIZE=5002    what the optimizers return
 * -D STATUS=3         the status after a run
 * -D NO_SOLUTION      there is no point to read
 * -D NANS             the point is NaN
 * -D NO_QPOPT         CPXqpopt is missing
 * -D NO_CONES            CPXaddqconstr is missing */
#include "cases.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef VERSION
#define VERSION "22.1.1.0"
#endif
#ifndef OPEN
#define OPEN 0
#endif
#ifndef OPTIMIZE
#define OPTIMIZE 0
#endif
#ifndef STATUS
#define STATUS 1
#endif

enum { MAX = 16, NULL_POINTER = 1004, BAD_NUMBER = 1013, TOO_SMALL = 1014, TOO_BIG = 1015, NOT_FOR_QP = 1018 };
enum { BAD_NAME = 1028, NO_SOLN = 1217, BAD_SENSE = 1215, INDEX_RANGE = 1200, NOT_SYMMETRIC = 5012, WRONG = 1003 };
enum { INT = 1, DOUBLE = 2, STRING = 3, LONG = 4 };

typedef struct {
    int number, type;
    const char *name;
    double value, least, most;
} Parameter;

static const Parameter DEFAULTS[] = {
    {1014, DOUBLE, "CPXPARAM_Simplex_Tolerances_Optimality", 1e-6, 1e-9, 1e-1},
    {1016, DOUBLE, "CPXPARAM_Simplex_Tolerances_Feasibility", 1e-6, 1e-9, 1e-1},
    {1020, LONG, "CPXPARAM_Simplex_Limits_Iterations", 9.2e18, 0, 9.3e18},
    {1035, INT, "CPXPARAM_ScreenOutput", 0, 0, 1},
    {1039, DOUBLE, "CPXPARAM_TimeLimit", 1e75, 0, 1e75},
    {1062, INT, "CPXPARAM_LPMethod", 0, 0, 6},
    {1063, INT, "CPXPARAM_QPMethod", 0, 0, 6},
    {1064, STRING, "CPXPARAM_WorkDir", 0, 0, 0},
    {1067, INT, "CPXPARAM_Threads", 0, 0, 1024},
    {3002, DOUBLE, "CPXPARAM_Barrier_ConvergeTol", 1e-8, 1e-12, 1e75},
    {3020, DOUBLE, "CPXPARAM_Barrier_QCPConvergeTol", 1e-7, 1e-12, 1e75},
    {4003, INT, "CPXPARAM_Preprocessing_QCPDuals", 1, 0, 2},
};
enum { PARAMETERS = sizeof DEFAULTS / sizeof *DEFAULTS };

typedef struct {
    Parameter table[PARAMETERS];
    int problems;
} Env;

typedef struct {
    Env *env;
    int n, m, quadratic, cones, solved;
    double obj[MAX], lb[MAX], ub[MAX], rhs[MAX], range[MAX], a[MAX][MAX], q[MAX][MAX], x[MAX], pi[MAX], dj[MAX];
    double cone[MAX];
    char sense[MAX];
} Problem;

void *CPXopenCPLEX(int *status) {
    *status = OPEN;
    if (OPEN) return NULL;
    Env *env = calloc(1, sizeof(Env));
    memcpy(env->table, DEFAULTS, sizeof DEFAULTS);
    return env;
}

int CPXcloseCPLEX(void **raw) {
    if (((Env *)*raw)->problems) abort();
    free(*raw);
    *raw = NULL;
    return 0;
}

const char *CPXversion(const void *env) { return env ? VERSION : NULL; }

/* The environment may be null: then the error is that of CPXopenCPLEX. */
const char *CPXgeterrorstring(const void *env, int code, char *buffer) {
    if (code < 1000) return NULL;
    sprintf(buffer, "CPLEX Error %5d: in the words of a stub.\n", code);
    return buffer;
}

int CPXgetparamnum(const void *raw, const char *name, int *number) {
    const Env *env = raw;
    for (int k = 0; k < PARAMETERS; k++)
        if (!strcmp(env->table[k].name, name)) {
            *number = env->table[k].number;
            return 0;
        }
    return BAD_NAME;
}

static Parameter *parameter(void *raw, int number) {
    for (int k = 0; k < PARAMETERS; k++)
        if (((Env *)raw)->table[k].number == number) return &((Env *)raw)->table[k];
    return NULL;
}

int CPXgetparamtype(const void *raw, int number, int *type) {
    const Parameter *found = parameter((void *)raw, number);
    if (!found) return BAD_NUMBER;
    *type = found->type;
    return 0;
}

static int set(void *raw, int number, int type, double value) {
    Parameter *found = parameter(raw, number);
    if (!found || found->type != type) return BAD_NUMBER;
    if (value < found->least) return TOO_SMALL;
    if (value > found->most) return TOO_BIG;
    found->value = value;
    return 0;
}

int CPXsetintparam(void *env, int number, int value) { return set(env, number, INT, value); }
int CPXsetlongparam(void *env, int number, int64_t value) { return set(env, number, LONG, (double)value); }
int CPXsetdblparam(void *env, int number, double value) { return set(env, number, DOUBLE, value); }

int CPXsetstrparam(void *env, int number, const char *value) {
    Parameter *found = parameter(env, number);
    if (!found || found->type != STRING) return BAD_NUMBER;
    return strlen(value) < 512 ? 0 : 1026;
}

void *CPXcreateprob(void *raw, int *status, const char *name) {
    Problem *problem = calloc(1, sizeof(Problem));
    problem->env = raw, problem->env->problems++;
    *status = name ? 0 : NULL_POINTER;
    return problem;
}

int CPXfreeprob(void *raw, void **problem) {
    if (((Problem *)*problem)->env != raw) abort();
    ((Env *)raw)->problems--;
    free(*problem);
    *problem = NULL;
    return 0;
}

/* Destroys what was there, the quadratic parts too. */
int CPXcopylp(void *env, void *raw, int n, int m, int sense, const double *obj, const double *rhs, const char *kind,
              const int *beg, const int *cnt, const int *ind, const double *val, const double *lb, const double *ub,
              const double *range) {
    Problem *problem = raw;
    if (problem->env != env || sense != 1 || n > MAX || m > MAX) return WRONG;
    memset(problem->a, 0, sizeof problem->a);
    memset(problem->q, 0, sizeof problem->q);
    memset(problem->cone, 0, sizeof problem->cone);
    problem->n = n, problem->m = m, problem->quadratic = problem->cones = problem->solved = 0;
    memcpy(problem->obj, obj, n * sizeof(double));
    memcpy(problem->lb, lb, n * sizeof(double));
    memcpy(problem->ub, ub, n * sizeof(double));
    for (int i = 0; i < m; i++) {
        if (!strchr("ELGR", kind[i]) || !kind[i]) return BAD_SENSE;
        problem->sense[i] = kind[i], problem->rhs[i] = rhs[i], problem->range[i] = kind[i] == 'R' ? range[i] : 0;
    }
    for (int j = 0; j < n; j++)
        for (int k = beg[j]; k < beg[j] + cnt[j]; k++) {
            if (ind[k] < 0 || ind[k] >= m) return INDEX_RANGE;
            problem->a[ind[k]][j] = val[k];
        }
    return 0;
}

int CPXcopyquad(void *env, void *raw, const int *beg, const int *cnt, const int *ind, const double *val) {
    Problem *problem = raw;
    memset(problem->q, 0, sizeof problem->q);
    for (int j = 0; j < problem->n; j++)
        for (int k = beg[j]; k < beg[j] + cnt[j]; k++) {
            if (ind[k] < 0 || ind[k] >= problem->n) return INDEX_RANGE;
            problem->q[ind[k]][j] = val[k];
        }
    for (int i = 0; i < problem->n; i++)
        for (int j = 0; j < i; j++)
            if (problem->q[i][j] != problem->q[j][i]) return NOT_SYMMETRIC;
    problem->quadratic = 1, problem->solved = 0;
    return 0;
}

#ifndef NO_CONES
int CPXaddqconstr(void *env, void *raw, int linear, int count, double rhs, int sense, const int *lind,
                  const double *lval, const int *row, const int *col, const double *val, const char *name) {
    Problem *problem = raw;
    if (problem->env != env || linear || lind || lval || rhs || sense != 'L' || name) return WRONG;
    for (int k = 0; k < count; k++) {
        if (row[k] < 0 || row[k] >= problem->n || row[k] != col[k]) return INDEX_RANGE;
        problem->cone[row[k]] += val[k];
    }
    problem->cones++, problem->solved = 0;
    return 0;
}
#endif

int CPXchgobj(void *env, void *raw, int count, const int *ind, const double *values) {
    Problem *problem = raw;
    for (int k = 0; k < count; k++) {
        if (ind[k] < 0 || ind[k] >= problem->n) return INDEX_RANGE;
        problem->obj[ind[k]] = values[k];
    }
    problem->solved = 0;
    return 0;
}

/* The range of a row that becomes ranged is zero. */
int CPXchgsense(void *env, void *raw, int count, const int *ind, const char *kinds) {
    Problem *problem = raw;
    for (int k = 0; k < count; k++) {
        if (ind[k] < 0 || ind[k] >= problem->m) return INDEX_RANGE;
        if (!strchr("ELGR", kinds[k]) || !kinds[k]) return BAD_SENSE;
        problem->sense[ind[k]] = kinds[k], problem->range[ind[k]] = 0;
    }
    problem->solved = 0;
    return 0;
}

int CPXchgrhs(void *env, void *raw, int count, const int *ind, const double *values) {
    Problem *problem = raw;
    for (int k = 0; k < count; k++) {
        if (ind[k] < 0 || ind[k] >= problem->m) return INDEX_RANGE;
        problem->rhs[ind[k]] = values[k];
    }
    problem->solved = 0;
    return 0;
}

int CPXchgrngval(void *env, void *raw, int count, const int *ind, const double *values) {
    Problem *problem = raw;
    for (int k = 0; k < count; k++) {
        if (ind[k] < 0 || ind[k] >= problem->m || problem->sense[ind[k]] != 'R') return INDEX_RANGE;
        problem->range[ind[k]] = values[k];
    }
    problem->solved = 0;
    return 0;
}

int CPXchgbds(void *env, void *raw, int count, const int *ind, const char *which, const double *values) {
    Problem *problem = raw;
    for (int k = 0; k < count; k++) {
        if (ind[k] < 0 || ind[k] >= problem->n || !strchr("LUB", which[k])) return INDEX_RANGE;
        if (which[k] != 'U') problem->lb[ind[k]] = values[k];
        if (which[k] != 'L') problem->ub[ind[k]] = values[k];
    }
    problem->solved = 0;
    return 0;
}

static double or_infinite(double v) { return fabs(v) >= 1e20 ? copysign(INF, v) : v; }

/* The rows of the case in order, but for its free row, which is none; those with cones have no free row. */
static int optimize(Env *env, Problem *problem) {
    problem->solved = 0;
    if (OPTIMIZE) return OPTIMIZE;
    if (problem->env != env || parameter(env, 1067)->value != 1 || parameter(env, 1016)->value > 1e-8) return WRONG;
    if (parameter(env, 1014)->value > 1e-8 || parameter(env, 3002)->value > 1e-8) return WRONG;
    if (problem->cones && (parameter(env, 4003)->value != 2 || parameter(env, 3020)->value > 1e-8)) return WRONG;
    int n = problem->cones ? CONE_N : N, free_row = problem->cones ? M : FREE_ROW;
    if (problem->n != n || problem->m != M - (free_row < M) || problem->cones > 1) return 0;
    Program given = {0};
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) given.p[i][j] = problem->q[i][j];
        given.cone[i] = problem->cone[i];
        given.q[i] = problem->obj[i];
        given.lb[i] = or_infinite(problem->lb[i]), given.ub[i] = or_infinite(problem->ub[i]);
    }
    for (int i = 0; i < M; i++) {
        if (i == free_row) {
            for (int j = 0; j < N; j++) given.a[i][j] = PROGRAMS[QP].a[i][j];
            given.l[i] = -INF, given.u[i] = INF;
            continue;
        }
        int k = i - (i > free_row);
        for (int j = 0; j < n; j++) given.a[i][j] = problem->a[k][j];
        double rhs = problem->rhs[k], range = problem->range[k];
        given.l[i] = problem->sense[k] == 'L' ? -INF : rhs + (range < 0 ? range : 0);
        given.u[i] = problem->sense[k] == 'G' ? INF : rhs + (range > 0 ? range : 0);
    }
    int k = case_of(&given);
    if (k == UNKNOWN) return 0;
    for (int j = 0; j < n; j++) problem->x[j] = ANSWERS[k].x[j], problem->dj[j] = -ANSWERS[k].z[j];
    for (int i = 0; i < M; i++)
        if (i != free_row) problem->pi[i - (i > free_row)] = -ANSWERS[k].y[i];
#ifdef NANS
    for (int j = 0; j < N; j++) problem->x[j] = NAN;
#endif
    problem->solved = 1;
    return 0;
}

int CPXlpopt(void *env, void *raw) {
    if (((Problem *)raw)->quadratic || ((Problem *)raw)->cones) return NOT_FOR_QP;
    return parameter(env, 1062)->value == 2 ? optimize(env, raw) : WRONG;
}

#ifndef NO_QPOPT
int CPXqpopt(void *env, void *raw) {
    if (!((Problem *)raw)->quadratic || ((Problem *)raw)->cones) return WRONG;
    return parameter(env, 1063)->value == 4 ? optimize(env, raw) : WRONG;
}
#endif

int CPXbaropt(void *env, void *raw) { return ((Problem *)raw)->cones ? optimize(env, raw) : WRONG; }

/* An unknown problem ends with the best that could be got, without a point. */
int CPXgetstat(const void *env, const void *raw) { return ((const Problem *)raw)->solved || STATUS != 1 ? STATUS : 6; }
int CPXgetitcnt(const void *env, const void *raw) { return 3; }
int CPXgetbaritcnt(const void *env, const void *raw) { return 7; }

int CPXsolution(const void *env, const void *raw, int *status, double *objective, double *x, double *pi, double *slack,
                double *dj) {
    const Problem *problem = raw;
#ifdef NO_SOLUTION
    return NO_SOLN;
#endif
    if (!problem->solved) return NO_SOLN;
    *status = STATUS;
    *objective = 0;
    if (slack) return WRONG;
    memcpy(x, problem->x, problem->n * sizeof(double));
    memcpy(pi, problem->pi, problem->m * sizeof(double));
    memcpy(dj, problem->dj, problem->n * sizeof(double));
    return 0;
}
