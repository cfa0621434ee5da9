"""Keys as the official library wants them: plain ones as they are, and its own ways for those that have to be fetched first.

Imported only behind `ecs_sdk`, as it brings the library with it.
"""

from __future__ import annotations

from typing import Any

from alibabacloud_credentials.provider.cli_profile import CLIProfileCredentialsProvider
from alibabacloud_credentials.provider.ecs_ram_role import EcsRamRoleCredentialsProvider
from alibabacloud_credentials.provider.profile import ProfileCredentialsProvider
from alibabacloud_credentials.provider.static_ak import StaticAKCredentialsProvider
from alibabacloud_credentials.provider.static_sts import StaticSTSCredentialsProvider

from tui.cloud.ecs_keys import Keys


def provider(keys: Keys) -> Any:
    """The library's provider for these keys. Nothing is fetched before the first call."""
    if keys.secret is not None and keys.token is not None:
        return StaticSTSCredentialsProvider(
            access_key_id=keys.id, access_key_secret=keys.secret.reveal(), security_token=keys.token.reveal()
        )
    if keys.secret is not None:
        return StaticAKCredentialsProvider(access_key_id=keys.id, access_key_secret=keys.secret.reveal())
    if keys.kind == "cli":
        return CLIProfileCredentialsProvider(profile_name=keys.profile, profile_file=keys.file)
    if keys.kind == "file":
        return ProfileCredentialsProvider(profile_file=keys.file, profile_name=keys.profile)
    return EcsRamRoleCredentialsProvider(role_name=keys.role or None)
