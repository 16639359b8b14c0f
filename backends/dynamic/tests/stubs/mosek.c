/* Stands in for MOSEK, by our reading of mosek.h. It solves nothing: it looks its problem up in cases.h.
 *
 * -D VERSION=9           the major version
 * -D LICENSE=1008        what taking a license returns
 * -D OPTIMIZE=1295       what MSK_optimizetrm returns
 * -D TERMINATED=100001   why it terminates
 * -D SOLUTION=0          the status of its solution
 * -D NO_SOLUTION         there is none
 * -D NO_BASIS            there is no basic one
 * -D NANS                the point is NaN
 * -D BLUR=1e-6           x0 is off by so much where there are cones
 * -D NO_OPTIMIZE         MSK_optimizetrm is missing
 * -D NO_CONES            MSK_appendaccseq is missing */
#include "cases.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifndef VERSION
#define VERSION 11
#endif
#ifndef LICENSE
#define LICENSE 0
#endif
#ifndef OPTIMIZE
#define OPTIMIZE 0
#endif
#ifndef TERMINATED
#define TERMINATED 0
#endif
#ifndef BLUR
#define BLUR 0
#endif
#ifndef SOLUTION
#define SOLUTION 1
#endif

enum { MAX = 16, LO = 0, UP = 1, FX = 2, FR = 3, RA = 4 };
enum { INTERIOR = 0, BASIC = 1, FEATURE_BASE = 0 };
enum { PARAM_NAME = 1206, TOO_LARGE = 1215, TOO_SMALL = 1216, VALUE = 1217, UPPER = 1415, MIXED = 1501, WRONG = 3999 };

typedef struct {
    int tasks, out;
} Env;

typedef struct {
    Env *env;
    int n, m, threads, optimizer, solved, quadratic, keys[2][MAX];
    int expressions, column[MAX], domains, size[MAX], cones;
    double c[MAX], lower[2][MAX], upper[2][MAX], a[MAX][MAX], q[MAX][MAX], tolerance[11], time, cone[MAX];
    Answer answer;
} Task;

int MSK_getversion(int *major, int *minor, int *revision) {
    *major = VERSION, *minor = 2, *revision = 7;
    return 0;
}

int MSK_makeenv(void **env, const char *file) {
    if (file) return WRONG;
    *env = calloc(1, sizeof(Env));
    return 0;
}

int MSK_deleteenv(void **env) {
    if (((Env *)*env)->tasks || ((Env *)*env)->out) abort();
    free(*env);
    *env = NULL;
    return 0;
}

int MSK_checkoutlicense(void *raw, int feature) {
    if (feature != FEATURE_BASE) return WRONG;
    ((Env *)raw)->out += LICENSE == 0;
    return LICENSE;
}

int MSK_checkinlicense(void *raw, int feature) {
    if (feature != FEATURE_BASE) return WRONG;
    ((Env *)raw)->out--;
    return 0;
}

int MSK_maketask(void *raw, int rows, int columns, void **out) {
    if (rows < 0 || columns < 0) return WRONG;
    Task *task = calloc(1, sizeof(Task));
    task->env = raw, task->env->tasks++;
    *out = task;
    return 0;
}

int MSK_deletetask(void **raw) {
    ((Task *)*raw)->env->tasks--;
    free(*raw);
    *raw = NULL;
    return 0;
}

int MSK_putparam(void *raw, const char *name, const char *value) {
    Task *task = raw;
    static const char *const TOLERANCES[11] = {
        "MSK_DPAR_INTPNT_TOL_PFEAS", "MSK_DPAR_INTPNT_TOL_DFEAS", "MSK_DPAR_INTPNT_TOL_REL_GAP",
        "MSK_DPAR_INTPNT_QO_TOL_PFEAS", "MSK_DPAR_INTPNT_QO_TOL_DFEAS", "MSK_DPAR_INTPNT_QO_TOL_REL_GAP",
        "MSK_DPAR_INTPNT_CO_TOL_PFEAS", "MSK_DPAR_INTPNT_CO_TOL_DFEAS", "MSK_DPAR_INTPNT_CO_TOL_REL_GAP",
        "MSK_DPAR_BASIS_TOL_X", "MSK_DPAR_BASIS_TOL_S",
    };
    char *end;
    double v = strtod(value, &end);
    if (end == value || *end) return VALUE;
    for (int k = 0; k < 11; k++)
        if (!strcmp(name, TOLERANCES[k])) {
            if (v < (k < 9 ? 1e-14 : 1e-9)) return TOO_SMALL;
            task->tolerance[k] = v;
            return 0;
        }
    if (!strcmp(name, "MSK_IPAR_NUM_THREADS")) task->threads = (int)v;
    else if (!strcmp(name, "MSK_DPAR_OPTIMIZER_MAX_TIME")) task->time = v;
    else if (!strcmp(name, "MSK_IPAR_OPTIMIZER")) {
        if (v > 8) return TOO_LARGE;
        task->optimizer = (int)v;
    } else return PARAM_NAME;
    return 0;
}

