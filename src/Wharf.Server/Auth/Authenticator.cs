using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Primitives;
using Wharf.Oci;
using Wharf.Server.Accounts;
using Wharf.Server.AppTokens;
using Wharf.Server.Data;
using Wharf.Server.OAuth;

namespace Wharf.Server.Auth;

/// <summary>Turns the Authorization header, or else the cookie of a session, into a <see cref="Caller"/>. Whatever the credential, what comes out is of one kind.</summary>
internal sealed class Authenticator : IDisposable
{
    /// <summary>The user name that goes with an app token (Quay).</summary>
    public const string AppUser = "$app";

    /// <summary>The user name that goes with an OAuth token (Quay).</summary>
    public const string OAuthUser = "$oauthtoken";

    private const int MaxHeader = 16 << 10;
    private const int MaxUser = 255 + 1 + 255; // owner+robot
    private const int MaxPassword = 5 << 10; // the longest one, encrypted
    private const int MaxWaiting = 64;
    private static readonly TimeSpan Remember = TimeSpan.FromSeconds(60);

    private readonly AccountStore _accounts;
    private readonly RegistryTokens _tokens;
    private readonly OpaqueTokens _opaque;
    private readonly AppTokenStore _appTokens;
    private readonly OAuthTokenStore _oauthTokens;
    private readonly EncryptedPasswords _encrypted;
    private readonly LoginThrottle _throttle;
    private readonly Sessions _sessions;
    private readonly LastUses _uses;
    private readonly AuthOptions _options;
    private readonly TimeProvider _clock;

    // Verified passwords, under a key that dies with the process, so that not even a memory dump holds them for long.
    private readonly byte[] _rememberKey = RandomNumberGenerator.GetBytes(32);
    private readonly Cache<Digest, Remembered> _remembered;
    private readonly Lazy<byte[]> _nobody;

    // A PBKDF2 costs a tenth of a second of a core: it may take half of them, and only so many may wait.
    private readonly SemaphoreSlim _hashing = new(Math.Max(1, Environment.ProcessorCount / 2));
    private int _waiting;

    public Authenticator(Database db, AccountStore accounts, RegistryTokens tokens, OpaqueTokens opaque, AppTokenStore appTokens, OAuthTokenStore oauthTokens, EncryptedPasswords encrypted, LoginThrottle throttle, Sessions sessions, LastUses uses, AuthOptions options, TimeProvider clock)
    {
        // What another process changed, a password among it, counts within seconds or not at all.
        _remembered = new(10_000, static _ => 1, db.Freshness);
        _accounts = accounts;
        _tokens = tokens;
        _opaque = opaque;
        _appTokens = appTokens;
        _oauthTokens = oauthTokens;
        _encrypted = encrypted;
        _throttle = throttle;
        _sessions = sessions;
        _uses = uses;
        _options = options;
        _clock = clock;
        _nobody = new Lazy<byte[]>(() => PasswordHash.Create(Convert.ToHexString(RandomNumberGenerator.GetBytes(16)), options.PasswordRounds));
        accounts.Changed += () => _remembered.DropAll();
    }

