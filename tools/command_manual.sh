#!/bin/sh
# tochoku(1) with the help of each command, which is the program's own: MANUAL TOCHOKU
set -eu
manual=$1 tochoku=$2

# Text as it is: what roff would read otherwise is escaped.
plain() { sed 's/\\/\\e/g; s/-/\\-/g; s/^\./\\\&./; s/^'"'"'/\\\&'"'"'/'; }

sed '/^\.SH EXIT STATUS$/,$d' "$manual"
printf '%s\n' '.SH "EVERY OPTION"' 'What \fBtochoku \fICOMMAND\fB \-\-help\fR prints.'
"$tochoku" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p' | while read -r command; do
	printf '.SS %s\n.EX\n' "$command"
	"$tochoku" "$command" --help | plain
	echo .EE
done
sed -n '/^\.SH EXIT STATUS$/,$p' "$manual"
