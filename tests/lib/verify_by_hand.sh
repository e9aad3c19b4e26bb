#!/bin/sh
# A sealed trail checked with openssl, sha256sum and the shell alone, as a stranger would by the text of the format:
# verify_by_hand.sh FOLDER. Knows nothing of tochoku but its files. What was erased is checked as far as a stranger
# can: a later, sealed erase record must name the segment and its manifest, and bear the SHA-256 of a file with stubs;
# a stub stands for its record in the chain. What such a record said nobody can see, nor whether its leaf is right.
set -eu
cd "$1"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { echo "verify_by_hand: $*" >&2; exit 1; }

# text_of NOTE: what was signed. Signatures stand behind the last empty line.
text_of() {
	awk '{ line[NR] = $0 } $0 == "" { last = NR } END { for (i = 1; i < last; i++) print line[i] }' "$1" >"$work/text"
}

# signed NOTE VKEY: a signature of that key is there and right.
signed() {
	name=${2%%+*}
	printf '%s' "${2#*+*+}" | openssl base64 -d -A | tail -c 32 >"$work/pub"
	{ printf '\060\052\060\005\006\003\053\145\160\003\041\000'; cat "$work/pub"; } >"$work/k.der"
	line=$(grep -F -- "— $name " "$1" | tail -1) || fail "$1: not signed by $name"
	printf '%s' "${line##* }" | openssl base64 -d -A | tail -c 64 >"$work/sig"
	text_of "$1"
	openssl pkeyutl -verify -pubin -keyform DER -inkey "$work/k.der" -rawin -in "$work/text" -sigfile "$work/sig" \
		>/dev/null 2>&1 || fail "$1: the signature of $name is wrong"
}

field() { sed -n "s/^$1 //p" "$work/text"; }

# allowed SEGMENT MANIFEST PATTERN: an erase record of a later segment says so. Those are sealed, and checked when
# their turn comes.
allowed() {
	find segments -name '*.jsonl' | sort | while read -r later; do
		number=${later##*/}
		number=$(printf '%s' "${number%%-*}" | sed 's/^0*\(.\)/\1/')
		[ "$number" -gt "$1" ] || continue
		grep -F '"type":"erase"' "$later" | grep -F "\"segment\":$1,\"seq\":" | grep -F "\"manifest\":\"$2\"" |
			grep -F "$3" || true
	done | grep -q .
}

signed notes/epoch-0001.note "$(cat site-key.vkey)"
prev=$(sha256sum <"$work/text" | cut -d' ' -f1)
h=$prev
key=$(field first-key)
log=$(field log-key)
n=0
erased=0
while [ -e "$(printf 'notes/segment-%06d.note' "$n")" ]; do
	note=$(printf 'notes/segment-%06d.note' "$n")
	signed "$note" "$key"
	[ "$(field prev)" = "$prev" ] || fail "$note: prev"
	prev=$(sha256sum <"$work/text" | cut -d' ' -f1)
	file=segments/$(field file)
	if [ ! -e "$file" ]; then
		allowed "$n" "$prev" '"scope":"whole"' || fail "$file: is missing, and no erase record says why"
		erased=$((erased + $(field records)))
		h=$(field last-hash)
	else
		sum=$(sha256sum <"$file" | cut -d' ' -f1)
		[ "$sum" = "$(field sha256)" ] || allowed "$n" "$prev" "\"new_sha256\":\"$sum\"" || fail "$file: sha256"
		[ "$(wc -l <"$file")" = "$(field records)" ] || fail "$file: records"
		while IFS= read -r line; do
			case $line in
			'# '*)
				[ "$sum" != "$(field sha256)" ] || fail "$file: a stub that was sealed"
				erased=$((erased + 1))
				h=${line##* } ;;
			*"\"h\":\"$h\""*) h=$(printf '%s' "$line" | sha256sum | cut -d' ' -f1) ;;
			*) fail "$file: h" ;;
			esac
		done <"$file"
	fi
	[ "$h" = "$(field last-hash)" ] || fail "$file: last-hash"
	next=$(field next-key)
	check=$(printf 'notes/checkpoint-%06d.note' $((n + 1)))
	signed "$check" "$key"
	signed "$check" "$log"
	key=$next
	n=$((n + 1))
done
[ "$n" -gt 0 ] || fail "no segment"
[ "$erased" = 0 ] || echo "$erased records were erased, as later records declare: of them only their hashes are known"
echo "$n segments agree"
