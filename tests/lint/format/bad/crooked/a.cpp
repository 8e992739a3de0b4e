// The third line is crooked
int a = 1;
int   b=2;
