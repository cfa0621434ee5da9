"""What the ECS interface refuses, as sentences: what was wrong, where, and what to do instead.

Errors    Refused
          └── EcsRefused          the cloud answered no; `code` is its word for it
              ├── KeyRejected     the access key is wrong, off, over, or this computer's clock is
              ├── MayNot          the key's owner may not do it; `policy` is the least that allows it
              ├── Missing         what was named is not there (any more)
              └── Busy            too many requests, for longer than was waited
          Unreachable
          └── OutcomeUnknown      a change was sent and its answer got lost: it may have been made; look before anything else

Nothing of a request is ever in here: the library's own errors carry whole addresses with commands in them, so they are not even kept
as causes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tui.cloud.ecs_policy import policy_for
from tui.errors import Refused, Unreachable
from tui.texts import Text

_KEYS: Final = "https://ram.console.aliyun.com/manage/ak"


class EcsRefused(Refused):
    """The cloud answered no. `request` is the id by which its support finds the call."""

    def __init__(self, text: Text, code: str = "", request: str = "") -> None:
        super().__init__(text)
        self.code, self.request = code, request


class KeyRejected(EcsRefused):
    """The access key does not open this door, or the clock here is wrong."""


class MayNot(EcsRefused):
    """The key is right and its owner may not do this. `action` is the missing permission, `policy` JSON that gives it."""

    def __init__(self, text: Text, code: str, request: str, action: str, policy: str) -> None:
        super().__init__(text, code, request)
        self.action, self.policy = action, policy


class Missing(EcsRefused):
    """The thing named is not there."""


class Busy(EcsRefused):
    """Too many requests."""


class OutcomeUnknown(Unreachable):
    """A change was sent, and nobody said whether it was made."""


def is_busy(code: str, status: int = 0) -> bool:
    """Whether a refusal means "later": under one of the names, or by HTTP 429."""
    return code.split(".", maxsplit=1)[0] == "Throttling" or code in ("Rejected.Throttling", "IdempotentProcessing") or status == 429


_KEY_WORDS: Final[Mapping[str, Text]] = {
    "InvalidAccessKeyId.NotFound": Text(
        "阿里云没有这个 AccessKey：抄错了、已删除，或属于另一个站点（中国站与国际站的账号不通用）",
        "Alibaba Cloud has no such AccessKey: mistyped, deleted, or of the other site (accounts of the two sites are separate)",
    ),
    "InvalidAccessKeyId.Inactive": Text("这个 AccessKey 被停用了；在 {keys} 启用它", "this AccessKey is disabled; enable it at {keys}"),
    "SignatureDoesNotMatch": Text(
        "AccessKey 的密钥（secret）不对；请重新填写，注意首尾空格",
        "the AccessKey's secret is wrong; enter it again and mind blanks at its ends",
    ),
    "IncompleteSignature": Text("请求的签名残缺，多半被代理改动了", "the request's signature came incomplete; a proxy may have altered it"),
    "InvalidTimeStamp.Expired": Text(
        "这台电脑的时钟与阿里云相差超过 15 分钟；请校准时间后再试",
        "this computer's clock is more than 15 minutes off; set it right and try again",
    ),
    "InvalidSecurityToken.Expired": Text("临时凭证过期了；请重新登录获取", "the temporary credentials are over; log in again"),
    "MissingSecurityToken": Text(
        "这是临时 AccessKey，缺少 security token（STS 令牌）", "this AccessKey is a temporary one and its security token is missing"
    ),
    "InvalidSecurityToken.Malformed": Text("security token 不对", "the security token is wrong"),
    "InvalidSecurityToken.MismatchWithAccessKey": Text(
        "security token 与 AccessKey 不是一对", "the security token is not this AccessKey's"
    ),
    "InvalidCredentials": Text("没有可用的 AccessKey", "there is no usable AccessKey"),
}

_WORDS: Final[Mapping[str, Text]] = {
    "InvalidSecurityGroupId.NotFound": Text(
        "{region} 没有这个安全组；最常见的原因是地域不对", "{region} has no such security group; mostly it is the wrong region"
    ),
    "InvalidInstance.NotFound": Text("{region} 没有这台 ECS", "{region} has no such server"),
    "InvalidInstanceId.NotFound": Text("{region} 没有这台 ECS", "{region} has no such server"),
    "InvalidInstance.NotMatch": Text("这台 ECS 不在运行中，不能执行命令", "the server is not running, so it can't run commands"),
    "InvalidRegionId.NotFound": Text("没有 {region} 这个地域", "there is no region {region}"),
    "UnauthorizedRegion": Text("这个账号不能使用地域 {region}", "this account may not use the region {region}"),
    "SecurityGroupRule.NotFound": Text("这条规则已经不在了；请重新读取", "the rule is gone; read the rules again"),
    "InvalidSecurityGroupRuleId.NotFound": Text("这条规则已经不在了；请重新读取", "the rule is gone; read the rules again"),
    "InvalidSecurityGroupRule.RuleNotExist": Text("这条规则已经不在了；请重新读取", "the rule is gone; read the rules again"),
    "InvalidParam.SecurityGroupRuleId": Text("这条规则已经不在了；请重新读取", "the rule is gone; read the rules again"),
    "InvalidOperation.RuleDuplicate": Text(
        "改完会和另一条规则一模一样，阿里云不允许", "after the change it would equal another rule, which the cloud does not allow"
    ),
    "InvalidOperation.ResourceManagedByCloudProduct": Text(
        "这个安全组由另一个云产品托管，不能改", "this security group belongs to another cloud product and can't be changed"
    ),
    "AuthorizationLimitExceed": Text("安全组规则数量已到上限", "the security group has as many rules as it may"),
    "CmdContent.ExceedLimit": Text(
        "命令太长：编码后最多 24 KB", "the command is too long: at most 24 KB once encoded"
    ),
    "InvalidCmdId.NotFound": Text("没有这个云助手命令", "there is no such Cloud Assistant command"),
    "InvalidInvokeId.NotFound": Text("没有这次云助手执行的记录", "there is no record of this Cloud Assistant run"),
}  # fmt: skip

GONE_RULES: Final = frozenset(
    {
        "SecurityGroupRule.NotFound",
        "InvalidSecurityGroupRuleId.NotFound",
        "InvalidSecurityGroupRule.RuleNotExist",
        "InvalidParam.SecurityGroupRuleId",
    }
)
"""All the ways in which a rule is told to be gone."""


def refusal(action: str, region: str, body: Mapping[str, Any], status: int = 0) -> EcsRefused:
    """The error for a refusal's JSON body. `action` is the call's name (`RunCommand`)."""
    code, request = _text(body, "Code"), _text(body, "RequestId")
    said = _plain(_text(body, "Message")) or f"HTTP {status}"
    told = {"code": code, "said": said, "region": region, "action": action, "keys": _KEYS}
    if code in ("Forbidden.RAM", "NoPermission", "Forbidden") or code.startswith("Forbidden.RAM"):
        return _may_not(action, body, code, request)
    if code in _KEY_WORDS or code.startswith(("InvalidAccessKeyId", "InvalidSecurityToken")):
        known = _KEY_WORDS.get(code, Text("阿里云不认这个 AccessKey：{said}", "Alibaba Cloud does not accept this AccessKey: {said}"))
        return KeyRejected(known.fill(**told), code, request)
    if is_busy(code, status):
        text = Text(
            "阿里云说请求太多（{code}）；一分钟后再试。控制台和别的工具也占同一份额度",
            "Alibaba Cloud says there are too many requests ({code}); try again in a minute. Console and other tools share the quota",
        )
        return Busy(text.fill(**told), code, request)
    kind = Missing if code in GONE_RULES or code.endswith(".NotFound") else EcsRefused
    words = _WORDS.get(code, Text("阿里云拒绝了 {action}：{said}", "Alibaba Cloud refused {action}: {said}"))
    return kind(Text(words.zh + "（{code}）", words.en + " ({code})").fill(**told), code, request)


def _may_not(action: str, body: Mapping[str, Any], code: str, request: str) -> MayNot:
    detail = body.get("AccessDeniedDetail")
    named = _text(detail, "AuthAction") if isinstance(detail, Mapping) else ""
    permission = named or f"ecs:{action}"
    policy = policy_for(permission)
    explicit = isinstance(detail, Mapping) and _text(detail, "NoPermissionType") == "ExplicitDeny"
    if explicit:
        text = Text(
            "这个 RAM 用户被一条策略明确禁止了 {permission}；请让管理员去掉那条 Deny",
            "a policy forbids this RAM user {permission}; ask the administrator to take that Deny away",
        )
    else:
        text = Text(
            "这个 RAM 用户没有权限 {permission}；请让管理员在 RAM 控制台加上这条策略：{policy}",
            "this RAM user may not {permission}; ask the administrator to add this policy in the RAM console: {policy}",
        )
    return MayNot(text.fill(permission=permission, policy=policy), code, request, permission, policy)


def _text(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    return value if isinstance(value, str) else ""


def _plain(words: str) -> str:
    """The cloud's own words on one line. A text to sign, which names the key, is not for showing."""
    words = words.partition("server string to sign")[0]
    return " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())[:200]
