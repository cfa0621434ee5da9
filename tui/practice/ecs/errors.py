"""The interface's refusals, with the status, code and words it uses."""

from __future__ import annotations

from typing import Any

HOST = "ecs.aliyuncs.com"

_WORDS = {
    "AuthorizationLimitExceed": (403, "The limit of authorization records in the security group reaches."),
    "CmdContent.ExceedLimit": (403, "The length of the command content exceeds the upper limit."),
    "FileContent.DecodeError": (400, "The file content can not be decoded."),
    "FileName.ExceedLimit": (403, "The length of the file name exceeds the upper limit."),
    "FileSize.ExceedLimit": (403, "The size of the file exceeds the upper limit."),
    "Forbidden.RAM": (403, "User not authorized to operate on the specified resource, or this API doesn't support RAM."),
    "IdempotentParameterMismatch": (400, "The specified parameter has changed while using an already used clientToken."),
    "IncompleteSignature": (400, "The request signature does not conform to Aliyun standards."),
    "InstanceIds.ExceedLimit": (403, "The number of instance IDs exceeds the upper limit."),
    "InternalError": (500, "The request processing has failed due to some unknown error."),
    "InvalidAccessKeyId.Inactive": (400, "Specified access key is disabled."),
    "InvalidAccessKeyId.NotFound": (404, "Specified access key is not found."),
    "InvalidAction.NotFound": (404, "Specified api is not found, please check your url and method."),
    "InvalidClientToken.Malformed": (400, "The specified parameter clientToken is not valid."),
    "InvalidCmdId.NotFound": (404, "The specified command ID does not exist."),
    "InvalidGroupParameter.OperationDenied": (400, "The parameter is not allowed for this type of security group."),
    "InvalidInstance.NotFound": (404, "The specified instances do not exist."),
    "InvalidInstance.NotMatch": (403, "The specified instances are not in the running state."),
    "InvalidInvokeId.NotFound": (404, "The specified invoke ID does not exist."),
    "InvalidIpProtocol.ValueNotSupported": (400, "The specified parameter IpProtocol is not valid."),
    "InvalidOperation.ModifyPortRangeType": (400, "The type of the port range can not be changed."),
    "InvalidOperation.ModifySgRuleEntityType": (400, "The type of the authorization object can not be changed."),
    "InvalidOperation.ResourceManagedByCloudProduct": (403, "The security group has been managed by another cloud product."),
    "InvalidOperation.RuleDuplicate": (400, "The modified rule duplicates an existing rule."),
    "InvalidParam.PortRange": (400, "The specified parameter PortRange is not valid."),
    "InvalidParam.ProtocolAndPortRangeMismatch": (400, "The specified IpProtocol and PortRange do not match."),
    "InvalidParam.SecurityGroupRuleId": (400, "The specified parameter SecurityGroupRuleId is not valid."),
    "InvalidParam.SecurityGroupRuleIdRepeated": (400, "The specified parameter SecurityGroupRuleId is repeated."),
    "InvalidParam.SourceCidrIp": (400, "The specified parameter SourceCidrIp is not valid."),
    "InvalidParam.Ipv6SourceCidrIp": (400, "The specified parameter Ipv6SourceCidrIp is not valid."),
    "InvalidParameter.Conflict": (400, "The specified parameters conflict with each other."),
    "InvalidParameter.MaxResults": (400, "The specified parameter MaxResults is not valid."),
    "InvalidParameter.NextToken": (400, "The specified parameter NextToken is not valid."),
    "InvalidPortRangeListId.NotFound": (404, "The specified port range list does not exist."),
    "InvalidPrefixListId.NotFound": (404, "The specified prefix list does not exist."),
    "InvalidPriority.ValueNotSupported": (400, "The specified parameter Priority is not valid."),
    "InvalidRegionId.NotFound": (404, "The specified RegionId does not exist."),
    "InvalidSecurityGroupId.NotFound": (404, "The specified SecurityGroupId does not exist."),
    "InvalidSecurityGroupRuleId.NotFound": (404, "The specified SecurityGroupRuleId does not exist."),
    "InvalidSecurityGroupRule.RuleNotExist": (404, "The specified rule does not exist."),
    "InvalidSecurityToken.Expired": (400, "Specified SecurityToken is expired."),
    "InvalidSecurityToken.Malformed": (400, "Specified SecurityToken is malformed."),
    "InvalidTimeStamp.Expired": (400, "Specified time stamp or date value is expired."),
    "InvalidTimeout.ExceedLimit": (400, "The specified parameter Timeout is out of range."),
    "InvalidVersion": (400, "Specified parameter Version is not valid."),
    "MissingParameter": (400, "A parameter that is mandatory for this action is missing."),
    "MissingParameter.Source": (400, "One of the source parameters is required."),
    "MissingSecurityToken": (400, "SecurityToken is mandatory for this action."),
    "SecurityGroupRule.NotFound": (404, "The specified security group rule does not exist."),
    "ServiceUnavailable": (503, "The request has failed due to a temporary failure of the server."),
    "SignatureDoesNotMatch": (400, "Specified signature does not match our calculation."),
    "SignatureNonceUsed": (400, "Specified signature nonce was used already."),
    "Throttling": (400, "Request was denied due to request throttling."),
    "Throttling.Api": (400, "Request was denied due to api flow control."),
    "Throttling.User": (400, "Request was denied due to user flow control."),
    "Rejected.Throttling": (400, "Request was denied due to request throttling."),
    "UnauthorizedRegion": (403, "The specified region is not authorized."),
}


class ApiError(Exception):
    """One refusal. `status` and `message` are the usual ones of its code unless given; `more` are further keys of the body."""

    def __init__(self, code: str, message: str = "", status: int = 0, **more: Any) -> None:
        usual = _WORDS.get(code, (400, "The specified parameter is not valid."))
        self.code, self.status, self.message, self.more = code, status or usual[0], message or usual[1], more
        super().__init__(code)

    def body(self) -> dict[str, Any]:
        """The JSON body, but for its RequestId."""
        where = f"https://api.alibabacloud.com/troubleshoot?q={self.code}&product=Ecs"
        return {"HostId": HOST, "Code": self.code, "Message": self.message, "Recommend": where, **self.more}


def forbidden(action: str, user: str) -> ApiError:
    """What a RAM user reads who may not do `action`."""
    detail = {
        "AuthAction": f"ecs:{action}",
        "AuthPrincipalType": "SubUser",
        "AuthPrincipalOwnerId": "1234567890123456",
        "AuthPrincipalDisplayName": user,
        "PolicyType": "AccountLevelIdentityBasedPolicy",
        "NoPermissionType": "ImplicitDeny",
        "EncodedDiagnosticMessage": "AQIBIAAAAAAAAAAA",
    }
    return ApiError("Forbidden.RAM", AccessDeniedDetail=detail)
