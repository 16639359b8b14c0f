/* Stands in for Gurobi, by our reading of gurobi_c.h. It solves nothing: it looks its problem up in cases.h.
 *
 * -D VERSION=9        the major version
 * -D START=10009      what GRBstartenv returns
 * -D OPTIMIZE=10020   what GRBoptimize returns
 * -D STATUS=3         the status after GRBoptimize
 * -D NO_SOLUTION      there is no point to read
 * -D NANS             the point is NaN
 * -D NO_OPTIMIZE      GRBoptimize is missing
 * -D NO_CONES         GRBaddqconstr is missing */
#include "cases.h"
#include <stdlib.h>
#include <string.h>

#ifndef VERSION
#define VERSION 13
#endif
#ifndef START
#define START 0
#endif
#ifndef OPTIMIZE
#define OPTIMIZE 0
#endif
#ifndef STATUS
#define STATUS 2
#endif

enum { MAX = 16, INVALID = 10003, UNKNOWN_ATTRIBUTE = 10004, NOT_AVAILABLE = 10005, RANGE = 10006 };
enum { UNKNOWN_PARAMETER = 10007, BAD_VALUE = 10008, WRONG = 20003 };

typedef struct {
    int started, models, output, threads, dual_reductions, non_convex, method, qcp_dual;
    double feasibility, optimality, gap, qcp_gap, time;
} Env;

typedef struct {
    Env *parent, env;
    int n, m, solved, starts, cones;
    double obj[MAX], lb[MAX], ub[MAX], rhs[MAX], a[MAX][MAX], q[MAX][MAX], x[MAX], pi[MAX], rc[MAX];
    double x_start[MAX], pi_start[MAX], cone[MAX];
    char sense[MAX];
} Model;

void GRBversion(int *major, int *minor, int *technical) { *major = VERSION, *minor = 0, *technical = 3; }

int GRBemptyenvinternal(void **env, int major, int minor, int technical) {
    if (major != VERSION || minor != 0 || technical != 3) return INVALID;
    Env fresh = {0, 0, 1, 0, 1, -1, -1, 0, 1e-6, 1e-6, 1e-8, 1e-6, INFINITY};
    *env = malloc(sizeof(Env));
    memcpy(*env, &fresh, sizeof(Env));
    return 0;
}

/* Names do not depend on case; values are texts. */
int GRBsetparam(void *raw, const char *name, const char *value) {
    Env *env = raw;
    char *end;
    double v = strtod(value, &end);
    if (end == value || *end) return BAD_VALUE;
    struct { const char *name; int *i; double *d; double least, most; } table[] = {
        {"OutputFlag", &env->output, 0, 0, 1},
        {"Threads", &env->threads, 0, 0, 1024},
        {"DualReductions", &env->dual_reductions, 0, 0, 1},
        {"NonConvex", &env->non_convex, 0, -1, 2},
        {"Method", &env->method, 0, -1, 6},
        {"FeasibilityTol", 0, &env->feasibility, 1e-9, 1e-2},
        {"OptimalityTol", 0, &env->optimality, 1e-9, 1e-2},
        {"BarConvTol", 0, &env->gap, 0, 1},
        {"QCPDual", &env->qcp_dual, 0, 0, 1},
        {"BarQCPConvTol", 0, &env->qcp_gap, 0, 1},
        {"TimeLimit", 0, &env->time, 0, INFINITY},
    };
    for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
        if (strcmp(table[k].name, name)) continue;
        if (v < table[k].least || v > table[k].most) return BAD_VALUE;
        if (table[k].i) *table[k].i = (int)v;
        else *table[k].d = v;
        return 0;
    }
    return UNKNOWN_PARAMETER;
}

int GRBstartenv(void *raw) {
    Env *env = raw;
    /* Silent before it starts, or it prints. */
    if (env->output || env->started) return WRONG;
    env->started = START == 0;
    return START;
}

void GRBfreeenv(void *raw) {
    if (((Env *)raw)->models) abort();
    free(raw);
}

