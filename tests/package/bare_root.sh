#!/bin/sh
# Inside a bare Debian root: what the manual says of the first day, and the last. Prints "STEP ..." lines for
# test_bare_root.py.
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 TMPDIR=/tmp
step() { echo "STEP $*"; }
everything() { find / -xdev \( -path /proc -o -path /dev -o -path /sys -o -path /tmp -o -path /var/cache -o -path /var/lib/apt \
	-o -path /var/lib/dpkg -o -path /var/log -o -path /run -o -path /var/lib/nginx \) -prune -o -print | sort; }
tochoku= server=
stop() { for p in $tochoku $server; do kill "$p" 2>/dev/null || true; done; wait 2>/dev/null || true; }
trap stop EXIT

apt-get update -q >/dev/null
apt-get install -y -q --no-install-recommends nginx-light curl systemd tzdata >/dev/null
# What it depends on comes first, and stays in the end: apt's autoremove takes that, not a purge.
apt-get satisfy -y -q --no-install-recommends "$(dpkg-deb -f /root/tochoku.deb Depends)" >/dev/null
everything >/tmp/before
apt-get install -y -q --no-install-recommends /root/tochoku.deb >/dev/null
step installed "$(tochoku --version)"
step owner "$(stat -c '%U:%G %a' /var/lib/tochoku)"

gzip -dc /usr/share/doc/tochoku/examples/nginx.conf.gz 2>/dev/null >/etc/nginx/conf.d/tochoku.conf ||
	cp /usr/share/doc/tochoku/examples/nginx.conf /etc/nginx/conf.d/tochoku.conf
cat >/etc/nginx/sites-enabled/default <<END
server { listen 127.0.0.1:$PORT; location / { return 200 '{"ok":true}'; } }
END
nginx -g 'daemon off;' & server=$!
umask 027 # as the units have it
tochoku setup --yes --site 試験病院 --log /var/log/nginx/tochoku.json --format nginx-json --budget 100
step setup "$(stat -c '%U:%G %a' /etc/tochoku/tochoku.yml) $(stat -c '%U %a' /var/lib/tochoku/keys/fingerprint.key)"
tochoku run & tochoku=$!
for i in $(seq 100); do tochoku status >/tmp/status 2>&1 && break; sleep 0.2; done
cat /tmp/status
for r in recorder sensor; do
	p=$(pgrep -f "role $r" || ls /proc | grep -E '^[0-9]+$' | while read -r q; do
		tr '\0' ' ' <"/proc/$q/cmdline" 2>/dev/null | grep -q -e "--role $r" && echo "$q" || true; done | head -1)
	step user "$r" "$(stat -c %U "/proc/$p/task" 2>/dev/null || true)" "$(sed -n 's/^Uid:\t\([0-9]*\).*/\1/p' "/proc/$p/status")" \
		"$(id -u tochoku)" "$(id -u tochoku-sensor)"
done
curl -sS -X POST -H 'X-User: tanaka' -d '{}' "http://127.0.0.1:$PORT/v1/chat/completions" >/dev/null
for i in $(seq 100); do
	tochoku export --format jsonl --from 2020-01-01 --to 2099-01-01 | grep -q '"url.path":"/v1/chat/completions"' && break
	sleep 0.2
done
step event "$(tochoku export --format jsonl --from 2020-01-01 --to 2099-01-01 | grep -c '"url.path":"/v1/chat/completions"')"
step report "$(tochoku report daily --date "$(TZ=Asia/Tokyo date +%F)" --format json | grep -o '"calls":[0-9]*' | head -1)"
tochoku doctor || true
step doctor "$(tochoku doctor 2>&1 | grep -c '^FAIL' || true)"
tochoku metrics | grep -q '^tochoku_up 1' && step metrics up
# People of the group read, decide and sign, each under a name of their own; who is not in it does nothing.
for p in kaneko yamada; do useradd -m -G tochoku "$p"; done
useradd -m nobodys
as() { who=$1; shift; runuser -u "$who" -- "$@"; }
step people "$(as kaneko tochoku duty inquiry --new 0 --open 0 >/dev/null && echo inquiry)" \
	"$(as kaneko tochoku duty sign D1.4=normal D1.1=normal D1.2=normal D1.3=normal --accept-proposed --coverage-reason 初日 >/dev/null && echo signed)" \
	"$(as kaneko tochoku duty sign --as approver >/dev/null 2>&1 || echo not-alone)" \
	"$(as yamada tochoku duty sign --as approver >/dev/null && echo approved)" \
	"$(as nobodys tochoku duty list >/dev/null 2>&1 || echo refused)"
step names "$(as kaneko tochoku duty list --json | grep -m 1 -o '"signed_by":"[^"]*"') $(as yamada tochoku duty list --json | grep -m 1 -o '"approved_by":"[^"]*"')"
step reads "$(as kaneko tochoku report daily --format json | grep -c '"calls"') $(as kaneko tochoku export --format csv --from 2020-01-01 --to 2099-01-01 | grep -c chat/completions) $(as kaneko tochoku verify /var/lib/tochoku/trail >/dev/null; echo $?)"
for p in kaneko yamada nobodys; do userdel -r "$p" 2>/dev/null; done
kill "$tochoku"; wait "$tochoku" && step stopped 0
tochoku=
step secret "$(find /var/lib/tochoku/keys -type f -perm /077 | tr '\n' ' ')"
step state "$(find /var/lib/tochoku ! -user tochoku | wc -l)"
apt-get remove -y -q tochoku >/dev/null
step removed "$(ls /usr/bin/tochoku /usr/share/tochoku 2>/dev/null | wc -l) $(ls /var/lib/tochoku/ledger.db /etc/tochoku/tochoku.yml | wc -l)"
apt-get purge -y -q tochoku 2>&1 | grep '^tochoku:' || true
rm -f /etc/nginx/conf.d/tochoku.conf
everything >/tmp/after
step purged "$(comm -13 /tmp/before /tmp/after | tr '\n' ' ')"
