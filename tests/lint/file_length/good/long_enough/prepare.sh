# Makes files of 600 lines, and a long document and a generated file
for name in a.cpp b.ts c.py d.sh; do seq 600 > "$name"; done
seq 900 > README.md
mkdir -p modules/web/src/api
seq 2000 > modules/web/src/api/schema.d.ts
