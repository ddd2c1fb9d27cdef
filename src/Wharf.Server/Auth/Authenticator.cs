using System.Net;
using System.Security.Cryptography;
using System.Text;
using Wharf.Oci;
using Wharf.Server.Accounts;
using Wharf.Server.Data;

namespace Wharf.Server.Auth;

/// <summary>Turns the Authorization header, or else the cookie of a session, into a <see cref="Caller"/>. Whatever the credential, what comes out is of one kind.</summary>
internal sealed class Authenticator : IDisposable
{
    private const int MaxHeader = 16 << 10;
    private const int MaxUser = 255 + 1 + 255; // owner+robot
    private const int MaxWaiting = 64;
    private static readonly TimeSpan Remember = TimeSpan.FromSeconds(60);

    private readonly AccountStore _accounts;
    private readonly RegistryTokens _tokens;
    private readonly OpaqueTokens _opaque;
    private readonly LoginThrottle _throttle;
    private readonly Sessions _sessions;
    private readonly LastUses _uses;
    private readonly AuthOptions _options;
    private readonly TimeProvider _clock;

    // Verified passwords, under a key that dies with the process, so that not even a memory dump holds them for long.
    private readonly byte[] _rememberKey = RandomNumberGenerator.GetBytes(32);
    private readonly Cache<Digest, Remembered> _remembered = new(10_000, static _ => 1);
    private readonly Lazy<byte[]> _nobody;

    // A PBKDF2 costs a tenth of a second of a core: it may take half of them, and only so many may wait.
    private readonly SemaphoreSlim _hashing = new(Math.Max(1, Environment.ProcessorCount / 2));
    private int _waiting;

    public Authenticator(AccountStore accounts, RegistryTokens tokens, OpaqueTokens opaque, LoginThrottle throttle, Sessions sessions, LastUses uses, AuthOptions options, TimeProvider clock)
    {
        _accounts = accounts;
        _tokens = tokens;
        _opaque = opaque;
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
            return TryDecode(header.AsSpan(6).Trim(), out var user, out var password)
                ? await BasicAsync(user, password, http.Connection.RemoteIpAddress, ct)
                : AuthResult.Invalid("The Basic credential is not the base64 of user:password.");
        return AuthResult.Invalid("Use a Basic or Bearer credential.");
    }

    /// <summary>Checks a name and password as sent by a client, wherever in the request they stood.</summary>
    public async ValueTask<AuthResult> BasicAsync(string user, string password, IPAddress? address, CancellationToken ct)
    {
        // RFC 4513 5.1.2: an empty password proves nothing, whatever is asked about it.
        if (user.Length is 0 or > MaxUser || password.Length is 0 or > 4096)
            return AuthResult.WrongPassword;
        var id = new Digest(HMACSHA256.HashData(_rememberKey, Encoding.UTF8.GetBytes($"{user}\0{password}")));
        if (_remembered.TryGet(id, out var remembered) && _clock.GetUtcNow() < remembered.Until)
            return Used(remembered.Principal, null);
        // Quay: the e-mail address is as good as the name.
        var isEmail = user.Contains('@', StringComparison.Ordinal);
        var isRobot = !isEmail && user.Contains('+', StringComparison.Ordinal);
        if (_throttle.Wait(user, address, isRobot) is var wait and > 0)
            return AuthResult.Throttled(wait);
        var epoch = _remembered.Epoch;
        if (isRobot)
        {
            var robot = AccountStore.IsValidRobotName(user) ? await _accounts.FindAsync(user, ct) : null;
            if (robot is null || !await _opaque.VerifyAsync(password, robot.TokenMac, ct) || !IsGood(robot))
            {
                _throttle.Failed(user, address, isRobot);
                return AuthResult.WrongPassword;
            }
            return Known(id, robot, epoch);
        }
        var account = isEmail ? await _accounts.FindByEmailAsync(user, ct) : AccountStore.IsValidName(user) ? await _accounts.FindAsync(user, ct) : null;
        if (await VerifyAsync(password, account is null ? _nobody.Value : _accounts.Unseal(account.SealedPassword), ct) is not { } verdict)
            return AuthResult.Throttled(1);
        if (account is null || !verdict.Right || !account.Enabled)
        {
            _throttle.Failed(user, address);
            return AuthResult.WrongPassword;
        }
        _throttle.Succeeded(user, address);
        if (verdict.Rounds < _options.PasswordRounds)
            await _accounts.StrengthenAsync(account, password, ct);
        return Known(id, account, epoch);
    }

    public void Dispose() => _hashing.Dispose();

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

    private bool IsGood(AccountState account) => account.Enabled && !(account.ExpiresMs <= _clock.GetUtcNow().ToUnixTimeMilliseconds());

    private async ValueTask<AuthResult> BearerAsync(HttpContext http, string token, CancellationToken ct)
    {
        if (OpaqueTokens.IdOf(token) is { } tokenId)
            return await _accounts.FindByTokenAsync(tokenId, ct) is { } robot && await _opaque.VerifyAsync(token, robot.TokenMac, ct) && IsGood(robot)
                ? Used(_accounts.PrincipalOf(robot), null)
                : AuthResult.Invalid("The bearer token is not valid, or has expired.");
        // Its scopes say nothing about /api/v1, so there it is worth nothing.
        if (!http.Request.Path.StartsWithSegments("/v2", StringComparison.Ordinal))
            return AuthResult.Invalid("A registry token is for /v2 only; use a password or a robot's token here.");
        if (await _tokens.VerifyAsync(token, ct) is not { } claims)
            return AuthResult.Invalid("The bearer token is not one of this registry, or has expired.");
        if (claims.Account == 0)
            return new(new Caller(Principal.Anonymous, claims.Access, true));
        // Disabled, deleted or given a new password since: the token is void.
        if (await _accounts.FindAsync(claims.Account, ct) is not { } account || !IsGood(account) || account.Credential != claims.Credential)
            return AuthResult.Invalid("The account of this token was changed; sign in again.");
        return Used(_accounts.PrincipalOf(account), claims.Access);
    }

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
