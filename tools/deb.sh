#!/bin/sh
# Builds the package from a copy of the tree (its committed and new files, not what is ignored), so that nothing of an
# earlier build is in it.
#   tools/deb.sh BUILD
set -eu
umask 022
build=$1
copy=$build/deb/tochoku
rm -rf "$build/deb"
mkdir -p "$copy"
if git rev-parse --git-dir >/dev/null 2>&1; then
	git ls-files -co --exclude-standard
else
	find . -path "./$build" -prune -o -type f -print
fi | while IFS= read -r f; do [ ! -f "$f" ] || printf '%s\n' "$f"; done | tar -c -T - | tar -x -C "$copy"
(cd "$copy" && dpkg-buildpackage -b -us -uc -d -j"$(nproc)") >"$build/deb/log" 2>&1 || {
	tail -40 "$build/deb/log" >&2
	echo "tools/deb.sh: the whole log is $build/deb/log" >&2
	exit 1
}
mv "$build"/deb/*.deb "$build"/deb/*.changes "$build"/deb/*.buildinfo "$build"
rm -rf "$copy"
ls "$build"/*.deb