    public async ValueTask<AuthResult> AuthenticateAsync(HttpContext http, CancellationToken ct)
    {
        var headers = http.Request.Headers.Authorization;
        if (headers.Count == 0)
            return new(await _sessions.AuthenticateAsync(http, ct) ?? Caller.Anonymous);
        if (headers.Count > 1 || headers[0] is not { Length: > 0 and <= MaxHeader } header)
            return AuthResult.Invalid("Send one Authorization header with a Basic or Bearer credential.");
        if (header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
            return await BearerAsync(http, header[7..].Trim(), ct);
        if (header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
            return TryReadBasic(headers, out var user, out var password)
                ? await BasicAsync(user, password, http.Connection.RemoteIpAddress, ct)
                : AuthResult.Invalid("The Basic credential is not the base64 of user:password.");
        return AuthResult.Invalid("Use a Basic or Bearer credential.");
    }

    /// <summary>The user and password of an Authorization header; false when it is not just one, of type Basic.</summary>
    public static bool TryReadBasic(StringValues headers, out string user, out string password)
    {
        user = password = "";
        return headers.Count == 1 && headers[0] is { Length: <= MaxHeader } header && header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase) && TryDecode(header.AsSpan(6).Trim(), out user, out password);
    }

    /// <summary>Checks a name and password, or what stands in for one, as sent by a program, wherever in the request they stood.</summary>
    public async ValueTask<AuthResult> BasicAsync(string user, string password, IPAddress? address, CancellationToken ct)
    {
        // RFC 4513 5.1.2: an empty password proves nothing, whatever is asked about it.
        if (user.Length is 0 or > MaxUser || password.Length is 0 or > MaxPassword)
            return AuthResult.WrongPassword;
        if (user == AppUser)
            return await AppTokenAsync(password, ct);
        if (user == OAuthUser)
            return await OAuthTokenAsync(password, ct);
        if (user.Contains('+', StringComparison.Ordinal) && !IsEmail(user))
            return await RobotAsync(user, password, address, ct);
        if (_encrypted.Open(password) is { } opened)
            return await PersonAsync(user, opened.Password, opened, address, ct);
        return _options.RequireEncryptedPasswords ? AuthResult.PlainPassword : await PersonAsync(user, password, null, address, ct);
    }

    /// <summary>Checks a password that a person has typed in: tokens and encrypted passwords are none.</summary>
    public async ValueTask<AuthResult> PasswordAsync(string user, string password, IPAddress? address, CancellationToken ct) =>
        user.Length is 0 or > MaxUser || password.Length is 0 or > MaxPassword ? AuthResult.WrongPassword : await PersonAsync(user, password, null, address, ct);

    /// <summary>Whether what a caller showed when its request began would still let it in; for requests that go on for long. It counts as no use.</summary>
    public async ValueTask<bool> IsStillGoodAsync(Caller caller, CancellationToken ct)
    {
        var principal = caller.Principal;
        if (await _accounts.FindAsync(principal.AccountId, ct) is not { } account || !IsGood(account) || account.Credential != principal.Credential)
            return false;
        var now = _accounts.PrincipalOf(account);
        return now.Superuser == principal.Superuser && now.ReadsAll == principal.ReadsAll && now.AdministersAll == principal.AdministersAll
            && (caller.Session is not { } session || await _sessions.IsLiveAsync(session, ct))
            && (principal.AppToken is not { } app || (await _appTokens.FindAsync(app, ct) is { } appToken && IsGood(appToken)))
            && (principal.OAuth is not { } oauth || (await _oauthTokens.FindAsync(oauth.TokenId, ct) is { } token && !HasEnded(token.ExpiresMs)));
    }

    public void Dispose() => _hashing.Dispose();

    private async ValueTask<AuthResult> RobotAsync(string user, string token, IPAddress? address, CancellationToken ct)
    {
        var id = RememberedId("robot", user, token);
        if (Recall(id) is { } known)
            return Used(known, null);
        if (_throttle.Wait(user, address, isRobot: true) is var wait and > 0)
            return AuthResult.Throttled(wait);
        var epoch = _remembered.Epoch;
        var robot = AccountStore.IsValidRobotName(user) ? await _accounts.FindAsync(user, ct) : null;
        if (robot is null || !await _opaque.VerifyAsync(token, robot.TokenMac, ct) || !IsGood(robot))
        {
            _throttle.Failed(user, address, isRobot: true);
            return AuthResult.WrongPassword;
        }
        return Known(id, robot, epoch);
    }

    // Not remembered here: what is looked up is in memory, and the hash costs little.
    private async ValueTask<AuthResult> AppTokenAsync(string token, CancellationToken ct)
    {
        if (OpaqueTokens.IdOf(token, OpaqueTokens.App) is not { } id || await _appTokens.FindAsync(id, ct) is not { } found || !IsGood(found) || !await _opaque.VerifyAsync(token, found.Mac, ct)
            || await _accounts.FindAsync(found.AccountId, ct) is not { RobotOf: 0 } account || !IsGood(account))
            return AuthResult.Invalid("The app token is not valid, has expired or was revoked.");
        return Used(_accounts.PrincipalOf(account) with { AppToken = id }, null);
    }

    private async ValueTask<AuthResult> OAuthTokenAsync(string token, CancellationToken ct)
    {
        if (OpaqueTokens.IdOf(token, OpaqueTokens.OAuth) is not { } id || await _oauthTokens.FindAsync(id, ct) is not { } found || HasEnded(found.ExpiresMs) || !await _opaque.VerifyAsync(token, found.Mac, ct)
            || await _accounts.FindAsync(found.AccountId, ct) is not { RobotOf: 0 } account || !IsGood(account))
            return AuthResult.Invalid("The OAuth token is not valid, has expired or was revoked.");
        return Used(found.Limit(_accounts.PrincipalOf(account)), null);
    }

    /// <param name="opened">Whose password it was, where it came encrypted.</param>
    private async ValueTask<AuthResult> PersonAsync(string user, string password, OpenedPassword? opened, IPAddress? address, CancellationToken ct)
    {
        var id = RememberedId("person", user, password);
        if (Recall(id) is { } known && IsOf(opened, known.AccountId, known.Credential))
            return Used(known, null);
        if (_throttle.Wait(user, address) is var wait and > 0)
            return AuthResult.Throttled(wait);
        var epoch = _remembered.Epoch;
        // Quay: the e-mail address is as good as the name.
        var account = IsEmail(user) ? await _accounts.FindByEmailAsync(user, ct) : AccountStore.IsValidName(user) ? await _accounts.FindAsync(user, ct) : null;
        if (await VerifyAsync(password, account is null ? _nobody.Value : _accounts.Unseal(account.SealedPassword), ct) is not { } verdict)
            return AuthResult.Throttled(1);
        if (account is null || !verdict.Right || !account.Enabled || !IsOf(opened, account.Id, account.Credential))
        {
            _throttle.Failed(user, address);
            return account is { Unverified: true } && verdict.Right ? AuthResult.Unverified : AuthResult.WrongPassword;
        }
        _throttle.Succeeded(user, address);
        if (verdict.Rounds < _options.PasswordRounds)
            await _accounts.StrengthenAsync(account, password, ct);
        return Known(id, account, epoch);
    }

    private static bool IsEmail(string user) => user.Contains('@', StringComparison.Ordinal);

    // An encrypted password is good for who asked for it, until that person changes the password.
    private static bool IsOf(OpenedPassword? opened, long account, long credential) => opened is null || (opened.Account == account && opened.Credential == credential);

    private Digest RememberedId(string kind, string user, string secret) => new(HMACSHA256.HashData(_rememberKey, Encoding.UTF8.GetBytes($"{kind}\0{user}\0{secret}")));

    private Principal? Recall(Digest id) => _remembered.TryGet(id, out var remembered) && _clock.GetUtcNow() < remembered.Until ? remembered.Principal : null;

    private AuthResult Known(Digest id, AccountState account, long epoch)
    {
        var principal = _accounts.PrincipalOf(account);
        var until = _clock.GetUtcNow() + Remember;
        // A robot's end is no event that anyone would hear of.
        if (account.ExpiresMs is { } ms && DateTimeOffset.FromUnixTimeMilliseconds(ms) is var end && end < until)
            until = end;
        _remembered.Add(id, new(principal, until), epoch);
        return Used(principal, null);
    }

    private AuthResult Used(Principal principal, IReadOnlyList<TokenScope>? ceiling)
    {
        _uses.Note(principal);
        return new(new Caller(principal, ceiling, true));
    }

    private bool IsGood(AccountState account) => account.Enabled && !HasEnded(account.ExpiresMs);

    private bool IsGood(AppTokenState token) => !HasEnded(token.ExpiresMs);

    private bool HasEnded(long? expiresMs) => expiresMs <= _clock.GetUtcNow().ToUnixTimeMilliseconds();

    private async ValueTask<AuthResult> BearerAsync(HttpContext http, string token, CancellationToken ct)
    {
        if (OpaqueTokens.IdOf(token, OpaqueTokens.App) is not null)
            return await AppTokenAsync(token, ct);
        if (OpaqueTokens.IdOf(token, OpaqueTokens.OAuth) is not null)
            return await OAuthTokenAsync(token, ct);
        if (OpaqueTokens.IdOf(token, OpaqueTokens.Robot) is { } tokenId)
            return await _accounts.FindByTokenAsync(tokenId, ct) is { } robot && await _opaque.VerifyAsync(token, robot.TokenMac, ct) && IsGood(robot)
                ? Used(_accounts.PrincipalOf(robot), null)
                : AuthResult.Invalid("The bearer token is not valid, or has expired.");
        // Its scopes say nothing about /api/v1, so there it is worth nothing.
        if (!http.Request.Path.StartsWithSegments("/v2", StringComparison.Ordinal))
            return AuthResult.Invalid("A registry token is for /v2 only; use a password, a robot's token, an app token or an OAuth token here.");
        if (await _tokens.VerifyAsync(token, ct) is not { } claims)
            return AuthResult.Invalid("The bearer token is not one of this registry, or has expired.");
        if (claims.Account == 0)
            return new(new Caller(Principal.Anonymous, claims.Access, true));
        // Disabled, deleted or given a new password since: the token is void.
        if (await _accounts.FindAsync(claims.Account, ct) is not { } account || !IsGood(account))
            return Outdated;
        // Neither what an OAuth token leaves of the account nor whether it is still good is in the registry token.
        if (claims.OAuth is { } oauth)
            return await _oauthTokens.FindAsync(oauth, ct) is { } limit && limit.AccountId == account.Id && !HasEnded(limit.ExpiresMs)
                ? Used(limit.Limit(_accounts.PrincipalOf(account)), claims.Access)
                : Outdated;
        if (!await IsCurrentAsync(claims, account, ct))
            return Outdated;
        return Used(_accounts.PrincipalOf(account) with { AppToken = claims.App }, claims.Access);
    }

    private static AuthResult Outdated => AuthResult.Invalid("The account of this token was changed; sign in again.");

    // Whether the credential for which the token was issued is still good.
    private async ValueTask<bool> IsCurrentAsync(RegistryTokens.Claims claims, AccountState account, CancellationToken ct) => claims.App is { } app
        ? await _appTokens.FindAsync(app, ct) is { } token && token.AccountId == account.Id && IsGood(token)
        : account.Credential == claims.Credential;

    private async ValueTask<(bool Right, int Rounds)?> VerifyAsync(string password, byte[] stored, CancellationToken ct)
    {
        if (Interlocked.Increment(ref _waiting) > MaxWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            return null;
        }
        try
        {
            await _hashing.WaitAsync(ct);
            try
            {
                return await Task.Run(() => (PasswordHash.Verify(password, stored, out var rounds), rounds), ct);
            }
            finally
            {
                _hashing.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private static bool TryDecode(ReadOnlySpan<char> base64, out string user, out string password)
    {
        user = password = "";
        var buffer = new byte[base64.Length];
        if (!Convert.TryFromBase64Chars(base64, buffer, out var length))
            return false;
        string text;
        try
        {
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(buffer, 0, length);
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
            return false;
        (user, password) = (text[..colon], text[(colon + 1)..]);
        return true;
    }

    private readonly record struct Remembered(Principal Principal, DateTimeOffset Until);
}