int GRBloadmodel(void *raw, void **out, const char *name, int n, int m, int sense, double constant, const double *obj,
                 const char *senses, const double *rhs, const int *beg, const int *len, const int *ind,
                 const double *val, const double *lb, const double *ub, const char *types, char **columns, char **rows) {
    Env *env = raw;
    if (!env->started || sense != 1 || constant || n > MAX || m > MAX || types || columns || rows) return WRONG;
    Model *model = calloc(1, sizeof(Model));
    model->parent = env, model->env = *env, model->n = n, model->m = m;
    env->models++;
    memcpy(model->obj, obj, n * sizeof(double));
    memcpy(model->lb, lb, n * sizeof(double));
    memcpy(model->ub, ub, n * sizeof(double));
    memcpy(model->rhs, rhs, m * sizeof(double));
    memcpy(model->sense, senses, m);
    for (int j = 0; j < n; j++)
        for (int k = beg[j]; k < beg[j] + len[j]; k++) model->a[ind[k]][j] = val[k];
    *out = model;
    return 0;
}

int GRBfreemodel(void *raw) {
    ((Model *)raw)->parent->models--;
    free(raw);
    return 0;
}

void *GRBgetenv(void *raw) { return &((Model *)raw)->env; }
int GRBupdatemodel(void *raw) { return 0; }

int GRBdelq(void *raw) {
    memset(((Model *)raw)->q, 0, sizeof((Model *)raw)->q);
    return 0;
}

/* The terms are added up, x'Qx without a half. */
int GRBaddqpterms(void *raw, int count, const int *row, const int *col, const double *val) {
    Model *model = raw;
    for (int k = 0; k < count; k++) model->q[row[k]][col[k]] += val[k];
    return 0;
}

#ifndef NO_CONES
int GRBaddqconstr(void *raw, int linear, int *lind, double *lval, int count, int *row, int *col, double *val, char sense,
                  double rhs, const char *name) {
    Model *model = raw;
    if (linear || lind || lval || sense != '<' || rhs || name) return WRONG;
    for (int k = 0; k < count; k++) {
        if (row[k] != col[k] || row[k] < 0 || row[k] >= model->n) return WRONG;
        model->cone[row[k]] += val[k];
    }
    model->cones++;
    return 0;
}
#endif

int GRBchgcoeffs(void *raw, int count, const int *row, const int *col, const double *val) {
    Model *model = raw;
    for (int k = 0; k < count; k++) model->a[row[k]][col[k]] = val[k];
    return 0;
}

static double *attribute(Model *model, const char *name, int *length, int write) {
    struct { const char *name; double *values; int length, write; } table[] = {
        {"Obj", model->obj, model->n, 1}, {"LB", model->lb, model->n, 1}, {"UB", model->ub, model->n, 1},
        {"RHS", model->rhs, model->m, 1}, {"PStart", model->x_start, model->n, 1},
        {"DStart", model->pi_start, model->m, 1}, {"X", model->x, model->n, 0}, {"RC", model->rc, model->n, 0},
        {"Pi", model->pi, model->m, 0},
    };
    for (size_t k = 0; k < sizeof table / sizeof *table; k++)
        if (!strcmp(table[k].name, name) && table[k].write == write) {
            *length = table[k].length;
            return table[k].values;
        }
    return NULL;
}

int GRBsetdblattrarray(void *raw, const char *name, int start, int len, const double *values) {
    int length;
    double *to = attribute(raw, name, &length, 1);
    if (!to) return UNKNOWN_ATTRIBUTE;
    if (start < 0 || start + len > length) return RANGE;
    memcpy(to + start, values, len * sizeof(double));
    ((Model *)raw)->solved = 0;
    ((Model *)raw)->starts += !strcmp(name, "PStart") || !strcmp(name, "DStart");
    return 0;
}

int GRBgetdblattrarray(void *raw, const char *name, int start, int len, double *values) {
    int length;
    double *from = attribute(raw, name, &length, 0);
    if (!from) return UNKNOWN_ATTRIBUTE;
    if (start < 0 || start + len > length) return RANGE;
#ifdef NO_SOLUTION
    return NOT_AVAILABLE;
#endif
    if (!((Model *)raw)->solved) return NOT_AVAILABLE;
    memcpy(values, from + start, len * sizeof(double));
    return 0;
}

