using System.ComponentModel.DataAnnotations;

namespace Wharf.Server.Auth;

/// <summary>The section <c>Auth</c>.</summary>
internal sealed class AuthOptions
{
    /// <summary>How long a registry token is valid, in seconds. A token proves identity only: what it may do is asked anew at each request.</summary>
    [Range(60, 3600)] public int TokenSeconds { get; set; } = 300;

    /// <summary>Rounds of PBKDF2-HMAC-SHA512 for new passwords; a password with fewer rounds is hashed anew at its next use.</summary>
    [Range(1_000, 10_000_000)] public int PasswordRounds { get; set; } = 210_000;

    /// <summary>Whether callers without a credential may pull from public repositories.</summary>
    public bool AnonymousAccess { get; set; } = true;

    /// <summary>Whether programs must send an encrypted password (<c>POST /api/v1/user/clientkey</c>) or a token in place of the password itself (Quay's FEATURE_REQUIRE_ENCRYPTED_BASIC_AUTH).</summary>
    public bool RequireEncryptedPasswords { get; set; }

    /// <summary>Wrong passwords in a row that one account and address may send before further ones have to wait.</summary>
    [Range(3, 1000)] public int LoginBurst { get; set; } = 20;

    /// <summary>Seconds after which one more try is given back.</summary>
    [Range(1, 3600)] public int LoginRefillSeconds { get; set; } = 2;

    /// <summary>How long a browser stays signed in at most, in hours (Quay: 31 days).</summary>
    [Range(1, 24 * 366)] public int SessionHours { get; set; } = 31 * 24;

    /// <summary>How long a browser stays signed in without a request, in minutes.</summary>
    [Range(5, 60 * 24 * 366)] public int SessionIdleMinutes { get; set; } = 7 * 24 * 60;

    /// <summary>How long after the password was shown a browser may do what cannot be undone, in minutes (Quay's FRESH_LOGIN_TIMEOUT).</summary>
    [Range(1, 60 * 24)] public int FreshLoginMinutes { get; set; } = 10;

    /// <summary>Every how many seconds the last uses of accounts and sessions are written.</summary>
    [Range(1, 3600)] public int LastUsedSeconds { get; set; } = 60;
}
