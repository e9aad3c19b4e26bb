#!/bin/sh
# Real clients of the research service: research.sh URL KEY N. Chats and embeddings, plain, streamed, gzipped, and
# with a body sent in chunks; besides, one call with a key that is refused. Each call has a request id of its own.
set -eu
url=$1 key=$2 n=$3

call() { # ID PATH BODY CURL-OPTION...
	id=$1 path=$2 body=$3
	shift 3
	printf '%s' "$body" | curl -sS -o /dev/null --max-time 20 -H "X-Request-ID: $id" \
		-H "Authorization: Bearer $key" -H "X-Forwarded-For: 10.10.200.$((10 + i % 3))" \
		-H "X-User: researcher$((1 + i % 3))" -H 'X-Department: 臨床研究部' \
		-H 'Content-Type: application/json' -d @- "$@" "$url$path"
}

embed() { # CURL-OPTION...
	call "research-$i" /v1/embeddings '{"model":"text-embedding-3-small","input":"副作用の記載 '"$i"'"}' "$@"
}

chat() { # STREAM CURL-OPTION...
	stream=$1
	shift
	call "research-$i" /v1/chat/completions '{"model":"gpt-4.1","stream":'"$stream"',"messages":[{"role":"user",
		"content":"匿名化された経過記録'"$i"'から、副作用の記載を抜き出してください。"}]}' "$@"
}

worker() { # every eighth call
	i=$1
	while [ "$i" -lt "$n" ]; do
		case $((i % 6)) in
		0) chat false ;;
		1) chat true ;;
		2) chat false --compressed ;;
		3) chat true --compressed ;;
		4) chat false -H 'Transfer-Encoding: chunked' ;;
		5) embed --compressed ;;
		esac
		i=$((i + 8))
	done
}
for w in 0 1 2 3 4 5 6 7; do worker $w & done
wait
i=$n key=sk-not-ours-9z9z
chat false
