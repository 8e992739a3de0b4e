// The program's beginning