int GRBgetintattr(void *raw, const char *name, int *value) {
    Model *model = raw;
    if (!strcmp(name, "Status")) *value = model->solved ? STATUS : STATUS == 2 ? 12 : STATUS;
    else if (!strcmp(name, "BarIterCount")) *value = 7;
    else return UNKNOWN_ATTRIBUTE;
    return 0;
}

int GRBgetdblattr(void *raw, const char *name, double *value) {
    if (strcmp(name, "IterCount")) return UNKNOWN_ATTRIBUTE;
    *value = 3;
    return 0;
}

static double or_infinite(double v) { return fabs(v) >= 1e20 ? copysign(INF, v) : v; }

#ifndef NO_OPTIMIZE
int GRBoptimize(void *raw) {
    Model *model = raw;
    const Env *env = &model->env;
    model->solved = 0;
    if (OPTIMIZE) return OPTIMIZE;
    if (env->dual_reductions || env->non_convex || env->threads != 1 || env->feasibility > 1e-9) return WRONG;
    if (env->optimality > 1e-9 || env->gap > 1e-10) return WRONG;
    /* Multipliers exist on demand where there are quadratic constraints. */
    if (model->cones && (env->qcp_dual != 1 || env->qcp_gap > 1e-10)) return WRONG;
    int n = model->cones ? CONE_N : N;
    if (model->n < n || model->m != M || model->cones > 1) return 0;
    Program given = {0};
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) given.p[i][j] = model->q[i][j] + model->q[j][i];
        given.cone[i] = model->cone[i];
        given.q[i] = model->obj[i], given.lb[i] = or_infinite(model->lb[i]), given.ub[i] = or_infinite(model->ub[i]);
    }
    int slack[MAX] = {0};
    for (int i = 0; i < M; i++) {
        for (int j = 0; j < n; j++) given.a[i][j] = model->a[i][j];
        given.l[i] = model->sense[i] == '<' ? -INF : model->rhs[i];
        given.u[i] = model->sense[i] == '>' ? INF : model->rhs[i];
    }
    /* A further column belongs to one row, a'x - s = 0, whose sides are its bounds. */
    for (int j = n; j < model->n; j++)
        for (int i = 0; i < M; i++)
            if (model->a[i][j] != 0) {
                if (model->a[i][j] != -1 || model->rhs[i] || model->sense[i] != '=' || slack[i]) return 0;
                slack[i] = j;
                given.l[i] = or_infinite(model->lb[j]), given.u[i] = or_infinite(model->ub[j]);
            }
    int k = case_of(&given);
    if (k == UNKNOWN) return 0;
    const Answer *answer = &ANSWERS[k];
    if (model->starts) {
        /* Both, from the answer of LP; its rows have these values with the matrix of every case with a start. */
        if (model->starts != 2 || !same(model->x_start, ANSWERS[LP].x, N)) return WRONG;
        for (int i = 0; i < M; i++) {
            double value = 0;
            for (int j = 0; j < N; j++) value += model->a[i][j] * ANSWERS[LP].x[j];
            if ((slack[i] && model->x_start[slack[i]] != value) || model->pi_start[i] != -ANSWERS[LP].y[i]) return WRONG;
        }
        model->starts = 0;
    }
    for (int j = 0; j < n; j++) model->x[j] = answer->x[j], model->rc[j] = -answer->z[j];
    for (int i = 0; i < M; i++) {
        model->pi[i] = -answer->y[i];
        if (!slack[i]) continue;
        model->rc[slack[i]] = model->pi[i], model->x[slack[i]] = 0;
        for (int j = 0; j < n; j++) model->x[slack[i]] += model->a[i][j] * answer->x[j];
    }
#ifdef NANS
    for (int j = 0; j < N; j++) model->x[j] = NAN;
#endif
    model->solved = 1;
    return 0;
}
#endif
