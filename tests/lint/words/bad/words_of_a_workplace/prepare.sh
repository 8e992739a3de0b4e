# The words are kept in two halves, so that no search of the tree finds them
sed -i 's/\[\]//' a.cpp b.md c.ts
