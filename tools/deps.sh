#!/bin/sh
# Installs through apt what is missing, says what, and does nothing (and needs no network) when all is there.
#   tools/deps.sh SET...     sets: build demo check package bench analyse geoip browser deb
set -eu

packages() {
	case $1 in
	build) echo gcc libc6-dev make pkg-config libpango1.0-dev libcairo2-dev libsqlite3-dev libyaml-dev libmaxminddb-dev libssl-dev zlib1g-dev \
		libzstd-dev libbrotli-dev libdeflate-dev liblzma-dev libpcre2-dev libpcap0.8-dev libnghttp2-dev \
		libseccomp-dev libcap-ng-dev libical-dev tzdata ;;
	demo)  echo nginx python3 curl ca-certificates fonts-ipaexfont ;;
	check) echo python3 python3-jsonschema jing libxml2-utils tcpdump sqlite3 fonts-ipaexfont poppler-utils nginx curl openssl clang libclang-rt-dev tzdata iproute2 util-linux libhtp-dev haproxy bsdutils \
		systemd apparmor logrotate mandoc faketime zsh fish binutils ;;
	package) echo debhelper dh-apparmor dpkg-dev fakeroot lintian debootstrap haproxy ;;
	bench) echo python3 goaccess time nginx curl openssl iproute2 tcpdump httpry tshark tcpreplay ;;
	analyse) echo clang clang-tidy cppcheck ;;
	geoip) echo npm ;;
	browser) echo chromium npm fonts-ipaexfont poppler-utils ;;
	deb)   echo debhelper dh-apparmor dpkg-dev fakeroot ;;
	*) echo "tools/deps.sh: unknown set '$1', expected build, demo, check, package, bench, analyse, geoip, browser or deb" >&2; return 1 ;;
	esac
}

# A tool that came another way (a newer compiler, node with its npm) need not be a package.
have() {
	case $1 in
	npm|chromium|gcc|clang|python3|curl|openssl|nginx|goaccess|sqlite3|make) command -v "$1" >/dev/null 2>&1 && return 0 ;;
	pkg-config) command -v pkg-config >/dev/null 2>&1 && return 0 ;;
	time) [ -x /usr/bin/time ] && return 0 ;;
	esac
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

PATH=$PATH:/usr/sbin:/sbin
missing=
for set in "$@"; do
	list=$(packages "$set")
	for p in $list; do
		case " $missing " in *" $p "*) continue ;; esac
		have "$p" || missing="$missing $p"
	done
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
	echo "tools/deps.sh: missing:$missing; there is no apt-get here, install them by hand" >&2
	exit 1
fi
root=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null 2>&1 || {
		echo "tools/deps.sh: missing:$missing; run as root: apt-get install$missing" >&2
		exit 1
	}
	root=sudo
fi

echo "installing through apt:$missing"
install() {
	$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
}
# Stale or empty package lists are the usual reason for a failure: fetch them once, then try again.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! install >"$log" 2>&1; then
	$root apt-get update -q >>"$log" 2>&1 || true
	install >>"$log" 2>&1 || { cat "$log" >&2; echo "tools/deps.sh: apt could not install:$missing" >&2; exit 1; }
fi
# Debian starts a web server as soon as it is installed. Ours runs only while the demo or a test does.
case " $missing " in
*" nginx "*) if [ -d /run/systemd/system ]; then $root systemctl disable --now nginx >/dev/null 2>&1 || true; fi ;;
esac
