#!/bin/sh
# Sigma rules over the labelled events of the corpora: every match, none missing, none extra.
# usage: tests/corpora/test_sigma.sh [PROGRAM]; the corpora lie in $TOCHOKU_CORPORA, by default ../shared/corpora.
set -u
export LC_ALL=C
program=${1:-${TOCHOKU:-build/tochoku}}
corpus=${TOCHOKU_CORPORA:-../shared/corpora}/sigma
if [ ! -d "$corpus/events" ]; then
	echo "1..0 # SKIP no corpora at $corpus"
	exit 0
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
n=0 bad=0

# check NAME RULES STATUS: STATUS is what eval must answer (2: the set has documents that are left out).
check()
{
	n=$((n + 1))
	"$program" rules eval --rules "$2" --events "$corpus/events/$1.jsonl" --lists "$corpus/own/placeholders.yml" \
		>"$work/out" 2>"$work/err"
	status=$?
	sed 's/^{"rule":"\([^"]*\)","event":\([0-9]*\)}$/\1\t\2/' "$work/out" | sort >"$work/got"
	sort "$corpus/events/$1.matches.tsv" >"$work/want"
	missing=$(comm -13 "$work/got" "$work/want" | wc -l)
	extra=$(comm -23 "$work/got" "$work/want" | wc -l)
	want=$(wc -l <"$work/want")
	if [ "$missing" -eq 0 ] && [ "$extra" -eq 0 ] && [ "$want" -gt 0 ] && [ "$status" -eq "$3" ]; then
		echo "ok $n - sigma $1: $want matches"
	else
		bad=1
		echo "not ok $n - sigma $1: of $want matches $missing missing, $extra extra; exit $status, wanted $3"
		comm -3 "$work/got" "$work/want" | head -n 10 | sed 's/^/#   /'
		grep -v warning: "$work/err" | head -n 10 | sed 's/^/#   /'
	fi
}

check core "$corpus/own/core.yml" 0
check sigmahq "$corpus/sigmahq" 0
# The base rules of these match; their correlations are told as not supported.
check decisions "$corpus/own/decisions.yml" 2
check correlation "$corpus/own/correlation.yml" 2
echo "1..$n"
exit $bad
