# Makes files at the very limit
truncate -s 1048576 big.bin
ln -s a.txt link.txt
printf 'A heading\n=========\n' > heading.md
: > empty
