namespace Wharf.Server.ApiDocs;

/// <summary>What the words in <c>error_type</c> mean, and what to do about it: Quay's words, and those that Wharf has beside them.</summary>
internal static class ErrorTypes
{
    public static readonly IReadOnlyDictionary<string, string> All = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["invalid_request"] = "The request is not as the operation takes it: a value is missing, malformed or not allowed here. The detail of the error says which, and what would be right.",
        ["invalid_token"] = "There is no credential, or it is wrong, revoked or of an account that was disabled. Sign in, or send a user name with a password or token.",
        ["expired_token"] = "The token was good once and has ended. Get a new one.",
        ["insufficient_scope"] = "The credential is good, but it may not do this: its account has no right to, or the token was not made for it. It is also the answer to a browser's change without the CSRF token.",
        ["fresh_login_required"] = "The operation wants a browser to have shown the password within the last minutes. POST /api/v1/signin/verify with it, then repeat the request.",
        ["not_found"] = "It does not exist, or the caller may not know that it does.",
        ["too_many_login_attempts"] = "Too many wrong passwords came for this account or from this address. Wait as long as the header Retry-After says.",
        ["too_many_requests"] = "The caller sends more requests than its share. Wait as long as the header Retry-After says; every client should do that by itself.",
        ["tag_immutable"] = "The tag is immutable: it stays where it is until an administrator of the repository makes it changeable.",
        ["unavailable"] = "Something that the operation needs is busy or changing. Trying again after the seconds of the header Retry-After helps.",
        ["held"] = "There is a legal hold on it, whose number the detail says; it does not go before that is lifted.",
        ["internal_error"] = "The registry, its database or its storage failed. Trying again may help; the registry's log has more under the request_id of the error.",
        ["exceeds_license"] = "More than the registry's license allows. Wharf has no such limits and never answers with it; Quay does.",
        ["external_service_timeout"] = "Another service that the operation needs did not answer in time. Trying again may help.",
        ["downstream_issue"] = "Another service that the operation needs failed.",
        ["invalid_response"] = "Another service that the operation needs answered in a way that makes no sense.",
    };
}
