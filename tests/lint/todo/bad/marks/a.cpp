// A file with work left
int a;  // T[]ODO: more
