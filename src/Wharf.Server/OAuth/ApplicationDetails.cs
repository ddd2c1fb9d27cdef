namespace Wharf.Server.OAuth;

/// <summary>What an organization says of its application.</summary>
/// <param name="Uri">Its home page, or empty.</param>
/// <param name="RedirectUri">Where browsers are sent with a code or token, to the letter; empty for nowhere but this server's own page.</param>
internal sealed record ApplicationDetails(string Name, string Description, string Uri, string RedirectUri, string? AvatarEmail)
{
    private const int MaxName = 255;
    private const int MaxDescription = 1000;
    private const int MaxUri = 1000;

    /// <summary>What is wrong with it, or null.</summary>
    public string? Problem => this switch
    {
        _ when Name.Trim().Length == 0 || Name.Length > MaxName || Name.Any(char.IsControl) => $"An application's name has 1 to {MaxName} characters, without control characters.",
        _ when Description.Length > MaxDescription || Description.Any(static c => char.IsControl(c) && c is not ('\n' or '\r' or '\t')) => $"A description has at most {MaxDescription} characters, without control characters.",
        _ when AvatarEmail is { } email && (email.Length > MaxName || email.Any(static c => char.IsControl(c) || char.IsWhiteSpace(c))) => "The e-mail address is malformed.",
        _ when Uri.Length > 0 && !IsPage(Uri) => "application_uri is an http or https URL.",
        _ when RedirectUri.Length > 0 && (RedirectUri.Length > MaxUri || !RedirectTarget.IsAllowed(RedirectUri)) =>
            "redirect_uri is an absolute URL without a fragment: https, http, or a scheme of the application's own with a dot in it (such as com.example.app).",
        _ => null,
    };

    private static bool IsPage(string uri) => uri.Length <= MaxUri && uri.All(static c => c is > ' ' and < '\x7f') && System.Uri.TryCreate(uri, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https";
}
