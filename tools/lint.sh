#!/bin/sh
# What a machine can say about taste: line and function lengths, unfinished words. `make analyse` looks for faults.
set -eu
bad=0
sources=$(find core geoip rules sensor reports cli tests \( -name '*.[ch]' -o -name '*.def' \) | sort)
code=$(find core geoip rules sensor reports cli -name '*.c' | sort)

complain() { [ -z "$2" ] || { printf '%s\n%s\n' "$1" "$2"; bad=1; }; }

# A row of a table and a line of text that people read are one line.
complain "lines over 110 columns (a tab is 8):" "$(for f in $sources; do
	expand "$f" | awk -v f="$f" '{ n = $0; gsub(/[\200-\277]/, "", n) } f ~ /\.def$/ && /^ *[A-Z_]+\(/ { next }
		/^ *"/ || /\.doc = "/ { next } length(n) > 110 { print f ":" NR ": " length(n) }'
done)"
complain "functions over 80 lines:" "$(for f in $code; do awk -v f="$f" '
	/^[A-Za-z_].*[^;]$/ { head = $0 }
	/^\{/ { start = NR; name = head }
	/^\}/ { if (start && NR - start > 80) print f ":" start ": " NR - start " lines: " name; start = 0 }' "$f"
done)"
complain "files over 600 lines:" "$(wc -l $sources | awk '$2 != "total" && $1 > 600 { print $2 ": " $1 }')"
complain "unfinished words:" "$(grep -nE '\b(TODO|FIXME|XXX|HACK)\b|not implemented|unimplemented' $code || true)"
exit $bad
