# Makes files of 601 lines
for name in a.cpp b.ts c.py d.sh e.tsx f.css; do seq 601 | sed 's/^/line /' > "$name"; done
printf '#!/usr/bin/env bash\n' > tool
seq 600 >> tool
