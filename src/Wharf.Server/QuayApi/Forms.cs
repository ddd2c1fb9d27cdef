using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http.Features;

namespace Wharf.Server.QuayApi;

/// <summary>Reads the small forms of pages and of programs that speak OAuth.</summary>
internal static class Forms
{
    private const string MediaType = "application/x-www-form-urlencoded";
    private static readonly FormOptions s_limits = new() { KeyLengthLimit = 256, ValueLengthLimit = 16 << 10, ValueCountLimit = 64 };

    /// <summary>The form, or null where there is none, it is malformed, or larger than any that is meant here.</summary>
    public static async ValueTask<IFormCollection?> ReadAsync(HttpContext http, CancellationToken ct)
    {
        // Not multipart: whole files would go to the disk before anything is looked at.
        if (!MediaTypeHeaderValue.TryParse(http.Request.ContentType, out var type) || !MediaType.Equals(type.MediaType, StringComparison.OrdinalIgnoreCase))
            return null;
        try
        {
            return await http.Request.ReadFormAsync(s_limits, ct);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
