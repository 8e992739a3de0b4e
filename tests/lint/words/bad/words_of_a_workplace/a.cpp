// Written by an a[]gent
// See /wo[]rk/shared/design for more
const char* a = "/ro[]ot/.cache/x";
const char* b = "/ho[]me/someone/kith";
const char* c = "/tmp/br[]ief/x";
