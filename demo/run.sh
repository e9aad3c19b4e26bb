#!/bin/sh
# The main job, once: a real gateway (nginx) before a small upstream, real clients of its two services, one captured
# live and the log of the other tailed, two weeks of history, and what the officer reads next morning. Everything lies
# in build/demo and stops with this script.
set -eu
cd "$(dirname "$0")/.."
top=$PWD
dir=$top/build/demo
tochoku=$top/build/tochoku
loggen=$top/build/tests/loggen
PATH=$PATH:/usr/sbin:/sbin
LC_ALL=C.UTF-8
export TZ=Asia/Tokyo LC_ALL
requests=${DEMO_REQUESTS:-240} research_calls=72
upstream= sensor= gateway= recorder=

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
run() { printf '$ %s\n' "$*" | sed "s#$top/build/##; s#$dir/##g"; "$@"; }
fail() { echo "demo: $*" >&2; exit 1; }

stop() {
	status=$?
	trap - EXIT INT TERM
	for pid in $sensor $recorder $gateway $upstream; do kill "$pid" 2>/dev/null || true; done
	wait 2>/dev/null || true
	exit $status
}
trap stop EXIT
trap 'exit 130' INT TERM

wait_for() { # SECONDS WHAT COMMAND...
	tries=$(($1 * 10)) what=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || fail "$what did not happen in time (see $dir)"
		sleep 0.1
	done
}

free_ports() {
	python3 -c 'import socket
s = [socket.create_server(("127.0.0.1", 0)) for _ in range(4)]
print(*(x.getsockname()[1] for x in s))'
}

answers() { python3 -c 'import socket, sys; socket.create_connection(("127.0.0.1", int(sys.argv[1])))' "$1"; }

rm -rf "$dir"
mkdir -p "$dir/tmp"
cd "$dir"
yesterday=$(date -d yesterday +%F)
first=$(date -d '14 days ago' +%F)
middle=$(date -d '7 days ago' +%F)
read -r port research behind upstream_port <<EOT
$(free_ports)
EOT

say "configuration"
cat >tochoku.yml <<YML
site:
  name: 中央病院
inputs:
  tails:
    - {name: gateway, path: $dir/access.log, format: nginx-json}
  captures:
    - {name: research, interface: lo, filter: "tcp port $research"}
networks:
  zones:
    - {name: ward, cidr: [10.10.0.0/16]}
geoip:
  databases: [$dir/countries.mmdb]
calendar:
  extra_closed: []
  departments:
    看護部: {hours: "00:00-24:00"}
    救急部: {hours: "00:00-24:00"}
identities:
  users:
    - {id: suzuki, department: 外科, roles: [clerk]}
functions:
  - {name: 文書作成支援, match: {path: /v1/chat/completions}}
  - {name: 退院サマリー, match: {path: /v1/messages}}
  - {name: 問い合わせ応答, match: {path: /v1/responses}}
  - {name: 文献検索, match: {path: /v1/embeddings}}
budget:
  month_usd: 150
ranges:
  business: {cost_usd: [1, 10]}
ledger:
  path: $dir/ledger.db
  keys: $dir/keys
YML
printf 'network,country\n203.0.113.0/24,US\n198.51.100.0/24,DE\n' |
	python3 "$top/tests/lib/mmdb_write.py" countries.mmdb --layout nested --epoch "$(date +%s)"

# The right to capture (root, CAP_NET_RAW) may be missing. Then a relay writes the same calls into a file instead.
can_capture=yes
"$tochoku" doctor 2>/dev/null | grep -q 'capture: this user has the right' || can_capture=
if [ -z "$can_capture" ]; then
	[ -z "${CI:-}" ] || fail "no right to capture (CAP_NET_RAW), which is a failure in CI"
	say "no right to capture here (CAP_NET_RAW): a capture file is used instead of the interface"
	sed -i '/^  captures:/,/name: research/d' tochoku.yml
fi

# Holidays are known by rule. Where none lies in the second week, the hospital closes for a day of its own.
closed=$("$tochoku" calendar show --from "$first" --to "$yesterday" --json | python3 "$top/demo/closed.py")
if ! printf '%s\n' $closed | awk -v m="$middle" '$0 >= m { found = 1 } END { exit !found }'; then
	own=$(date -d '4 days ago' +%F)
	[ "$(date -d "$own" +%u)" != 7 ] || own=$(date -d '5 days ago' +%F)
	sed -i "s/extra_closed: \[\]/extra_closed: [$own]/" tochoku.yml
	closed="$closed $own"
fi
cat tochoku.yml

say "two weeks of history: $first to $yesterday, closed:${closed:+ }$closed"
echo "(a log with tokens, as a gateway that reads usage writes it; nginx looks into no answer, so today's has none)"
set -- --calls 900 --users 32 --seed 7
for day in $closed; do set -- "$@" --closed "$day"; done
"$loggen" --start "$first" --days 14 --misuse --labels planted.tsv "$@" >history.log 2>loggen.err
# ... and today's first hours, so that yesterday is watched to its end
"$loggen" --start "$(date +%F)" --days 1 --calls 900 --users 32 --seed 8 2>/dev/null |
	LC_ALL=C awk -v now="$(date +%FT%T)" 'substr($0, 8, 19) < now' >>history.log
