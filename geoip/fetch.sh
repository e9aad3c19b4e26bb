#!/bin/sh
# Fetches free GeoIP databases into a folder (default ./var/geoip): `make geoip`.
# usage: geoip/fetch.sh [FOLDER [PACKAGE...]]
#
# They come as packages of the npm registry, by name, with the ordinary npm client; nothing of the
# packages is run. Without names: the CC0 country table of ip-location-db, in the flat layout
# (country_code). Further packages with .mmdb files, for instance one with AS numbers, may be named. A
# database of your own in MaxMind's format does as well: name it under geoip.databases in tochoku.yml.
set -eu

folder=${1:-var/geoip}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- @ip-location-db/geo-whois-asn-country-mmdb

if ! command -v npm >/dev/null; then
	echo "geoip: npm is missing (Debian: apt-get install npm); without a database tochoku runs and" \
	     "leaves countries out" >&2
	exit 3
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

for package in "$@"; do
	echo "geoip: $package"
	mkdir "$work/pack"
	(cd "$work/pack" && npm pack --silent --ignore-scripts "$package" >/dev/null)
	(cd "$work/pack" && tar -xzf ./*.tgz)
	found=0
	for file in "$work"/pack/package/*.mmdb; do
		[ -f "$file" ] || continue
		name=$(basename "$file")
		case $name in *-ipv4.mmdb|*-ipv6.mmdb)
			# halves of a database that is there as a whole
			whole=$(echo "$name" | sed 's/-ipv[46]\.mmdb$/.mmdb/')
			[ -f "$work/pack/package/$whole" ] && continue ;;
		esac
		# a reader that has the old one mapped keeps it: replace by rename, never write into it
		cp "$file" "$folder/.$name.new"
		chmod 0644 "$folder/.$name.new"
		mv "$folder/.$name.new" "$folder/$name"
		echo "geoip:   $folder/$name"
		found=1
	done
	if [ "$found" = 0 ]; then
		echo "geoip: $package holds no .mmdb file" >&2
		exit 3
	fi
	rm -rf "$work/pack"
done
