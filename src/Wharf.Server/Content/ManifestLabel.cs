using System.Text.Json;

namespace Wharf.Server.Content;

/// <summary>What somebody says of a manifest, in a word.</summary>
/// <param name="IsOfImage">Whether the image itself says it, and not somebody who added it here.</param>
internal sealed record ManifestLabel(string Id, string Key, string Value, string MediaType, bool IsOfImage)
{
    public const string Text = "text/plain";
    public const string Json = "application/json";

    /// <summary>The media type of a value that came without one, by Quay's rule: an object or a list is JSON.</summary>
    public static string Guess(string value)
    {
        if (!value.StartsWith('{') && !value.StartsWith('['))
            return Text;
        try
        {
            using var document = JsonDocument.Parse(value);
            return Json;
        }
        catch (JsonException)
        {
            return Text;
        }
    }
}
