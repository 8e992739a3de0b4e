// This one is straight
int a = 1;
