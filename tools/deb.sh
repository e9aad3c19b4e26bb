#!/bin/sh
# Builds the package from a copy of the tree (its committed and new files, not what is ignored), so that nothing of an
# earlier build is in it. Of the same files it is built once.
#   tools/deb.sh BUILD
set -eu
umask 022
build=$1
copy=$build/deb/tochoku
mkdir -p "$build"
exec 9>"$build/deb.lock"
flock 9

list() {
	if git rev-parse --git-dir >/dev/null 2>&1; then
		git ls-files -co --exclude-standard
	else
		find . -path "./$build" -prune -o -type f -print
	fi | while IFS= read -r f; do [ ! -f "$f" ] || printf '%s\n' "$f"; done | LC_ALL=C sort
}
sum=$(list | tr '\n' '\0' | xargs -0 sha256sum | sha256sum)
if [ "$(cat "$build/deb.sum" 2>/dev/null || true)" = "$sum" ] && ls "$build"/*.deb 2>/dev/null; then
	exit 0
fi
rm -rf "$build/deb" "$build"/*.deb "$build/deb.sum"
mkdir -p "$copy"
list | tar -c -T - | tar -x -C "$copy"
(cd "$copy" && dpkg-buildpackage -b -us -uc -d -j"$(nproc)") >"$build/deb/log" 2>&1 9>&- || {
	tail -40 "$build/deb/log" >&2
	echo "tools/deb.sh: the whole log is $build/deb/log" >&2
	exit 1
}
mv "$build"/deb/*.deb "$build"/deb/*.changes "$build"/deb/*.buildinfo "$build"
rm -rf "$copy"
echo "$sum" >"$build/deb.sum"
ls "$build"/*.deb
