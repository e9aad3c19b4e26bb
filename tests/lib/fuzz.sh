#!/bin/sh
# Fuzzes each program for FUZZ_SECONDS, starting from tests/corpora/NAME, with the words of tests/fuzz/dict/NAME.dict;
# what it finds goes to build/corpus/NAME.
set -eu
[ $# -gt 0 ] || { echo "fuzz.sh: no fuzz targets" >&2; exit 1; }
bad=0
for program in "$@"; do
	name=$(basename "$program")
	name=${name#fuzz_}
	mkdir -p "build/corpus/$name"
	seeds=
	[ ! -d "tests/corpora/$name" ] || seeds=tests/corpora/$name
	words=
	[ ! -e "tests/fuzz/dict/$name.dict" ] || words=-dict=tests/fuzz/dict/$name.dict
	echo "fuzz $name for ${FUZZ_SECONDS:-60} s"
	"$program" $words -max_total_time="${FUZZ_SECONDS:-60}" -timeout=1 -rss_limit_mb=1024 -print_final_stats=1 -verbosity=0 \
		-artifact_prefix="build/corpus/crash-$name-" "build/corpus/$name" $seeds || bad=1
done
[ $bad = 0 ] || echo "what broke them lies in build/corpus/crash-*" >&2
exit $bad
