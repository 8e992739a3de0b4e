# Makes what must not be in the tree by itself
truncate -s 1048577 big.bin
printf 'a\r\nb\n' > crlf.txt
printf 'no end' > open.txt
printf 'x\n' > 'two words.txt'
printf 'x\n' > Case.txt
printf 'x\n' > case.txt
ln -s /etc/hostname outside
ln -s nothing nowhere
printf '# x\n<<<<<<< HEAD\na\n' > merge.md
printf -- '-----BEGIN RSA PRIVATE %s-----\n' KEY > key.pem
