#!/bin/sh
# Real clients of the gateway: clients.sh URL KEYS N. One in three asks for a stream; besides, one call
# without a key, one with a wrong one, one with the key in the URL, one from outside, and one with the key
# in the last line of KEYS, which has been revoked although the gateway does not know. Each user's client is the one
# of the history.
set -eu
url=$1 keys=$2 n=$3

call() { # IP USER DEPARTMENT KEY STREAM AGENT
	printf '{"model":"gpt-4.1-mini","stream":%s,"messages":[{"role":"user","content":"紹介状を要約してください"}]}' "$5" |
		curl -sS -o /dev/null --max-time 20 -A "$6" -H "X-Forwarded-For: $1" -H "X-User: $2" -H "X-Department: $3" \
			${4:+-H "Authorization: Bearer $4"} -H 'Content-Type: application/json' -d @- "$url/v1/chat/completions$query"
}

query=
lines=$(($(wc -l <"$keys") - 1))
worker() { # every eighth call
	i=$1
	while [ "$i" -lt "$n" ]; do
		IFS='	' read -r user department key tail ip agent <<EOT
$(sed -n "$((i * 7 % lines + 1))p" "$keys")
EOT
		: "$tail"
		call "$ip" "$user" "$department" "$key" "$([ $((i % 3)) = 0 ] && echo true || echo false)" "$agent"
		i=$((i + 8))
	done
}
for w in 0 1 2 3 4 5 6 7; do worker $w & done

IFS='	' read -r user department key tail ip agent <"$keys"
call 10.10.9.6 '' '' '' false curl/8.6.0
call 10.10.9.6 '' '' "sk-not-ours-9z9z" false curl/8.6.0
call 203.0.113.80 "$user" "$department" "$key" false "$agent"
query="?api_key=$key"
call "$ip" "$user" "$department" "$key" false "$agent"
query=
call 10.10.9.9 batch '' "$(tail -n 1 "$keys" | cut -f 3)" false python-httpx/0.27.0
wait