int MSK_linkfunctotaskstream(void *raw, int stream, void *handle, void (*print)(void *, const char *)) {
    if (stream != 0) return WRONG;
    print(handle, "a log\n");
    return 0;
}

int MSK_appendcons(void *raw, int count) {
    Task *task = raw;
    if (task->m + count > MAX) return WRONG;
    for (int i = task->m; i < task->m + count; i++) task->keys[1][i] = FR;
    task->m += count;
    return 0;
}

/* New variables are fixed at zero. */
int MSK_appendvars(void *raw, int count) {
    Task *task = raw;
    if (task->n + count > MAX) return WRONG;
    for (int j = task->n; j < task->n + count; j++) task->keys[0][j] = FX;
    task->n += count;
    return 0;
}

int MSK_putcslice(void *raw, int first, int last, const double *values) {
    Task *task = raw;
    if (first < 0 || last > task->n) return WRONG;
    memcpy(task->c + first, values, (last - first) * sizeof(double));
    return 0;
}

static int limits(Task *task, int k, int count, int first, int last, const int *key, const double *l, const double *u) {
    if (first < 0 || last > count) return WRONG;
    for (int i = first; i < last; i++) {
        if (key[i - first] == FX && l[i - first] != u[i - first]) return WRONG;
        task->keys[k][i] = key[i - first], task->lower[k][i] = l[i - first], task->upper[k][i] = u[i - first];
    }
    return 0;
}

int MSK_putvarboundslice(void *raw, int first, int last, const int *key, const double *l, const double *u) {
    return limits(raw, 0, ((Task *)raw)->n, first, last, key, l, u);
}

int MSK_putconboundslice(void *raw, int first, int last, const int *key, const double *l, const double *u) {
    return limits(raw, 1, ((Task *)raw)->m, first, last, key, l, u);
}

int MSK_putacolslice64(void *raw, int first, int last, const int64_t *begin, const int64_t *end, const int *sub,
                       const double *val) {
    Task *task = raw;
    if (first < 0 || last > task->n) return WRONG;
    for (int j = first; j < last; j++) {
        for (int i = 0; i < task->m; i++) task->a[i][j] = 0;
        for (int64_t k = begin[j - first]; k < end[j - first]; k++) task->a[sub[k]][j] = val[k];
    }
    return 0;
}

/* 1/2 x'Qx by the lower triangle; it replaces what was there. */
int MSK_putqobj(void *raw, int count, const int *row, const int *col, const double *val) {
    Task *task = raw;
    memset(task->q, 0, sizeof task->q);
    task->quadratic = count > 0;
    for (int k = 0; k < count; k++) {
        if (row[k] < col[k]) return UPPER;
        task->q[row[k]][col[k]] = task->q[col[k]][row[k]] = val[k];
    }
    return 0;
}

/* Affine expressions, here of one column each, and domains; a cone is a domain of consecutive expressions. */
int MSK_appendafes(void *raw, int64_t count) {
    Task *task = raw;
    if (count < 0 || task->expressions + count > MAX) return WRONG;
    for (int i = task->expressions; i < task->expressions + count; i++) task->column[i] = -1;
    task->expressions += (int)count;
    return 0;
}

int MSK_putafefentrylist(void *raw, int64_t count, const int64_t *row, const int *col, const double *val) {
    Task *task = raw;
    for (int64_t k = 0; k < count; k++) {
        if (row[k] < 0 || row[k] >= task->expressions || col[k] < 0 || col[k] >= task->n) return WRONG;
        if (val[k] != 1 || task->column[row[k]] != -1) return WRONG;
        task->column[row[k]] = col[k];
    }
    return 0;
}

int MSK_appendquadraticconedomain(void *raw, int64_t size, int64_t *domain) {
    Task *task = raw;
    if (size < 2 || task->domains == MAX) return WRONG;
    task->size[task->domains] = (int)size;
    *domain = task->domains++;
    return 0;
}

