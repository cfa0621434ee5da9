#!/bin/sh
# The practice world's installer: it says and does what a reader sees when installing Tailscale on Ubuntu, inside the world only.
set -eu

site=https://pkgs.tailscale.com
track=${TRACK:-stable}

stop() {
	printf '%s\n' "$@"
	exit 1
}

practice_main() {
	case "$track" in
	stable | unstable) ;;
	*) stop "unsupported track $track" ;;
	esac
	ID='' VERSION_CODENAME=''
	eval "$(cat /etc/os-release)"

	if command -v curl >/dev/null; then
		get="curl -fsSL"
	elif command -v wget >/dev/null; then
		get="wget -q -O-"
	else
		stop "The installer needs either curl or wget to download files." "Please install either curl or wget to proceed."
	fi
	if ! said=$($get "$site/" 2>&1); then
		stop "The installer cannot reach $site/" "Please make sure that your machine has internet access." "Test output:" "$said"
	fi
	if [ "$($get "$site/$track/$ID/$VERSION_CODENAME/installer-supported" 2>/dev/null)" != OK ]; then
		stop "$ID $VERSION_CODENAME isn't supported by this script yet."
	fi

	as_root=''
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null || stop "This installer needs to run commands as root."
		as_root=sudo
	fi

	key=/usr/share/keyrings/tailscale-archive-keyring.gpg
	list=/etc/apt/sources.list.d/tailscale.list
	echo "Installing Tailscale for $ID $VERSION_CODENAME, using method apt"
	export DEBIAN_FRONTEND=noninteractive
	set -x
	$as_root mkdir -p --mode=0755 /usr/share/keyrings
	$get "$site/$track/$ID/$VERSION_CODENAME.noarmor.gpg" | $as_root tee $key >/dev/null
	$as_root chmod 0644 $key
	$get "$site/$track/$ID/$VERSION_CODENAME.tailscale-keyring.list" | $as_root tee $list
	$as_root chmod 0644 $list
	$as_root apt-get update
	$as_root apt-get install -y "tailscale${TAILSCALE_VERSION:+=$TAILSCALE_VERSION}" tailscale-archive-keyring
	set +x

	echo "Installation complete! Log in to start using Tailscale by running:"
	echo
	if [ -z "$as_root" ]; then
		echo "tailscale up"
	else
		echo "$as_root tailscale up"
	fi
}

practice_main
