using System.Net;

namespace Wharf.Server.OAuth;

/// <summary>Where a browser may be sent with a code or a token.</summary>
internal static class RedirectTarget
{
    /// <summary>This server's own page, which shows a token to its person (Quay's LOCAL_OAUTH_HANDLER).</summary>
    public const string LocalPath = "/oauth/localapp";

    /// <summary>Whether an application may have it: RFC 6749 3.1.2, and nothing that a browser would run.</summary>
    public static bool IsAllowed(string uri) =>
        uri.All(static c => c is > ' ' and < '\x7f') && !uri.Contains('#', StringComparison.Ordinal) && Uri.TryCreate(uri, UriKind.Absolute, out var parsed)
        && (parsed.Scheme is "https" or "http" ? parsed.Host.Length > 0 && parsed.UserInfo.Length == 0 : parsed.Scheme.Contains('.', StringComparison.Ordinal));

    /// <summary>
    /// Whether the one that a request names is the one that was registered: the same to the letter (RFC 9700 2.1), but for the port
    /// of a program on the user's own machine, which it cannot choose (RFC 8252 7.3). Quay takes whatever begins like the registered one.
    /// </summary>
    public static bool Matches(string registered, string asked)
    {
        if (registered.Length == 0 || asked.Length == 0)
            return false;
        if (registered == asked)
            return true;
        return IsAllowed(asked) && Uri.TryCreate(registered, UriKind.Absolute, out var own) && Uri.TryCreate(asked, UriKind.Absolute, out var other)
            && IsLoopback(own) && own.Scheme == other.Scheme && own.Host == other.Host && own.PathAndQuery == other.PathAndQuery;
    }

    /// <summary>Whether only its owner can be behind it: what anything on a machine may listen to tells nothing of who asks.</summary>
    public static bool ShowsWhoAsks(string uri) => Uri.TryCreate(uri, UriKind.Absolute, out var parsed) && parsed.Scheme == "https";

    private static bool IsLoopback(Uri uri) => uri.Scheme == "http" && IPAddress.TryParse(uri.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip);
}
