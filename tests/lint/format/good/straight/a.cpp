// Straight all along
int a = 1;
