using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Wharf.Server.Accounts;
using Wharf.Server.Hosting.Network;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Auth;

/// <summary>
/// Signing in with a browser, for /api/v1 and the pages of /oauth only.
/// <list type="number">
/// <item>GET /csrf_token gives the browser a cookie, and a token that is bound to it by a keyed hash.</item>
/// <item>Signing in needs that token (else an attacker could sign others in as himself) and begins a session under a new cookie (else
/// one that an attacker had planted would be signed in).</item>
/// <item>Whatever changes something in the session needs the token of the session's cookie.</item>
/// </list>
/// </summary>
internal sealed class Sessions(SessionStore store, AccountStore accounts, LastUses uses, KeyRing ring, PublicAddress address, AuthOptions options, TimeProvider clock)
{
    public const string CsrfHeader = "X-CSRF-Token";

    /// <summary>Where a form carries what scripts send in the header (Quay).</summary>
    public const string CsrfField = "_csrf_token";

    // Quay's clients take the token for their next request from here.
    private const string NextCsrfHeader = "X-Next-CSRF-Token";

    private const string Purpose = "csrf";
    private const int MaxAgent = 256;

    public static Problem Forged { get; } = new(403, "insufficient_scope", "CSRF token was invalid or missing.");

    /// <summary>Who is signed in by the request's cookie, or null.</summary>
    public async ValueTask<Caller?> AuthenticateAsync(HttpContext http, CancellationToken ct)
    {
        if (!(http.Request.Path.StartsWithSegments("/api/v1", StringComparison.Ordinal) || IsPage(http)) || CookieOf(http) is not { } cookie)
            return null;
        if (await store.FindAsync(cookie.Id, ct) is not { } session || !CryptographicOperations.FixedTimeEquals(cookie.Hash, session.Secret))
            return null;
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        if (session.ExpiresMs <= now && ((session = await store.ReadAsync(cookie.Id, ct)) is null || session.ExpiresMs <= now))
            return null;
        // Disabled, deleted or given a new password since: the session is over.
        if (await accounts.FindAsync(session.AccountId, ct) is not { Enabled: true, RobotOf: 0 } account || account.Credential != session.Credential)
            return null;
        uses.Note(session, now);
        return new(accounts.PrincipalOf(account), null, true) { Session = session };
    }

    /// <summary>Whether a session that was there is there still. It counts as no use, so that what only waits does not keep it alive.</summary>
    public async ValueTask<bool> IsLiveAsync(SessionState session, CancellationToken ct)
    {
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        return await store.FindAsync(session.Id, ct) is { } known && (known.ExpiresMs > now || (await store.ReadAsync(session.Id, ct) is { } read && read.ExpiresMs > now));
    }

    /// <summary>Whether the caller has shown the password lately, or shows a credential with the request itself. An app token lies about for months, and shows no person.</summary>
    public bool IsFresh(Caller caller) => caller.Session is not { } session ? caller.Principal.AppToken is null : session.FreshMs > clock.GetUtcNow().ToUnixTimeMilliseconds() - (options.FreshLoginMinutes * 60_000L);

