// A source file needs none
