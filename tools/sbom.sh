#!/bin/sh
# SPDX 2.3 of the program and of every library that the loader gives it, by Debian package and version.
#   tools/sbom.sh PROGRAM VERSION
set -eu
program=$1 version=$2
created=$(date -u -d "@${SOURCE_DATE_EPOCH:-$(date +%s)}" +%Y-%m-%dT%H:%M:%SZ)

# Files of the loader's list, with links followed: dpkg knows files where they really lie.
libraries() {
	ldd "$program" | awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }' | xargs -n 1 readlink -f | LC_ALL=C sort -u
}
# package version of a file; /usr may be merged
owner() {
	for f in "$1" "${1#/usr}"; do
		p=$(dpkg-query -S "$f" 2>/dev/null | head -1 | cut -d: -f1) || true
		[ -z "$p" ] || { dpkg-query -W -f '${Package} ${Version}\n' "$p" | head -1; return; }
	done
	echo "$(basename "$1") NOASSERTION"
}

cat <<END
{
  "spdxVersion": "SPDX-2.3",
  "dataLicense": "CC0-1.0",
  "SPDXID": "SPDXRef-DOCUMENT",
  "name": "tochoku-$version",
  "documentNamespace": "https://spdx.org/spdxdocs/tochoku-$version-$(sha256sum "$program" | cut -c1-32)",
  "creationInfo": {"created": "$created", "creators": ["Tool: tools/sbom.sh"]},
  "packages": [
    {"SPDXID": "SPDXRef-tochoku", "name": "tochoku", "versionInfo": "$version", "downloadLocation": "NOASSERTION",
     "filesAnalyzed": false, "licenseConcluded": "Apache-2.0", "licenseDeclared": "Apache-2.0", "copyrightText": "NOASSERTION"}
END
relations=
for file in $(libraries); do
	set -- $(owner "$file")
	id=SPDXRef-$(basename "$file" | tr -c 'A-Za-z0-9.\n' '-')
	relations="$relations,
    {\"spdxElementId\": \"SPDXRef-tochoku\", \"relationshipType\": \"DYNAMIC_LINK\", \"relatedSpdxElement\": \"$id\"}"
	cat <<END
    ,{"SPDXID": "$id", "name": "$1", "versionInfo": "$2", "packageFileName": "$(basename "$file")", "downloadLocation": "NOASSERTION",
     "filesAnalyzed": false, "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION", "copyrightText": "NOASSERTION",
     "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:deb/debian/$1@$(printf %s "$2" | sed 's/+/%2B/g; s/:/%3A/g')"}]}
END
done
cat <<END
  ],
  "relationships": [
    {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-tochoku"}$relations
  ]
}
END
