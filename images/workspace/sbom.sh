#!/bin/sh
# Prints what the image holds as SPDX 2.3 JSON: Debian's packages and OpenCode, which no scanner recognises
# in a bare binary. Runs in the image while it is built.
#
# Usage: sbom.sh OPENCODE_VERSION ARCHITECTURE < opencode.sha256

set -eu

debian_packages() {
  dpkg-query --show --showformat \
    '${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\n' | LC_ALL=C sort
}

main() { # version, architecture
  opencode=$(sed -n "s#^\([0-9a-f]*\)  $2/\(.*\)-$1\.tgz\$#\2\t$1\t\1#p")
  [ -n "$opencode" ] || {
    echo "sbom: opencode.sha256 has no OpenCode $1 for $2" >&2
    exit 1
  }
  packages=$(debian_packages)
  # shellcheck source=/dev/null
  . /etc/os-release
  printf '%s\n' "$packages" | jq --raw-input --slurp \
    --arg opencode "$opencode" --arg vendor "$ID" --arg distro "$ID-$VERSION_ID" \
    --arg created "$(date -u +%Y-%m-%dT%H:%M:%SZ)" \
    --arg digest "$(printf '%s\n' "$opencode" "$packages" | sha256sum | cut -c 1-32)" '
    def package($id; $name; $version; $purl):
      {
        SPDXID: "SPDXRef-\($id | gsub("[^A-Za-z0-9.-]"; "-"))",
        name: $name,
        versionInfo: $version,
        downloadLocation: "NOASSERTION",
        filesAnalyzed: false,
        licenseConcluded: "NOASSERTION",
        licenseDeclared: "NOASSERTION",
        copyrightText: "NOASSERTION",
        externalRefs: [
          {referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator: $purl}
        ]
      };
    def debian:
      split("\t") as [$name, $version, $arch, $source, $source_version]
      | package("deb-\($name)"; $name; $version;
          "pkg:deb/\($vendor)/\($name | @uri)@\($version | @uri)"
          + "?arch=\($arch)&distro=\($distro)&upstream=\("\($source)@\($source_version)" | @uri)")
      + {sourceInfo: "built package from: \($source) \($source_version)"};
    def npm:
      split("\t") as [$name, $version, $sha256]
      | package("npm-\($name)"; $name; $version; "pkg:npm/\($name)@\($version)")
      + {checksums: [{algorithm: "SHA256", checksumValue: $sha256}]};

    ($opencode | split("\t")[1]) as $version
    | [($opencode | npm), (rtrimstr("\n") | split("\n")[] | debian)] as $packages
    | {
        SPDXID: "SPDXRef-DOCUMENT",
        spdxVersion: "SPDX-2.3",
        dataLicense: "CC0-1.0",
        name: "opencode-workspace-\($version)",
        documentNamespace: "https://spdx.org/spdxdocs/opencode-workspace-\($version)-\($digest)",
        creationInfo: {created: $created, creators: ["Tool: opencode-workspace-sbom.sh"]},
        packages: $packages,
        relationships: [
          $packages[]
          | {spdxElementId: "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES", relatedSpdxElement: .SPDXID}
        ]
      }'
}

main "$@"