"$loggen" --users 32 --seed 7 --keys >keys.tsv
printf 'batch\t\tsk-hosp-batch-r3v0\tr3v0\t10.10.9.9\n' >>keys.tsv # a job of the first week
LC_ALL=C awk -v m="$middle" '{ print > (substr($0, 8, 10) < m ? "history-1.log" : "history-2.log") }' history.log
gzip history-1.log
wc -l history.log | sed 's/ .*/ lines/'

say "first week: with an empty register no key is called unknown; then those that were seen are adopted"
run "$tochoku" import --input gateway history-1.log.gz
run "$tochoku" keys adopt --all

say "second week, with what the officer should notice"
run "$tochoku" import --input gateway history-2.log

say "the gateway, its clients, and tochoku beside it"
printf 'research\t\tsk-hosp-research-%s\n' "$(od -An -N8 -tx1 /dev/urandom | tr -d ' ')" >research.tsv
research_key=$(cut -f 3 research.tsv)
python3 "$top/demo/upstream.py" "$upstream_port" keys.tsv research.tsv 2>upstream.err &
upstream=$!
[ "$(id -u)" = 0 ] && user='user root;' || user=
[ -n "$can_capture" ] && at_gateway=$research || at_gateway=$behind
sed -e "s#@USER@#$user#; s#@DIR@#$dir#; s#@PORT@#$port#; s#@RESEARCH@#$at_gateway#; s#@UPSTREAM@#$upstream_port#" \
	"$top/demo/nginx.conf" >nginx.conf
wait_for 5 "the upstream's start" curl -s "http://127.0.0.1:$upstream_port/v1/models"
nginx -p "$dir" -c "$dir/nginx.conf" -e "$dir/nginx-error.log" &
gateway=$!
wait_for 5 "nginx's start" curl -s "http://127.0.0.1:$port/v1/models"
"$tochoku" run >run.out 2>run.err &
sensor=$!
since=$(date +%Y-%m-%dT%H:%M:%S%:z)
# a command that comes before the recorder would open the ledger itself
wait_for 20 "the recorder's start" sh -c "'$tochoku' status | grep -q '^OK .*recorder: running'"
run "$tochoku" keys revoke "$("$tochoku" keys list --json | python3 "$top/demo/key_of.py" batch)"
printf '%s' "$research_key" | run "$tochoku" keys add --id research --kind service
sleep 1 # a log tells the second in which a key was used

exported() { "$tochoku" export --format jsonl --from "$since" --to "$(date -d tomorrow +%F)"; }
request_ids() { grep -o "$1" | grep -oE '[0-9a-f]{32}' | sort; }
tailed() {
	cat access.log.1 access.log | request_ids '"rid":"[^"]*"' >sent.txt
	exported | grep '"tochoku.input":"gateway"' | request_ids '"http.request.id":"[^"]*"' >seen.txt
	cmp -s sent.txt seen.txt
}
captured() { exported | python3 "$top/demo/captured.py" research.log >captured.txt 2>captured.err; }

if [ -n "$can_capture" ]; then
	wait_for 20 "the capture's start" sh -c "'$tochoku' status | grep -q '^OK.* research: captures from lo'"
	how="captured live on lo"
else
	python3 "$top/demo/recorder.py" "$research" "$behind" research.pcap &
	recorder=$!
	wait_for 5 "the relay's start" answers "$research"
	how="read from research.pcap"
fi
"$top/demo/clients.sh" "http://127.0.0.1:$port" keys.tsv $((requests / 2)) &
clients=$!
"$top/demo/research.sh" "http://127.0.0.1:$research" "$research_key" $research_calls
wait "$clients"
mv access.log access.log.1 && kill -USR1 "$gateway"
"$top/demo/clients.sh" "http://127.0.0.1:$port" keys.tsv $((requests - requests / 2))
if [ -n "$recorder" ]; then
	kill "$recorder" && wait "$recorder"
	recorder=
	run "$tochoku" import --input research research.pcap
fi
wait_for 20 "every call's arrival in the ledger" tailed
echo "the gateway's log, tailed: $(wc -l <sent.txt) calls, its log rotated once, each of them in the ledger once"
wait_for 20 "every captured call's arrival in the ledger" captured
echo "the research service, $how: $(cat captured.txt)"
run "$tochoku" status

say "the morning findings"
run "$tochoku" findings list --from "$middle"
say "the daily report"
run "$tochoku" report daily --date "$yesterday" --format text --lang ja
for lang in ja en; do
	for format in html json; do
		"$tochoku" report daily --date "$yesterday" --lang $lang --format $format -o "report-$lang.$format"
	done
done
kill "$sensor" && wait "$sensor" || fail "tochoku run ended with status $?"
sensor=

say "files"
for file in report-ja.html report-en.html report-ja.json report-en.json tochoku.yml ledger.db nginx.conf planted.tsv; do
	echo "$dir/$file"
done
