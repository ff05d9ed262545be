# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# shellcheck shell=bash
# Which mirror of Debian this host uses, so that no file here names one. Sourced.

# apt_mirror SUITE: print the mirror of SUITE, if the host has one and SUITE is not empty; otherwise
# that of the host's own release, which has other suites, too. Nothing if there is none. apt itself
# is asked, because its sources may be written in different formats. PEERBAR_MIRROR overrides all.
apt_mirror()
{
	local codename
	if [ -n "${PEERBAR_MIRROR:-}" ]; then
		echo "$PEERBAR_MIRROR"
		return
	fi
	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	# shellcheck disable=SC2016 # apt's own placeholders
	apt-get indextargets --format '$(CREATED_BY)|$(COMPONENT)|$(RELEASE)|$(REPO_URI)' \
		2>/dev/null |
		awk -F'|' -v suite="$1" -v host="$codename" '
			$1 != "Packages" || $2 != "main" { next }
			$3 == suite && !best { best = $4 }
			$3 == host && !other { other = $4 }
			END { print best ? best : other }'
}
