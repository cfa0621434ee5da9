#!/bin/sh
# The lab's own installer: on a Debian it asks, prints and does what the real one is known to, on the lab's web server.
set -eu

main() {
	TRACK="${TRACK:-stable}"
	TAILSCALE_VERSION="${TAILSCALE_VERSION:-}"
	case "$TRACK" in
		stable|unstable) ;;
		*) echo "unsupported track $TRACK"; exit 1 ;;
	esac

	OS="" VERSION=""
	if [ -f /etc/os-release ]; then
		. /etc/os-release
		OS="${ID:-}" VERSION="${VERSION_CODENAME:-}"
	fi
	if [ "$OS" != debian ]; then
		echo "Couldn't determine what kind of Linux is running."
		echo "You could try the static binaries at: https://pkgs.tailscale.com/$TRACK/#static"
		exit 1
	fi

	if command -v curl >/dev/null; then
		CURL="curl -fsSL"
	elif command -v wget >/dev/null; then
		CURL="wget -q -O-"
	else
		echo "The installer needs either curl or wget to download files."
		exit 1
	fi

	if ! TEST_OUT="$($CURL https://pkgs.tailscale.com/ 2>&1)"; then
		echo "The installer cannot reach https://pkgs.tailscale.com/"
		echo "Please make sure that your machine has internet access."
		echo "Test output:"
		echo "$TEST_OUT"
		exit 1
	fi
	if ! $CURL "https://pkgs.tailscale.com/$TRACK/$OS/$VERSION/installer-supported" 2>/dev/null | grep -q OK; then
		echo "$OS $VERSION isn't supported by this script yet."
		cat /etc/os-release
		exit 1
	fi

	if [ "$(id -u)" = 0 ]; then
		SUDO=""
	elif command -v sudo >/dev/null; then
		SUDO="sudo"
	elif command -v doas >/dev/null; then
		SUDO="doas"
	else
		echo "This installer needs to run commands as root."
		exit 1
	fi

	echo "Installing Tailscale${TAILSCALE_VERSION:+ $TAILSCALE_VERSION} for $OS $VERSION, using method apt"
	set -x
	export DEBIAN_FRONTEND=noninteractive
	$SUDO mkdir -p --mode=0755 /usr/share/keyrings
	$CURL "https://pkgs.tailscale.com/$TRACK/$OS/$VERSION.noarmor.gpg" | $SUDO tee /usr/share/keyrings/tailscale-archive-keyring.gpg >/dev/null
	$SUDO chmod 0644 /usr/share/keyrings/tailscale-archive-keyring.gpg
	$CURL "https://pkgs.tailscale.com/$TRACK/$OS/$VERSION.tailscale-keyring.list" | $SUDO tee /etc/apt/sources.list.d/tailscale.list
	$SUDO chmod 0644 /etc/apt/sources.list.d/tailscale.list
	$SUDO apt-get update
	$SUDO apt-get install -y "tailscale${TAILSCALE_VERSION:+=$TAILSCALE_VERSION}" tailscale-archive-keyring
	set +x

	echo "Installation complete! Log in to start using Tailscale by running:"
	echo
	if [ -z "$SUDO" ]; then
		echo "tailscale up"
	else
		echo "$SUDO tailscale up"
	fi
}

main