    /// <summary>
    /// Whether another site's page may have made the browser send this request: it changes something and has either a cookie without
    /// the token that goes with it, or a password that the browser adds by itself. What a form of a page sends needs the token however
    /// its sender signs in.
    /// </summary>
    public async ValueTask<bool> IsForgedAsync(HttpContext http, Caller caller)
    {
        if (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method))
            return false;
        if (caller.Session is null && !(caller.Presented && IsPage(http)))
            return IsFromOtherSite(http);
        return !HasCsrfToken(http) && !(IsPage(http) && await Forms.ReadAsync(http, http.RequestAborted) is { } form && form[CsrfField] is [{ } token] && IsCsrfToken(http, token));
    }

    /// <summary>As <see cref="IsForgedAsync"/> for who is about to sign in.</summary>
    public bool IsForgedSignIn(HttpContext http) => http.Request.Headers.Authorization.Count == 0 ? !HasCsrfToken(http) : IsFromOtherSite(http);

    /// <summary>The token that requests with this browser's cookie need; gives the browser a cookie when it has none.</summary>
    public string CsrfToken(HttpContext http)
    {
        if (CookieOf(http) is { } cookie)
            return TokenFor(cookie);
        cookie = SessionCookie.Create();
        SetCookie(http, cookie.Value, null);
        return TokenFor(cookie);
    }

    /// <summary>A session to be begun for this request's browser, in place of the one that it has.</summary>
    public static NewSession Prepare(HttpContext http, SessionState? former) =>
        new(SessionCookie.Create(), http.Connection.RemoteIpAddress?.ToString() ?? "", Printable(http.Request.Headers.UserAgent.ToString()), former?.Id);

    /// <summary>Signs the browser in as the principal, or shows that its password was just verified, under a new id either way.</summary>
    public async Task SignInAsync(HttpContext http, Principal principal, SessionState? former, CancellationToken ct)
    {
        var session = Prepare(http, former);
        await store.BeginAsync(principal.AccountId, principal.Credential, session, ct);
        Give(http, session);
    }

    /// <summary>Hands the browser the cookie of a session that has begun.</summary>
    public void Give(HttpContext http, NewSession session)
    {
        SetCookie(http, session.Cookie.Value, TimeSpan.FromHours(options.SessionHours));
        http.Response.Headers[NextCsrfHeader] = TokenFor(session.Cookie);
    }

    public async Task SignOutAsync(HttpContext http, SessionState session, CancellationToken ct)
    {
        await store.EndAsync(session.AccountId, session.Id, ct);
        Take(http);
    }

    /// <summary>Has the browser forget its cookie.</summary>
    public void Take(HttpContext http) => SetCookie(http, "", TimeSpan.Zero);

    private bool HasCsrfToken(HttpContext http) => http.Request.Headers[CsrfHeader] is [{ } token] && IsCsrfToken(http, token);

    private bool IsCsrfToken(HttpContext http, string token)
    {
        if (CookieOf(http) is not { } cookie || token.Length is 0 or > 128)
            return false;
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        return Base64Url.IsValid(token, out var length) && length == mac.Length && Base64Url.TryDecodeFromChars(token, mac, out _)
            && ring.Verify(Purpose, Encoding.ASCII.GetBytes(cookie.Value), mac);
    }

    private static bool IsPage(HttpContext http) => http.Request.Path.StartsWithSegments("/oauth", StringComparison.OrdinalIgnoreCase);

    // Every browser of today says so (Fetch Metadata); whatever says nothing is none.
    private static bool IsFromOtherSite(HttpContext http) => http.Request.Headers["Sec-Fetch-Site"] is [{ } site] && site is not ("same-origin" or "none");

    private string TokenFor(SessionCookie cookie) => Base64Url.EncodeToString(ring.Mac(Purpose, Encoding.ASCII.GetBytes(cookie.Value)));

    private SessionCookie? CookieOf(HttpContext http) => SessionCookie.Parse(http.Request.Cookies[CookieName(http)]);

    private void SetCookie(HttpContext http, string value, TimeSpan? maxAge) => http.Response.Cookies.Append(CookieName(http), value,
        new CookieOptions { Path = "/", HttpOnly = true, SameSite = SameSiteMode.Lax, Secure = IsHttps(http), MaxAge = maxAge, IsEssential = true });

    // RFC 6265bis 4.1.3.2: no other host and no plain connection can plant a cookie with this prefix.
    private string CookieName(HttpContext http) => IsHttps(http) ? "__Host-wharf-session" : "wharf-session";

    private bool IsHttps(HttpContext http) => address.BaseUrl(http).StartsWith("https:", StringComparison.Ordinal);

    private static string Printable(string agent) => string.Concat(agent.Take(MaxAgent).Select(static c => c is >= ' ' and <= '~' ? c : '?'));
}
