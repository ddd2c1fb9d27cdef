using Microsoft.Extensions.Primitives;
using Wharf.Server.Auth;
using Wharf.Server.Content;

namespace Wharf.Server.Distribution;

/// <summary>
/// Reading a repository as of a time (docs/time-machine.md): by the header <c>Wharf-As-Of</c>, on lists also by the parameter
/// <c>asOf</c>, and for clients that can send neither by the tag <c>tag.at.20261122T120000Z</c>.
/// </summary>
internal static class AsOf
{
    public const string Header = "Wharf-As-Of";

    /// <summary>The time that a request asks for, or null where it asks for none.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    public static OciError? TryRead(HttpContext http, StringValues parameter, out Moment? at)
    {
        at = null;
        var header = http.Request.Headers[Header];
        if (header.Count == 0 && parameter.Count == 0)
            return null;
        var values = StringValues.Concat(header, parameter);
        if (values.Count != 1 || !Moment.TryParse(values[0], out var moment))
            return OciError.Invalid($"The header {Header}, or on lists the parameter asOf, is one time such as 2026-11-22T12:00:00Z (RFC 3339).");
        at = moment;
        return null;
    }

    /// <summary>Why the repository cannot be read as of a time; null when it can, and then the answer says so.</summary>
    public static async ValueTask<OciError?> CheckAsync(HttpContext http, ContentStore content, Moment at, CancellationToken ct)
    {
        var window = await content.WindowAsync(http.Access(), ct);
        if (at.Ms > window.Now.Ms)
            return OciError.Invalid(window.WhyNot(at));
        if (!window.Has(at))
            return OciError.HistoryExpired(window.WhyNot(at));
        http.Response.Headers[Header] = at.ToString();
        http.Response.Headers.Vary = Header;
        return null;
    }
}
