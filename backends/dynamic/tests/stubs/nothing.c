/* A library of another vendor: it has none of the functions that are looked for. */
int nothing(void) { return 0; }
