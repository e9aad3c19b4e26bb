#!/bin/sh
# Sigma rules over the labelled events of the corpora: every match, none missing, none extra; of correlations every
# event at which one holds, with its group and whether an episode begins, and by default the episodes alone.
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

# check NAME RULES OPTION WHAT: the lines that eval prints against $work/want.
check()
{
	n=$((n + 1))
	"$program" rules eval --rules "$2" --events "$corpus/events/$1.jsonl" --lists "$corpus/own/placeholders.yml" $3 \
		>"$work/out" 2>"$work/err"
	status=$?
	sed 's/^{"rule":"\([^"]*\)","event":\([0-9]*\)/\1\t\2/; s/,"group":\(.*\),"begins":true}$/\t\1\t1/
		s/,"group":\(.*\),"begins":false}$/\t\1\t0/; s/}$//' "$work/out" | sort >"$work/got"
	missing=$(comm -13 "$work/got" "$work/want" | wc -l)
	extra=$(comm -23 "$work/got" "$work/want" | wc -l)
	want=$(wc -l <"$work/want")
	if [ "$missing" -eq 0 ] && [ "$extra" -eq 0 ] && [ "$want" -gt 0 ] && [ "$status" -eq 0 ]; then
		echo "ok $n - sigma $1: $want $4"
	else
		bad=1
		echo "not ok $n - sigma $1: of $want $4 $missing missing, $extra extra; exit $status"
		comm -3 "$work/got" "$work/want" | head -n 10 | sed 's/^/#   /'
		grep -v warning: "$work/err" | head -n 10 | sed 's/^/#   /'
	fi
}

plain()
{
	sort "$corpus/events/$1.matches.tsv" >"$work/want"
	check "$1" "$2" '' matches
}

correlated()
{
	# the corpus has a blank behind the comma between two values
	sed 's/", "/","/g' "$corpus/events/$1.correlations.tsv" | cat - "$corpus/events/$1.matches.tsv" | sort >"$work/want"
	check "$1" "$2" --holds 'matches and evaluations that hold'
	sed -n 's/\t[^\t]*\t1$//p' "$corpus/events/$1.correlations.tsv" |
		cat - "$corpus/events/$1.matches.tsv" | sort >"$work/want"
	check "$1" "$2" '' 'matches and episodes'
}

plain core "$corpus/own/core.yml"
plain sigmahq "$corpus/sigmahq"
correlated decisions "$corpus/own/decisions.yml"
correlated correlation "$corpus/own/correlation.yml"
echo "1..$n"
exit $bad
