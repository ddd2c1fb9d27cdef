namespace Wharf.Server.QuayApi;

/// <summary>Reads forms, which may be malformed or too large.</summary>
internal static class Forms
{
    /// <summary>The form, or null where there is none that can be read.</summary>
    public static async ValueTask<IFormCollection?> ReadAsync(HttpContext http, CancellationToken ct)
    {
        if (!http.Request.HasFormContentType)
            return null;
        try
        {
            return await http.Request.ReadFormAsync(ct);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