#ifndef NO_CONES
int MSK_appendaccseq(void *raw, int64_t domain, int64_t count, int64_t first, const double *offset) {
    Task *task = raw;
    if (domain < 0 || domain >= task->domains || count != task->size[domain] || offset) return WRONG;
    if (first < 0 || first + count > task->expressions) return WRONG;
    task->cones++;
    for (int64_t i = first; i < first + count; i++) {
        int j = task->column[i];
        if (j < 0 || task->cone[j]) return WRONG;
        task->cone[j] = i == first ? -task->cones : task->cones;
    }
    return 0;
}
#endif

static double low(const Task *task, int k, int i) {
    return task->keys[k][i] == UP || task->keys[k][i] == FR ? -INF : task->lower[k][i];
}

static double high(const Task *task, int k, int i) {
    return task->keys[k][i] == LO || task->keys[k][i] == FR ? INF : task->upper[k][i];
}

#ifndef NO_OPTIMIZE
int MSK_optimizetrm(void *raw, int *terminated) {
    Task *task = raw;
    *terminated = TERMINATED;
    task->solved = 0;
    if (LICENSE) return LICENSE;
    if (OPTIMIZE) return OPTIMIZE;
    for (int k = 0; k < 11; k++)
        if (task->tolerance[k] > (k < 9 ? 1e-10 : 1e-9) || task->tolerance[k] <= 0) return WRONG;
    if (task->threads != 1) return WRONG;
    if (task->cones && task->quadratic) return MIXED;
    if (task->n != (task->cones == 2 ? MOST_N : task->cones ? CONE_N : N)) return 0;
    if (task->m != (task->cones == 2 ? MOST_M : M)) return 0;
    Program given = {0};
    for (int i = 0; i < task->n; i++) {
        given.cone[i] = task->cone[i];
        for (int j = 0; j < task->n; j++) given.p[i][j] = task->q[i][j];
        given.q[i] = task->c[i], given.lb[i] = low(task, 0, i), given.ub[i] = high(task, 0, i);
    }
    for (int i = 0; i < task->m; i++) {
        for (int j = 0; j < task->n; j++) given.a[i][j] = task->a[i][j];
        given.l[i] = low(task, 1, i), given.u[i] = high(task, 1, i);
    }
    int k = case_of(&given);
    if (k == UNKNOWN) return 0;
    task->answer = ANSWERS[k];
    if (task->cones) task->answer.x[0] += BLUR;
#ifdef NANS
    task->answer.x[0] = NAN;
#endif
    task->solved = 1;
    return 0;
}
#endif

/* A basic solution of an LP, an interior one of all. */
int MSK_solutiondef(void *raw, int which, int *defined) {
    Task *task = raw;
    *defined = task->solved && (which == INTERIOR || (which == BASIC && !task->quadratic && !task->cones));
#ifdef NO_BASIS
    *defined = *defined && which == INTERIOR;
#endif
#ifdef NO_SOLUTION
    *defined = 0;
#endif
    return 0;
}

int MSK_getsolsta(void *raw, int which, int *status) {
    *status = SOLUTION;
    return 0;
}

/* The interior solution of an LP with a basic one is less exact. */
static double blur(const Task *task, int which) {
#ifdef NO_BASIS
    return 0;
#endif
    return which == INTERIOR && !task->quadratic && !task->cones ? 1e-3 : 0;
}

int MSK_getxx(void *raw, int which, double *x) {
    Task *task = raw;
    for (int j = 0; j < task->n; j++) x[j] = task->answer.x[j] + blur(task, which);
    return 0;
}

/* y = slc - suc, positive at a lower side. */
int MSK_gety(void *raw, int which, double *y) {
    for (int i = 0; i < ((Task *)raw)->m; i++) y[i] = -((Task *)raw)->answer.y[i];
    return 0;
}

/* Both are positive, and interior points leave something on either side. */
int MSK_getslx(void *raw, int which, double *slx) {
    for (int j = 0; j < ((Task *)raw)->n; j++) slx[j] = fmax(-((Task *)raw)->answer.z[j], 0) + 0.125;
    return 0;
}

int MSK_getsux(void *raw, int which, double *sux) {
    for (int j = 0; j < ((Task *)raw)->n; j++) sux[j] = fmax(((Task *)raw)->answer.z[j], 0) + 0.125;
    return 0;
}

int MSK_getnaintinf(void *raw, const char *name, int *value) {
    if (strcmp(name, "MSK_IINF_INTPNT_ITER")) return WRONG;
    *value = 7;
    return 0;
}
